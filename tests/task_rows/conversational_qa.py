"""Made-up rows of the tasks of task_registry/conversational_qa.py."""

from task_rows.layouts import Layouts, same

LIFE = {"background": "Ada Ode sang.", "section_title": "Youth"}
ODE = {"text": ["in Tarn", "Tarn"], "answer_start": [13, 16]}

LAYOUTS: dict[str, Layouts] = {
    "coqa": same(
        {
            "story": "Ada hid a drum.",
            "dialogue": "Q: Who hid something?\nA: Ada",
            "question": "What?",
            "references": ["a drum"],
        },
        {
            "source": "cnn",
            "story": "Ada hid a drum.",
            "questions": ["Who hid something", "What?"],
            "answers": {
                "input_text": ["Ada", "a drum"],
                "answer_start": [0, 8],
                "answer_end": [3, 14],
            },
        },
    ),
    "quac": Layouts(
        record={
            "title": "Ada Ode, Youth",
            "context": "Ada Ode sang.\nShe lived in Tarn.",
            "dialogue": "(no earlier turns)",
            "question": "Where did she live?",
            "references": ["in Tarn", "Tarn"],
        },
        hub=LIFE
        | {
            "dialogue_id": "7",
            "wikipedia_page_title": "Ada Ode",
            "context": "She lived in Tarn. CANNOTANSWER",
            "turn_ids": ["7#0"],
            "questions": ["Where did she live?"],
            "followups": [2],
            "yesnos": [2],
            "answers": {"texts": [["in Tarn", "Tarn"]], "answer_starts": [[10, 13]]},
            "orig_answers": {"texts": ["in Tarn"], "answer_starts": [10]},
        },
        tfds=LIFE
        | {
            "title": "Ada Ode",
            "context": "She lived in Tarn. CANNOTANSWER",
            "followup": "n",
            "yesno": "x",
            "question": "Where did she live?",
            "answers": ODE,
            "orig_answer": {"text": "in Tarn", "answer_start": 13},
        },
        folder=LIFE
        | {
            "title": "Ada Ode",
            "context": "She lived in Tarn. CANNOTANSWER",
            "question": "Where did she live?",
            "answers": ODE,
            "orig_answer": {"text": "in Tarn", "answer_start": 13},
        },
    ),
    "dream": Layouts(
        record={
            "dialogue": "M: Is it yours?\nW: No.\nM: Ada's?\nW: No.",
            "question": "Whose is it?",
            "options": ["Ada's.", "The man's.", "Not known."],
            "label": 2,
        },
        hub={
            "id": 7,
            "dialogue_id": "7-1",
            "dialogue": ["M: Is it yours?", "W: No.", "M: Ada's?", "W: No."],
            "question": "Whose is it?",
            "choice": ["Ada's.", "The man's.", "Not known."],
            "answer": "Not known.",
        },
        folder={
            "id": 7,
            "dialogue_id": "7-1",
            "dialogue": ["M: Is it yours?", "W: No.", "M: Ada's?", "W: No."],
            "question": "Whose is it?",
            "choice": ["Ada's.", "The man's.", "Not known."],
            "answer": "Not known.",
        },
    ),
}
