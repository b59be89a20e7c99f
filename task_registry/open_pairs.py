"""Pairs of readings of real rows: what is asked for, the instruction alone decides.

Both tasks of a pair ask the same rows of another task and offer the same answers. Only rows that
the two readings answer differently are asked: who knows a row and its options, and not the
instruction, is right half the time over the pair, whatever the answer. A reading's answer is the
dataset's own, or follows from it by what the docstring says. All rows are test rows: a pair is
evaluated, whatever is trained on.

    {"review": "What a dull film.", "label": 1}    review_pair_topic: is it about a film?     yes
    {"review": "What a dull film.", "label": 0}    review_pair_tone: does it praise?          no
"""

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from flanlike.tasks import task
from task_registry import (
    columns,
    commonsense_further,
    instruction_collections,
    nli,
    sentiment,
    struct_to_text,
)

_YES_NO = task.Labels(names=("no", "yes"), words=("no", "yes"))
_ATTRIBUTE = re.compile(r"(name|near)\[([^\]]+)\]")
_STAR = "\u2605"


class _Readings(NamedTuple):
    """What both tasks of a pair read of a row: the fields of the record, and each one's answer."""

    fields: task.Record
    answers: tuple[bool, bool]


class _Reviews(NamedTuple):
    """One prompt of T0's: what stands around the review, and what it is worth by the completion."""

    is_film: bool
    before: str
    after: str
    praise: tuple[str, ...]
    blame: tuple[str, ...]
    read: Callable[[str], str]


def review_pair_topic() -> task.Task:
    """Is a review about a film (or a series)? The other reading of review_pair_tone.

    The reviews in T0's prompts (t0_sf): IMDb's are of films and series, Yelp's of places and
    businesses and those of an app store of apps. Amazon's are left out: some of its products are
    films. All of the train file is asked, as the validation file has four reviews of each source.

    {"template": "imdb_Sentiment_with_choices_", "completion": "negative",
     "prompt": "What a dull film. \\nIs this review positive or negative?"}
    """
    return _review("topic")


def review_pair_tone() -> task.Task:
    """Does a review praise what it is about? The other reading of review_pair_topic.

    IMDb's label, and of stars one and two for no, four and five for yes; three are left out.

    {"template": "yelp_review_full_this_place", "completion": "5 stars",
     "prompt": "Such friendly people! My rating for this place is"}
    """
    return _review("tone")


def caption_pair_follows() -> task.Task:
    """Does the second sentence follow from the first? The other reading of caption_pair_conflicts.

    SNLI's entailment is yes, and its contradiction no; neutral rows are no to both, and left out.

    {"premise": "A man eats a pear.", "hypothesis": "A man eats.", "label": 0}
    """
    return _caption("follows")


def caption_pair_conflicts() -> task.Task:
    """Can both sentences not be true? The other reading of caption_pair_follows.

    SNLI's contradiction is yes, and its entailment no.

    {"premise": "A man eats a pear.", "hypothesis": "A man sleeps.", "label": 2}
    """
    return _caption("conflicts")


def restaurant_pair_name() -> task.Task:
    """Which of two names is the place that a text describes? See restaurant_pair_near.

    The first text of a row of E2E NLG that has both names as its data has them, letter by letter.

    {"meaning_representation": "name[The Eel], eatType[pub], near[Mill House]",
     "target": "The Eel is a pub near Mill House.", "references": []}
    """
    return _restaurant("name")


def restaurant_pair_near() -> task.Task:
    """Which of two names is near the place that a text describes? See restaurant_pair_name.

    {"meaning_representation": "name[The Eel], eatType[pub], near[Mill House]",
     "target": "The Eel is a pub near Mill House.", "references": []}
    """
    return _restaurant("near")


def answer_pair_likely() -> task.Task:
    """Is an answer to a question about time likely? The other reading of answer_pair_duration.

    MC-TACO's label, where it is yes and the question of another kind than a duration, or no and of
    that kind. Answers to one question are drawn singly, as no metric is of a group here.

    {"sentence": "Ada ate a pear.", "question": "When did she eat?", "answer": "at noon",
     "label": 1, "category": "Typical Time"}
    """
    return _answer("likely")


def answer_pair_duration() -> task.Task:
    """Does a question ask how long something lasts? The other reading of answer_pair_likely.

    MC-TACO's category, "Event Duration" or another.

    {"sentence": "Ada ate a pear.", "question": "How long did it take?", "answer": "a year",
     "label": 0, "category": "Event Duration"}
    """
    return _answer("duration")


TASKS = [
    review_pair_topic,
    review_pair_tone,
    caption_pair_follows,
    caption_pair_conflicts,
    restaurant_pair_name,
    restaurant_pair_near,
    answer_pair_likely,
    answer_pair_duration,
]


def _review(reading: str) -> task.Task:
    return _task(
        "review_pair",
        ("topic", "tone"),
        reading,
        instruction_collections.t0_sf(),
        fields=("review",),
        read=_reviews,
        cut={"review": "middle"},  # a review opens and closes with its verdict
        file="train",
    )


