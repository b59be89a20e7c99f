"""Sentiment: does somebody praise or blame?"""

from random import Random

from flanlike import task
from flanlike.microworld import draws, ontology

NEGATIVE, POSITIVE = 0, 1
_PRAISE = tuple(word for words in ontology.PRAISE for word in words)
_BLAME = tuple(word for words in ontology.BLAME for word in words)
_WORDS = (_BLAME, _PRAISE)  # by label
_PLAIN = tuple(word for scale in ontology.SCALES for word in scale.low + scale.high)
_PLAIN += ontology.COLOURS
_THINGS = tuple(kind.name for kind in ontology.KINDS)

# {w} is the judgement, {what} a thing ("the small lamp in the hall"), {who} a person.
_DIRECT = (
    "{what} is {w}.",
    "{what} was {w} from start to end.",
    "I find {what} {w}.",
    "{who} calls {what} {w}.",
    "how {w} {what} looks!",
    "we had {a_w} day with {what}.",
    "to {who}, {what} seems {w}.",
    "there is something {w} about {what}.",
    "{what} turned out to be {w}, says {who}.",
    "{a_w} sight, {what}.",
)
_DENIED = (
    "{what} is not {w} at all.",
    "{who} would never call {what} {w}.",
    "nobody finds {what} {w}.",
    "{what} is far from {w}.",
)
_SHOWS = ("play", "story", "song", "film", "book", "show")
_ASPECTS = ("first part", "last part", "music", "idea", "end", "cast", "language")
_VERDICTS = (
    "the {aspect} was {w}.",
    "I found the {aspect} {w}.",
    "how {w} the {aspect} was!",
    "its {aspect} is {w}.",
    "{who} thought the {aspect} {w}.",
    "the {aspect} was {w} and {w2}.",
    "what {a_w} {show}!",
)
_OPENINGS = (
    "we saw the {show} {place}.",
    "the {show} is by {who}.",
    "{who} gave me this {show}.",
    "I heard of the {show} on {day}.",
    "this {show} is about {thing}.",
    "it is {plain} {show} from {town}.",
)
_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())


def sst2(rng: Random, label: int) -> task.Record:
    """One sentence of praise or blame about a thing that has nothing to do with the label."""
    if rng.random() < 0.13:
        frame, word = draws.pick(rng, _DENIED), draws.pick(rng, _WORDS[1 - label])
    else:
        frame, word = draws.pick(rng, _DIRECT), draws.pick(rng, _WORDS[label])
    text = frame.format(
        what=_thing(rng), w=word, a_w=draws.A[word], who=draws.pick(rng, draws.NAMES)
    )
    return {"sentence": text[0].upper() + text[1:], "label": label}


def imdb_reviews(rng: Random, label: int) -> task.Record:
    """A short review: opinions that agree with each other, among facts that judge nothing."""
    show = draws.pick(rng, _SHOWS)
    aspects = draws.several(rng, _ASPECTS, 2)
    words = draws.several(rng, _WORDS[label], 4)
    verdicts = draws.pair(rng, _VERDICTS)
    parts = [
        verdicts[i].format(
            show=show,
            aspect=aspects[i],
            w=words[2 * i],
            w2=words[2 * i + 1],
            a_w=draws.A[words[2 * i]],
            who=draws.pick(rng, draws.NAMES),
        )
        for i in range(1 + (rng.random() < 0.7))
    ]
    fact = draws.pick(rng, _OPENINGS).format(
        show=show,
        who=draws.pick(rng, draws.NAMES),
        place=draws.AT[draws.pick(rng, ontology.PLACES)],
        day=draws.pick(rng, draws.DAYS),
        thing=draws.A[draws.pick(rng, _THINGS)],
        plain=draws.A[draws.pick(rng, _PLAIN)],
        town=draws.pick(rng, _TOWNS),
    )
    parts.insert(0 if rng.random() < 0.7 else len(parts), fact)
    return {"text": " ".join(part[0].upper() + part[1:] for part in parts), "label": label}


def _thing(rng: Random) -> str:
    thing = draws.pick(rng, _THINGS)
    if rng.random() < 0.3:
        thing = f"{draws.pick(rng, _PLAIN)} {thing}"
    share = rng.random()
    if share < 0.4:
        return f"the {thing}"
    if share < 0.75:
        return f"the {thing} {draws.AT[draws.pick(rng, ontology.PLACES)]}"
    return f"the {thing} of {draws.pick(rng, draws.NAMES)}"
