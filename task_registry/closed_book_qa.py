"""Closed-book question answering: what the model knows, without a text to read."""

from flanlike import task
from task_registry import rows


def natural_questions() -> task.Task:
    """Natural Questions, open-domain form, https://ai.google.com/research/NaturalQuestions

    The question gets its question mark here; templates add none.

    {"question": "who painted the barn", "answer": ["Hugo", "Hugo the painter"]}
    """
    return task.Task(
        name="natural_questions",
        cluster="closed_book_qa",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="natural_questions",
        microworld="natural_questions",
        splits=rows.carved(200, test="validation"),
        preprocess=_natural_questions,
        hub=task.HubSource(repo="google-research-datasets/nq_open", config="nq_open"),
        tfds=task.TfdsSource(name="natural_questions_open:1.0.0"),
        licence="CC BY-SA 3.0",
        homepage="https://ai.google.com/research/NaturalQuestions",
    )


def arc_easy() -> task.Task:
    """AI2 Reasoning Challenge, easy set, https://allenai.org/data/arc

    {"question": "Which one has gills?", "choices": {"text": ["trout", "owl"],
     "label": ["A", "B"]}, "answerKey": "A"}
    """
    return _arc("arc_easy", "ARC-Easy")


def arc_challenge() -> task.Task:
    """AI2 Reasoning Challenge, challenge set, https://allenai.org/data/arc

    {"question": "What do plums and hammers share?", "choices": {"text": ["mass", "stones"],
     "label": ["1", "2"]}, "answerKey": "1"}
    """
    return _arc("arc_challenge", "ARC-Challenge")


TASKS = [natural_questions, arc_easy, arc_challenge]


def _arc(name: str, config: str) -> task.Task:
    return task.Task(
        name=name,
        cluster="closed_book_qa",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="arc",
        microworld=name,
        splits=rows.carved(200, test="test"),
        preprocess=_arc_record,
        hub=task.HubSource(repo="allenai/ai2_arc", config=config),
        tfds=task.TfdsSource(name=f"ai2_arc/{config}:1.0.0"),
        licence="CC BY-SA 4.0",
        homepage="https://allenai.org/data/arc",
    )


def _natural_questions(row: task.Row) -> task.Record:
    question = rows.text(row, "question").rstrip("? ")
    return {"question": f"{question}?", "references": rows.references(row["answer"])}


def _arc_record(row: task.Row) -> task.Record:
    return rows.choice({"question": rows.text(row, "question")}, *rows.lettered_choices(row))
