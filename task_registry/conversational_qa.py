"""Questions in a conversation: what is asked leans on what was asked before."""

from collections.abc import Sequence

from flanlike import seeding
from flanlike.tasks import task
from task_registry import columns

_NO_TURNS = "(no earlier turns)"
_CANNOT_ANSWER = "CANNOTANSWER"
_UNANSWERABLE = "unanswerable"
_STRINGS = ["string"]


def coqa() -> task.Task:
    """CoQA, https://stanfordnlp.github.io/coqa

    A row is a whole conversation. Its record asks for one turn, drawn by a hash of the story and
    the questions (so always the same one); the turns before it are the dialogue.

    {"source": "cnn", "story": "Ada hid a drum.", "questions": ["Who hid something?", "What?"],
     "answers": {"input_text": ["Ada", "a drum"], "answer_start": [0, 8], "answer_end": [3, 14]}}
    """
    return task.Task(
        name="coqa",
        cluster="conversational_qa",
        fields=("story", "dialogue", "question"),
        cut={"dialogue": "middle"},
        answers=task.FreeText(),
        metrics=("squad_em", "squad_f1"),
        templates="coqa",
        microworld="coqa",
        splits=columns.carved(100, test="validation"),
        preprocess=_coqa,
        hub=task.HubSource(
            repo="stanfordnlp/coqa",
            columns={
                "source": "string",
                "story": "string",
                "questions": _STRINGS,
                "answers": {
                    "input_text": _STRINGS,
                    "answer_start": ["int32"],
                    "answer_end": ["int32"],
                },
            },
            unverified="whether it loads without its converted branch",
        ),
        tfds=task.TfdsSource(name="coqa:1.0.0", split_names={"validation": "test"}),
        licence="several, by the source of the story (publisher's page)",
        homepage="https://stanfordnlp.github.io/coqa",
        flan_dataset="coqa",
    )


def quac() -> task.Task:
    """QuAC, https://quac.ai

    On the hub a row is a whole dialogue, and its record asks for one turn as in `coqa`. In TFDS a
    row is one question, and what was said before it is not known. A question that the text does
    not answer has the answer "unanswerable".

    {"wikipedia_page_title": "Ada Ode", "section_title": "Youth", "background": "Ada Ode sang.",
     "context": "She lived in Tarn. CANNOTANSWER", "questions": ["Where did she live?"],
     "answers": {"texts": [["in Tarn", "Tarn"]], ...},
     "orig_answers": {"texts": ["in Tarn"], ...}, ...}                         the hub
    {"title": "Ada Ode", "section_title": "Youth", "background": "Ada Ode sang.",
     "context": "She lived in Tarn. CANNOTANSWER", "question": "Where did she live?",
     "answers": {"text": ["in Tarn", "Tarn"], ...}, "orig_answer": {"text": "in Tarn", ...}}   TFDS
    """
    return task.Task(
        name="quac",
        cluster="conversational_qa",
        fields=("title", "context", "dialogue", "question"),
        cut={"dialogue": "middle"},
        answers=task.FreeText(),
        metrics=("quac_f1", "squad_em"),
        templates="quac",
        microworld="quac",
        splits=columns.carved(200, test="validation"),
        preprocess=_quac,
        hub=task.HubSource(
            repo="allenai/quac",
            revision="refs/convert/parquet",
            data_dir="plain_text",
            columns={
                "dialogue_id": "string",
                "wikipedia_page_title": "string",
                "background": "string",
                "section_title": "string",
                "context": "string",
                "turn_ids": _STRINGS,
                "questions": _STRINGS,
                "followups": ["ClassLabel"],
                "yesnos": ["ClassLabel"],
                "answers": {"texts": [_STRINGS], "answer_starts": [["int32"]]},
                "orig_answers": {"texts": _STRINGS, "answer_starts": ["int32"]},
            },
            labels={"followups": ("y", "n", "m"), "yesnos": ("y", "n", "x")},
            unverified="whether the converted branch exists",
        ),
        tfds=task.TfdsSource(name="quac:1.0.0"),
        licence="CC BY-SA 4.0 (publisher; MIT by the hub's card)",
        homepage="https://quac.ai",
        flan_dataset="quac",
    )