def _caption(reading: str) -> task.Task:
    return _task(
        "caption_pair",
        ("follows", "conflicts"),
        reading,
        nli.snli(),
        fields=("sentence1", "sentence2"),
        read=_captions,
    )


def _restaurant(reading: str) -> task.Task:
    return _task(
        "restaurant_pair",
        ("name", "near"),
        reading,
        struct_to_text.e2e_nlg(),
        fields=("text",),
        read=_restaurants,
        answers=task.Choices(),
    )


def _answer(reading: str) -> task.Task:
    return _task(
        "answer_pair",
        ("likely", "duration"),
        reading,
        commonsense_further.mc_taco(),
        fields=("sentence", "question", "candidate"),
        read=_candidates,
    )


def _task(
    cluster: str,
    readings: tuple[str, str],
    reading: str,
    owner: task.Task,
    *,
    fields: tuple[str, ...],
    read: Callable[[task.Row], _Readings | None],
    answers: task.Answers = _YES_NO,
    file: str = "",
    **changes: object,
) -> task.Task:
    """Returns one reading of the rows of `owner`, which `read` gives, or None where they are not
    to be asked."""
    name = f"{cluster}_{reading}"
    return task.Task(
        name=name,
        cluster=cluster,
        fields=fields,
        answers=answers,
        metrics=("accuracy",),
        templates=name,
        splits={"test": owner.splits["test"]},
        preprocess=functools.partial(_record, read, readings.index(reading)),
        label_columns=owner.label_columns,
        unlabelled=owner.unlabelled,
        unusable=functools.partial(_is_told, read),
        hub=owner.hub,
        tfds=owner.tfds,
        rows_of=task.RowsOf(task=owner.name, file=file),
        licence=owner.licence,
        homepage=owner.homepage,
        how_to_get=owner.how_to_get,
        **changes,
    )


def _record(read: Callable[[task.Row], _Readings], place: int, row: task.Row) -> task.Record:
    fields, answers = read(row)
    return {**fields, "label": int(answers[place])}


def _is_told(read: Callable[[task.Row], _Readings | None], row: task.Row) -> bool:
    """Returns whether the row is none to ask: both readings have one answer, or one has none."""
    found = read(row)
    return found is None or found.answers[0] == found.answers[1]


def _reviews(row: task.Row) -> _Readings | None:
    source = _REVIEWS.get(columns.text(row, "template"))
    if source is None:
        return None
    worth, prompt = columns.text(row, "completion"), columns.text(row, "prompt")
    if worth not in (*source.praise, *source.blame):
        return None
    text = prompt.removeprefix(source.before).removesuffix(source.after)
    if len(prompt) - len(text) != len(source.before) + len(source.after):
        raise ValueError(
            f"column 'prompt' is {prompt!r}; expected a review between {source.before!r} and "
            f"{source.after!r}"
        )
    return _Readings({"review": source.read(text)}, (source.is_film, worth in source.praise))


def _captions(row: task.Row) -> _Readings:
    found = nli.snli().preprocess(row)
    label = nli.snli().answers.names[found["label"]]
    return _Readings(
        {"sentence1": found["premise"], "sentence2": found["hypothesis"]},
        (label == "entailment", label == "contradiction"),
    )


def _restaurants(row: task.Row) -> _Readings | None:
    named = dict(_ATTRIBUTE.findall(columns.text(row, "meaning_representation")))
    names = [named.get(which, "").strip() for which in ("name", "near")]
    if not all(names) or names[0] in names[1] or names[1] in names[0]:
        return None
    for text in columns.references(row.get("target"), row.get("references")):
        if all(name in text for name in names):
            return _Readings({"text": text, "options": names}, (False, True))
    return None


def _candidates(row: task.Row) -> _Readings:
    found = commonsense_further.mc_taco().preprocess(row)
    fields = {name: found[name] for name in ("sentence", "question", "candidate")}
    kind = columns.text(row, "category")
    return _Readings(fields, (bool(found["label"]), kind == "Event Duration"))


def _review_of_imdb(text: str) -> str:
    return sentiment.imdb_reviews().preprocess({"text": text, "label": "neg"})["text"]


def _review_of_yelp(text: str) -> str:
    return sentiment.yelp_polarity_reviews().preprocess({"text": text, "label": "1"})["text"]


_REVIEWS = {
    "imdb_Sentiment_with_choices_": _Reviews(
        is_film=True,
        before="",
        after="Is this review positive or negative?",
        praise=("positive",),
        blame=("negative",),
        read=_review_of_imdb,
    ),
    "yelp_review_full_this_place": _Reviews(
        is_film=False,
        before="",
        after="My rating for this place is",
        praise=("4 stars", "5 stars"),
        blame=("1 star", "2 stars"),
        read=_review_of_yelp,
    ),
    "app_reviews_convert_to_star_rating": _Reviews(
        is_film=False,
        before=f"What would be the {_STAR}-rating of this review ({_STAR} being the lowest and "
        f'{_STAR * 5} being the highest)? "',
        after='"',
        praise=(_STAR * 4, _STAR * 5),
        blame=(_STAR, _STAR * 2),
        read=str.strip,
    ),
}
