"""Log-probabilities of running text, against one text a row."""

import dataclasses

import jax
import numpy as np
import pytest
import training_toys
import tuning_toys

from flanlike import config, errors, models
from flanlike.batches import features
from flanlike.models import option_rows, predicted, running_text, tuning

SHAPE = tuning_toys.FAMILIES["decoder"]
SHAPES = {
    "causal": SHAPE,
    "prefix": dataclasses.replace(SHAPE, attention="prefix"),
    "window": dataclasses.replace(SHAPE, window=3),
}
TEXTS = [[5, 6, 7, 8, 9, 10, 11], [12], [13, 14], [5, 6, 7, 15, 16], [17, 18, 19]]


def _expected(model, ids, first_ids=()):
    """Returns the same from the logits of one row: a causal one, whatever the model's inputs."""
    row = [*first_ids, *ids]
    batch = features.empty(1, (0, len(row)), family="decoder")
    batch.tokens_BT[0], batch.segment_ids_BT[0] = row, 1
    batch.positions_BT[0] = np.arange(len(row))
    log_probs_TV = jax.nn.log_softmax(model(batch)[0])[len(first_ids) :]
    return [float(log_probs_TV[t, token]) for t, token in enumerate(ids[1:])]


@pytest.mark.parametrize("kind", SHAPES)
def test_packed_texts_have_the_log_probabilities_of_their_own_rows(kind, monkeypatch):
    """Rows of 16 tokens, batches of 32, and logits of four tokens at once."""
    monkeypatch.setattr(option_rows, "_MIN_ROW_TOKENS", 16)
    monkeypatch.setattr(predicted, "_MAX_LOGITS", 4 * SHAPES[kind].vocab_size)
    predicted._found.clear_cache()
    model = models.build(SHAPES[kind], seed=0)
    told = []
    found = running_text.log_probs(
        model, TEXTS, max_tokens_per_batch=32, done=lambda *done: told.append(done)
    )
    assert [len(each) for each in found] == [6, 0, 1, 4, 2]
    for ids, each in zip(TEXTS, found, strict=True):
        np.testing.assert_allclose(each, _expected(model, ids), atol=1e-4)
    assert sum(texts for texts, _ in told) == 4  # one has nothing to predict
    assert sum(share for _, share in told) == pytest.approx(1.0)


def test_a_soft_prompt_stands_before_a_text_and_is_not_of_it():
    model = models.build(SHAPE, seed=0)
    tuning.attach(model, config.SoftPromptConfig(tokens=3), seed=1)
    ids = tuning.soft_prompt_ids(model)
    (found,) = running_text.log_probs(model, TEXTS[:1])
    np.testing.assert_allclose(found, _expected(model, TEXTS[0], ids), atol=1e-4)


def test_texts_are_for_decoders_and_have_a_token():
    with pytest.raises(errors.UserError, match="log-probabilities of a text needs a decoder"):
        running_text.log_probs(models.build(tuning_toys.FAMILIES["encoder_decoder"], seed=0), [[5]])
    model = models.build(dataclasses.replace(training_toys.MODEL), seed=0)
    with pytest.raises(ValueError, match="text 1 is empty"):
        running_text.log_probs(model, [[5], []])
    assert running_text.log_probs(model, []) == []
