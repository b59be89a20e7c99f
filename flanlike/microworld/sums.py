"""Small sums in words: one or two steps, never above twenty or below zero."""

from random import Random

from flanlike import task
from flanlike.microworld import draws

_COUNTED = tuple(draws.PLURAL[kind.name] for kind in draws.GOODS)
_START = (
    "{who} has {n} {what}.",
    "{who} starts with {n} {what}.",
    "There are {n} {what} near {who}.",
)
_MORE = ("{friend} brings {n} more.", "Then {she} finds {n} more.", "{n} more come on {day}.")
_LESS = ("{friend} takes {n}.", "Then {n} get lost.", "On {day} {she} sells {n}.")
_ASK = ("How many {what} are there now?", "How many {what} are there in the end?")


def gsm8k(rng: Random) -> task.Record:
    """A story with one or two changes; the answer is the number in the end."""
    question, _, answer = _story(rng)
    return {"question": question, "references": [answer]}


def cot_gsm8k(rng: Random) -> task.Record:
    """The same sort of story with each step written out."""
    question, steps, answer = _story(rng)
    return {"question": question, "rationale": " ".join(steps), "references": [answer]}


def _story(rng: Random) -> tuple[str, list[str], str]:
    who, friend = draws.pair(rng, draws.NAMES)
    names = {
        "who": who,
        "friend": friend,
        "she": draws.SUBJECT[who],
        "what": draws.pick(rng, _COUNTED),
        "day": draws.pick(rng, draws.DAYS),
    }
    amount = 2 + int(rng.random() * 16)
    parts = [draws.pick(rng, _START).format(n=amount, **names)]
    steps = []
    for _ in range(1 + (rng.random() < 0.4)):
        if amount > 2 and (amount > 18 or rng.random() < 0.5):
            change = 2 + int(rng.random() * (amount - 2))
            frame, sign, result = draws.pick(rng, _LESS), "-", amount - change
        else:
            change = 2 + int(rng.random() * min(8, 19 - amount))
            frame, sign, result = draws.pick(rng, _MORE), "+", amount + change
        parts.append(frame.format(n=change, **names))
        steps.append(f"{amount} {sign} {change} = {result}.")
        amount = result
    parts.append(draws.pick(rng, _ASK).format(**names))
    return " ".join(parts), steps, str(amount)
