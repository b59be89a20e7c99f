"""Coreference: who or what is meant?"""

import re

from flanlike.tasks import task
from task_registry import columns

_WINOGRANDE = ("1", "2")
_CANDIDATES = ("0", "1")
_WSC = task.Labels(names=("False", "True"), words=("no", "yes"))
_NEITHER = "neither of them"
_SCHEMAS = "https://cs.nyu.edu/~davise/papers/WinogradSchemas/WS.html"


def winogrande() -> task.Task:
    """WinoGrande, https://winogrande.allenai.org; the blank is an underscore.

    {"sentence": "The hat is not in the box, as _ is too big.", "option1": "the hat",
     "option2": "the box", "answer": "1"}
    """
    return task.Task(
        name="winogrande",
        cluster="coreference",
        fields=("sentence",),
        cut={"sentence": "never"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="winogrande",
        microworld="winogrande",
        splits=columns.carved(200, test="validation"),
        preprocess=_winogrande,
        label_columns={"label": _WINOGRANDE},
        unlabelled={"label": -1, "answer": ""},
        hub=task.HubSource(
            repo="allenai/winogrande",
            config="winogrande_xl",
            columns={
                "sentence": "string",
                "option1": "string",
                "option2": "string",
                "answer": "string",
            },
        ),
        tfds=task.TfdsSource(name="winogrande:1.2.0", split_names={"train": "train_xl"}),
        licence="CC BY, no version stated (publisher's repository)",
        homepage="https://winogrande.allenai.org",
        flan_dataset="winogrande",
    )


def definite_pronoun_resolution() -> task.Task:
    """Definite pronoun resolution (Rahman and Ng, 2012), https://www.hlt.utdallas.edu/~vince

    {"sentence": "Carl thanked Dario because he helped.", "pronoun": "he",
     "candidates": ["Carl", "Dario"], "label": 1}
    """
    return task.Task(
        name="definite_pronoun_resolution",
        cluster="coreference",
        fields=("sentence", "pronoun"),
        cut={"sentence": "never"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="pronoun",
        microworld="definite_pronoun_resolution",
        splits=columns.carved(200, test="test"),
        preprocess=_definite_pronoun_resolution,
        label_columns={"label": _CANDIDATES},
        hub=task.HubSource(
            repo="community-datasets/definite_pronoun_resolution",
            columns={
                "sentence": "string",
                "pronoun": "string",
                "candidates": ["string"],
                "label": "ClassLabel",
            },
        ),
        tfds=task.TfdsSource(name="definite_pronoun_resolution:1.1.0"),
        licence="none stated (research release)",
        homepage="https://www.hlt.utdallas.edu/~vince/data/emnlp12",
        flan_dataset="definite_pronoun_resolution",
    )


def wsc() -> task.Task:
    """Winograd Schema Challenge of SuperGLUE, https://super.gluebenchmark.com/tasks

    Does the pronoun, put in square brackets, mean what the first span says? FLAN takes the config
    "wsc", in which some spans are not where their index points; "wsc.fixed" has the same rows.

    {"text": "Carl thanked Dario because he helped.", "span1_text": "Dario", "span1_index": 2,
     "span2_text": "he", "span2_index": 4, "label": 1}
    """
    return task.Task(
        name="wsc",
        cluster="coreference",
        fields=("text", "span1", "span2"),
        cut={"text": "never"},
        answers=_WSC,
        metrics=("accuracy",),
        templates="wsc",
        microworld="wsc",
        splits=columns.carved(50, test="validation"),
        preprocess=_wsc,
        label_columns={"label": _WSC.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="aps/super_glue",
            config="wsc.fixed",
            columns={
                "text": "string",
                "span1_index": "int32",
                "span2_index": "int32",
                "span1_text": "string",
                "span2_text": "string",
                "idx": "int32",
                "label": "ClassLabel",
            },
        ),
        tfds=task.TfdsSource(name="super_glue/wsc.fixed:1.0.2"),
        licence="none stated (SuperGLUE distribution; schemas CC BY 4.0 at their source)",
        homepage="https://super.gluebenchmark.com/tasks",
        flan_dataset="wsc",
    )


def wsc273() -> task.Task:
    """The first 273 Winograd schemas, to test on; there is nothing to train on.

    https://cs.nyu.edu/~davise/papers/WinogradSchemas/WS.html. The options are the two candidates
    alone: FLAN's carry the rest of the sentence, which only lengthens both by the same words.

    {"text": "Carl thanked Dario because he helped.", "pronoun": "he", "pronoun_loc": 27,
     "options": ["Carl", "Dario"], "label": 1}                                    the hub
    {"text": ..., "pronoun_text": "he", "pronoun_start": 27, "option1": "Carl",
     "option2": "Dario", "label": 1}                                              TFDS
    """
    return task.Task(
        name="wsc273",
        cluster="coreference",
        fields=("sentence", "pronoun"),
        cut={"sentence": "never"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="pronoun",
        microworld="wsc273",
        splits={"test": "test"},
        preprocess=_wsc273,
        label_columns={"label": _CANDIDATES},
        hub=task.HubSource(
            repo="lighteval/winograd_wsc",
            config="wsc273",
            columns={
                "text": "string",
                "pronoun": "string",
                "pronoun_loc": "int32",
                "quote": "string",
                "quote_loc": "int32",
                "options": ["string"],
                "label": "ClassLabel",
                "source": "string",
            },
        ),
        tfds=task.TfdsSource(name="wsc273:1.0.0"),
        licence="CC BY 4.0",
        homepage=_SCHEMAS,
    )


def gap() -> task.Task:
    """GAP, https://github.com/google-research-datasets/gap-coreference: one of two names, or none?

    The pronoun that is asked about stands in square brackets.

    {"Text": "Ada met Bela. Her hat was red.", "Pronoun": "Her", "Pronoun-offset": 14,
     "A": "Ada", "A-offset": 0, "A-coref": true, "B": "Bela", "B-offset": 8, "B-coref": false}
    """
    return task.Task(
        name="gap",
        cluster="coreference",
        fields=("text", "pronoun", "first", "second"),
        cut={"text": "never"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="gap",
        microworld="gap",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_gap,
        hub=task.HubSource(
            repo="coref-data/gap_raw",
            columns={
                "ID": "string",
                "Text": "string",
                "Pronoun": "string",
                "Pronoun-offset": "int32",
                "A": "string",
                "A-offset": "int32",
                "A-coref": "bool",
                "B": "string",
                "B-offset": "int32",
                "B-coref": "bool",
                "URL": "string",
            },
            unverified="the names of the splits and the types of the columns",
        ),
        tfds=task.TfdsSource(name="gap:0.1.1"),
        licence="Apache-2.0",
        homepage="https://github.com/google-research-datasets/gap-coreference",
    )


TASKS = [winogrande, definite_pronoun_resolution, wsc, wsc273, gap]


def _winogrande(row: task.Row) -> task.Record:
    sentence = columns.prose(row, "sentence")
    if sentence.count("_") != 1:
        raise ValueError(f"column 'sentence' is {sentence!r}; expected one '_' for the blank")
    options = [columns.text(row, "option1"), columns.text(row, "option2")]
    gold = columns.label(row, _WINOGRANDE, "label", "answer", option1="1", option2="2")
    return columns.choice({"sentence": sentence}, options, gold)


def _definite_pronoun_resolution(row: task.Row) -> task.Record:
    fields = {"sentence": columns.text(row, "sentence"), "pronoun": columns.text(row, "pronoun")}
    return columns.choice(fields, row["candidates"], columns.label(row, _CANDIDATES, "label"))


def _wsc(row: task.Row) -> task.Record:
    text, pronoun = columns.text(row, "text", exact=True), columns.text(row, "span2_text")
    words = [word.start() for word in re.finditer(r"\S+", text)]
    near = words[min(columns.value(row, "span2_index"), len(words) - 1)]
    return {
        "text": columns.untokenized(_marked(text, pronoun, near)),
        "span1": columns.prose(row, "span1_text"),
        "span2": pronoun,
        "label": columns.label(row, _WSC.names, "label"),
    }


def _wsc273(row: task.Row) -> task.Record:
    text = columns.text(row, "text", exact=True)
    pronoun = columns.text(row, "pronoun", "pronoun_text")
    if len(_places(text, pronoun)) > 1:  # else it is plain which one is meant
        text = _marked(text, pronoun, columns.value(row, "pronoun_loc", "pronoun_start"))
    if "options" in row:
        options = row["options"]
    else:
        options = [columns.text(row, "option1"), columns.text(row, "option2")]
    gold = columns.numbered(row, _CANDIDATES, "label")
    return columns.choice({"sentence": text, "pronoun": pronoun}, options, gold)


def _gap(row: task.Row) -> task.Record:
    pronoun = columns.text(row, "Pronoun")
    text = columns.text(row, "Text", exact=True)
    text = _marked(text, pronoun, columns.value(row, "Pronoun-offset"))
    fields = {
        "text": columns.untokenized(text),
        "pronoun": pronoun,
        "first": columns.prose(row, "A"),
        "second": columns.prose(row, "B"),
    }
    is_first, is_second = (
        # The files of its makers have "TRUE" and "FALSE" for what the hub and TFDS have as bools.
        columns.label({name: str(row[name]).capitalize()}, ("False", "True"), name)
        for name in ("A-coref", "B-coref")
    )
    if is_first and is_second:
        raise ValueError("columns 'A-coref' and 'B-coref' are both true; expected one at most")
    gold = 0 if is_first else 1 if is_second else 2
    return columns.choice(fields, [fields["first"], fields["second"], _NEITHER], gold)


def _places(text: str, word: str) -> list[int]:
    """Returns where the word stands in the text: the characters before it."""
    return [found.start() for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.I)]


def _marked(text: str, word: str, near: int) -> str:
    """Returns the text with the word in square brackets where it is nearest to character `near`.

    _marked("He said that he left.", "he", 13) -> "He said that [he] left."
    """
    if not (places := _places(text, word)):
        raise ValueError(f"expected the word {word!r} in the text, got {text!r}")
    start = min(places, key=lambda place: abs(place - near))
    end = start + len(word)
    return f"{text[:start]}[{text[start:end]}]{text[end:]}"
