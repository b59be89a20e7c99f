"""Small functions of numbers and texts: what one is asked for, the function, and its tests."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_WORDS = tuple(kind.name for kind in ontology.KINDS)

# What is asked for, the name, the expression, and whether its argument is a text.
_FUNCTIONS = (
    ("returns {arg} plus {a}", "plus_{a}", "{arg} + {a}", False),
    ("returns {a} minus {arg}", "{word}_left_of_{a}", "{a} - {arg}", False),
    ("returns {a} times {arg}, plus {b}", "times_{a}_plus_{b}", "{a} * {arg} + {b}", False),
    ("tells whether {arg} is above {a}", "is_above_{a}", "{arg} > {a}", False),
    ("returns the rest of {arg} by {a}", "rest_by_{a}", "{arg} % {a}", False),
    ("returns the larger of {arg} and {a}", "at_least_{a}", "max({arg}, {a})", False),
    ("returns the first {a} letters of {arg}", "first_{a}", "{arg}[:{a}]", True),
    ("returns {arg} {b} times in a row", "repeat_{b}", "{arg} * {b}", True),
    ("tells whether {arg} has the word {word} in it", "has_{word}", "'{word}' in {arg}", True),
    ("returns {arg} with the word {word} behind it", "add_{word}", "{arg} + '{word}'", True),
    ("returns how many letters {arg} has beyond {a}", "beyond_{a}", "len({arg}) - {a}", True),
)
_ASKED = ("Write a function that {what}.", "Write a Python function that {what}.")
_ARGUMENTS = {False: ("number", "x", "n", "value"), True: ("text", "word", "s", "name")}


def mbpp(rng: Random) -> task.Record:
    """What a function is to do, with tests that tell its name."""
    what, name, argument, expression, tests = _drawn(rng)
    told = "\n".join(tests)
    return {
        "question": draws.pick(rng, _ASKED).format(what=what),
        "tests": told,
        "references": [f"def {name}({argument}):\n    return {expression}"],
        "checks": told,
    }


def human_eval(rng: Random) -> task.Record:
    """The head of a function, with what it is to do inside."""
    what, name, argument, expression, tests = _drawn(rng)
    stub = f'def {name}({argument}):\n """{draws.sentence(what)}"""'
    return {
        "question": stub,
        "tests": "\n".join(tests[:1]),
        "references": [f"{stub}\n return {expression}"],
        "checks": "\n".join(tests),
        "stub": stub,
    }


def _drawn(rng: Random) -> tuple[str, str, str, str, list[str]]:
    """Returns what is asked for, name, argument and expression of a function, and three tests."""
    what, name, expression, of_text = draws.pick(rng, _FUNCTIONS)
    names = {
        "arg": draws.pick(rng, _ARGUMENTS[of_text]),
        "a": 2 + int(rng.random() * 18),
        "b": 2 + int(rng.random() * 8),
        "word": draws.pick(rng, _WORDS),
    }
    what, name, expression = (part.format(**names) for part in (what, name, expression))
    given = draws.several(rng, _WORDS if of_text else range(30), 3)
    tests = [
        f"assert {name}({value!r}) == {_value(expression, names['arg'], value)!r}"
        for value in given
    ]
    return what, name, names["arg"], expression, tests


def _value(expression: str, argument: str, value: object) -> object:
    """Returns what one of our own expressions gives: no other text comes here."""
    return eval(expression, {"__builtins__": {"max": max, "len": len}}, {argument: value})
