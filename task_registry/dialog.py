"""Dialog: the next answer in a conversation that leans on nothing but what was said before."""

from collections.abc import Sequence

from flanlike import seeding
from flanlike.tasks import task
from task_registry import columns

_STRINGS = ["string"]


def wiki_dialog() -> task.Task:
    """WikiDialog, https://github.com/google-research/dialog-inpainting

    A row is a whole conversation: the writer of a page says its sentences, and a reader asks for
    each. Its record asks for one of the writer's answers, drawn by a hash of what is said (so
    always the same one). What the writer says before the first question is left out.

    {"pid": "7", "title": "Duck", "passage": "A duck is a bird. It swims.",
     "sentences": ["A duck is a bird.", "It swims."], "author_num": [0, 1, 0, 1, 0],
     "utterances": ["Hello, ask me about ducks.", "What is a duck?", "A duck is a bird.",
                    "What does it do?", "It swims."]}
    """
    return task.Task(
        name="wiki_dialog",
        cluster="dialog",
        fields=("title", "dialogue", "question"),
        optional=("dialogue",),
        cut={"dialogue": "middle"},
        answers=task.FreeText(),
        metrics=("rougeLsum",),
        templates="wiki_dialog",
        microworld="wiki_dialog",
        splits=columns.carved(200, test="validation"),
        preprocess=_wiki_dialog,
        tfds=task.TfdsSource(name="wiki_dialog/OQ:1.0.0"),
        licence="CC BY 4.0 (from memory)",
        homepage="https://github.com/google-research/dialog-inpainting",
        how_to_get="11 million conversations, and no loadable copy on the hub: download one or two "
        "of the files of lines that its home names, as train.jsonl.gz and validation.jsonl.gz",
    )


def qrecc() -> task.Task:
    """QReCC, https://github.com/apple/ml-qrecc

    Rows without an answer are left out.

    {"Context": ["What is a duck?", "A bird."], "Question": "Does it swim?", "Turn_no": 2,
     "Rewrite": "Does a duck swim?", "Answer": "Yes, on lakes.", ...}                  the hub
    {"context": ["What is a duck?", "A bird."], "question": "Does it swim?", "turn_id": 2,
     "question_rewrite": "Does a duck swim?", "answer": "Yes, on lakes.", ...}         TFDS
    """
    return task.Task(
        name="qrecc",
        cluster="dialog",
        fields=("dialogue", "question"),
        optional=("dialogue",),
        cut={"dialogue": "middle"},
        answers=task.FreeText(),
        metrics=("rougeLsum",),
        templates="qrecc",
        microworld="qrecc",
        splits=columns.carved(200, test="test"),
        preprocess=_qrecc,
        unlabelled={"Answer": "", "answer": ""},
        hub=task.HubSource(
            repo="svakulenk0/qrecc",
            columns={
                "Context": _STRINGS,
                "Question": "string",
                "Rewrite": "string",
                "Answer": "string",
                "Answer_URL": "string",
                "Conversation_no": "int32",
                "Turn_no": "int32",
                "Conversation_source": "string",
            },
            unverified="whether it loads: its files are JSON arrays",
        ),
        tfds=task.TfdsSource(name="q_re_cc:1.0.0"),
        licence="CC BY-SA 3.0 (from memory)",
        homepage="https://github.com/apple/ml-qrecc",
    )


TASKS = [wiki_dialog, qrecc]


def _wiki_dialog(row: task.Row) -> task.Record:
    said, authors = list(row["utterances"]), list(row["author_num"])
    if len(said) != len(authors) or not said:
        raise ValueError(
            f"{len(said)} utterances and {len(authors)} numbers of authors; expected one each"
        )
    first = next((at for at, each in enumerate(authors) if each != authors[-1]), len(said))
    questions, answers = said[first::2], said[first + 1 :: 2]
    writers = authors[first + 1 :: 2]
    if not answers or {*writers} != {authors[-1]} or authors[-1] in authors[first::2]:
        raise ValueError(f"authors are {authors!r}; expected two who take turns, the last answers")
    turn = seeding.key("turn", *said) % len(answers)
    return {
        "title": columns.text(row, "title"),
        "dialogue": _told(
            [text for pair in zip(questions, answers, strict=True) for text in pair][: 2 * turn]
        ),  # fmt: skip
        "question": questions[turn].strip(),
        "references": columns.references(answers[turn]),
    }


def _qrecc(row: task.Row) -> task.Record:
    return {
        "dialogue": _told(columns.value(row, "Context", "context") or ()),
        "question": columns.question(row, "Question", "question"),
        "references": columns.references(columns.text(row, "Answer", "answer")),
    }


def _told(turns: Sequence[str]) -> str:
    """Returns turns as lines: ["Why?", "So."] -> "Q: Why?\\nA: So."; "" where nothing was said."""
    marks = ("Q", "A")
    return "\n".join(f"{marks[at % 2]}: {' '.join(text.split())}" for at, text in enumerate(turns))
