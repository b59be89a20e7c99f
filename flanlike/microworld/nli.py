"""Natural language inference: does one statement follow from another?"""

from random import Random

from flanlike.microworld import draws, ontology, statements
from flanlike.tasks import task

_CB_RELATIONS = (statements.ENTAILED, statements.DENIED, statements.OPEN)
_SNLI_RELATIONS = (statements.ENTAILED, statements.OPEN, statements.DENIED)

_BEGINNINGS = ("", "", "It is true that ", "As we heard, ", "Today ", "People say that ")
_KNOWS = ("knows that", "rightly says that", "sees that", "rightly thinks that")
_ERRS = ("wrongly says that", "wrongly thinks that")
_HOPES = ("hopes that", "asks whether")
_PLACES_OF_SCENES = ("kitchen", "garden", "street", "library", "market", "hall")
_ACTIONS = ("is holding", "is carrying", "is looking at", "is asking for", "is pointing at")

_WHEN = tuple(f"on {day}" for day in draws.DAYS) + ("at noon", "at night")
_WHERE = tuple(draws.AT.values())[:16]
_WITH = tuple(f"with {name}" for name in draws.NAMES)
_FOR = tuple(f"to please {name}" for name in draws.NAMES)
_ADJUNCTS = (("Where", _WHERE), ("When", _WHEN), ("In whose company", _WITH), ("For whom", _FOR))


def rte(rng: Random, label: int) -> task.Record:
    """One or two facts; what does not follow is denied or left open, each half of the time."""
    relation = statements.ENTAILED if label == 0 else 1 + int(rng.random() * 2)
    family = statements.doing if rng.random() < 0.2 else statements.related
    premise, hypothesis = family(rng, relation)
    beginning = draws.pick(rng, _BEGINNINGS)
    said = f"{beginning}{premise}." if beginning else draws.sentence(premise)
    return {"premise": said, "hypothesis": draws.sentence(hypothesis), "label": label}


def cb(rng: Random, label: int) -> task.Record:
    """A clause inside what somebody knows, gets wrong or hopes; the clause itself is judged."""
    relation = _CB_RELATIONS[label]
    share = rng.random()
    verbs, family = _KNOWS, statements.related
    if relation == statements.OPEN and share < 0.2:
        verbs, relation = _HOPES, int(rng.random() * 2)
    elif relation != statements.ENTAILED and share > 0.9:
        # Of what is wrongly thought, the same in other words is denied; the rest stays open.
        verbs, family = _ERRS, statements.quality
        relation = {statements.DENIED: statements.ENTAILED}.get(relation, relation)
    verb = draws.pick(rng, verbs)
    premise, hypothesis = family(rng, relation)
    who = draws.pick(rng, draws.NAMES)
    return {
        "premise": f"{who} {verb} {premise}.",
        "hypothesis": draws.sentence(hypothesis),
        "label": label,
    }


def snli(rng: Random, label: int) -> task.Record:
    """A scene, and one claim about it."""
    relation = _SNLI_RELATIONS[label]
    if rng.random() < 0.3:
        premise, hypothesis = map(draws.sentence, statements.related(rng, relation))
        return {"premise": premise, "hypothesis": hypothesis, "label": label}
    thing = draws.pick(rng, draws.GOODS_NAMES)
    first, second = statements.related_quality(rng, thing, relation)
    name = draws.pick(rng, draws.NAMES)
    scene = f"{name} {draws.pick(rng, _ACTIONS)} {{}} {thing}"
    place = f" in the {draws.pick(rng, _PLACES_OF_SCENES)}" if rng.random() < 0.5 else ""
    place = place.replace("in the street", "on the street").replace(
        "in the market", "at the market"
    )
    premise = scene.format(draws.A[first]) + place + "."
    if rng.random() < 0.5:
        hypothesis = scene.format(draws.A[second]) + "."
    else:
        hypothesis = f"The {thing} near {name} is {second}."
    return {"premise": premise, "hypothesis": hypothesis, "label": label}


def qnli(rng: Random, label: int) -> task.Record:
    """A question for the place, the time, the company or the aim, and a sentence that tells one.

    Question and sentence share the same words whatever the answer.
    """
    asked, told = draws.pair(rng, _ADJUNCTS)
    verb = draws.pick(rng, draws.VERBS)
    what = draws.A[draws.pick(rng, draws.GOODS_NAMES)]
    name = draws.pick(rng, draws.NAMES)
    question = f"{asked[0]} did {name} {verb.base} {what}?"
    past = verb.past if rng.random() < 0.5 else verb.synonym_past
    if rng.random() < 0.75:
        adjunct = draws.other(
            rng, (asked if label == 0 else told)[1], f"with {name}", f"to please {name}"
        )
        return {
            "question": question,
            "sentence": f"{name} {past} {what} {adjunct}.",
            "label": label,
        }
    # Two people: the one who is asked about, or the other one, did it with that adjunct.
    beside = draws.other(rng, draws.NAMES, name)
    parts = []
    for kind in (asked, told) if label == 0 else (told, asked):
        adjunct = draws.other(
            rng,
            kind[1],
            f"with {name}",
            f"with {beside}",
            f"to please {name}",
            f"to please {beside}",
        )
        parts.append(adjunct)
    clauses = [f"{name} {past} {what} {parts[0]}", f"{beside} did so {parts[1]}"]
    return {"question": question, "sentence": f"{clauses[0]} and {clauses[1]}.", "label": label}


