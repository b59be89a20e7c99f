"""Paraphrase: do two sentences say the same, and how nearly?"""

import math

from flanlike import task
from task_registry import rows

_MRPC = task.Labels(names=("not_equivalent", "equivalent"), words=("no", "yes"))
_STSB = task.Labels(names=tuple("012345"), words=tuple("012345"))


def glue_mrpc() -> task.Task:
    """Microsoft Research Paraphrase Corpus, https://gluebenchmark.com/tasks

    {"sentence1": "Lena sold the cart.", "sentence2": "The cart was sold by Lena.", "label": 1}
    """
    return task.Task(
        name="glue_mrpc",
        cluster="paraphrase",
        fields=("sentence1", "sentence2"),
        answers=_MRPC,
        metrics=("accuracy",),
        templates="paraphrase",
        microworld="glue_mrpc",
        splits=rows.carved(200, test="validation"),
        preprocess=_glue_mrpc,
        label_columns={"label": _MRPC.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="nyu-mll/glue", config="mrpc"),
        tfds=task.TfdsSource(name="glue/mrpc:2.0.0"),
        licence="Microsoft Research Shared Source licence (no commercial use)",
        homepage="https://www.microsoft.com/en-us/download/details.aspx?id=52398",
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
        splits=rows.carved(100, test="validation"),
        preprocess=_stsb,
        unlabelled={"label": -1},
        hub=task.HubSource(repo="nyu-mll/glue", config="stsb"),
        tfds=task.TfdsSource(name="glue/stsb:2.0.0"),
        licence="mixed, per source (see the benchmark's LICENSE.txt; partly no commercial use)",
        homepage="https://ixa2.si.ehu.eus/stswiki/index.php/STSbenchmark",
    )


TASKS = [glue_mrpc, stsb]


def _glue_mrpc(row: task.Row) -> task.Record:
    return {
        "sentence1": rows.text(row, "sentence1"),
        "sentence2": rows.text(row, "sentence2"),
        "label": rows.label(row, _MRPC.names, "label"),
    }


def _stsb(row: task.Row) -> task.Record:
    score = rows.value(row, "label")
    if not isinstance(score, (int, float)) or not 0 <= score <= 5:
        raise ValueError(f"column 'label' is {score!r}; expected a similarity from 0 to 5")
    return {
        "sentence1": rows.text(row, "sentence1"),
        "sentence2": rows.text(row, "sentence2"),
        "label": math.floor(score + 0.5),
        "score": float(score),
    }
