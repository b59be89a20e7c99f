"""The prompts of an evaluation as kept beside its predictions: prompts.jsonl.gz, one object a line.

    {"hash": "9f0c...", "inputs": "Is this good? ...", "options": ["yes", "no"], "gold": "yes"}

`hash` is that of `Predictions.prompt_hashes`, `options` are in the order shown (empty where the
answer is written) and `gold` is the right one, or the text that was to be written. A prompt is
there once. Where rows ask the same but go with other options or another right answer, as two equal
inputs with hidden options do, each further one has `of`: its task, template, kind and row.
"""

import gzip
import json
import pathlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval import predictions, requests
from flanlike import errors

if TYPE_CHECKING:
    from eval import questions

FILE = "prompts.jsonl.gz"

Of = tuple[str, str, str, str]  # task, template, kind, row


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """What a model read, what it could choose from, and what is right."""

    hash: str
    inputs: str
    options: tuple[str, ...]
    gold: str
    of: Of | None = None  # None: of all rows with this hash that are not named


class Prompts:
    """The prompts of an evaluation, to be found by prediction."""

    def __init__(self, prompts: Iterable[Prompt] = ()) -> None:
        self._found = {(prompt.hash, prompt.of): prompt for prompt in prompts}

    def __len__(self) -> int:
        return len(self._found)

    def of(self, cell: predictions.Predictions, place: int) -> Prompt | None:
        """Returns the prompt of a cell's row, by its place; None where it was not kept."""
        if not cell.prompt_hashes:
            return None
        key = cell.prompt_hashes[place]
        own = self._found.get((key, (cell.task, cell.template, cell.kind, cell.rows[place])))
        return own or self._found.get((key, None))


def of_questions(cells: Iterable["questions.Cell"]) -> list[Prompt]:
    """Returns the prompts of these cells, each once."""
    found: dict[tuple[str, Of | None], Prompt] = {}
    for cell in cells:
        for row, ids, prompt in zip(cell.rows, cell.ids, cell.prompts, strict=True):
            options = () if cell.is_generated else prompt.options
            gold = prompt.targets if cell.is_generated else prompt.options[prompt.gold]
            said = {"inputs": prompt.inputs, "options": options, "gold": gold}
            key = requests.hash_of(ids)
            first = found.setdefault((key, None), Prompt(hash=key, **said))
            if (first.options, first.gold) != (options, gold):
                of = (cell.task.name, cell.template, cell.kind, row)
                found[key, of] = Prompt(hash=key, **said, of=of)
    return list(found.values())


def write(path: pathlib.Path, prompts: Sequence[Prompt]) -> None:
    """Writes the file; equal prompts give equal bytes."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        for prompt in prompts:
            line = {name: value for name, value in vars(prompt).items() if value is not None}
            packed.write(json.dumps(line).encode() + b"\n")


def read(folder: pathlib.Path) -> Prompts:
    """Returns the prompts in an evaluation's folder; one from before they were kept has none."""
    path = folder / FILE
    if not path.is_file():
        return Prompts()
    try:
        with gzip.open(path) as file:
            return Prompts([_prompt(json.loads(line)) for line in file])
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise errors.UserError(
            f"{path}: cannot be read as an evaluation's prompts ({errors.in_one_line(error)}): "
            "move it away to see the predictions without, or evaluate again"
        ) from error


def _prompt(fields: Mapping[str, Any]) -> Prompt:
    of = tuple(fields["of"]) if "of" in fields else None
    return Prompt(**{**fields, "options": tuple(fields["options"]), "of": of})
