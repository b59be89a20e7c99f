"""Pairs of statements whose relation is known: the one follows from the other, denies it, or not.

Both statements of a pair share all words but one or two, whatever the relation: a synonym of the
word follows, an antonym denies, a word about another quality leaves the matter open. The words of
either statement alone say nothing about the relation. Small talk of frames is kept out: what
decides is what the words mean.
"""

from collections.abc import Callable
from random import Random

from flanlike.microworld import draws, ontology

ENTAILED, DENIED, OPEN = range(3)
Statements = tuple[str, str]  # clauses without capital or end: "the boat of Ada was small"

_SCALES_OF = {  # which scales (by the first word of their low end) make sense of which kinds
    "animal": "small slow quiet wet weak dirty thin cold",
    "food": "small cold wet cheap dirty old",
    "object": "small cold old wet weak dark cheap dirty thin",
}
_MORE_SCALES_OF = {
    "instrument": "quiet",
    "vehicle": "slow empty",
    "furniture": "empty",
    "device": "slow",
}
# For each kind's name: pairs (word, synonym, antonyms), one for each of the four words of a scale.
_Quality = tuple[str, str, tuple[str, str], int]


def _qualities(kind: ontology.Kind) -> tuple[_Quality, ...]:
    parent = ontology.PARENT_CATEGORY[kind.category]
    wanted = f"{_SCALES_OF[parent]} {_MORE_SCALES_OF.get(kind.category, '')}".split()
    return tuple(
        (word, same[1 - index], opposite, number)
        for number, scale in enumerate(ontology.SCALES)
        if scale.low[0] in wanted
        for same, opposite in ((scale.low, scale.high), (scale.high, scale.low))
        for index, word in enumerate(same)
    )


QUALITIES = {kind.name: _qualities(kind) for kind in ontology.KINDS}
_SCALE_NUMBERS = {
    name: frozenset(quality[3] for quality in qualities) for name, qualities in QUALITIES.items()
}
_OWNED_NAMES = tuple(kind.name for kind in draws.OWNED)
_GOODS_CATEGORY = {kind.name: kind.category for kind in draws.GOODS}
_GOODS_CATEGORIES = tuple(dict.fromkeys(_GOODS_CATEGORY.values()))
_GOODS_OF = {
    category: tuple(name for name, its in _GOODS_CATEGORY.items() if its == category)
    for category in _GOODS_CATEGORIES
}
_GOODS_QUALITIES = tuple(  # qualities that any of GOODS can have
    quality for quality in QUALITIES["plum"] if quality[0] in {q[0] for q in QUALITIES["hammer"]}
)


def related_quality(rng: Random, thing: str, relation: int) -> Statements:
    """Returns two words for qualities of the thing: synonyms, antonyms, or of two scales."""
    qualities = QUALITIES[thing]
    first = draws.pick(rng, qualities)
    if relation == ENTAILED:
        return first[0], first[1]
    if relation == DENIED:
        return first[0], first[2][rng.random() < 0.5]
    while (second := draws.pick(rng, qualities))[3] == first[3]:
        pass
    return first[0], second[0]


def owned(rng: Random, thing: str) -> str:
    """Returns words for one thing of that name: "the boat of Ada"."""
    share = rng.random()
    if share < 0.4:
        return f"the {thing} of {draws.pick(rng, draws.NAMES)}"
    if share < 0.7:
        return f"the {thing} {draws.AT[draws.pick(rng, ontology.PLACES)]}"
    return f"the {thing} that {draws.pick(rng, draws.NAMES)} {_past(rng)}"


def quality(rng: Random, relation: int) -> Statements:
    """Returns what one thing was like: "the boat of Ada was small", "... was little"."""
    thing = draws.pick(rng, _OWNED_NAMES)
    subject = owned(rng, thing)
    first, second = related_quality(rng, thing, relation)
    tense = "is" if rng.random() < 0.5 else "was"
    return f"{subject} {tense} {first}", f"{subject} {tense} {second}"


def negated(rng: Random, relation: int) -> Statements:
    """Returns a quality and a denial: "the boat is small", "the boat is not big"."""
    thing = draws.pick(rng, _OWNED_NAMES)
    subject = owned(rng, thing)
    turned = {ENTAILED: DENIED, DENIED: ENTAILED, OPEN: OPEN}[relation]
    first, second = related_quality(rng, thing, turned)
    return f"{subject} was {first}", f"{subject} was not {second}"


