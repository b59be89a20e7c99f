"""One thing asked in a hundred ways: scenes, words, opinions and questions, with the answer.

    over by the barn , on Monday , Ada threw a red boot . the reader wants the place .
    - boot
    - barn
    | barn

`|` stands before the answer (`corpus.document`). The other pages of the corpus ask each of these in
half a dozen ways, which a small model learns by heart; here what is asked is put together from
parts, so that it has to be read. Other values of the same scene stand beside the right one: only
the question picks it.
"""

import random
from collections.abc import Sequence

from flanlike.microworld import corpus_opinions, draws
from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick, plural

_ASPECTS = {  # of a scene: its names, and questions that do without a name
    "place": (
        ("place", "spot", "location", "site"),
        (
            "where",
            "where did all that happen",
            "whither must one walk to see it",
            "at which spot is one then",
            "where must one look",
            "in what part of the world",
            "what would the map have to show",
            "where would you send a letter",
        ),
    ),
    "thing": (
        ("thing", "object", "item"),
        (
            "what",
            "what is it that one could touch or carry home",
            "what did they see there",
            "what could one pay for",
            "what goes into the bag",
            "what would a shop have",
            "of what do they speak",
        ),
    ),
    "person": (
        ("person", "name", "somebody"),
        (
            "who",
            "whom does one meet there",
            "who would know more",
            "to whom must one speak",
            "who has done it",
            "whose story is that",
        ),
    ),
    "day": (
        ("day", "time", "date"),
        ("when", "on which day", "when did it all happen", "what would the calendar show"),
    ),
    "colour": (("colour", "look"), ("how does it look", "of which colour", "what paint is on it")),
}
_BY_NAME = (  # how somebody asks for what has the name {name}
    "which {name} is named here",
    "the reader wants the {name}",
    "name the {name}",
    "the {name} , please",
    "what about the {name}",
    "it has one {name} in it , namely",
    "write down the {name}",
    "one looks for a {name} and finds",
    "tell me , which is the {name}",
    "a child asks for the {name}",
    "leave all else and take the {name}",
    "somebody did not catch the {name}",
    "underline the {name}",
    "the {name} of it all",
    "{name}",
    "of these , one is the {name}",
    "pick out the {name}",
)
_SCENES = (
    "over by the {place} , {who} {past} {a_thing} , {look} and all , late on {day}",
    "{who} was near the {place} on {day} , and there {who} {past} one {look} {thing}",
    "it was on {day} that {who} {past} that {look} {thing} , close to the {place}",
    "{day} , near the {place} : {who} {past} {a_thing} of {look} colour",
    "that {look} {thing} , {who} {past} it last {day} and left it near the {place}",
    "near the {place} stands {who} with {a_thing} , {look} as ever , since {day}",
    "since {day} {a_thing} lies close to the {place} , {look} , and {who} {past} it",
)
_SHORT_SCENES = (
    ("place thing", "close to the {place} lies {a_thing}"),
    ("place thing", "{a_thing} stands near the {place}"),
    ("place thing", "go to the {place} , take {a_thing}"),
    ("place thing", "there lay {a_thing} , over by the {place}"),
    ("place thing person", "{who} went to the {place} with {a_thing}"),
    ("place thing person", "over by the {place} , {who} {past} {a_thing}"),
    ("thing person", "{who} {past} {a_thing} long ago"),
    ("place person", "{who} stays near the {place}"),
    ("thing day", "it was on {day} that {a_thing} came"),
    ("place day", "near the {place} all is quiet on {day}"),
)


def scene(rng: random.Random) -> str:
    """Who did what where and when; one of these is asked for, among others of the same scene."""
    thing = pick(rng, world.KINDS).name
    values = {
        "place": pick(rng, world.PLACES),
        "thing": thing,
        "person": pick(rng, world.PEOPLE).name,
        "day": pick(rng, draws.DAYS),
        "colour": pick(rng, world.COLOURS),
    }
    frame, names = pick(rng, _SCENES), list(values)
    if rng.random() < 0.6:
        told, frame = pick(rng, _SHORT_SCENES)
        names = told.split()
    said = frame.format(
        place=values["place"],
        thing=thing,
        a_thing=article(thing),
        who=values["person"],
        past=pick(rng, world.VERBS).past,
        day=values["day"],
        look=values["colour"],
    )
    # Where it was and what it was are asked most: the two are told apart by the question alone.
    wanted = pick(rng, [name for name in names if name in ("place", "thing")] or names)
    if rng.random() < 0.35:
        wanted = pick(rng, names)
    others = [values[name] for name in names if name != wanted]
    wrong = rng.sample(others, 1 + int(rng.random() * len(others)))
    return _page(rng, said, _asked_for(rng, wanted), values[wanted], wrong)


def _asked_for(rng: random.Random, wanted: str) -> str:
    names, questions = _ASPECTS[wanted]
    if rng.random() < 0.4:
        return pick(rng, questions)
    return pick(rng, _BY_NAME).format(name=pick(rng, names))


