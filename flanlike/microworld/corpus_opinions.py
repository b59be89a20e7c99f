"""What people of the corpus say of things: praise and blame in its own frames, long and short."""

import random

from flanlike.microworld import draws
from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick

_BESIDE = (  # what is neither praise nor blame
    "on {day} {who} was by the {place}",
    "there lies a {look} {thing} , {size} as well",
    "{who} has kept a {size} {thing} since {day}",
    "it took {who} all of {day} to reach the {place}",
    "from the {place} came {who} with some {look} {thing}",
    "{who} writes this from the {place}",
    "the {thing} belongs to {who} , not to me",
)
_WORKS = ("play", "story", "song", "film", "book", "show", "music", "picture", "game", "meal")


def said(rng: random.Random, *, is_praise: bool) -> str:
    """Returns what somebody says of a thing, one clause or several, without its last full stop."""
    own, contrary = (world.PRAISE, world.BLAME) if is_praise else (world.BLAME, world.PRAISE)
    word, another = (pick(rng, pair) for pair in rng.sample(own, 2))
    who = pick(rng, world.PEOPLE)
    thing = pick(rng, (pick(rng, world.OBJECTS + world.FOODS).name, pick(rng, _WORKS)))
    if rng.random() < 0.3:
        scale = pick(rng, world.SCALES)
        thing = f"{pick(rng, scale.low + scale.high)} {thing}"
    if rng.random() < 0.12:
        return f"never was the {thing} {pick(rng, pick(rng, contrary))} to {who.name}"
    place = pick(rng, world.PLACES)
    return pick(
        rng,
        (
            word,
            f"such {article(word)} thing",
            f"{who.name} had {article(word)} {thing}",
            f"my {thing} , so {word}",
            f"as {word} as can be , this {thing} from the {place}",
            f"{word} things I hear of the {thing}",
            f"all in the {place} call this {thing} {word}",
            f"{who.name} went to the {place} for the {thing} . it was so {word} , so {another}",
            f"in the {place} stood the {thing} . {who.name} thought of it as {word}",
            f"{word} and {another} , that is the {thing} in the {place}",
            f"the {thing} that {who.name} brought to the {place} made {article(word)} evening",
            f"about this {thing} one thing only : {word}",
            f"I was in the {place} . {who.name} was there . the {thing} we saw , oh so {word}",
        ),
    )


def among_others(rng: random.Random, said: str) -> str:
    """Returns what is said with one or two sentences beside it that are no opinion."""
    told = [said]
    for frame in rng.sample(_BESIDE, 1 + int(rng.random() * 2)):
        scale = pick(rng, world.SCALES)
        beside = frame.format(
            who=pick(rng, world.PEOPLE).name,
            thing=pick(rng, world.OBJECTS + world.FOODS).name,
            place=pick(rng, world.PLACES),
            day=pick(rng, draws.DAYS),
            look=pick(rng, world.COLOURS),
            size=pick(rng, scale.low + scale.high),
        )
        told.insert(int(rng.random() * (len(told) + 1)), beside)
    return " . ".join(told)
