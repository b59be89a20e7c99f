"""Questions with the reasons for their answers: claims, choices, pairs of sentences, texts, sums.

Every reason is true in this world, and the answer follows from it by rule. Things and facts are
drawn so that each is met as often on the right side as on the wrong one.
"""

from collections.abc import Mapping, Sequence
from random import Random

from flanlike.microworld import draws, facts, ontology, statements
from flanlike.tasks import task

# A question, the reasons, the right answer and the wrong ones.
_Steps = tuple[str, list[str], str, list[str]]
_OBJECT_NAMES = frozenset(kind.name for kind in ontology.OBJECTS)
_OBJECT_PARTS = frozenset(kind.part for kind in ontology.OBJECTS)
_OWN = {  # each thing's own facts
    kind.name: {
        "a_thing": draws.A[kind.name],
        "category": kind.category,
        "part": kind.part,
        "use": kind.use,
        "at": draws.AT[kind.habitat],
    }
    for kind in ontology.KINDS
}

# What makes a claim about one thing true: how to draw it with a thing of which it is false, the
# wordings of the claim, and the fact that decides it.
_CLAIMS = (
    (
        facts.at_home,
        (
            "Whoever is {at} with {who} may well meet {a_thing}.",
            "{who} would look for {a_thing} {at}.",
        ),
        "{a_thing} is found {at}",
    ),
    (
        facts.with_part,
        ("The thing with {part} near {who} is {a_thing}.", "{who} knows {a_thing} by its {part}."),
        "{a_thing} has {part}",
    ),
    (
        facts.with_use,
        ("To {use}, {who} needs {a_thing}.", "{a_thing} helps {who} to {use}."),
        "{a_thing} is used to {use}",
    ),
    (
        facts.of_category,
        (
            "For {who}, {a_thing} counts as {a_category}.",
            "If {who} sees {a_thing}, {she} sees {a_category}.",
        ),
        "{a_thing} is a kind of {category}",
    ),
)
# Sentences about somebody that fit one thing and not another, and the fact that decides it.
_DEEDS = (
    (
        facts.at_home,
        ("{who} saw {a_thing} {at}.", "{who} went to look for {a_thing} {at}."),
        "{a_thing} is found {at}",
    ),
    (
        facts.with_use,
        ("{who} took {a_thing} to {use}.", "To {use}, {who} asked for {a_thing}."),
        "{a_thing} is used to {use}",
    ),
    (
        facts.with_part,
        ("{who} drew {a_thing} with {part}.", "{who} told us of {a_thing} and its {part}."),
        "{a_thing} has {part}",
    ),
)
_SCENES = (
    ("{who} {past} {a_first} {thing} {at}.", "The {thing} that {who} {same} was {second}."),
    ("{who} and {friend} {past} {a_first} {thing}.", "{friend} {same} {a_second} {thing}."),
    ("The {thing} of {who} is {first}, as {friend} says.", "{who} has {a_second} {thing}."),
    ("{at_start} {who} holds {a_first} {thing}.", "{who} is holding {a_second} {thing}."),
)
_OF_WORDS = (
    "{second} is only another word for {first}",
    "a thing that is {first} may be {second} or not",
    "a thing that is {first} cannot be {second}",
)
_RELATIONS = (statements.ENTAILED, statements.OPEN, statements.DENIED)
_COUNTED = tuple(draws.PLURAL[kind.name] for kind in draws.GOODS)
_EVERYDAY: facts.Frames = (
    (
        facts.with_use,
        ("{who} has to {use}. What will {she} look for?", "What is best if one has to {use}?"),
    ),
    (facts.use, ("{who} borrows {a_thing}. What may {she} want to do?",)),
    (facts.home, ("{who} lost {a_thing}. Where is {she} most likely to find it?",)),
    (facts.part, ("{who} paints {a_thing}. What will be seen on it?",)),
    (facts.with_part, ("{who} dreams of something with {part}. What could it be?",)),
)
_EVERYDAY_REASONS = {
    facts.with_use: "people use {a_thing} to {use}",
    facts.use: "people use {a_thing} to {use}",
    facts.home: "{a_thing} belongs {at}",
    facts.part: "{a_thing} comes with {part}",
    facts.with_part: "{a_thing} comes with {part}",
}


