"""Do two sentences say the same, and how much of it? Shared words do not tell."""

from random import Random

from flanlike.microworld import draws, ontology, statements
from flanlike.tasks import task

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


def glue_qqp(rng: Random, label: int) -> task.Record:
    """Two questions for the time, the reason, the way or the person, about one deed or two.

    What is asked, the deed or the thing changes: to other words for the same, or to another one.
    """
    verb = draws.pick(rng, draws.VERBS)
    past = [verb.past, verb.synonym_past]
    thing = draws.pick(rng, draws.GOODS_NAMES)
    word, synonym, opposite, scale = draws.pick(rng, statements.QUALITIES[thing])
    asks, words = [draws.pick(rng, _ASKS)] * 2, [word, synonym]
    for pair in (past, words):
        if rng.random() < 0.5:
            pair[1] = pair[0]
        elif rng.random() < 0.5:
            pair.reverse()
    changed = int(rng.random() * 3)
    forms = [0, int(changed == 0 or rng.random() < 0.5)]
    if rng.random() < 0.5:
        forms.reverse()
    if label == 0 and changed == 0:
        asks[1] = draws.other(rng, _ASKS, asks[0])
    elif label == 0 and changed == 1:
        other_verb = draws.other(rng, draws.VERBS, verb)
        past[1] = draws.pick(rng, (other_verb.past, other_verb.synonym_past))
    elif label == 0:
        other_word = draws.pick(rng, statements.QUALITIES[thing])
        words[1] = draws.pick(rng, opposite) if other_word[3] == scale else other_word[0]
    elif changed == 1:
        past = [verb.past, verb.synonym_past][:: 1 if rng.random() < 0.5 else -1]
    elif changed == 2:
        words = [word, synonym]
    who = draws.pick(rng, draws.NAMES)
    at = draws.AT[draws.pick(rng, ontology.PLACES)]
    one, two = (
        f"{draws.pick(rng, _LEADS)} {asks[i][forms[i]]} {who} {past[i]} the {words[i]} {thing} {at}"
        for i in (0, 1)
    )
    return {
        "question1": draws.sentence(one, end="?"),
        "question2": draws.sentence(two, end="?"),
        "label": label,
    }


def paws_wiki(rng: Random, label: int) -> task.Record:
    """The same words in another order: both pairs keep together, or each has the other's part.

    Whether the first, or the last, stays in its place tells nothing: an adjunct moves as well.
    """
    orders = [int(rng.random() * 2) for _ in range(2)]
    orders[1] = orders[0] if label == 1 else 1 - orders[0]
    frame, firsts, seconds = _crossed(rng)
    adjunct = draws.pick(rng, _ADJUNCTS).format(
        day=draws.pick(rng, draws.DAYS), town=draws.pick(rng, _TOWNS)
    )
    one = frame.format(*firsts, *seconds)
    two = frame.format(*firsts[:: -1 if orders[0] else 1], *seconds[:: -1 if orders[1] else 1])
    pair = [f"{adjunct} {one}", f"{two} {adjunct}"]
    if rng.random() < 0.5:
        pair = [f"{one} {adjunct}", f"{adjunct} {two}"]
    return {
        "sentence1": draws.sentence(pair[0]),
        "sentence2": draws.sentence(pair[1]),
        "label": label,
    }


_ASKS = (  # two forms of asking for the same
    ("when it was that", "at what time"),
    ("why it was that", "for what reason"),
    ("how it was that", "in what way"),
    ("with whom it was that", "in whose company"),
)
_LEADS = ("do you know", "can you tell me", "does anybody know", "may I ask")
_ADJUNCTS = ("on {day}", "in {town}", "near {town}", "late on {day}", "on a {day} in {town}")
_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())


def _crossed(rng: Random) -> tuple[str, tuple[str, str], tuple[str, str]]:
    """Returns a frame with places {0} {1} for two firsts and {2} {3} for what goes with them."""
    share = rng.random()
    names = draws.pair(rng, draws.NAMES)
    things = draws.pair(rng, draws.GOODS_NAMES)
    if share < 0.25:
        places = draws.pair(rng, ontology.PLACES)
        return "{0} was {2} and {1} was {3}", names, tuple(draws.AT[place] for place in places)
    if share < 0.5:
        pasts = tuple(verb.past for verb in draws.pair(rng, draws.VERBS))
        what = tuple(f"the {thing}" for thing in things)
        return "{0} {2} and {1} {3}", names, tuple(map(" ".join, zip(pasts, what, strict=True)))
    if share < 0.75:
        colours = draws.pair(rng, ontology.COLOURS)
        who = draws.pick(rng, draws.NAMES)
        past = draws.pick(rng, draws.VERBS).past
        return f"{who} {past} the {{0}} {{2}} and the {{1}} {{3}}", colours, things
    giver = draws.other(rng, draws.NAMES, *names)
    gave = draws.pick(rng, ontology.GIVING)[0]
    what = tuple(draws.A[thing] for thing in things)
    return f"{giver} {gave} {{2}} to {{0}} and {{3}} to {{1}}", names, what


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
