"""Quizzes about the world's facts: with options, in free text, and with the reason told first."""

from random import Random

from flanlike.microworld import draws, facts, ontology
from flanlike.tasks import task

_COMMONSENSE: facts.Frames = (
    (facts.use, ("What do people do with {a_thing}?", "If you own {a_thing}, you can do what?")),
    (facts.with_use, ("What would help you to {use}?", "You want to {use}. What do you need?")),
    (facts.home, ("Where would you look for {a_thing}?", "Where is {a_thing} at home?")),
    (facts.at_home, ("What would you expect to see {at}?", "What is at home {at}?")),
    (facts.part, ("What goes with {a_thing}?", "What belongs to {a_thing}?")),
    (facts.with_part, ("What comes with {part}?", "You see {part}. What could it be?")),
)
_OPENBOOK: facts.Frames = (
    (facts.with_use, ("{who} wants to {use}. What should {she} take?",)),
    (facts.use, ("{who} has {a_thing}. Now {she} can do what?",)),
    (facts.home, ("{who} is looking for {a_thing}. Where should {she} go?",)),
    (facts.at_home, ("{who} is {at}. What will {she} most likely see?",)),
    (facts.with_part, ("{who} sees something with {part}. What is it?",)),
    (facts.part, ("{who} draws {a_thing}. What should {she} not forget?",)),
    (facts.category, ("{who} writes about {a_thing}. What is it?",)),
    (facts.capital, ("{who} goes to the capital of {country}. Where is {she} going?",)),
)
_EASY: facts.Frames = (
    (facts.category, ("What kind of thing is {a_thing}?", "To which group does {a_thing} belong?")),
    (
        facts.of_category,
        ("Which of these is in the group {category}?", "Which one is a kind of {category}?"),
    ),
    (facts.part, ("Which of these does {a_thing} have?", "What is part of {a_thing}?")),
    (facts.with_part, ("Which of these has {part}?", "Which one do you know by its {part}?")),
    (facts.home, ("In which place does one find {a_thing}?", "Where do people see {things}?")),
    (facts.capital, ("Which town is the capital of {country}?", "From where is {country} ruled?")),
    (facts.river, ("Which river is in {country}?", "What is the river of {country} called?")),
)
_CHALLENGE: facts.Frames = (
    (
        facts.category_at,
        ("Which kind of {category} is found {at}?", "Which {category} has its home {at}?"),
    ),
    (
        facts.same_sort,
        ("Which of these is most like {a_thing}?", "Which one is in one group with {a_thing}?"),
    ),
    (
        facts.river,
        (
            "Which river is in the country whose capital is {capital}?",
            "You are in {capital}. Which river is in this country?",
        ),
    ),
    (
        facts.capital,
        (
            "Which capital is in the same country as the {river}?",
            "You see the river {river}. Which town rules the land?",
        ),
    ),
)
_ECQA: facts.Frames = (
    (facts.with_use, ("To {use}, what is best?", "What do you use if you want to {use}?")),
    (facts.use, ("Why do people want {a_thing}? To", "A good {thing} helps you to")),
    (
        facts.home,
        ("If you miss {a_thing}, where could it be?", "Where do you go to see {a_thing}?"),
    ),
    (facts.part, ("What can you find on {a_thing}?", "If you look at {a_thing}, what is there?")),
    (
        facts.category,
        ("If you see {a_thing}, what do you see?", "{things} are all of one kind. Which?"),
    ),
)
_REASONS = {
    facts.with_use: "{a_thing} is used to {use}.",
    facts.use: "{a_thing} is used to {use}.",
    facts.home: "{a_thing} is found {at}.",
    facts.part: "{a_thing} has {part}.",
    facts.category: "{a_thing} is a kind of {category}.",
}

# Questions as people type them, by what answers them.
_TYPED = (
    (
        "capital",
        (
            "what is the capital of {country}",
            "capital of {country}",
            "which town is the capital of {country}",
            "the country with the river {river} has which capital",
        ),
    ),
    (
        "river",
        (
            "which river flows through {country}",
            "name of the river in {country}",
            "what river runs near {capital}",
            "what is the river of {country}",
        ),
    ),
    (
        "country",
        (
            "which country has {capital} as its capital",
            "{capital} is the capital of which country",
            "in which country is the river {river}",
            "through which country does the {river} flow",
        ),
    ),
    (
        "category",
        (
            "what kind of thing is {a_thing}",
            "what are {things}",
            "to what group do {things} belong",
            "{a_thing} is a kind of what",
        ),
    ),
    (
        "place",
        (
            "where do you find {things}",
            "where is {a_thing} at home",
            "in what place do people look for {things}",
        ),
    ),
    ("part", ("what part do all {things} have", "{things} are known for having what")),
)
_COUNTRIES = tuple(ontology.COUNTRY_CAPITALS)


def commonsense_qa(rng: Random) -> task.Record:
    """Five options of one sort."""
    question, answers, _ = facts.ask(rng, _COMMONSENSE, 4)
    return {"question": question, **answers}


def openbookqa(rng: Random) -> task.Record:
    """A fact put to use by somebody; four options."""
    question, answers, _ = facts.ask(rng, _OPENBOOK, 3)
    return {"question": question, **answers}


