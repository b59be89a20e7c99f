"""Natural language inference: does one statement follow from another?"""

from random import Random

from flanlike import task
from flanlike.microworld import draws, statements

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
