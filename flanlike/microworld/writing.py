"""Writing: sentences from words and from facts, subject lines, summaries."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())
_COUNTRIES = tuple(ontology.COUNTRY_CAPITALS)
_PLAIN = tuple(word for scale in ontology.SCALES for word in (scale.low[0], scale.high[0]))

# Mails: what they say, and their subject line.
_MAILS = (
    ("The {adjective} {thing} is {at} now. Can you fetch it on {day}?", "Please fetch the {thing}"),
    ("Shall we meet {at} on {day}? I want to show you {a_thing}.", "Meeting on {day}"),
    ("I lost my {adjective} {thing} {at}. Please tell me if you see it.", "Lost {thing}"),
    ("I want to sell my {adjective} {thing}. It costs {n} coins.", "{Thing} for sale"),
    ("There is a party {at} on {day}. Please bring {a_thing}.", "Party on {day}"),
    ("Thanks for the {adjective} {thing}. I like it very much.", "Thanks for the {thing}"),
)
_GREETINGS = ("Dear {friend},", "Hi {friend},", "Hello {friend},")
_ENDS = ("Yours, {who}", "Best wishes, {who}", "See you soon, {who}")

# Chats of two people, x and y, and what to remember.
_CHATS = (
    (
        ("{x}: Where is my {thing}?", "{y}: It is {at}.", "{x}: Thanks, I will fetch it."),
        "{x} will fetch the {thing} {from_at}.",
    ),
    (
        ("{x}: Are you free on {day}?", "{y}: Yes, why?", "{x}: Let us meet {at}.", "{y}: Good!"),
        "{x} and {y} will meet {at} on {day}.",
    ),
    (
        (
            "{x}: Do you have {a_thing}?",
            "{y}: Yes, a {colour} one.",
            "{x}: Can I have it on {day}?",
            "{y}: Of course.",
        ),
        "{y} will lend {x} a {colour} {thing} on {day}.",
    ),
    (
        (
            "{x}: I lost my {thing}.",
            "{y}: Oh dear! Where?",
            "{x}: I was {at} on {day}.",
            "{y}: I will help you look.",
        ),
        "{x} lost a {thing} {at}, and {y} will help.",
    ),
    (
        (
            "{x}: Did you buy the {thing}?",
            "{y}: Not yet.",
            "{x}: We need it on {day}.",
            "{y}: Then I will go now.",
        ),
        "{y} will buy the {thing} for {day}.",
    ),
)


def common_gen(rng: Random) -> task.Record:
    """Three or four words in any order, and a sentence that joins them."""
    thing = draws.pick(rng, draws.GOODS_NAMES)
    place = draws.pick(rng, ontology.PLACES)
    who = draws.pick(rng, draws.NAMES)
    at = draws.AT[place]
    share = rng.random()
    if share < 0.4:
        verb = draws.pick(rng, draws.VERBS)
        concepts = [who, verb.base, thing]
        references = [f"{who} {verb.past} {draws.A[thing]}.", f"{who} {verb.past} the {thing}."]
    elif share < 0.7:
        verb = draws.pick(rng, draws.VERBS)
        concepts = [who, verb.base, thing, place]
        references = [
            f"{who} {verb.past} {draws.A[thing]} {at}.",
            f"{who} {verb.past} the {thing} {at}.",
        ]
    else:
        adjective = draws.pick(rng, _PLAIN)
        concepts = [adjective, thing, place]
        references = [f"The {thing} {at} is {adjective}.", f"The {adjective} {thing} is {at}."]
    words = draws.several(rng, concepts, len(concepts))
    return {"concepts": ", ".join(words), "references": references}


def web_nlg_en(rng: Random) -> task.Record:
    """Facts of the world as triples, and a sentence that tells them."""
    if rng.random() < 0.4:
        country = draws.pick(rng, _COUNTRIES)
        capital, river = ontology.COUNTRY_CAPITALS[country], ontology.COUNTRY_RIVERS[country]
        who = draws.pick(rng, draws.NAMES)
        subject = ""
        lines = [
            (f"{country} | capital | {capital}", f"{capital} is the capital of {country}"),
            (f"{country} | river | {river}", f"the {river} flows through {country}"),
            (f"{who} | home | {country}", f"{who} lives in {country}"),
        ]
    else:
        kind = draws.pick(rng, ontology.KINDS)
        subject = f"{draws.A[kind.name]} "
        lines = [
            (f"{kind.name} | kind | {kind.category}", f"is a kind of {kind.category}"),
            (f"{kind.name} | part | {kind.part}", f"has {kind.part}"),
            (f"{kind.name} | place | {kind.habitat}", f"is found {draws.AT[kind.habitat]}"),
        ]
        if kind in ontology.OBJECTS:
            lines.append((f"{kind.name} | use | {kind.use}", f"is used to {kind.use}"))
    chosen = draws.several(rng, lines, 1 + int(rng.random() * 3))
    texts = [text for _, text in chosen]
    references = [draws.sentence(subject + " and ".join(texts))]
    if len(texts) > 1:
        references.append(draws.sentence(subject + " and ".join(reversed(texts))))
    return {"triples": "\n".join(line for line, _ in chosen), "references": references}


def dart(rng: Random) -> task.Record:
    """One event or one thing as triples, and a sentence that tells it."""
    who = draws.pick(rng, draws.NAMES)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    colour = draws.pick(rng, ontology.COLOURS)
    verb = draws.pick(rng, draws.VERBS)
    place = draws.pick(rng, ontology.PLACES)
    at, day = draws.AT[place], draws.pick(rng, draws.DAYS)
    share = rng.random()
    if share < 0.35:
        lines = [f"{who} | {verb.past} | {thing}", f"{thing} | colour | {colour}"]
        references = [f"{who} {verb.past} a {colour} {thing}."]
    elif share < 0.7:
        lines = [f"{who} | {verb.past} | {thing}", f"{who} | place | {place}"]
        if rng.random() < 0.5:
            lines.append(f"{who} | day | {day}")
            references = [
                f"On {day} {who} {verb.past} {draws.A[thing]} {at}.",
                f"{who} {verb.past} {draws.A[thing]} {at} on {day}.",
            ]
        else:
            references = [f"{who} {verb.past} {draws.A[thing]} {at}."]
    else:
        lines = [
            f"{thing} | owner | {who}",
            f"{thing} | colour | {colour}",
            f"{thing} | place | {place}",
        ]
        references = [f"The {colour} {thing} of {who} is {at}."]
    lines = draws.several(rng, lines, len(lines))
    return {"triples": "\n".join(lines), "references": references}


def aeslc(rng: Random) -> task.Record:
    """A short mail and its subject line."""
    who, friend = draws.pair(rng, draws.NAMES)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    names = {
        "who": who,
        "friend": friend,
        "thing": thing,
        "Thing": thing[0].upper() + thing[1:],
        "a_thing": draws.A[thing],
        "adjective": draws.pick(rng, _PLAIN),
        "at": draws.AT[draws.pick(rng, ontology.PLACES)],
        "day": draws.pick(rng, draws.DAYS),
        "n": 2 + int(rng.random() * 18),
    }
    text, subject = draws.pick(rng, _MAILS)
    mail = f"{draws.pick(rng, _GREETINGS)} {text} {draws.pick(rng, _ENDS)}".format(**names)
    return {"email": mail, "references": [subject.format(**names)]}


def samsum(rng: Random) -> task.Record:
    """A chat of three or four turns, and one sentence that tells what was agreed."""
    x, y = draws.pair(rng, draws.NAMES)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    place = draws.pick(rng, ontology.PLACES)
    names = {
        "x": x,
        "y": y,
        "thing": thing,
        "a_thing": draws.A[thing],
        "colour": draws.pick(rng, ontology.COLOURS),
        "at": draws.AT[place],
        "from_at": f"from the {place}",
        "day": draws.pick(rng, draws.DAYS),
    }
    turns, summary = draws.pick(rng, _CHATS)
    summary = summary.replace("a {thing}", "{a_thing}")
    return {
        "dialogue": "\n".join(turns).format(**names),
        "references": [summary.format(**names)],
    }
