"""Natural language inference: does one text follow from another?"""

from flanlike.tasks import task
from task_registry import columns

_GLUE = "none stated (GLUE distribution, research use)"
_SUPER_GLUE = "none stated (SuperGLUE distribution, research use)"

_RTE = task.Labels(names=("entailment", "not_entailment"), words=("yes", "no"))
_CB = task.Labels(
    names=("entailment", "contradiction", "neutral"), words=("yes", "no", "impossible to tell")
)
_THREE_WAY = task.Labels(
    names=("entailment", "neutral", "contradiction"), words=("yes", "impossible to tell", "no")
)
_QNLI = task.Labels(names=("entailment", "not_entailment"), words=("yes", "no"))
_WNLI = task.Labels(names=("not_entailment", "entailment"), words=("no", "yes"))

_PAIR_COLUMNS = {"premise": "string", "hypothesis": "string", "label": "ClassLabel"}
_INDEXED_PAIR_COLUMNS = {**_PAIR_COLUMNS, "idx": "int32"}


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
        splits=columns.carved(200, test="validation"),
        preprocess=_rte,
        label_columns={"label": _RTE.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="aps/super_glue", config="rte", columns=_INDEXED_PAIR_COLUMNS),
        tfds=task.TfdsSource(name="super_glue/rte:1.0.2"),
        licence=_SUPER_GLUE,
        homepage="https://super.gluebenchmark.com/tasks",
        flan_dataset="rte",
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
        metrics=("accuracy", "mean_3class_f1"),
        templates="nli",
        microworld="cb",
        splits=columns.carved(50, test="validation"),
        preprocess=_cb,
        label_columns={"label": _CB.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="aps/super_glue", config="cb", columns=_INDEXED_PAIR_COLUMNS),
        tfds=task.TfdsSource(name="super_glue/cb:1.0.2"),
        licence=_SUPER_GLUE,
        homepage="https://github.com/mcdm/CommitmentBank",
        flan_dataset="cb",
    )


def snli() -> task.Task:
    """Stanford NLI, https://nlp.stanford.edu/projects/snli; rows without a gold label are dropped.

    {"premise": "A man eats a pear.", "hypothesis": "A man sleeps.", "label": 2}
    """
    return task.Task(
        name="snli",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_THREE_WAY,
        metrics=("accuracy",),
        templates="nli",
        microworld="snli",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_three_way,
        label_columns={"label": _THREE_WAY.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="stanfordnlp/snli", config="plain_text", columns=_PAIR_COLUMNS),
        tfds=task.TfdsSource(name="snli:1.1.0"),
        licence="CC BY-SA 4.0 (publisher; CC BY 4.0 by the hub's card)",
        homepage="https://nlp.stanford.edu/projects/snli",
        flan_dataset="snli",
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
        splits=columns.carved(200, test="validation"),
        preprocess=_qnli,
        label_columns={"label": _QNLI.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="nyu-mll/glue",
            config="qnli",
            columns={
                "question": "string",
                "sentence": "string",
                "label": "ClassLabel",
                "idx": "int32",
            },
        ),
        tfds=task.TfdsSource(name="glue/qnli:2.0.0"),
        licence=_GLUE + "; derived from SQuAD, CC BY-SA 4.0",
        homepage="https://gluebenchmark.com/tasks",
        flan_dataset="qnli",
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
        splits=columns.carved(30, test="validation"),
        preprocess=_wnli,
        label_columns={"label": _WNLI.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="nyu-mll/glue",
            config="wnli",
            columns={
                "sentence1": "string",
                "sentence2": "string",
                "label": "ClassLabel",
                "idx": "int32",
            },
        ),
        tfds=task.TfdsSource(name="glue/wnli:2.0.0"),
        licence=_GLUE,
        homepage="https://gluebenchmark.com/tasks",
        flan_dataset="wnli",
    )


def mnli_matched() -> task.Task:
    """MultiNLI, tested on the genres of its training, https://cims.nyu.edu/~sbowman/multinli

    {"premise": "Well, I sold the boat.", "hypothesis": "The boat was sold.", "label": 0}
    """
    return _mnli("mnli_matched", test="validation_matched")


def mnli_mismatched() -> task.Task:
    """MultiNLI, tested on genres it was not trained on, https://cims.nyu.edu/~sbowman/multinli

    {"premise": "Turn left at the mill.", "hypothesis": "The mill is new.", "label": 1}
    """
    return _mnli("mnli_mismatched", test="validation_mismatched")


def anli_r1() -> task.Task:
    """Adversarial NLI, round 1, https://github.com/facebookresearch/anli

    On the hub a round is a split (train_r1); TFDS says "context" and names its labels e, n, c.

    {"premise": "Mira Brandt (born 1950) paints.", "hypothesis": "Mira sings.", "label": 1}
    """
    return _anli(1)


def anli_r2() -> task.Task:
    """Adversarial NLI, round 2, https://github.com/facebookresearch/anli

    {"premise": "Lake Ulm lies in the north.", "hypothesis": "Ulm is in the south.", "label": 2}
    """
    return _anli(2)


def anli_r3() -> task.Task:
    """Adversarial NLI, round 3, https://github.com/facebookresearch/anli

    {"premise": "Leo sold two of three pies.", "hypothesis": "One pie is left.", "label": 0}
    """
    return _anli(3)


