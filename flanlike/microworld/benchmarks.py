"""Questions in the shapes of the benchmarks, each with the reasoning that leads to its answer.

MMLU's is one shape. BIG-Bench Hard has eight: options, three pairs of fixed words, and four in
which an answer is written.
"""

import itertools
from random import Random

from flanlike.microworld import draws, reasons
from flanlike.tasks import task

_IN_A_ROW = ("at the left end", "in the middle", "at the right end")
_STANDS = ("{one} is left of {two}", "{two} is right of {one}")
_SIGNS = ("+", "-")
_PAIRS = {"(": ")", "[": "]", "<": ">"}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
_TRUTH = ("is lying", "is honest")
# Two premises and what is said to follow: rules that hold, then their look-alikes that do not.
_ARGUMENTS = (
    (
        ("{who} has {one}", "{who} has {two}"),
        ("{who} does not have {two}", "{who} does not have {one}"),
    ),
    (
        ("{who} has {two}", "{who} has {one}"),
        ("{who} does not have {one}", "{who} does not have {two}"),
    ),
)
_WHY = (
    "By the rule nobody has {one} without having {two} too.",
    "The rule lets somebody have {two} without having {one}.",
)


def mmlu(rng: Random) -> task.Record:
    """Four options; half of the questions are of the world's facts, half are sums."""
    made = reasons.cot_qasc(rng) if rng.random() < 0.5 else reasons.cot_aqua(rng)
    options, label = made["options"], made["label"]
    wrong = draws.several(rng, [*options[:label], *options[label + 1 :]], 3)
    return {
        "question": made["question"],
        "rationale": made["rationale"],
        **draws.choices(rng, options[label], wrong),
    }


def bbh_options(rng: Random) -> task.Record:
    """Who of three people stands where in a row."""
    row = draws.several(rng, draws.NAMES, 3)
    told = [
        draws.pick(rng, _STANDS).format(one=row[place], two=row[place + 1])
        for place in draws.several(rng, range(2), 2)
    ]
    place = int(rng.random() * 3)
    first, second, third = draws.several(rng, row, 3)
    return {
        "instruction": "Work out in which order they stand.",
        "question": f"{first}, {second} and {third} stand in a row. {_told(told)} "
        f"Who is {_IN_A_ROW[place]}?",
        "rationale": f"From left to right they are {', '.join(row)}. {row[place]} is "
        f"{_IN_A_ROW[place]}.",
        "options": (options := draws.several(rng, row, 3)),
        "label": options.index(row[place]),
    }


def bbh_true_false(rng: Random, label: int) -> task.Record:
    """An expression of four truth values; label 0 is True."""
    while True:
        left, left_is, left_steps = _bracket(rng)
        right, right_is, right_steps = _bracket(rng)
        sign = draws.pick(rng, ("and", "or"))
        whole = left_is and right_is if sign == "and" else left_is or right_is
        if whole == (label == 0):
            break
    return {
        "instruction": "Work out whether the expression is True or False.",
        "question": f"{left} {sign} {right} is",
        "rationale": _told([*left_steps, *right_steps, f"{left_is} {sign} {right_is} is {whole}"]),
        "label": label,
    }


def bbh_yes_no(rng: Random, label: int) -> task.Record:
    """Three people who speak of each other; label 0 is that the last one is honest."""
    names = draws.several(rng, draws.NAMES, 3)
    while True:
        said = [int(rng.random() * 2) for _ in range(3)]
        truths = [said[0]]
        for claim in said[1:]:
            truths.append(int(claim == truths[-1]))
        if truths[-1] == 1 - label:
            break
    told = [f"{names[0]} {_TRUTH[said[0]]}"]
    steps = []
    for place in (1, 2):
        told.append(f"{names[place]} says that {names[place - 1]} {_TRUTH[said[place]]}")
        steps.append(
            f"{names[place - 1]} {_TRUTH[truths[place - 1]]}, so {names[place]} "
            f"{_TRUTH[truths[place]]}"
        )
    return {
        "instruction": "Work out whom one can believe.",
        "question": f"{_told(told)} Is {names[2]} honest?",
        "rationale": _told(steps),
        "label": label,
    }


