"""Grades programs by running them with their tests, each in a process of its own, within limits.

    passed(["def one():\\n    return 1\\nassert one() == 1", "assert False"])   ->  [True, False]

Nothing is run unless --eval.execute-code is given. A process has 5 s of CPU, 10 s of time, 1 GB, no
environment and an empty folder that goes with it, and where the system lets a user do so no network
(`run_program`). That stops mistakes, and is no prison: a program can read what you can read. Run
programs of a model that you do not trust in a container.
"""

import contextlib
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence

from flanlike.tasks import task as tasks

METRIC = "pass_at_1"
SECONDS = 10.0

_CHILD = pathlib.Path(__file__).with_name("run_program.py")
_FENCED = re.compile(r"```[a-zA-Z0-9+-]*[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL)
# What a model goes on with after its answer. Blank lines and small letters are Python's too.
_FOLLOW_UP = re.compile(
    r"\n(?=(?:Q|A|Question|Answer|Problem|Exercise|Human|User)\s*\d*\s*:)"
    r"|<\|?(?:end\w*|eot\w*|eos|im_end|im_start|end_of_turn)\|?>|</s>"
)
_DEFINED = re.compile(r"^(?:async )?(?:def|class) \w+|^@|^(?:import|from) ", re.MULTILINE)


def code_in(text: str) -> str:
    """Returns the program in a written answer: its first fenced block, or all of it.

    What is thought aloud before it, and a question that follows it, is no part of it.
    Before: "Sure:\\n```python\\ndef one():\\n    return 1\\n```\\nShort." After: the two lines.
    """
    text = text.rpartition("</think>")[2]
    found = _FENCED.search(text)
    return (found[1] if found else _FOLLOW_UP.split(text)[0]).strip("\n").rstrip()


def program(record: tasks.Record, text: str) -> str:
    """Returns the program to run for an answer: its code, and the tests of its record.

    An answer that defines nothing goes on with the record's `stub`, whose body it then is.
    """
    code = code_in(text)
    if (stub := record.get("stub")) and not _DEFINED.search(code):
        body = textwrap.dedent(_first_line_in_line(code))
        code = f"{stub}\n{textwrap.indent(body, ' ' * _indentation(stub))}"
    return f"{code}\n\n{record['checks']}\n"


def passed(programs: Sequence[str], *, seconds: float = SECONDS) -> list[bool]:
    """Returns which of the programs come to their end."""
    return [_passes(each, seconds) for each in programs]


def _passes(source: str, seconds: float) -> bool:
    word = secrets.token_hex(16).encode()
    with tempfile.TemporaryDirectory(prefix="graded-", ignore_cleanup_errors=True) as folder:
        child = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={},
            start_new_session=True,  # so that what it starts is ended with it
        )
        said = b""
        with contextlib.suppress(subprocess.TimeoutExpired, BrokenPipeError):
            content = word + b"\n" + source.encode("utf-8", "replace")
            said, _ = child.communicate(content, timeout=seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    return said == word


def _first_line_in_line(code: str) -> str:
    """Returns code whose first line has lost its indentation with the lines as they stood.

    "x = 1\\n    return x"  ->  "    x = 1\\n    return x"
    """
    first, _, rest = code.partition("\n")
    lines = [line for line in rest.split("\n") if line.strip()]
    if not lines or first[:1].isspace() or first.rstrip().endswith(":"):
        return code
    least = min(len(line) - len(line.lstrip()) for line in lines)
    return f"{' ' * least}{code}"


def _indentation(stub: str) -> int:
    """Returns by how much the body of a stub's function is indented."""
    lines = [line for line in stub.split("\n") if line[:1].isspace() and line.strip()]
    return min((len(line) - len(line.lstrip()) for line in lines), default=4)
