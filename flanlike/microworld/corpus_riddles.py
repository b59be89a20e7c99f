"""Riddles of the corpus: which of the things named fits, and of which of several sorts a thing is.

    of hot , a trout and lovely , the opposite of cold is | hot , and the fish is a trout .
    is a trout a bird or a fish ? | a fish .

`|` stands before the answer (`corpus.document`).
Looking back for the word that fits is what many texts train; here it is told for every relation
that the world has, in prose, so that a small model learns it from few documents.
"""

import random
from collections.abc import Callable, Sequence

from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick

_Kind = Callable[[random.Random], tuple[str, tuple[str, ...]]]  # an item, and what describes it


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
    count = _count(rng)
    if rng.random() < 0.5:  # all of one sort, where the description has to be read closely
        kinds = (pick(rng, kinds),)
    return _riddle(rng, kinds, count) or riddle(rng)


def of_words(rng: random.Random) -> str:
    """Words, and one or two of them told by what means the same or the opposite."""
    return _riddle(rng, (_of_scale,), _count(rng))


def _count(rng: random.Random) -> int:
    return 2 + int(rng.random() * 3)


def _riddle(rng: random.Random, kinds: Sequence[_Kind], count: int) -> str:
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
        return ""  # all descriptions fit several
    *first, last = items
    listed = f"{' , '.join(first)} and {last}"
    (description, item), *more = told
    who = pick(rng, world.PEOPLE).name
    second = f" , and {more[0][0]} is {more[0][1]}" if more and rng.random() < 0.6 else ""
    return pick(
        rng,
        (
            f"of {listed} , {description} is | {item}{second} .",
            f"take {listed} . {description} is | {item}{second} .",
            f"{listed} : {description} here is | {item}{second} .",
            f'{who} spoke of {listed} . "and {description} ? " | "{item} ."',
            f"among {listed} one looks for {description} and finds | {item} .",
        ),
    )


def sorting(rng: random.Random) -> str:
    """One thing, or something said or asked, and two to four sorts, of which it is one."""
    case = pick(rng, (_sort_of_kind, _sort_of_kind, *(_sort_of_judgement,) * 3, _sort_of_topic))
    case = pick(rng, (case, case, sort_of_name, _sort_of_word, sort_of_question))
    item, right, wrong = case(rng)
    count = min(len(wrong), 1 + int(rng.random() * 3))
    sorts = [right, *rng.sample(wrong, count)]
    rng.shuffle(sorts)
    *first, last = sorts
    listed = f"{' , '.join(first)} or {last}"
    return pick(
        rng,
        (
            f"{item} : {listed} ? | {right} .",
            f"is it {listed} ? {item} . it is | {right} .",
            f'"{item} ." "{listed} ? " | "{right} ."',
            f"{item} . one may ask : {listed} ? the answer is | {right} .",
            f"{' , '.join(first)} and {last} : to which belongs this ? {item} . to | {right} .",
        ),
    )


def _sort_of_kind(rng: random.Random) -> tuple[str, str, list[str]]:
    kind = pick(rng, world.KINDS)
    if rng.random() < 0.3:
        parents = sorted(set(world.PARENT_CATEGORY.values()))
        right = world.PARENT_CATEGORY[kind.category]
        return article(kind.name), right, [name for name in parents if name != right]
    wrong = [name for name in world.CATEGORIES if name != kind.category]
    return article(kind.name), kind.category, wrong


def _sort_of_judgement(rng: random.Random) -> tuple[str, str, list[str]]:
    is_praise = rng.random() < 0.5
    word = pick(rng, pick(rng, world.PRAISE if is_praise else world.BLAME))
    who, thing = pick(rng, world.PEOPLE), pick(rng, world.OBJECTS + world.FOODS).name
    item = pick(
        rng,
        (
            word,
            f"such {article(word)} thing",
            f"{who.name} had {article(word)} {thing}",
            f"my {thing} , so {word}",
            f"{word} things I hear of the {thing}",
        ),
    )
    sorts = pick(rng, (("negative", "positive"), ("negative", "positive"), ("bad", "good")))
    return item, sorts[is_praise], [sorts[not is_praise]]


def _sort_of_topic(rng: random.Random) -> tuple[str, str, list[str]]:
    names = {name: name for name in world.TOPIC_WORDS} | {"science": "science and technology"}
    topic = pick(rng, tuple(names))
    one, other = rng.sample(world.TOPIC_WORDS[topic], 2)
    item = pick(rng, (f"the {one}", f"the {one} and the {other}", f"news of the {one}"))
    return item, names[topic], [name for key, name in names.items() if key != topic]


def sort_of_name(rng: random.Random) -> tuple[str, str, list[str]]:
    sorts = {
        "a person": pick(rng, world.PEOPLE).name,
        "a place": f"the {pick(rng, world.PLACES)}",
        "a city": pick(rng, tuple(world.COUNTRY_CAPITALS.values())),
        "a number": pick(rng, world.SMALL_NUMBERS),
        "a colour": pick(rng, world.COLOURS),
        "an abbreviation": pick(rng, tuple(world.ABBREVIATIONS)),
        "an animal": article(pick(rng, world.ANIMALS).name),
    }
    right = pick(rng, tuple(sorts))
    is_location = right in ("a place", "a city")
    wrong = [name for name in sorts if name != right and not (is_location and name in _PLACES)]
    return sorts[right], right, wrong


_PLACES = ("a place", "a city")


def _sort_of_word(rng: random.Random) -> tuple[str, str, list[str]]:
    scale = pick(rng, world.SCALES)
    own, contrary = (scale.low, scale.high) if rng.random() < 0.5 else (scale.high, scale.low)
    index = int(rng.random() * 2)
    if rng.random() < 0.5:
        return f"the same as {own[index]}", own[1 - index], list(contrary)
    return f"the opposite of {own[index]}", pick(rng, contrary), [own[1 - index]]


_WANTED = (
    (("who {did} it", "whose {thing} is that", "which man has the {thing}"), "person"),
    (("where is it", "in which room is the {thing}", "which town is that"), "location"),
    (("how many are left", "how much is that", "how old is it", "at what hour"), "number"),
    (("what is it like", "why is that so", "how does that work"), "description"),
    (("what is {short} in full", "how do you read {short}"), "abbreviation"),
    (("which animal is it", "what sort of food is it", "what did you {do}"), "entity"),
)


def sort_of_question(rng: random.Random) -> tuple[str, str, list[str]]:
    questions, right = pick(rng, _WANTED)
    verb = pick(rng, world.VERBS)
    question = pick(rng, questions).format(
        did=verb.past,
        do=verb.base,
        thing=pick(rng, world.OBJECTS).name,
        short=pick(rng, tuple(world.ABBREVIATIONS)),
    )
    wrong = [sort for _, sort in _WANTED if sort != right]
    return f"who asks {question} wants to know", right, wrong


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
