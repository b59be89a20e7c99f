"""Passages with a question: yes or no, answers that are not there, and four options."""

from dataclasses import dataclass
from random import Random

from flanlike.microworld import draws, ontology, statements
from flanlike.tasks import task

UNANSWERABLE = "unanswerable"

_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())
_TITLES = ("{day} in {town}", "A walk through {town}", "{town} in the news", "The people of {town}")
_PARTIES = (
    "There was a party {at}.",
    "On {day} four friends met {at}.",
    "It was a day for gifts.",
)
_BROUGHT = (
    "{who} came with {a_thing}.",
    "{who} had {a_thing} in a bag.",
    "{who} brought {a_thing}.",
)
_LOOKERS_ON = ("{who} only looked on.", "{who} saw it all.", "{who} was there too.")


@dataclass(frozen=True)
class Deed:
    """Who did what to which thing, and where."""

    who: str
    verb: ontology.Verb
    thing: str
    place: str

    @property
    def at(self) -> str:
        return draws.AT[self.place]

    @property
    def a_thing(self) -> str:
        return draws.A[self.thing]


def deeds(rng: Random, names: list[str]) -> list[Deed]:
    """Returns one deed for each name; no two share a verb, a thing or a place."""
    count = len(names)
    verbs = draws.several(rng, draws.VERBS, count)
    things = draws.several(rng, draws.GOODS_NAMES, count)
    places = draws.several(rng, ontology.PLACES, count)
    return [Deed(*one) for one in zip(names, verbs, things, places, strict=True)]


def told(rng: Random, deed: Deed) -> str:
    """Returns a deed as a sentence: "Ada found a plum in the hall." or the place first."""
    what = f"{deed.who} {deed.verb.past} {deed.a_thing}"
    if rng.random() < 0.5:
        return f"{draws.sentence(deed.at, end=',')} {what}."
    return f"{what} {deed.at}."


def bool_q(rng: Random, label: int) -> task.Record:
    """A question about one person or thing; where it is false, it takes what is told of another."""
    if rng.random() < 0.3:
        said, claimed = statements.one_of_two(rng, 1 - label)
        subject, _, word = claimed.rpartition(" is ")
        return {
            "passage": draws.sentence(said),
            "question": f"is {subject} {word}?",
            "label": label,
        }
    three = deeds(rng, draws.several(rng, draws.NAMES, 3))
    asked, beside = draws.pair(rng, three)
    other = asked if label == 1 else beside
    share = rng.random()
    if share < 0.4:
        question = f"did {asked.who} {other.verb.base} {other.a_thing}?"
    elif share < 0.6:
        question = f"was {asked.who} {other.at}?"
    elif share < 0.8:
        question = f"was the {asked.thing} {other.at}?"
    else:
        question = f"was it {other.who} that {asked.verb.synonym_past} {asked.a_thing}?"
    passage = " ".join(told(rng, deed) for deed in three)
    return {"passage": passage, "question": question, "label": label}


def squad_v2(rng: Random) -> task.Record:
    """A question about one of three deeds; one in nine mixes two, and the text does not answer."""
    three = deeds(rng, draws.several(rng, draws.NAMES, 3))
    asked, beside = draws.pair(rng, three)
    is_mixed = rng.random() < 0.11
    other = beside if is_mixed else asked
    share = rng.random()
    if share < 0.35:
        question = f"Who {asked.verb.synonym_past} {other.a_thing}?"
        answers = [asked.who]
    elif share < 0.65:
        question = f"Where was the {other.thing} when {asked.who} {asked.verb.past} it?"
        answers = [asked.at, f"the {asked.place}", asked.place]
    else:
        question = f"What did {asked.who} {asked.verb.base} {other.at}?"
        answers = [asked.a_thing, asked.thing]
    town, day = draws.pick(rng, _TOWNS), draws.pick(rng, draws.DAYS)
    return {
        "title": draws.pick(rng, _TITLES).format(town=town, day=day),
        "context": " ".join(told(rng, deed) for deed in three),
        "question": question,
        "references": [UNANSWERABLE] if is_mixed else answers,
    }


def mctest(rng: Random) -> task.Record:
    """A little story of four friends: what each brought, or from whom to whom a thing went."""
    names = draws.several(rng, draws.NAMES, 4)
    return _handed_on(rng, names) if rng.random() < 0.5 else _party(rng, names)


