"""Reading comprehension: questions about a text that is given."""

from flanlike import task
from task_registry import rows

_MULTIRC = task.Labels(names=("False", "True"), words=("no", "yes"))


def openbookqa() -> task.Task:
    """OpenBookQA, https://allenai.org/data/open-book-qa

    {"question_stem": "A duck has", "choices": {"text": ["wings", "horns"], "label": ["A", "B"]},
     "answerKey": "A"}
    """
    return task.Task(
        name="openbookqa",
        cluster="reading_comprehension",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="openbookqa",
        microworld="openbookqa",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_openbookqa,
        hub=task.HubSource(repo="allenai/openbookqa", config="main"),
        tfds=task.TfdsSource(name="openbookqa:0.1.0"),
        licence="none stated for the data (publisher's repository: Apache-2.0)",
        homepage="https://allenai.org/data/open-book-qa",
    )


def squad_v1() -> task.Task:
    """SQuAD 1.1, https://rajpurkar.github.io/SQuAD-explorer

    {"title": "Ducks", "context": "Ducks eat snails.", "question": "What do ducks eat?",
     "answers": {"text": ["snails"], "answer_start": [10]}}
    """
    return task.Task(
        name="squad_v1",
        cluster="reading_comprehension",
        fields=("title", "context", "question"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="squad",
        microworld="squad_v1",
        splits=rows.carved(200, test="validation"),
        preprocess=_squad_v1,
        hub=task.HubSource(repo="rajpurkar/squad", config="plain_text"),
        tfds=task.TfdsSource(name="squad/v1.1:3.0.0"),
        licence="CC BY-SA 4.0",
        homepage="https://rajpurkar.github.io/SQuAD-explorer",
    )


def multirc() -> task.Task:
    """MultiRC: is this candidate one of a question's right answers? https://cogcomp.org/multirc

    Candidates of one question share a group.

    {"paragraph": "Ivo baked a pie.", "question": "What did Ivo bake?", "answer": "a cake",
     "label": 0, "idx": {"paragraph": 0, "question": 0, "answer": 1}}
    """
    return task.Task(
        name="multirc",
        cluster="reading_comprehension",
        fields=("paragraph", "question", "candidate"),
        answers=_MULTIRC,
        metrics=("accuracy", "multirc_f1a", "multirc_em"),
        templates="multirc",
        microworld="multirc",
        splits=rows.carved(200, test="validation"),
        preprocess=_multirc,
        label_columns={"label": _MULTIRC.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="aps/super_glue", config="multirc"),
        tfds=task.TfdsSource(name="super_glue/multirc:1.0.2"),
        licence="Research and Academic Use License, University of Illinois",
        homepage="https://cogcomp.seas.upenn.edu/multirc",
    )


def drop() -> task.Task:
    """DROP, https://allenai.org/data/drop; the spans of one answer are joined by commas.

    {"passage": "Leo ran 3 miles, Milo 5.", "question": "How many miles did they run?",
     "answer": "8"}                                                              TFDS
    {"passage": ..., "answers_spans": {"spans": ["8"], "types": ["number"]}}     the hub
    """
    return task.Task(
        name="drop",
        cluster="reading_comprehension",
        fields=("passage", "question"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="drop",
        microworld="drop",
        splits=rows.carved(200, test="validation"),
        preprocess=_drop,
        hub=task.HubSource(repo="ucinlp/drop"),
        tfds=task.TfdsSource(name="drop:2.0.0", split_names={"validation": "dev"}),
        licence="CC BY-SA 4.0",
        homepage="https://allenai.org/data/drop",
    )


TASKS = [openbookqa, squad_v1, multirc, drop]


def _openbookqa(row: task.Row) -> task.Record:
    nested = row.get("question")
    stem = rows.text(nested, "stem") if nested else rows.text(row, "question_stem")
    return rows.choice({"question": stem}, *rows.lettered_choices(row))


def _squad_v1(row: task.Row) -> task.Record:
    return {
        "title": rows.text(row, "title").replace("_", " "),
        "context": rows.text(row, "context"),
        "question": rows.text(row, "question"),
        "references": rows.references(rows.columns_of(row["answers"])["text"]),
    }


def _multirc(row: task.Row) -> task.Record:
    index = row["idx"]
    return {
        "paragraph": rows.text(row, "paragraph"),
        "question": rows.text(row, "question"),
        "candidate": rows.text(row, "answer"),
        "label": rows.label(row, _MULTIRC.names, "label"),
        "group": f"{index['paragraph']}/{index['question']}",
    }


def _drop(row: task.Row) -> task.Record:
    if "answers_spans" in row:
        answers = [", ".join(rows.columns_of(row["answers_spans"])["spans"])]
    else:
        answers = [rows.value(row, "answer"), *row.get("validated_answers", ())]
    return {
        "passage": rows.text(row, "passage"),
        "question": rows.text(row, "question"),
        "references": rows.references(answers),
    }