def arc_easy(rng: Random) -> task.Record:
    """One fact; four options."""
    question, answers, _ = facts.ask(rng, _EASY, 3)
    return {"question": question, **answers}


def arc_challenge(rng: Random) -> task.Record:
    """Two facts at once; four options."""
    question, answers, _ = facts.ask(rng, _CHALLENGE, 3)
    return {"question": question, **answers}


def natural_questions(rng: Random) -> task.Record:
    """A question as people type it; the answer is a word of the world."""
    answer, frames = draws.pick(rng, _TYPED)
    if answer in ("capital", "river", "country"):
        country = draws.pick(rng, _COUNTRIES)
        names = {
            "country": country,
            "capital": ontology.COUNTRY_CAPITALS[country],
            "river": ontology.COUNTRY_RIVERS[country],
        }
        references = [names[answer]]
        if answer == "river":
            references.append(f"the {names[answer]}")
    else:
        kind = draws.pick(rng, ontology.KINDS)
        names = {"a_thing": draws.A[kind.name], "things": draws.PLURAL[kind.name]}
        if answer == "category":
            references = [kind.category, ontology.PARENT_CATEGORY[kind.category]]
        elif answer == "place":
            references = [draws.AT[kind.habitat], kind.habitat]
        else:
            references = [kind.part]
    end = "?" if rng.random() < 0.3 else ""
    question = draws.pick(rng, frames).format(**names) + end
    return {"question": question, "references": references}


def cot_ecqa(rng: Random) -> task.Record:
    """A question with five options, and the fact that decides it."""
    asking, texts = draws.pick(rng, _ECQA)
    names, right, wrong = asking(rng, 4)
    question = draws.pick(rng, texts).format(**names)
    reason = _REASONS[asking].format(**names)
    return {
        "question": question[0].upper() + question[1:],
        "rationale": reason[0].upper() + reason[1:],
        **draws.choices(rng, right, wrong),
    }


def cot_strategyqa(rng: Random, label: int) -> task.Record:
    """A question that two facts decide together."""
    share = rng.random()
    if share < 0.3:
        question, reasons = _same_sort(rng, is_true=label == 1)
    elif share < 0.55:
        question, reasons = _used_thing_is(rng, is_true=label == 1)
    elif share < 0.75:
        question, reasons = _larger_sort(rng, is_true=label == 1)
    else:
        question, reasons = _same_country(rng, is_true=label == 1)
    return {
        "question": draws.sentence(question, end="?"),
        "rationale": " ".join(map(draws.sentence, reasons)),
        "label": label,
    }


def _is_a(kind: ontology.Kind) -> str:
    return f"{draws.A[kind.name]} is a kind of {kind.category}"


def _same_sort(rng: Random, is_true: bool) -> tuple[str, tuple[str, str]]:
    one = draws.pick(rng, ontology.KINDS)
    while True:
        two = draws.pick(rng, ontology.KINDS)
        if two is not one and (two.category == one.category) == is_true:
            break
    asked = (
        "do {0} and {1} belong to one group",
        "would {0} be in one list with {1}",
        "is {0} the same kind of thing as {1}",
    )
    names = (draws.A[one.name], draws.A[two.name])
    return draws.pick(rng, asked).format(*names), (_is_a(one), _is_a(two))


def _used_thing_is(rng: Random, is_true: bool) -> tuple[str, tuple[str, str]]:
    kind = draws.pick(rng, ontology.OBJECTS)
    category = kind.category
    if not is_true:
        category = draws.other(rng, _OBJECT_CATEGORIES, category)
    asked = (
        "to {0}, does one need some kind of {1}",
        "is the best thing to {0} a kind of {1}",
        "would people look for some kind of {1} to {0}",
    )
    first = f"{draws.A[kind.name]} is used to {kind.use}"
    return draws.pick(rng, asked).format(kind.use, category), (first, _is_a(kind))


def _larger_sort(rng: Random, is_true: bool) -> tuple[str, tuple[str, str]]:
    kind = draws.pick(rng, ontology.KINDS)
    parent = ontology.PARENT_CATEGORY[kind.category]
    claimed = parent if is_true else draws.other(rng, _PARENTS, parent)
    asked = ("does {0} count as {1}", "can one call {0} {1}", "could one say that {0} is {1}")
    second = f"each {kind.category} is {_A_PARENT[parent]}"
    names = (draws.A[kind.name], _A_PARENT[claimed])
    return draws.pick(rng, asked).format(*names), (_is_a(kind), second)


def _same_country(rng: Random, is_true: bool) -> tuple[str, tuple[str, str]]:
    one, two = draws.pair(rng, _COUNTRIES)
    if is_true:
        two = one
    town, river = ontology.COUNTRY_CAPITALS[one], ontology.COUNTRY_RIVERS[two]
    asked = (
        "are {0} and the river {1} in one country",
        "can you see the {1} in the country of {0}",
        "does {0} lie in the land of the {1}",
    )
    reasons = (f"{town} is the capital of {one}", f"the {river} flows through {two}")
    return draws.pick(rng, asked).format(town, river), reasons


_OBJECT_CATEGORIES = tuple(dict.fromkeys(kind.category for kind in ontology.OBJECTS))
_PARENTS = tuple(dict.fromkeys(ontology.PARENT_CATEGORY.values()))
_A_PARENT = {"animal": "an animal", "food": "some food", "object": "an object"}
