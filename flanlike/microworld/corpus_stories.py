"""Stories, conversations and reports of the pretraining corpus: what happens in the micro-world."""

import random
from collections.abc import Callable, Sequence

from flanlike.microworld import ontology as world
from flanlike.microworld.corpus_facts import article, pick, plural


def _two_people(rng: random.Random) -> tuple[str, str]:
    one, other = rng.sample(world.PEOPLE, 2)
    return one.name, other.name


def _thing(rng: random.Random) -> str:
    return pick(rng, world.OBJECTS + world.FOODS).name


def giving(rng: random.Random) -> str:
    giver, taker = _two_people(rng)
    thing = _thing(rng)
    gave, got = pick(rng, world.GIVING)
    start = pick(
        rng,
        (
            f"one day {giver} {gave} the {thing} to {taker} .",
            f"it was {taker} who {got} the {thing} from {giver} .",
            f"the {thing} went from {giver} to {taker} .",
        ),
    )
    end = pick(
        rng,
        (
            f"so {taker} {got} it from {giver} .",
            f"so {giver} {gave} it to {taker} .",
            f"now the {thing} is with {taker} and no longer with {giver} .",
            f'"who {got} it ? " | "{taker} ."',
            f'"who {gave} it ? " | "{giver} ."',
            f"{giver} was the giver , {taker} the receiver .",
            f"the one who received it was {taker} .",
            f"the one who gave it was {giver} .",
        ),
    )
    return f"{start} {end}"


def having(rng: random.Random) -> str:
    one, other = _two_people(rng)
    thing = plural(_thing(rng))
    a, b = rng.sample(range(1, 13), 2)
    names = world.SMALL_NUMBERS
    more, less = (one, other) if a > b else (other, one)
    start = pick(
        rng,
        (
            f"{one} owned {names[a]} {thing} , and {other} owned {names[b]} .",
            f"in the basket of {one} lay {names[a]} {thing} , in that of {other} {names[b]} .",
        ),
    )
    end = pick(
        rng,
        (
            f"{more} had more of them than {less} .",
            f"{less} had fewer of them than {more} .",
            f"the most were with {more} .",
            f"the fewest were with {less} .",
            f"together they had {names[a + b]} ." if a + b <= 20 else f"{more} had the most .",
            f'"who has the larger number ? " | "{more} ."',
            f'"who has the smaller number ? " | "{less} ."',
        ),
    )
    return f"{start} {end}"


def order(rng: random.Random) -> str:
    who = pick(rng, world.PEOPLE).name
    first, last = rng.sample(world.VERBS, 2)
    a, b = f"{first.past} the {_thing(rng)}", f"{last.past} the {_thing(rng)}"
    start = pick(
        rng,
        (
            f"at first {who} {a} , and later {who} {b} .",
            f"{who} {b} , but earlier {who} {a} .",
            f"when {who} {b} , it was long since {who} {a} .",
        ),
    )
    end = pick(
        rng,
        (
            f"to begin with {who} {a} .",
            f"in the end {who} {b} .",
            f"the last thing : {who} {b} .",
            f"the first thing : {who} {a} .",
            f'"what came first ? " | "{who} {a} ."',
            f'"what came last ? " | "{who} {b} ."',
        ),
    )
    return f"{start} {end}"


def finding(rng: random.Random) -> str:
    who = pick(rng, world.PEOPLE).name
    thing, place = _thing(rng), pick(rng, world.PLACES)
    verb = pick(rng, world.VERBS)
    start = pick(
        rng,
        (
            f"in the {place} stood {who} , who {verb.past} {article(thing)} .",
            f"{who} went to the {place} and there {verb.past} {article(thing)} .",
        ),
    )
    end = pick(
        rng,
        (
            f'"where was that ? " "in the {place} ."',
            f'"what was it ? " | "{article(thing)} ."',
            f'"who was there ? " | "{who} ."',
            f"the place was the {place} .",
            f"the thing was {article(thing)} .",
            f"so {who} {verb.synonym_past} {article(thing)} .",
        ),
    )
    return f"{start} {end}"


def cause(rng: random.Random) -> str:
    case = pick(rng, world.CAUSES)
    who = pick(rng, world.PEOPLE).name
    a, b = case.cause.format(who=who), case.effect.format(who=who)
    return pick(
        rng,
        (
            f"{a} . as a result {b} .",
            f"since {a} , {b} .",
            f"{b} . the reason was that {a} .",
            f'"why is it that {b} ? " "because {a} ."',
            f'"{a} ." "and the effect ? " | "{b} ."',
            f"first {a} . that was the cause . then {b} . that was the effect .",
        ),
    )


