"""Reading comprehension: the passage holds the answer and, beside it, other answers of its sort."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_PLACES = ontology.PLACES
_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())
_TITLES = ("A day in {town}", "News from {town}", "{day} in {town}", "Friends in {town}")
_COUNTED = tuple(draws.PLURAL[kind.name] for kind in draws.GOODS)


def squad_v1(rng: Random) -> task.Record:
    """Three facts of one sort; the question is about one of them, in other words."""
    names = draws.several(rng, draws.NAMES, 3)
    things = draws.several(rng, draws.GOODS_NAMES, 3)
    places = draws.several(rng, _PLACES, 3)
    verbs = draws.several(rng, draws.VERBS, 3)
    facts = [
        f"{draws.sentence(draws.AT[places[i]], end=',')} {names[i]} {verbs[i].past} "
        f"{draws.A[things[i]]}."
        if rng.random() < 0.5
        else f"{names[i]} {verbs[i].past} {draws.A[things[i]]} {draws.AT[places[i]]}."
        for i in range(3)
    ]
    index = int(rng.random() * 3)
    who, thing, place, verb = names[index], things[index], places[index], verbs[index]
    share = rng.random()
    if share < 0.3:
        question, answers = f"Who {verb.synonym_past} {draws.A[thing]}?", [who]
    elif share < 0.5:
        question, answers = f"Who was {draws.AT[place]}?", [who]
    elif share < 0.75:
        question = f"Where was {who}?" if share < 0.62 else f"Where was the {thing}?"
        answers = [draws.AT[place], f"the {place}", place]
    else:
        question, answers = f"What did {who} {verb.base}?", [draws.A[thing], thing]
    title = draws.pick(rng, _TITLES)
    title = title.format(town=draws.pick(rng, _TOWNS), day=draws.pick(rng, draws.DAYS))
    return {
        "title": title,
        "context": " ".join(facts),
        "question": question,
        "references": answers,
    }


def multirc(rng: Random, member: int) -> task.Record:
    """A question with two right answers of four; `member` says which of the four is judged."""
    share = rng.random()
    order = draws.several(rng, range(4), 4)
    if share < 0.4:
        paragraph, question, candidates = _visitors(rng)
    elif share < 0.75:
        paragraph, question, candidates = _shoppers(rng)
    else:
        paragraph, question, candidates = _days(rng)
    chosen = order[member]
    return {
        "paragraph": paragraph,
        "question": question,
        "candidate": candidates[chosen],
        "label": int(chosen < 2),
        "group": f"{paragraph} {question}",
    }


def drop(rng: Random) -> task.Record:
    """Three amounts, and a question that takes two of them or a count."""
    names = draws.several(rng, draws.NAMES, 3)
    if rng.random() < 0.15:
        return _owners(rng, names)
    amounts = draws.several(rng, range(2, 11), 3)
    what = draws.pick(rng, _COUNTED)
    verb = draws.pick(rng, ("has", "needs", "sees"))
    passage = " ".join(
        f"{name} {verb} {amount} {what}." for name, amount in zip(names, amounts, strict=True)
    )
    first, second = draws.pair(rng, range(3))
    base = verb.removesuffix("s") if verb != "has" else "have"
    share = rng.random()
    if share < 0.3:
        if amounts[first] < amounts[second]:
            first, second = second, first
        question = f"How many more {what} does {names[first]} {base} than {names[second]}?"
        answer = str(amounts[first] - amounts[second])
    elif share < 0.75:
        question = f"How many {what} do {names[first]} and {names[second]} {base}?"
        answer = str(amounts[first] + amounts[second])
    else:
        question = f"Who {verb} {'the most' if share < 0.88 else 'the fewest'} {what}?"
        chosen = (max if share < 0.88 else min)(amounts)
        answer = names[amounts.index(chosen)]
    return {"passage": passage, "question": question, "references": [answer]}


def _visitors(rng: Random) -> tuple[str, str, list[str]]:
    names = draws.several(rng, draws.NAMES, 4)
    here, there = draws.pair(rng, _PLACES)
    groups = [(names[:2], here), (names[2:], there)]
    if rng.random() < 0.5:
        groups.reverse()
    told = [
        f"{two[0]} and {two[1]} went to the {place}."
        if rng.random() < 0.7
        else f"{two[0]} was {draws.AT[place]} with {two[1]}."
        for two, place in groups
    ]
    return " ".join(told), f"Who was {draws.AT[here]}?", names


def _shoppers(rng: Random) -> tuple[str, str, list[str]]:
    who, beside = draws.pair(rng, draws.NAMES)
    things = [draws.A[thing] for thing in draws.several(rng, draws.GOODS_NAMES, 4)]
    verb = draws.pick(rng, draws.VERBS)
    groups = [(who, things[:2]), (beside, things[2:])]
    if rng.random() < 0.5:
        groups.reverse()
    told = [f"{name} {verb.synonym_past} {two[0]} and {two[1]}." for name, two in groups]
    return " ".join(told), f"What did {who} {verb.base}?", things


def _days(rng: Random) -> tuple[str, str, list[str]]:
    who, beside = draws.pair(rng, draws.NAMES)
    days = draws.several(rng, draws.DAYS, 4)
    place = draws.pick(rng, _PLACES)
    groups = [(who, days[:2]), (beside, days[2:])]
    if rng.random() < 0.5:
        groups.reverse()
    told = [f"{name} works {draws.AT[place]} on {two[0]} and on {two[1]}." for name, two in groups]
    return " ".join(told), f"When does {who} go to the {place}?", [f"on {day}" for day in days]


def _owners(rng: Random, names: list[str]) -> task.Record:
    """Returns a count of people with one sort of thing among two or three sorts."""
    counted, *rest = draws.several(rng, draws.GOODS_NAMES, 3)
    names = [*names, draws.other(rng, draws.NAMES, *names)]
    count = 1 + int(rng.random() * 3)
    things = [counted] * count + [draws.pick(rng, rest) for _ in range(4 - count)]
    order = draws.several(rng, range(4), 4)
    passage = " ".join(f"{names[i]} has {draws.A[things[order[i]]]}." for i in range(4))
    return {
        "passage": passage,
        "question": f"How many people have {draws.A[counted]}?",
        "references": [str(count)],
    }
