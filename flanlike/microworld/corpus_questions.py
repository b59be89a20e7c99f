"""Questions of the corpus's puzzle pages, each with its answer and lines that are none.

They are the corpus's own, and several are asked about the same words with the same lines: then only
the question picks one.
"""

import random

from flanlike.microworld import corpus_opinions, corpus_riddles, corpus_stories
from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick, plural

# What is said (empty where the question says it all), what is asked, the answer, other lines.
Case = tuple[str, str, str, list[str]]

# What is asked of a word, an opinion, a scene and a pair of statements.
OF_OPPOSITE = (
    "and the opposite",
    "what is the reverse of that",
    "which word says the contrary",
    "what is it that means the opposite",
    "what would turn that around",
    "which one is the antonym",
)
OF_SAME = (
    "what is the same",
    "which word says the same",
    "what means the same as that",
    "and with another word",
    "how else can one say it",
    "which one is the synonym",
)
OF_JUDGEMENT = (  # with the answers of blame and of praise
    ("how is it", "bad", "good"),
    ("is it praised or blamed", "blame", "praise"),
    ("how is the word", "negative", "positive"),
    ("what is the feeling", "negative", "positive"),
    ("what is that person", "sad", "glad"),
    ("do they like it", "no", "yes"),
    ("is that a good opinion", "no", "yes"),
)
OF_SCENE = (  # with what is asked for
    ("who was it", "who"),
    ("what person is that about", "who"),
    ("where was it", "where"),
    ("which place is it", "where"),
    ("what was it", "what"),
    ("which thing is named", "what"),
)
OF_CLAIM = (
    "is it so that {claim}",
    "then {claim} , is that true",
    "another one says that {claim} . is that right",
    "if so , must it be that {claim}",
    "then is this so : {claim}",
)
VERDICTS = (  # of what follows, what is denied and what stays open
    ("yes", "no", "maybe"),
    ("yes", "no", "maybe"),
    ("true", "false", "unclear"),
    ("yes", "no", "nobody can tell"),
)
OF_MEANING = (  # with the answers of another meaning and of the same
    ("or else : {other} . is the meaning one", "no", "yes"),
    ("and then : {other} . are these one and the same", "no", "yes"),
    ("beside it : {other} . same or different", "different", "same"),
)


def opposite(rng: random.Random) -> Case:
    own, contrary = _ends(rng)
    index = int(rng.random() * 2)
    asked = pick(rng, OF_OPPOSITE)
    wrong = [own[1 - index]] if rng.random() < 0.6 else [own[1 - index], *_other_words(rng, own)]
    if rng.random() < 0.4:
        word = own[index]
        named = (f"which is the antonym of {word}", f"what is the reverse of {word}")
        return "", pick(rng, (*named, f"what can not be {word}")), pick(rng, contrary), wrong
    return _about(rng, own[index]), asked, pick(rng, contrary), wrong


def same(rng: random.Random) -> Case:
    own, contrary = _ends(rng)
    index = int(rng.random() * 2)
    asked = pick(rng, OF_SAME)
    wrong = [pick(rng, contrary)]
    if rng.random() < 0.4:
        wrong += _other_words(rng, own)
    if rng.random() < 0.4:
        word = own[index]
        named = (f"which is the synonym of {word}", f"what is the same as {word}")
        return "", pick(rng, (*named, f"what must also be {word}")), own[1 - index], wrong
    return _about(rng, own[index]), asked, own[1 - index], wrong


def _about(rng: random.Random, word: str) -> str:
    return pick(rng, (word, word, f"here is {word}", f"take {word}", f"it is {word}", f'"{word}"'))


