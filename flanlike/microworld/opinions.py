"""Sentiment: does somebody praise or blame?"""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

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


def sentiment140(rng: Random, label: int) -> task.Record:
    """A line to nobody in particular, or to somebody, about the things of one's own day."""
    is_denied = rng.random() < 0.2
    word = draws.pick(rng, _WORDS[1 - label if is_denied else label])
    frame = draws.pick(rng, _NEVER if is_denied else _POSTS)
    place = draws.pick(rng, ontology.PLACES)
    thing = draws.pick(rng, _THINGS)
    text = draws.pick(rng, _ADDRESSES) + frame.format(
        w=word,
        a_w=draws.A[word],
        what=f"my {draws.pick(rng, _PLAIN)} {thing}" if rng.random() < 0.5 else f"my {thing}",
        at=draws.AT[place],
        day=draws.pick(rng, draws.DAYS),
    )
    text += draws.pick(rng, ("", "", " #{place}", " #{thing}")).format(place=place, thing=thing)
    return {"text": text.replace("@", f"@{draws.pick(rng, draws.NAMES).lower()}"), "label": label}


def yelp_polarity_reviews(rng: Random, label: int) -> task.Record:
    """What a customer says of a business: judgements that agree, and what judges nothing."""
    place = draws.pick(rng, _BUSINESSES)
    words = draws.several(rng, _WORDS[label], 2)
    denied = draws.pick(rng, _WORDS[1 - label])
    topics = draws.several(rng, _TOPICS, 2)
    parts = [
        draws.pick(rng, _CUSTOMER).format(
            place=place, topic=topics[0], w=words[0], a_w=draws.A[words[0]]
        )
    ]
    if rng.random() < 0.4:
        parts.append(draws.pick(rng, _NOT_SO).format(topic=topics[1], w=denied))
    elif rng.random() < 0.5:
        parts.append(draws.pick(rng, _AND_ALSO).format(topic=topics[1], w=words[1]))
    fact = draws.pick(rng, _VISITS).format(
        at=draws.AT[place],
        who=draws.pick(rng, draws.NAMES),
        day=draws.pick(rng, draws.DAYS),
        a_thing=draws.A[draws.pick(rng, draws.GOODS_NAMES)],
        town=draws.pick(rng, _TOWNS),
    )
    parts.insert(0 if rng.random() < 0.7 else len(parts), fact)
    return {"text": " ".join(part[0].upper() + part[1:] for part in parts), "label": label}


_ADDRESSES = ("", "", "", "@ ", "hey @ ")
_POSTS = (
    "{what} is just {w}",
    "{what} was so {w} {at}",
    "{a_w} {day} with {what} {at}",
    "oh {w}, {what} again",
    "{what} {at} today, {w}",
    "{w}! and only {day}",
    "so {w} {at} right now",
    "got {what} back and it is {w}",
)
_NEVER = (
    "{what} is not even {w}",
    "not {w} {at} today",
    "never {w} {at} on {day}",
    "who said {what} is {w}? it is not",
)
_BUSINESSES = ("market", "bakery", "theatre", "library", "museum", "station", "workshop")
_TOPICS = ("food", "people", "prices", "music", "doors", "things")
_CUSTOMER = (
    "for {topic} it is {a_w} {place}.",
    "I call the {topic} of this {place} {w}.",
    "{w} {topic} for what one pays here.",
    "this is {a_w} {place}.",
    "to me the {topic} in here looked {w}.",
    "{a_w} place all in all.",
)
_NOT_SO = ("the {topic} are not {w}.", "and who calls the {topic} {w} has not been here.")
_AND_ALSO = ("the {topic} too: {w}.", "and the {topic}, how {w}!", "the {topic}, so {w}!")
_VISITS = (
    "on {day} I was {at} with {who}.",
    "we came for {a_thing} with {who}.",
    "{who} told me what there is {at} in {town}.",
    "I paid for {a_thing} and left.",
    "again {at}, and again on a {day}.",
)


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
