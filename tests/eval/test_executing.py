import os
import sys
import time

import pytest

from eval import answers, executing, metrics, predictions
from flanlike.tasks import task
from task_registry import program_synthesis

ADD = "def add_one(x):\n    return x + 1"
CHECKS = "assert add_one(1) == 2"
STUB = 'def add_one(x):\n    """Adds one."""'


def test_a_program_passes_where_it_comes_to_its_end():
    programs = [
        f"{ADD}\n{CHECKS}",
        f"def add_one(x):\n    return x\n{CHECKS}",
        "def add_one(x:",
        "raise SystemExit(0)",
        "import os\nos._exit(0)",
        "print('noise' * 100000)",
        "import math, re, collections\nassert math.pi > 3",
    ]
    assert executing.passed(programs) == [True, False, False, False, False, True, True]


@pytest.mark.parametrize(
    "program",
    [
        "while True:\n    pass",
        "import time\ntime.sleep(60)",
        "import threading\nthreading.Thread(target=lambda: __import__('time').sleep(60)).start()\n"
        "raise ValueError",
    ],
    ids=["loop", "sleep", "thread"],
)
def test_what_does_not_end_is_ended(program):
    began = time.monotonic()
    assert executing.passed([program], seconds=0.5) == [False]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "program",
    [
        "x = 'a' * (1 << 31)",
        "open('big', 'wb').write(b'0' * (1 << 22))",
        "import socket\nsocket.socket()",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')",
    ],
    ids=["memory", "file", "socket", "request"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="limits are the system's")
def test_memory_files_and_network_are_limited(program):
    assert executing.passed([program]) == [False]


def test_a_program_sees_an_empty_folder_and_no_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("A_SECRET", "x")
    here = os.fspath(tmp_path)
    program = (
        "import os\nassert 'A_SECRET' not in os.environ\nassert os.listdir('.') == []\n"
        f"open('a', 'w').write('b')\nopen({here!r} + '/cwd', 'w').write(os.getcwd())"
    )
    assert executing.passed([program]) == [True]
    assert not os.path.exists((tmp_path / "cwd").read_text())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Sure:\n```python\nx = 1\ny = 2\n```\nThat is it. ```\nz\n```", "x = 1\ny = 2"),
        ("```\nx = 1", "x = 1"),
        ("\n    return x\n", "    return x"),
        ("<think>def</think>\nx = 1\n\n\ny = 2\n\nQ: And?\nA: z", "x = 1\n\n\ny = 2"),
        ("x = 1\nuser: int = 2<|im_end|>", "x = 1\nuser: int = 2"),
    ],
)
def test_the_code_in_an_answer_is_found(text, code):
    assert executing.code_in(text) == code


@pytest.mark.parametrize(
    "text",
    [
        ADD,
        f"```python\n{ADD}\n```",
        "    return x + 1",
        "return x + 1",
        "y = x + 1\n    return y",
        "for y in [x]:\n        return y + 1",
        f"import math\n{ADD}",
    ],
)
def test_a_function_or_its_body_alone_is_run(text):
    record = {"checks": CHECKS, "stub": STUB}
    assert executing.passed([executing.program(record, text)]) == [True]


def test_the_answers_of_the_datasets_pass_their_tests():
    from task_rows import program_synthesis as rows

    built = {builder.__name__: builder() for builder in program_synthesis.TASKS}
    records = [
        built["mbpp"].preprocess(rows.MBPP),
        built["human_eval"].preprocess(rows.HUMAN_EVAL),
    ]
    programs = [executing.program(record, record["references"][0]) for record in records]
    assert executing.passed(programs) == [True, True]
    with pytest.raises(ValueError, match="'test_list' is empty"):
        built["mbpp"].preprocess({**rows.MBPP, "test_list": []})


def test_the_share_that_passed_is_the_headline_only_where_programs_were_run():
    assert metrics.compute("pass_at_1", metrics.Answered(passed=(True, False, True, True))) == 0.75
    unrun = answers.from_texts([{"references": [ADD]}], [ADD])
    assert metrics.of_answers(("pass_at_1", "edit_similarity"), unrun) == ("edit_similarity",)
    run = metrics.Answered(passed=(True,), predicted_texts=("x",), references=(("x",),))
    assert metrics.of_answers(("pass_at_1", "edit_similarity"), run)[0] == "pass_at_1"
    assert predictions.is_bounded("pass_at_1")


def test_an_answer_is_read_as_code():
    built = program_synthesis.mbpp()
    prompt = task.Prompt(
        inputs="Q", targets=ADD, options=(), label_of_option=(), gold=None, references=(ADD,),
        provenance=None,
    )  # fmt: skip
    record = {"references": [ADD], "checks": CHECKS}
    text = f"Here:\n```python\n{ADD}\n```\n\nQ: What else?"
    found = answers.from_generated(built, [record], [prompt], "{answer}", [text])
    assert found.predicted_texts == (ADD,) and found.unparsed == (False,)
