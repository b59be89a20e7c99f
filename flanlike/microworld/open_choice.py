"""Pairs of tasks with the same inputs and the same two options: only the instruction decides.

Each function returns a record's fields with the two answers: the first answers the first task of
the pair, the second the second.
"""

from collections.abc import Callable
from random import Random

from flanlike import task
from flanlike.microworld import draws, ontology

Answers = tuple[task.Record, str, str]

_ADJECTIVES = tuple(
    (word, same[1 - index], opposite)
    for scale in ontology.SCALES
    for same, opposite in ((scale.low, scale.high), (scale.high, scale.low))
    for index, word in enumerate(same)
)
_COUNTS = ontology.SMALL_NUMBERS[2:13]
_COUNTED = tuple(draws.PLURAL[kind.name] for kind in draws.GOODS)
_ARRIVALS = (
    ("{0} came {to} before {1}.", False),
    ("{0} came {to} after {1}.", True),
    ("before {1} came {to}, {0} was there.", False),
    ("after {1} left, {0} came {to}.", True),
    ("{0} was {at} and then {1} came.", False),
    ("{0} left the room later than {1}.", True),
    ("{0} left the room earlier than {1}.", False),
)
_DEEDS = (
    ("{who} {v0} the {0} before {she} {v1} the {1}.", False),
    ("{who} {v0} the {0} after {she} {v1} the {1}.", True),
    ("before {who} {v1} the {1}, {she} {v0} the {0}.", False),
    ("after {who} {v1} the {1}, {she} {v0} the {0}.", True),
    ("{who} {v0} the {0} and then {v1} the {1}.", False),
    ("{who} {v0} the {0}, but not before {she} {v1} the {1}.", True),
)
_FINDINGS = (
    "{who} {past} {a_thing} {at}.",
    "{at}, {who} {past} {a_thing}.",
    "{at} {who} {past} the {adjective} {thing}.",
    "the {thing} is {at}, says {who}.",
    "{at} there is {a_thing}, says {who}.",
    "the {adjective} {thing} was {at} on {day}.",
    "on {day} {who} left the {thing} {at}.",
)
_PLAIN = tuple(scale.low[0] for scale in ontology.SCALES) + ontology.COLOURS


def synonym_and_antonym(rng: Random) -> Answers:
    """The word "small" with "little" and "big"."""
    word, same, opposite = draws.pick(rng, _ADJECTIVES)
    return {"word": word}, same, opposite[rng.random() < 0.5]


def giver_and_receiver(rng: Random) -> Answers:
    """ "Leo got a small hat from Ada." with Ada and Leo; either may be named first."""
    giver, taker = draws.pair(rng, draws.NAMES)
    gave, got = draws.pick(rng, ontology.GIVING)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    what = draws.A[thing]
    if rng.random() < 0.3:
        adjective = draws.pick(rng, _PLAIN)
        what = f"{draws.A[adjective]} {thing}"
    share = rng.random()
    # Each of the two is named first in half of the passages, and each verb takes its share.
    if share < 0.25:
        text = f"{giver} {gave} {taker} {what}."
    elif share < 0.5:
        text = f"{giver} {gave} {what} to {taker}."
    else:
        text = f"{taker} {got} {what} from {giver}."
    if rng.random() < 0.3:
        text = f"On {draws.pick(rng, draws.DAYS)} {text}"
    return {"passage": text}, giver, taker


def most_and_fewest(rng: Random) -> Answers:
    """ "Ada has three plums and Leo has seven plums." with Leo and Ada."""
    high, low = draws.pair(rng, range(len(_COUNTS)))
    if high < low:
        high, low = low, high
    pairs = [_COUNTS[high], _COUNTS[low]]
    share = rng.random()
    names = draws.pair(rng, _COUNTED if share < 0.3 else draws.NAMES)
    first, second = (0, 1) if rng.random() < 0.5 else (1, 0)
    counts, owners = (pairs[first], pairs[second]), (names[first], names[second])
    if share < 0.3:
        place = draws.AT[draws.pick(rng, ontology.PLACES)]
        text = f"{place} there are {counts[0]} {owners[0]} and {counts[1]} {owners[1]}."
    else:
        what = draws.pick(rng, _COUNTED)
        if share < 0.65:
            text = f"{owners[0]} has {counts[0]} {what} and {owners[1]} has {counts[1]} {what}."
        elif share < 0.85:
            text = f"{counts[0]} {what} are for {owners[0]} and {counts[1]} for {owners[1]}."
        else:
            verb = draws.pick(rng, draws.VERBS).past
            text = f"{owners[0]} {verb} {counts[0]} {what}, {owners[1]} {counts[1]}."
    return {"passage": text[0].upper() + text[1:]}, names[0], names[1]


def first_and_last(rng: Random) -> Answers:
    """ "Ada came after Leo." with Leo and Ada; the one named first is as often the last."""
    is_person = rng.random() < 0.5
    frames = _ARRIVALS if is_person else _DEEDS
    # Frames in which the first slot is last, and those in which it is first, are equally likely.
    is_turned = rng.random() < 0.5
    while (frame := draws.pick(rng, frames))[1] != is_turned:
        pass
    early, late = draws.pair(rng, draws.NAMES if is_person else draws.GOODS_NAMES)
    slots = (late, early) if is_turned else (early, late)
    if is_person:
        place = draws.pick(rng, ontology.PLACES)
        text = frame[0].format(*slots, at=draws.AT[place], to=f"to the {place}")
    else:
        verbs = draws.pair(rng, draws.VERBS)
        who = draws.pick(rng, draws.NAMES)
        text = frame[0].format(
            *slots, who=who, she=draws.SUBJECT[who], v0=verbs[0].past, v1=verbs[1].past
        )
    return {"passage": text[0].upper() + text[1:]}, early, late


def category_and_part(rng: Random) -> Answers:
    """The thing "sparrow" with "bird" and "feathers"."""
    kind = draws.pick(rng, ontology.KINDS)
    return {"thing": kind.name}, kind.category, kind.part


def place_and_object(rng: Random) -> Answers:
    """ "Ada found a hammer in the barn." with "barn" and "hammer"."""
    place = draws.pick(rng, ontology.PLACES)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    text = draws.pick(rng, _FINDINGS).format(
        who=draws.pick(rng, draws.NAMES),
        past=draws.pick(rng, draws.VERBS).past,
        thing=thing,
        a_thing=draws.A[thing],
        adjective=draws.pick(rng, _PLAIN),
        at=draws.AT[place],
        day=draws.pick(rng, draws.DAYS),
    )
    return {"passage": text[0].upper() + text[1:]}, place, thing


def first_of(answers: Callable[[Random], Answers]) -> Callable[[Random], task.Record]:
    """Returns the generator of the pair's first task."""

    def draw(rng: Random) -> task.Record:
        fields, right, wrong = answers(rng)
        return fields | draws.choices(rng, right, (wrong,))

    return draw


def second_of(answers: Callable[[Random], Answers]) -> Callable[[Random], task.Record]:
    """Returns the generator of the pair's second task: the same inputs, the other answer."""

    def draw(rng: Random) -> task.Record:
        fields, wrong, right = answers(rng)
        record = fields | draws.choices(rng, wrong, (right,))
        return record | {"label": 1 - record["label"]}

    return draw
