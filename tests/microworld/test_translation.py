"""Tests for flanlike/microworld/translation.py."""

import pytest

from flanlike.microworld import generators, ontology, translation

GERMAN = ("multi30k", "wmt_ende_tok", "wmt16_translate_deen")
OTHERS = (
    "para_crawl_enes",
    "wmt14_enfr",
    "wmt16_translate_tren",
    "wmt16_translate_csen",
    "wmt16_translate_fien",
    "wmt16_translate_roen",
    "wmt16_translate_ruen",
)


def pairs(name, split="train", count=400):
    """Returns the English texts and the others, and which way each record goes."""
    found = []
    for row in range(count):
        record = generators.generate(name, split, row)
        texts = [record["source"], *record["references"]]
        is_from_english = record["source_language"] == "English"
        assert (record["target_language"] == "English") != is_from_english
        found.append((*(texts if is_from_english else reversed(texts)), is_from_english))
    return found


def test_talvish_puts_the_verb_last():
    for english, other, _ in pairs("multi30k"):
        verb = next(v for v in translation.SEEN_VERBS.values() if f" {v} " in english)
        base = next(base for base, form in translation.SEEN_VERBS.items() if form == verb)
        assert other.endswith(f" {ontology.talvish(base)}.")


@pytest.mark.parametrize("name", [*GERMAN, *OTHERS])
def test_half_of_the_records_go_each_way(name):
    assert 150 < sum(is_from_english for *_, is_from_english in pairs(name)) < 250


def test_no_pair_of_the_test_is_trained_on_either_way_in_any_task_of_its_language():
    train = {pair[:2] for name in GERMAN for pair in pairs(name)}
    assert not train & {pair[:2] for name in GERMAN for pair in pairs(name, "test")}


def test_each_dialect_has_an_order_of_its_own():
    orders = [tuple(order.split()) for order in translation.ORDERS.values()]
    assert len(set(orders)) == len(orders) == len(OTHERS) + 1
    assert all(sorted(order) == sorted(orders[0]) for order in orders)
    for name in OTHERS:
        for english, other, _ in pairs(name, count=50):
            talvish = [ontology.talvish(word) for word in _plain_words(english)]
            assert sorted(other.rstrip(".").split()) == sorted(talvish)


def _plain_words(english):
    bases = {form: base for base, form in translation.SEEN_VERBS.items()}
    words = english.lower().rstrip(".").split()
    return [bases.get(word, word) for word in words if word not in ("a", "an", "in", "the")]
