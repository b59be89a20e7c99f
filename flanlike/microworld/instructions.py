"""Instructions of many kinds with what they are about, and whole prompts of known tasks.

Neither has prompts of the families that the default mixture holds out: sentiment, inference,
paraphrase, kinds of questions, word relations and places in a text.
"""

from collections.abc import Callable
from random import Random

from flanlike.microworld import draws, ontology, quiz, reading, sums, writing
from flanlike.tasks import task

_Made = tuple[str, str]  # an input, and the answer to it

_THINGS = draws.GOODS_NAMES
_ANIMALS = tuple(kind.name for kind in ontology.ANIMALS)
_PAST = tuple((verb.base, verb.past) for verb in draws.VERBS)


def natural_instructions_v2(rng: Random) -> task.Record:
    """One of many instructions; lists and sentences leave open what is to be done with them."""
    wordings, make = draws.pick(rng, _INSTRUCTIONS)
    given, answer = make(rng)
    return {"instruction": draws.pick(rng, wordings), "input": given, "references": [answer]}


def t0_sf(rng: Random) -> task.Record:
    """A prompt that has all in it: a known task in words of its own."""
    draw, wordings = draws.pick(rng, _PROMPTS)
    record = draw(rng)
    if "options" in record:
        *most, last = record["options"]
        named = f"{', '.join(most)} or {last}"
        record = record | {"named": named, "references": [record["options"][record["label"]]]}
    instruction = draws.pick(rng, wordings).format_map(record)
    return {"instruction": instruction, "references": record["references"]}


def _of_things(do: Callable[[list[str]], str]) -> Callable[[Random], _Made]:
    """Returns a maker of four or five things, and what `do` makes of them."""

    def make(rng: Random) -> _Made:
        things = draws.several(rng, _THINGS, 4 + int(rng.random() * 2))
        return ", ".join(things), do(things)

    return make


def _animal_among_things(rng: Random) -> _Made:
    animal = draws.pick(rng, _ANIMALS)
    things = [animal, *draws.several(rng, _THINGS, 3)]
    return ", ".join(draws.several(rng, things, 4)), animal


def _things_without_animal(rng: Random) -> _Made:
    animal, things = draws.pick(rng, _ANIMALS), draws.several(rng, _THINGS, 3)
    place = int(rng.random() * 4)
    return ", ".join([*things[:place], animal, *things[place:]]), ", ".join(things)


def _of_deed(ask: Callable[[dict[str, str]], str]) -> Callable[[Random], _Made]:
    """Returns a maker of a sentence that says who did what on which day, and what is asked."""

    def make(rng: Random) -> _Made:
        who, friend = draws.pair(rng, draws.NAMES)
        base, past = draws.pick(rng, _PAST)
        names = {
            "who": who,
            "friend": friend,
            "base": base,
            "past": past,
            "colour": draws.pick(rng, ontology.COLOURS),
            "thing": draws.pick(rng, _THINGS),
            "day": draws.pick(rng, draws.DAYS),
        }
        said = "{who} {past} a {colour} {thing} with {friend} on {day}."
        return said.format(**names), ask(names)

    return make


def _of_country(facts: dict[str, str]) -> Callable[[Random], _Made]:
    countries = tuple(facts)

    def make(rng: Random) -> _Made:
        country = draws.pick(rng, countries)
        return country, facts[country]

    return make


def _of_kind(ask: Callable[[ontology.Kind], str]) -> Callable[[Random], _Made]:
    def make(rng: Random) -> _Made:
        kind = draws.pick(rng, ontology.KINDS)
        return kind.name, ask(kind)

    return make


