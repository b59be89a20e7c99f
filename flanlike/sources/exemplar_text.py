"""A benchmark's exemplars in the text file in which its makers publish them as a prompt."""

import pathlib
from collections.abc import Callable, Iterable, Sequence

from flanlike import errors
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module


class Rows:
    """The rows that a task's `read_exemplars` finds in the text of a file."""

    def __init__(
        self, read: Callable[[str], Sequence[task_module.Row]], path: pathlib.Path
    ) -> None:
        self._path = str(path)
        try:
            self._rows = list(read(path.read_text("utf-8-sig")))
        except OSError as error:
            raise errors.UserError(f"{path}: cannot be read ({error.strerror})") from error
        except Exception as error:  # of a function of the task's
            said = str(error) if isinstance(error, ValueError) else errors.in_one_line(error)
            raise errors.UserError(
                f"{path}: {said}; give the file as its makers publish it"
            ) from error

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> task_module.Row:
        return dict(self._rows[index])

    def where(self, index: int) -> str:
        return f"{self._path}, exemplar {index + 1}"

    def unlabelled(self, indices: range) -> set[int]:
        return set()

    def content(self, indices: Iterable[int]) -> str:
        return rows_module.hash_of_rows(self[index] for index in indices)

    def revision(self) -> str:
        return ""
