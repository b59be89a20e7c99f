"""Questions in a conversation: a pronoun or a mere "And Leo?" that the turns before it explain."""

from random import Random

from flanlike.microworld import draws, ontology, passages
from flanlike.tasks import task

_COUNTRIES = tuple(ontology.COUNTRY_CAPITALS)
_RIVERS = tuple(ontology.COUNTRY_RIVERS.values())

# What a page may tell of a person: what it says, what is asked, and the short answer to that.
_LIFE = (
    ("{who} grew up in {country}.", "Where did {she} grow up?", "in {country}", "{country}"),
    ("{who} worked {at}.", "Where did {she} work?", "{at}", "the {place}"),
    ("{who} liked {friend} best of all.", "Whom did {she} like best?", "{friend}", "{friend}"),
    (
        "{who} always carried {a_thing} about.",
        "What did {she} always carry?",
        "{a_thing}",
        "{thing}",
    ),
    ("{who} stayed in bed on {day}.", "When did {she} stay in bed?", "on {day}", "{day}"),
    ("{who} swam in the {river} once.", "In which river did {she} swim?", "the {river}", "{river}"),
)
_SECTIONS = ("Life", "Early years", "Later years")

_OFFERS = (
    "W: Shall we meet {0}, {1} or {2}?",
    "M: We could meet {0}, {1} or {2}.",
    "W: I can come {0}, {1} or {2}.",
)
_REJECTED = (
    "{speaker} Not {0}, please, and not {1} either.",
    "{speaker} I cannot meet you {0} or {1}.",
)


def coqa(rng: Random) -> task.Record:
    """Three deeds; the last question is clear only from the turn before it."""
    names = draws.several(rng, draws.WOMEN if rng.random() < 0.5 else draws.MEN, 3)
    three = passages.deeds(rng, names)
    story = [passages.told(rng, deed) for deed in three]
    if rng.random() < 0.6:
        story.append(f"All that was on {draws.pick(rng, draws.DAYS)}.")
    first, second = draws.pair(rng, three)
    asks_place = rng.random() < 0.5
    if rng.random() < 0.5:  # the pronoun is whoever was the last answer
        asked = first
        turn = (f"Who {first.verb.synonym_past} something?", first.who)
        question = f"Where was {draws.SUBJECT[first.who]}?" if asks_place else "What thing was it?"
    else:  # what is asked of the one is asked of the other
        asked = second
        question = f"And {second.who}?"
        if asks_place:
            turn = (f"Where was {first.who}?", first.at)
        else:
            turn = (f"What did {first.who} {first.verb.base}?", first.a_thing)
    place = [asked.at, f"the {asked.place}", asked.place]
    return {
        "story": " ".join(story),
        "dialogue": _said(*turn),
        "question": question,
        "references": place if asks_place else [asked.a_thing, asked.thing],
    }


def quac(rng: Random) -> task.Record:
    """A page that tells four of six things of a person; one question in nine is for another."""
    who = draws.pick(rng, draws.NAMES)
    place = draws.pick(rng, ontology.PLACES)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    names = {
        "who": who,
        "she": draws.SUBJECT[who],
        "friend": draws.other(rng, draws.NAMES, who),
        "place": place,
        "at": draws.AT[place],
        "thing": thing,
        "a_thing": draws.A[thing],
        "country": draws.pick(rng, _COUNTRIES),
        "river": draws.pick(rng, _RIVERS),
        "day": draws.pick(rng, draws.DAYS),
    }
    life = [[part.format(**names) for part in parts] for parts in draws.several(rng, _LIFE, 5)]
    known, unknown = life[:4], life[4]
    earlier, asked = draws.pair(rng, known)
    is_unknown = rng.random() < 0.11
    context = [
        known[0][0],
        *(said.replace(who, names["she"].capitalize(), 1) for said, *_ in known[1:]),
    ]
    return {
        "title": f"{who}, {draws.pick(rng, _SECTIONS)}",
        "context": " ".join(context),
        "dialogue": _said(earlier[1], earlier[2]),
        "question": unknown[1] if is_unknown else asked[1],
        "references": [passages.UNANSWERABLE] if is_unknown else list(dict.fromkeys(asked[2:])),
    }


def dream(rng: Random) -> task.Record:
    """A man and a woman agree on one of three places, days or things."""
    share = rng.random()
    if share < 0.4:
        return _lending(rng)
    if share < 0.7:
        items = [draws.AT[place] for place in draws.several(rng, ontology.PLACES, 3)]
        question = "Where will the two meet?"
    else:
        items = [f"on {day}" for day in draws.several(rng, draws.DAYS, 3)]
        question = "When will the two meet?"
    offer = draws.pick(rng, _OFFERS)
    speaker = "M:" if offer.startswith("W:") else "W:"
    right, *wrong = draws.several(rng, items, 3)
    if rng.random() < 0.6:
        reply = draws.pick(rng, _REJECTED).format(*wrong, speaker=speaker)
    else:
        reply = f"{speaker} {draws.sentence(right, end='')} would be best."
    return {
        "dialogue": f"{offer.format(*items)}\n{reply}",
        "question": question,
        **draws.choices(rng, right, wrong),
    }


def _lending(rng: Random) -> task.Record:
    """Returns a talk in which the use that is wanted decides which thing is taken."""
    kind, *others = draws.several(rng, ontology.OBJECTS, 3)
    things = [draws.A[each.name] for each in draws.several(rng, (kind, *others), 3)]
    speakers = ("W", "M") if rng.random() < 0.5 else ("M", "W")
    person = {"W": "woman", "M": "man"}[speakers[1]]
    return {
        "dialogue": f"{speakers[0]}: Here are {things[0]}, {things[1]} and {things[2]}.\n"
        f"{speakers[1]}: Good, for I have to {kind.use}.",
        "question": f"What will the {person} take?",
        **draws.choices(rng, draws.A[kind.name], [draws.A[each.name] for each in others]),
    }


def _said(question: str, answer: str) -> str:
    return f"Q: {question}\nA: {answer}"
