"""Talks about what is true in the micro-world: a kind of thing, or countries."""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_KINDS = tuple(kind for kind in ontology.KINDS if draws.A[kind.name] != f"some {kind.name}")

# Of a kind of thing: ways to ask, and what is said.
_ABOUT = (
    (("What is {a_name}?", "What would people say {a_name} is?"), "{a_name} is {a_category}."),
    (("What does {a_name} have?", "What is there to see of {a_name}?"), "{a_name} has {part}."),
    (("Where does one find {a_name}?", "Where is {a_name} found?"), "One finds {a_name} {at}."),
    (
        ("Is {a_name} an animal, a food or an object?", "What is it in the widest sense?"),
        "{a_name} is {a_parent}.",
    ),
)
# Of a country: ways to ask, and of which table the answer is.
_OF_A_COUNTRY = (
    (("What is the capital of {land}?", "Which town is the capital of {land}?"),
     ("And its capital?", "What is the capital there?"), ontology.COUNTRY_CAPITALS),
    (("What is the river of {land}?", "Which river is in {land}?"),
     ("And its river?", "What is the river there?"), ontology.COUNTRY_RIVERS),
)  # fmt: skip
_LANDS = tuple(ontology.COUNTRY_CAPITALS)


def wiki_dialog(rng: Random) -> task.Record:
    """Two or three things about one kind, of which the last is asked."""
    kind = draws.pick(rng, _KINDS)
    names = {
        "a_name": draws.A[kind.name],
        "a_category": draws.A[kind.category],
        "a_parent": draws.A[ontology.PARENT_CATEGORY[kind.category]],
        "part": kind.part,
        "at": draws.AT[kind.habitat],
    }
    turns = []
    for asked, said in draws.several(rng, _ABOUT, 2 + int(rng.random() * 2)):
        question = draws.pick(rng, asked).format(**names)
        turns.append((question, draws.sentence(said.format(**names), end="")))
    *earlier, (question, answer) = turns
    return {
        "title": draws.sentence(kind.name, end=""),
        "dialogue": _said(earlier),
        "question": question,
        "references": [answer],
    }


def qrecc(rng: Random) -> task.Record:
    """What was asked of one country is asked of another, or another thing of the same one."""
    one, two = draws.pair(rng, _LANDS)
    first, second = draws.pair(rng, _OF_A_COUNTRY)
    earlier = [(draws.pick(rng, first[0]).format(land=one), first[2][one])]
    if rng.random() < 0.5:
        question, answer = draws.pick(rng, second[1]), second[2][one]
        if rng.random() < 0.5:
            earlier.append((f"And of {two}?", first[2][two]))
            answer = second[2][two]
    else:
        if rng.random() < 0.5:
            earlier.append((draws.pick(rng, second[1]), second[2][one]))
            first = second
        question, answer = draws.pick(rng, (f"And of {two}?", f"What about {two}?")), first[2][two]
    return {"dialogue": _said(earlier), "question": question, "references": [answer]}


def _said(turns: list[tuple[str, str]]) -> str:
    return "\n".join(f"Q: {question}\nA: {answer}" for question, answer in turns)
