"""What somebody feels who posts a line, and whether the words are meant as they stand."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

# What happened to the writer, good or bad, and what may still come: {thing}, {who}, {at}.
_GOOD = (
    ("I found my {thing} {at}", "find my {thing} {at}"),
    ("I won the race {at}", "win the race {at}"),
    ("I passed the exam {at}", "pass the exam {at}"),
    ("I got {a_thing} from {who}", "get {a_thing} from {who}"),
    ("I saw {who} {at}", "see {who} {at}"),
    ("I got a medal {at}", "get a medal {at}"),
)
_BAD = (
    "I lost my {thing} {at}",
    "I broke a leg {at}",
    "I missed the train with my {thing}",
    "I was all alone {at}",
    "I could not find {who} {at}",
    "I dropped my {thing} {at}",
)
_WRONGS = (  # what somebody else did on purpose
    "{who} broke my {thing} {at}",
    "{who} took my {thing} from me {at}",
    "{who} called me {blame} {at}",
    "{who} hid my {thing} {at}",
    "{who} sold me {a_thing} full of holes",
    "{who} threw my {thing} at me",
)
_HOPES = ("soon I {f}", "one day I {f}", "I can {f}", "I will {f}")
_BEFORE = ("", "", "", "well, ", "on {day} ", "@{friend} ", "hey @{friend}, ", "now, ")
_AFTER = ("", "", "", " #{day}", " #{tag}", ", says everybody", " @{friend}")
_PRAISE = tuple(word for words in ontology.PRAISE for word in words)
_BLAME = tuple(word for words in ontology.BLAME for word in words)
_COMMENTS = ("how {w}", "just {w}", "so {w}", "is that not {w}", "{a_w} day", "{w} as always")

ANGER, JOY, OPTIMISM, SADNESS = range(4)


def tweet_eval_emotion(rng: Random, label: int) -> task.Record:
    """Good news, good hopes, bad luck, or a wrong that somebody did."""
    if label == ANGER:
        text = draws.pick(rng, _WRONGS)
    elif label == JOY:
        text = draws.pick(rng, _GOOD)[0]
    elif label == SADNESS:
        text = draws.pick(rng, _BAD)
    else:
        text = draws.pick(rng, _HOPES).format(f=draws.pick(rng, _GOOD)[1])
    return {"text": _posted(rng, text), "label": label}


def tweet_eval_irony(rng: Random, label: int) -> task.Record:
    """News with a comment: praise of what is bad and blame of what is good are not meant so."""
    is_good = rng.random() < 0.5
    news = draws.pick(rng, _GOOD)[0] if is_good else draws.pick(rng, _BAD)
    word = draws.pick(rng, _PRAISE if is_good == (label == 0) else _BLAME)
    comment = draws.pick(rng, _COMMENTS).format(w=word, a_w=draws.A[word])
    text = f"{news}, {comment}" if rng.random() < 0.5 else f"{comment}, {news}"
    return {"text": _posted(rng, text), "label": label}


def _posted(rng: Random, text: str) -> str:
    thing = draws.pick(rng, draws.GOODS_NAMES)
    who, friend = draws.pair(rng, draws.NAMES)
    text = draws.pick(rng, _BEFORE) + text + draws.pick(rng, _AFTER)
    return text.format(
        thing=thing,
        a_thing=draws.A[thing],
        who=who,
        friend=friend.lower(),
        at=draws.AT[draws.pick(rng, ontology.PLACES)],
        day=draws.pick(rng, draws.DAYS),
        blame=draws.pick(rng, _BLAME),
        tag=draws.pick(rng, ontology.PLACES),
    )
