"""Reading comprehension that wants more than the text says."""

from flanlike.tasks import task
from task_registry import columns

_CHOICES = ("answer0", "answer1", "answer2", "answer3")
_LABELS = ("0", "1", "2", "3")
_WIQA = task.Labels(names=("more", "less", "no_effect"), words=("more", "less", "no effect"))
_PARAGRAPH_NOTES = (
    "effect_prop",
    "cause_dir_str",
    "effect_dir_str",
    "cause_dir_sign",
    "effect_dir_sign",
    "cause_prop",
)
_QUESTION_NOTES = (
    "more_effect_dir",
    "less_effect_dir",
    "less_cause_prop",
    "more_effect_prop",
    "less_effect_prop",
    "less_cause_dir",
)


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


def quartz() -> task.Task:
    """QuaRTz: a text on how one quantity goes with another, and a case, https://allenai.org/data/quartz

    {"id": "QRQA-7", "para": "The more salt, the sooner ice melts.",
     "question": "Ben took away the salt. The ice melts", "answerKey": "B",
     "choices": {"text": ["sooner", "later"], "label": ["A", "B"]}}
    """
    return task.Task(
        name="quartz",
        cluster="reading_comprehension_with_commonsense",
        fields=("paragraph", "question"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="quartz",
        microworld="quartz",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_quartz,
        hub=task.HubSource(
            repo="allenai/quartz",
            columns={
                "id": "string",
                "question": "string",
                "choices": {"text": ["string"], "label": ["string"]},
                "answerKey": "string",
                "para": "string",
                "para_id": "string",
                "para_anno": dict.fromkeys(_PARAGRAPH_NOTES, "string"),
                "question_anno": dict.fromkeys(_QUESTION_NOTES, "string"),
            },
        ),
        licence="CC BY 4.0",
        homepage="https://allenai.org/data/quartz",
    )


def wiqa() -> task.Task:
    """WIQA: what a change does to a process told in steps, https://allenai.org/data/wiqa

    {"question_stem": "suppose it rains less happens, how will it affect more grass.",
     "question_para_step": ["Rain falls.", "Grass grows."], "answer_label": "less",
     "answer_label_as_choice": "B",
     "choices": {"text": ["more", "less", "no effect"], "label": ["A", "B", "C"]}}
    """
    return task.Task(
        name="wiqa",
        cluster="reading_comprehension_with_commonsense",
        fields=("process", "question"),
        answers=_WIQA,
        metrics=("accuracy",),
        templates="wiqa",
        microworld="wiqa",
        cut={"process": "never"},  # a step that is lost may be the one that is asked about
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_wiqa,
        hub=task.HubSource(
            repo="allenai/wiqa",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={
                "question_stem": "string",
                "question_para_step": ["string"],
                "answer_label": "string",
                "answer_label_as_choice": "string",
                "choices": {"text": ["string"], "label": ["string"]},
                "metadata_question_id": "string",
                "metadata_graph_id": "string",
                "metadata_para_id": "string",
                "metadata_question_type": "string",
                "metadata_path_len": "int32",
            },
        ),
        licence="none stated on the hub",
        homepage="https://allenai.org/data/wiqa",
    )


TASKS = [cosmos_qa, record, quartz, wiqa]


def _cosmos_qa(row: task.Row) -> task.Record:
    fields = {"context": columns.prose(row, "context"), "question": columns.prose(row, "question")}
    aliases = dict(zip(_CHOICES, _LABELS, strict=True))
    # Prompts list the options in any order, so that none is above the others.
    options = [
        columns.prose(row, column).replace("of the above", "of the other") for column in _CHOICES
    ]
    return columns.choice(fields, options, columns.label(row, _LABELS, "label", **aliases))


def _record(row: task.Row) -> task.Record:
    right = columns.references(row["answers"], exact=True)
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


def _quartz(row: task.Row) -> task.Record:
    fields = {"paragraph": columns.text(row, "para"), "question": columns.text(row, "question")}
    return columns.choice(fields, *columns.lettered_choices(row))


def _wiqa(row: task.Row) -> task.Record:
    """Steps become lines, and the question a sentence with its mark: "Suppose ... more grass?"."""
    steps = [step.strip() for step in columns.value(row, "question_para_step") if step.strip()]
    question = columns.text(row, "question_stem").rstrip(". ?")
    return {
        "process": "\n".join(steps),
        "question": f"{question[0].upper()}{question[1:]}?",
        "label": columns.label(row, _WIQA.names, "answer_label"),
    }