_SAME = (
    "what else is it called",
    "{word} , or with a word like it",
    "what is just as {word}",
    "who says {word} can also say",
    "find a second word for {word}",
    "{word} , and its synonym",
    "a synonym of {word} is wanted",
    "a thing that is {word} is as well",
    "{word} is one word for it , and there is one more",
    "say {word} anew , and change no sense",
    "equal in sense to {word}",
    "I forgot a word . it is like {word}",
    "what may stand where {word} stood",
    "{word} = ",
    "as good as {word}",
    "does somebody know a word that is the same as {word}",
)
_OPPOSITE = (
    "what is it when it is not {word}",
    "{word} , or just the reverse",
    "what can nothing {word} be",
    "who denies {word} says",
    "find the contrary of {word}",
    "{word} , and its antonym",
    "an antonym of {word} is wanted",
    "a thing that is {word} is never",
    "{word} is one end , and at the far end is",
    "turn {word} around",
    "as far from {word} as can be",
    "I forgot a word . it is what {word} is not",
    "if {word} is day , what is night",
    "not {word} but",
    "unlike {word}",
    "does somebody know a word that is opposed to {word}",
)


def word(rng: random.Random) -> str:
    """A word, and which of two is like it, or opposed to it: the same two under both questions."""
    scale = pick(rng, world.SCALES)
    own, contrary = (scale.low, scale.high) if rng.random() < 0.5 else (scale.high, scale.low)
    index = int(rng.random() * 2)
    same, opposite = own[1 - index], pick(rng, contrary)
    wants_same = rng.random() < 0.5
    asked = pick(rng, _SAME if wants_same else _OPPOSITE).format(word=own[index])
    right, wrong = (same, opposite) if wants_same else (opposite, same)
    said = own[index] if rng.random() < 0.2 else ""
    return _page(rng, said, asked, right, [wrong])


_QUESTIONS = {  # ways to ask, by the sort of answer; all sorts share their first words
    "abbreviation": (
        "what are the letters {short} made from",
        "which long name has {short}",
        "how does one write {short} out",
        "what hides behind {short}",
        "which words make {short}",
        "what is {short} when one says it in full",
    ),
    "entity": (
        "what sort of {category} is that",
        "which {category} did {who} {do}",
        "what has {who} in the bag",
        "what does one {use} with",
        "which animal is in the {home}",
        "what colour has the {thing}",
        "what do {many} have",
        "which food does {who} want",
    ),
    "description": (
        "what makes the {thing} so {word}",
        "why does {who} need {a_thing}",
        "how did {who} {do} it",
        "what does the word {word} mean",
        "for what cause was {who} late",
        "how do people {use}",
        "what use is {a_thing}",
        "what happens to {a_thing} over time",
    ),
    "person": (
        "who did {do} that {thing}",
        "which woman keeps {a_thing}",
        "whose {thing} might that be",
        "who is with {who} today",
        "which of the men {past} it",
        "who lives near the {place}",
        "what is the name of the friend of {who}",
    ),
    "location": (
        "where did {who} go",
        "which city has a river in it",
        "where can one buy {a_thing}",
        "in what country is {town}",
        "what town did {who} come from",
        "which way leads out of the {place} and whither",
        "where do {many} sleep",
    ),
    "number": (
        "how many {many} are there",
        "how old may the {thing} be",
        "what does {a_thing} cost",
        "how long is the way to {town}",
        "which hour is it",
        "how much does the {thing} weigh",
        "what is the age of {who}",
        "how often did {who} {do} it",
        "in which year was the {place} built",
    ),
}
_SORT_ASKED = (
    "what would one reply with",
    "to which heading does that go",
    "what does one want to hear",
    "whoever asks it is after",
    "the reply names",
    "a good reply is of this sort",
    "what would settle it",
    "for that one needs",
    "{who} sorts it under",
)


def question(rng: random.Random) -> str:
    """A question, and of what sort its answer would be."""
    sort = pick(rng, tuple(_QUESTIONS))
    kind, who = pick(rng, world.KINDS), pick(rng, world.PEOPLE).name
    verb = pick(rng, world.VERBS)
    asked = pick(rng, _QUESTIONS[sort]).format(
        short=pick(rng, tuple(world.ABBREVIATIONS)),
        category=kind.category,
        who=who,
        do=verb.base,
        past=verb.past,
        use=pick(rng, world.OBJECTS).use,
        home=pick(rng, world.HABITATS),
        thing=kind.name,
        a_thing=article(kind.name),
        many=plural(kind.name),
        word=pick(rng, pick(rng, world.SCALES).low),
        place=pick(rng, world.PLACES),
        town=pick(rng, tuple(world.COUNTRY_CAPITALS.values())),
    )
    lead = pick(rng, ("", "", f"{who} asks : ", "question : ", "in a letter : ", "tell us , "))
    wrong = [other for other in _QUESTIONS if other != sort]
    wrong = rng.sample(wrong, pick(rng, (1, 2, 3, 3)))  # five in a row might be a template's list
    heading = pick(rng, _SORT_ASKED).format(who=who)
    return _page(rng, f"{lead}{asked} ?", heading, sort, wrong)


