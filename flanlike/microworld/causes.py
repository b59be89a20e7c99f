"""What leads to what: causes and effects in the lives of people."""

import re
from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_PAIRS = ontology.CAUSES
# Pairs of `ontology.CAUSES`, by what is told in them, of which the one could lead to the other.
_MIXED = (
    ("water the flowers", "planted seeds"),
    ("left the oven on", "touched the hot oven"),
    ("missed the train", "up all night"),
    ("missed the train", "lost the key"),
    ("missed the train", "ran in the rain"),
    ("missed the train", "broke a leg"),
    ("trained every day", "up all night"),
    ("trained every day", "studied hard"),
    ("trained every day", "broke a leg"),
    ("trained every day", "ran in the rain"),
    ("up all night", "studied hard"),
    ("up all night", "ran in the rain"),
    ("lost the key", "broke a leg"),
    ("missed the train", "spent all the money"),
    ("told a joke", "trained every day"),
    ("told a joke", "fed the stray cat"),
)
_SHARED_NOUN = re.compile(r"(her|his|the|the stray) (flowers|vase|cat)\b")


def _forms(clause: str) -> dict[bool, str]:
    """Returns the clause with pronouns, as of a woman (True) or a man (False).

    What cause and effect both name becomes a pronoun too, so that shared words tell nothing:
    "the vase of {who} broke" becomes "it broke".
    """
    forms = {}
    for is_female, (she, her, him) in (
        (True, ("she", "her", "her")),
        (False, ("he", "his", "him")),
    ):
        text = re.sub(r"\bthe (\w+) of \{who\}", rf"{her} \1", clause)
        text = re.sub(r"^\{who\}", she, text).replace("{who}", him)
        starts = text.startswith((f"{her} flowers", f"{her} vase", "the cat"))
        plural = "they" if starts else "them"
        text = _SHARED_NOUN.sub(
            lambda found, plural=plural: plural if found[2] == "flowers" else "it", text
        )
        forms[is_female] = text[0].upper() + text[1:] + "."
    return forms


_CAUSE_FORMS = [_forms(pair.cause) for pair in _PAIRS]
_EFFECT_FORMS = [_forms(pair.effect) for pair in _PAIRS]
_FEMALE = {person.name: person.is_female for person in ontology.PEOPLE}
_UNRELATED = tuple(
    tuple(
        index
        for index, pair in enumerate(_PAIRS)
        if pair is not other
        and not any(
            (a in pair.cause and b in other.cause) or (b in pair.cause and a in other.cause)
            for a, b in _MIXED
        )
    )
    for other in _PAIRS
)
# Pairs whose effect is something about the person who is the cause, by their index.
_ABOUT_ONE = tuple(index for index, pair in enumerate(_PAIRS) if pair.effect.startswith("{who} "))
_UNRELATED_ABOUT_ONE = {
    index: tuple(other for other in _UNRELATED[index] if other in _ABOUT_ONE)
    for index in _ABOUT_ONE
}
_OPENINGS = (
    "{who} had a long day.",
    "On {day} {who} was {at}.",
    "This is what we heard of {who}.",
    "{friend} met {who} on {day}.",
    "{who} and {friend} are friends.",
)
_CLOSINGS = (
    "{friend} saw it.",
    "It was on {day}.",
    "{friend} heard of it later.",
    "That is all we know.",
)
_EFFECT_QUESTIONS = (
    "What may have come of it?",
    "What happened next, most likely?",
    "What could {friend} hear next about {who}?",
)
_CAUSE_QUESTIONS = (
    "What may have happened before?",
    "Why did it come to that, most likely?",
    "What could {who} have done before?",
)

_STORY_STARTS = (
    "{who} got up early on {day}.",
    "This story is about {who}.",
    "{friend} tells this of {who}.",
    "One {day} {who} was {at}.",
)
_STORY_FILLERS = (
    "{friend} was not with {him} then.",
    "{friend} had gone away for a while.",
    "{friend} was busy at the time.",
    "{friend} had told {him} to take care.",
)
_STORY_TURNS = (
    "Some time went by.",
    "{friend} came to see what was up.",
    "Then came the next day.",
    "{who} thought about it for long.",
)