def cot_creak(rng: Random, label: int) -> task.Record:
    """A claim about one thing; its own fact decides, and one more says of what it would be true."""
    asking, claims, fact = draws.pick(rng, _CLAIMS)
    names, right, (wrong,) = asking(rng, 1)
    about = right if label == 1 else wrong
    who = draws.pick(rng, draws.NAMES)
    claim = draws.pick(rng, claims).format(
        **names | {"a_thing": draws.A[about], "a_category": draws.A[names["category"]]},
        who=who,
        she=draws.SUBJECT[who],
    )
    reasons = [fact.format(**_OWN[about])]
    if label == 0:
        reasons.append(fact.format(**names))
    return {"claim": _capital(claim), "rationale": _told(reasons), "label": label}


def cot_qasc(rng: Random) -> task.Record:
    """Eight options; two facts give the answer, and a third sentence says what they come to."""
    question, reasons, right, wrong = draws.pick(rng, _TWO_STEPS)(rng)
    return {"question": question, "rationale": _told(reasons), **draws.choices(rng, right, wrong)}


def cot_esnli(rng: Random, label: int) -> task.Record:
    """A scene and one claim about it; what the two words mean decides."""
    thing = draws.pick(rng, draws.GOODS_NAMES)
    first, second = statements.related_quality(rng, thing, _RELATIONS[label])
    who, friend = draws.pair(rng, draws.NAMES)
    verb = draws.pick(rng, draws.VERBS)
    at = draws.AT[draws.pick(rng, ontology.PLACES)]
    names = {
        "who": who,
        "friend": friend,
        "thing": thing,
        "past": verb.past,
        "same": verb.synonym_past,
        "at": at,
        "at_start": _capital(at),
        "first": first,
        "second": second,
        "a_first": draws.A[first],
        "a_second": draws.A[second],
    }
    premise, hypothesis = draws.pick(rng, _SCENES)
    return {
        "premise": premise.format(**names),
        "hypothesis": hypothesis.format(**names),
        "rationale": _told([_OF_WORDS[label].format(first=first, second=second)]),
        "label": label,
    }


def cot_sensemaking(rng: Random, label: int) -> task.Record:
    """Two sentences that differ in the thing; `label` says which of them is against the facts."""
    asking, texts, fact = draws.pick(rng, _DEEDS)
    names, right, (wrong,) = asking(rng, 1)
    text = draws.pick(rng, texts)
    who = draws.pick(rng, draws.NAMES)
    pair = [
        _capital(text.format(who=who, **names | {"a_thing": draws.A[thing]}))
        for thing in ((wrong, right) if label == 0 else (right, wrong))
    ]
    reasons = [fact.format(**_OWN[wrong]), fact.format(**names)]
    return {
        "sentence1": pair[0],
        "sentence2": pair[1],
        "rationale": _told(reasons),
        "label": label,
    }


def cot_aqua(rng: Random) -> task.Record:
    """What two people have together, or who has how much more; five numbers in a row as options."""
    who, friend = draws.pair(rng, draws.NAMES)
    what = draws.pick(rng, _COUNTED)
    one = 2 + int(rng.random() * 7)
    change = 1 + int(rng.random() * min(one - 1, 4))
    if rng.random() < 0.5:
        two, words, sign = one + change, "more", "+"
    else:
        two, words, sign = one - change, "fewer", "-"
    told = f"{who} has {one} {what}, and {friend} has {change} {words}."
    reasons = [f"{one} {sign} {change} = {two}"]
    if rng.random() < 0.7:
        answer = one + two
        reasons.append(f"{one} + {two} = {answer}")
        asked = f"How many {what} do they have together?"
    else:
        answer = two
        asked = f"How many {what} does {friend} have?"
    lowest = max(1, answer - int(rng.random() * 5))
    numbers = [str(lowest + step) for step in range(5)]
    label = answer - lowest
    wrong = [*numbers[:label], *numbers[label + 1 :]]
    return {
        "question": f"{told} {asked}",
        "rationale": _told(reasons),
        **draws.choices(rng, numbers[label], draws.several(rng, wrong, len(wrong))),
    }


