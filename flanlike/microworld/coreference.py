"""Who is meant? Two people, and a reason or an outcome that fits one of them."""

from dataclasses import dataclass
from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task


@dataclass(frozen=True, slots=True)
class _Riddle:
    """A sentence in two halves around the one who is meant, and what is said of that one."""

    before: str  # "Ada lent Bela a hammer because"
    said: str  # "needed one"
    claim: str  # "needed a hammer"
    right: str
    wrong: str


_CAUSES = tuple(
    (cause.cause.removeprefix("{who} "), cause.effect.removeprefix("{who} "))
    for cause in ontology.CAUSES
    if cause.effect.startswith("{who} ")
)
_NEEDS = (  # what is said of who takes, and of who gives; then as a claim
    ("needed one", "had two of them", "needed {a_thing}", "had two {things}"),
    ("asked for one", "did not need it", "asked for {a_thing}", "did not need the {thing}"),
    ("had none", "had too many", "was without {a_thing}", "had too many {things}"),
)

_ASIDES = (
    "{third} told us the story.",
    "{third} was there as well.",
    "We have it from {third}.",
    "{third} had gone home.",
)


def winogrande(rng: Random) -> task.Record:
    """A sentence with a gap that one of two names fills."""
    riddle = _riddle(rng, draws.pair(rng, draws.NAMES))
    return {
        "sentence": f"{riddle.before} _ {riddle.said}.",
        **draws.choices(rng, riddle.right, (riddle.wrong,)),
    }


def definite_pronoun_resolution(rng: Random) -> task.Record:
    """A sentence with a pronoun that stands for one of two people of its gender."""
    names = draws.people(rng)
    riddle = _riddle(rng, names)
    pronoun = draws.SUBJECT[names[0]]
    return {
        "sentence": f"{riddle.before} {pronoun} {riddle.said}.",
        "pronoun": pronoun,
        **draws.choices(rng, riddle.right, (riddle.wrong,)),
    }


def wnli(rng: Random, label: int) -> task.Record:
    """A sentence with a pronoun, and a claim with one of the two names in its place."""
    names = draws.people(rng)
    riddle = _riddle(rng, names)
    name = riddle.right if label == 1 else riddle.wrong
    return {
        "premise": f"{riddle.before} {draws.SUBJECT[names[0]]} {riddle.said}.",
        "hypothesis": f"{name} {riddle.claim}.",
        "label": label,
    }


def wsc(rng: Random, label: int) -> task.Record:
    """A sentence with its pronoun in brackets, and one of the two names: is it the one meant?"""
    names = draws.people(rng)
    riddle = _riddle(rng, names)
    pronoun = draws.SUBJECT[names[0]]
    return {
        "text": f"{riddle.before} [{pronoun}] {riddle.said}.",
        "span1": riddle.right if label == 1 else riddle.wrong,
        "span2": pronoun,
        "label": label,
    }


def wsc273(rng: Random) -> task.Record:
    """A sentence with a pronoun, as for definite pronoun resolution; other rows of the same."""
    return definite_pronoun_resolution(rng)


def gap(rng: Random, label: int) -> task.Record:
    """Three people of one gender and a pronoun: is it the first name, the second or neither?

    The third person stands beside the two whom the sentence is about, and is never meant.
    """
    *names, third = draws.several(rng, draws.WOMEN if rng.random() < 0.5 else draws.MEN, 3)
    riddle = _riddle(rng, (names[0], names[1]))
    pronoun = draws.SUBJECT[third]
    parts = [f"{riddle.before} [{pronoun}] {riddle.said}."]
    aside = draws.pick(rng, _ASIDES).format(third=third)
    parts.insert(rng.random() < 0.5, aside)
    if label == 2:
        shown = draws.pair(rng, (riddle.wrong, third))
    else:
        beside = riddle.wrong if rng.random() < 0.5 else third
        shown = (riddle.right, beside) if label == 0 else (beside, riddle.right)
    return {
        "text": " ".join(parts),
        "pronoun": pronoun,
        "first": shown[0],
        "second": shown[1],
        "options": [*shown, "neither of them"],
        "label": label,
    }


def _riddle(rng: Random, names: tuple[str, str]) -> _Riddle:
    share = rng.random()
    if share < 0.45:
        return _of_giving(rng, *names)
    if share < 0.85:
        return _of_traits(rng, *names)
    return _of_causes(rng, *names)


def _of_giving(rng: Random, giver: str, taker: str) -> _Riddle:
    gave, got = draws.pick(rng, ontology.GIVING)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    words = draws.pick(rng, _NEEDS)
    what = draws.A[thing]
    if rng.random() < 0.5:
        text = f"{giver} {gave} {taker} {what} because"
    else:
        text = f"{taker} {got} {what} from {giver} because"
    of_taker = rng.random() < 0.5
    claim = words[2 if of_taker else 3]
    return _Riddle(
        before=text,
        said=words[0 if of_taker else 1],
        claim=claim.format(thing=thing, a_thing=what, things=draws.PLURAL[thing]),
        right=taker if of_taker else giver,
        wrong=giver if of_taker else taker,
    )


def _of_traits(rng: Random, low: str, high: str) -> _Riddle:
    trait = draws.pick(rng, ontology.TRAITS)
    tense = "is" if rng.random() < 0.3 else "was"
    clauses = [f"{low} {tense} {draws.pick(rng, trait.low)}"]
    clauses.insert(rng.random() < 0.5, f"{high} {tense} {draws.pick(rng, trait.high)}")
    of_low = rng.random() < 0.5
    outcome = trait.low_outcome if of_low else trait.high_outcome
    return _Riddle(
        before=f"{clauses[0]} and {clauses[1]}, so",
        said=outcome,
        claim=outcome,
        right=low if of_low else high,
        wrong=high if of_low else low,
    )


def _of_causes(rng: Random, right: str, wrong: str) -> _Riddle:
    cause, effect = draws.pick(rng, _CAUSES)
    if rng.random() < 0.5:
        text = f"it was {right} and not {wrong} who {cause}, so"
    else:
        text = f"it was not {wrong} but {right} who {cause}, so"
    return _Riddle(
        before=text[0].upper() + text[1:], said=effect, claim=effect, right=right, wrong=wrong
    )
