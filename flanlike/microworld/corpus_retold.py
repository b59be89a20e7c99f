"""The same told twice in the corpus's own words, or nearly: do two texts mean one thing?

Both share most words whatever the answer: a word, its order or what goes with what decides. None of
them is a sentence that a task's generator makes.
"""

import random
from collections.abc import Callable, Sequence

from flanlike.microworld import corpus_pairs, draws
from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick

# One statement, another, and whether they mean the same.
Retold = tuple[str, str, bool]


def retold(rng: random.Random) -> Retold:
    """A deed with a thing and a place, told twice: in other words, or of something else."""
    verb, another = rng.sample(world.VERBS, 2)
    parts = {
        "who": corpus_pairs.draw_name(rng),
        "past": corpus_pairs.either(rng, (verb.past, verb.synonym_past)),
        "word": corpus_pairs.draw_words(rng),
        "thing": corpus_pairs.draw_thing(rng),
        "place": pick(rng, world.PLACES),
    }
    first = parts | {"past": parts["past"][0], "word": parts["word"][0]}
    second = dict(first)
    for name in ("past", "word"):
        if rng.random() < 0.6:
            second[name] = parts[name][1]
    is_same = rng.random() < 0.5
    if not is_same:
        changed = pick(rng, ("past", "past", "word", "word", "who", "thing", "place"))
        others = {
            "past": lambda: another.past,
            "word": lambda: pick(rng, parts["word"][2:]),
            "who": lambda: _other(rng, [p.name for p in world.PEOPLE], first["who"]),
            "thing": lambda: _other(rng, [k.name for k in world.OBJECTS], first["thing"]),
            "place": lambda: _other(rng, world.PLACES, first["place"]),
        }
        second[changed] = others[changed]()
    return (*(pick(rng, _TELLING).format(**one) for one in (first, second)), is_same)


def alike(rng: random.Random) -> Retold:
    """Two words for one thing, or for two; either may come first."""
    draw, is_same = (
        pick(rng, (corpus_pairs.quality, corpus_pairs.kept, corpus_pairs.giving)),
        rng.random() < 0.5,
    )
    while True:
        fact, claim, relation = draw(rng)
        if (relation == corpus_pairs.FOLLOWS) == is_same:
            return *corpus_pairs.either(rng, (fact, claim)), is_same


def crossed(rng: random.Random) -> Retold:
    """Two pairs, told in the other order, or each with what was the other's."""
    one, two = (person.name for person in rng.sample(world.PEOPLE, 2))
    share = int(rng.random() * 4)
    if share == 0:
        a, b = rng.sample(world.PLACES, 2)
        frame, firsts, seconds = "{0} stood in the {2} , {1} in the {3}", (one, two), (a, b)
    elif share == 1:
        a, b = (
            f"{verb.past} that {corpus_pairs.draw_thing(rng)}"
            for verb in rng.sample(world.VERBS, 2)
        )
        frame, firsts, seconds = "it is {0} who {2} , and {1} who {3}", (one, two), (a, b)
    elif share == 2:
        a, b = rng.sample(world.COLOURS, 2)
        things = tuple(kind.name for kind in rng.sample(world.OBJECTS, 2))
        frame, firsts, seconds = "a {2} {0} is here , and so is a {3} {1}", things, (a, b)
    else:
        a, b = (article(kind.name) for kind in rng.sample(world.OBJECTS + world.FOODS, 2))
        frame, firsts, seconds = "{2} went to {0} and {3} went to {1}", (one, two), (a, b)
    is_same, turns = rng.random() < 0.5, rng.random() < 0.6
    again = (firsts, seconds) if is_same else (firsts, seconds[::-1])
    if turns:
        again = tuple(part[::-1] for part in again)
    elif is_same:
        frame_again = pick(rng, ("{} , that is so", "yes , {}", "{}")).format(frame)
        return frame.format(*firsts, *seconds), frame_again.format(*firsts, *seconds), True
    return frame.format(*firsts, *seconds), frame.format(*again[0], *again[1]), is_same


def questions(rng: random.Random) -> Retold:
    """Two questions about a deed: for the same in other words, or for something else."""
    verb, another = rng.sample(world.VERBS, 2)
    who, thing = corpus_pairs.draw_name(rng), corpus_pairs.draw_thing(rng)
    past, same = corpus_pairs.either(rng, (verb.past, verb.synonym_past))
    word, word_same, contrary, foreign = corpus_pairs.draw_words(rng)
    asked, other_asked = rng.sample(_WANTED, 2)
    one, other = rng.sample(asked, 2)
    second = {"past": pick(rng, (past, same)), "word": pick(rng, (word, word_same)), "asked": other}
    is_same = rng.random() < 0.5
    if not is_same:
        changed = pick(rng, tuple(second))
        others = {"past": another.past, "word": contrary, "asked": pick(rng, other_asked)}
        second[changed] = others[changed]
    text = "{asked} {who} {past} that {word} {thing}"
    first = {"past": past, "word": word, "asked": one}
    return (*(text.format(who=who, thing=thing, **each) for each in (first, second)), is_same)


def question_and_line(rng: random.Random) -> Retold:
    """Returns what somebody asks about a deed, a line about it, and whether the line tells it."""
    names = [person.name for person in rng.sample(world.PEOPLE, 3)]
    who, other, friend = names
    adjuncts = {
        "in which place": f"close to the {pick(rng, world.PLACES)}",
        "at which time": f"late on {pick(rng, draws.DAYS)}",
        "with which friend": f"helped by {friend}",
        "for whose sake": f"so that {friend} would be glad",
    }
    asked, told = rng.sample(list(adjuncts), 2)
    verb, thing = pick(rng, world.VERBS), corpus_pairs.draw_thing(rng)
    past, same = corpus_pairs.either(rng, (verb.past, verb.synonym_past))
    question = f"{asked} {who} {past} that {thing}"
    share = rng.random()
    if share < 0.5:
        return question, f"{who} {same} that {thing} , {adjuncts[asked]}", True
    if share < 0.8:
        return question, f"{who} {same} that {thing} , {adjuncts[told]}", False
    return question, f"{other} {same} that {thing} , {adjuncts[asked]}", False


RETOLD: Sequence[Callable[[random.Random], Retold]] = (
    retold, retold, retold, alike, alike, crossed, crossed, questions, questions,
)  # fmt: skip

_TELLING = (
    "{who} {past} that {word} {thing} , and it was in the {place}",
    "it was in the {place} that {who} {past} that {word} {thing}",
    "over in the {place} , {who} {past} one {word} {thing}",
    "there was one {word} {thing} in the {place} , and {who} {past} it",
    "it was {who} who {past} the {thing} , {word} as it was , in the {place}",
)
_WANTED = (  # for the time, the reason, the means, the company: ways to ask
    ("when was it , what day , that", "on which day it happened that", "at which hour"),
    ("why", "what was the cause that", "what made it happen that"),
    ("how", "by which means", "what was the way that"),
    ("with which friend", "who was the friend with whom", "together with whom"),
)


def _other(rng: random.Random, items: Sequence[str], excluded: str) -> str:
    return pick(rng, [item for item in items if item != excluded])