def dream() -> task.Task:
    """DREAM, https://dataset.org/dream

    {"dialogue": ["M: Is the drum yours?", "W: It is Ada's."], "question": "Whose is the drum?",
     "choice": ["Ada's.", "The man's.", "The woman's."], "answer": "Ada's."}
    """
    return task.Task(
        name="dream",
        cluster="conversational_qa",
        fields=("dialogue", "question"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="dream",
        microworld="dream",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_dream,
        hub=task.HubSource(
            repo="dataset-org/dream",
            revision="refs/convert/parquet",
            data_dir="plain_text",
            columns={
                "id": "int32",
                "dialogue_id": "string",
                "dialogue": _STRINGS,
                "question": "string",
                "choice": _STRINGS,
                "answer": "string",
            },
        ),
        licence="non-commercial research only (publisher)",
        homepage="https://dataset.org/dream",
    )


TASKS = [coqa, quac, dream]


def _coqa(row: task.Row) -> task.Record:
    story = columns.text(row, "story")
    answers = columns.columns_of(row["answers"])["input_text"]
    dialogue, question, turn = _one_turn(row["questions"], answers, story)
    return {
        "story": story,
        "dialogue": dialogue,
        "question": question,
        "references": columns.references(answers[turn]),
    }


def _quac(row: task.Row) -> task.Record:
    context = columns.text(row, "context").removesuffix(_CANNOT_ANSWER).rstrip()
    if "questions" in row:
        first = [_in_words(text) for text in row["orig_answers"]["texts"]]
        dialogue, question, turn = _one_turn(row["questions"], first, context)
        answers = [first[turn], *columns.columns_of(row["answers"])["texts"][turn]]
    else:
        dialogue, question = _NO_TURNS, columns.question(row, "question")
        answers = [row["orig_answer"]["text"], *columns.columns_of(row["answers"])["text"]]
    titles = (columns.text(row, "title", "wikipedia_page_title"), row["section_title"].strip())
    return {
        "title": ", ".join(filter(None, titles)),
        "context": "\n".join(filter(None, (row["background"].strip(), context))),
        "dialogue": dialogue,
        "question": question,
        "references": _of_each_person([_in_words(answer) for answer in answers]),
    }


def _dream(row: task.Row) -> task.Record:
    fields = {
        "dialogue": "\n".join(turn.strip() for turn in row["dialogue"]),
        "question": columns.text(row, "question"),
    }
    return columns.choice_by_text(fields, row["choice"], columns.text(row, "answer"))


def _one_turn(questions: Sequence[str], answers: Sequence[str], text: str) -> tuple[str, str, int]:
    """Returns what was said before one turn of a conversation, its question and its index."""
    turns = {
        index: (columns.question({"question": question}, "question"), answer.strip())
        for index, (question, answer) in enumerate(zip(questions, answers, strict=True))
        if question.strip() and answer.strip()
    }
    if not turns:
        raise ValueError(f"expected at least one question with its answer, got {questions!r}")
    chosen = list(turns)[seeding.key("turn", text, *questions) % len(turns)]
    said = [f"Q: {asked}\nA: {answer}" for turn, (asked, answer) in turns.items() if turn < chosen]
    return "\n".join(said) or _NO_TURNS, turns[chosen][0], chosen


def _of_each_person(answers: Sequence[str]) -> list[str]:
    """Returns the answers, repeats among them: QuAC's F1 lets people vote.

    The first, asked of one of the people, stands among theirs again.

    ["in Tarn", "Tarn", "in Tarn", "Tarn"] -> ["in Tarn", "Tarn", "Tarn"]
    """
    first = columns.references(answers)[0]
    others = [answer.strip() for answer in answers if answer.strip()][1:]
    if first in others:
        others.remove(first)
    return [first, *others]


def _in_words(answer: str) -> str:
    return _UNANSWERABLE if answer.strip() == _CANNOT_ANSWER else answer
