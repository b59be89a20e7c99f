"""Made-up rows of the tasks of task_registry/chain_of_thought.py."""

from task_rows.layouts import SUM, WORKED, Layouts

LAYOUTS: dict[str, Layouts] = {
    "cot_gsm8k": Layouts(
        record=SUM | {"rationale": "He has 600+600=1,200.", "references": ["1200"]},
        hub=WORKED,
        tfds=WORKED | {"annotation": "x", "short_answer": "x"},
        folder=SUM | {"rationale": "He has 600+600=1,200.", "answer": "1200"},
    ),
    "cot_ecqa": Layouts(
        record={
            "question": "Where do you sleep?",
            "rationale": "Beds are made for it.",
            "options": ["oven", "bed", "sea", "lamp", "cake"],
            "label": 1,
        },
        hub={
            "q_text": "Where do you sleep?",
            **{"q_op1": "oven", "q_op2": "bed", "q_op3": "sea", "q_op4": "lamp", "q_op5": "cake"},
            "q_ans": "bed",
            "taskB": "Beds are made for it.",
        },
        folder={
            "question": "Where do you sleep?\nOptions:\n- oven\n- bed\n- sea\n- lamp\n- cake",
            "answer": "bed",
            "rationale": "Beds are made for it.",
        },
    ),
    "cot_strategyqa": Layouts(
        record={"question": "Can trout drum?", "rationale": "They have no hands.", "label": 0},
        hub={"question": "Can trout drum?", "answer": False, "facts": "They have no hands."},
        folder={"question": "Can trout drum?", "answer": "no", "rationale": "They have no hands."},
    ),
}
