"""What a task is: fields, cluster, answers, splits, metrics and where its rows come from.

A *row* is what a source yields; a *record* is a dict of the task's canonical fields. A record holds
one string for each of `Task.fields` and, by the kind of answers:

    Labels     "label": int                                index into `Task.answers.names`
    Choices    "options": list[str], "label": int           index into the record's own options
    FreeText   "references": list[str]                      all are right; the first is the target

A chain-of-thought task also lists "rationale" among its fields. Optional keys: "score" (float, the
gold value where a metric wants more than the label), "group" (str, for metrics over groups), of
labels and choices "also_right" (list[int], further options that are right; `label` is the target),
of programs "checks" (str, what is run after one to grade it) and "stub" (str, the head of the
function that it may be the body of), and of free text "turns" (list of pairs, who and what: a
conversation that ends in the target).
What is asked of each in particular, `records` says.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from flanlike.tasks import declarations, texts

# What is lost of a field that is too long for a model's inputs.
Cut = Literal["end", "middle", "never"]

Row = Mapping[str, Any]
Record = dict[str, Any]

# The paper counts these as one of its twelve clusters, "misc" (Wei et al. 2021, figure 3).
MISC = (
    "math",
    "conversational_qa",
    "word_sense",
    "linguistic_acceptability",
    "question_classification",
    "text_formatting",
)

CLUSTERS = (
    "nli",
    "reading_comprehension",
    "reading_comprehension_with_commonsense",
    "closed_book_qa",
    "commonsense",
    "coreference",
    "sentiment",
    "paraphrase",
    "translation",
    "struct_to_text",
    "summarization",
    "topic_classification",  # T0's, not FLAN 2021's
    "dialog",  # of the Flan 2022 collection, as is the next
    "code",
    *MISC,
    "chain_of_thought",
    # Rows that come with an instruction of their own, of tasks of every cluster (not FLAN 2021's).
    "instruction_collections",
    # The micro-world's own, where input and options leave the task open (not FLAN's).
    "word_relations",
    "role_questions",
    "amount_questions",
    "order_questions",
    "fact_questions",
    "place_questions",
    # Pairs of readings of real rows, which input and options leave open (not FLAN's).
    "review_pair",
    "caption_pair",
    "restaurant_pair",
    "answer_pair",
    # Benchmarks.
    "mmlu",
    "bbh",
)

BACKENDS = ("embedded", "hub", "tfds")  # what --data may be; anything else is a folder

BENCHMARKS = ("mmlu", "bbh")  # never trained on

# A cluster each: two tasks that ask the same real rows in two ways. Never trained on either.
OPEN_PAIRS = ("review_pair", "caption_pair", "restaurant_pair", "answer_pair")

EXEMPLARS = "exemplars"  # the split of a benchmark's own exemplars

# A member of a family ("niv2/task1_naming") keeps the name that it has in its collection.
_NAME = re.compile(r"[a-z0-9_]+(?:[/:][^\s:]+)?")


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Answers from one fixed set.

    `names` are the source's label names ("entailment"), `words` what a prompt shows for each
    ("yes"), in the same order; a template may word them differently.
    """

    names: tuple[str, ...]
    words: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("names", "words"):
            declarations.check_texts(f"labels: {name}", getattr(self, name))
        different = {word.strip() for word in self.words}
        if not len(self.names) == len(self.words) == len(different):
            raise ValueError(f"labels {self.names!r} need one distinct word each: {self.words!r}")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Answers from options that each record brings itself."""


@dataclass(frozen=True, kw_only=True)
class FreeText:
    """Answers in the model's own words, compared with the record's references."""


Answers = Labels | Choices | FreeText


@dataclass(frozen=True, kw_only=True)
class HubSource:
    """A dataset on the Hugging Face hub; `labels` names a column's bare integers, from 0 up.

    A ClassLabel column brings its own names, and needs `labels` no more than one that counts as
    `Task.label_columns` does. `split_names` says what the hub calls our train, validation and test
    where it differs. `data_dir` goes with revision "refs/convert/parquet". A repository that
    `is_sorted` (by label, say) is put in a fixed random order before a split is carved from it.
    `columns` are those of the data card: a type by name, [type] for a list, a dict for a struct
    (a Sequence of structs is a struct of lists, as `datasets` hands it out); what has class names
    is a "ClassLabel". `unverified` says what of all this is from memory, and was never checked.
    `commit` is what a run found `revision` (None: the main branch) to be, and reads. `slices` says
    of a split of many Parquet files how many rows are enough: as many files as have these rows,
    drawn from all of them, are read, and the others are not fetched.
    """

    repo: str
    config: str | None = None
    revision: str | None = None
    data_dir: str | None = None
    split_names: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_sorted: bool = False
    columns: Mapping[str, Any] = field(default_factory=dict)
    unverified: str = ""
    commit: str = ""
    slices: Mapping[str, int] = field(default_factory=dict)  # official split -> rows

    def __post_init__(self) -> None:
        declarations.check_names(f"the hub's {self.repo!r}: labels", self.labels)


@dataclass(frozen=True, kw_only=True)
class TfdsSource:
    """A TensorFlow Datasets builder: "name/config:version".

    `manual` says what has to be downloaded by hand before TFDS can build it, and from where.
    """

    name: str
    split_names: Mapping[str, str] = field(default_factory=dict)
    manual: str = ""


@dataclass(frozen=True, kw_only=True)
class RowsOf:
    """The rows of another task, by its name, where a task asks these in another way.

    `file` is the split whose file in a folder of --data its test rows are, all of it; "": the file
    that the other task's test rows are of.
    """

    task: str
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class FileSource:
    """A file of a user's, as named or in the folder of --data; None: its columns tell the format.

    `tasks.instruction_rows` says which formats there are.
    """

    path: str
    format: str | None = None


# What says where the rows of a task are.
_SOURCES = {"hub": HubSource, "tfds": TfdsSource, "file": FileSource, "rows_of": RowsOf}


@dataclass(frozen=True, kw_only=True)
class Task:
    """One dataset as a task. Built by a zero-argument function of the same name.

    `splits` maps train, validation and test to expressions on official splits ("train[:-200]").
    `preprocess` turns one row (class labels already as names) into a record; it is a pure function.
    `optional` names the fields that may be "": a line of a template that holds such a field is left
    out where the field is empty. `label_columns` names the columns whose integers stand for names,
    with those names in hub order: a source that knows its own order uses that instead, always by
    name.
    `unlabelled` maps columns to the value that marks a row without a gold answer (or without
    text); a row that has one of them is left out and counted. So is one for which `unusable` holds:
    every row is then read when a split is opened. `microworld` names the generator of
    `flanlike.microworld` that yields records. `is_microworld_only` marks tasks with no dataset
    behind them: they take part only with `--data embedded`. `flan_dataset` is the dataset of the
    FLAN 2021 paper (one of 62) that the task is or is a part of. `how_to_get` is one line for a
    dataset that neither backend has: it is asked for, downloaded by hand, or gone. `rows` gives
    the rows of a split in code, class labels as names: these are taken, whatever `--data` says.
    So are those of `file`, from which validation and test rows are carved. `rows_of` names another
    task in whose folder of --data they are; which of them are asked is drawn by that name, so that
    two tasks that ask them in two ways ask the same.
    `cut` says what is lost of a field where a prompt is too long (see `prompts.fitting`): its end,
    its middle, or nothing, so that the prompt is left out. A field of the name "question" is never
    cut, any other loses its end, unless it stands here ("answer": that of an inverted prompt).
    A benchmark has no training split, and may name a split "exemplars": its rows, in their order,
    stand before a question that is to have some. Where its makers publish these as a prompt,
    `read_exemplars` turns that text into rows, and `exemplars_from` says where the text is.
    `option_style` is the style of the layout in which its options are listed where none is asked
    for, "" the layout's plain one; with `keeps_order` they stand in their source's order.
    `max_new_tokens` is how long a written answer may be, in any tokenizer's; None: as the answers
    of training rows tell. `origins` names the datasets that a member of a family was made
    from: two members with one origin may have the same rows. `constant` names the fields that all
    records have alike, which say the task and nothing of a row: overlap does not look at them.
    `is_worded` marks tasks whose rows are prompts already, so that few templates will do.
    `counts_as` says how many rows a task counts as in a mixture, of how many it has.
    `absent` says why there are no rows,
    whatever --data says, of a task that stands for those of a family that is not there.
    """

    name: str
    cluster: str
    fields: tuple[str, ...]
    answers: Answers
    metrics: tuple[str, ...]  # the first one is the headline
    templates: str  # file in templates/, without ".toml"
    optional: tuple[str, ...] = ()  # of the fields
    microworld: str = ""
    splits: Mapping[str, str] = field(default_factory=dict)
    preprocess: Callable[[Row], Record] | None = None
    label_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unlabelled: Mapping[str, Any] = field(default_factory=dict)
    unusable: Callable[[Row], bool] | None = None
    hub: HubSource | None = None
    tfds: TfdsSource | None = None
    licence: str = ""
    homepage: str = ""
    is_microworld_only: bool = False
    flan_dataset: str = ""
    how_to_get: str = ""
    rows: Callable[[str], Sequence[Row]] | None = None
    file: FileSource | None = None
    rows_of: RowsOf | None = None
    cut: Mapping[str, Cut] = field(default_factory=dict)
    option_style: str = ""
    keeps_order: bool = False
    read_exemplars: Callable[[str], Sequence[Row]] | None = None
    exemplars_from: str = ""
    max_new_tokens: int | None = None
    origins: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()  # of the fields
    is_worded: bool = False
    counts_as: Callable[[int], int] | None = None
    absent: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(f"task name {self.name!r} must match [a-z0-9_]+, or FAMILY/NAME")
        for name in ("cluster", "templates"):
            if wrong := texts.problem(getattr(self, name)):
                raise ValueError(f"task {self.name!r}: {name} {wrong}")
        for name in ("fields", "metrics", *(("optional",) if self.optional else ())):
            declarations.check_texts(f"task {self.name!r}: {name}", getattr(self, name))
        if not isinstance(self.answers, Answers):
            raise ValueError(
                f"task {self.name!r}: answers is {texts.shown(self.answers)}; expected "
                "Labels(...), Choices() or FreeText()"
            )
        declarations.check(self, sources=_SOURCES)
        if unknown := [name for name in self.optional if name not in self.fields]:
            raise ValueError(
                f"task {self.name!r}: optional names {unknown!r}; expected some of {self.fields!r}"
            )
        is_untold = "rationale" in self.optional and not self.is_evaluation_only
        if is_untold or set(self.optional) == set(self.fields):
            raise ValueError(
                f"task {self.name!r}: optional is {self.optional!r}; expected a field that is not, "
                "and no rationale, but where a task is only evaluated"
            )
        reserved = {
            "label",
            "also_right",
            "options",
            "references",
            "answer",
            "score",
            "group",
            "turns",
        }
        if clash := reserved & set(self.fields):
            raise ValueError(f"task {self.name!r}: {sorted(clash)!r} are reserved, not fields")
        for name, cut in self.cut.items():
            if name not in (*self.fields, "answer") or cut not in get_args(Cut):
                raise ValueError(
                    f"task {self.name!r}: cut is {{{name!r}: {cut!r}}}; expected a field "
                    f"({self.fields!r}) or 'answer', with one of {get_args(Cut)!r}"
                )
        limit = self.max_new_tokens
        if limit is not None and not (type(limit) is int and limit >= 1):
            raise ValueError(
                f"task {self.name!r}: max_new_tokens is {limit!r}; expected 1 or more, or None"
            )

    @property
    def paper_cluster(self) -> str:
        """Returns the cluster as the FLAN paper counts: twelve, with several of ours in "misc"."""
        return "misc" if self.cluster in MISC else self.cluster

    @property
    def is_evaluation_only(self) -> bool:
        """Returns whether the dataset has splits, but none to train on."""
        return bool(self.splits) and "train" not in self.splits

    @property
    def owner(self) -> str:
        """Returns the name of the task whose rows are asked: its own, or that of `rows_of`."""
        return self.rows_of.task if self.rows_of else self.name

    @property
    def has_own_exemplars(self) -> bool:
        """Returns whether its makers say which rows stand before a question."""
        return EXEMPLARS in self.splits or self.read_exemplars is not None

    @property
    def has_rationale(self) -> bool:
        return "rationale" in self.fields

    def cut_of(self, name: str) -> Cut:
        """Returns what a field, or the answer of an inverted prompt, loses where it is too long."""
        return self.cut.get(name, "never" if name == "question" else "end")


Turn = tuple[str, str]  # of a conversation: who ("system", "user", "assistant"), and what


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a prompt comes from, enough to render it again."""

    task: str
    source: str
    split: str
    row_id: str
    template: str
    kind: str
    shots: int
    shows_options: bool
    option_style: str = ""  # of the layout; empty where no options are shown
    seed: int
    cut_tokens: int = 0  # of the text of the record's fields, for want of room


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Rendered text: what the model reads, what it should write, and what it may choose from.

    `options` are the answer texts to score, in the order shown (empty for free text); `gold` is the
    index of the right one, the target's. `label_of_option[i]` is the record's own label index of
    options[i]. `references` are all right answers, the target's first. `turns` are those of a
    conversation that is read as one, its last answer among them: `inputs` then tell it in one text.
    """

    inputs: str
    targets: str
    options: tuple[str, ...]
    label_of_option: tuple[int, ...]
    gold: int | None
    references: tuple[str, ...]
    provenance: Provenance
    turns: tuple[Turn, ...] = ()


def right_labels(record: Record) -> tuple[int, ...]:
    """Returns the labels of all right options of a record, the target's first."""
    return (record["label"], *record.get("also_right", ()))
