"""Pairs of statements of the corpus's own making, of which one follows, is denied or stays open.

A synonym follows, an antonym is denied, another quality, person or place stays open: in either
relation the statements share all other words, so that only what words mean decides. None of them
is a sentence that a task's generator makes.
"""

import random
from collections.abc import Callable, Sequence

from flanlike.microworld import corpus_stories
from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick, plural

FOLLOWS, DENIED, OPEN = range(3)
Pair = tuple[str, str, int]  # what is known, what is claimed, how the second stands to the first
_Words = tuple[str, str, str, str]  # a word, its synonym, an antonym, a word of another quality


def quality(rng: random.Random) -> Pair:
    """What one thing is like, and the same, the contrary or something else of it."""
    word, same, contrary, foreign = draw_words(rng)
    subject = draw_subject(rng)
    stem = f"{subject} {pick(rng, _BEING)} "
    relation = int(rng.random() * 3)
    claimed = (same if rng.random() < 0.8 else word, contrary, foreign)[relation]
    return stem + word, stem + claimed, relation


def denial(rng: random.Random) -> Pair:
    """The same where the claim, the fact or both are denials."""
    word, same, contrary, foreign = draw_words(rng)
    stem, no = f"{draw_subject(rng)} {pick(rng, ('is', 'was'))} ", pick(rng, _NOT)
    relation = int(rng.random() * 3)
    if rng.random() < 0.7:
        return stem + word, f"{stem}{no} {(contrary, same, foreign)[relation]}", relation
    if rng.random() < 0.5:
        return (
            f"{stem}{no} {word}",
            f"{stem}{(foreign, same, foreign)[relation]}",
            (OPEN if relation == FOLLOWS else relation),
        )
    claimed = (same, foreign)[relation != FOLLOWS]
    return f"{stem}{no} {word}", f"{stem}{no} {claimed}", FOLLOWS if relation == FOLLOWS else OPEN


def kept(rng: random.Random) -> Pair:
    """The quality before the thing in one statement, and after it in the other."""
    word, same, contrary, foreign = draw_words(rng)
    who, thing = draw_name(rng), draw_thing(rng)
    keeps = pick(rng, ("keeps", "has at home", "looks after", "is proud of"))
    relation = int(rng.random() * 3)
    claimed = (same, contrary, foreign)[relation]
    first = (f"{who} {keeps} {article(word)} {thing}", f"the {thing} {who} {keeps} is {word}")
    second = (
        f"{who} {keeps} {article(claimed)} {thing}",
        f"the {thing} {who} {keeps} is {claimed}",
    )
    turned = rng.random() < 0.5
    return first[turned], second[not turned], relation


def deed(rng: random.Random) -> Pair:
    """What somebody did with what and where, and less of it, or something else."""
    who, thing, place = draw_name(rng), draw_thing(rng), pick(rng, world.PLACES)
    verb, another = rng.sample(world.VERBS, 2)
    past, same = either(rng, (verb.past, verb.synonym_past))
    word, word_same, contrary, _ = draw_words(rng)
    relation = int(rng.random() * 3)
    where = f" over by the {place}" if rng.random() < 0.5 else ""
    if relation == DENIED:
        claimed = pick(
            rng,
            (
                f"it was a {contrary} {thing} that {who} {same}",
                f"{who} never {same} that {thing}",
                f"nobody {same} that {thing}",
            ),
        ).replace(" a ", f" {article(contrary).split()[0]} ", 1)
    else:
        verb_claimed = same if relation == FOLLOWS else another.past
        claimed = pick(
            rng,
            (
                f"it was {who} who {verb_claimed} that {thing}",
                f"{who} {verb_claimed} that {pick(rng, (word, word_same))} {thing}",
            ),
        )
    return f"{who} {past} that {word} {thing}{where}", claimed, relation


def sort(rng: random.Random) -> Pair:
    """What something is, by name and by family, or what it is like instead."""
    kind = pick(rng, world.KINDS)
    family = kind.category if rng.random() < 0.7 else world.PARENT_CATEGORY[kind.category]
    foreign = pick(rng, [c for c in world.CATEGORIES if c != kind.category])
    if family not in world.CATEGORIES:
        parents = set(world.PARENT_CATEGORY.values()) - {family}
        foreign = pick(rng, sorted(parents))
    subject = pick(
        rng,
        (
            f"the thing which {draw_name(rng)} {pick(rng, world.VERBS).past} was",
            f"what lies near the {pick(rng, world.PLACES)} was",
            f"{draw_name(rng)} drew something , it was",
        ),
    )
    word, same, contrary, _ = draw_words(rng)
    relation = int(rng.random() * 3)
    if rng.random() < 0.3:  # the claim is of a quality
        said = (word, word, article(kind.name))[relation]
        return f"{subject} {said}", f"{subject} {(same, contrary, word)[relation]}", relation
    said = word if relation == OPEN else article(kind.name)
    claimed = foreign if relation == DENIED else family
    return f"{subject} {said}", f"{subject} {article(claimed)}", relation


