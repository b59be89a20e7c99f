"""Least-to-most prompting: smaller questions first, then the whole one with their answers at hand.

After Zhou et al. 2022, "Least-to-Most Prompting Enables Complex Reasoning in Large Language
Models", sections 2 and 3, without its worked examples; the wording is ours. In turn a model reads,
each time after the same prompt of a chain-of-thought template (exemplars in it, where there are):

    1  ... List the smaller questions ...             writes   1. How many are left?
                                                               2. How many does each get?
    2  ... Q: How many are left?  A:                  writes   Six are left.
    3  ... Q: How many are left?  A: Six are left.
           Q: How many does each get?  A:             writes   Three.
    4  ... both with their answers, and that the whole question is to be answered now

The last text is read as any chain of thought by that template. Where no smaller question is
written, the prompt is asked as it is. What is added does not count in --eval.max-input-tokens.
"""

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eval import wording

if TYPE_CHECKING:
    from eval import questions

Steps = tuple[tuple[str, str], ...]  # smaller questions with their answers

KIND = "least_to_most"
# Which ends the answer to a smaller question.
STOP = ("\n\n", "\nQ:", "\nQuestion")

_MOST_STEPS = 5
_LIST = (
    "Wait with the answer. First list the smaller questions that have to be answered on the way, "
    "the easiest first, each on a line of its own and without its answer:"
)
_STEPS = "Smaller questions on the way, one by one:"
_WHOLE = "With these answers, now answer the whole question that stands above them:"
_ITEM = re.compile(r"^\W*(?:(?:sub-?\s*)?(?:question|step|q)\s*)?(?:\d+|[a-z])?\s*[.):]+\s*", re.I)


def asked(cell: "questions.Cell") -> "questions.Cell":
    """Returns a chain-of-thought cell with the same prompts to be answered in this way."""
    return dataclasses.replace(cell, template=f"{cell.template}:{KIND}", kind=KIND)


def listing(inputs: str) -> str:
    """Returns the text that asks for smaller questions."""
    return f"{inputs}\n\n{_LIST}"


def questions_in(text: str) -> list[str]:
    """Returns the smaller questions of a list: lines up to their question mark, each once.

    Before: "1. How many are left?\\n- Why\\nQ2: Who has most? Bo." After: ["How many are left?",
    "Who has most?"]. At most five.
    """
    found: list[str] = []
    for line in wording.plain(text).split("\n"):
        question, mark, _ = line.strip().partition("?")
        bare = _ITEM.sub("", question).lstrip("*-\u2022 ").rstrip()
        if mark and re.search(r"\w", bare) and f"{bare}?" not in found:
            found.append(f"{bare}?")
    return found[:_MOST_STEPS]


def step(inputs: str, steps: Steps, question: str) -> str:
    """Returns the text that asks a smaller question, after those that are answered."""
    return f"{inputs}\n\n{_STEPS}\n{_told(steps)}Q: {question}\nA:"


def answer_in(text: str) -> str:
    """Returns what was written to a smaller question in one line, without what follows it."""
    return " ".join(wording.before_follow_up(text).split("\n\n")[0].split())


def whole(inputs: str, steps: Steps) -> str:
    """Returns the text that asks the whole question; without steps it is the prompt as it was."""
    return f"{inputs}\n\n{_STEPS}\n{_told(steps)}\n{_WHOLE}" if steps else inputs


def _told(steps: Sequence[tuple[str, str]]) -> str:
    return "".join(f"Q: {question}\nA: {answer}\n" for question, answer in steps)
