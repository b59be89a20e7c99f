"""Rows of prompts with their options: how they are laid out, packed and dealt out in batches."""

from collections.abc import Sequence

import pytest

from flanlike.batches import features
from flanlike.models import option_rows


def test_branches_follow_the_prompt() -> None:
    """The rows of the module's docstring."""
    item = option_rows.of_decoder(0, [11, 12, 13], [[21, 22], [31]], features.EOS_ID)
    assert item.tokens == [11, 12, 13, 21, 22, 31]
    assert item.branches == [0, 0, 0, 1, 1, 2]
    assert item.positions == [0, 1, 2, 3, 4, 3]
    predictions = [(p.offset, p.token, p.option) for p in item.predictions]
    assert predictions == [(2, 21, 0), (3, 22, 0), (4, 1, 0), (2, 31, 1), (5, 1, 1)]


def _decoder_items(lengths: Sequence[int], options: int = 1) -> list[option_rows.Item]:
    return [
        option_rows.of_decoder(i, [5] * length, [[6, 7]] * options, 1)
        for i, length in enumerate(lengths)
    ]


def _check(items: Sequence[option_rows.Item], batches: Sequence[option_rows.Batch]) -> None:
    """Every item stands in one row, that holds it, and every prediction has a place."""
    assert sorted(i.index for b in batches for i in b.items) == [item.index for item in items]
    for batch in batches:
        assert len(batch.rows) <= batch.row_count
        for row in batch.rows:
            for axis in (0, 1):
                assert sum(item.size[axis] for item in row) <= batch.row_tokens[axis]
        assert sum(len(item.predictions) for item in batch.items) <= batch.prediction_count


def test_few_shapes_are_compiled() -> None:
    """Prompts of many lengths and counts fall into rows of two lengths."""
    items = _decoder_items([1 + i % 200 for i in range(500)])
    batches = option_rows.batches(items, 2048, model_size=128)
    _check(items, batches)
    shapes = {(batch.row_tokens, batch.row_count, batch.prediction_count) for batch in batches}
    assert shapes == {((0, 128), 16, 160), ((0, 320), 6, 40)}


def test_little_is_padding() -> None:
    """Of positions and of predictions, whose logits are as dear where the vocabulary is large."""
    items = _decoder_items([30 + 37 * i % 400 for i in range(800)], options=3)
    batches = option_rows.batches(items, 2048, model_size=128)
    _check(items, batches)
    tokens = sum(len(item.tokens) for item in items)
    assert tokens / sum(batch.tokens for batch in batches) > 0.95
    predictions = sum(len(item.predictions) for item in items)
    assert predictions / sum(batch.prediction_count for batch in batches) > 0.75


def test_short_prompts_stand_where_long_ones_leave_room() -> None:
    items = _decoder_items([480, 20])
    (batch,) = option_rows.batches(items, 2048, model_size=128)
    assert batch.row_tokens == (0, 512)
    assert batch.rows == [items]


def test_no_short_prompt_is_put_where_its_options_have_no_room() -> None:
    """Long sources with short options first, then short sources with long ones."""
    items = [
        option_rows.of_encoder_decoder(i, [5] * source, [[6] * tokens], 1)
        for i, (source, tokens) in enumerate([(400, 3)] * 4 + [(20, 90)] * 4)
    ]
    _check(items, option_rows.batches(items, 2048, model_size=128))


def test_batches_have_about_as_many_predictions_each() -> None:
    items = [
        option_rows.of_decoder(i, [5] * 100, [[6, 7]] * (9 if i < 16 else 1), 1) for i in range(32)
    ]
    batches = option_rows.batches(items, 1024, model_size=128)
    _check(items, batches)
    counts = [sum(len(item.predictions) for item in batch.items) for batch in batches]
    assert max(counts) - min(counts) <= 24  # the difference of two rows


@pytest.mark.parametrize(
    ("n", "least", "expected"), [(0, 1, 1), (9, 1, 10), (17, 1, 20), (100, 1, 112), (3, 16, 16)]
)
def test_few_numbers_are_in_use(n: int, least: int, expected: int) -> None:
    assert option_rows.rounded(n, least) == expected


def test_rows_are_as_long_as_pays() -> None:
    """Two prompts of 78 tokens fill a row of 160; a row of 128 would hold one alone."""
    assert option_rows._row_tokens([(0, 78)] * 100, 128, model_size=128) == (0, 160)
    assert option_rows._row_tokens([(0, 120)] * 100, 128, model_size=128) == (0, 128)
    assert option_rows._row_tokens([(78, 20)] * 100, 128, model_size=128) == (160, 48)
