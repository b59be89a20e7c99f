"""Summaries: news, opinions, guides, talk and papers in few words, and an inn from its data.

What a summary says stands nowhere as a sentence: it joins facts, or follows from them.
"""

from random import Random

from flanlike.microworld import draws, ontology
from flanlike.tasks import task

_TOWNS = tuple(ontology.COUNTRY_CAPITALS.values())
_COUNTRIES = tuple(ontology.COUNTRY_CAPITALS)
_PRAISE = tuple(word for words in ontology.PRAISE for word in words)
_BLAME = tuple(word for words in ontology.BLAME for word in words)
_JUDGEMENTS = (_BLAME, _PRAISE)
_PLAIN = tuple(word for scale in ontology.SCALES for word in (scale.low[0], scale.high[0]))
_OFFICES = ("minister", "coach")
_TOPICS = ("wages", "prices", "the border", "the treaty", "the election", "the bank")
_ASPECTS = ("music", "story", "cast", "language", "end", "first part")
_FOODS = tuple(kind for kind in ontology.FOODS if kind in draws.GOODS)
_TOOLS = tuple(kind for kind in ontology.OBJECTS if kind in draws.GOODS and kind.use)

_AREAS = ("market", "harbour", "station", "street", "orchard", "meadow")
_HOUSES = ("library", "bakery", "workshop", "theatre", "barn", "school", "museum")

# News: the sentences of an article, its gist, and what else a reader should know.
_STORIES = (
    (
        (
            "{who} {past} {a_thing} {at} in {town} on {day}.",
            "It is a {colour} one and cost {more} coins.",
            "{other}, who saw it, calls it {judgement}.",
        ),
        "{who} {past} a {colour} {thing} in {town}.",
        "{other} calls it {judgement}.",
    ),
    (
        (
            "{town} met {town2} for the match on {day}.",
            "The score of {town} was {n}, that of {town2} was {m}.",
            "{who}, the coach of {town}, calls the match {judgement}.",
        ),
        "{winner} won the match against {loser}.",
        "Coach {who} calls it {judgement}.",
    ),
    (
        (
            "On {day} the {colour} {thing} of {who} was {at}.",
            "Now nobody in {town} can find it.",
            "So {other} lent {who} {a_plain} one.",
        ),
        "{who} lost a {colour} {thing} in {town}.",
        "{other} helps with {a_plain} one.",
    ),
    (
        (
            "For {more} years {other} was the {office} of {country}.",
            "That ended on {day}.",
            "In {town} people asked {who} to do the work, and {who} said yes.",
        ),
        "{who} is the new {office} of {country}.",
        "{other} left on {day}.",
    ),
    (
        (
            "In {town} one paid {n} coins for {a_thing} until {day}.",
            "Today one pays {m} coins.",
            "{who} the merchant finds that {good_or_bad}.",
        ),
        "{Things} cost {more_or_less} in {town} now.",
        "To {who} that is {good_or_bad}.",
    ),
)

# A report's first sentence, and its headline.
_HEADLINES = (
    (
        "{who} from {town} {past} {a_plain} {thing} {at} on {day}, a friend said.",
        "{who} {past} {plain} {thing}",
    ),
    (
        "The {office} of {country} will meet {who} in {town} on {day} to talk about {topic}.",
        "{country} {office} to talk about {topic}",
    ),
    (
        "{town} had {n} goals and {town2} had {m} when the match ended on {day}.",
        "{winner} wins match against {loser}",
    ),
    (
        "People {at} in {town} found the {colour} {thing} that {who} lost on {day}.",
        "lost {thing} of {who} found in {town}",
    ),
    (
        "Prices for {things} in {town} went from {n} to {m} coins on {day}, the bank said.",
        "prices for {things} go {up_or_down} in {town}",
    ),
)

