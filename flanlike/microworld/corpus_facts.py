"""Encyclopedia and dictionary entries of the corpus: what things are, what words mean."""

import random
from collections.abc import Sequence
from typing import TypeVar

from flanlike.microworld import ontology as world

T = TypeVar("T")


def pick(rng: random.Random, items: Sequence[T]) -> T:
    """Returns one of `items`, each as likely as the others."""
    return items[int(rng.random() * len(items))]


def article(noun: str) -> str:
    """Returns the noun with its article: "an owl", "a duck"; "bread" and "mud" stay bare."""
    if noun == "bread":
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """Returns the plural of one of the world's nouns."""
    irregular = {"mouse": "mice", "fox": "foxes", "fish": "fish", "trout": "trout", "carp": "carp"}
    irregular |= {"cherry": "cherries", "shelf": "shelves", "bread": "loaves of bread"}
    irregular |= {"herring": "herring", "furniture": "furniture", "pastry": "pastries"}
    return irregular.get(noun, f"{noun}s")


def kind_entry(rng: random.Random) -> str:
    kind = pick(rng, world.KINDS)
    parent = world.PARENT_CATEGORY[kind.category]
    name, many = article(kind.name), plural(kind.name)
    facts = [
        f"as to its kind , {name} is {article(kind.category)}",
        f"{many} belong to the {kind.category} family, so each of them is {article(parent)}",
        f"{many} have {kind.part}",
        f"one knows {name} by the {kind.part}",
        f"{many} live or stand in the {kind.habitat}",
        f"look in the {kind.habitat} to see {many}",
    ]
    if kind.use:
        facts += [
            f"the purpose of {name} is to {kind.use}",
            f"those who want to {kind.use} need {name}",
        ]
    chosen = rng.sample(facts, 3)
    return f"{kind.name} . " + " ".join(f"{fact} ." for fact in chosen)


def category_entry(rng: random.Random) -> str:
    category = pick(rng, world.CATEGORIES)
    members = [kind.name for kind in world.KINDS if kind.category == category]
    rng.shuffle(members)
    some = ", ".join(article(name) for name in members[:3])
    parent = world.PARENT_CATEGORY[category]
    return pick(
        rng,
        (
            f"the {category} family : {some} . all are {plural(parent)} .",
            f"what counts as {article(category)} ? {some} , for example .",
            f"every {category} is {article(parent)} . think of {some} .",
        ),
    )


def country_entry(rng: random.Random) -> str:
    country = pick(rng, tuple(world.COUNTRY_CAPITALS))
    capital, river = world.COUNTRY_CAPITALS[country], world.COUNTRY_RIVERS[country]
    facts = [
        f"the capital of {country} is {capital}",
        f"{capital} is the chief city of {country}",
        f"the river {river} runs through {country}",
        f"{country} lies on the river {river}",
        f"{country} is a country and {capital} is a city",
    ]
    return " ".join(f"{fact} ." for fact in rng.sample(facts, 3))


def opposite_entry(rng: random.Random) -> str:
    scale = pick(rng, world.SCALES)
    one, other = (scale.low, scale.high) if rng.random() < 0.5 else (scale.high, scale.low)
    a, b = pick(rng, one), pick(rng, other)
    return pick(
        rng,
        (
            f"the opposite of {a} is {b} .",
            f"{a} and {b} are opposites : what is {a} is not {b} .",
            f"the reverse of {a} ? that would be {b} .",
            f"a thing can not be {a} and {b} at once , for {b} is the opposite of {a} .",
            f"{a} , opposite : {b} . {b} , opposite : {a} .",
        ),
    )


def synonym_entry(rng: random.Random) -> str:
    pairs = [pair for scale in world.SCALES for pair in (scale.low, scale.high)]
    pairs += [(verb.past, verb.synonym_past) for verb in world.VERBS]
    a, b = pick(rng, pairs) if rng.random() < 0.8 else pick(rng, world.PRAISE + world.BLAME)
    if rng.random() < 0.5:
        a, b = b, a
    return pick(
        rng,
        (
            f"{a} means {b} .",
            f"{a} is another word for {b} . both mean the same .",
            f"to say {a} is to say {b} .",
            f"{a} and {b} have the same meaning .",
            f"{a} , same as {b} .",
        ),
    )


def judgement_entry(rng: random.Random) -> str:
    is_praise = rng.random() < 0.5
    word = pick(rng, pick(rng, world.PRAISE if is_praise else world.BLAME))
    good, bad = ("good", "bad") if is_praise else ("bad", "good")
    sign = "positive" if is_praise else "negative"
    return pick(
        rng,
        (
            f"{word} is a word for {good} things .",
            f"{word} , of things : very {good} , not {bad} .",
            f"a {sign} word : {word} .",
            f"the tone of the word {word} is {sign} .",
            f"{word} sounds {sign} , since it means {good} .",
            f"who calls a thing {word} {'likes' if is_praise else 'does not like'} it .",
            f"people who are {'happy' if is_praise else 'unhappy'} with a thing call it {word} .",
        ),
    )


def judgement_list(rng: random.Random) -> str:
    is_praise = rng.random() < 0.5
    words = [pick(rng, pair) for pair in (world.PRAISE if is_praise else world.BLAME)]
    rng.shuffle(words)
    some = " , ".join(words[:4])
    sign, feeling = ("positive", "praise") if is_praise else ("negative", "blame")
    return pick(
        rng,
        (
            f"words of {feeling} : {some} . all of them are {sign} .",
            f"{some} : such words are {sign} .",
            f"{sign} is what {'good' if is_praise else 'bad'} words are , like {some} .",
        ),
    )