def opinion(rng: random.Random) -> str:
    is_praise = rng.random() < 0.5
    who = pick(rng, world.PEOPLE)
    words = [pick(rng, pair) for pair in rng.sample(world.PRAISE if is_praise else world.BLAME, 2)]
    thing = _thing(rng)
    feeling = pick(
        rng,
        ("smiled", "was glad", "was happy", "clapped")
        if is_praise
        else ("frowned", "was sad", "was unhappy", "sighed"),
    )
    verdict = pick(
        rng,
        ("liked it", "found it good", "was fond of it")
        if is_praise
        else ("did not like it", "found it bad", "had no love for it"),
    )
    return pick(
        rng,
        (
            f"to {who.name} it was {article(words[0])} {thing} . {who.pronoun} {verdict} .",
            f'"{article(words[0])} {thing} , so {words[1]} ! " said {who.name} , who {verdict} .',
            f"{who.name} {verdict} : such {article(words[0])} {thing} .",
            f"{who.name} {feeling} , for {who.pronoun} had {article(words[0])} {thing} .",
            f"{who.name} {feeling} and spoke of {article(words[0])} {thing} .",
            f'"{words[0]} , {words[1]} ! " {who.name} cried and {feeling} .',
            f"such {article(words[0])} thing , so {words[1]} ! {who.name} {feeling} .",
        ),
    )


def report(rng: random.Random) -> str:
    topic = pick(rng, tuple(world.TOPIC_WORDS))
    words = list(world.TOPIC_WORDS[topic])
    rng.shuffle(words)
    a, b, c = words[:3]
    return pick(
        rng,
        (
            f"on the radio they spoke of the {a} and the {b} , then of the {c} .",
            f"the {a} and the {b} : that was the news from {topic} .",
            f"today in {topic} : the {a} , the {b} and the {c} .",
            f"a friend of {topic} reads about the {a} and the {b} .",
        ),
    )


def restatement(rng: random.Random) -> str:
    who = pick(rng, world.PEOPLE).name
    thing = _thing(rng)
    if rng.random() < 0.5:
        verb = pick(rng, world.VERBS)
        a, b = f"{who} {verb.past} the {thing}", f"{who} {verb.synonym_past} the {thing}"
    else:
        word, same = pick(rng, [p for s in world.SCALES for p in (s.low, s.high)])
        a, b = f"the {thing} that {who} owns is {word}", f"the {thing} that {who} owns is {same}"
    if rng.random() < 0.5:
        a, b = b, a
    return pick(
        rng,
        (
            f"{a} . in other words , {b} .",
            f"{a} , that is to say , {b} .",
            f"to say that {a} means that {b} .",
        ),
    )


def naming(rng: random.Random) -> str:
    """One thing is picked out of several that were named: practice in looking back."""
    names = [article(kind.name) for kind in rng.sample(world.KINDS, 3 + int(rng.random() * 2))]
    who = pick(rng, world.PEOPLE).name
    index = int(rng.random() * len(names))
    ordinal = ("first", "second", "third", "fourth")[index]
    category = {article(k.name): k.category for k in world.KINDS}
    family = category[names[index]]
    listed = " , ".join(names)
    if sum(category[name] == family for name in names) == 1 and rng.random() < 0.7:
        return pick(
            rng,
            (
                f"on the table : {listed} . {who} wanted a {family} and took {names[index]} .",
                f"{who} saw {listed} . the {family} among them was {names[index]} .",
            ),
        )
    return f"{who} saw {listed} . the {ordinal} of them was {names[index]} ."


def recall(rng: random.Random) -> str:
    """Two people and a trait each, then one of them is asked for."""
    one, other = _two_people(rng)
    scale = pick(rng, world.SCALES)
    low, high = pick(rng, scale.low), pick(rng, scale.high)
    thing = _thing(rng)
    other_low, other_high = scale.low[low == scale.low[0]], scale.high[high == scale.high[0]]
    start = f"{one} owned {article(low)} {thing} and {other} {article(high)} one ."
    end = pick(
        rng,
        (
            f"whose was {low} ? | that of {one} .",
            f"whose was {high} ? | that of {other} .",
            f"the {other_low} one was that of {one} .",
            f"the {other_high} one was that of {other} .",
            f"not {one} but {other} owned the {high} one .",
        ),
    )
    return f"{start} {end}"


JUDGED = (  # how a statement is put to somebody who judges it
    "{fact} . then is it so that {said} ?",
    "we know : {fact} . somebody says : {said} .",
    "{fact} . so {said} ?",
)
_YES = ("yes .", "yes .", "yes , that is true .", "true .")
_NO = ("no .", "no .", "no , that is false .", "false .")
_UNKNOWN = ("maybe .", "maybe .", "maybe , nobody knows .", "nobody can tell .")


def true_or_false(rng: random.Random) -> str:
    """One fact, then one thing said or asked about it, then whether that is so."""
    return _judged(rng, _FACTS)


def simply_true_or_false(rng: random.Random) -> str:
    """The same with the sorts of fact that are learned first."""
    return _judged(rng, (_fact_of_deed, _fact_of_place))


