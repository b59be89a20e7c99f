"""The micro-world's records, made on demand: what `--data embedded` reads."""

from collections.abc import Iterable
from dataclasses import dataclass

from flanlike.microworld import generators
from flanlike.tasks import task as task_module


def availability(task: task_module.Task, _: str | None) -> str | None:
    """Returns None if the micro-world makes records of the task, else the reason."""
    if not task.microworld:
        return "the micro-world has no rows of it: name another --data"
    known = generators.is_known(task.microworld)
    return None if known else f"the micro-world has no generator {task.microworld!r}"


def open_split(
    task: task_module.Task, _: str | None, split: str
) -> tuple["EmbeddedRows", range, str]:
    """Returns the records of a split, which is its own official split."""
    rows = EmbeddedRows(task.microworld, split)
    return rows, range(len(rows)), split


@dataclass(frozen=True)
class EmbeddedRows:
    """The micro-world's records of one split, made on demand."""

    generator: str
    split: str

    def __len__(self) -> int:
        return generators.sizes(self.generator)[self.split]

    def __getitem__(self, index: int) -> task_module.Record:
        return generators.generate(self.generator, self.split, int(index))

    def where(self, index: int) -> str:
        return f"split {self.split!r} of the micro-world, row {index}"

    def unlabelled(self, indices: range) -> set[int]:
        return set()

    def content(self, indices: Iterable[int]) -> str:
        return ""  # its rows are a pure function of its code

    def revision(self) -> str:
        return ""
