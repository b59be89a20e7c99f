"""P3 as it is passed on, and where its rows are.

    FOLDER/p3/super_glue_rte_does_it_follow_that/validation.jsonl    a folder a configuration of the
                                                                     hub's bigscience/P3
    FOLDER/p3/train.jsonl, or FOLDER/t0_sf/train.jsonl               lines of all prompts
    FOLDER/p3/**/templates.yaml                                      promptsource's own templates

Every file of rows may be .jsonl, .jsonl.gz or .parquet. A row of a configuration has
`inputs_pretokenized`, `targets_pretokenized` and, where there are some, `answer_choices`; a folder
that ends in _score_eval has a row for each choice, with `idx` and `is_correct`. A line has
`template`, `prompt`, `completion`, and may have `answer_choices`.

Templates are rendered from rows of their dataset, with the hub's columns: beside them
(FOLDER/p3/super_glue_rte/train.jsonl), or in the folder of a task that has these columns
(FOLDER/rte/train.jsonl).
"""

import array
import contextlib
import functools
import gzip
import itertools
import json
import pathlib
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flanlike import errors
from flanlike.sources import folder as folder_module
from flanlike.sources import json_lines, parquet, utf8
from flanlike.sources import rows as rows_module
from flanlike.tasks import task
from task_registry import p3_datasets, p3_templates

_NAMED = re.compile(rb'(?<!\\)"template"\s*:\s*"([^"\\]+)"')

FOLDERS = ("p3", "t0_sf")
SCORED = "_score_eval"
TEMPLATE = "promptsource template"  # a column that no dataset has
SPLITS = rows_module.SPLITS

Kind = Literal["configuration", "scored", "lines", "template"]


@dataclass(frozen=True, kw_only=True)
class Member:
    """A prompt of a dataset, and the files of its rows by split."""

    name: str  # super_glue_rte/does_it_follow_that
    dataset: p3_datasets.Dataset
    kind: Kind
    files: Mapping[str, str]
    template: p3_templates.Template | None = None
    names: Sequence[str] = ()  # of the numbers in a file's column `label`, where it says so
    line: str = ""  # what a line calls it


def find(data: str) -> Mapping[str, Member]:
    """Returns what the folder `data` has of P3, by name; it opens no rows but lines of all prompts.

    A prompt that is there twice is taken from its configuration first, then from the lines.
    """
    root = pathlib.Path(data)
    found: dict[str, Member] = {}
    configurations = [path for path in (root / "p3").glob("*") if path.is_dir()]
    scored = {path.name.removesuffix(SCORED) for path in configurations if _is_scored(path)}
    for path in sorted(configurations):
        if path.name in scored or not (files := _files(path)):
            continue
        if _first_has("inputs_pretokenized", files):
            name = path.name.removesuffix(SCORED)
            kind: Kind = "scored" if _is_scored(path) else "configuration"
            _add(found, name, kind=kind, files=files)
    for name in FOLDERS:
        files = _files(root / name)
        if _first_has("template", files):
            for line in _lines(files):
                _add(found, line, kind="lines", files=files, line=line)
    for path in sorted((root / "p3").rglob("templates.yaml")):
        _add_templates(found, root, path)
    return found


def rows(member: Member, split: str) -> "Rows":
    """Returns the rows of one of our splits.

    Test rows are those of the validation file, as T0 was evaluated; or of a test file; or else the
    last tenth of the train rows, at most 100. Of the rest the last tenth, at most 100, is for
    validation.
    """
    asked = next((name for name in ("validation", "test") if _all(member, name)), None)
    if split == "test" and asked:
        return _part(member, asked, 0, None)
    count = len(_all(member, "train"))
    stop = count
    if not asked:
        stop -= _tenth(count)
        if split == "test":
            return _part(member, "train", stop, None)
    chosen_by = stop - _tenth(stop)
    return _part(member, "train", *((0, chosen_by) if split == "train" else (chosen_by, stop)))


