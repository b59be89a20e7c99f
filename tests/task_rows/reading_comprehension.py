"""Made-up rows of the tasks of task_registry/reading_comprehension.py."""

from task_rows.layouts import Layouts, same

ANIMALS = ["a fox", "an owl", "a carp", "an ant"]
FED = {"passage": "Ivo fed an owl."}
NO_ANSWER = {"context": "Ducks eat snails.", "question": "What do owls eat?"}
EMPTY = {"text": [], "answer_start": []}

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
            "answers_spans": {"spans": ["Leo", "Milo"] * 2, "types": ["span"] * 4},
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
    "squad_v2": Layouts(
        record=NO_ANSWER | {"title": "Port Ena", "references": ["unanswerable"]},
        hub=NO_ANSWER | {"id": "7", "title": "Port_Ena", "answers": EMPTY},
        tfds=NO_ANSWER
        | {
            "id": "7",
            "title": "Port_Ena",
            "plausible_answers": {"text": ["snails"], "answer_start": [10]},
            "is_impossible": True,
            "answers": EMPTY,
        },
        folder=NO_ANSWER | {"id": "7", "title": "Port_Ena", "answers": EMPTY},
    ),
    "bool_q": Layouts(
        record={"passage": "Ducks eat snails.", "question": "do ducks eat snails?", "label": 1},
        hub={"question": "do ducks eat snails", "answer": True, "passage": "Ducks eat snails."},
        tfds={
            "question": "do ducks eat snails",
            "answer": True,
            "passage": "Ducks eat snails.",
            "title": "Duck",
        },
        folder={"question": "do ducks eat snails", "answer": True, "passage": "Ducks eat snails."},
    ),
    "mctest": Layouts(
        record=FED | {"question": "What did Ivo feed?", "options": ANIMALS, "label": 1},
        hub={
            "story": "Ivo fed an owl.",
            "question": "What did Ivo feed?",
            "answer_options": dict(zip("ABCD", ANIMALS, strict=True)),
            "answer": "B",
        },
        folder={
            "story_id": "mc500.train.7",
            "story": "Ivo fed an owl.",
            "question": "What did Ivo feed?",
            "question_type": "one",
            "options": ANIMALS,
            "answer": "B",
        },
    ),
    "race_middle": Layouts(
        record=FED | {"question": "Ivo fed _.", "options": ANIMALS, "label": 1},
        hub={
            "example_id": "middle7.txt",
            "article": "Ivo fed an owl.",
            "answer": "B",
            "question": "Ivo fed  _  .",
            "options": ANIMALS,
        },
        tfds={
            "example_id": "middle7.txt",
            "article": "Ivo fed an owl.",
            "answers": ["B"],
            "questions": ["Ivo fed  _  ."],
            "options": [ANIMALS],
        },
        folder={
            "example_id": "middle7.txt",
            "article": "Ivo fed an owl.",
            "answer": "B",
            "question": "Ivo fed  _  .",
            "options": ANIMALS,
        },
    ),
}
