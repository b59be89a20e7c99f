"""Reading comprehension, datasets beyond those of the FLAN 2021 paper; in no part of flan_core."""

from collections.abc import Sequence

from flanlike.tasks import task
from task_registry import columns

_UNANSWERABLE = "unanswerable"
_SPANS = {"text": ["string"], "answer_start": ["int32"]}
_DISTRACTORS = ("distractor1", "distractor2", "distractor3")


def adversarial_qa() -> task.Task:
    """AdversarialQA: questions on SQuAD's texts that fooled a model, https://adversarialqa.github.io

    All three models' rows together. The test answers are hidden: validation is the test here.

    {"title": "Ducks", "context": "Ducks eat snails.", "question": "What has a duck for lunch?",
     "answers": {"text": ["snails"], "answer_start": [10]}}
    """
    return task.Task(
        name="adversarial_qa",
        cluster="reading_comprehension",
        fields=("title", "context", "question"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="adversarial_qa",
        microworld="squad_v1:adversarial_qa",
        splits=columns.carved(200, test="validation"),
        preprocess=_spans,
        unlabelled={"answers": {"text": [], "answer_start": []}},
        hub=task.HubSource(
            repo="UCLNLP/adversarial_qa",
            config="adversarialQA",
            columns={
                "id": "string",
                "title": "string",
                "context": "string",
                "question": "string",
                "answers": _SPANS,
                "metadata": {"split": "string", "model_in_the_loop": "string"},
            },
            unverified="whether it loads without its converted branch",
        ),
        licence="CC BY-SA 4.0",
        homepage="https://adversarialqa.github.io",
    )


def ropes() -> task.Task:
    """ROPES: what a text says of causes, applied to a case, https://allenai.org/data/ropes

    The test answers are hidden: validation is the test here.

    {"background": "Salt makes ice melt sooner.", "situation": "Ada salted her path, Ben did not.",
     "question": "Whose path has ice for longer?", "answers": {"text": ["Ben"]}}
    """
    return task.Task(
        name="ropes",
        cluster="reading_comprehension",
        fields=("background", "situation", "question"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="ropes",
        microworld="ropes",
        cut={"situation": "never"},  # who is asked about may stand anywhere in it
        splits=columns.carved(200, test="validation"),
        preprocess=_ropes,
        hub=task.HubSource(
            repo="allenai/ropes",
            config="plain_text",
            columns={
                "id": "string",
                "background": "string",
                "situation": "string",
                "question": "string",
                "answers": {"text": ["string"]},
            },
            unverified="whether it loads without its converted branch",
        ),
        licence="CC BY 4.0",
        homepage="https://allenai.org/data/ropes",
    )


def quoref() -> task.Task:
    """Quoref: questions that need coreference, https://allenai.org/data/quoref

    Several spans are one answer, joined by commas; in any order it is right for `drop_f1`.

    {"title": "Ena", "context": "Ada met Ben and Leo. She fed them.", "question": "Who was fed?",
     "answers": {"text": ["Ben", "Leo"], "answer_start": [8, 16]}}
    """
    return task.Task(
        name="quoref",
        cluster="reading_comprehension",
        fields=("title", "context", "question"),
        answers=task.FreeText(),
        metrics=("drop_em", "drop_f1"),
        templates="quoref",
        microworld="squad_v1:quoref",
        splits=columns.carved(200, test="validation"),
        preprocess=_quoref,
        hub=task.HubSource(
            repo="allenai/quoref",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={
                "id": "string",
                "question": "string",
                "context": "string",
                "title": "string",
                "url": "string",
                "answers": _SPANS,
            },
            unverified="that several spans are one answer and no alternatives",
        ),
        licence="CC BY 4.0",
        homepage="https://allenai.org/data/quoref",
    )


def duorc() -> task.Task:
    """DuoRC, questions on the plots of films (SelfRC), https://duorc.github.io

    Questions that the plot does not answer have the answer "unanswerable".

    {"plot_id": "/m/7", "plot": "Ada robs a bank.", "title": "The Vault", "question_id": "q1",
     "question": "What does Ada rob?", "answers": ["a bank", "bank"], "no_answer": false}
    """
    return task.Task(
        name="duorc",
        cluster="reading_comprehension",
        fields=("title", "context", "question"),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="duorc",
        microworld="squad_v2:duorc",
        cut={"context": "middle"},  # of a film one asks most of all how it begins and ends
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_duorc,
        hub=task.HubSource(
            repo="ibm-research/duorc",
            config="SelfRC",
            columns={
                "plot_id": "string",
                "plot": "string",
                "title": "string",
                "question_id": "string",
                "question": "string",
                "answers": ["string"],
                "no_answer": "bool",
            },
            unverified="whether it loads without its converted branch",
        ),
        licence="MIT",
        homepage="https://duorc.github.io",
    )


def tydiqa() -> task.Task:
    """TyDi QA, the gold passages: eleven languages, https://github.com/google-research-datasets/tydiqa

    Text, question and answer are in one language, which the row's id begins with; English is one.

    {"id": "finnish-7-0", "title": "Ankka", "context": "Ankka syö etanoita.",
     "question": "Mitä ankka syö?", "answers": {"text": ["etanoita"], "answer_start": [10]}}
    """
    return task.Task(
        name="tydiqa",
        cluster="reading_comprehension",
        fields=("title", "context", "question"),
        answers=task.FreeText(),
        metrics=("squad_f1", "squad_em"),
        templates="tydiqa",
        microworld="squad_v1:tydiqa",
        splits=columns.carved(200, test="validation"),
        preprocess=_spans,
        hub=task.HubSource(
            repo="google-research-datasets/tydiqa",
            config="secondary_task",
            is_sorted=True,
            columns={
                "id": "string",
                "title": "string",
                "context": "string",
                "question": "string",
                "answers": _SPANS,
            },
            unverified="whether its rows stand in order of language, and whether it loads without "
            "its converted branch",
        ),
        tfds=task.TfdsSource(name="tydi_qa/goldp:3.0.0"),
        licence="Apache-2.0",
        homepage="https://github.com/google-research-datasets/tydiqa",
    )


def sciq() -> task.Task:
    """SciQ, science questions with a text that helps, where there is one.

    Home: https://allenai.org/data/sciq

    {"question": "What do ducks eat?", "correct_answer": "snails", "distractor1": "stones",
     "distractor2": "hay", "distractor3": "tin", "support": "Ducks are fond of snails."}
    """
    return task.Task(
        name="sciq",
        cluster="reading_comprehension",
        fields=("passage", "question"),
        optional=("passage",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="sciq",
        microworld="mctest:sciq",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_sciq,
        hub=task.HubSource(
            repo="allenai/sciq",
            columns=dict.fromkeys(
                ("question", *_DISTRACTORS, "correct_answer", "support"), "string"
            ),
        ),
        licence="CC BY-NC 3.0",
        homepage="https://allenai.org/data/sciq",
    )


TASKS = [adversarial_qa, ropes, quoref, duorc, tydiqa, sciq]


def _read(row: task.Row, context: str, answers: Sequence[str]) -> task.Record:
    return {
        "title": columns.text(row, "title").replace("_", " "),
        "context": columns.text(row, context),
        "question": columns.text(row, "question"),
        "references": columns.references(answers),
    }


def _answers(row: task.Row) -> Sequence[str]:
    return columns.columns_of(row["answers"])["text"]


def _spans(row: task.Row) -> task.Record:
    """Each span is right alone: {"text": ["snails", "the snails"]} -> two references."""
    return _read(row, "context", _answers(row))


def _quoref(row: task.Row) -> task.Record:
    """The spans are one answer: {"text": ["Ben", "Leo"]} -> the reference "Ben, Leo"."""
    spans = dict.fromkeys(span.strip() for span in _answers(row))
    return _read(row, "context", [", ".join(spans)])


def _duorc(row: task.Row) -> task.Record:
    """No answer: {"answers": [], "no_answer": True} -> the reference "unanswerable"."""
    return _read(row, "plot", row["answers"] or [_UNANSWERABLE])


def _ropes(row: task.Row) -> task.Record:
    return {
        **{name: columns.text(row, name) for name in ("background", "situation", "question")},
        "references": columns.references(_answers(row)),
    }


def _sciq(row: task.Row) -> task.Record:
    """The right answer is the first of the options here; prompts shuffle them."""
    options = [columns.text(row, name) for name in ("correct_answer", *_DISTRACTORS)]
    fields = {
        "passage": columns.value(row, "support").strip(),
        "question": columns.question(row, "question"),
    }
    return columns.choice(fields, options, 0)
