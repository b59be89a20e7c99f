"""Tests for flanlike/models/continuations.py, against one row a continuation."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from flax import nnx

from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import continuations, option_rows

DECODER = model_config.ModelConfig(
    family="decoder",
    model_size=16,
    layers=2,
    query_heads=4,
    key_value_heads=2,
    head_size=8,
    hidden_size=24,
    vocab_size=40,
)
ENCODER_DECODER = dataclasses.replace(
    DECODER, family="encoder_decoder", encoder_layers=2, scale_attention=False, init="t5"
)
CONFIGS = pytest.mark.parametrize(
    "config",
    [DECODER, dataclasses.replace(DECODER, attention="prefix"), ENCODER_DECODER],
    ids=["causal", "prefix", "encoder_decoder"],
)
LIMITS = features.LengthLimits(max_input_tokens=8, max_target_tokens=8)
PROMPTS = [[5, 6, 7, 8], [11, 12], [21, 22, 23]]
CONTINUATIONS = [[[30], [31, 32, 33]], [[34, 35]], []]


def one_row(model, prompt, continuation):
    """Returns the log-probability, and whether it is greedy, of one unpacked row."""
    family = model.config.family
    example = features.to_example(prompt, continuation, LIMITS, family=family)
    batch = features.assemble([[example]], LIMITS.row_tokens(family), family=family)
    log_probs_TV = np.asarray(jax.nn.log_softmax(_logits(*nnx.split(model), batch)[0]))
    places = np.flatnonzero(batch.loss_weights_BT[0])[:-1]  # without that of EOS
    chosen = log_probs_TV[places, continuation]
    return chosen.sum(), bool((log_probs_TV[places].argmax(axis=1) == continuation).all())


@functools.partial(jax.jit, static_argnums=0)
def _logits(graphdef, params, batch):
    return nnx.merge(graphdef, params)(batch)


@pytest.mark.parametrize("most_logits", [2**26, 40 * 5])
@CONFIGS
def test_scores_equal_one_row_a_continuation(config, most_logits, monkeypatch):
    """Logits in one piece, and five predictions at a time."""
    monkeypatch.setattr(option_rows, "_MIN_ROW_TOKENS", 16)
    monkeypatch.setattr(continuations, "_MAX_LOGITS", most_logits)
    continuations._scored.clear_cache()
    model = models.build(config, seed=0)
    scored = continuations.scores(model, PROMPTS, CONTINUATIONS)
    assert [len(of_prompt) for of_prompt in scored] == [2, 1, 0]
    for prompt, each, of_prompt in zip(PROMPTS, CONTINUATIONS, scored, strict=True):
        for continuation, found in zip(each, of_prompt, strict=True):
            log_prob, is_greedy = one_row(model, prompt, continuation)
            assert found.log_prob == pytest.approx(log_prob, abs=1e-4)
            assert found.is_greedy == is_greedy


@CONFIGS
def test_a_greedy_continuation_is_known_for_one(config):
    model = models.build(config, seed=1)
    most_likely = max(range(40), key=lambda i: one_row(model, PROMPTS[0], [i])[0])
    found = continuations.scores(model, PROMPTS[:1], [[[most_likely], [most_likely, 3]]])[0]
    assert found[0].is_greedy
    assert found[1].is_greedy == one_row(model, PROMPTS[0], [most_likely, 3])[1]


def test_nothing_to_say_is_certain():
    model = models.build(DECODER, seed=0)
    certain = continuations.Scored(log_prob=0.0, is_greedy=True)
    assert continuations.scores(model, [[5], [6]], [[[]], []]) == [[certain], []]


def test_prompts_need_as_many_lists_of_continuations():
    with pytest.raises(ValueError, match="2 prompts need as many lists of continuations: 1"):
        continuations.scores(models.build(DECODER, seed=0), [[5], [6]], [[[7]]])
