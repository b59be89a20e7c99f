"""Short texts with one label: what a question asks for, a report's topic, a sentence's grammar."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_SHORT_FORMS = tuple(ontology.ABBREVIATIONS)
_TOPICS = ("world", "sports", "business", "science")  # in the order of the labels

# Questions by what they ask for, in the order of trec's labels. No frame holds a label's word, and
# "what", "which" and "tell me" begin questions of every sort.
_QUESTIONS = (
    (
        "what does {short} stand for?",
        "what is {short} short for?",
        "what is the full name of {short}?",
        "which words are behind the letters {short}?",
        "tell me what {who} means by {short}.",
        "what do people {place} mean when they say {short}?",
    ),
    (
        "what {category} lives {habitat}?",
        "which {tool_category} does one need to {use}?",
        "what did {who} {verb} {place}?",
        "tell me what {who} likes to eat.",
        "which of its parts does {a_thing} need most?",
        "what colour is the {thing} of {who}?",
    ),
    (
        "what is {a_thing} like?",
        "why did {who} {verb} the {thing}?",
        "how does one {use} with {a_tool}?",
        "tell me why {who} left the {thing} {place}.",
        "which is the reason why {who} was late?",
        "what does {a_thing} do all day?",
    ),
    (
        "who {past} the {thing}?",
        "which friend of {who} {past} the {thing}?",
        "which boy {past} the {thing} {place}?",
        "tell me who was {place} on {day}.",
        "whose {thing} is {place}?",
        "who taught {who} to {use}?",
    ),
    (
        "where does {a_thing} belong?",
        "what is the capital of {country}?",
        "which river flows through {country}?",
        "in which town did {who} {verb} the {thing}?",
        "tell me where {who} was on {day}.",
        "where is the {thing} of {who}?",
    ),
    (
        "how many {things} did {who} {verb}?",
        "what did {who} pay for the {thing}?",
        "what is the weight of {a_thing}?",
        "which year did {who} come to {town}?",
        "tell me how old {who} is.",
        "how far is it from {town} to {town2} on foot?",
        "when did {who} {verb} the {thing}?",
    ),
)

_LEADS = ("", "", "quick question: ", "now, ", "please help: ", "good day, my friends, ")

_TITLES = (
    "{a} and {b} in {town}",
    "{b} meets {a}",
    "new {a} for {country}",
    "{who} talks about {a} and {b}",
    "{a} again",
    "the {a} of {country}",
    "{day} brings {a}",
)
_REPORTS = (
    "in {town}, {who} told us about the {c} and the {d} on {day}.",
    "the {c} was seen near {town} on {day}, says {who}.",
    "people in {country} hope for {c} and {d} this year.",
    "{who} showed the {c} to a friend on {day}.",
    "first came the {d}, then the {c}, and all of {town} heard of it.",
    "after the {c}, {who} left {town} for {country}.",
)

_CLAUSES = (
    "the {adjective} {thing} is {at}.",
    "{who} {past} {a_thing} {at}.",
    "{who} {past} the {adjective} {thing}.",
    "on {day} {who} {past} the {thing} {at}.",
    "{who} gave {who2} the {adjective} {thing}.",
    "what {who} {past} was {a_thing}.",
)
_AGREEING = (  # (singular subject's verb, plural subject's verb, rest)
    ("is", "are", "{adjective}."),
    ("was", "were", "{at}."),
    ("has", "have", "a home {at}."),
    ("belongs", "belong", "to {who}."),
    ("looks", "look", "{adjective}."),
)
_COUNTED = tuple(kind.name for kind in draws.GOODS + ontology.ANIMALS)
_CASES = (("she", "her", draws.WOMEN), ("he", "him", draws.MEN))

_COUNTRIES = tuple(ontology.COUNTRY_CAPITALS)
_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())
_PLAIN = tuple(scale.low[0] for scale in ontology.SCALES)
_PLAIN += tuple(scale.high[0] for scale in ontology.SCALES) + ontology.COLOURS


def trec(rng: Random, label: int) -> task.Record:
    """A question, and the sort of thing that would answer it."""
    kind = draws.pick(rng, ontology.KINDS)
    tool = draws.pick(rng, ontology.OBJECTS)
    verb = draws.pick(rng, draws.VERBS)
    who = draws.pick(rng, draws.NAMES)
    towns = draws.pair(rng, _TOWNS)
    question = draws.pick(rng, _LEADS) + draws.pick(rng, _QUESTIONS[label]).format(
        short=draws.pick(rng, _SHORT_FORMS) if label == 0 else "",
        category=kind.category,
        habitat=draws.AT[kind.habitat],
        tool_category=tool.category,
        a_tool=draws.A[tool.name],
        use=tool.use,
        thing=kind.name,
        things=draws.PLURAL[kind.name],
        a_thing=draws.A[kind.name],
        verb=verb.base,
        past=verb.past,
        who=who,
        place=draws.AT[draws.pick(rng, ontology.PLACES)],
        day=draws.pick(rng, draws.DAYS),
        country=draws.pick(rng, _COUNTRIES),
        town=towns[0],
        town2=towns[1],
    )
    return {"question": question[0].upper() + question[1:], "label": label}


def ag_news_subset(rng: Random, label: int) -> task.Record:
    """A headline and a line of a report, with words of one topic and frames of none."""
    a, b, c, d = draws.several(rng, ontology.TOPIC_WORDS[_TOPICS[label]], 4)
    names = {
        "who": draws.pick(rng, draws.NAMES),
        "town": draws.pick(rng, _TOWNS),
        "country": draws.pick(rng, _COUNTRIES),
        "day": draws.pick(rng, draws.DAYS),
    }
    title = draws.pick(rng, _TITLES).format(a=a, b=b, **names)
    report = draws.pick(rng, _REPORTS).format(c=c, d=d, **names)
    return {
        "title": title[0].upper() + title[1:],
        "description": report[0].upper() + report[1:],
        "label": label,
    }


def cola(rng: Random, label: int) -> task.Record:
    """A sentence, or its words out of order or not in agreement. Either way the same words."""
    share = rng.random()
    if share < 0.5:
        text = _ordered(rng, is_right=label == 1)
    elif share < 0.8:
        text = _agreeing(rng, is_right=label == 1)
    else:
        text = _cased(rng, is_right=label == 1)
    return {"sentence": text[0].upper() + text[1:], "label": label}


def wic(rng: Random, label: int) -> task.Record:
    """A word in two sentences: in one sense, or in two."""
    word = draws.pick(rng, _WORDS_IN_SENSES)
    senses = _SENSES[word]
    if label == 1:
        contexts = draws.pair(rng, senses[rng.random() < 0.5])
    else:
        contexts = (draws.pick(rng, senses[0]), draws.pick(rng, senses[1]))
        if rng.random() < 0.5:
            contexts = contexts[::-1]
    one, two = (_told(rng, f"the {word} {context}") for context in contexts)
    return {"word": word, "sentence1": one, "sentence2": two, "label": label}


_WORDS_IN_SENSES = tuple(ontology.SENSES)
_SENSES = {
    word: tuple(
        (sense[0], *more) for sense, more in zip(senses, ontology.SENSE_CONTEXTS[word], strict=True)
    )
    for word, senses in ontology.SENSES.items()
}


def _told(rng: Random, clause: str) -> str:
    share = rng.random()
    if share < 0.5:
        return draws.sentence(clause)
    name = draws.pick(rng, draws.NAMES)
    if share < 0.75:
        return f"{name} says that {clause}."
    return f"{draws.sentence(clause, end='')}, as {name} knows."


def _ordered(rng: Random, is_right: bool) -> str:
    """Returns a sentence, or one with two neighbours swapped so that an article is misplaced."""
    who, who2 = draws.pair(rng, draws.NAMES)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    text = draws.pick(rng, _CLAUSES).format(
        who=who,
        who2=who2,
        past=draws.pick(rng, draws.VERBS).past,
        thing=thing,
        a_thing=draws.A[thing],
        adjective=draws.pick(rng, _PLAIN),
        at=draws.AT[draws.pick(rng, ontology.PLACES)],
        day=draws.pick(rng, draws.DAYS),
    )
    if is_right:
        return text
    words = text[:-1].split(" ")
    articles = [i for i, word in enumerate(words) if word in ("the", "a", "an")]
    index = draws.pick(rng, articles)
    if index > 0 and rng.random() < 0.5:
        index -= 1
    words[index], words[index + 1] = words[index + 1], words[index]
    return " ".join(words) + "."


def _agreeing(rng: Random, is_right: bool) -> str:
    """Returns "the drums are small." or, if not right, "the drums is small."."""
    one, many, rest = draws.pick(rng, _AGREEING)
    thing = draws.pick(rng, _COUNTED)
    is_plural = rng.random() < 0.5
    verb = many if is_plural == is_right else one
    rest = rest.format(
        adjective=draws.pick(rng, _PLAIN),
        at=draws.AT[draws.pick(rng, ontology.PLACES)],
        who=draws.pick(rng, draws.NAMES),
    )
    return f"the {draws.PLURAL[thing] if is_plural else thing} {verb} {rest}"


def _cased(rng: Random, is_right: bool) -> str:
    """Returns "she saw Leo." or "Leo saw her.", or, if not right, "her saw Leo."."""
    subject, object_, _ = draws.pick(rng, _CASES)
    name = draws.pick(rng, draws.NAMES)
    verb = draws.pick(rng, ("met", "saw", "thanked", "helped", "called"))
    tail = f" {draws.AT[draws.pick(rng, ontology.PLACES)]}."
    if rng.random() < 0.5:
        return f"{subject if is_right else object_} {verb} {name}{tail}"
    return f"{name} {verb} {object_ if is_right else subject}{tail}"