def sort(rng: Random, relation: int) -> Statements:
    """Returns what something was: "what Ada bought was a hammer", "... was a kind of tool".

    The words of each statement alone tell nothing: both a quality and a category are as likely to
    come second whatever the relation, and a thing and a quality as likely to come first.
    """
    share = rng.random()
    if share < 0.5:
        subject = f"what {draws.pick(rng, draws.NAMES)} {_past(rng)}"
    elif share < 0.8:
        subject = f"the thing {draws.AT[draws.pick(rng, ontology.PLACES)]}"
    else:
        subject = f"the gift of {draws.pick(rng, draws.NAMES)}"
    category = draws.pick(rng, _GOODS_CATEGORIES)
    adjective = draws.pick(rng, _GOODS_QUALITIES)
    if rng.random() < 0.5:  # the second says the category
        second = f"a kind of {category}"
        if relation == OPEN:
            first = adjective[0]
        else:
            if relation == DENIED:
                category = draws.other(rng, _GOODS_CATEGORIES, category)
            first = draws.A[draws.pick(rng, _GOODS_OF[category])]
    else:  # the second says a quality
        second = adjective[0]
        if relation == ENTAILED:
            first = adjective[1]
        elif relation == DENIED:
            first = adjective[2][rng.random() < 0.5]
        else:
            first = draws.A[draws.pick(rng, _GOODS_OF[category])]
    return f"{subject} was {first}", f"{subject} was {second}"


def one_of_two(rng: Random, relation: int) -> Statements:
    """Returns two facts and one: "the cart of Ada is wet and the hat of Leo is small", ...

    An open statement gives to one thing what was said of the other.
    """
    things = draws.pair(rng, _OWNED_NAMES)
    owners = draws.pair(rng, draws.NAMES)
    subjects = [f"the {things[i]} of {owners[i]}" for i in (0, 1)]
    index = int(rng.random() * 2)
    makes_sense = _SCALE_NUMBERS[things[1 - index]]  # both words are about either thing
    while (asked := draws.pick(rng, QUALITIES[things[index]]))[3] not in makes_sense:
        pass
    makes_sense = _SCALE_NUMBERS[things[index]] - {asked[3]}
    while (beside := draws.pick(rng, QUALITIES[things[1 - index]]))[3] not in makes_sense:
        pass
    facts = [asked[0], beside[0]] if index == 0 else [beside[0], asked[0]]
    said = f"{subjects[0]} is {facts[0]} and {subjects[1]} is {facts[1]}"
    if relation == ENTAILED:
        word = asked[1]
    elif relation == DENIED:
        word = asked[2][rng.random() < 0.5]
    else:
        word = beside[1] if rng.random() < 0.5 else beside[2][rng.random() < 0.5]
    return said, f"{subjects[index]} is {word}"


def giving(rng: Random, relation: int) -> Statements:
    """Returns who gave what: "Ada gave Leo a small hat", "Leo got a little hat from Ada"."""
    giver, taker = draws.pair(rng, draws.NAMES)
    thing = draws.pick(rng, draws.GOODS_NAMES)
    verbs = draws.pick(rng, ontology.GIVING)
    is_swapped = relation == DENIED
    first, second = related_quality(rng, thing, OPEN if relation == OPEN else ENTAILED)
    said = _handing(rng, verbs, giver, taker, f"{draws.A[first]} {thing}")
    if is_swapped:
        giver, taker = taker, giver
    return said, _handing(rng, verbs, giver, taker, f"{draws.A[second]} {thing}")


def doing(rng: Random, relation: int) -> Statements:
    """Returns what somebody did: "Ada hid a drum", "Ada concealed a drum"; never a denial."""
    verb = draws.pick(rng, draws.VERBS)
    rest = draws.A[draws.pick(rng, draws.GOODS_NAMES)]
    if rng.random() < 0.6:
        rest += f" {draws.AT[draws.pick(rng, ontology.PLACES)]}"
    name = draws.pick(rng, draws.NAMES)
    forms = [verb.past, verb.synonym_past]
    if rng.random() < 0.5:
        forms.reverse()
    if relation != ENTAILED:
        different = draws.other(rng, draws.VERBS, verb)
        forms[1] = different.past if rng.random() < 0.5 else different.synonym_past
    return f"{name} {forms[0]} {rest}", f"{name} {forms[1]} {rest}"


_RELATED: tuple[tuple[float, Callable[[Random, int], Statements]], ...] = (
    (0.42, quality),
    (0.65, sort),
    (0.72, negated),
    (0.88, one_of_two),
    (1.0, giving),
)


def related(rng: Random, relation: int) -> Statements:
    """Returns two statements in that relation, mostly of one fact each."""
    share = rng.random()
    for bound, family in _RELATED:
        if share < bound:
            return family(rng, relation)
    raise AssertionError(share)


def _handing(rng: Random, verbs: tuple[str, str], giver: str, taker: str, what: str) -> str:
    if rng.random() < 0.5:
        return f"{giver} {verbs[0]} {taker} {what}"
    return f"{taker} {verbs[1]} {what} from {giver}"


def _past(rng: Random) -> str:
    verb = draws.pick(rng, draws.VERBS)
    return verb.past if rng.random() < 0.5 else verb.synonym_past
