"""Everyday talk of the corpus: letters, lessons, reviews and questions, in ordinary words.

What other documents say in few fixed frames is told here with the words in which people speak of
texts: a sentence, a line, the writer and the reader, an opinion, what follows from something said.
"""

import random

from flanlike.microworld import corpus_opinions
from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick, plural


def talk(rng: random.Random) -> str:
    return pick(rng, _TALKS)(rng)


def _names(rng: random.Random) -> tuple[str, str]:
    one, other = rng.sample(world.PEOPLE, 2)
    return one.name, other.name


def _review(rng: random.Random) -> str:
    is_praise = rng.random() < 0.5
    opinion = corpus_opinions.said(rng, is_praise=is_praise)
    who, reader = _names(rng)
    sign = "positive" if is_praise else "negative"
    good = "good" if is_praise else "bad"
    feels = "glad" if is_praise else "sad"
    verdicts = (
        f"the writer likes it , and {reader} will go and see it too"
        if is_praise
        else f"the writer does not like it , and {reader} will leave it alone",
        f"so the feeling of the person who wrote this was {sign}",
        f"how does {who} feel ? {feels} : that is {article(good)} opinion",
        f"from this the reader can tell that {who} thinks it is {good}",
        "it was worth the time" if is_praise else "it was not worth the time",
        f"in one word , {who} thinks {good} of it",
        "they liked it enough to ask everybody to try it"
        if is_praise
        else "they stop all others from going there",
        f"that is the kind of opinion which is called {sign}",
    )
    lead = pick(rng, ("a review", f"{who} says", f"{who} wrote a card", "a note from a visitor"))
    one, other = rng.sample(verdicts, 2)
    return f"{lead} : {opinion} . {one} . {other} ."


def _question(rng: random.Random) -> str:
    who, friend = _names(rng)
    kind = pick(rng, world.KINDS)
    country = pick(rng, tuple(world.COUNTRY_CAPITALS))
    short = pick(rng, tuple(world.ABBREVIATIONS))
    number = pick(rng, world.SMALL_NUMBERS)
    asked, answer, sort = pick(
        rng,
        (
            (f"what sort of thing is {article(kind.name)}", article(kind.category), "entity"),
            (f"what do {plural(kind.name)} have", kind.part, "entity"),
            (f"where do I look for {article(kind.name)}", f"in the {kind.habitat}", "location"),
            (f"what is the chief city in {country}", world.COUNTRY_CAPITALS[country], "location"),
            (f"who has my {kind.name}", friend, "person"),
            (f"whose {kind.name} lies here", f"that of {friend}", "person"),
            (f"how many {plural(kind.name)} do you own", number, "number"),
            (f"how old is the {kind.name}", f"{number} years", "number"),
            (f"what is behind {short}", world.ABBREVIATIONS[short], "abbreviation"),
            (
                f"why do you keep {article(kind.name)}",
                f"since it is {pick(rng, pick(rng, world.PRAISE))}",
                "description",
            ),
        ),
    )
    ends = (
        f"this question asks for {article(sort)}",
        f"the right answer is {article(sort)}",
        f"what {who} wants to find out is {article(sort)}",
        f"so the question is about {article(sort)}",
        f"in the box for such questions one reads : {sort}",
    )
    return pick(
        rng,
        (
            f"A: {asked} ?\nB: {answer} .",
            f"question : {asked} ?\nanswer : {answer} .",
            f"{who} gave {friend} a question : {asked} ? {pick(rng, ends)} .",
            f"question : {asked} ? {pick(rng, ends)} .",
            f"A: {asked} ?\nB: what do you want to know ?\nA: {article(sort)} .",
            f"{asked} ? {answer} . {pick(rng, ends)} .",
        ),
    )


