"""Tests for flanlike/models: both families behind one interface."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import model_toys
import numpy as np
import pytest
from flax import nnx

from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import layers, presets

DECODER = dataclasses.replace(model_toys.DECODER, tied_embeddings=True, scale_embeddings=True)
ENCODER_DECODER = dataclasses.replace(
    model_toys.ENCODER_DECODER, activation="gelu", scale_embeddings=True
)
PER_LAYER = dataclasses.replace(ENCODER_DECODER, relative_per_layer=True)
FAMILIES = pytest.mark.parametrize(
    "config",
    [DECODER, ENCODER_DECODER, PER_LAYER],
    ids=["decoder", "encoder_decoder", "per_layer"],
)


def packed(segments: list[list[int]], tokens: int, sources: list[list[int]] | None = None):
    """Returns a batch of one row: these segments side by side, then padding."""
    row = {name: np.zeros((1, tokens), np.int32) for name in ("tokens", "segments", "positions")}
    start = 0
    for i, ids in enumerate(segments, start=1):
        end = start + len(ids)
        row["tokens"][0, start:end] = ids
        row["segments"][0, start:end] = i
        row["positions"][0, start:end] = np.arange(len(ids))
        start = end
    source = {}
    if sources is not None:
        encoded = packed(sources, sum(map(len, sources)) + 2)
        source = {
            "source_tokens_BS": encoded.tokens_BT,
            "source_segment_ids_BS": encoded.segment_ids_BT,
            "source_positions_BS": encoded.positions_BT,
        }
    return features.Batch(
        tokens_BT=row["tokens"],
        targets_BT=row["tokens"],
        loss_weights_BT=np.ones((1, tokens), np.float32),
        segment_ids_BT=row["segments"],
        positions_BT=row["positions"],
        is_prefix_BT=np.zeros((1, tokens), bool),
        **source,
    )


def batch_of(config: model_config.ModelConfig, segments: list[list[int]], tokens: int):
    """Returns the packed batch for the family: sources are the segments, reversed and longer."""
    if config.family == "decoder":
        return packed(segments, tokens)
    return packed(segments, tokens, [[9, *reversed(ids)] for ids in segments])


def logits(model: nnx.Module, batch: features.Batch, **streams: int) -> np.ndarray:
    """Returns the model's logits, compiled as one: op by op takes these tests ten times as long."""
    graphdef, params = nnx.split(model)
    return np.asarray(_logits(graphdef, params, batch, nnx.Rngs(**streams) if streams else None))


@functools.partial(jax.jit, static_argnums=0)
def _logits(graphdef, params, batch, rngs):
    return nnx.merge(graphdef, params)(batch, rngs=rngs)


@FAMILIES
def test_packed_rows_equal_separate_rows(config: model_config.ModelConfig) -> None:
    model = models.build(config, seed=0)
    first, second = [5, 6, 7, 8], [11, 12, 13]
    together = logits(model, batch_of(config, [first, second], 9))[0]
    assert np.isfinite(together).all()
    for part, ids in [(together[:4], first), (together[4:7], second)]:
        alone = logits(model, batch_of(config, [ids], len(ids)))[0]
        np.testing.assert_allclose(part, alone, atol=1e-5)


@FAMILIES
def test_gradients_show_causality_and_isolation(config: model_config.ModelConfig) -> None:
    """The logit at token t depends on an embedding exactly where the mask lets it.

    Every token of the row is another id, so that the gradient with respect to row i of the
    embedding table is the gradient with respect to that token. The head is untied for this.
    """
    config = dataclasses.replace(config, tied_embeddings=False)
    model = models.build(config, seed=0)
    batch = packed([[5, 6, 7], [11, 12, 13]], 8)
    if config.family == "encoder_decoder":
        batch = packed([[5, 6, 7], [11, 12, 13]], 8, [[21, 22], [23, 24]])
    graphdef, params = nnx.split(model)

    def logit(params: nnx.State, token: int) -> jax.Array:
        return nnx.merge(graphdef, params)(batch)[0, token].std()

    sources = {0: {21, 22}, 1: {23, 24}} if config.family == "encoder_decoder" else {0: {}, 1: {}}
    gradient = jax.jit(jax.grad(logit))
    for token, segment, earlier in [(1, 0, {5, 6}), (4, 1, {11, 12}), (5, 1, {11, 12, 13})]:
        gradient_VD = gradient(params, token).embedding.table[...]
        influences = set(np.flatnonzero(np.abs(gradient_VD).sum(axis=1)).tolist())
        assert influences == earlier | set(sources[segment])


def test_prefix_tokens_see_later_inputs_but_no_targets() -> None:
    model = models.build(dataclasses.replace(DECODER, attention="prefix"), seed=0)
    batch = packed([[5, 6, 7, 8]], 4)
    batch = batch._replace(is_prefix_BT=np.array([[True, True, False, False]]))

    def changes(token: int) -> list[bool]:
        tokens_BT = batch.tokens_BT.copy()
        tokens_BT[0, token] = 30
        difference = logits(model, batch._replace(tokens_BT=tokens_BT)) - logits(model, batch)
        return (np.abs(difference[0]).max(axis=-1) > 1e-6).tolist()

    assert changes(1) == [True, True, True, True]
    assert changes(2) == [False, False, True, True]


