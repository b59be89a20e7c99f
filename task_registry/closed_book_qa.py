"""Closed-book question answering: what the model knows, without a text to read."""

from flanlike.tasks import task
from task_registry import columns

_TRIVIA_COLUMNS = {
    "question": "string",
    "question_id": "string",
    "question_source": "string",
    "entity_pages": dict.fromkeys(("doc_source", "filename", "title", "wiki_context"), ["string"]),
    "search_results": {
        "description": ["string"],
        "filename": ["string"],
        "rank": ["int32"],
        "title": ["string"],
        "url": ["string"],
        "search_context": ["string"],
    },
    "answer": {
        "aliases": ["string"],
        "normalized_aliases": ["string"],
        "matched_wiki_entity_name": "string",
        "normalized_matched_wiki_entity_name": "string",
        "normalized_value": "string",
        "type": "string",
        "value": "string",
    },
}


def natural_questions() -> task.Task:
    """Natural Questions, open-domain form, https://ai.google.com/research/NaturalQuestions

    The question gets its question mark here; templates add none. The answers are in tokens, which
    are joined to plain text.

    {"question": "who painted the barn", "answer": ["Hugo", "Hugo the painter"]}
    """
    return task.Task(
        name="natural_questions",
        cluster="closed_book_qa",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("nq_em", "nq_f1"),
        templates="natural_questions",
        microworld="natural_questions",
        splits=columns.carved(200, test="validation"),
        preprocess=_natural_questions,
        hub=task.HubSource(
            repo="google-research-datasets/nq_open",
            config="nq_open",
            columns={"question": "string", "answer": ["string"]},
        ),
        tfds=task.TfdsSource(name="natural_questions_open:1.0.0"),
        licence="CC BY-SA 3.0",
        homepage="https://ai.google.com/research/NaturalQuestions",
        flan_dataset="natural_questions",
    )


def trivia_qa() -> task.Task:
    """TriviaQA without its evidence pages, https://nlp.cs.washington.edu/triviaqa

    {"question": "Which owl built the barn?", "answer": {"value": "Hugo", "aliases": ["Hugo",
     "Hugo the Owl"]}}
    """
    return task.Task(
        name="trivia_qa",
        cluster="closed_book_qa",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("trivia_qa_em", "trivia_qa_f1"),
        templates="trivia_qa",
        microworld="trivia_qa",
        splits=columns.carved(200, test="validation"),
        preprocess=_trivia_qa,
        hub=task.HubSource(
            repo="mandarjoshi/trivia_qa", config="rc.nocontext", columns=_TRIVIA_COLUMNS
        ),
        tfds=task.TfdsSource(name="trivia_qa/rc.nocontext:1.1.0"),
        licence="none stated for the data (publisher's code: Apache-2.0)",
        homepage="https://nlp.cs.washington.edu/triviaqa",
        flan_dataset="trivia_qa",
    )


def web_questions() -> task.Task:
    """WebQuestions, https://nlp.stanford.edu/software/sempre

    Of several answers each counts as right alone.

    {"question": "who painted the barn?", "answers": ["Hugo", "Lena"]}
    """
    return task.Task(
        name="web_questions",
        cluster="closed_book_qa",
        fields=("question",),
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="natural_questions",
        microworld="web_questions",
        splits=columns.carved(200, test="test"),
        preprocess=_web_questions,
        hub=task.HubSource(
            repo="stanfordnlp/web_questions",
            columns={"url": "string", "question": "string", "answers": ["string"]},
        ),
        tfds=task.TfdsSource(name="web_questions:1.0.0"),
        licence="CC BY 4.0",
        homepage="https://nlp.stanford.edu/software/sempre",
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


TASKS = [natural_questions, trivia_qa, web_questions, arc_easy, arc_challenge]


def _arc(name: str, config: str) -> task.Task:
    return task.Task(
        name=name,
        cluster="closed_book_qa",
        fields=("question",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="arc",
        microworld=name,
        splits=columns.carved(200, test="test"),
        preprocess=_arc_record,
        hub=task.HubSource(
            repo="allenai/ai2_arc",
            config=config,
            columns={
                "id": "string",
                "question": "string",
                "choices": {"text": ["string"], "label": ["string"]},
                "answerKey": "string",
            },
        ),
        tfds=task.TfdsSource(name=f"ai2_arc/{config}:1.0.0"),
        licence="CC BY-SA 4.0",
        homepage="https://allenai.org/data/arc",
        flan_dataset="arc",
    )


def _natural_questions(row: task.Row) -> task.Record:
    answers = [columns.untokenized(answer) for answer in row["answer"]]
    question = columns.untokenized(columns.question(row, "question"))
    return {"question": question, "references": columns.references(answers)}


def _trivia_qa(row: task.Row) -> task.Record:
    answer = row["answer"]
    if answer["value"] == "<unk>":
        raise ValueError("answer '<unk>' hides the answer of a test question; use the other splits")
    return {
        "question": columns.question(row, "question"),
        "references": columns.references(answer["value"], answer.get("aliases")),
    }


def _web_questions(row: task.Row) -> task.Record:
    question = columns.question(row, "question")
    return {"question": question, "references": columns.references(row["answers"])}


def _arc_record(row: task.Row) -> task.Record:
    return columns.choice(
        {"question": columns.text(row, "question")}, *columns.lettered_choices(row)
    )