def copa(rng: Random) -> task.Record:
    """A cause or an effect; the other one of the pair or of an unrelated pair."""
    who = draws.pick(rng, draws.NAMES)
    index = int(rng.random() * len(_PAIRS))
    wrong = draws.pick(rng, _UNRELATED[index])
    asks_effect = rng.random() < 0.5
    told = _PAIRS[index].cause if asks_effect else _PAIRS[index].effect
    forms = _EFFECT_FORMS if asks_effect else _CAUSE_FORMS
    is_female = _FEMALE[who]
    return {
        "premise": draws.sentence(told.format(who=who)),
        "relation": "effect" if asks_effect else "cause",
        **draws.choices(rng, forms[index][is_female], (forms[wrong][is_female],)),
    }


def story_cloze(rng: Random) -> task.Record:
    """A story of four sentences with a cause in it; what came of it, or of an unrelated cause."""
    who, friend = draws.pair(rng, draws.NAMES)
    index = int(rng.random() * len(_PAIRS))
    wrong = draws.pick(rng, _UNRELATED[index])
    is_female = _FEMALE[who]
    place = draws.pick(rng, ontology.PLACES)
    names = {
        "who": who,
        "friend": friend,
        "him": "her" if is_female else "him",
        "day": draws.pick(rng, draws.DAYS),
        "at": draws.AT[place],
    }
    parts = [draws.pick(rng, texts) for texts in (_STORY_STARTS, _STORY_FILLERS, _STORY_TURNS)]
    parts.insert(1 if rng.random() < 0.5 else 2, draws.sentence(_PAIRS[index].cause))
    return {
        "story": " ".join(parts).format(**names),
        **draws.choices(rng, _EFFECT_FORMS[index][is_female], (_EFFECT_FORMS[wrong][is_female],)),
    }


def consequence(rng: Random, wrong_count: int) -> tuple[str, str, list[str]]:
    """Returns a cause about "{who}", what comes of it for that person, and what does not.

    ("{who} lost the key", "could not open the door", ["passed the exam"])
    """
    index = draws.pick(rng, _ABOUT_ONE)
    wrong = draws.several(rng, _UNRELATED_ABOUT_ONE[index], wrong_count)
    right, *others = (_PAIRS[i].effect.removeprefix("{who} ") for i in (index, *wrong))
    return _PAIRS[index].cause, right, others


def cosmos_qa(rng: Random) -> task.Record:
    """A short story with a cause or an effect, and a question for the other one; four options."""
    who, friend = draws.pair(rng, draws.NAMES)
    index = int(rng.random() * len(_PAIRS))
    wrong = draws.several(rng, _UNRELATED[index], 3)
    asks_effect = rng.random() < 0.5
    told = _PAIRS[index].cause if asks_effect else _PAIRS[index].effect
    forms = _EFFECT_FORMS if asks_effect else _CAUSE_FORMS
    names = {
        "who": who,
        "friend": friend,
        "day": draws.pick(rng, draws.DAYS),
        "at": draws.AT[draws.pick(rng, ontology.PLACES)],
    }
    parts = [draws.sentence(told.format(who=who))]
    share = rng.random()
    if share < 0.75:
        parts.insert(0, draws.pick(rng, _OPENINGS).format(**names))
    if share > 0.4:
        parts.append(draws.pick(rng, _CLOSINGS).format(**names))
    questions = _EFFECT_QUESTIONS if asks_effect else _CAUSE_QUESTIONS
    is_female = _FEMALE[who]
    return {
        "context": " ".join(parts),
        "question": draws.pick(rng, questions).format(**names),
        **draws.choices(rng, forms[index][is_female], [forms[i][is_female] for i in wrong]),
    }


def record(rng: Random) -> task.Record:
    """What four people did, and a sentence on what came of one of them; the options are all four.

    What happened to the other three does not lead to it, nor come of it.
    """
    names = draws.several(rng, draws.NAMES, 4)
    index = int(rng.random() * len(_PAIRS))
    beside = draws.several(rng, _UNRELATED[index], 3)
    asks_effect = rng.random() < 0.5
    told = [pair.cause if asks_effect else pair.effect for pair in map(_PAIRS.__getitem__, beside)]
    pair = _PAIRS[index]
    told.append(pair.cause if asks_effect else pair.effect)
    lines = [
        draws.sentence(clause.format(who=who)) for clause, who in zip(told, names, strict=True)
    ]
    asked = (pair.effect if asks_effect else pair.cause).format(who="@placeholder")
    lead = "That is why" if asks_effect else "We hear that before this"
    return {
        "passage": " ".join(draws.several(rng, lines, 4)),
        "query": f"{lead} {asked}.",
        **draws.choices(rng, names[3], names[:3]),
    }