def family(rng: random.Random) -> Pair:
    """Who has a sparrow has a bird, and who has no bird has no sparrow; not the other way round."""
    kind = pick(rng, world.KINDS)
    who, verb = draw_name(rng), pick(rng, ("holds", "draws", "owns", "wants", "fears", "sells"))
    name, its = article(kind.name), article(kind.category)
    has, lacks = f"{who} {verb} {{}} now", f"{who} {verb} nothing that is {{}}"
    foreign = article(pick(rng, [c for c in world.CATEGORIES if c != kind.category]))
    if rng.random() < 0.5:
        has, lacks = f"there {{}} : {who} {verb} it", f"there is not {{}} that {who} {verb}"
        has = has.replace("{}", "is {}")
    fact, claim, relation = pick(
        rng,
        (
            (has.format(name), has.format(its), FOLLOWS),
            (lacks.format(its), lacks.format(name), FOLLOWS),
            (has.format(name), lacks.format(its), DENIED),
            (lacks.format(its), has.format(name), DENIED),
            (has.format(its), has.format(name), OPEN),
            (has.format(its), lacks.format(name), OPEN),
            (lacks.format(name), has.format(its), OPEN),
            (has.format(name), has.format(foreign), OPEN),
            (has.format(name), lacks.format(foreign), OPEN),
        ),
    )
    return fact, claim, relation


def several(rng: random.Random) -> Pair:
    """Two to four things of as many people, and a claim about one of them."""
    count = 2 + int(rng.random() * 3)
    names = [person.name for person in rng.sample(world.PEOPLE, count)]
    things = [kind.name for kind in rng.sample(world.KINDS, count)]
    owns = pick(rng, ("keeps", "owns", "has brought", "looks after"))
    subjects = [f"the {t} that {n} {owns}" for t, n in zip(things, names, strict=True)]
    scales = rng.sample(world.SCALES, count)
    ends = [either(rng, (scale.low, scale.high)) for scale in scales]
    words = [pick(rng, own) for own, _ in ends]
    facts = [f"{subject} is {word}" for subject, word in zip(subjects, words, strict=True)]
    asked, beside = rng.sample(range(count), 2)
    relation = int(rng.random() * 3)
    own, contrary = ends[beside if relation == OPEN else asked]
    said = words[beside if relation == OPEN else asked]
    is_denial = rng.random() < 0.25
    says_same = relation == FOLLOWS if relation != OPEN else rng.random() < 0.5
    if is_denial and relation != OPEN:
        says_same = not says_same
    word = own[own[0] == said] if says_same else pick(rng, contrary)
    joined = pick(rng, (" , and ", " , ", " ; "))
    return (
        joined.join(facts),
        f"{subjects[asked]} is {'not ' if is_denial else ''}{word}",
        relation,
    )


def of_kinds(rng: random.Random) -> Pair:
    """What is told of two kinds: what the world knows of one, but is told of the other, is open."""
    tells, claim, shared = pick(rng, _KNOWN)
    one = pick(rng, world.KINDS)
    like = [k for k in world.KINDS if k is not one and getattr(k, shared) == getattr(one, shared)]
    two = pick(rng, like if like and rng.random() < 0.7 else _others(one))
    relation = pick(rng, (FOLLOWS, OPEN))
    told, beside = (one, two) if relation == FOLLOWS else (two, one)
    parts = [
        pick(rng, tells).format(**_of_kind(told)),
        pick(rng, _PARTS).format(**_of_kind(beside)),
    ]
    rng.shuffle(parts)
    return " , and ".join(parts), claim.format(**_of_kind(one)), relation


def of_story(rng: random.Random) -> Pair:
    """The facts of the stories: deeds, places, qualities, kinds, and who gave to whom."""
    fact, *others = corpus_stories.fact(rng)
    relation = int(rng.random() * 3)
    return fact, others[relation], relation