def bbh_valid(rng: Random, label: int) -> task.Record:
    """A rule, a fact and what is said to follow; label 0 is valid."""
    one, two = (draws.A[name] for name in draws.pair(rng, draws.GOODS_NAMES))
    fact, claim = draws.pick(rng, _ARGUMENTS[label])
    names = {"who": draws.pick(rng, draws.NAMES), "one": one, "two": two}
    return {
        "instruction": "Judge whether the last sentence has to follow from those before it.",
        "question": f"Whoever has {one} has {two}. {fact.format(**names)}. "
        f"So {claim.format(**names)}.",
        "rationale": _WHY[label].format(**names),
        "label": label,
    }


def bbh_sorting(rng: Random) -> task.Record:
    """Words to be put in the order of the alphabet."""
    words = draws.several(rng, draws.GOODS_NAMES, 3 + int(rng.random() * 3))
    right = sorted(words)
    return {
        "instruction": "Put the words in the order of the alphabet.",
        "question": f"Sort these words: {' '.join(words)}",
        "rationale": _told([f"{one} comes before {two}" for one, two in itertools.pairwise(right)]),
        "references": [" ".join(right)],
    }


def bbh_brackets(rng: Random) -> task.Record:
    """Brackets to be closed, the last one opened first."""
    opened = [draws.pick(rng, tuple(_PAIRS)) for _ in range(2 + int(rng.random() * 3))]
    closing = [_PAIRS[bracket] for bracket in reversed(opened)]
    shown = list(opened)
    place = int(rng.random() * (len(shown) + 1))
    pair = draws.pick(rng, tuple(_PAIRS))
    shown[place:place] = [pair, _PAIRS[pair]]
    return {
        "instruction": "Close all brackets that are still open, in the right order.",
        "question": f"Complete this: {' '.join(shown)}",
        "rationale": f"Still open are {' '.join(opened)}, and the last one is closed first.",
        "references": [" ".join(closing)],
    }


def bbh_counting(rng: Random) -> task.Record:
    """How many things somebody has in all."""
    who = draws.pick(rng, draws.NAMES)
    things = draws.several(rng, draws.GOODS_NAMES, 3)
    counts = [1 + int(rng.random() * 6) for _ in things]
    told = [
        f"{_NUMBERS[count]} {draws.PLURAL[thing] if count > 1 else thing}"
        for count, thing in zip(counts, things, strict=True)
    ]
    total = str(sum(counts))
    return {
        "instruction": "Count all the things together.",
        "question": f"{who} has {told[0]}, {told[1]} and {told[2]}. How many things does {who} "
        "have?",
        "rationale": f"{' + '.join(map(str, counts))} = {total}.",
        "references": [total],
    }


def bbh_arithmetic(rng: Random) -> task.Record:
    """A sum or difference of two in brackets; the result may lie below zero."""
    numbers = [1 + int(rng.random() * 9) for _ in range(4)]
    signs = [draws.pick(rng, _SIGNS) for _ in range(3)]
    left, right = (numbers[at] + numbers[at + 1] * (1 if signs[at] == "+" else -1) for at in (0, 2))
    result = str(left + right * (1 if signs[1] == "+" else -1))
    one, two = (f"{numbers[at]} {signs[at]} {numbers[at + 1]}" for at in (0, 2))
    return {
        "instruction": "Work out the number.",
        "question": f"( {one} ) {signs[1]} ( {two} ) =",
        "rationale": f"{one} = {left}. {two} = {right}. {left} {signs[1]} {right} = {result}.",
        "references": [result],
    }


def _bracket(rng: Random) -> tuple[str, bool, list[str]]:
    """Returns two truth values in brackets, negated or not, what they come to, and the steps."""
    one, two = rng.random() < 0.5, rng.random() < 0.5
    sign = draws.pick(rng, ("and", "or"))
    inner = one and two if sign == "and" else one or two
    text = f"( {one} {sign} {two} )"
    steps = [f"{text} is {inner}"]
    if rng.random() < 0.5:
        return text, inner, steps
    return f"not {text}", not inner, [*steps, f"not {inner} is {not inner}"]


def _told(parts: list[str]) -> str:
    return " ".join(draws.sentence(part) for part in parts)
