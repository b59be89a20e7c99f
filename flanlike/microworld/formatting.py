"""Text formatting: one or two sentences without their capitals, their marks or their blanks.

Each can be told from the words: names, days and the first word have capitals, a question begins
like one, and a cry begins with "What a".
"""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())
_PLAIN = tuple(word for scale in ontology.SCALES for word in (scale.low[0], scale.high[0]))
_MARKS = str.maketrans("", "", ",.?!")

_FRAMES = (
    "{who}, {friend} and {third} went to {town} on {day}.",
    "Is the {adjective} {thing} {at}, {who}?",
    "When {who} came to {town}, the {thing} was {adjective}.",
    "Yes, {friend} {past} {a_thing} on {day}.",
    "What {an_adjective} {thing} you have, {who}!",
    "On {day}, {who} and {friend} {past} {a_thing}.",
    "Who {past} the {thing}, {who} or {friend}?",
    "From {town}, {who} brought {a_thing}, {a_second} and {a_last}.",
    "No, the {adjective} {thing} is not {at}.",
    "After {day}, {who} will be in {town}.",
)


def true_case(rng: Random) -> task.Record:
    """One or two sentences in lower case."""
    text = _text(rng, 1 + int(rng.random() * 2))
    return {"text": text.lower(), "references": [text]}


def fix_punct(rng: Random) -> task.Record:
    """One or two sentences without their marks."""
    text = _text(rng, 1 + int(rng.random() * 2))
    return {"text": text.translate(_MARKS), "references": [text]}


def word_segment(rng: Random) -> task.Record:
    """One sentence without its blanks."""
    text = _text(rng, 1)
    return {"text": text.replace(" ", ""), "references": [text]}


def _text(rng: Random, sentences: int) -> str:
    return " ".join([_sentence(rng, frame) for frame in draws.several(rng, _FRAMES, sentences)])


def _sentence(rng: Random, frame: str) -> str:
    who, friend, third = draws.several(rng, draws.NAMES, 3)
    thing, second, last = draws.several(rng, draws.GOODS_NAMES, 3)
    adjective = draws.pick(rng, _PLAIN)
    return frame.format(
        who=who,
        friend=friend,
        third=third,
        thing=thing,
        a_thing=draws.A[thing],
        a_second=draws.A[second],
        a_last=draws.A[last],
        adjective=adjective,
        an_adjective=draws.A[adjective],
        past=draws.pick(rng, draws.VERBS).past,
        at=draws.AT[draws.pick(rng, ontology.PLACES)],
        town=draws.pick(rng, _TOWNS),
        day=draws.pick(rng, draws.DAYS),
    )