class Rows(Sequence[task.Row]):
    """Some rows of a file, or of groups of its rows; pickles as where they are."""

    def __init__(self, member: Member, split: str, indices: Sequence[int]) -> None:
        self._member, self._split, self._indices = member, split, indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> task.Row:
        file, at = _opened(self._member.files[self._split]), self._indices[index]
        if self._member.kind == "scored":
            return _grouped([file[row] for row in _groups(self._member.files[self._split])[at]])
        return _as_on_the_hub(self._member, file[at])

    def where(self, index: int) -> str:
        file, at = _opened(self._member.files[self._split]), self._indices[index]
        if self._member.kind == "scored":
            at = _groups(self._member.files[self._split])[at][0]
        return file.where(at)


def has_choices(member: Member) -> bool:
    """Returns whether each row brings answers to choose from."""
    if member.template is not None:
        return member.template.answer_choices is not None
    return member.kind == "scored" or bool(_first_row(member).get("answer_choices"))


def shows_choices(member: Member) -> bool:
    """Returns whether the prompt itself says what the choices are.

    A template tells so; of rendered rows the first is looked at.
    """
    if member.template is not None:
        return member.template.has_choices_in_prompt
    row = _first_row(member)
    said = str(row.get("inputs_pretokenized", row.get("prompt", ""))).casefold()
    return all(str(each).strip().casefold() in said for each in row.get("answer_choices") or ())


def _add(found: dict[str, Member], config: str, **more: Any) -> None:
    dataset, prompt = p3_datasets.divided(config)
    name = f"{dataset}/{prompt}" if prompt else dataset
    if name not in found:
        found[name] = Member(name=name, dataset=p3_datasets.of(dataset), **more)


def _add_templates(found: dict[str, Member], root: pathlib.Path, path: pathlib.Path) -> None:
    """Adds the templates of one file, those of ANLI once for each of its rounds."""
    name, templates = p3_templates.read(path)
    dataset = p3_datasets.of(name)
    own = dataset.rows or ("",)
    for number, task_name in enumerate(own, 1):
        beside = [path.parent, root / "p3" / name, root / "p3" / (task_name or name)]
        where = next((each for each in beside if _files(each)), root / (task_name or "p3"))
        files, names = _files(where), ()
        if where == root / task_name:
            names = folder_module.label_names(task_name, root).get("label", ())
        for template in templates:
            full = f"{name}/{p3_templates.clean(template.name)}"
            full += f"_r{number}" if len(own) > 1 else ""
            if full not in found and files:
                found[full] = Member(
                    name=full,
                    dataset=dataset,
                    kind="template",
                    files=files,
                    template=template,
                    names=names,
                )


def _as_on_the_hub(member: Member, row: dict[str, Any]) -> dict[str, Any]:
    """Returns a row for a template, with its label as the number that the hub has for it.

    label "not_entailment" -> 1. The template stands in the row too: what a run has read is known by
    its rows (`prompts.manifest`).
    """
    if member.template is None:
        return row
    row[TEMPLATE] = [member.template.jinja, member.template.answer_choices]
    hub, label = p3_datasets.LABELS.get(member.dataset.name), row.get("label")
    if hub is None or label is None:
        return row
    named = rows_module.named(label, member.names or None)
    return {**row, "label": hub.index(named)} if named in hub else row


def _part(member: Member, split: str, first: int, stop: int | None) -> Rows:
    return Rows(member, split, _all(member, split)[first:stop])


