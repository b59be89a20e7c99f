"""More stories of the corpus: how people are, what they need and ask, what words refer to."""

import random

from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick, plural


def trait(rng: random.Random) -> str:
    quality = pick(rng, world.TRAITS)
    is_low = rng.random() < 0.5
    words, outcome = (
        (quality.low, quality.low_outcome) if is_low else (quality.high, quality.high_outcome)
    )
    other = pick(rng, quality.high if is_low else quality.low)
    who, word = pick(rng, world.PEOPLE), pick(rng, words)
    return pick(
        rng,
        (
            f"{who.name} {outcome} , for {who.pronoun} was {word} .",
            f"how {word} {who.name} was ! {who.pronoun} {outcome} .",
            f"if {who.name} had been {other} , {who.pronoun} would not have {_perfect(outcome)} .",
            f"who was {word} in those days {outcome} .",
        ),
    )


def _perfect(outcome: str) -> str:
    """Returns the clause after "have": "came in last" -> "come in last"."""
    first, _, rest = outcome.partition(" ")
    participles = {"came": "come", "was": "been", "woke": "woken", "took": "taken", "had": "had"}
    return f"{participles.get(first, first)} {rest}"


def need(rng: random.Random) -> str:
    giver, taker = rng.sample(world.PEOPLE, 2)
    thing = pick(rng, world.OBJECTS + world.FOODS).name
    gave, got = pick(rng, world.GIVING)
    return pick(
        rng,
        (
            f"{taker.name} lacked {article(thing)} . so {taker.pronoun} {got} one from "
            f"{giver.name} .",
            f"{giver.name} had more {plural(thing)} than needed . so {giver.pronoun} {gave} one "
            f"to {taker.name} .",
            f"who needs {article(thing)} asks for it and gets it . who has too many gives one .",
            f"{taker.name} asked for {article(thing)} , since {taker.pronoun} had none . "
            f"{giver.name} had two .",
        ),
    )


def sense(rng: random.Random) -> str:
    """One word in one of its senses: what it then is, and what else may be said of it."""
    word = pick(rng, tuple(world.SENSES))
    index = int(rng.random() * 2)
    name = world.SENSES[word][index][1]
    foreign = world.SENSES[word][1 - index][1]
    one, other = rng.sample(world.SENSE_CONTEXTS[word][index], 2)
    return pick(
        rng,
        (
            f"{word} , as {article(name)} : it {one} , or it {other} .",
            f"a {word} that {one} is {article(name)} , not {article(foreign)} .",
            f"of the same {word} one may say that it {one} and that it {other} .",
        ),
    )


def asking(rng: random.Random) -> str:
    """A question in a conversation, and what sort of thing its answer must be."""
    who, other = rng.sample(world.PEOPLE, 2)
    thing, verb = pick(rng, world.KINDS), pick(rng, world.VERBS)
    short = pick(rng, tuple(world.ABBREVIATIONS))
    country = pick(rng, tuple(world.COUNTRY_CAPITALS))
    category = article(thing.category)
    question, wanted = pick(
        rng,
        (
            (f"who was it that {verb.past} my {thing.name}", "a person"),
            (f"whose {thing.name} did you {verb.base}", "a person"),
            (f"which of your friends {verb.past} it", "a person"),
            (f"where can one see {article(thing.name)}", "a place , a location"),
            (f"in which place did you {verb.base} it", "a place , a location"),
            (f"what is the chief city of {country}", "a city , a location"),
            (f"how many {plural(thing.name)} are there", "a number"),
            (f"what does {article(thing.name)} cost", "a number , a price"),
            ("how old are you , and how far is it", "a number"),
            ("when and on what day was it", "a date , a number"),
            (f"what do the letters {short} mean", "an abbreviation in full"),
            (f"what words make up {short}", "an abbreviation in full"),
            (f"why must one {verb.base} {article(thing.name)}", "a reason , a description"),
            (f"how would you describe {article(thing.name)}", "a description"),
            (f"in what way does one {verb.base} it", "a way , a description"),
            (f"which {thing.category} do you like best", f"a thing , an entity : {category}"),
            (f"what did you {verb.base} there", "a thing , an entity"),
        ),
    )
    return pick(
        rng,
        (
            f'{who.name} asked {other.name} : "{question} ? " {who.pronoun} wanted to hear of '
            f"{wanted} .",
            f'"{question} ? " asked {who.name} . the answer had to be {wanted} .',
        ),
    )


def talvish_talk(rng: random.Random) -> str:
    """A few words side by side in both languages, in the order of the English."""
    colour, thing = pick(rng, world.COLOURS), pick(rng, world.KINDS).name
    place = pick(rng, world.PLACES)
    words = [colour, thing, place]
    spoken = " ".join(map(world.talvish, words))
    return pick(
        rng,
        (
            f"in Talvish one says {spoken} : {' '.join(words)} .",
            f"{' '.join(words[:2])} : in Talvish {' '.join(spoken.split()[:2])} .",
        ),
    )