_GUIDES = (
    (
        "You need {a_tool} for this, and {a_plain} one is best. Take it with you to the {place}. "
        "There you have room to {use}.",
        "Get {a_plain} {tool}. {Use} {at}.",
    ),
    (
        "{Foods} are cheap at the market on {day}. So that is when you should buy some. Bring them "
        "home. There you {cook} them with {other_food} if you like.",
        "Buy {foods} on {day}. {Cook} them.",
    ),
    (
        "{Animals} are not hard to find if you know where they live. Walk to the {habitat} before "
        "others do. They hear you from far, so do not talk.",
        "Go to the {habitat} before others. Be quiet.",
    ),
    (
        "Have you lost your {thing}? Think of where you last had it. If it was {at}, go back and "
        "see who is there. One of these people may have it, so talk to them.",
        "Go back to the {place}. Ask the people there.",
    ),
)

_TALKS = (
    (
        "#Person1#: How much is the {plain} {thing}?\n#Person2#: It costs {more} coins.\n"
        "#Person1#: That is not too much for me. I will have it.",
        "#Person1# buys {a_thing} from #Person2# for {more} coins.",
    ),
    (
        "#Person1#: Where can I get {a_thing}?\n#Person2#: {At}, but not today.\n"
        "#Person1#: Then I will go on {day}.",
        "#Person2# tells #Person1# where to get {a_thing}. #Person1# will go to the {place} on "
        "{day}.",
    ),
    (
        "#Person1#: Can we meet {at} on {day}?\n#Person2#: No, I have to work then.\n"
        "#Person1#: And on {day2}?\n#Person2#: Yes, that is good.",
        "#Person1# and #Person2# will meet {at} on {day2}.",
    ),
    (
        "#Person1#: Did you like the {thing} I gave you?\n#Person2#: It was {plain}, and I like "
        "{a_contrary} one.\n#Person1#: Then give it back and take this one.",
        "#Person2# does not like the {thing}, so #Person1# will give #Person2# {a_contrary} one.",
    ),
)

_ABSTRACTS = (
    (
        "Why do some {things} get {high}? We left {more} {things} {at} and as many {at2}. Only "
        "those {found_at} got {high}, all others are {low} as before.",
        "{Things} get {high} {found_at}.",
    ),
    (
        "Many people say that {things} are {low}. We went to {town} and looked at {more} {things}. "
        "Of these, all but one were {state}.",
        "We show that {things} are {state}.",
    ),
    (
        "One needs {a_tool} to {use}. Those on sale in {town} are {low}. We have one that "
        "is {high}, as {more} people who used it say.",
        "We made {a_high} {tool} to {use}.",
    ),
)


def cnn_dailymail(rng: Random) -> task.Record:
    """An article, and its highlights: what came about, and a line on what came of it."""
    told, gist, aside = _news(rng)
    return {"article": " ".join(told), "references": [f"{gist}\n{aside}"]}


def xsum(rng: Random) -> task.Record:
    """An article, and what came about, in one sentence."""
    told, gist, _ = _news(rng)
    return {"article": " ".join(told), "references": [gist]}


def newsroom(rng: Random) -> task.Record:
    """An article with a remark of another sort at its end, and what the article is about."""
    story, other = draws.pair(rng, _STORIES)
    told, gist, aside = _told(rng, story)
    _, remark, _ = _told(rng, other)
    return {
        "article": " ".join((*told, f"In other news: {remark}")),
        "references": [f"{gist} {aside}"],
    }


def gigaword(rng: Random) -> task.Record:
    """The first sentence of a report, and its headline."""
    sentence, headline = draws.pick(rng, _HEADLINES)
    names = _names(rng)
    return {"sentence": sentence.format(**names), "references": [headline.format(**names)]}


def multi_news(rng: Random) -> task.Record:
    """Two articles that tell different things about one event, and all of it in one sentence."""
    who, other = draws.pair(rng, draws.NAMES)
    thing, verb = draws.pick(rng, draws.GOODS_NAMES), draws.pick(rng, draws.VERBS)
    colour, day = draws.pick(rng, ontology.COLOURS), draws.pick(rng, draws.DAYS)
    at = draws.AT[draws.pick(rng, ontology.PLACES)]
    facts = draws.several(
        rng, (f"The {thing} is {colour}.", f"That was on {day}.", f"It happened {at}."), 3
    )
    leads = (
        f"{who} {verb.past} {draws.A[thing]}.",
        f"{other} says that {who} {verb.synonym_past} {draws.A[thing]}.",
    )
    first, second = leads if rng.random() < 0.5 else leads[::-1]
    cut = 1 + int(rng.random() * 2)
    return {
        "articles": f"Article 1:\n{' '.join((first, *facts[:cut]))}\n\n"
        f"Article 2:\n{' '.join((second, *facts[cut:]))}",
        "references": [f"On {day} {who} {verb.past} a {colour} {thing} {at}."],
    }