def fact(rng: random.Random) -> tuple[str, ...]:
    """Returns a fact, one that follows from it, one that contradicts it, and one left open."""
    return fact_of(rng, _FACTS)


def fact_of(rng: random.Random, facts: Sequence[Callable[..., tuple[str, ...]]]) -> tuple[str, ...]:
    """Returns the same of one of these kinds of fact."""
    return pick(rng, facts)(rng, *_two_people(rng), _thing(rng))


def _judged(rng: random.Random, facts: Sequence[Callable[..., tuple[str, ...]]]) -> str:
    fact, same, contrary, unrelated = fact_of(rng, facts)
    verdict, said = pick(rng, ((_YES, same), (_NO, contrary), (_UNKNOWN, unrelated)))
    frame = pick(rng, JUDGED)
    return f"{frame.format(fact=fact, said=said)} | {pick(rng, verdict)}"


def _fact_of_quality(rng: random.Random, who: str, other: str, thing: str) -> tuple[str, ...]:
    scale, foreign = rng.sample(world.SCALES, 2)
    one, contrary = (scale.low, scale.high) if rng.random() < 0.5 else (scale.high, scale.low)
    word = pick(rng, one)
    same = word if rng.random() < 0.3 else one[word == one[0]]
    place = pick(rng, world.PLACES)
    subject = pick(
        rng,
        (
            f"the {thing} that {who} owns",
            f"this {thing} from the {place}",
            f"the {thing} seen with {who}",
        ),
    )
    frame = f"{subject} {pick(rng, ('is', 'was'))} "
    elsewhere, contrary_word = pick(rng, foreign.low + foreign.high), pick(rng, contrary)
    if rng.random() < 0.15:
        return frame + word, f"{frame}not {contrary_word}", f"{frame}not {same}", frame + elsewhere
    return frame + word, frame + same, frame + contrary_word, frame + elsewhere


def _fact_of_deed(rng: random.Random, who: str, other: str, thing: str) -> tuple[str, ...]:
    verb = pick(rng, world.VERBS)
    past, same = verb.past, verb.synonym_past
    if rng.random() < 0.5:
        past, same = same, past
    fact = f"{who} {past} the {thing}"
    if rng.random() < 0.3:
        same = past
    contrary = f"{who} did not {verb.base} the {thing}"
    unrelated = pick(
        rng, (f"{other} {same} the {thing}", f"{who} {same} the {_other_thing(rng, thing)}")
    )
    return fact, f"{who} {same} the {thing}", contrary, unrelated


def _fact_of_place(rng: random.Random, who: str, other: str, thing: str) -> tuple[str, ...]:
    place, elsewhere = rng.sample(world.PLACES, 2)
    unrelated = pick(rng, (f"one finds {other} in the {place}", f"{who} holds {article(thing)}"))
    return (
        f"one finds {who} in the {place}",
        f"the {place} is where {who} is",
        f"one finds {who} in the {elsewhere}",
        unrelated,
    )


def _fact_of_giving(rng: random.Random, who: str, other: str, thing: str) -> tuple[str, ...]:
    gave, got = pick(rng, world.GIVING)
    third = pick(rng, [person.name for person in world.PEOPLE if person.name not in (who, other)])
    direct = f"{who} {gave} the {thing} to {other}"
    turned = f"{other} {got} the {thing} from {who}"
    contrary = pick(
        rng, (f"{other} {gave} the {thing} to {who}", f"{who} {got} the {thing} from {other}")
    )
    if rng.random() < 0.5:
        direct, turned = turned, direct
    unrelated = pick(
        rng,
        (
            f"{who} {gave} the {thing} to {third}",
            f"{other} {got} the {_other_thing(rng, thing)} from {who}",
        ),
    )
    return direct, turned, contrary, unrelated


def _fact_of_kind(rng: random.Random, who: str, other: str, thing: str) -> tuple[str, ...]:
    kind = pick(rng, world.KINDS)
    foreign = pick(rng, [c for c in world.CATEGORIES if c != kind.category])
    verb, another = rng.sample(world.VERBS, 2)
    return (
        f"the thing which {who} {verb.past} was {article(kind.name)}",
        f"the thing which {who} {verb.past} was {article(kind.category)}",
        f"the thing which {who} {verb.past} was {article(foreign)}",
        f"the thing which {who} {another.past} was {article(kind.category)}",
    )


_FACTS = (
    _fact_of_quality,
    _fact_of_quality,
    _fact_of_deed,
    _fact_of_place,
    _fact_of_giving,
    _fact_of_kind,
)
KINDS_OF_FACT = {
    "quality": _fact_of_quality,
    "deed": _fact_of_deed,
    "place": _fact_of_place,
    "giving": _fact_of_giving,
    "kind": _fact_of_kind,
}


def _other_thing(rng: random.Random, thing: str) -> str:
    return pick(rng, [kind.name for kind in world.OBJECTS + world.FOODS if kind.name != thing])