def scitail() -> task.Task:
    """SciTail, https://allenai.org/data/scitail: what does not follow is "neutral", never denied.

    {"premise": "Ducks swim with webbed feet.", "hypothesis": "Ducks swim.", "label": "entails"}
    """
    return task.Task(
        name="scitail",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_RTE,
        metrics=("accuracy",),
        templates="nli",
        microworld="scitail",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_scitail,
        label_columns={"label": ("entails", "neutral")},
        hub=task.HubSource(
            repo="allenai/scitail",
            config="tsv_format",
            columns={"premise": "string", "hypothesis": "string", "label": "string"},
        ),
        tfds=task.TfdsSource(name="sci_tail:1.0.0"),
        licence="Apache-2.0 (publisher's repository)",
        homepage="https://allenai.org/data/scitail",
    )


def sick() -> task.Task:
    """SICK, its entailment labels, http://marcobaroni.org/composes/sick.html

    {"sentence_A": "A man is eating a pear", "sentence_B": "A man is eating fruit", "label": 0,
     "relatedness_score": 4.5}
    """
    return task.Task(
        name="sick",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_THREE_WAY,
        metrics=("accuracy",),
        templates="nli",
        microworld="sick",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_three_way,
        label_columns={"label": _THREE_WAY.names},
        hub=task.HubSource(
            repo="RobZamp/sick",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={
                **dict.fromkeys(("id", "sentence_A", "sentence_B"), "string"),
                "label": "ClassLabel",
                "relatedness_score": "float32",
                **dict.fromkeys(("entailment_AB", "entailment_BA"), "string"),
                **dict.fromkeys(("sentence_A_original", "sentence_B_original"), "string"),
                **dict.fromkeys(("sentence_A_dataset", "sentence_B_dataset"), "string"),
            },
            unverified="the folder's name in the converted branch",
        ),
        licence="CC BY-NC-SA 3.0",
        homepage="http://marcobaroni.org/composes/sick.html",
    )


TASKS = [
    rte,
    cb,
    snli,
    qnli,
    wnli,
    mnli_matched,
    mnli_mismatched,
    anli_r1,
    anli_r2,
    anli_r3,
    scitail,
    sick,
]


def _mnli(name: str, *, test: str) -> task.Task:
    return task.Task(
        name=name,
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_THREE_WAY,
        metrics=("accuracy",),
        templates="nli",
        microworld=name,
        splits=columns.carved(200, test=test),
        preprocess=_three_way,
        label_columns={"label": _THREE_WAY.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="nyu-mll/glue", config="mnli", columns=_INDEXED_PAIR_COLUMNS),
        tfds=task.TfdsSource(name="glue/mnli:2.0.0"),
        licence="by genre: OANC, CC BY 3.0, CC BY-SA 3.0 and others (GLUE distribution)",
        homepage="https://cims.nyu.edu/~sbowman/multinli",
        flan_dataset="mnli",
    )


def _anli(number: int) -> task.Task:
    return task.Task(
        name=f"anli_r{number}",
        cluster="nli",
        fields=("premise", "hypothesis"),
        answers=_THREE_WAY,
        metrics=("accuracy",),
        templates="nli",
        microworld=f"anli_r{number}",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_three_way,
        label_columns={"label": _THREE_WAY.names},
        hub=task.HubSource(
            repo="facebook/anli",
            config="plain_text",
            split_names={
                "train": f"train_r{number}",
                "validation": f"dev_r{number}",
                "test": f"test_r{number}",
            },
            columns={"uid": "string", **_PAIR_COLUMNS, "reason": "string"},
        ),
        tfds=task.TfdsSource(name=f"anli/r{number}:0.1.0"),
        licence="CC BY-NC 4.0",
        homepage="https://github.com/facebookresearch/anli",
        flan_dataset="anli",
    )


def _rte(row: task.Row) -> task.Record:
    return _pair(row, _RTE)


def _cb(row: task.Row) -> task.Record:
    return _pair(row, _CB)


def _wnli(row: task.Row) -> task.Record:
    return _pair(row, _WNLI)


def _three_way(row: task.Row) -> task.Record:
    return _pair(row, _THREE_WAY, e="entailment", n="neutral", c="contradiction")


def _scitail(row: task.Row) -> task.Record:
    return _pair(row, _RTE, entails="entailment", neutral="not_entailment")


def _pair(row: task.Row, labels: task.Labels, **aliases: str) -> task.Record:
    return {
        "premise": _sentence(row, "premise", "context", "sentence1", "sentence_A"),
        "hypothesis": _sentence(row, "hypothesis", "sentence2", "sentence_B"),
        "label": columns.label(row, labels.names, "label", **aliases),
    }


def _sentence(row: task.Row, *names: str) -> str:
    """Returns a text of which RTE misread some, and SciTail left names for some of its signs.

    Copies of CB, SNLI and SciTail have some or all of theirs in tokens.
    """
    return columns.untokenized(columns.mended(columns.text(row, *names))).strip()


def _qnli(row: task.Row) -> task.Record:
    return {
        "question": columns.text(row, "question"),
        "sentence": columns.without_notes(columns.text(row, "sentence")),
        "label": columns.label(row, _QNLI.names, "label"),
    }