def opinion_abstracts_rotten_tomatoes(rng: Random) -> task.Record:
    """What three or four critics say about two sides of a film, and what they agree on."""
    movie = f"The {draws.pick(rng, _PLAIN)} {draws.pick(rng, draws.GOODS_NAMES)}".title()
    one, other = draws.pair(rng, _ASPECTS)
    likes = (rng.random() < 0.5, rng.random() < 0.5)
    frames = (
        "The {aspect} is {word}.",
        "How {word} the {aspect} is!",
        "I found its {aspect} {word}.",
    )
    quotes = []
    for aspect, is_liked in zip((one, other), likes, strict=True):
        words = draws.pair(rng, _JUDGEMENTS[is_liked])
        for word in words[: 1 + (rng.random() < 0.7)]:
            frame = draws.pick(rng, frames)
            quotes.append(frame.format(aspect=aspect, word=word))
    if likes[0] == likes[1]:
        verdict = (
            "Critics like the {} and the {}." if likes[0] else "Critics blame the {} and the {}."
        )
        references = [verdict.format(one, other), verdict.format(other, one)]
    else:
        liked, blamed = (one, other) if likes[0] else (other, one)
        references = [f"Critics like the {liked}, but not the {blamed}."]
    quotes = draws.several(rng, quotes, len(quotes))
    return {"movie": movie, "reviews": _listed(quotes), "references": references}


def opinion_abstracts_idebate(rng: Random) -> task.Record:
    """Arguments for or against things at a place, and the claim that they support."""
    things = draws.PLURAL[draws.pick(rng, draws.OWNED).name]
    place = draws.pick(rng, ontology.PLACES)
    at = draws.AT[place]
    is_for = rng.random() < 0.5
    words = draws.pair(rng, _JUDGEMENTS[is_for])
    contrary = draws.pick(rng, _JUDGEMENTS[not is_for])
    arguments = draws.several(
        rng,
        (
            f"{draws.pick(rng, draws.NAMES)} finds {things} {words[0]}.",
            f"It is {words[1]} to have {things} {at}.",
            f"No friend of the {place} would call them {contrary}.",
        ),
        2 + (rng.random() < 0.5),
    )
    return {
        "debate": f"{draws.sentence(things, '')} {at}",
        "arguments": _listed(arguments),
        "references": [f"{draws.sentence(things, '')} are {'good' if is_for else 'bad'} {at}."],
    }


def wiki_lingua_english_en(rng: Random) -> task.Record:
    """Advice at length, and its steps in short."""
    tool, animal = draws.pick(rng, _TOOLS), draws.pick(rng, ontology.ANIMALS)
    food, other = draws.pair(rng, _FOODS)
    names = _names(rng) | {
        "tool": tool.name,
        "a_tool": draws.A[tool.name],
        "use": tool.use,
        "Use": draws.sentence(tool.use, ""),
        "foods": draws.PLURAL[food.name],
        "Foods": draws.sentence(draws.PLURAL[food.name], ""),
        "other_food": draws.PLURAL[other.name],
        "cook": food.use,
        "Cook": draws.sentence(food.use, ""),
        "Animals": draws.sentence(draws.PLURAL[animal.name], ""),
        "habitat": animal.habitat,
    }
    guide, steps = draws.pick(rng, _GUIDES)
    return {"guide": guide.format(**names), "references": [steps.format(**names)]}


def dialogsum(rng: Random) -> task.Record:
    """A talk of two people, and what they agreed on."""
    talk, summary = draws.pick(rng, _TALKS)
    names = _names(rng)
    return {"dialogue": talk.format(**names), "references": [summary.format(**names)]}


def scitldr(rng: Random) -> task.Record:
    """A small study, and what it found."""
    tool = draws.pick(rng, _TOOLS)
    names = _names(rng) | {"tool": tool.name, "a_tool": draws.A[tool.name], "use": tool.use}
    abstract, finding = draws.pick(rng, _ABSTRACTS)
    return {"abstract": abstract.format(**names), "references": [finding.format(**names)]}