def _ends(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    scale = pick(rng, world.SCALES)
    return (scale.low, scale.high) if rng.random() < 0.5 else (scale.high, scale.low)


def _other_words(rng: random.Random, own: tuple[str, str]) -> list[str]:
    scales = [scale for scale in world.SCALES if own not in (scale.low, scale.high)]
    return [pick(rng, scale.low + scale.high) for scale in rng.sample(scales, 2)]


def judgement(rng: random.Random) -> Case:
    is_praise = rng.random() < 0.5
    asked, *sorts = pick(rng, OF_JUDGEMENT)
    return (
        corpus_opinions.said(rng, is_praise=is_praise),
        asked,
        sorts[is_praise],
        [sorts[not is_praise]],
    )


def _topic(rng: random.Random) -> Case:
    names = {name: name for name in world.TOPIC_WORDS} | {"science": "science and technology"}
    topic = pick(rng, tuple(names))
    one, other = rng.sample(world.TOPIC_WORDS[topic], 2)
    who = pick(rng, world.PEOPLE).name
    said = pick(
        rng,
        (
            f"the {one} and the {other}",
            f"{who} wrote of the {one}",
            f"a story on the {one} , later on the {other}",
            f"page two : the {one}",
        ),
    )
    asked = pick(rng, ("what is that about", "in which part is that found", "what subject is it"))
    return said, asked, names[topic], [name for key, name in names.items() if key != topic]


def _sort(rng: random.Random) -> Case:
    item, right, wrong = pick(rng, (corpus_riddles.sort_of_name, corpus_riddles.sort_of_question))(
        rng
    )
    asked = pick(rng, ("of which sort is that", "to which of them does it belong", "so it is"))
    return item, asked, right, wrong


def _kind(rng: random.Random) -> Case:
    kind = pick(rng, world.KINDS)
    asked = pick(rng, ("what sort is it", "what kind is that", "what is that", "and it counts as"))
    wrong = [name for name in world.CATEGORIES if name != kind.category]
    if rng.random() < 0.4:
        wrong = [kind.part, pick(rng, _owned_by_others(kind))]
    return pick(rng, (kind.name, article(kind.name))), asked, kind.category, wrong


def _part(rng: random.Random) -> Case:
    kind = pick(rng, world.KINDS)
    asked = pick(rng, ("what belongs to it", "what does it have", "which part is on it"))
    wrong = _owned_by_others(kind) if rng.random() < 0.6 else [kind.category, kind.habitat]
    return pick(rng, (kind.name, article(kind.name))), asked, kind.part, wrong


def _owned_by_others(kind: world.Kind) -> list[str]:
    return [other.part for other in world.KINDS if other.category != kind.category]


def _habitat(rng: random.Random) -> Case:
    kind = pick(rng, world.KINDS)
    wrong = [place for place in world.PLACES + world.HABITATS if place != kind.habitat]
    return "", f"where does one look for {article(kind.name)}", kind.habitat, wrong


def _member(rng: random.Random) -> Case:
    kind = pick(rng, world.KINDS)
    wrong = [
        other.name
        for other in world.KINDS
        if other.category != kind.category and other.part != kind.part
    ]
    asked = pick(
        rng,
        (
            f"which of them is {article(kind.category)}",
            f"which thing has {kind.part}",
            f"where is the {kind.category}",
            f"what does one use to {kind.use}"
            if kind.use
            else f"which is {article(kind.category)}",
        ),
    )
    return "", asked, kind.name, wrong


def _country(rng: random.Random) -> Case:
    country = pick(rng, tuple(world.COUNTRY_CAPITALS))
    asked, table = pick(
        rng,
        (
            (f"what city is the capital in {country}", world.COUNTRY_CAPITALS),
            (f"what river goes through {country}", world.COUNTRY_RIVERS),
        ),
    )
    return "", asked, table[country], [name for key, name in table.items() if key != country]


def _giving(rng: random.Random) -> Case:
    giver, taker = (person.name for person in rng.sample(world.PEOPLE, 2))
    gave, got = pick(rng, world.GIVING)
    thing = article(pick(rng, world.OBJECTS + world.FOODS).name)
    said = pick(
        rng,
        (
            f"it was {giver} who {gave} {thing} to {taker}",
            f"then {taker} {got} {thing} from {giver}",
            f"from {giver} {taker} {got} {thing} today",
            f"today {giver} {gave} {thing} to {taker}",
        ),
    )
    if rng.random() < 0.5:
        asked = pick(rng, ("who gave it", "from whom did it come", "who was the giver"))
        return said, asked, giver, [taker]
    asked = pick(rng, ("who got it", "to whom did it go", "who was the receiver", "who has it now"))
    return said, asked, taker, [giver]


def _amount(rng: random.Random) -> Case:
    one, other = (person.name for person in rng.sample(world.PEOPLE, 2))
    a, b = rng.sample(range(1, 13), 2)
    thing = plural(pick(rng, world.OBJECTS + world.FOODS).name)
    names = world.SMALL_NUMBERS
    said = f"{one} keeps {names[a]} {thing} and {other} keeps {names[b]}"
    if rng.random() < 0.5:
        one, other, a, b = other, one, b, a
    if rng.random() < 0.3:
        return said, f"how many does {one} keep", names[a], [names[b]]
    more, less = (one, other) if a > b else (other, one)
    if rng.random() < 0.5:
        asked = pick(rng, ("who has more", "who has the most", "whose number is high"))
        return said, asked, more, [less]
    asked = pick(rng, ("who has less", "who has the fewest", "whose number is low"))
    return said, asked, less, [more]


def _order(rng: random.Random) -> Case:
    one, other = (person.name for person in rng.sample(world.PEOPLE, 2))
    said = pick(
        rng,
        (
            f"{one} was early and {other} was late",
            f"{one} came , and later {other} came",
            f"{other} came later than {one}",
            f"when {other} came , {one} was long there",
        ),
    )
    if rng.random() < 0.5:
        return said, pick(rng, ("who came first", "who was the first one")), one, [other]
    return said, pick(rng, ("who came last", "who was the last one")), other, [one]


def scene(rng: random.Random) -> Case:
    who, somebody = (person.name for person in rng.sample(world.PEOPLE, 2))
    thing, place = pick(rng, world.OBJECTS + world.FOODS).name, pick(rng, world.PLACES)
    verb, colour = pick(rng, world.VERBS), pick(rng, world.COLOURS)
    said = f"in the {place} {who} {verb.past} the {colour} {thing}"
    lines = {"who": who, "where": place, "what": thing}
    asked = pick(rng, OF_SCENE)
    right = lines.pop(asked[1])
    wrong = [*lines.values(), somebody] if asked[1] != "who" else list(lines.values())
    return said, asked[0], right, wrong


def _deed(rng: random.Random) -> Case:
    verb, another = rng.sample(world.VERBS, 2)
    who, thing = pick(rng, world.PEOPLE).name, pick(rng, world.OBJECTS).name
    said = f"the {thing} , {who} {verb.past} it"
    return (
        said,
        "what did they do , with another word",
        verb.synonym_past,
        [another.synonym_past],
    )


def _cause(rng: random.Random) -> Case:
    case, another = rng.sample(world.CAUSES, 2)
    who = pick(rng, world.PEOPLE).name
    cause, effect, wrong_cause, wrong_effect = (
        clause.format(who=who)
        for clause in (case.cause, case.effect, another.cause, another.effect)
    )
    if rng.random() < 0.5:
        return cause, pick(rng, ("what came of that", "and the effect")), effect, [wrong_effect]
    return effect, pick(rng, ("why was that", "and the cause")), cause, [wrong_cause]


def _claim(rng: random.Random) -> Case:
    """A fact, and something else that is claimed: so, not so, or not known."""
    fact, same, contrary, unrelated = corpus_stories.fact(rng)
    index = int(rng.random() * 3)
    claim = (same, contrary, unrelated)[index]
    if rng.random() < 0.3:
        asked = pick(rng, (f"does that say : {claim}", f"and does it tell that {claim}"))
        return fact, asked, ("yes", "no", "no")[index], [("no", "yes", "yes")[index]]
    asked = pick(rng, OF_CLAIM).format(claim=claim)
    sorts = pick(rng, VERDICTS)
    return fact, asked, sorts[index], [sort for sort in sorts if sort != sorts[index]]


def _meaning(rng: random.Random) -> Case:
    fact, same, contrary, unrelated = corpus_stories.fact(rng)
    is_same = rng.random() < 0.5
    other = same if is_same else pick(rng, (contrary, unrelated))
    if rng.random() < 0.5:
        fact, other = other, fact
    asked, *sorts = pick(rng, OF_MEANING)
    return fact, asked.format(other=other), sorts[is_same], [sorts[not is_same]]


def _sum(rng: random.Random) -> Case:
    a, b = int(rng.random() * 10), int(rng.random() * 10)
    names = world.SMALL_NUMBERS
    wrong = [name for index, name in enumerate(names) if index != a + b]
    return f"{names[a]} and {names[b]}", "how much is that together", names[a + b], wrong


# Rows are drawn equally often, and so is what stands in one row.
KINDS = (
    (opposite,),
    (opposite,),
    (same,),
    (_claim,),
    (_claim,),
    (_claim,),
    (_meaning,),
    (judgement,),
    (judgement,),
    (judgement,),
    (_topic, _sort),
    (_sort,),
    (_kind,),
    (_kind, _part),
    (_part, _habitat),
    (_member,),
    (_giving,),
    (_amount,),
    (_order, scene),
    (scene,),
    (_cause, _sum, _country, _deed),
)