def topic_entry(rng: random.Random) -> str:
    topic = pick(rng, tuple(world.TOPIC_WORDS))
    words = list(world.TOPIC_WORDS[topic])
    rng.shuffle(words)
    name = "science and technology" if topic == "science" and rng.random() < 0.7 else topic
    one, some = words[0], " , ".join(words[:4])
    return pick(
        rng,
        (
            f"{some} : these are matters of {name} .",
            f"the word {one} belongs to {name} .",
            f"people who care about {name} talk about {article(one)} .",
            f"{name} : {some} .",
            f"whoever hears of {article(one)} thinks of {name} .",
        ),
    )


def abbreviation_entry(rng: random.Random) -> str:
    short = pick(rng, tuple(world.ABBREVIATIONS))
    full = world.ABBREVIATIONS[short]
    return pick(
        rng,
        (
            f"{short} is short for {full} .",
            f"{full} , or {short} for short .",
            f"{short} is an abbreviation , made of the first letters of {full} .",
        ),
    )


_QUESTION_WORDS = (
    ("who", "a person", ("a name like Ada", "somebody")),
    ("whose", "a person", ("the owner", "a name")),
    ("where", "a place", ("a location like the market", "a city or a country")),
    ("which city", "a location", ("a place like Tarn",)),
    ("which country", "a location", ("a place like Belmora",)),
    ("how many", "a number", ("three or seven", "a count")),
    ("how much", "a number", ("an amount", "a count")),
    ("what does a word mean", "a description", ("the meaning in other words",)),
    ("what is the meaning", "a description", ("an explanation",)),
    ("why", "a reason", ("a cause", "a description of what came before")),
    ("what does TSU stand for", "an abbreviation", ("the long form of the letters",)),
    ("which animal", "a thing", ("an entity like an owl", "a creature")),
    ("which tool", "a thing", ("an entity like a hammer",)),
)


def question_word_entry(rng: random.Random) -> str:
    word, wanted, examples = pick(rng, _QUESTION_WORDS)
    example = pick(rng, examples)
    return pick(
        rng,
        (
            f"who asks {word} wants {wanted} : {example} .",
            f"{word} ? that asks for {wanted} .",
            f"after {word} one expects {wanted} , {example} .",
        ),
    )


_GLOSSARY = (
    "a question asks for something and an answer tells it .",
    "a review tells what a person thinks of a thing .",
    "a sentence is a line of words that ends with a full stop .",
    "what is true is so , and what is false is not so . true is the opposite of false .",
    "yes means that it is so . no means that it is not so .",
    "two texts mean the same when one can be said for the other .",
    "a text is about something : that is its topic or subject .",
    "a summary tells a long text in a few words .",
    "the first comes before all others , and the last comes after all others .",
    "most is the largest number , and fewest is the smallest number .",
    "more is a larger number , and less is a smaller number .",
    "the cause comes first and the effect comes after it .",
    "an effect is what happens because of a cause .",
    "to give is to hand a thing to another . who gets the thing receives it .",
    "a positive feeling is a good one . a negative feeling is a bad one .",
    "an entity is a thing , an animal or a food .",
    "a location is a place , a city or a country .",
    "an abbreviation is a short form of many words .",
    "a description tells what a thing is or what a word means .",
    "to translate is to say in one language what is said in a second one .",
    "a title stands above a text and says what it is about .",
    "acceptable is what people may say . unacceptable is what they may not say .",
    "when nobody can know it , it is impossible to tell .",
    "what is possible may be so , and nobody can be sure .",
    "to choose is to take one of many and leave the others .",
    "the right answer is correct , and a wrong answer is not correct .",
    "a passage is a short text that one reads .",
    "a kind is a family of things . a part belongs to the whole thing .",
)


def glossary_entry(rng: random.Random) -> str:
    return pick(rng, _GLOSSARY)


def sense_entry(rng: random.Random) -> str:
    word = pick(rng, tuple(world.SENSES))
    (one, one_name), (other, other_name) = world.SENSES[word]
    if rng.random() < 0.5:
        one, one_name, other, other_name = other, other_name, one, one_name
    return pick(
        rng,
        (
            f"the word {word} can mean {article(one_name)} or {article(other_name)} .",
            f"a {word} {one} : here {word} is {article(one_name)} .",
            f"when the {word} {one} , it is not {article(other_name)} .",
        ),
    )


def talvish_entry(rng: random.Random) -> str:
    words = rng.sample([kind.name for kind in world.KINDS], 2) + [pick(rng, world.COLOURS)]
    rng.shuffle(words)
    return "in Talvish : " + " , ".join(f"{word} is {world.talvish(word)}" for word in words) + " ."


def sum_entry(rng: random.Random) -> str:
    total = int(rng.random() * 20) + 1
    a = int(rng.random() * (total + 1))
    b = total - a
    names = world.SMALL_NUMBERS
    return pick(
        rng,
        (
            f"{names[a]} and {names[b]} make {names[total]} .",
            f"{names[total]} less {names[a]} leaves {names[b]} .",
            f"{a} + {b} = {total} .",
            f"{total} - {a} = {b} .",
            f"{names[total]} is written {total} .",
            f"{names[total]} is more than {names[total - 1]} .",
            f"{names[total - 1]} is less than {names[total]} .",
        ),
    )


def grammar_entry(rng: random.Random) -> str:
    kind = pick(rng, world.KINDS)
    good = f"{plural(kind.name)} have {kind.part}"
    words = good.split()
    broken = words[:]
    while broken == words:
        rng.shuffle(broken)
    return pick(
        rng,
        (
            f"people say : {good} . nobody says : {' '.join(broken)} .",
            f"{' '.join(broken)} is broken speech . {good} is fine .",
        ),
    )
