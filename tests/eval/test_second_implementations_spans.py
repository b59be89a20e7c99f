"""Metrics of spans against second implementations, as in test_second_implementations.py."""

import collections
import itertools
import random
import re
import string
import unicodedata

import pytest
from metric_toys import ROUNDS, WORDS, rows_of, texts_of, value

NUMBERS = ("1.5", "15", "-4", "4", "$1,200", "1200", "1,200.00", "3.", ".5", "7%", "1-0")


# Spans.


def squad_form(text):
    text = "".join(char for char in text.lower() if char not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text, flags=re.UNICODE).split())


def trivia_form(text):
    marks = string.punctuation + "‘’´`"
    text = "".join(" " if char in marks else char for char in text.replace("_", " ").lower())
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split()).strip()


def nq_form(text):
    return squad_form(unicodedata.normalize("NFD", text))


def overlap(said, gold):
    """F1 of bags of words as in SQuAD 2.0's script, which gives 1 to nothing for nothing."""
    said, gold = said.split(), gold.split()
    if not said or not gold:
        return int(said == gold)
    common = sum((collections.Counter(said) & collections.Counter(gold)).values())
    if not common:
        return 0
    precision, recall = common / len(said), common / len(gold)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("name", "form"), [("squad", squad_form), ("trivia_qa", trivia_form), ("nq", nq_form)]
)
def test_spans_are_compared_as_the_datasets_scripts_do(name, form):
    for text, references in rows_of(5):
        forms = [form(reference) for reference in references]
        assert value(f"{name}_em", text, references) == max(form(text) == each for each in forms)
        expected = max(overlap(form(text), each) for each in forms)
        assert value(f"{name}_f1", text, references) == pytest.approx(expected)


def test_exact_match_of_instructions_keeps_articles():
    def form(text):
        kept = "".join(char for char in text.lower() if char not in set(string.punctuation))
        return " ".join(kept.split())

    for text, references in rows_of(14):
        expected = any(form(text) == form(reference) for reference in references)
        assert value("niv2_em", text, references) == expected


def test_with_points_and_signs_in_numbers_ours_is_never_right_where_squads_is_wrong():
    for text, references in rows_of(6, words=(*NUMBERS, "owl", "the"), longest=2):
        official = max(squad_form(text) == squad_form(reference) for reference in references)
        assert value("squad_em", text, references) <= official
    for one, two in (("1.5", "15"), ("-4", "4"), ("−4", "4"), (".5", "5"), ("it is -4", "it is 4")):
        assert value("squad_em", one, (two,)) == value("nq_em", one, (two,)) == 0.0
        assert value("squad_em", one, (one,)) == value("nq_em", one, (one,)) == 1.0


def quac_script(said, references):
    """QuAC's script before it leaves out one reference after the other."""
    none = sum(text == "CANNOTANSWER" for text in references)
    if none >= len(references) - none:
        references = ["CANNOTANSWER"]
    else:
        references = [text for text in references if text != "CANNOTANSWER"]
    return max(overlap(squad_form(said), squad_form(text)) for text in references)


def test_quac_lets_people_vote_whether_there_is_an_answer():
    rng = random.Random(7)
    for text, references in rows_of(7):
        references = [rng.choice((r, "CANNOTANSWER", references[0])) for r in references]
        text = rng.choice((text, "CANNOTANSWER"))
        assert value("quac_f1", text, references) == pytest.approx(quac_script(text, references))
    assert value("quac_f1", "unanswerable", ("unanswerable", "in Tarn")) == 1.0
    assert value("quac_f1", "unanswerable", ("unanswerable", "in Tarn", "Tarn")) == 0.0


# DROP.


def as_float(word):
    try:
        return float(word)
    except ValueError:
        return None


def drop_word(word):
    """One word in the form of DROP's script."""
    word = word.lower()
    if as_float(word) is None:
        word = "".join(char for char in word if char not in string.punctuation)
    number = as_float(word)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", word if number is None else str(number)).split())


def drop_bag(text):
    return set(" ".join(map(drop_word, re.split(" |-", text))).split())


def drop_pair(said, gold):
    numbers = {word for word in gold if as_float(word) is not None}
    if numbers and not numbers & said:
        return 0.0
    common = len(said & gold)
    precision = common / len(said) if said else 1.0
    recall = common / len(gold) if gold else 1.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def drop_script(said, gold):
    """Exact match and F1 of lists of spans, the best of all pairings."""
    said, gold = [drop_bag(span) for span in said], [drop_bag(span) for span in gold]
    same = sorted(map(sorted, said)) == sorted(map(sorted, gold))
    size = max(len(said), len(gold))
    padded = [*gold, *[None] * (size - len(gold))]
    best = 0.0
    for order in itertools.permutations([*said, *[None] * (size - len(said))]):
        pairs = zip(order, padded, strict=True)
        best = max(best, sum(drop_pair(s, g) for s, g in pairs if None not in (s, g)))
    return same, best / size


def test_drop_aligns_spans_and_wants_their_numbers():
    words = [
        *(word for word in WORDS if word.isascii() and not set(word) & set("$%,-")),
        *("1.5", "15", "4", "1200", "1200.00", "1,200", "fish-hook", "3.0"),
    ]
    rng = random.Random(8)
    for _ in range(ROUNDS):
        gold = [f"{texts_of(rng, words, 2)} owl" for _ in range(rng.randint(1, 3))]
        said = rng.sample(gold, len(gold)) if rng.random() < 0.4 else list(gold)
        said[0] = rng.choice((said[0], f"{texts_of(rng, words, 3)} eel"))
        same, f1 = drop_script(said, gold)
        assert value("drop_em", ", ".join(said), (", ".join(gold),)) == same
        assert value("drop_f1", ", ".join(said), (", ".join(gold),)) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("1.5", "15", 0),
        ("-4", "4", 0),  # DROP's script takes the sign for a hyphen
        ("$1.50", "1.5", 1),  # ... and makes 150 of this
        ("1.5%", "15%", 0),
        ("1,200", "1200.0", 1),
        ("8 yards", "8-yard", 0),
        ("Ada, Bo", "Bo, Ada", 1),
    ],
)
def test_drop_knows_numbers_by_what_they_are_worth(one, two, expected):
    assert value("drop_em", one, (two,)) == expected
    assert value("drop_f1", one, (one,)) == 1.0
