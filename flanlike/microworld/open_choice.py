"""Pairs of tasks with the same inputs and the same two options: only the instruction decides.

Each function returns a record's fields with the two answers: the first answers the first task of
the pair, the second the second. `variant` is 0 or 1 and decides what must not tell the answer: who
is named first, or which option is longer.
"""

from collections.abc import Callable
from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

Answers = tuple[task.Record, str, str]
Draw = Callable[[Random, int], task.Record]

_ADJECTIVES = tuple(
    (word, same[1 - index], opposite)
    for scale in ontology.SCALES
    for same, opposite in ((scale.low, scale.high), (scale.high, scale.low))
    for index, word in enumerate(same)
)
_COUNTS = ontology.SMALL_NUMBERS[2:13]
_COUNTED = tuple(draws.PLURAL[kind.name] for kind in draws.GOODS)
# Who came when, and what was done when: told in the order of time, or in the other order.
_ARRIVALS = (
    (
        "{early} came {to} before {late}.",
        "after {early} left, {late} came {to}.",
        "{early} was {at} and then {late} came.",
        "{early} left the room earlier than {late}.",
    ),
    (
        "{late} came {to} after {early}.",
        "before {late} came {to}, {early} was there.",
        "{late} was {at}, but {early} had been there before.",
        "{late} left the room later than {early}.",
    ),
)
_DEEDS = (
    (
        "{who} {v0} the {early} before {she} {v1} the {late}.",
        "after {who} {v0} the {early}, {she} {v1} the {late}.",
        "{who} {v0} the {early} and then {v1} the {late}.",
    ),
    (
        "{who} {v1} the {late} after {she} {v0} the {early}.",
        "before {who} {v1} the {late}, {she} {v0} the {early}.",
        "{who} {v1} the {late}, but not before {she} {v0} the {early}.",
    ),
)
_FINDINGS = (
    "{who} {past} {a_thing} {at}.",
    "{at}, {who} {past} {a_thing}.",
    "{at} {who} {past} the {adjective} {thing}.",
    "the {thing} is {at}, says {who}.",
    "{at} there is {a_thing}, says {who}.",
    "the {adjective} {thing} was {at} on {day}.",
    "on {day} {who} left the {thing} {at}.",
    "{at} one can see {a_thing} on {day}.",
)
_PLAIN = tuple(scale.low[0] for scale in ontology.SCALES) + ontology.COLOURS


def synonym_and_antonym(rng: Random, variant: int) -> Answers:
    """The word "small" with "little" and "big"."""
    word, same, opposite = draws.pick(rng, _ADJECTIVES)
    return {"word": word}, same, opposite[variant]


def giver_and_receiver(rng: Random, variant: int) -> Answers:
    """ "Leo got a small hat from Ada." with Ada and Leo; either may be named first."""
    giver, taker = draws.pair(rng, draws.NAMES)
    gave, got = draws.pick(rng, ontology.GIVING)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    what = draws.A[thing]
    if rng.random() < 0.3:
        adjective = draws.pick(rng, _PLAIN)
        what = f"{draws.A[adjective]} {thing}"
    if variant == 1:  # the taker is named first
        text = f"{taker} {got} {what} from {giver}."
    elif rng.random() < 0.5:
        text = f"{giver} {gave} {taker} {what}."
    else:
        text = f"{giver} {gave} {what} to {taker}."
    if rng.random() < 0.3:
        text = f"On {draws.pick(rng, draws.DAYS)} {text}"
    return {"passage": text}, giver, taker


def most_and_fewest(rng: Random, variant: int) -> Answers:
    """ "Ada has three plums and Leo has seven plums." with Leo and Ada."""
    high, low = draws.pair(rng, range(len(_COUNTS)))
    if high < low:
        high, low = low, high
    pairs = [_COUNTS[high], _COUNTS[low]]
    share = rng.random()
    names = draws.pair(rng, _COUNTED if share < 0.3 else draws.NAMES)
    first, second = variant, 1 - variant
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


def first_and_last(rng: Random, variant: int) -> Answers:
    """ "Ada came after Leo." with Leo and Ada; the one named first is as often the last."""
    is_person = rng.random() < 0.5
    frame = draws.pick(rng, (_ARRIVALS if is_person else _DEEDS)[variant])
    early, late = draws.pair(rng, draws.NAMES if is_person else draws.GOODS_NAMES)
    if is_person:
        place = draws.pick(rng, ontology.PLACES)
        text = frame.format(early=early, late=late, at=draws.AT[place], to=f"to the {place}")
    else:
        verbs = draws.pair(rng, draws.VERBS)
        who = draws.pick(rng, draws.NAMES)
        text = frame.format(
            early=early,
            late=late,
            who=who,
            she=draws.SUBJECT[who],
            v0=verbs[0].past,
            v1=verbs[1].past,
        )
    return {"passage": text[0].upper() + text[1:]}, early, late


def category_and_part(rng: Random, variant: int) -> Answers:
    """The thing "sparrow" with "bird" (or "animal") and "feathers"."""
    while True:
        kind = draws.pick(rng, ontology.KINDS)
        is_parent = rng.random() < 0.4
        category = ontology.PARENT_CATEGORY[kind.category] if is_parent else kind.category
        if _is_longer(category, kind.part, variant):
            break
    return {"thing": kind.name}, category, kind.part


def place_and_object(rng: Random, variant: int) -> Answers:
    """ "Ada found a hammer in the barn." with "barn" and "hammer"."""
    while True:
        place = draws.pick(rng, ontology.PLACES)
        thing = draws.pick(rng, draws.GOODS_NAMES)
        if _is_longer(place, thing, variant):
            break
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


def first_of(answers: Callable[[Random, int], Answers]) -> Draw:
    """Returns the generator of the pair's first task."""

    def draw(rng: Random, variant: int) -> task.Record:
        fields, right, wrong = answers(rng, variant)
        return fields | draws.choices(rng, right, (wrong,))

    return draw


def second_of(answers: Callable[[Random, int], Answers]) -> Draw:
    """Returns the generator of the pair's second task: the same inputs, the other answer."""

    def draw(rng: Random, variant: int) -> task.Record:
        fields, wrong, right = answers(rng, variant)
        record = fields | draws.choices(rng, wrong, (right,))
        return record | {"label": 1 - record["label"]}

    return draw


def _is_longer(one: str, two: str, variant: int) -> bool:
    """Returns whether the first is the longer (variant 1) or the shorter (variant 0)."""
    return len(one) > len(two) if variant == 1 else len(one) < len(two)
