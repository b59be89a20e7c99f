"""Paraphrase: do two sentences say the same, and how nearly?"""

import math

from flanlike.tasks import task
from task_registry import columns

_MRPC = task.Labels(names=("not_equivalent", "equivalent"), words=("no", "yes"))
_QQP = task.Labels(names=("not_duplicate", "duplicate"), words=("no", "yes"))
_STSB = task.Labels(names=tuple("012345"), words=tuple("012345"))

_PAIR_COLUMNS = {"sentence1": "string", "sentence2": "string", "label": "ClassLabel"}


def glue_mrpc() -> task.Task:
    """Microsoft Research Paraphrase Corpus, https://gluebenchmark.com/tasks

    {"sentence1": "Lena sold the cart.", "sentence2": "The cart was sold by Lena.", "label": 1}
    """
    return task.Task(
        name="glue_mrpc",
        cluster="paraphrase",
        fields=("sentence1", "sentence2"),
        answers=_MRPC,
        metrics=("accuracy", "f1"),
        templates="paraphrase",
        microworld="glue_mrpc",
        splits=columns.carved(200, test="validation"),
        preprocess=_glue_mrpc,
        label_columns={"label": _MRPC.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="nyu-mll/glue", config="mrpc", columns={**_PAIR_COLUMNS, "idx": "int32"}
        ),
        tfds=task.TfdsSource(name="glue/mrpc:2.0.0"),
        licence="Microsoft Research Shared Source licence (no commercial use)",
        homepage="https://www.microsoft.com/en-us/download/details.aspx?id=52398",
        flan_dataset="glue_mrpc",
    )


def stsb() -> task.Task:
    """Semantic Textual Similarity Benchmark, https://ixa2.si.ehu.eus/stswiki

    The gold score, 0 to 5, is rounded half up for the answer and kept as "score".

    {"sentence1": "A boy runs.", "sentence2": "A child is running.", "label": 4.5}
    """
    return task.Task(
        name="stsb",
        cluster="paraphrase",
        fields=("sentence1", "sentence2"),
        answers=_STSB,
        metrics=("pearson", "spearman"),
        templates="stsb",
        microworld="stsb",
        splits=columns.carved(100, test="validation"),
        preprocess=_stsb,
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="nyu-mll/glue",
            config="stsb",
            columns={
                "sentence1": "string",
                "sentence2": "string",
                "label": "float32",
                "idx": "int32",
            },
        ),
        tfds=task.TfdsSource(name="glue/stsb:2.0.0"),
        licence="mixed, per source (see the benchmark's LICENSE.txt; partly no commercial use)",
        homepage="https://ixa2.si.ehu.eus/stswiki/index.php/STSbenchmark",
        flan_dataset="stsb",
    )


def glue_qqp() -> task.Task:
    """Quora Question Pairs, https://gluebenchmark.com/tasks; rows without a question are dropped.

    {"question1": "Why is my cat so thin?", "question2": "What makes cats thin?", "label": 0}
    """
    return task.Task(
        name="glue_qqp",
        cluster="paraphrase",
        fields=("question1", "question2"),
        answers=_QQP,
        metrics=("accuracy", "f1"),
        templates="glue_qqp",
        microworld="glue_qqp",
        splits=columns.carved(200, test="validation"),
        preprocess=_glue_qqp,
        label_columns={"label": _QQP.names},
        unlabelled={"label": -1, "question1": "", "question2": ""},
        hub=task.HubSource(
            repo="nyu-mll/glue",
            config="qqp",
            columns={
                "question1": "string",
                "question2": "string",
                "label": "ClassLabel",
                "idx": "int32",
            },
        ),
        tfds=task.TfdsSource(name="glue/qqp:2.0.0"),
        licence="none stated for the Quora pairs (GLUE distribution, research use)",
        homepage="https://gluebenchmark.com/tasks",
        flan_dataset="glue_qqp",
    )


def paws_wiki() -> task.Task:
    """PAWS, Wikipedia part, human labels, https://github.com/google-research-datasets/paws

    Words and marks are set apart by spaces, on the hub and in TFDS alike, and stay so: there is
    no sure way back. The hub calls the classes "0" and "1".

    {"sentence1": "He flew from Ulm to Bonn .", "sentence2": "He flew from Bonn to Ulm .",
     "label": 0}
    """
    return task.Task(
        name="paws_wiki",
        cluster="paraphrase",
        fields=("sentence1", "sentence2"),
        answers=_MRPC,
        metrics=("accuracy",),
        templates="paraphrase",
        microworld="paws_wiki",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_paws_wiki,
        label_columns={"label": ("different_meaning", "paraphrase")},
        hub=task.HubSource(
            repo="google-research-datasets/paws",
            config="labeled_final",
            columns={"id": "int32", **_PAIR_COLUMNS},
        ),
        tfds=task.TfdsSource(name="paws_wiki/labeled_final_tokenized:1.1.0"),
        licence="free for any purpose, with acknowledgement of Google LLC",
        homepage="https://github.com/google-research-datasets/paws",
        flan_dataset="paws_wiki",
    )


TASKS = [glue_mrpc, stsb, glue_qqp, paws_wiki]


def _glue_mrpc(row: task.Row) -> task.Record:
    return {
        "sentence1": _sentence(row, "sentence1"),
        "sentence2": _sentence(row, "sentence2"),
        "label": columns.label(row, _MRPC.names, "label"),
    }


def _glue_qqp(row: task.Row) -> task.Record:
    return {
        "question1": columns.prose(row, "question1"),
        "question2": columns.prose(row, "question2"),
        "label": columns.label(row, _QQP.names, "label"),
    }


def _paws_wiki(row: task.Row) -> task.Record:
    different, same = _MRPC.names
    names = {"different_meaning": different, "0": different, "paraphrase": same, "1": same}
    return {
        "sentence1": columns.prose(row, "sentence1"),
        "sentence2": columns.prose(row, "sentence2"),
        "label": columns.label(row, _MRPC.names, "label", **names),
    }


def _stsb(row: task.Row) -> task.Record:
    score = columns.value(row, "label")
    if not isinstance(score, (int, float)) or not 0 <= score <= 5:
        raise ValueError(f"column 'label' is {score!r}; expected a similarity from 0 to 5")
    return {
        "sentence1": _sentence(row, "sentence1"),
        "sentence2": _sentence(row, "sentence2"),
        "label": math.floor(score + 0.5),
        "score": float(score),
    }


def _sentence(row: task.Row, column: str) -> str:
    """Returns a text of which some were misread; in MRPC an apostrophe lost its upper byte."""
    text = columns.mended(columns.text(row, column)).replace("\x12", "'")
    return columns.untokenized(text).strip()
