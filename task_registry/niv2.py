"""Super-NaturalInstructions as a family: https://github.com/allenai/natural-instructions

Each of its tasks is one of ours, niv2/task1_made_up_naming, in the cluster of its first category,
niv2_naming. What of a task a prompt shows besides its definition, the templates say: nothing, one
or two of its own positive examples, these explained, negative ones too (Wang et al. 2022, 4.1).

Groups: `train` and `test` are the English track and `xlingual_train` and `xlingual_test` the other,
by the files in the collection's splits/. Without them it is done as its splits/README.md says: the
tasks of twelve categories are tested, of English or of other languages, and none trains that was
made from one dataset with a tested one. `english` and `other_languages` go by the languages.
`flan2022` is `train` but for MMLU's questions, which Flan 2022 leaves out too, and for what is
asked of a model tuned on it, `flan2022_test`: `test` and, as many a copy has none of its tasks, the
category of text completion, with which other tasks of its datasets leave.
"""

import functools
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flanlike.tasks import families, task
from task_registry import columns, niv2_files

NAME = "niv2"
FOLDERS = ("niv2", "natural_instructions_v2", "niv2.zip", "natural_instructions_v2.zip")

# The first so many instances of a test task are its test rows (splits/README.md).
TEST_ROWS = 100

TEST_CATEGORIES = (
    "Textual Entailment",
    "Cause Effect Classification",
    "Coreference Resolution",
    "Dialogue Act Recognition",
    "Answerability Classification",
    "Word Analogy",
    "Overlap Extraction",
    "Keyword Tagging",
    "Question Rewriting",
    "Title Generation",
    "Data to Text",
    "Grammar Error Correction",
)

_GROUPS = {
    "train": "default/train",
    "test": "default/test",
    "xlingual_train": "xlingual/train",
    "xlingual_test": "xlingual/test",
}
_FLAN_2022 = ("flan2022", "flan2022_test")
_MMLU = "_mmmlu_"  # in the names of tasks of MMLU's questions
_HELD_OUT_TOO = "text_completion"
_BLOCKS = ("example", "examples", "explained", "examples_and_counter", "explained_and_counter")