def _tenth(count: int) -> int:
    return min(100, max(1, count // 10)) if count > 1 else 0


def _all(member: Member, split: str) -> Sequence[int]:
    """Returns the places in a split's file at which the member has rows."""
    path = member.files.get(split)
    if path is None:
        return range(0)
    if member.kind == "lines":
        return _by_line(path).get(member.line, array.array("q"))
    return range(len(_groups(path)) if member.kind == "scored" else len(_opened(path)))


def _files(folder: pathlib.Path) -> dict[str, str]:
    """Returns the files of a folder's splits, of each the first that there is."""
    found: dict[str, str] = {}
    for split, ending in itertools.product(SPLITS, folder_module.ENDINGS):
        path = folder / f"{split}{ending}"
        if split not in found and path.is_file():
            found[split] = str(path)
    return found


def _is_scored(path: pathlib.Path) -> bool:
    return path.name.endswith(SCORED)


def _lines(files: Mapping[str, str]) -> Sequence[str]:
    """Returns the names of all prompts in files of lines."""
    return list(dict.fromkeys(name for path in files.values() for name in _by_line(path)))


@functools.lru_cache(maxsize=4)
def _by_line(path: str) -> Mapping[str, Sequence[int]]:
    """Returns which rows of a file are each prompt's: 8 bytes a row."""
    by_line: dict[str, array.array] = {}
    if path.endswith(".parquet"):
        file = _opened(path)
        told = ((index, str(file[index].get("template", ""))) for index in range(len(file)))
    else:
        _opened(path)  # which says what is wrong with a file that is damaged
        told = _named_lines(path)
    for index, name in told:
        if not name:
            raise errors.UserError(
                f"{_opened(path).where(index)}: expected a row with 'template', 'prompt' and "
                "'completion'"
            )
        by_line.setdefault(p3_templates.clean(name), array.array("q")).append(index)
    return by_line


def _named_lines(path: str) -> Iterator[tuple[int, str]]:
    """Yields each row of a file of JSON lines, counted as `json_lines` does, with its template.

    Inside a text quotes have backslashes, so that what looks like the key is it.
    """
    index = 0
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        for line in file:
            if not line.removeprefix(utf8.BYTE_ORDER_MARK).strip():
                continue
            match = _NAMED.search(line)
            yield index, match[1].decode("utf-8", "replace") if match else ""
            index += 1


@functools.lru_cache(maxsize=4)
def _groups(path: str) -> Sequence[Sequence[int]]:
    """Returns the rows of each example in a file that has a row for each choice."""
    file = _opened(path)
    groups: list[list[int]] = []
    last = None
    for index in range(len(file)):
        try:
            example = file[index]["idx"][0]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise errors.UserError(
                f"{file.where(index)}: {errors.in_one_line(error)}; expected 'idx', the number of "
                "the example and that of the choice"
            ) from error
        if example != last:
            groups.append([])
        groups[-1].append(index)
        last = example
    return groups


def _grouped(choices: Sequence[Mapping[str, Any]]) -> task.Row:
    """Returns one row of those of its choices."""
    right = [str(each["targets_pretokenized"]) for each in choices if each["is_correct"]]
    if len(right) < 1:
        raise ValueError("none of the choices has 'is_correct'; expected one")
    return {
        "inputs_pretokenized": choices[0]["inputs_pretokenized"],
        "targets_pretokenized": right[0],
        "answer_choices": [str(each["targets_pretokenized"]) for each in choices],
    }


@functools.lru_cache(maxsize=8)
def _opened(path: str) -> json_lines.JsonLines | parquet.ParquetRows:
    return (parquet.ParquetRows if path.endswith(".parquet") else json_lines.JsonLines)(path)


def _first_row(member: Member) -> Mapping[str, Any]:
    """Returns the first row of a member; of its own file no more than that is read."""
    if member.kind == "lines":
        split = next(split for split in SPLITS if _all(member, split))
        return _opened(member.files[split])[_all(member, split)[0]]
    begun = _begun(next(iter(member.files.values())))
    first = next(begun, {})
    if member.kind == "configuration" or "idx" not in first:
        return first
    others = itertools.takewhile(lambda row: row["idx"][0] == first["idx"][0], begun)
    return _grouped([first, *others])


def _first_has(column: str, files: Mapping[str, str]) -> bool:
    """Returns whether a first row has the column: others are of a dataset, for templates."""
    path = next(iter(files.values()), "")
    return bool(path) and column in next(_begun(path), {})


def _begun(path: str) -> Iterator[Mapping[str, Any]]:
    """Yields the rows of a file from its first on, without looking through the file for them.

    It ends at one that is no JSON object, or cannot be read: that is told when rows are opened.
    """
    if path.endswith(".parquet"):
        file = _opened(path)
        yield from map(file.__getitem__, range(len(file)))
        return
    damage = (EOFError, gzip.BadGzipFile, zlib.error)
    with (
        contextlib.suppress(*damage),
        (gzip.open if path.endswith(".gz") else open)(path, "rb") as lines,
    ):
        for line in lines:
            if content := line.removeprefix(utf8.BYTE_ORDER_MARK).strip():
                try:
                    row = json.loads(content)
                except (ValueError, RecursionError):
                    return
                if not isinstance(row, dict):
                    return
                yield row
