"""Made-up rows of the tasks of task_registry/dialog.py."""

from task_rows.layouts import Layouts

DUCK = {
    "title": "Duck",
    "pid": "7",
    "passage": "A duck is a bird.",
    "sentences": ["A duck is a bird."],
    "utterances": ["Hello, ask me about ducks.", "What is a duck?", "A duck is a bird. "],
    "author_num": [0, 1, 0],
}

LAYOUTS: dict[str, Layouts] = {
    "wiki_dialog": Layouts(
        record={
            "title": "Duck",
            "dialogue": "",
            "question": "What is a duck?",
            "references": ["A duck is a bird."],
        },
        tfds=DUCK,
        folder=DUCK,
    ),
    "qrecc": Layouts(
        record={
            "dialogue": "Q: What is a duck?\nA: A bird.",
            "question": "Does it swim?",
            "references": ["Yes, on lakes."],
        },
        hub={
            "Context": ["What is a duck?", "A bird."],
            "Question": "Does it swim?",
            "Rewrite": "Does a duck swim?",
            "Answer": "Yes, on lakes.",
            "Answer_URL": "https://example.org",
            "Conversation_no": 1,
            "Turn_no": 2,
            "Conversation_source": "trec",
        },
        tfds={
            "context": ["What is a duck?", "A bird."],
            "question": "Does it swim?",
            "question_rewrite": "Does a duck swim?",
            "answer": "Yes, on lakes.",
            "answer_url": "https://example.org",
            "conversation_id": 1,
            "turn_id": 2,
            "source": "trec",
        },
        folder={
            "Context": ["What is a duck?", " A\nbird."],
            "Question": "Does it swim",
            "Answer": "Yes, on lakes.",
        },
    ),
}