def e2e_nlg(rng: Random) -> task.Record:
    """What is known of an inn, in a fixed order, and one or two sentences that tell it."""
    colour, sign = draws.pick(rng, ontology.COLOURS), draws.pick(rng, ontology.ANIMALS).name
    name = f"The {colour} {sign}".title()
    food = draws.PLURAL[draws.pick(rng, _FOODS).name]
    price = draws.pick(rng, ("cheap", "costly"))
    area, near = draws.pick(rng, _AREAS), draws.pick(rng, _HOUSES)
    rating = 1 + int(rng.random() * 5)
    known = [f"name: {name}", f"food: {food}"]
    told, again = f"{name} sells {food}", f"{food} can be had at {name}"
    if rng.random() < 0.6:
        known.append(f"price range: {price}")
        told, again = f"{name} sells {price} {food}", f"{price} {again}"
    if rng.random() < 0.6:
        known.append(f"area: {area}")
        told, again = f"{told} {draws.AT[area]}", f"{again} {draws.AT[area]}"
    if rng.random() < 0.6:
        known.append(f"near: {near}")
        told, again = f"{told} near the {near}", f"{again} near the {near}"
    if rng.random() < 0.5:
        known.append(f"customer rating: {rating} out of 5")
        told, again = (f"{text}. It got {rating} out of 5" for text in (told, again))
    return {
        "attributes": ", ".join(known),
        "references": [f"{told}.", draws.sentence(again)],
    }


def _news(rng: Random) -> tuple[tuple[str, ...], str, str]:
    """Returns the sentences of an article, its gist and one thing more."""
    return _told(rng, draws.pick(rng, _STORIES))


def _told(rng: Random, story: tuple[tuple[str, ...], str, str]) -> tuple[tuple[str, ...], str, str]:
    told, gist, aside = story
    names = _names(rng)
    return tuple(text.format(**names) for text in told), gist.format(**names), aside.format(**names)


def _names(rng: Random) -> dict[str, object]:
    """Returns what the frames of news, guides, talk and papers name, whichever is drawn."""
    who, other = draws.pair(rng, draws.NAMES)
    town, town2 = draws.pair(rng, _TOWNS)
    day, day2 = draws.pair(rng, draws.DAYS)
    place, place2 = draws.pair(rng, ontology.PLACES)
    n, m = draws.pair(rng, range(2, 10))
    thing = draws.pick(rng, draws.GOODS_NAMES)
    scale = draws.pick(rng, ontology.SCALES)
    low, high = draws.pair(rng, (scale.low[0], scale.high[0]))
    return {
        **{"who": who, "other": other, "town": town, "town2": town2, "day": day, "day2": day2},
        **{"place": place, "at": draws.AT[place], "at2": draws.AT[place2]},
        "At": draws.sentence(draws.AT[place], ""),
        **{"thing": thing, "a_thing": draws.A[thing], "things": draws.PLURAL[thing]},
        "Things": draws.sentence(draws.PLURAL[thing], ""),
        **{"low": low, "high": high, "a_high": draws.A[high]},
        **{"plain": low, "a_plain": draws.A[low], "a_contrary": draws.A[high]},
        **{"n": n, "m": m, "more": 2 + int(rng.random() * 18)},
        "found_at": draws.AT[draws.pick(rng, (place, place2))],
        "state": draws.pick(rng, (low, high)),
        "good_or_bad": draws.pick(rng, ("good", "bad")),
        "winner": town if n > m else town2,
        "loser": town2 if n > m else town,
        "more_or_less": "less" if n > m else "more",
        "up_or_down": "down" if n > m else "up",
        "colour": draws.pick(rng, ontology.COLOURS),
        "judgement": draws.pick(rng, _JUDGEMENTS[rng.random() < 0.5]),
        "past": draws.pick(rng, draws.VERBS).past,
        "office": draws.pick(rng, _OFFICES),
        "country": draws.pick(rng, _COUNTRIES),
        "topic": draws.pick(rng, _TOPICS),
    }


def _listed(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