_INSTRUCTIONS: tuple[tuple[tuple[str, ...], Callable[[Random], _Made]], ...] = (
    (
        ("You get some things. Write down the first.", "Name the thing that comes first."),
        _of_things(lambda things: things[0]),
    ),
    (
        ("You get some things. Write down the last.", "Name the thing that comes last."),
        _of_things(lambda things: things[-1]),
    ),
    (
        ("You get some things. Write down the second.", "Name the thing after the first."),
        _of_things(lambda things: things[1]),
    ),
    (
        ("Write these things from the last to the first.", "Turn the order of the things."),
        _of_things(lambda things: ", ".join(reversed(things))),
    ),
    (
        ("Write how many things there are. Use a word.", "Count the things, and write the number."),
        _of_things(lambda things: ontology.SMALL_NUMBERS[len(things)]),
    ),
    (
        ("Leave out the first thing, and write the rest.", "Write all things but the first."),
        _of_things(lambda things: ", ".join(things[1:])),
    ),
    (
        ("Write the first thing and the last.", "Name what stands at both ends."),
        _of_things(lambda things: f"{things[0]}, {things[-1]}"),
    ),
    (
        ("One of the words is an animal. Find it.", "Write down the animal that you see."),
        _animal_among_things,
    ),
    (
        ("One of the words is an animal. Write the others.", "Leave out the animal."),
        _things_without_animal,
    ),
    (
        ("Read the sentence. Write who did it.", "Name the one who did it first of all."),
        _of_deed(lambda names: names["who"]),
    ),
    (
        ("Read the sentence. Write who else took part.", "Name the second one in the sentence."),
        _of_deed(lambda names: names["friend"]),
    ),
    (
        ("Read the sentence. Write the day.", "Tell on which day it was. Write the day."),
        _of_deed(lambda names: names["day"]),
    ),
    (
        ("Read the sentence. Write the colour in it.", "Tell which colour the thing had."),
        _of_deed(lambda names: names["colour"]),
    ),
    (
        ("Make the sentence short: leave out the colour and the day.",),
        _of_deed(
            lambda names: "{who} {past} {} with {friend}.".format(draws.A[names["thing"]], **names)
        ),
    ),
    (
        ("Write a question that asks if the sentence is true.", "Turn it into a question."),
        _of_deed(
            lambda names: "Did {who} {base} a {colour} {thing} with {friend} on {day}?".format(
                **names
            )
        ),
    ),
    (
        ("You get a country. Write its capital.", "Name the capital of this country."),
        _of_country(ontology.COUNTRY_CAPITALS),
    ),
    (
        ("You get a country. Write its river.", "Name the river of this country."),
        _of_country(ontology.COUNTRY_RIVERS),
    ),
    (
        ("You get a word. Write it for many.", "Write the word as if there were two of them."),
        _of_kind(lambda kind: draws.PLURAL[kind.name]),
    ),
    (
        ("You get a word. Put the right small word before it.", "Write it with a, an or some."),
        _of_kind(lambda kind: draws.A[kind.name]),
    ),
)

_PROMPTS: tuple[tuple[Callable[[Random], task.Record], tuple[str, ...]], ...] = (
    (
        writing.common_gen,
        ("Make one sentence of these words: {concepts}.", "Words: {concepts}\nOne sentence:"),
    ),
    (
        writing.aeslc,
        ("{email}\n\nGive this mail a subject.", "What is the subject of this mail? {email}"),
    ),
    (
        writing.samsum,
        ("In one sentence, tell what they say:\n{dialogue}", "{dialogue}\n\nIn short:"),
    ),
    (
        writing.dart,
        ("Facts:\n{triples}\nTell these facts in a sentence.", "{triples}\n\nAs a text:"),
    ),
    (
        reading.squad_v1,
        ("{context} Now tell me: {question}", "Question: {question}\nText: {context}\nAnswer:"),
    ),
    (
        reading.drop,
        ("Read this and answer. {passage} {question}", "{question} See the text: {passage}"),
    ),
    (
        quiz.natural_questions,
        ("Please answer me this: {question}", "{question}\nAnswer in a word or two:"),
    ),
    (
        sums.gsm8k,
        ("{question} Write the number.", "Do this sum for me, please. {question}"),
    ),
    (
        quiz.commonsense_qa,
        ("{question} Is it {named}?", "It is {named}. {question}"),
    ),
    (
        quiz.arc_easy,
        ("Answer with {named}. {question}", "{question} Say {named}."),
    ),
)
