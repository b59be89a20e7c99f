"""Made-up rows of the tasks of task_registry/program_synthesis.py."""

from task_rows.layouts import Layouts

STUB = 'def add_one(x):\n    """Adds one."""'
TESTS = ["assert add_one(1) == 2", "assert add_one(0) == 1"]
MBPP = {
    "task_id": 7,
    "text": "Write a function that adds one. ",
    "code": "def add_one(x):\r\n  return x + 1",
    "test_list": TESTS,
    "test_setup_code": "import math",
    "challenge_test_list": [],
}
HUMAN_EVAL = {
    "task_id": "X/7",
    "prompt": f"{STUB}\n",
    "canonical_solution": "    return x + 1\n",
    "entry_point": "add_one",
    "test": "def check(candidate):\n    assert candidate(1) == 2\n",
}

LAYOUTS: dict[str, Layouts] = {
    "mbpp": Layouts(
        record={
            "question": "Write a function that adds one.",
            "tests": "\n".join(TESTS),
            "references": ["def add_one(x):\n  return x + 1"],
            "checks": "\n".join(["import math", *TESTS]),
        },
        hub=MBPP,
        folder=MBPP,
    ),
    "human_eval": Layouts(
        record={
            "question": STUB,
            "tests": "",
            "references": [f"{STUB}\n    return x + 1"],
            "checks": "def check(candidate):\n    assert candidate(1) == 2\n\ncheck(add_one)",
            "stub": STUB,
        },
        hub=HUMAN_EVAL,
        folder=HUMAN_EVAL,
    ),
}
