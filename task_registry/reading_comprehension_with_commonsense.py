"""Reading comprehension that wants more than the text says."""

from flanlike.tasks import task
from task_registry import columns

_CHOICES = ("answer0", "answer1", "answer2", "answer3")
_LABELS = ("0", "1", "2", "3")


def cosmos_qa() -> task.Task:
    """CosmosQA, https://wilburone.github.io/cosmos

    {"context": "Greta packed her bag.", "question": "Why?", "answer0": "To travel .",
     "answer1": "To cook .", "answer2": "To sleep .", "answer3": "None of these .", "label": 0}
    """
    return task.Task(
        name="cosmos_qa",
        cluster="reading_comprehension_with_commonsense",
        fields=("context", "question"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="cosmos_qa",
        microworld="cosmos_qa",
        splits=columns.carved(200, test="validation"),
        preprocess=_cosmos_qa,
        label_columns={"label": _LABELS},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="allenai/cosmos_qa",
            revision="refs/convert/parquet",
            data_dir="default",
            columns=dict.fromkeys(("id", "context", "question", *_CHOICES), "string")
            | {"label": "int32"},
        ),
        tfds=task.TfdsSource(name="cosmos_qa:1.0.0"),
        licence="CC BY 4.0",
        homepage="https://wilburone.github.io/cosmos",
        flan_dataset="cosmos_qa",
    )


def record() -> task.Task:
    """ReCoRD: fill the gap in a sentence about a news text, https://sheng-z.github.io/ReCoRD-explorer

    The options are the people, places and things that the text names, each once. Where several are
    right (two names of one person), the first of them is the gold one and the others are left out.

    {"passage": "Mira Ode won in Kasel.\\n@highlight\\nOde wins", "query": "It was the first gold
     for @placeholder.", "entities": ["Kasel", "Mira Ode", "Ode"], "answers": ["Mira Ode", "Ode"]}
    """
    return task.Task(
        name="record",
        cluster="reading_comprehension_with_commonsense",
        fields=("passage", "query"),
        cut={"query": "never"},
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="record",
        microworld="record",
        splits=columns.carved(200, test="validation"),
        preprocess=_record,
        unlabelled={"answers": []},
        hub=task.HubSource(
            repo="aps/super_glue",
            config="record",
            columns={
                "passage": "string",
                "query": "string",
                "entities": ["string"],
                "entity_spans": {"text": ["string"], "start": ["int32"], "end": ["int32"]},
                "answers": ["string"],
                "idx": {"passage": "int32", "query": "int32"},
            },
        ),
        tfds=task.TfdsSource(name="super_glue/record:1.0.2"),
        licence="none stated for the news texts (SuperGLUE distribution, research use)",
        homepage="https://sheng-z.github.io/ReCoRD-explorer",
        flan_dataset="record",
    )


TASKS = [cosmos_qa, record]


def _cosmos_qa(row: task.Row) -> task.Record:
    fields = {"context": columns.text(row, "context"), "question": columns.text(row, "question")}
    aliases = dict(zip(_CHOICES, _LABELS, strict=True))
    # Prompts list the options in any order, so that none is above the others.
    options = [
        columns.text(row, column).replace("of the above", "of the other") for column in _CHOICES
    ]
    return columns.choice(fields, options, columns.label(row, _LABELS, "label", **aliases))


def _record(row: task.Row) -> task.Record:
    right = columns.references(row["answers"])
    known = {answer.casefold() for answer in right}
    entities = list(dict.fromkeys(entity.strip() for entity in row["entities"]))
    if right[0] not in entities:
        raise ValueError(f"answer {right[0]!r} is not among the entities {entities!r}")
    options = [each for each in entities if each == right[0] or each.casefold() not in known]
    fields = {
        # The marks stand before the points that an editor added below the text.
        "passage": columns.text(row, "passage").replace("@highlight\n", ""),
        "query": columns.text(row, "query"),
    }
    return columns.choice(fields, options, options.index(right[0]))
