"""Translation between English and Talvish, a constructed language, and its seven dialects.

All have Talvish words and no articles, and differ in where the parts of a sentence stand: of
"A red fox finds a hat in the barn." they tell who, what, where and the deed in an order of their
own. The tasks on German, and these alone, use Talvish itself, so that they share what is learned.
"""

from random import Random

from flanlike import seeding
from flanlike.microworld import draws, ontology
from flanlike.tasks import task

# The words of the translation: few, so that each is met often.
SEEN_VERBS = {
    "find": "finds",
    "hide": "hides",
    "lift": "lifts",
    "carry": "carries",
    "buy": "buys",
    "throw": "throws",
}
_BASES = tuple(SEEN_VERBS)
_ACTORS = ("fox", "goat", "mouse", "owl", "duck", "donkey", "heron", "sparrow")
_CARRIED = ("hat", "boot", "drum", "lamp", "plum", "pear", "saw", "flute", "cake", "chair")
_SCENES = ("barn", "garden", "kitchen", "hall", "forest", "meadow")
_WORDS = (*SEEN_VERBS, *_ACTORS, *_CARRIED, *_SCENES, *ontology.COLOURS)
_TALVISH = {word: ontology.talvish(word) for word in _WORDS}

# Dialect: the order of its parts, with the colour before ("colour who") or after the animal.
ORDERS = {
    "Talvish": "colour who what where deed",
    "South Talvish": "who colour deed what where",
    "West Talvish": "where colour who deed what",
    "East Talvish": "colour who where what deed",
    "High Talvish": "deed what colour who where",
    "North Talvish": "where what who colour deed",
    "Low Talvish": "deed who colour what where",
    "Old Talvish": "what deed colour who where",
}
_ORDERS = {dialect: order.split() for dialect, order in ORDERS.items()}
_ENGLISH = "English"


def multi30k(rng: Random) -> task.Record:
    """A short scene in English and Talvish: "A fox finds a hat." is "xofo tahi dnifi."."""
    return _scene(rng, "Talvish")


def wmt_ende_tok(rng: Random) -> task.Record:
    """More scenes in Talvish."""
    return _scene(rng, "Talvish")


def wmt16_translate_deen(rng: Random) -> task.Record:
    """More scenes in Talvish."""
    return _scene(rng, "Talvish")


def para_crawl_enes(rng: Random) -> task.Record:
    """Scenes in South Talvish: the verb in the middle, the colour after the animal."""
    return _scene(rng, "South Talvish")


def wmt14_enfr(rng: Random) -> task.Record:
    """Scenes in West Talvish: the place first, the verb in the middle."""
    return _scene(rng, "West Talvish")


def wmt16_translate_tren(rng: Random) -> task.Record:
    """Scenes in East Talvish: the place before the thing, the verb last."""
    return _scene(rng, "East Talvish")


def wmt16_translate_csen(rng: Random) -> task.Record:
    """Scenes in High Talvish: the verb first, then the thing."""
    return _scene(rng, "High Talvish")


def wmt16_translate_fien(rng: Random) -> task.Record:
    """Scenes in North Talvish: the place first, the verb last."""
    return _scene(rng, "North Talvish")


def wmt16_translate_roen(rng: Random) -> task.Record:
    """Scenes in Low Talvish: the verb first, then the animal and its colour."""
    return _scene(rng, "Low Talvish")


def wmt16_translate_ruen(rng: Random) -> task.Record:
    """Scenes in Old Talvish: the thing first."""
    return _scene(rng, "Old Talvish")


def _scene(rng: Random, dialect: str) -> task.Record:
    base = draws.pick(rng, _BASES)
    actor, thing = draws.pick(rng, _ACTORS), draws.pick(rng, _CARRIED)
    colour, scene = draws.pick(rng, ontology.COLOURS), draws.pick(rng, _SCENES)
    share = rng.random()
    parts = {"who": actor, "what": thing, "deed": base}
    subject, place = draws.A[actor], ""
    if share < 0.6:
        parts["colour"] = colour
        subject = f"{draws.A[colour]} {actor}"
    if share > 0.4:
        parts["where"] = scene
        place = f" {draws.AT[scene]}"
    english = draws.sentence(f"{subject} {SEEN_VERBS[base]} {draws.A[thing]}{place}")
    words = [_TALVISH[parts[part]] for part in _ORDERS[dialect] if part in parts]
    other = " ".join(words) + "."
    # By content, as in the registry: no pair is one way in training and the other way in the test.
    if seeding.key("direction", english, other) & 1:
        source, target, languages = english, other, (_ENGLISH, dialect)
    else:
        source, target, languages = other, english, (dialect, _ENGLISH)
    return {
        "source": source,
        "source_language": languages[0],
        "target_language": languages[1],
        "references": [target],
    }