def mnli_matched(rng: Random, label: int) -> task.Record:
    """A statement as it stands in a letter, a talk, a report; and a plain one about the same."""
    return _in_genre(rng, _GENRES, label)


def mnli_mismatched(rng: Random, label: int) -> task.Record:
    """The same in other kinds of text: a lesson, a call, a notice."""
    return _in_genre(rng, _OTHER_GENRES, label)


def anli_r1(rng: Random, label: int) -> task.Record:
    """Two facts of two things; the claim that is left open is true of the other thing."""
    return _among_facts(rng, 2, label, denials=0.0)


def anli_r2(rng: Random, label: int) -> task.Record:
    """The same among three facts, and some claims say what is not so."""
    return _among_facts(rng, 3, label, denials=0.3)


def anli_r3(rng: Random, label: int) -> task.Record:
    """The same among four facts, half of the claims of what is not so."""
    return _among_facts(rng, 4, label, denials=0.5)


def scitail(rng: Random, label: int) -> task.Record:
    """Facts of two things that share a home or a sort, and a true claim about one of them.

    It follows where the premise tells that of this thing, and not where it tells it of the other:
    either way the premise names both things and what is claimed.
    """
    tells, claims, others = draws.pick(rng, _SHARED)
    one, two = draws.pair(rng, draws.pick(rng, others))
    told_of, beside = (one, two) if label == 0 else (two, one)
    clauses = [
        draws.pick(rng, tells).format(**_facts_of(told_of)),
        draws.pick(rng, _OWN_FACTS).format(**_facts_of(beside)),
    ]
    if rng.random() < 0.5:
        clauses.reverse()
    return {
        "premise": draws.sentence(", and ".join(clauses)),
        "hypothesis": draws.sentence(draws.pick(rng, claims).format(**_facts_of(one))),
        "label": label,
    }


def sick(rng: Random, label: int) -> task.Record:
    """Two captions without names of things but their sorts, either of which may be a denial."""
    relation = _SNLI_RELATIONS[label]
    if rng.random() < 0.6:
        premise, hypothesis = _described(rng, relation)
    else:
        premise, hypothesis = _sorted(rng, relation)
    return {
        "premise": draws.sentence(premise, end=""),
        "hypothesis": draws.sentence(hypothesis, end=""),
        "label": label,
    }


_GENRES = (
    "a letter from {who}: {s}",
    "well, my friend, {s}, you know",
    "the report of {day} says that {s}",
    "{s}, so {who} tells us in a story",
    "a guide to {town} tells the reader that {s}",
)
_OTHER_GENRES = (
    "lesson for {day}: {s}",
    "good day, {who} here, I call to say that {s}",
    "to all who come to {town}: {s}",
    "in court {who} said, and it was true, that {s}",
    "{s}, as one could read on the wall in {town}",
)
_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())


def _in_genre(rng: Random, genres: tuple[str, ...], label: int) -> task.Record:
    premise, hypothesis = statements.related(rng, _SNLI_RELATIONS[label])
    text = draws.pick(rng, genres).format(
        s=premise,
        who=draws.pick(rng, draws.NAMES),
        day=draws.pick(rng, draws.DAYS),
        town=draws.pick(rng, _TOWNS),
    )
    return {
        "premise": draws.sentence(text),
        "hypothesis": draws.sentence(hypothesis),
        "label": label,
    }


_OWNED_NAMES = tuple(kind.name for kind in draws.OWNED)
_COMMON_QUALITIES = tuple(  # which any of them can have
    quality
    for quality in statements.QUALITIES["owl"]
    if all(quality in statements.QUALITIES[name] for name in _OWNED_NAMES)
)


