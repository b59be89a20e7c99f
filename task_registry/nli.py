"""Natural language inference: does one text follow from another?"""

from flanlike import task
from task_registry import rows

_GLUE = "none stated (GLUE distribution, research use)"
_SUPER_GLUE = "none stated (SuperGLUE distribution, research use)"

_RTE = task.Labels(names=("entailment", "not_entailment"), words=("yes", "no"))
_CB = task.Labels(
    names=("entailment", "contradiction", "neutral"), words=("yes", "no", "impossible to tell")
)
_SNLI = task.Labels(
    names=("entailment", "neutral", "contradiction"), words=("yes", "impossible to tell", "no")
)
_QNLI = task.Labels(names=("entailment", "not_entailment"), words=("yes", "no"))
_WNLI = task.Labels(names=("not_entailment", "entailment"), words=("no", "yes"))


def rte() -> task.Task:
    """Recognizing Textual Entailment, https://super.gluebenchmark.com/tasks

    {"premise": "Mira sold her boat in May.", "hypothesis": "Mira had a boat.", "label": 0}
    """
    return task.Task(
        name="rte",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_RTE,
        metrics=("accuracy",),
        templates="nli",
        microworld="rte",
        splits=rows.carved(200, test="validation"),
        preprocess=_rte,
        label_columns={"label": _RTE.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="aps/super_glue", config="rte"),
        tfds=task.TfdsSource(name="super_glue/rte:1.0.2"),
        licence=_SUPER_GLUE,
        homepage="https://super.gluebenchmark.com/tasks",
    )


def cb() -> task.Task:
    """CommitmentBank, https://github.com/mcdm/CommitmentBank

    {"premise": "A: I doubt that it rained.", "hypothesis": "it rained", "label": 1}
    """
    return task.Task(
        name="cb",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_CB,
        metrics=("accuracy",),
        templates="nli",
        microworld="cb",
        splits=rows.carved(50, test="validation"),
        preprocess=_cb,
        label_columns={"label": _CB.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="aps/super_glue", config="cb"),
        tfds=task.TfdsSource(name="super_glue/cb:1.0.2"),
        licence=_SUPER_GLUE,
        homepage="https://github.com/mcdm/CommitmentBank",
    )


def snli() -> task.Task:
    """Stanford NLI, https://nlp.stanford.edu/projects/snli; rows without a gold label are dropped.

    {"premise": "A man eats a pear.", "hypothesis": "A man sleeps.", "label": 2}
    """
    return task.Task(
        name="snli",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_SNLI,
        metrics=("accuracy",),
        templates="nli",
        microworld="snli",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_snli,
        label_columns={"label": _SNLI.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="stanfordnlp/snli", config="plain_text"),
        tfds=task.TfdsSource(name="snli:1.1.0"),
        licence="CC BY-SA 4.0",
        homepage="https://nlp.stanford.edu/projects/snli",
    )


def qnli() -> task.Task:
    """Question NLI, made from SQuAD for GLUE, https://gluebenchmark.com/tasks

    {"question": "Who mended the cart?", "sentence": "Emil mended the cart.", "label": 0}
    """
    return task.Task(
        name="qnli",
        cluster="nli",
        fields=("question", "sentence"),
        answers=_QNLI,
        metrics=("accuracy",),
        templates="qnli",
        microworld="qnli",
        splits=rows.carved(200, test="validation"),
        preprocess=_qnli,
        label_columns={"label": _QNLI.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="nyu-mll/glue", config="qnli"),
        tfds=task.TfdsSource(name="glue/qnli:2.0.0"),
        licence=_GLUE + "; derived from SQuAD, CC BY-SA 4.0",
        homepage="https://gluebenchmark.com/tasks",
    )


def wnli() -> task.Task:
    """Winograd NLI, made from Winograd schemas for GLUE, https://gluebenchmark.com/tasks

    {"sentence1": "Ada fed Hilda, as she was ill.", "sentence2": "Hilda was ill.", "label": 1}
    """
    return task.Task(
        name="wnli",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_WNLI,
        metrics=("accuracy",),
        templates="nli",
        microworld="wnli",
        splits=rows.carved(30, test="validation"),
        preprocess=_wnli,
        label_columns={"label": _WNLI.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="nyu-mll/glue", config="wnli"),
        tfds=task.TfdsSource(name="glue/wnli:2.0.0"),
        licence=_GLUE,
        homepage="https://gluebenchmark.com/tasks",
    )


TASKS = [rte, cb, snli, qnli, wnli]


def _rte(row: task.Row) -> task.Record:
    return _pair(row, _RTE)


def _cb(row: task.Row) -> task.Record:
    return _pair(row, _CB)


def _snli(row: task.Row) -> task.Record:
    return _pair(row, _SNLI)


def _wnli(row: task.Row) -> task.Record:
    return _pair(row, _WNLI)


def _pair(row: task.Row, labels: task.Labels) -> task.Record:
    return {
        "premise": rows.text(row, "premise", "sentence1"),
        "hypothesis": rows.text(row, "hypothesis", "sentence2"),
        "label": rows.label(row, labels.names, "label"),
    }


def _qnli(row: task.Row) -> task.Record:
    return {
        "question": rows.text(row, "question"),
        "sentence": rows.text(row, "sentence"),
        "label": rows.label(row, _QNLI.names, "label"),
    }
