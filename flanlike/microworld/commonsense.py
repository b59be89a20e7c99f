"""What everyone knows, put to use: ways to do things, what comes next, and what makes sense."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from flanlike.microworld import causes, draws, facts, ontology
from flanlike.tasks import task


@dataclass(frozen=True, slots=True)
class _Frame:
    """A fact that is asked for, and texts with a gap {x} for what is right or wrong of it.

    `forms` gives the form in which words stand in the gap ("owl" -> "an owl"), where it is another.
    """

    asking: Callable[[Random, int], facts.Asked]
    texts: tuple[str, ...]
    forms: Mapping[str, str] | None = None

    def form(self, word: str) -> str:
        return word if self.forms is None else self.forms[word]


# Ways to reach a goal, one of them by the right thing or at the right place.
_WAYS: tuple[tuple[_Frame, tuple[str, ...]], ...] = (
    (
        _Frame(
            facts.with_use,
            (
                "Go and get {x}.",
                "With {x} it will be easy.",
                "Ask {friend} for {x} and begin.",
                "Just take {x} in your hands.",
            ),
            draws.A,
        ),
        ("How can {who} {use}?", "{who} would love to {use}.", "Help {who} to {use} {there}."),
    ),
    (
        _Frame(
            facts.home,
            ("Have a look {x}.", "Wait for a while {x}.", "Spend a day {x} with {friend}."),
            draws.AT,
        ),
        (
            "{who} wants to see {a_thing}.",
            "Find {a_thing} for {who}.",
            "Paint {a_thing} with {who}.",
        ),
    ),
)
_SCENES: facts.Frames = (
    (
        facts.use,
        (
            "{who} got the {thing} back. Now it was easy for {her} to",
            "{who} had borrowed the {thing} from a friend. At last {she} could",
        ),
    ),
    (
        facts.home,
        (
            "{who} wished to see {a_thing}. So {she} set out and came to the",
            "{who} had to find {a_thing} for a friend. It was not far to the",
        ),
    ),
)
_LINKS = ("Because of this {she}", "And what do you think? On {day} {she}", "So, that {day}, {she}")
_PROMPTS: facts.Frames = (
    (facts.part, ("{who} drew {a_thing}. {She} began with its", "{who} likes {things} for their")),
    (facts.with_use, ("{who} had to {use} all day. What {she} used for it was the",)),
    (facts.category, ("{who} has {a_thing}. In a shop they would call it a sort of",)),
    (facts.at_home, ("{who} sat {at} for a long time. What {she} saw first was the",)),
    (facts.capital, ("{who} wants to visit the king of {country}. So {she} buys a map of",)),
    (facts.river, ("{who} swims in a river in {country}. The water {she} is in belongs to the",)),
)
_SENSE = (
    _Frame(facts.with_use, ("{who} used the {x} of {friend} to {use}",)),
    _Frame(facts.use, ("{who} took {a_thing} to {x} with it",)),
    _Frame(facts.home, ("{who} saw {a_thing} that was {x} all day",), draws.AT),
    _Frame(
        facts.part, ("{who} touched the {x} of {a_thing}", "{who} looked at {a_thing} with {x}")
    ),
    _Frame(facts.with_part, ("{who} saw the {part} of {x}",), draws.A),
    _Frame(facts.category, ("{who} made {friend} a list of every {x}, and {a_thing} was on it",)),
)
_NAMED_VERBS = tuple(verb for verb in draws.VERBS if verb.base not in ("take", "find"))


def piqa(rng: Random) -> task.Record:
    """A goal, and two ways to it that differ in one word."""
    frame, goals = draws.pick(rng, _WAYS)
    names, right, wrong = frame.asking(rng, 1)
    who, friend = draws.pair(rng, draws.NAMES)
    there = draws.AT[draws.pick(rng, ontology.PLACES)]
    text = draws.pick(rng, frame.texts)
    ways = [text.format(x=frame.form(word), friend=friend) for word in (right, *wrong)]
    goal = draws.pick(rng, goals).format(who=who, there=there, **names)
    return {"goal": goal, **draws.choices(rng, ways[0], ways[1:])}


def hellaswag(rng: Random) -> task.Record:
    """A scene that breaks off, and four ways to go on."""
    if rng.random() < 0.5:
        return _scene_of_a_cause(rng)
    asking, texts = draws.pick(rng, _SCENES)
    names, right, wrong = asking(rng, 3)
    context = draws.pick(rng, texts).format(**_person(rng), **names)
    return {"context": context, **draws.choices(rng, right, wrong)}


def codah(rng: Random) -> task.Record:
    """A fact told up to its last word, and four words to end it."""
    asking, texts = draws.pick(rng, _PROMPTS)
    names, right, wrong = asking(rng, 3)
    context = draws.pick(rng, texts).format(**_person(rng), **names)
    return {"context": context, **draws.choices(rng, right, wrong)}


def sense_making(rng: Random, label: int) -> task.Record:
    """Two sentences that differ in one word; the one of number `label` makes sense."""
    frame = draws.pick(rng, _SENSE)
    names, right, wrong = frame.asking(rng, 1)
    who, friend = draws.pair(rng, draws.NAMES)
    text = draws.pick(rng, frame.texts)
    pair = [
        draws.sentence(text.format(x=frame.form(word), who=who, friend=friend, **names))
        for word in (right, *wrong)
    ]
    if label == 1:
        pair.reverse()
    return {"sentence1": pair[0], "sentence2": pair[1], "label": label}


def social_i_qa(rng: Random) -> task.Record:
    """What happened between three people, and a question that one of them answers."""
    share = rng.random()
    people = draws.several(rng, draws.NAMES, 3)
    if share < 0.35:
        context, questions = _handing_on(rng, people)
    elif share < 0.65:
        context, questions = _tastes(rng, people)
    else:
        context, questions = _traits(rng, people)
    asked = int(rng.random() * 3)
    options = draws.several(rng, people, 3)
    return {
        "context": context,
        "question": questions[asked],
        "options": options,
        "label": options.index(people[asked]),
    }


def mc_taco(rng: Random, member: int) -> task.Record:
    """Five events in a row, and whether one of the others came before, or after, the third.

    The four others are the members of a group, two of them on either side of the third.
    """
    who = draws.pick(rng, draws.NAMES)
    she = draws.SUBJECT[who]
    verbs = draws.several(rng, _NAMED_VERBS, 5)
    things = draws.several(rng, draws.GOODS_NAMES, 5)
    events = [f"{verb.past} the {thing}" for verb, thing in zip(verbs, things, strict=True)]
    if rng.random() < 0.5:
        first, second, third, fourth, last = events
        sentence = f"{who} {first}, then {second}, then {third}, then {fourth} and then {last}."
    else:
        last, fourth, third, second, first = events
        sentence = (
            f"{who} {first}. Before that {she} {second}, before that {third}, "
            f"before that {fourth}, and before it all {last}."
        )
    asks_before = rng.random() < 0.5
    word = "before" if asks_before else "after"
    question = f"What did {who} do {word} {she} {verbs[2].synonym_past} the {things[2]}?"
    order = draws.several(rng, (0, 1, 3, 4), 4)
    chosen = order[member]
    return {
        "sentence": sentence,
        "question": question,
        "candidate": f"{she} {verbs[chosen].synonym_past} the {things[chosen]}",
        "label": int((chosen < 2) == asks_before),
        "group": f"{sentence} {question}",
    }


def _person(rng: Random) -> dict[str, str]:
    who = draws.pick(rng, draws.NAMES)
    she = draws.SUBJECT[who]
    her = "her" if she == "she" else "him"
    return {"who": who, "she": she, "She": she.capitalize(), "her": her}


def _scene_of_a_cause(rng: Random) -> task.Record:
    cause, right, wrong = causes.consequence(rng, 3)
    person = _person(rng)
    link = draws.pick(rng, _LINKS).format(day=draws.pick(rng, draws.DAYS), **person)
    context = f"{draws.sentence(cause.format(**person))} {link}"
    return {"context": context, **draws.choices(rng, right, wrong)}


def _handing_on(rng: Random, people: list[str]) -> tuple[str, tuple[str, str, str]]:
    """Returns who gave what to whom while somebody was there, and a question for each of them."""
    giver, taker, third = people
    gave, got = draws.pick(rng, ontology.GIVING)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    what = draws.A[thing]
    if rng.random() < 0.5:
        told = f"{giver} {gave} {taker} {what}"
    else:
        told = f"{taker} {got} {what} from {giver}"
    told = f"{told}, and {third} saw it." if rng.random() < 0.5 else f"{third} saw that {told}."
    return told, (
        f"Who had the {thing} before?",
        f"With whom is the {thing} now?",
        f"Who never had the {thing}?",
    )


def _tastes(rng: Random, people: list[str]) -> tuple[str, tuple[str, str, str]]:
    """Returns what two people say of a thing that a third does not know."""
    fond, sour, third = people
    thing = draws.pick(rng, draws.GOODS_NAMES)
    praise = draws.pick(rng, draws.pick(rng, ontology.PRAISE))
    blame = draws.pick(rng, draws.pick(rng, ontology.BLAME))
    clauses = [
        f"{fond} called the {thing} {praise}",
        f"{sour} called the {thing} {blame}",
        f"{third} did not know the {thing}",
    ]
    one, two, three = draws.several(rng, clauses, 3)
    return f"{one}, {two} and {three}.", (
        f"Who would be glad of the {thing}?",
        f"Who would throw the {thing} away?",
        f"Who may ask what the {thing} is like?",
    )


def _traits(rng: Random, people: list[str]) -> tuple[str, tuple[str, str, str]]:
    """Returns how three people were, two of them opposite, and what may come of each."""
    trait, beside = draws.pair(rng, ontology.TRAITS)
    is_low = rng.random() < 0.5
    words = (trait.low, trait.high, beside.low if is_low else beside.high)
    outcomes = (
        trait.low_outcome,
        trait.high_outcome,
        beside.low_outcome if is_low else beside.high_outcome,
    )
    clauses = [
        f"{name} was {draws.pick(rng, word)}" for name, word in zip(people, words, strict=True)
    ]
    one, two, three = draws.several(rng, clauses, 3)
    first, second, third = (f"Who do you think {outcome}?" for outcome in outcomes)
    return f"{one}, {two} and {three}.", (first, second, third)