def cot_qed(rng: Random) -> task.Record:
    """A text of two people's things; one sentence answers, and its "It" stands for one of them."""
    names = draws.pair(rng, draws.NAMES)
    things = draws.pair(rng, draws.GOODS_NAMES)
    told = []
    for name, thing in zip(names, things, strict=True):
        colour, at = draws.pick(rng, ontology.COLOURS), draws.AT[draws.pick(rng, ontology.PLACES)]
        subject = "It" if rng.random() < 0.5 else f"The {thing}"
        told.append(
            (f"{name} owns a {colour} {thing}.", f"{subject} is {at}.", subject, colour, at)
        )
    index = int(rng.random() * 2)
    meant = f"the {things[index]} of {names[index]}"
    owning, place, subject, colour, at = told[index]
    if rng.random() < 0.5:
        question, answer, line = f"Where is {meant}?", at, place
    else:
        question, answer, line = f"What colour is {meant}?", colour, owning
        subject = f"a {colour} {things[index]}"
    return {
        "passage": " ".join(f"{owning} {place}" for owning, place, *_ in told),
        "question": question,
        "rationale": f'The text says: "{line}" Here "{subject}" means "{meant}".',
        "references": [answer],
    }


def cos_e(rng: Random) -> task.Record:
    """Somebody's everyday question with five options, and the fact behind the answer."""
    asking, texts = draws.pick(rng, _EVERYDAY)
    names, right, wrong = asking(rng, 4)
    who = draws.pick(rng, draws.NAMES)
    question = draws.pick(rng, texts).format(who=who, she=draws.SUBJECT[who], **names)
    reason = _EVERYDAY_REASONS[asking].format(**names)
    return {"question": question, "rationale": _told([reason]), **draws.choices(rng, right, wrong)}


def _place_of_part(rng: Random) -> _Steps:
    names, right, wrong = facts.home(rng, 7)
    reasons = ["{a_thing} has {part}", "{a_thing} is found {at}", "what has {part} is found {at}"]
    texts = ("Where does one find the thing with {part}?", "Where is a thing with {part} at home?")
    return _steps(rng, texts, reasons, names, right, wrong)


def _part_of_use(rng: Random) -> _Steps:
    while (asked := facts.part(rng, 24))[0]["thing"] not in _OBJECT_NAMES:
        pass
    names, right, wrong = asked
    wrong = [part for part in wrong if part in _OBJECT_PARTS][:7]  # as often right as wrong
    if len(wrong) < 7:
        return _part_of_use(rng)
    reasons = [
        "{a_thing} is used to {use}",
        "{a_thing} has {part}",
        "what helps to {use} has {part}",
    ]
    texts = (
        "What belongs to the thing that helps to {use}?",
        "What is part of the thing that people use to {use}?",
    )
    return _steps(rng, texts, reasons, names, right, wrong)


def _capital_of_river(rng: Random) -> _Steps:
    names, right, wrong = facts.capital(rng, 7)
    reasons = _FLOWS, _RULES, "the {river} belongs to the land of {capital}"
    texts = ("To the land of which capital does the {river} belong?",)
    return _steps(rng, texts, reasons, names, right, wrong)


def _river_of_capital(rng: Random) -> _Steps:
    names, right, wrong = facts.river(rng, 7)
    reasons = _RULES, _FLOWS, "the land of {capital} has the river {river}"
    texts = ("Which river has the land that is ruled from {capital}?",)
    return _steps(rng, texts, reasons, names, right, wrong)


def _steps(
    rng: Random,
    texts: Sequence[str],
    reasons: Sequence[str],
    names: Mapping[str, str],
    right: str,
    wrong: list[str],
) -> _Steps:
    question = draws.pick(rng, texts).format(**names)
    return question, [reason.format(**names) for reason in reasons], right, wrong


_FLOWS, _RULES = "the {river} flows through {country}", "{capital} is the capital of {country}"
_TWO_STEPS = (_place_of_part, _part_of_use, _capital_of_river, _river_of_capital)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _told(reasons: list[str]) -> str:
    return " ".join(map(draws.sentence, reasons))
