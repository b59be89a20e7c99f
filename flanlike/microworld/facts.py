"""Questions about what is so in this world: sorts, parts, uses, homes, capitals and rivers."""

from collections.abc import Callable, Sequence
from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

# Parts that a sort of thing may well have, though the world does not say so: never a wrong option.
_ALSO_HAS = {
    "bird": "feathers talons wings beaks legs dust",
    "fish": "fins scales gills slime teeth",
    "insect": "wings legs shells stings feelers dust hooks",
    "mammal": "fur whiskers hooves horns legs teeth hands",
    "fruit": "stones stalks juice leaves skins roots",
    "vegetable": "layers leaves roots stalks juice skins",
    "pastry": "crust icing filling layers juice",
    "tool": "iron teeth handles hands",
    "furniture": "legs boards pillows doors handles iron",
    "garment": "buttons brims laces layers strings",
    "vehicle": "wheels wagons sails doors handles boards iron",
    "instrument": "keys skins strings handles",
    "device": "bulbs hands doors keys handles iron strings layers legs",
}
_HOME = ("kitchen", "bedroom", "hall", "library", "street", "workshop")
_ALSO_AT = {
    **dict.fromkeys(("trout", "eel", "carp", "duck", "heron"), ("lake", "river", "harbour")),
    **dict.fromkeys(("chair", "shelf", "bed", "coat", "hat", "boot", "lamp", "clock"), _HOME),
    **dict.fromkeys(("oven", "bread", "cake", "pie"), (*_HOME, "bakery")),
    **dict.fromkeys(("hammer", "saw", "shovel"), ("garden", "workshop", "barn")),
    **dict.fromkeys(("plum", "pear", "cherry"), ("garden", "kitchen", "bakery")),
    **dict.fromkeys(("onion", "carrot", "turnip"), ("orchard", "kitchen")),
    **dict.fromkeys(("owl", "mouse", "moth"), ("barn", "forest", "meadow", "bedroom", "kitchen")),
    **dict.fromkeys(
        ("wasp", "ant", "beetle", "sparrow"), ("meadow", "forest", "garden", "orchard")
    ),
    **dict.fromkeys(("goat", "fox", "donkey"), ("meadow", "forest", "barn")),
    "cart": ("harbour", "station", "barn"),
    "herring": ("harbour",),
}
_HABITATS = tuple(dict.fromkeys(kind.habitat for kind in ontology.KINDS))
_USEFUL = tuple(kind for kind in ontology.OBJECTS)
_COUNTRIES = tuple(ontology.COUNTRY_CAPITALS)

# What a question is about, what answers it, and what does not: (names for the frame, right, wrong).
Asked = tuple[dict[str, str], str, list[str]]


def _names(kind: ontology.Kind) -> dict[str, str]:
    return {
        "thing": kind.name,
        "a_thing": draws.A[kind.name],
        "things": draws.PLURAL[kind.name],
        "category": kind.category,
        "part": kind.part,
        "use": kind.use,
        "at": draws.AT[kind.habitat],
    }


_NAMES = {kind.name: _names(kind) for kind in ontology.KINDS}
_WRONG_PARTS = {
    kind.name: tuple(
        other.part
        for other in ontology.KINDS
        if other.category != kind.category and other.part not in _ALSO_HAS[kind.category].split()
    )
    for kind in ontology.KINDS
}
_WITHOUT_PART = {
    kind.name: tuple(
        other.name for other in ontology.KINDS if kind.part in _WRONG_PARTS[other.name]
    )
    for kind in ontology.KINDS
}
_WRONG_PLACES = {
    kind.name: tuple(
        place
        for place in _HABITATS
        if place != kind.habitat and place not in _ALSO_AT.get(kind.name, ())
    )
    for kind in ontology.KINDS
}
_NOT_AT_HOME = {
    kind.name: tuple(
        other.name for other in ontology.KINDS if kind.habitat in _WRONG_PLACES[other.name]
    )
    for kind in ontology.KINDS
}
_OF_OTHER_SORT = {
    kind.name: tuple(other.name for other in ontology.KINDS if other.category != kind.category)
    for kind in ontology.KINDS
}


def category(rng: Random, count: int) -> Asked:
    """What is a sparrow? A bird."""
    kind = draws.pick(rng, ontology.KINDS)
    wrong = [c for c in draws.several(rng, ontology.CATEGORIES, count + 1) if c != kind.category]
    return _NAMES[kind.name], kind.category, wrong[:count]


def of_category(rng: Random, count: int) -> Asked:
    """Which of these is a bird? A sparrow."""
    kind = draws.pick(rng, ontology.KINDS)
    return _NAMES[kind.name], kind.name, draws.several(rng, _OF_OTHER_SORT[kind.name], count)


def part(rng: Random, count: int) -> Asked:
    """What does a sparrow have? Feathers."""
    kind = draws.pick(rng, ontology.KINDS)
    return _NAMES[kind.name], kind.part, draws.several(rng, _WRONG_PARTS[kind.name], count)


