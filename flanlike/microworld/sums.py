"""Small sums in words and equations: one or two steps, never above twenty or below zero."""

from random import Random

from flanlike.microworld import draws
from flanlike.tasks import task

_COUNTED = tuple(draws.PLURAL[kind.name] for kind in draws.GOODS)
_START = (
    "{who} has {n} {what}.",
    "{who} starts with {n} {what}.",
    "There are {n} {what} near {who}.",
)
_MORE = ("{friend} brings {n} more.", "Then {she} finds {n} more.", "{n} more come on {day}.")
_LESS = ("{friend} takes {n}.", "Then {n} get lost.", "On {day} {she} sells {n}.")
# Frames of one step: whether the answer is a sum of the two numbers, or their difference.
_ONE_STEP = (
    ("{who} bought {a} {what} and got {b} from {friend}. How many does {who} have in all?", True),
    ("{who} gave {a} {what} to {friend} and kept {b}. How many were there before?", True),
    ("Some {what} fell down. {a} broke and {b} did not. How many fell?", True),
    (
        "{who} had some {what}. {friend} brought {a}, so there are {b}. How many did {who} have "
        "before?",
        False,
    ),
    ("{who} wants {b} {what} but found {a} so far. How many are missing?", False),
    ("{b} {what} were on the table. Now {a} are left. How many are gone?", False),
)
# Frames and what they ask for.
_COMPARED = (
    ("{who} saw {more} {what}, and {friend} saw {less}. How many fewer did {friend} see?",
     "difference"),
    ("{who} counts {less} {what}. {friend} counts {difference} more than {who}. How many does "
     "{friend} count?", "more"),
    ("{who} picks {more} {what}. {friend} picks {difference} fewer. How many does {friend} pick?",
     "less"),
    ("Of {more} {what}, {less} belong to {who} and the others to {friend}. How many does "
     "{friend} have?", "difference"),
)  # fmt: skip
_SHARED = (
    ("{who} puts {each} {what} on each of {parts} shelves. How many are on the shelves?", "all"),
    ("{who} fills {parts} carts with {each} {what} each. How many {what} does {who} need?", "all"),
    ("{who} shares {all} {what} among {parts} friends. How many does each friend get?", "each"),
    ("{who} packs {all} {what} into boxes of {each}. How many boxes are full?", "parts"),
)
_UNKNOWNS = ("b", "d", "k", "n", "t", "w", "x", "z")
_BOUGHT = tuple(kind.name for kind in draws.GOODS)
_MORE_COINS = (
    "The {one} costs {a} coins, and {a_two} costs {b} more. How many coins does {a_two} cost?",
    "{who} pays {a} coins for the {one} and {b} for {a_two}. How many coins is that?",
)
_COINS_LEFT = (
    "{who} has {a} coins and buys {a_two} for {b}. How many coins does {who} keep?",
    "{who} and {friend} pay {a} coins for the {one}. {friend} pays {b}. How many does {who} pay?",
)
_TWICE = (
    "The {one} costs {a} coins, and {a_two} costs twice as much. How many coins is that?",
    "{who} has {a} coins, and {friend} has as many. How many coins do they have together?",
)
_ASK = ("How many {what} are there now?", "How many {what} are there in the end?")


def gsm8k(rng: Random) -> task.Record:
    """A story with one or two changes; the answer is the number in the end."""
    question, _, answer = _story(rng)
    return {"question": question, "references": [answer]}


def mgsm(rng: Random) -> task.Record:
    """The same sort of story; the micro-world has sums in English alone."""
    return {**gsm8k(rng), "language": "English"}


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


def math_dataset(rng: Random) -> task.Record:
    """An equation in one unknown with one step to its answer."""
    unknown = draws.pick(rng, _UNKNOWNS)
    answer = 1 + int(rng.random() * 15)
    share = rng.random()
    if share < 0.2 and answer <= 10:
        times = 2 + int(rng.random() * (20 // answer - 1))
        sides = [f"{times}*{unknown}", str(times * answer)]
    elif share < 0.6:
        more = 1 + int(rng.random() * (20 - answer))
        added = f"{unknown} + {more}" if rng.random() < 0.5 else f"{more} + {unknown}"
        sides = [added, str(answer + more)]
    else:
        less = 1 + int(rng.random() * answer)
        sides = [f"{unknown} - {less}", str(answer - less)]
    if rng.random() < 0.5:
        sides.reverse()
    return {
        "question": f"Solve {sides[0]} = {sides[1]} for {unknown}.",
        "references": [str(answer)],
    }


def mawps(rng: Random) -> task.Record:
    """One step, forward or back: what is asked for is the end, the beginning or the change."""
    who, friend = draws.pair(rng, draws.NAMES)
    less, more = _two_numbers(rng)
    text, is_sum = draws.pick(rng, _ONE_STEP)
    what = draws.pick(rng, _COUNTED)
    numbers = (less, more - less) if is_sum else (less, more)
    question = text.format(who=who, friend=friend, what=what, a=numbers[0], b=numbers[1])
    return {"question": question, "references": [str(more if is_sum else more - less)]}


def asdiv(rng: Random) -> task.Record:
    """One step over two people or equal shares: a sum, a difference, a product or a quotient."""
    who, friend = draws.pair(rng, draws.NAMES)
    what = draws.pick(rng, _COUNTED)
    share = rng.random()
    if share < 0.6:
        less, more = _two_numbers(rng)
        text, answer = draws.pick(rng, _COMPARED)
        numbers = {"less": less, "more": more, "difference": more - less}
    else:
        each = 2 + int(rng.random() * 8)
        parts = 2 + int(rng.random() * (20 // each - 1))
        text, answer = draws.pick(rng, _SHARED)
        numbers = {"each": each, "parts": parts, "all": each * parts}
    question = text.format(who=who, friend=friend, what=what, **numbers)
    return {"question": question, "references": [str(numbers[answer])]}


def aqua_rat(rng: Random) -> task.Record:
    """Coins that are paid, shared and left; five numbers to choose from, all as likely."""
    who, friend = draws.pair(rng, draws.NAMES)
    one, two = draws.pair(rng, _BOUGHT)
    right = 3 + int(rng.random() * 16)
    wrong: list[int] = []
    while len(wrong) < 4:
        number = 3 + int(rng.random() * 16)
        if number != right and number not in wrong:
            wrong.append(number)
    if right % 2 == 0 and rng.random() < 0.3:
        text, a, b = draws.pick(rng, _TWICE), right // 2, 0
    elif rng.random() < 0.5:
        text, a = draws.pick(rng, _MORE_COINS), 2 + int(rng.random() * (right - 2))
        b = right - a
    else:
        text, b = draws.pick(rng, _COINS_LEFT), 1 + int(rng.random() * (20 - right))
        a = right + b
    question = text.format(who=who, friend=friend, one=one, a_two=draws.A[two], a=a, b=b)
    return {"question": question, **draws.choices(rng, str(right), [str(n) for n in wrong])}


def _two_numbers(rng: Random) -> tuple[int, int]:
    """Returns two numbers, the smaller one first, with every difference from 1 to 16 as likely."""
    difference = 1 + int(rng.random() * 16)
    less = 2 + int(rng.random() * (19 - difference))
    return less, less + difference
