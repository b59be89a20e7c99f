"""Closed books: riddles of a quiz with more than one clue, and what people type to find out."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_COUNTRIES = tuple(ontology.COUNTRY_CAPITALS)
_SHORT = tuple(ontology.ABBREVIATIONS)
_OF_SORT = {
    sort: [kind.name for kind in ontology.KINDS if kind.category == sort]
    for sort in ontology.CATEGORIES
}
_AT_HOME = {
    place: [kind.name for kind in ontology.KINDS if kind.habitat == place]
    for place in dict.fromkeys(kind.habitat for kind in ontology.KINDS)
}
_LANDS = (
    ("capital", "Which capital has the {river} in its country?"),
    ("capital", "By what name do we call the capital of {country}, the land of the {river}?"),
    ("country", "Which country is ruled from {capital} and crossed by the {river}?"),
    ("country", "Travellers on the {river} come through which country?"),
    ("river", "Which river do the people of {country} and its capital {capital} know?"),
    ("river", "In the country of {capital}, what is the river?"),
)
_THINGS = (
    "Which {category}, found {at}, is known for its {part}?",
    "What {category} with {part} might one meet {at}?",
)
_TYPED_LANDS = (
    ("capital", "what city is the capital in {country}?"),
    ("country", "what country is {capital} in?"),
    ("country", "where does the {river} river flow?"),
    ("river", "what river goes through {country}?"),
)


def trivia_qa(rng: Random) -> task.Record:
    """A question of a quiz, mostly with two clues; names may come with their article."""
    share = rng.random()
    if share < 0.35:
        answer, frame = draws.pick(rng, _LANDS)
        names = _land(rng)
        question, references = frame.format(**names), [names[answer]]
        if answer == "river":
            references.append(f"the {names[answer]}")
    elif share < 0.7:
        kind = draws.pick(rng, ontology.KINDS)
        question = draws.pick(rng, _THINGS).format(
            category=kind.category, at=draws.AT[kind.habitat], part=kind.part
        )
        references = [kind.name, draws.A[kind.name], draws.PLURAL[kind.name]]
    elif share < 0.85:
        kind = draws.pick(rng, ontology.OBJECTS)
        question = f"Which {kind.category} do people take to {kind.use}?"
        references = [kind.name, draws.A[kind.name]]
    else:
        short = draws.pick(rng, _SHORT)
        question = f"What do the letters {short} stand for?"
        references = [ontology.ABBREVIATIONS[short], f"the {ontology.ABBREVIATIONS[short]}"]
    return {"question": question, "references": references}


def web_questions(rng: Random) -> task.Record:
    """A question as people type it; often more than one answer is right."""
    share = rng.random()
    if share < 0.4:
        answer, frame = draws.pick(rng, _TYPED_LANDS)
        names = _land(rng)
        question, references = frame.format(**names), [names[answer]]
    elif share < 0.6:
        sort = draws.pick(rng, ontology.CATEGORIES)
        asked = ("what is an example of the group {0}?", "what things are in the group {0}?")
        question = draws.pick(rng, asked).format(sort)
        references = draws.several(rng, _OF_SORT[sort], len(_OF_SORT[sort]))
    elif share < 0.8:
        place = draws.pick(rng, tuple(_AT_HOME))
        asked = ("what things do you find {0}?", "what do people keep or see {0}?")
        question = draws.pick(rng, asked).format(draws.AT[place])
        references = draws.several(rng, _AT_HOME[place], len(_AT_HOME[place]))
    else:
        kind = draws.pick(rng, ontology.OBJECTS)
        asked = ("what can i do with {0}?", "what is {0} good for?")
        question = draws.pick(rng, asked).format(draws.A[kind.name])
        references = [kind.use, f"to {kind.use}"]
    return {"question": question, "references": references}


def _land(rng: Random) -> dict[str, str]:
    country = draws.pick(rng, _COUNTRIES)
    capital, river = ontology.COUNTRY_CAPITALS[country], ontology.COUNTRY_RIVERS[country]
    return {"country": country, "capital": capital, "river": river}
