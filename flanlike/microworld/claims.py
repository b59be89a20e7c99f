"""Is it so? Claims and yes-or-no questions about the world's facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from flanlike.microworld import draws, facts, quiz
from flanlike.tasks import task


@dataclass(frozen=True, slots=True)
class _Claim:
    """A fact, and texts with a gap {x} that hold if it is filled rightly, or only if wrongly."""

    asking: Callable[[Random, int], facts.Asked]
    holds: tuple[str, ...]
    fails: tuple[str, ...] = ()
    forms: Mapping[str, str] | None = None


_CREAK = (
    _Claim(facts.use, ("{a_thing} is good for those who have to {x}.",)),
    _Claim(facts.with_use, ("those who have to {use} look for {x}.",), forms=draws.A),
    _Claim(facts.part, ("if it has {x}, it could be {a_thing}.",)),
    _Claim(facts.with_part, ("you may see {part} when you look at {x}.",), forms=draws.A),
    _Claim(facts.home, ("whoever wants {a_thing} has to go and look {x}.",), forms=draws.AT),
    _Claim(facts.category, ("a list of every {x} has {a_thing} in it.",)),
    _Claim(facts.capital, ("the people of {country} say that {x} is their capital.",)),
    _Claim(facts.river, ("boats in {country} sail on the {x}.",)),
)
_YES_NO = (
    _Claim(
        facts.category,
        (
            "would you say that {a_thing} is some sort of {x}?",
            "{things} count as some sort of {x}.",
        ),
        ("{a_thing} does not count as any sort of {x}.",),
    ),
    _Claim(
        facts.home,
        ("should one look for {a_thing} {x}?", "to look for {a_thing} {x} is a good idea."),
        ("to look for {a_thing} {x} is a bad idea.", "is it a bad idea to wait for {things} {x}?"),
        draws.AT,
    ),
    _Claim(
        facts.use,
        ("could {a_thing} help somebody to {x}?", "it is easier to {x} with {a_thing}."),
        ("{a_thing} is not of help if one wants to {x}.",),
    ),
    _Claim(
        facts.part,
        ("does {a_thing} come with {x}?", "{things} come with {x}."),
        ("{things} come without {x}.", "is it true that {things} lack {x}?"),
    ),
    _Claim(
        facts.capital,
        ("is {country} ruled from the town of {x}?", "the king of {country} sits in {x}."),
        ("{x} is far from the king of {country}.",),
    ),
    _Claim(
        facts.river,
        ("can you swim in the {x} while you are in {country}?", "{country} has the {x}."),
        ("you have to leave {country} to swim in the {x}.",),
    ),
)


def creak(rng: Random, label: int) -> task.Record:
    """A claim that holds or not."""
    return {"claim": _told(rng, draws.pick(rng, _CREAK), label == 1), "label": label}


def commonsense_qa_2(rng: Random, label: int) -> task.Record:
    """A question or a claim, half of them turned into their opposite."""
    claim = draws.pick(rng, _YES_NO)
    return {"question": _told(rng, claim, label == 1), "label": label}


def strategy_qa(rng: Random, label: int) -> task.Record:
    """A question that two facts decide together, as in the task that tells the facts as well."""
    record = quiz.cot_strategyqa(rng, label)
    return {"question": record["question"], "label": record["label"]}


def _told(rng: Random, claim: _Claim, is_true: bool) -> str:
    names, right, wrong = claim.asking(rng, 1)
    is_turned = bool(claim.fails) and rng.random() < 0.5
    word = right if is_true != is_turned else wrong[0]
    text = draws.pick(rng, claim.fails if is_turned else claim.holds)
    shown = word if claim.forms is None else claim.forms[word]
    return draws.sentence(text.format(x=shown, **names), end="")