def giving(rng: random.Random) -> Pair:
    fact, *others = corpus_stories.fact_of(rng, (corpus_stories.KINDS_OF_FACT["giving"],))
    relation = int(rng.random() * 3)
    return fact, others[relation], relation


def reported(rng: random.Random, pair: Pair, *, are_equal: bool) -> Pair:
    """Returns the pair with its fact in somebody's mouth, who may be right, wrong or only hope.

    Of what is wrongly said, the same in other words is denied: only where it says no less, and the
    two statements `are_equal`. What is no hammer may be a tool.
    """
    fact, claim, relation = pair
    who, other = draw_name(rng), draw_name(rng)
    share = rng.random()
    if share < 0.15:
        return pick(rng, _HOPED).format(fact=fact, who=who, other=other), claim, OPEN
    if share < 0.3 and are_equal:
        told = pick(rng, _WRONG).format(fact=fact, who=who, other=other)
        return told, claim, DENIED if relation == FOLLOWS else OPEN
    return pick(rng, _RIGHT).format(fact=fact, who=who, other=other), claim, relation


EQUAL: Sequence[Callable[[random.Random], Pair]] = (quality, kept, giving)  # where they follow
SIMPLE: Sequence[Callable[[random.Random], Pair]] = (quality, quality, kept, of_story)
RELATED: Sequence[Callable[[random.Random], Pair]] = (
    quality, quality, denial, kept, deed, sort, sort, family, several, several, of_kinds, of_story,
    giving,
)  # fmt: skip
_BEING = ("is", "was", "looks", "has become", "has always been", "stays")
_NOT = ("not", "not", "by no means", "anything but", "never")
_RIGHT = (
    "{who} is right that {fact}",
    "{who} found out for sure that {fact}",
    "it is beyond doubt , {who} told {other} , that {fact}",
    "listen to {who} : {fact}",
    "{who} put it on paper for {other} : {fact}",
    "{fact} , and {who} was there and saw it all",
    "on the wall we read : {fact}",
    "dear {other} , {fact} . yours , {who}",
    "the paper has it that {fact} , and it is so",
)
_WRONG = (
    "{who} is in error to say that {fact}",
    "{who} was fooled to believe that {fact}",
    "it is a lie of {who} that {fact}",
    "{who} was told , though it is not so , that {fact}",
)
_HOPED = (
    "{who} would like it if {fact}",
    "{who} dreams that {fact}",
    "{who} wants to find out if {fact}",
    "perhaps {fact} , {who} guesses",
    "{who} and {other} do not know if {fact}",
)
_KNOWN = (  # what is told of a kind, what is claimed of it in other words, what others share
    (
        ("the {home} is full of {many}", "who walks by the {home} meets {many}"),
        "{many} live near the {home}",
        "habitat",
    ),
    (
        ("science puts {many} with the {category} family", "the {category} family has {many}"),
        "{one} is of the {category} sort",
        "category",
    ),
)
_PARTS = ("{many} are proud of their {part}", "by its {part} one can tell {one}")


def draw_words(rng: random.Random) -> _Words:
    scale, foreign = rng.sample(world.SCALES, 2)
    own, contrary = either(rng, (scale.low, scale.high))
    word, same = either(rng, own)
    return word, same, pick(rng, contrary), pick(rng, foreign.low + foreign.high)


def draw_subject(rng: random.Random) -> str:
    who, thing, place = draw_name(rng), draw_thing(rng), pick(rng, world.PLACES)
    return pick(
        rng,
        (
            f"the {thing} belonging to {who}",
            f"that {thing} which {who} keeps",
            f"this {thing} from the {place}",
            f"the {thing} seen with {who}",
            f"one {thing} over by the {place}",
            f"the {thing} {who} spoke of",
            f"my {thing}",
            f"the {thing} which came from {who}",
            f"the first {thing} near the {place}",
        ),
    )


def either(rng: random.Random, pair: tuple) -> tuple:
    return pair if rng.random() < 0.5 else pair[::-1]


def draw_name(rng: random.Random) -> str:
    return pick(rng, world.PEOPLE).name


def draw_thing(rng: random.Random) -> str:
    return pick(rng, world.OBJECTS + world.FOODS).name


def _of_kind(kind: world.Kind) -> dict[str, str]:
    return {
        "many": plural(kind.name),
        "one": article(kind.name),
        "part": kind.part,
        "home": kind.habitat,
        "category": kind.category,
    }


def _others(kind: world.Kind) -> list[world.Kind]:
    return [other for other in world.KINDS if other is not kind]