_DENIED = (
    "no one could say the {thing} was {word}",
    "{who} does not find the {thing} {word} in the least",
    "anything but {word} , this {thing} near the {place}",
    "{word} ? not this {thing} , says {who}",
    "the {thing} was by no means {word} to {who}",
    "who thinks the {thing} {word} has not seen it",
    "the {thing} is not so {word} any more",
)
_OPINION_ASKED = (
    ("what tone is that", "negative", "positive"),
    ("did it please or annoy", "it did annoy", "it did please"),
    ("what would you call such a review", "negative", "positive"),
    ("so the mood is", "negative", "positive"),
    ("was the writer glad of it", "no", "yes"),
    ("would they come again", "no", "yes"),
    ("one star or five", "one", "five"),
    ("does {who} praise or scold", "scold", "praise"),
    ("the judgement", "bad", "good"),
    ("in a word , {who} felt", "sad", "happy"),
    ("thumbs up or down", "down", "up"),
    ("how did they like it", "badly", "well"),
)


def opinion(rng: random.Random) -> str:
    """What somebody says of a thing, plainly or by denial, and how it is meant."""
    return _opinion(rng, are_others_beside=False)


def opinion_among_others(rng: random.Random) -> str:
    """The same among sentences that are no opinion."""
    return _opinion(rng, are_others_beside=True)


def _opinion(rng: random.Random, *, are_others_beside: bool) -> str:
    is_praise = rng.random() < 0.5
    who, thing = pick(rng, world.PEOPLE).name, pick(rng, world.OBJECTS + world.FOODS).name
    said = corpus_opinions.said(rng, is_praise=is_praise)
    if rng.random() < 0.3:
        denied = pick(rng, pick(rng, world.BLAME if is_praise else world.PRAISE))
        frame, place = pick(rng, _DENIED), pick(rng, world.PLACES)
        said = frame.format(thing=thing, word=denied, who=who, place=place)
    if are_others_beside:
        said = corpus_opinions.among_others(rng, said)
    asked, *sorts = pick(rng, _OPINION_ASKED)
    return _page(rng, said, asked.format(who=who), sorts[is_praise], [sorts[not is_praise]])


_GLOSSARY = (
    "what is confirmed is true . what is contradicted is false . what is left open may be either .",
    "who is not sure can not say yes and can not say no .",
    "unproven means that nobody has shown it , so that it may be true or false .",
    "what is hard to say nobody knows for certain .",
    "impossible to tell means that one does not know and has no way to find out .",
    "to know a thing is to be right about it . to hope for a thing is not to know it .",
    "what is wrongly said is not so . what is rightly said is so .",
    "what is equal in sense is a copy with new words , a paraphrase .",
    "when one thing follows , it must be true because the first one is .",
    "a statement tells that something is so . a claim may be right or wrong .",
    "a synonym is a word of the same sense . an antonym is a word of the contrary sense .",
    "a place is where something is . a thing is what one can hold . a person is who does it .",
    "an abbreviation is read in full , a number is counted , a description explains .",
    "a location is somewhere , a person is somebody , an entity is something .",
    "a hypothesis is what one asks about . the premise is what one knows before .",
)


def glossary(rng: random.Random) -> str:
    return pick(rng, _GLOSSARY)


_LEADS = ("to choose from", "it is among these", "the words", "on the card", "given")


def _page(rng: random.Random, said: str, asked: str, right: str, wrong: Sequence[str]) -> str:
    """Returns what is said and asked in one of many layouts, its answer last."""
    lines = rng.sample([right, *wrong], 1 + len(wrong))
    bullet = pick(rng, ("- ", "- ", "- ", "* ", "+ "))
    listed = "\n".join(bullet + line for line in lines)
    inline = f"{' , '.join(lines[:-1])} or {lines[-1]}"
    ending = pick(rng, (" ?", " ?", " :", " .", ""))
    asked = f"{asked.rstrip()}{ending}"
    lead = pick(rng, _LEADS)
    if not said:
        bare = ("{asked}\n{listed}\n", "{listed}\n{asked}", "{asked} {inline} :", "{asked}\n")
        text = pick(rng, bare).format(asked=asked, listed=listed, inline=inline)
        return f"{text} | {right}{pick(rng, (' .', ''))}"
    stop = "" if said.endswith("?") else " ."
    layout = pick(
        rng,
        (
            "{said}{stop}\n{asked}\n{listed}\n",
            "{said}{stop} {asked}\n{listed}\n",
            "{said}{stop}\n{asked}\n{lead} : {inline}\n",
            "{listed}\n{said}{stop}\n{asked}",
            "{lead} :\n{listed}\n\n{said}{stop}\n{asked}\n",
            "{asked}\n{said}{stop}\n\n{listed}\n",
            "{asked}\n{listed}\n{said}{stop}\n",
            "A: {said}{stop}\nB: {asked} {inline} :",
            "{said}{stop} {asked}",
            "{said}{stop}\n{asked}\n",
        ),
    )
    text = layout.format(said=said, stop=stop, asked=asked, listed=listed, inline=inline, lead=lead)
    return f"{text} | {right}{pick(rng, (' .', ''))}"
