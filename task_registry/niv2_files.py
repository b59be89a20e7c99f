"""Super-NaturalInstructions as it is published and passed on, read a task at a time.

    FOLDER/task*.json, or FOLDER/tasks/task*.json    its repository; also in a zip of either
    FOLDER/tasks.jsonl[.gz], train.jsonl[.gz], validation.jsonl[.gz]    a line an instance

A task's file says all of the task before its instances, so that is as far as one is read to list
tasks. Of a repository, splits/default/{train,test}_tasks.txt are the English track, and
splits/xlingual/ the other one.

    {"Definition": ["Name the animal."], "Positive Examples": [{"input": "A duck sat.",
     "output": "duck", "explanation": "..."}], "Negative Examples": [], "Categories": ["Naming"],
     "Instances": [{"id": "task1-a", "input": "A hen ran.", "output": ["hen"]}]}
"""

import array
import functools
import gzip
import json
import pathlib
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flanlike import errors, jsonl
from flanlike.sources import json_lines

_HEAD = 1 << 16  # bytes of a file that are read first
_INSTANCES = re.compile(rb'"Instances"\s*:\s*\[')  # inside a text its quotes have backslashes
_GAP = re.compile(r"[\s,]*")
_TASK_FILE = re.compile(r"(?:.*/)?(task[^/]*)\.json")
_SPLIT_FILE = re.compile(r"(?:.*/)?splits/(\w+)/(train|test|excluded)_tasks\.txt")
_TASKS = ("tasks.jsonl", "tasks.jsonl.gz")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the collection says of one task."""

    definition: str
    positive: Sequence[Mapping[str, str]]
    negative: Sequence[Mapping[str, str]]
    categories: tuple[str, ...]
    origins: tuple[str, ...]  # datasets, as "Source" names them
    is_english: bool
    licence: str = ""
    home: str = ""


class Instances(Protocol):
    """The instances of one task in one split, with where each is."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Mapping[str, Any]: ...

    def where(self, index: int) -> str: ...


@dataclass(frozen=True)
class Collection:
    """What a folder or a zip has; `splits` maps "default/test" to names, where it says so.

    `instances` gives those of a task: of the split "train" or "validation" where `has_splits`, or
    else, whatever the split, all that the task has.
    """

    names: tuple[str, ...]
    splits: Mapping[str, tuple[str, ...]]
    has_splits: bool
    facts: Callable[[str], Facts]
    instances: Callable[[str, str], Instances]


def find(folder: str) -> Collection | None:
    """Returns the collection in a folder or zip, None where there is none."""
    path = pathlib.Path(folder)
    if path.is_file():
        return _of_zip(path) if zipfile.is_zipfile(path) else None
    for name in _TASKS:
        if (path / name).is_file():
            return _of_lines(path, path / name)
    for below in (path / "tasks", path):
        if files := sorted(below.glob("task*.json")):
            return _of_files(path, files)
    zips = sorted(path.glob("*.zip"))
    return _of_zip(zips[0]) if len(zips) == 1 and zipfile.is_zipfile(zips[0]) else None


def facts_of(told: Mapping[str, Any], *, where: str) -> Facts:
    """Returns the facts of a task by the names of the collection's files, or those of lines."""
    told = {str(name).casefold().replace(" ", "_"): value for name, value in told.items()}
    definition = "\n".join(_texts(told.get("definition")))
    if not definition.strip():
        raise errors.UserError(f"{where}: no 'Definition'; expected what the task asks for")
    languages = [
        language
        for name in ("input_language", "output_language", "instruction_language")
        for language in _texts(told.get(name))
    ]
    return Facts(
        definition=definition.strip(),
        positive=_examples(told.get("positive_examples")),
        negative=_examples(told.get("negative_examples")),
        categories=tuple(_texts(told.get("categories"))),
        origins=tuple(_texts(told.get("source"))),
        is_english=all(language.casefold() == "english" for language in languages),
        licence=", ".join(_texts(told.get("instance_license"))),
        home=next(iter(_texts(told.get("url"))), ""),
    )


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each.strip() for each in values if isinstance(each, str) and each.strip()]


