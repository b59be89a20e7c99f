"""Coreference: who or what is meant?"""

from flanlike import task
from task_registry import rows

_WINOGRANDE = ("1", "2")
_CANDIDATES = ("0", "1")


def winogrande() -> task.Task:
    """WinoGrande, https://winogrande.allenai.org; the blank is an underscore.

    {"sentence": "The hat is not in the box, as _ is too big.", "option1": "the hat",
     "option2": "the box", "answer": "1"}
    """
    return task.Task(
        name="winogrande",
        cluster="coreference",
        fields=("sentence",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="winogrande",
        microworld="winogrande",
        splits=rows.carved(200, test="validation"),
        preprocess=_winogrande,
        label_columns={"label": _WINOGRANDE},
        unlabelled={"label": -1, "answer": ""},
        hub=task.HubSource(repo="allenai/winogrande", config="winogrande_xl"),
        tfds=task.TfdsSource(name="winogrande:1.2.0", split_names={"train": "train_xl"}),
        licence="CC BY 2.0",
        homepage="https://winogrande.allenai.org",
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
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="pronoun",
        microworld="definite_pronoun_resolution",
        splits=rows.carved(200, test="test"),
        preprocess=_definite_pronoun_resolution,
        label_columns={"label": _CANDIDATES},
        hub=task.HubSource(repo="community-datasets/definite_pronoun_resolution"),
        tfds=task.TfdsSource(name="definite_pronoun_resolution:1.1.0"),
        licence="none stated (research release)",
        homepage="https://www.hlt.utdallas.edu/~vince/data/emnlp12",
    )


TASKS = [winogrande, definite_pronoun_resolution]


def _winogrande(row: task.Row) -> task.Record:
    sentence = rows.text(row, "sentence")
    if sentence.count("_") != 1:
        raise ValueError(f"column 'sentence' is {sentence!r}; expected one '_' for the blank")
    options = [rows.text(row, "option1"), rows.text(row, "option2")]
    gold = rows.label(row, _WINOGRANDE, "label", "answer", option1="1", option2="2")
    return rows.choice({"sentence": sentence}, options, gold)


def _definite_pronoun_resolution(row: task.Row) -> task.Record:
    fields = {"sentence": rows.text(row, "sentence"), "pronoun": rows.text(row, "pronoun")}
    return rows.choice(fields, row["candidates"], rows.label(row, _CANDIDATES, "label"))
