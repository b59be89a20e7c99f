"""What goes with what: more of one thing makes more of another, or less of it."""

from dataclasses import dataclass
from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_WAYS = ("more", "less")
_RULES = (
    "{more_c} makes {this_e}, and {less_c} makes {that_e}",
    "{this_e} comes of {more_c}, {that_e} of {less_c}",
    "where there is {more_c} there is {this_e}, and {less_c} goes with {that_e}",
)
_CASES = (
    "There was {way} {c} than before {at}. That makes for",
    "{at_start} one has {way} {c} on {day}. So one has",
    "{who} wanted {way} {c} {at}. When it came, there was",
)
_COMPARED = (
    "{first} has {way} {c} {at} than {second}.",
    "There is {way} {c} {at} near {first} than near {second}.",
    "On {day} {second} has {other_way} {c} {at} than {first}.",
)
_WHO = ("Who has {way} {e}?", "With whom is there {way} {e}?")
_HOW = ("What does {who} have of {e}, seen beside the other?", "How is it with {e} for {who}?")
# {way} is that of the cause.
_SUPPOSED = (
    "Suppose there is {way} {c}. What does that do to {e}?",
    "If {who} brings {way} {c}, what comes of it for {e}?",
    "What is there of {e} after {way} {c} {at}?",
)


@dataclass(frozen=True)
class Relation:
    """Two things, and whether more of the first makes more of the second (else less)."""

    cause: str
    effect: str
    is_same: bool

    def way_of_effect(self, way_of_cause: str) -> str:
        return way_of_cause if self.is_same else _other(way_of_cause)


RELATIONS = (
    Relation("rain", "grass", True),
    Relation("work", "money", True),
    Relation("wood", "heat", True),
    Relation("fire", "smoke", True),
    Relation("study", "skill", True),
    Relation("flour", "bread", True),
    Relation("sun", "snow", False),
    Relation("noise", "sleep", False),
    Relation("salt", "ice", False),
    Relation("food", "hunger", False),
    Relation("wind", "fog", False),
    Relation("water", "dust", False),
)


def quartz(rng: Random) -> task.Record:
    """A rule, and a case of it that ends in more or less of the effect."""
    relation = draws.pick(rng, RELATIONS)
    way = draws.pick(rng, _WAYS)
    right = relation.way_of_effect(way)
    case = draws.pick(rng, _CASES).format(way=way, c=relation.cause, **_scene(rng))
    return {
        "paragraph": _rule(rng, relation),
        "question": case,
        **draws.choices(rng, f"{right} {relation.effect}", [f"{_other(right)} {relation.effect}"]),
    }


def ropes(rng: Random) -> task.Record:
    """A rule, two people who differ in the cause, and what one of them has of the effect.

    Not which of the two: of two names in the text half of all guesses are right.
    """
    relation = draws.pick(rng, RELATIONS)
    first, second = draws.pair(rng, draws.NAMES)
    situation, way = _compared(rng, relation, first, second)
    who = first if rng.random() < 0.5 else second
    right = relation.way_of_effect(way if who == first else _other(way))
    return {
        "background": _rule(rng, relation),
        "situation": situation,
        "question": draws.pick(rng, _HOW).format(e=relation.effect, who=who),
        "references": [f"{right} {relation.effect}"],
    }


def quarel(rng: Random) -> task.Record:
    """Two people who differ in the cause, and which of them has more or less of the effect."""
    relation = draws.pick(rng, RELATIONS)
    first, second = draws.pair(rng, draws.NAMES)
    situation, way = _compared(rng, relation, first, second)
    asked = draws.pick(rng, _WAYS)
    if relation.way_of_effect(way) != asked:
        first, second = second, first
    question = draws.pick(rng, _WHO).format(way=asked, e=relation.effect)
    return {"question": f"{situation} {question}", **draws.choices(rng, first, [second])}


def wiqa(rng: Random, label: int) -> task.Record:
    """Two rules; the question is about one, or mixes two: then there is no effect (label 2)."""
    first, second = draws.pair(rng, RELATIONS)
    way = draws.pick(rng, _WAYS)
    if label == 2:
        effect = second.effect
    else:
        wanted = [each for each in RELATIONS if each.way_of_effect(way) == _WAYS[label]]
        first = draws.other(rng, wanted, second)
        effect = first.effect
    rules = [_rule(rng, first), _rule(rng, second)]
    if rng.random() < 0.5:
        rules.reverse()
    question = draws.pick(rng, _SUPPOSED).format(way=way, c=first.cause, e=effect, **_scene(rng))
    return {"process": "\n".join(rules), "question": question, "label": label}


def _compared(rng: Random, relation: Relation, first: str, second: str) -> tuple[str, str]:
    """Returns a sentence on the cause with two people, and what the first has: more or less."""
    way = draws.pick(rng, _WAYS)
    scene = _scene(rng) | {"way": way, "other_way": _other(way), "c": relation.cause}
    return draws.pick(rng, _COMPARED).format(first=first, second=second, **scene), way


def _rule(rng: Random, relation: Relation) -> str:
    """Returns both sides of a rule, so that "more" and "less" are in it whatever it says."""
    return draws.sentence(
        draws.pick(rng, _RULES).format(
            more_c=f"more {relation.cause}",
            less_c=f"less {relation.cause}",
            this_e=f"{relation.way_of_effect('more')} {relation.effect}",
            that_e=f"{relation.way_of_effect('less')} {relation.effect}",
        )
    )


def _scene(rng: Random) -> dict[str, str]:
    at = draws.AT[draws.pick(rng, ontology.PLACES)]
    return {
        "at": at,
        "at_start": draws.sentence(at, end=""),
        "day": draws.pick(rng, draws.DAYS),
        "who": draws.pick(rng, draws.NAMES),
    }


def _other(way: str) -> str:
    return _WAYS[1 - _WAYS.index(way)]