def _examples(value: Any) -> tuple[dict[str, str], ...]:
    """Returns examples of which input and output are texts; an output may be a list of them."""
    found = []
    for each in value if isinstance(value, list) else []:
        if not isinstance(each, Mapping):
            continue
        parts = {
            name: next(iter(_texts(each.get(name))), "")
            for name in ("input", "output", "explanation")
        }
        if parts["input"] and parts["output"] and parts["output"] != "-":
            found.append(parts)
    return tuple(found)


def _of_lines(folder: pathlib.Path, tasks: pathlib.Path) -> Collection:
    """Returns the collection of a file with a task a line beside files with an instance a line."""
    opened = gzip.open if tasks.suffix == ".gz" else open
    told: dict[str, tuple[int, dict[str, Any]]] = {}
    try:
        with opened(tasks, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    row = jsonl.parsed(line)
                    if (name := row["task"]) in told:
                        raise ValueError(f"lines {told[name][0]} and {number} are both of {name!r}")
                    told[name] = number, row
    except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
        raise errors.UserError(
            f"{tasks}: cannot be read ({errors.in_one_line(error)}); expected a JSON object a "
            "line with 'task' and 'definition'"
        ) from error

    def facts(name: str) -> Facts:
        number, row = told[name]
        return facts_of(row, where=f"{tasks}:{number}")

    return Collection(
        names=tuple(told),
        splits=_split_files({str(path): path.read_text for path in folder.glob("splits/*/*.txt")}),
        has_splits=True,
        facts=facts,
        instances=functools.partial(_line_instances, str(folder)),
    )


def _line_instances(folder: str, name: str, split: str) -> Instances:
    paths = [pathlib.Path(folder) / f"{split}{ending}" for ending in (".jsonl", ".jsonl.gz")]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise errors.UserError(f"{folder!r} has no {paths[0].name} or {paths[1].name}: add one")
    lines, by_task = _lines_by_task(str(path), path.stat().st_mtime_ns)
    return _Lines(lines, by_task.get(name, array.array("q")))


@functools.lru_cache(maxsize=2)
def _lines_by_task(
    path: str, stamp: int
) -> tuple[json_lines.JsonLines, Mapping[str, Sequence[int]]]:
    """Returns a file's lines, and which of them are each task's: 8 bytes a line."""
    del stamp
    lines = json_lines.JsonLines(path)
    by_task: dict[str, array.array] = {}
    for index in range(len(lines)):
        try:
            name = lines[index]["task"]
        except (ValueError, KeyError) as error:
            raise errors.UserError(
                f"{lines.where(index)}: {errors.in_one_line(error)}; expected a 'task' in each line"
            ) from error
        by_task.setdefault(name, array.array("q")).append(index)
    return lines, by_task


@dataclass(frozen=True)
class _Lines:
    lines: json_lines.JsonLines
    indices: Sequence[int]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Mapping[str, Any]:
        return self.lines[self.indices[index]]

    def where(self, index: int) -> str:
        return self.lines.where(self.indices[index])


def _of_files(folder: pathlib.Path, files: Sequence[pathlib.Path]) -> Collection:
    paths = {path.stem: path for path in files}
    return Collection(
        names=tuple(paths),
        splits=_split_files({str(path): path.read_text for path in folder.glob("splits/*/*.txt")}),
        has_splits=False,
        facts=lambda name: _head(str(paths[name]), paths[name].open("rb")),
        instances=lambda name, split: _instances(
            str(paths[name]), paths[name].read_bytes(), is_kept=False
        ),
    )


def _of_zip(path: pathlib.Path) -> Collection:
    with zipfile.ZipFile(path) as packed:
        inside = packed.namelist()
    paths = {m.group(1): name for name in sorted(inside) if (m := _TASK_FILE.fullmatch(name))}
    texts = {
        name: functools.partial(_unpacked_text, str(path), name)
        for name in inside
        if _SPLIT_FILE.fullmatch(name)
    }
    if not paths:
        raise errors.UserError(f"{path}: no task*.json in it; expected those of the collection")

    def facts(name: str) -> Facts:
        with zipfile.ZipFile(path) as packed:
            return _head(f"{path}, {paths[name]}", packed.open(paths[name]))

    def instances(name: str, split: str) -> Instances:
        with zipfile.ZipFile(path) as packed:
            return _instances(f"{path}, {paths[name]}", packed.read(paths[name]), is_kept=True)

    return Collection(
        names=tuple(paths),
        splits=_split_files(texts),
        has_splits=False,
        facts=facts,
        instances=instances,
    )


def _unpacked_text(path: str, name: str) -> str:
    with zipfile.ZipFile(path) as packed:
        return packed.read(name).decode("utf-8")


def _split_files(texts: Mapping[str, Callable[[], str]]) -> dict[str, tuple[str, ...]]:
    """Returns the names in each file of a split, by "default/test"."""
    found = {}
    for path, read in texts.items():
        if match := _SPLIT_FILE.fullmatch(pathlib.PurePath(path).as_posix()):
            found[f"{match.group(1)}/{match.group(2)}"] = tuple(read().split())
    return found


def _head(where: str, file: Any) -> Facts:
    """Returns what a task's file says before its instances, or in all of it."""
    with file:
        content = file.read(_HEAD)
        while not (begin := _INSTANCES.search(content)) and (more := file.read(len(content))):
            content += more
        if begin:
            try:
                return facts_of(json.loads(content[: begin.end()] + b"]}"), where=where)
            except (ValueError, RecursionError):  # they stand before something else
                pass
        return facts_of(_parsed(where, content + file.read()), where=where)


def _parsed(where: str, content: bytes) -> dict[str, Any]:
    try:
        told = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        said = errors.in_one_line(error)
        raise errors.UserError(f"{where}: not valid JSON ({said}); download it again") from error
    if not isinstance(told, dict):
        raise errors.UserError(f"{where}: expected one JSON object with 'Definition', 'Instances'")
    return told


@dataclass(frozen=True)
class _Instances:
    """Instances by their places in a file, of which the text of each is read when it is asked for.

    A zip is read at random only by unpacking all before; so what was in it is kept as bytes.
    """

    place: str
    content: bytes | None  # None: it is read from the file at `place`
    bounds: Sequence[int]  # the first byte of each, and the one behind its last

    def __len__(self) -> int:
        return len(self.bounds) // 2

    def __getitem__(self, index: int) -> Mapping[str, Any]:
        first, stop = self.bounds[2 * index], self.bounds[2 * index + 1]
        if self.content is not None:
            return json.loads(self.content[first:stop])
        with open(self.place, "rb") as file:
            file.seek(first)
            return json.loads(file.read(stop - first))

    def where(self, index: int) -> str:
        return f"{self.place}, instance {index}"


def _instances(where: str, content: bytes, *, is_kept: bool) -> Instances:
    """Returns the instances in what a file holds, checked to be JSON as a whole."""
    begin = _INSTANCES.search(content)
    told = _parsed(where, content)
    if begin is None or not isinstance(told.get("Instances"), list):
        raise errors.UserError(f"{where}: no list of 'Instances' in it; download it again")
    text = content[begin.end() :].decode("utf-8")
    bounds, decoder = array.array("q"), json.JSONDecoder()
    place, byte = 0, begin.end()
    for _ in told["Instances"]:
        first = _GAP.match(text, place).end()
        _, stop = decoder.raw_decode(text, first)
        bounds.append(byte + len(text[place:first].encode()))
        byte = bounds[-1] + len(text[first:stop].encode())
        bounds.append(byte)
        place = stop
    return _Instances(where, content if is_kept else None, bounds)