def _lesson(rng: random.Random) -> str:
    scale = pick(rng, world.SCALES)
    own, contrary = (scale.low, scale.high) if rng.random() < 0.5 else (scale.high, scale.low)
    word, same, opposite = pick(rng, own), pick(rng, own), pick(rng, contrary)
    if word == same:
        same = own[1 - own.index(word)]
    teacher, _ = _names(rng)
    return pick(
        rng,
        (
            f"A: my word is {word} . give me an antonym , please .\nB: {opposite} .",
            f"A: my word is {word} . give me a synonym , please .\nB: {same} .",
            f"the teacher wrote {word} on the card , and a pupil next to it its synonym , {same} .",
            f"the teacher wrote {word} on the card , and a pupil next to it its antonym , "
            f"{opposite} .",
            f"{word} and {same} are a pair with a common meaning ; {opposite} has another .",
            f"if a thing is {word} , one can say instead that it is {same} , but not {opposite} .",
            f"no , it is not {word} , {teacher} said ; it is {opposite} .",
            f"yes , it is {word} , {teacher} said ; so it is {same} .",
            f"put {same} for {word} , and the sentence is right ; put {opposite} , it is wrong .",
        ),
    )


def _following(rng: random.Random) -> str:
    """Something written, and whether something else follows from it."""
    who, other = _names(rng)
    verb = pick(rng, world.VERBS)
    kind = pick(rng, world.KINDS)
    place, elsewhere = rng.sample(world.PLACES, 2)
    first = f"{who} {verb.past} {article(kind.name)} near the {place}"
    second, verdict = pick(
        rng,
        (
            (f"{who} {verb.synonym_past} {article(kind.category)}", "yes"),
            (f"{who} was near the {place}", "yes"),
            (f"{who} was near the {elsewhere} then", "no"),
            (f"nobody was near the {place}", "no"),
            (f"{other} likes {plural(kind.name)}", "maybe"),
            (f"{other} is a friend of {who}", "maybe"),
        ),
    )
    ends = {
        "yes": ("that follows , so it is true", "if the first is right , so is the second"),
        "no": ("both can not be right , so it is false", "the first says it is wrong"),
        "maybe": ("the report does not say so , so maybe", "it is unclear , one can not judge"),
    }
    return pick(
        rng,
        (
            f"the report : {first} . some say : {second} . {pick(rng, ends[verdict])} .",
            f"first line : {first} . next line : {second} . {pick(rng, ends[verdict])} .",
            f"{first} . does it follow that {second} ? | {verdict} .",
        ),
    )


def _page(rng: random.Random) -> str:
    """Small things that are written: emails, notes, lists, stories."""
    who, other = _names(rng)
    kind, verb = pick(rng, world.KINDS), pick(rng, world.VERBS)
    thing, place = kind.name, pick(rng, world.PLACES)
    number = int(rng.random() * 15)
    numbers = world.SMALL_NUMBERS
    deed = f"over in the {place} {who} {verb.past} {article(thing)}"
    return pick(
        rng,
        (
            f"email\nsubject : the {thing}\nplease send us the {thing} , {other} . from {who} .",
            f"note for {other} : use the {thing} , but leave it in the {place} . {who} .",
            f"a story in one line : {deed} . the names in it : {who} , {thing} , {place} .",
            f"write the numbers in order : {numbers[number]} , {numbers[number + 1]} , "
            f"{numbers[number + 2]} . the number that goes next is {numbers[number + 3]} .",
            f"the picture on this page shows {article(thing)} . below it a child wrote : "
            f"my {thing} .",
            f"a few facts about {who} : {deed} . only that , nothing else .",
            f"the editor gave the page to the reader . its subject : {plural(thing)} . "
            f"its last sentence : {deed} .",
            f"{other} should guess the word . it makes one think of the {kind.habitat} . "
            f"it is {article(kind.category)} . well , {other} got it right : {thing} .",
            f"me ? I am going to the {place} , called {who} . into the bag goes {article(thing)} .",
            f"title : {article(thing)}\ntext : {deed} .\nend of the text .",
            f"task one : find {article(kind.category)} in the story . {deed} . it is the {thing} .",
            f"two sentences , different words . {deed} . there {who} {verb.synonym_past} it . "
            f"they mean the same .",
        ),
    )


_TALKS = (_review, _review, _question, _question, _lesson, _lesson, _following, _page, _page)
