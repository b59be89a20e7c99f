"""Exemplars out of the prompts in which benchmarks publish them: questions, reasons and answers."""

import re
from typing import NamedTuple

_QUESTION = re.compile(r"^Q:[ ]*", re.MULTILINE)
_LEAD_IN = re.compile(r"\ALet['\u2019]s think step by step\.?\s*", re.IGNORECASE)
_ANSWER = re.compile(r"(?:\bso,?\s+)?\bthe answer is\b", re.IGNORECASE)


class Solved(NamedTuple):
    """One question with its answer, and the reasons for it; "" where there are none."""

    question: str
    reason: str
    answer: str


def read(text: str) -> list[Solved]:
    """Returns what stands behind each "Q:" that begins a line, in order.

    What is before the first is a description of the task, and so no exemplar.

    "Add.\\n\\nQ: 2 + 3 =\\nA: Let's think step by step.\\n2 and 3 are 5. So the answer is 5."
        -> [Solved("2 + 3 =", "2 and 3 are 5.", "5")]
    """
    found = []
    for part in _QUESTION.split(text)[1:]:
        question, mark, said = part.partition("\nA:")
        if not mark or not said.strip() or not question.strip():
            raise ValueError(
                f"the exemplar {part.strip()[:60]!r} has no answer; expected lines that begin with "
                "'Q:' and, after each question, 'A:'"
            )
        said = _LEAD_IN.sub("", said.strip())
        reason, answer = "", said
        if places := list(_ANSWER.finditer(said)):
            reason, answer = said[: places[-1].start()], said[places[-1].end() :]
        answer = answer.strip().removesuffix(".").strip()
        found.append(Solved(question.strip(), reason.strip(), answer))
    if not found:
        raise ValueError("it has no line that begins with 'Q:'; expected one an exemplar")
    return found
