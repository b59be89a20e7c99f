"""Made-up rows of the tasks of task_registry/reading_comprehension.py."""

from task_rows.layouts import Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "openbookqa": Layouts(
        record={"question": "A duck has", "options": ["a", "b", "c", "d"], "label": 3},
        hub={
            "id": "7",
            "question_stem": "A duck has",
            "choices": {"text": ["a", "b", "c", "d"], "label": ["A", "B", "C", "D"]},
            "answerKey": "D",
        },
        tfds={
            "question": {
                "stem": "A duck has",
                **{f"choice_{key}": key.lower() for key in "ABCD"},
            },
            "fact1": "x",
            "humanScore": 1.0,
            "clarity": 1.0,
            "turkIdAnonymized": "x",
            "answerKey": 3,
        },
        folder={
            "question_stem": "A duck has",
            "choices": {"text": ["a", "b", "c", "d"], "label": ["A", "B", "C", "D"]},
            "answerKey": "D",
        },
    ),
    "squad_v1": same(
        {
            "title": "Port Ena",
            "context": "Ducks eat snails.",
            "question": "What do ducks eat?",
            "references": ["snails"],
        },
        {
            "id": "7",
            "title": "Port_Ena",
            "context": "Ducks eat snails.",
            "question": "What do ducks eat?",
            "answers": {"text": ["snails", "snails"], "answer_start": [10, 10]},
        },
    ),
    "multirc": same(
        {
            "paragraph": "Ivo baked a pie.",
            "question": "What did Ivo bake?",
            "candidate": "a pie",
            "label": 1,
            "group": "3/5",
        },
        {
            "paragraph": "Ivo baked a pie.",
            "question": "What did Ivo bake?",
            "answer": "a pie",
            "label": 1,
            "idx": {"paragraph": 3, "question": 5, "answer": 0},
        },
        ["False", "True"],
    ),
    "drop": Layouts(
        record={"passage": "Leo ran.", "question": "Who?", "references": ["Leo, Milo"]},
        hub={
            "passage": "Leo ran.",
            "question": "Who?",
            "answers_spans": {"spans": ["Leo", "Milo"], "types": ["span", "span"]},
        },
        tfds={
            "passage": "Leo ran.",
            "question": "Who?",
            "answer": "Leo, Milo",
            "validated_answers": ["Leo, Milo"],
            "query_id": "7",
        },
        folder={"passage": "Leo ran.", "question": "Who?", "answer": "Leo, Milo"},
    ),
}