class Members:
    """The tasks of one copy of the collection; what each is, is read when that is asked for."""

    def __init__(self, folder: str, collection: niv2_files.Collection) -> None:
        self._folder, self._collection = folder, collection
        self._facts: dict[str, niv2_files.Facts] = {}

    @property
    def names(self) -> Sequence[str]:
        return self._collection.names

    @property
    def groups(self) -> Sequence[str]:
        return (*_GROUPS, *_FLAN_2022, "english", "other_languages")

    @functools.cached_property
    def categories(self) -> Sequence[str]:
        return tuple(dict.fromkeys(map(self._category, self.names)))

    def of_category(self, category: str) -> Sequence[str]:
        return [name for name in self.names if self._category(name) == category]

    def of_group(self, group: str) -> Sequence[str]:
        if group in ("english", "other_languages"):
            is_english = group == "english"
            return [name for name in self.names if self.facts(name).is_english == is_english]
        if group in _FLAN_2022:
            return self._of_flan_2022(group)
        if (told := self._collection.splits.get(_GROUPS[group])) is not None:
            there = set(told)
            return [name for name in self.names if name in there]
        is_xlingual = group.startswith("xlingual")
        tested = [
            name
            for name in self.names
            if self._is_test(name) and self.facts(name).is_english != is_xlingual
        ]
        if group.endswith("test"):
            return tested
        of_tested = {origin for name in tested for origin in self.facts(name).origins}
        return [
            name
            for name in self.names
            if not self._is_test(name) and of_tested.isdisjoint(self.facts(name).origins)
            if is_xlingual or self.facts(name).is_english
        ]

    def _of_flan_2022(self, group: str) -> Sequence[str]:
        train = self.of_group("train")
        too = {name for name in train if self._category(name) == _HELD_OUT_TOO}
        if group == "flan2022_test":
            asked = {*self.of_group("test"), *too}
            return [name for name in self.names if name in asked]
        origins = {origin for name in too for origin in self.facts(name).origins}
        return [
            name
            for name in train
            if name not in too and _MMLU not in name
            if origins.isdisjoint(self.facts(name).origins)
        ]

    def task(self, name: str) -> task.Task:
        facts = self.facts(name)
        return task.Task(
            name=f"{NAME}{families.MEMBER}{name}",
            cluster=f"{NAME}_{self._category(name)}",
            fields=("instruction", "input", *_BLOCKS),
            optional=("input", *_BLOCKS),
            constant=("instruction", *_BLOCKS),
            cut={"instruction": "middle", "input": "middle"},
            answers=task.FreeText(),
            metrics=("rougeL", "niv2_em"),
            templates=NAME,
            splits={"train": "train", "validation": "validation", "test": "test"},
            rows=functools.partial(_rows, self._folder, name),
            preprocess=_record,
            licence=facts.licence,
            homepage=facts.home,
            origins=facts.origins,
        )

    def facts(self, name: str) -> niv2_files.Facts:
        if name not in self._facts:
            self._facts[name] = self._collection.facts(name)
        return self._facts[name]

    def rows(self, name: str, split: str) -> "Rows":
        """Returns the rows of a task: those kept for the test are never trained on."""
        if self._collection.has_splits:
            told = _instances(self._folder, name, "validation" if split == "test" else "train")
            first, stop = 0, len(told)
        else:
            told = _instances(self._folder, name, "")
            first, stop = _tested(len(told), is_test=self._is_test(name)), len(told)
            if split == "test":
                return Rows(self.facts(name), told, range(first))
        chosen_by = min(TEST_ROWS, max(1, (stop - first) // 10)) if stop - first > 1 else 0
        if split == "train":
            stop -= chosen_by
        elif split == "validation":
            first = stop - chosen_by
        return Rows(self.facts(name), told, range(first, stop))

    def _is_test(self, name: str) -> bool:
        told = [
            names
            for split in ("default/test", "xlingual/test")
            if (names := self._collection.splits.get(split)) is not None
        ]
        if told:
            return any(name in names for names in told)
        return any(each in TEST_CATEGORIES for each in self.facts(name).categories)

    def _category(self, name: str) -> str:
        told = next(iter(self.facts(name).categories), "no category")
        return re.sub(r"[^a-z0-9]+", "_", told.casefold()).strip("_")


class Rows(Sequence[task.Row]):
    """Instances of a task, each with what the collection says of the task."""

    def __init__(
        self, facts: niv2_files.Facts, instances: niv2_files.Instances, indices: range
    ) -> None:
        self._facts, self._instances, self._indices = facts, instances, indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> task.Row:
        instance = self._instances[self._indices[index]]
        if not isinstance(instance, Mapping):
            raise ValueError(f"the instance is {instance!r}; expected its 'input' and 'output'")
        told = {"facts": self._facts, "definition": self._facts.definition}
        return {**instance, **told}

    def where(self, index: int) -> str:
        return self._instances.where(self._indices[index])


def blocks(facts: niv2_files.Facts) -> dict[str, str]:
    """Returns a task's examples as prompts show them, "" for those that it has not.

    example     Positive Example 1 -\\nInput: A duck sat.\\nOutput: duck
    """
    told, short = facts.positive[:2], facts.negative[:2]
    return {
        "example": _block("Positive", told[:1]),
        "examples": _block("Positive", told),
        "explained": _block("Positive", told, is_explained=True),
        "examples_and_counter": _joined(_block("Positive", told), _block("Negative", short)),
        "explained_and_counter": _joined(
            _block("Positive", told, is_explained=True),
            _block("Negative", short, is_explained=True),
        ),
    }


def _open(data: str) -> Members | None:
    for name in FOLDERS:
        path = pathlib.Path(data) / name
        if path.exists() and (collection := _found(str(path))) is not None:
            return Members(str(path), collection)
    return None


FAMILY = families.Family(
    name=NAME,
    open=_open,
    description="Super-NaturalInstructions, a task each",
    how_to_get="put a copy of github.com/allenai/natural-instructions (its folder, with tasks/ and "
    "splits/, or a zip of it) into it as niv2 or niv2.zip",
)


@functools.lru_cache(maxsize=4)
def _found(folder: str) -> niv2_files.Collection | None:
    return niv2_files.find(folder)


# Its splits are opened one after the other.
@functools.lru_cache(maxsize=4)
def _instances(folder: str, name: str, split: str) -> niv2_files.Instances:
    return _found(folder).instances(name, split)


def _rows(folder: str, name: str, split: str) -> Rows:
    return Members(folder, _found(folder)).rows(name, split)


def _tested(count: int, *, is_test: bool) -> int:
    """Returns how many of a task's instances, the first, are its test rows."""
    return min(TEST_ROWS, count if is_test else max(1, count // 10))


def _record(row: task.Row) -> task.Record:
    given: Any = columns.value(row, "input")
    if not isinstance(given, str):
        raise ValueError(f"column 'input' is {given!r}; expected text, be it empty")
    return {
        "instruction": columns.text(row, "definition", exact=True),
        "input": given.strip(),
        **blocks(row["facts"]),
        "references": columns.references(columns.value(row, "output"), exact=True),
    }


def _block(kind: str, examples: Sequence[Mapping[str, str]], *, is_explained: bool = False) -> str:
    found = []
    for number, each in enumerate(examples, 1):
        lines = [f"{kind} Example {number} -", f"Input: {each['input']}"]
        lines.append(f"Output: {each['output']}")
        if is_explained and each["explanation"]:
            lines.append(f"Explanation: {each['explanation']}")
        found.append("\n".join(lines))
    return "\n\n".join(found)


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