def _among_facts(rng: Random, count: int, label: int, *, denials: float) -> task.Record:
    """Returns facts of as many things, each of another quality, and a claim about one of them."""
    relation = _SNLI_RELATIONS[label]
    owners = draws.several(rng, draws.NAMES, count)
    things = draws.several(rng, _OWNED_NAMES, count)
    subjects = [f"the {thing} of {owner}" for thing, owner in zip(things, owners, strict=True)]
    qualities: list[tuple[str, str, tuple[str, str], int]] = []
    while len(qualities) < count:
        quality = draws.pick(rng, _COMMON_QUALITIES)
        if all(quality[3] != taken[3] for taken in qualities):
            qualities.append(quality)
    facts = [f"{s} is {q[0]}" for s, q in zip(subjects, qualities, strict=True)]
    asked, beside = draws.pair(rng, range(count))
    _, synonym, antonyms, _ = qualities[asked if relation != statements.OPEN else beside]
    is_denial = rng.random() < denials
    says_same = relation == statements.ENTAILED
    if relation == statements.OPEN:
        says_same = rng.random() < 0.5
    elif is_denial:
        says_same = not says_same
    word = synonym if says_same else antonyms[rng.random() < 0.5]
    return {
        "premise": f"{draws.sentence(', '.join(facts[:-1]), end='')} and {facts[-1]}.",
        "hypothesis": draws.sentence(f"{subjects[asked]} is {'not ' if is_denial else ''}{word}"),
        "label": label,
    }


def _groups(attribute: str) -> tuple[tuple[ontology.Kind, ...], ...]:
    """Returns the kinds that share a habitat or a category, where there are two or more."""
    found: dict[str, list[ontology.Kind]] = {}
    for kind in ontology.KINDS:
        if kind.name != "bread":  # has no plural
            found.setdefault(getattr(kind, attribute), []).append(kind)
    return tuple(tuple(kinds) for kinds in found.values() if len(kinds) > 1)


# What the premise tells, what is claimed in other words, and the kinds that share it. Of things as
# of sorts one half speaks of many and one half of one, so that the form tells nothing.
_SHARED = (
    (
        ("{things} belong {at}", "{at} one can see {a_thing}"),
        ("one has to look {at} for {a_thing}", "the home of {things} is the {home}"),
        _groups("habitat"),
    ),
    (
        ("{things} count as a kind of {category}", "{a_thing} is some kind of {category}"),
        ("one calls {a_thing} a kind of {category}", "the group {category} has {things} in it"),
        _groups("category"),
    ),
)
_OWN_FACTS = ("{things} have {part}", "one knows {a_thing} by its {part}")


def _facts_of(kind: ontology.Kind) -> dict[str, str]:
    return {
        "things": draws.PLURAL[kind.name],
        "a_thing": draws.A[kind.name],
        "category": kind.category,
        "part": kind.part,
        "home": kind.habitat,
        "at": draws.AT[kind.habitat],
    }


_COUNTABLE = tuple(  # whose category may stand with an article
    kind for kind in draws.GOODS + ontology.ANIMALS if kind.category != "furniture"
)


def _described(rng: Random, relation: int) -> statements.Statements:
    """Returns what a thing somebody has is like, and the same or another thing said or denied."""
    thing = draws.pick(rng, draws.GOODS_NAMES)
    who = draws.pick(rng, ("man", "woman"))
    subject = f"the {thing} that a {who} {draws.pick(rng, _ACTIONS)}"
    is_denial = rng.random() < 0.5
    turned = relation
    if is_denial and relation != statements.OPEN:
        turned = statements.DENIED if relation == statements.ENTAILED else statements.ENTAILED
    first, second = statements.related_quality(rng, thing, turned)
    return f"{subject} is {first}", f"{subject} is {'not ' if is_denial else ''}{second}"


def _sorted(rng: Random, relation: int) -> statements.Statements:
    """Returns what somebody does with a thing: the thing's name in one caption, its sort in one.

    To have an owl is to have a bird, and to have no bird is to have no owl.
    """
    kind = draws.pick(rng, _COUNTABLE)
    sort = kind.category
    if relation == statements.OPEN and rng.random() < 0.5:
        sort = draws.pick(rng, _COUNTABLE).category
    who = draws.pick(rng, ("man", "woman"))
    action = draws.pick(rng, _ACTIONS).removeprefix("is ")
    has = {True: f"the {who} is {action}", False: f"the {who} is not {action}"}
    the_name, the_sort = draws.A[kind.name], draws.A[sort]
    if relation == statements.ENTAILED:
        if rng.random() < 0.5:
            return f"{has[True]} {the_name}", f"{has[True]} {the_sort}"
        return f"{has[False]} {the_sort}", f"{has[False]} {the_name}"
    if relation == statements.DENIED:
        if rng.random() < 0.5:
            return f"{has[True]} {the_name}", f"{has[False]} {the_sort}"
        return f"{has[False]} {the_sort}", f"{has[True]} {the_name}"
    if sort != kind.category:  # of two sorts nothing follows, whatever is said or denied
        texts = [the_name, the_sort]
        if rng.random() < 0.5:
            texts.reverse()
        premise, hypothesis = (f"{has[rng.random() < 0.5]} {text}" for text in texts)
        return premise, hypothesis
    is_said = rng.random() < 0.5
    if is_said:
        return f"{has[True]} {the_sort}", f"{has[rng.random() < 0.5]} {the_name}"
    return f"{has[False]} {the_name}", f"{has[rng.random() < 0.5]} {the_sort}"
