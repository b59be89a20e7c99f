"""Entries of an encyclopedia: what a name stands for is told by what is said of it alone."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())

# What is said of things of each kind, in the order of dbpedia_14's labels.
_SAID = (
    ("{title} sells {things} in {town}.", "{title} buys {things} and sells them from {town}."),
    ("Children learn at {title}.", "{title} in {town} teaches boys and girls."),
    ("{title} paints {things} and sings.", "{title} paints in {town} and plays the flute."),
    ("{title} runs and swims for {town}.", "{title} won a race in {town}."),
    ("{title} has ruled {town} for years.", "The people in {town} chose {title} to rule them."),
    ("{title} carries people over the sea to {town}.", "One rides in {title} from {town}."),
    ("{title} has a roof and ten rooms.", "{title} in {town} has stone walls and a tower."),
    ("{title} is a lake near {town}.", "{title} is a hill, and a river comes from it."),
    ("In {title} live forty people.", "{title} has nine houses near {town}."),
    ("{title} has fur and eats grass.", "{title} has wings and lays eggs near {town}."),
    ("{title} has green leaves and a red flower.", "{title} grows from a seed near {town}."),
    ("{title} has ten songs.", "The singers in {town} made {title}; it has nine songs."),
    ("One can see {title} on a screen.", "{title} was shown in {town}, with actors."),
    ("{title} is a book that tells about {town}.", "One can read {title}, which has ten pages."),
)
_BESIDE = (
    "It was on {day} that {who} told me.",
    "{who} knows more about it.",
    "So says {who}.",
    "{who} wrote this on {day}.",
)


def dbpedia_14(rng: Random, label: int) -> task.Record:
    """What somebody says of a name, which may be of anything."""
    title, who = draws.pair(rng, draws.NAMES)
    said = draws.pick(rng, _SAID[label]).format(
        title=title,
        town=draws.pick(rng, _TOWNS),
        things=draws.PLURAL[draws.pick(rng, draws.GOODS_NAMES)],
    )
    beside = draws.pick(rng, _BESIDE).format(who=who, day=draws.pick(rng, draws.DAYS))
    return {"title": title, "content": f"{said} {beside}", "label": label}
