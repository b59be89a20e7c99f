"""Riddles of the corpus: of several things named, which one fits a description.

    of hot , a trout and lovely , the opposite of cold is hot , and the fish is a trout .

Looking back for the word that fits is what many texts train; here it is told for every relation
that the world has, in prose, so that a small model learns it from few documents.
"""

import random

from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick


def riddle(rng: random.Random) -> str:
    """Several things, and one or two descriptions of which each fits exactly one of them."""
    kinds = (
        _of_kind,
        _of_kind,
        _of_scale,
        _of_scale,
        _of_judgement,
        _of_topic,
        _of_name,
        _of_place,
    )
    count = 2 + int(rng.random() * 3)
    if rng.random() < 0.5:  # all of one sort, where the description has to be read closely
        kinds = (pick(rng, kinds),)
    items: dict[str, tuple[str, ...]] = {}
    while len(items) < count:
        item, descriptions = pick(rng, kinds)(rng)
        items.setdefault(item, descriptions)
    told = []
    for item in rng.sample(list(items), 2):
        others = {d for other, all_of in items.items() if other != item for d in all_of}
        if fitting := [d for d in items[item] if d not in others]:
            told.append((pick(rng, fitting), item))
    if not told:
        return riddle(rng)
    *first, last = items
    listed = f"{' , '.join(first)} and {last}"
    (description, item), *more = told
    second = f" , and {more[0][0]} is {more[0][1]}" if more and rng.random() < 0.6 else ""
    return pick(
        rng,
        (
            f"of {listed} , {description} is {item}{second} .",
            f"take {listed} . {description} is {item}{second} .",
            f"{listed} : {description} here is {item}{second} .",
            f'{pick(rng, world.PEOPLE).name} spoke of {listed} . "and {description} ? " "{item} ."',
            f"among {listed} one looks for {description} and finds {item} .",
        ),
    )


def _of_kind(rng: random.Random) -> tuple[str, tuple[str, ...]]:
    kind = pick(rng, world.KINDS)
    descriptions = [
        f"the {kind.category}",
        f"the {world.PARENT_CATEGORY[kind.category]}",
        f"the one with {kind.part}",
        f"what belongs in the {kind.habitat}",
    ]
    if kind.use:
        descriptions.append(f"what helps to {kind.use}")
    return article(kind.name), tuple(descriptions)


def _of_scale(rng: random.Random) -> tuple[str, tuple[str, ...]]:
    scale = pick(rng, world.SCALES)
    own, contrary = (scale.low, scale.high) if rng.random() < 0.5 else (scale.high, scale.low)
    index = int(rng.random() * 2)
    return own[index], (
        *(f"the opposite of {word}" for word in contrary),
        f"the word that means {own[1 - index]}",
        f"the same as {own[1 - index]}",
    )


def _of_judgement(rng: random.Random) -> tuple[str, tuple[str, ...]]:
    is_praise = rng.random() < 0.5
    pair = pick(rng, world.PRAISE if is_praise else world.BLAME)
    index = int(rng.random() * 2)
    shared = (
        ("the good word", "the positive word", "the word of praise")
        if is_praise
        else ("the bad word", "the negative word", "the word of blame")
    )
    return pair[index], (*shared, f"the same as {pair[1 - index]}")


def _of_topic(rng: random.Random) -> tuple[str, tuple[str, ...]]:
    topic = pick(rng, tuple(world.TOPIC_WORDS))
    name = "science and technology" if topic == "science" else topic
    return f"the {pick(rng, world.TOPIC_WORDS[topic])}", (
        f"the matter of {name}",
        f"what {name} has",
    )


def _of_name(rng: random.Random) -> tuple[str, tuple[str, ...]]:
    if rng.random() < 0.5:
        person = pick(rng, world.PEOPLE)
        return person.name, ("the person", "the name of somebody")
    country = pick(rng, tuple(world.COUNTRY_CAPITALS))
    return world.COUNTRY_CAPITALS[country], (f"the capital of {country}", "the city")


def _of_place(rng: random.Random) -> tuple[str, tuple[str, ...]]:
    if rng.random() < 0.3:
        number = int(rng.random() * len(world.SMALL_NUMBERS))
        return world.SMALL_NUMBERS[number], ("the number", f"what is written {number}")
    return f"the {pick(rng, world.PLACES + world.HABITATS)}", ("the place", "the location")
