"""BM25 against its formula."""

import math

import numpy as np
import pytest

from eval import bm25

TEXTS = ["a red cat", "a red red dog ran far away now", "blue sky"]


def test_scores_are_those_of_the_formula():
    # "red" is in two of three texts, "cat" in one; lengths 3, 8, 2, mean 13 / 3.
    red, cat = math.log(1 + 1.5 / 2.5), math.log(1 + 2.5 / 1.5)
    norms = [1.2 * (0.25 + 0.75 * length / (13 / 3)) for length in (3, 8)]
    expected = [
        red * 2.2 / (1 + norms[0]) + cat * 2.2 / (1 + norms[0]),
        red * 2 * 2.2 / (2 + norms[1]),
        0.0,
    ]
    index = bm25.Index(TEXTS)
    np.testing.assert_allclose(index.scores("Red CAT!"), expected)
    assert [index.score("red cat", text) for text in TEXTS] == pytest.approx(expected)


def test_a_word_that_the_query_says_twice_counts_twice():
    index = bm25.Index(TEXTS)
    np.testing.assert_allclose(index.scores("sky sky"), 2 * index.scores("sky"))


def test_words_that_are_nowhere_and_texts_without_words_score_nothing():
    assert bm25.Index(["", "..."]).scores("sky").tolist() == [0.0, 0.0]
    assert bm25.Index([]).scores("sky").tolist() == []
    assert bm25.Index(TEXTS).score("sky", "") == 0.0
