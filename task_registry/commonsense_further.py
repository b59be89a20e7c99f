"""Commonsense, further sets: quizzes and claims about what everyone knows."""

from flanlike import task
from task_registry import rows


def commonsense_qa() -> task.Task:
    """CommonsenseQA, https://www.tau-nlp.org/commonsenseqa

    {"question": "Where do you sleep?", "choices": {"label": ["A", "B"],
     "text": ["bed", "oven"]}, "answerKey": "A"}
    """
    return task.Task(
        name="commonsense_qa",
        cluster="commonsense",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="commonsense_qa",
        microworld="commonsense_qa",
        splits=rows.carved(200, test="validation"),
        preprocess=_commonsense_qa,
        unlabelled={"answerKey": ""},
        hub=task.HubSource(repo="tau/commonsense_qa"),
        licence="MIT",
        homepage="https://www.tau-nlp.org/commonsenseqa",
    )


TASKS = [commonsense_qa]


def _commonsense_qa(row: task.Row) -> task.Record:
    return rows.choice({"question": rows.text(row, "question")}, *rows.lettered_choices(row))
