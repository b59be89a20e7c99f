"""Program synthesis: what a function is to do, and the function.

Answers are graded by running them with their tests, which needs leave (--eval.execute-code).
"""

from flanlike.tasks import task
from task_registry import columns

_STRINGS = ["string"]
_METRICS = ("pass_at_1", "edit_similarity")


def mbpp() -> task.Task:
    """MBPP, https://github.com/google-research/google-research/tree/master/mbpp

    {"task_id": 7, "text": "Write a function that adds one.", "test_setup_code": "",
     "code": "def add_one(x):\\r\\n  return x + 1", "challenge_test_list": [],
     "test_list": ["assert add_one(1) == 2", "assert add_one(0) == 1"]}
    """
    return task.Task(
        name="mbpp",
        cluster="code",
        fields=("question", "tests"),
        cut={"tests": "never"},
        answers=task.FreeText(),
        metrics=_METRICS,
        templates="code",
        microworld="mbpp",
        splits={"train": "train", "validation": "validation", "test": "test"},
        preprocess=_mbpp,
        hub=task.HubSource(
            repo="google-research-datasets/mbpp",
            config="full",
            columns={
                "task_id": "int32",
                "text": "string",
                "code": "string",
                "test_list": _STRINGS,
                "test_setup_code": "string",
                "challenge_test_list": _STRINGS,
            },
        ),
        licence="CC BY 4.0",
        homepage="https://github.com/google-research/google-research/tree/master/mbpp",
    )


def human_eval() -> task.Task:
    """HumanEval, https://github.com/openai/human-eval

    It has test rows alone. The target is the whole function; a body alone is read as one too.

    {"task_id": "X/7", "prompt": "def add_one(x):\\n    \\"\\"\\"Adds one.\\"\\"\\"\\n",
     "canonical_solution": "    return x + 1\\n", "entry_point": "add_one",
     "test": "def check(candidate):\\n    assert candidate(1) == 2\\n"}
    """
    return task.Task(
        name="human_eval",
        cluster="code",
        fields=("question", "tests"),
        optional=("tests",),
        cut={"tests": "never"},
        answers=task.FreeText(),
        metrics=_METRICS,
        templates="human_eval",
        microworld="human_eval",
        splits={"test": "test"},
        preprocess=_human_eval,
        hub=task.HubSource(
            repo="openai/openai_humaneval",
            columns={
                name: "string"
                for name in ("task_id", "prompt", "canonical_solution", "test", "entry_point")
            },
            unverified="the columns' types",
        ),
        licence="MIT",
        homepage="https://github.com/openai/human-eval",
        max_new_tokens=384,
    )


TASKS = [mbpp, human_eval]


def _mbpp(row: task.Row) -> task.Record:
    tests = [each.strip() for each in columns.value(row, "test_list") if each.strip()]
    if not tests:
        raise ValueError("column 'test_list' is empty; expected assertions, one a text")
    before = (row.get("test_setup_code") or "").strip()
    return {
        "question": columns.text(row, "text", "prompt", exact=True),
        "tests": "\n".join(tests),
        "references": [columns.text(row, "code", exact=True).replace("\r\n", "\n")],
        "checks": "\n".join(filter(None, (before, *tests))),
    }


def _human_eval(row: task.Row) -> task.Record:
    stub = columns.text(row, "prompt", exact=True)
    body = columns.value(row, "canonical_solution").rstrip()
    name = columns.text(row, "entry_point")
    return {
        "question": stub,
        "tests": "",
        "references": [f"{stub}\n{body}"],
        "checks": f"{columns.text(row, 'test', exact=True)}\n\ncheck({name})",
        "stub": stub,
    }
