"""Do two sentences say the same, and how much of it? Shared words do not tell."""

from random import Random

from flanlike import task
from flanlike.microworld import draws, ontology, statements

_WORDS = tuple(  # (word, synonym, antonyms): what any thing or place may be called
    (word, same[1 - index], opposite)
    for scale in ontology.SCALES
    if scale.low[0] in ("small", "old", "dark", "dirty", "cold", "wet")
    for same, opposite in ((scale.low, scale.high), (scale.high, scale.low))
    for index, word in enumerate(same)
)


def glue_mrpc(rng: Random, label: int) -> task.Record:
    """Two sentences with one, two or no words changed: to synonyms, or to something else."""
    share = rng.random()
    if share < 0.6:
        pair = _deed(rng, is_same=label == 1)
    elif share < 0.88:
        family = statements.quality if share < 0.75 else statements.giving
        relation = statements.ENTAILED if label == 1 else 1 + int(rng.random() * 2)
        pair = family(rng, relation)
    else:
        pair = _two_places(rng, is_same=label == 1)
    one, two = map(draws.sentence, pair)
    return {"sentence1": one, "sentence2": two, "label": label}


def stsb(rng: Random, label: int) -> task.Record:
    """Five details, of which `label` are the same in other words and the rest are not.

    All five words differ between the sentences whatever the label; all others are the same.
    """
    same = set(draws.several(rng, range(5), label))
    verbs = draws.several(rng, draws.VERBS, 4)
    deeds = [_deeds(rng, verbs[i], verbs[i] if i in same else verbs[i + 2]) for i in (0, 1)]
    words = draws.several(rng, range(len(_WORDS)), 3)
    words = [_change(rng, _WORDS[word], i + 2 in same) for i, word in enumerate(words)]
    who = draws.pick(rng, draws.NAMES)
    things = draws.pair(rng, draws.GOODS_NAMES)
    place = draws.pick(rng, ontology.PLACES)
    pair = [
        f"{who} {deeds[0][i]} the {words[0][i]} {things[0]} and {deeds[1][i]} the {words[1][i]} "
        f"{things[1]} {draws.AT[place].replace('the ', f'the {words[2][i]} ')}."
        for i in (0, 1)
    ]
    if rng.random() < 0.5:
        pair.reverse()
    return {
        "sentence1": pair[0],
        "sentence2": pair[1],
        "label": label,
        "score": float(label),
    }


def _deeds(rng: Random, one: ontology.Verb, two: ontology.Verb) -> tuple[str, str]:
    first = (one.past, two.synonym_past)
    second = (one.synonym_past, two.past)
    if one is not two and rng.random() < 0.5:
        first, second = (one.past, two.past), (one.synonym_past, two.synonym_past)
    return first if rng.random() < 0.5 else second


def _change(rng: Random, word: tuple[str, str, tuple[str, str]], is_same: bool) -> tuple[str, str]:
    return word[0], word[1] if is_same else word[2][rng.random() < 0.5]


def _deed(rng: Random, is_same: bool) -> statements.Statements:
    """Returns what somebody did to what and where; verb, quality or both in other words."""
    verb = draws.pick(rng, draws.VERBS)
    past = [verb.past, verb.synonym_past]
    if rng.random() < 0.5:
        past.reverse()
    thing = draws.pick(rng, draws.GOODS_NAMES)
    word, synonym, opposite, scale = draws.pick(rng, statements.QUALITIES[thing])
    words = [word, synonym]
    share = rng.random()  # what changes: the verb, the quality, or both
    if share < 0.25:
        words[1] = words[0]
    elif share < 0.5:
        past[1] = past[0]
    if not is_same:
        changes_verb = share < 0.25 or (share > 0.5 and rng.random() < 0.4)
        if changes_verb:
            different = draws.other(rng, draws.VERBS, verb)
            past[1] = different.past if rng.random() < 0.5 else different.synonym_past
        else:
            different = draws.pick(rng, statements.QUALITIES[thing])
            is_other_scale = different[3] != scale and rng.random() < 0.5
            words[1] = different[0] if is_other_scale else opposite[rng.random() < 0.5]
    who = draws.pick(rng, draws.NAMES)
    at = draws.AT[draws.pick(rng, ontology.PLACES)]
    frames = ("{who} {past} the {word} {thing} {at}", "{at} {who} {past} the {word} {thing}")
    first, second = (
        draws.pick(rng, frames).format(who=who, past=past[i], word=words[i], thing=thing, at=at)
        for i in (0, 1)
    )
    return first, second


def _two_places(rng: Random, is_same: bool) -> statements.Statements:
    """Returns where two people were, twice: in the other order, or each in the other's place."""
    names = draws.pair(rng, draws.NAMES)
    places = draws.pair(rng, ontology.PLACES)
    clauses = [f"{name} was {draws.AT[place]}" for name, place in zip(names, places, strict=True)]
    if is_same:
        again = clauses[::-1]
    else:
        swapped = zip(names, places[::-1], strict=True)
        again = [f"{name} was {draws.AT[place]}" for name, place in swapped]
        if rng.random() < 0.5:
            again.reverse()
    return " and ".join(clauses), " and ".join(again)