def race_middle(rng: Random) -> task.Record:
    """Where somebody goes on four days; the question has a gap half of the time."""
    who = draws.pick(rng, draws.NAMES)
    days = [f"on {day}" for day in draws.several(rng, draws.DAYS, 4)]
    places = draws.several(rng, ontology.PLACES, 4)
    goes = [f"to the {place} {day}" for place, day in zip(places, days, strict=True)]
    she = draws.SUBJECT[who].capitalize()
    passage = f"{who} goes {goes[0]} and {goes[1]}. {she} also goes {goes[2]} and {goes[3]}."
    index = int(rng.random() * 4)
    is_gap = rng.random() < 0.5
    if rng.random() < 0.5:
        options, day = [f"the {place}" for place in places], draws.sentence(days[index], end="")
        question = (
            f"{day} one can meet {who} near _ ." if is_gap else f"Where is {who} {days[index]}?"
        )
    else:
        options, at = days, draws.AT[places[index]]
        question = f"{who} is {at} _ ." if is_gap else f"When is {who} {at}?"
    fields = {"passage": passage, "question": question}
    return {**fields, **_options(rng, options, index)}


def lambada(rng: Random) -> task.Record:
    """Three deeds and a sentence that comes back to one; its last word is what is asked for."""
    three = deeds(rng, draws.several(rng, draws.NAMES, 3))
    asked = draws.pick(rng, three)
    end, word = draws.pick(
        rng,
        (
            (f"On {{day}} {asked.who} still had the", asked.thing),
            (f"On {{day}} {asked.who} looked for the", asked.thing),
            (f"When all met on {{day}}, the {asked.thing} was shown by", asked.who),
            (f"On {{day}} {asked.who} came back to the", asked.place),
        ),
    )
    told_of = " ".join(told(rng, deed) for deed in three)
    end = end.format(day=draws.pick(rng, draws.DAYS))
    return {"passage": f"{told_of} {end}", "references": [word]}


def _party(rng: Random, names: list[str]) -> task.Record:
    things = draws.several(rng, draws.GOODS_NAMES, 4)
    lead = draws.pick(rng, _PARTIES).format(
        at=draws.AT[draws.pick(rng, ontology.PLACES)], day=draws.pick(rng, draws.DAYS)
    )
    brought = [
        draws.pick(rng, _BROUGHT).format(who=who, a_thing=draws.A[thing])
        for who, thing in zip(names, things, strict=True)
    ]
    index = int(rng.random() * 4)
    if rng.random() < 0.5:
        question = f"Who brought along {draws.A[things[index]]}?"
        options = names
    else:
        question = f"What did {names[index]} bring along?"
        options = [draws.A[thing] for thing in things]
    fields = {"passage": " ".join([lead, *brought]), "question": question}
    return {**fields, **_options(rng, options, index)}


def _handed_on(rng: Random, names: list[str]) -> task.Record:
    """Returns the way of a thing from the first to the third; the fourth has no part in it."""
    thing = draws.pick(rng, draws.GOODS_NAMES)
    first, second, third, fourth = names
    (gave, got), (sent, received) = draws.pair(rng, ontology.GIVING)
    steps = [
        f"{first} {gave} {second} the {thing}."
        if rng.random() < 0.5
        else f"{second} {got} the {thing} from {first}.",
        f"Then {second} {sent} it to {third}."
        if rng.random() < 0.5
        else f"Then {third} {received} it from {second}.",
    ]
    looker_on = draws.pick(rng, _LOOKERS_ON).format(who=fourth)
    steps.insert(int(rng.random() * 3), looker_on)
    index = int(rng.random() * 4)
    questions = (
        f"Who had the {thing} first of all?",
        f"Who had the {thing}, but not for long?",
        f"Who has the {thing} in the end?",
        f"Who never had the {thing}?",
    )
    fields = {"passage": " ".join(steps), "question": questions[index]}
    return {**fields, **_options(rng, names, index)}


def _options(rng: Random, options: list[str], right: int) -> dict[str, object]:
    wrong = [option for index, option in enumerate(options) if index != right]
    return draws.choices(rng, options[right], draws.several(rng, wrong, len(wrong)))