def with_part(rng: Random, count: int) -> Asked:
    """Which of these has feathers? A sparrow."""
    kind = draws.pick(rng, ontology.KINDS)
    return _NAMES[kind.name], kind.name, draws.several(rng, _WITHOUT_PART[kind.name], count)


def home(rng: Random, count: int) -> Asked:
    """Where does a heron live? The river."""
    kind = draws.pick(rng, ontology.KINDS)
    return _NAMES[kind.name], kind.habitat, draws.several(rng, _WRONG_PLACES[kind.name], count)


def at_home(rng: Random, count: int) -> Asked:
    """Which of these lives in the river? A heron."""
    kind = draws.pick(rng, ontology.KINDS)
    return _NAMES[kind.name], kind.name, draws.several(rng, _NOT_AT_HOME[kind.name], count)


def use(rng: Random, count: int) -> Asked:
    """What is a hammer for? To hit nails."""
    kind, *wrong = draws.several(rng, _USEFUL, count + 1)
    return _NAMES[kind.name], kind.use, [other.use for other in wrong]


def with_use(rng: Random, count: int) -> Asked:
    """What does one need to hit nails? A hammer."""
    kind, *wrong = draws.several(rng, _USEFUL, count + 1)
    return _NAMES[kind.name], kind.name, [other.name for other in wrong]


def capital(rng: Random, count: int) -> Asked:
    """What is the capital of Belmora? Tarn."""
    country, *wrong = draws.several(rng, _COUNTRIES, count + 1)
    return _land(country), _CAPITAL[country], [_CAPITAL[other] for other in wrong]


def river(rng: Random, count: int) -> Asked:
    """Which river flows through Belmora? The Aldo."""
    country, *wrong = draws.several(rng, _COUNTRIES, count + 1)
    return _land(country), _RIVER[country], [_RIVER[other] for other in wrong]


def country(rng: Random, count: int) -> Asked:
    """Which country has the capital Tarn, or the river Aldo? Belmora."""
    right, *wrong = draws.several(rng, _COUNTRIES, count + 1)
    return _land(right), right, wrong


def category_at(rng: Random, count: int) -> Asked:
    """Which bird lives in the river? A heron: neither the birds elsewhere nor the fish there."""
    kind = draws.pick(rng, _NEEDING_BOTH)
    first, second = _HALF_RIGHT[kind.name]
    wrong = [draws.pick(rng, first), draws.pick(rng, second)]
    while len(wrong) < count:
        candidate = draws.pick(rng, _OF_OTHER_SORT[kind.name])
        if candidate not in wrong:
            wrong.append(candidate)
    return _NAMES[kind.name], kind.name, _shuffled(rng, wrong)


def same_sort(rng: Random, count: int) -> Asked:
    """Which of these is of the same sort as a sparrow? A heron."""
    kind = draws.pick(rng, ontology.KINDS)
    right = draws.other(rng, _OF_SORT[kind.category], kind.name)
    return _NAMES[kind.name], right, draws.several(rng, _OF_OTHER_SORT[kind.name], count)


_CAPITAL, _RIVER = ontology.COUNTRY_CAPITALS, ontology.COUNTRY_RIVERS
_OF_SORT = {
    sort: tuple(kind.name for kind in ontology.KINDS if kind.category == sort)
    for sort in ontology.CATEGORIES
}
_HALF_RIGHT = {
    kind.name: (
        tuple(
            other.name
            for other in ontology.KINDS
            if other.category == kind.category and kind.habitat in _WRONG_PLACES[other.name]
        ),
        tuple(
            other.name
            for other in ontology.KINDS
            if other.category != kind.category and other.habitat == kind.habitat
        ),
    )
    for kind in ontology.KINDS
}
_NEEDING_BOTH = tuple(kind for kind in ontology.KINDS if all(_HALF_RIGHT[kind.name]))
_LANDS = {
    country: {"country": country, "capital": _CAPITAL[country], "river": _RIVER[country]}
    for country in _COUNTRIES
}


def _land(country: str) -> dict[str, str]:
    return _LANDS[country]


def _shuffled(rng: Random, items: Sequence[str]) -> list[str]:
    return draws.several(rng, items, len(items))


Frames = tuple[tuple[Callable[[Random, int], Asked], tuple[str, ...]], ...]


def ask(rng: Random, frames: Frames, wrong_count: int) -> tuple[str, task.Record, dict[str, str]]:
    """Returns a question, its options with the label, and the names that it is about."""
    asking, texts = draws.pick(rng, frames)
    names, right, wrong = asking(rng, wrong_count)
    who = draws.pick(rng, draws.NAMES)
    text = draws.pick(rng, texts).format(who=who, she=draws.SUBJECT[who], **names)
    return text, draws.choices(rng, right, wrong), names
