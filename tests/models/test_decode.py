"""Tests for flanlike/decode.py, against one row an option and recomputation token by token."""

import dataclasses
import functools

import jax
import numpy as np
import pytest
from flax import nnx

from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import decode, option_rows

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
PREFIX = dataclasses.replace(DECODER, attention="prefix")
ENCODER_DECODER = dataclasses.replace(
    DECODER, family="encoder_decoder", encoder_layers=2, scale_attention=False, init="t5"
)
PER_LAYER = dataclasses.replace(ENCODER_DECODER, relative_per_layer=True)
# Every other layer sees three tokens back, and turns by another base.
WINDOW = dataclasses.replace(
    DECODER, window=4, layer_pattern="lg", rope_local_theta=50.0, norms_after=True
)
CONFIGS = pytest.mark.parametrize(
    "config",
    [DECODER, PREFIX, WINDOW, ENCODER_DECODER, PER_LAYER],
    ids=["causal", "prefix", "window", "encoder_decoder", "per_layer"],
)
PROMPTS = [[5, 6, 7, 8, 9], [11, 12], [21, 22, 23], [5, 6]]
OPTIONS = [[[30], [31, 32, 33]], [[30, 31], [34], [35, 36]], [], [[37, 38, 39], []]]
NAIVE_TOKENS = 12