@FAMILIES
def test_dropout_acts_only_with_rngs(config: model_config.ModelConfig) -> None:
    batch = batch_of(config, [[5, 6, 7]], 4)
    model = models.build(dataclasses.replace(config, dropout=0.5), seed=0)
    plain = logits(model, batch)
    np.testing.assert_array_equal(plain, logits(models.build(config, seed=0), batch))
    dropped = [logits(model, batch, dropout=seed) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(dropped[0], dropped[1])
    assert np.abs(dropped[0] - dropped[2]).max() > 1e-3
    assert np.abs(dropped[0] - plain).max() > 1e-3


def test_t5_drops_attention_weights_and_behind_its_final_norms(monkeypatch) -> None:
    config = dataclasses.replace(ENCODER_DECODER, dropout=0.25)
    batch = batch_of(config, [[*range(5, 35)]], 32)
    model = models.build(config, seed=0)
    attention, seen = layers.attention, []

    def noted(*arrays, rate, key, **settings):
        seen.append((rate, key is not None))
        return attention(*arrays, rate=rate, key=key, **settings)

    monkeypatch.setattr(layers, "attention", noted)
    x_BTD = model.hidden(batch, rngs=nnx.Rngs(dropout=1))
    assert seen == [(0.25, True)] * 3  # the encoder's, the decoder's own, and that between them
    assert float((x_BTD[0, :30] == 0).mean()) == pytest.approx(0.25, abs=0.05)
    seen.clear()
    assert not (model.hidden(batch)[0, :30] == 0).any()
    assert seen == [(0.25, False)] * 3


@FAMILIES
def test_bfloat16_keeps_parameters_and_logits_float32(config: model_config.ModelConfig) -> None:
    model = models.build(dataclasses.replace(config, dtype="bfloat16"), seed=0)
    batch = batch_of(config, [[5, 6, 7]], 4)
    assert {leaf.dtype for leaf in jax.tree.leaves(nnx.state(model))} == {jnp.dtype("float32")}
    assert nnx.eval_shape(lambda model: model.hidden(batch), model).dtype == jnp.bfloat16
    logits_BTV = logits(model, batch)
    assert logits_BTV.dtype == np.float32
    exact_BTV = logits(models.build(config, seed=0), batch)
    assert np.abs(logits_BTV - exact_BTV)[0, :3].max() < 0.15
    assert np.abs(exact_BTV)[0, :3].max() > 1.0


@FAMILIES
def test_remat_and_unrolling_change_no_gradient(config: model_config.ModelConfig) -> None:
    batch = batch_of(config, [[5, 6, 7]], 4)

    def gradient(**changes) -> list[np.ndarray]:
        model = models.build(dataclasses.replace(config, dropout=0.1, **changes), seed=0)
        graphdef, params = nnx.split(model)

        def loss(params: nnx.State) -> jax.Array:
            logits_BTV = nnx.merge(graphdef, params)(batch, rngs=nnx.Rngs(dropout=3))
            return jnp.square(logits_BTV[0, :3]).mean()

        return jax.tree.leaves(jax.jit(jax.grad(loss))(params))

    expected = gradient()
    for changes in ({"remat": "full"}, {"remat": "dots", "unroll_layers": True}):
        for got, want in zip(gradient(**changes), expected, strict=True):
            np.testing.assert_allclose(got, want, atol=1e-5)


def test_seed_decides_the_parameters() -> None:
    a, b, c = (jax.tree.leaves(nnx.state(models.build(DECODER, seed=s))) for s in (0, 0, 1))
    assert all(map(np.array_equal, a, b))
    assert not all(map(np.array_equal, a, c))


def test_compiled_size_does_not_grow_with_depth() -> None:
    batch = batch_of(DECODER, [[5, 6, 7]], 4)

    def operations(layers: int) -> int:
        model = models.build(dataclasses.replace(DECODER, layers=layers), seed=0)
        graphdef, params = nnx.split(model)
        traced = jax.jit(lambda params: nnx.merge(graphdef, params)(batch)).trace(params)
        return len(str(traced.jaxpr).splitlines())

    assert operations(2) == operations(6)


# Counts of the published checkpoints: T5 1.1 (vocabulary padded to 32128), SmolLM-135M,
# Llama-3.2-1B and Llama-3-8B.
@pytest.mark.parametrize(
    ("name", "vocab_size", "parameters"),
    [
        ("t5-1.1-small", 32128, 76_961_152),
        ("t5-1.1-base", 32128, 247_577_856),
        ("t5-1.1-large", 32128, 783_150_080),
        ("t5-1.1-xl", 32128, 2_849_757_184),
        ("t5-1.1-xxl", 32128, 11_135_332_352),
        ("decoder-135m", 49152, 134_515_008),
        ("decoder-1b", 128256, 1_235_814_400),
        ("decoder-8b", 128256, 8_030_261_248),
        ("micro", 1800, 1_436_288),
        ("micro-4m", 2048, 3_935_424),
        ("micro-encdec", 1800, 1_806_336),
    ],
)
def test_presets_have_the_published_sizes(name: str, vocab_size: int, parameters: int) -> None:
    config = dataclasses.replace(presets.get(name), vocab_size=vocab_size)
    model = models.abstract(config)
    assert sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model))) == parameters


def test_large_presets_recompute_their_layers() -> None:
    kept = {name for name, preset in presets.PRESETS.items() if preset.remat == "none"}
    assert kept == {
        *("micro", "micro-4m", "micro-encdec"),
        *("t5-1.1-small", "t5-1.1-base", "t5gemma-2-270m", "decoder-135m"),
    }
    assert {presets.get(f"t5-1.1-{size}").remat for size in ("large", "xl", "xxl")} == {"dots"}


def test_unknown_preset_names_near_ones() -> None:
    with pytest.raises(ValueError, match="unknown model preset 'mikro': did you mean 'micro'"):
        presets.get("mikro")


def test_build_needs_a_vocabulary_size() -> None:
    with pytest.raises(ValueError, match="vocab_size 0 must be set"):
        models.build(presets.get("micro"), seed=0)