@pytest.mark.parametrize("eos_id", [features.EOS_ID, 29])
@CONFIGS
def test_option_scores_equal_one_row_an_option(
    config: model_config.ModelConfig, eos_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of 16 tokens and batches of 32: prompts share rows, and rows a batch."""
    monkeypatch.setattr(option_rows, "_MIN_ROW_TOKENS", 16)
    model = models.build(config, seed=0)
    scores = decode.option_scores(model, PROMPTS, OPTIONS, max_tokens_per_batch=32, eos_id=eos_id)
    assert [len(of_prompt) for of_prompt in scores] == [2, 3, 0, 2]
    for prompt, options, of_prompt in zip(PROMPTS, OPTIONS, scores, strict=True):
        for option, score in zip(options, of_prompt, strict=True):
            targets = [*option, eos_id]
            log_probs_TV = jax.nn.log_softmax(_naive_logits(model, prompt, option, eos_id))
            start = len(prompt) - 1 if config.family == "decoder" else 0
            expected = sum(log_probs_TV[start + t, token] for t, token in enumerate(targets))
            assert score == pytest.approx(float(expected), abs=1e-4)


@CONFIGS
def test_generation_equals_recomputation(config: model_config.ModelConfig) -> None:
    model = models.build(config, seed=1)
    prompts = PROMPTS[:3]
    expected = [_naive_generation(model, prompt, 5) for prompt in prompts]
    assert len(set(map(tuple, expected))) > 1
    assert decode.generate(model, prompts, max_new_tokens=5, batch_size=2) == expected


def test_generation_stops_at_the_end_token() -> None:
    """A head with EOS above all other tokens, so that every prompt ends at once."""
    model = models.build(DECODER, seed=1)
    prompt = PROMPTS[0]
    first = _naive_generation(model, prompt, 1)[0]
    head_DV = model.embedding.head[...]
    swapped = head_DV.at[:, features.EOS_ID].set(head_DV[:, first] * 2)
    model.embedding.head[...] = swapped
    assert decode.generate(model, [prompt], max_new_tokens=5) == [[]]


@CONFIGS
def test_the_end_token_is_the_words_own(config: model_config.ModelConfig) -> None:
    """A decoder's prompt is the same with any; an encoder's source ends in it."""
    model = models.build(config, seed=1)
    free = decode.generate(model, [PROMPTS[0]], max_new_tokens=5)[0]
    eos_id = free[2]
    if config.family == "decoder":
        expected = free[: free.index(eos_id)]
    else:
        expected = _naive_generation(model, PROMPTS[0], 5, eos_id)
    assert decode.generate(model, [PROMPTS[0]], max_new_tokens=5, eos_id=eos_id) == [expected]


def test_generation_needs_room_and_a_prompt() -> None:
    model = models.build(DECODER, seed=1)
    assert decode.generate(model, [], max_new_tokens=3) == []
    with pytest.raises(ValueError, match="max_new_tokens 0 must be at least 1"):
        decode.generate(model, PROMPTS, max_new_tokens=0)
    with pytest.raises(ValueError, match="prompt 1 is empty"):
        decode.generate(model, [[5], []], max_new_tokens=3)


def test_option_scores_refuse_what_they_cannot_score() -> None:
    model = models.build(DECODER, seed=1)
    assert decode.option_scores(model, [], []) == []
    with pytest.raises(ValueError, match="2 prompts need as many option lists: 1"):
        decode.option_scores(model, [[5], [6]], [[[7]]])
    with pytest.raises(ValueError, match="prompt 0 is empty"):
        decode.option_scores(model, [[]], [[[7]]])


def test_tokens_and_eos_are_told_apart() -> None:
    model = models.build(DECODER, seed=1)
    (batch,) = decode.scored_options(model, PROMPTS[:1], [[[7, 8], [9]]])
    (found,) = batch
    (longer,) = decode.option_scores(model, PROMPTS[:1], [[[7, 8, 9], [9, 1]]])
    assert found.prompt == 0
    whole = found.of_tokens + found.of_eos
    assert whole == pytest.approx(decode.option_scores(model, PROMPTS[:1], [[[7, 8], [9]]])[0])
    assert (found.of_eos < 0).all() and (found.of_tokens < 0).all()
    # EOS is id 1: an option that spells it out has it among its tokens.
    (spelt,) = next(iter(decode.scored_options(model, PROMPTS[:1], [[[9, 1]]])))
    assert spelt.of_tokens[0] == pytest.approx(whole[1], abs=1e-5)
    assert longer[0] < found.of_tokens[0]


def test_scoring_again_compiles_nothing() -> None:
    model = models.build(DECODER, seed=0)
    decode.option_scores(model, PROMPTS, OPTIONS)
    compiled = decode._log_probs._cache_size()
    decode.option_scores(models.build(DECODER, seed=1), PROMPTS, OPTIONS)
    assert decode._log_probs._cache_size() == compiled


def test_what_is_done_is_told_after_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(option_rows, "_MIN_ROW_TOKENS", 16)
    model = models.build(DECODER, seed=0)
    told: list[tuple[int, float]] = []
    found = decode.scored_options(
        model,
        PROMPTS * 8,
        OPTIONS * 8,
        max_tokens_per_batch=16,
        done=lambda *done: told.append(done),
    )
    batches = list(found)
    assert len(told) == len(batches) > 1
    assert [len(batch) for batch in batches] == [prompts for prompts, _ in told]
    assert sum(prompts for prompts, _ in told) == 24  # one of four has no options
    assert sum(share for _, share in told) == pytest.approx(1.0)
    told.clear()
    prompts = [[5] * 40, *PROMPTS[:2]]
    decode.generate(
        model, prompts, max_new_tokens=2, batch_size=2, done=lambda *done: told.append(done)
    )
    assert [prompts for prompts, _ in told] == [2, 1]
    assert [share for _, share in told] == pytest.approx([68 / 110, 42 / 110])


def _naive_logits(
    model: nnx.Module, prompt: list[int], target: list[int], eos_id: int = features.EOS_ID
) -> np.ndarray:
    """Returns the logits after every token of one unpacked row, padded to a fixed length."""
    is_decoder = model.config.family == "decoder"
    ids = [*prompt, *target] if is_decoder else [features.PAD_ID, *target]
    batch = features.Batch(
        tokens_BT=_row(ids),
        targets_BT=_row([]),
        loss_weights_BT=_row([]).astype(np.float32),
        segment_ids_BT=_row([1] * len(ids)),
        positions_BT=_row(list(range(len(ids)))),
        is_prefix_BT=_row([1] * len(prompt) if is_decoder else []).astype(bool),
    )
    if not is_decoder:
        source = [*prompt, eos_id]
        batch = batch._replace(
            source_tokens_BS=_row(source),
            source_segment_ids_BS=_row([1] * len(source)),
            source_positions_BS=_row(list(range(len(source)))),
        )
    graphdef, params = nnx.split(model)
    return np.asarray(_logits(graphdef, params, batch)[0, : len(ids)])


def _naive_generation(
    model: nnx.Module, prompt: list[int], tokens: int, eos_id: int = features.EOS_ID
) -> list[int]:
    generated: list[int] = []
    for _ in range(tokens):
        token = int(_naive_logits(model, prompt, generated, eos_id)[-1].argmax())
        if token == eos_id:
            break
        generated.append(token)
    return generated


def _row(ids: list[int]) -> np.ndarray:
    return np.array([ids + [0] * (NAIVE_TOKENS - len(ids))], np.int32)


@functools.partial(jax.jit, static_argnums=0)
def _logits(graphdef, params, batch):
    return nnx.merge(graphdef, params)(batch)
