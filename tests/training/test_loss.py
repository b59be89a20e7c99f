"""The loss and its gradient: only target tokens count, however they are laid out."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import training_toys
from flax import nnx

from flanlike import config, errors, models
from flanlike.batches import features
from flanlike.training import loss

# Two logits: 0 and log 3, so probabilities 1/4 and 3/4.
LOGITS_BTV = jnp.array([[[0.0, np.log(3.0)], [np.log(3.0), 0.0], [9.0, -9.0]]])
TARGETS_BT = jnp.array([[1, 1, 1]])
WEIGHTS_BT = jnp.array([[1.0, 1.0, 0.0]])

# Three examples of different lengths.
A = ([5, 6, 7], [8])
B = ([9, 10], [11, 12, 13])
C = ([14, 15, 16, 17], [18, 19])
D = ([20], [21])


def test_sums_count_target_tokens_only():
    sums = loss.of_logits(LOGITS_BTV, TARGETS_BT, WEIGHTS_BT)
    np.testing.assert_allclose(sums.loss_sum, -np.log(3 / 4) - np.log(1 / 4), rtol=1e-6)
    assert float(sums.weight_sum) == 2.0
    assert float(sums.correct_sum) == 1.0


def test_z_loss_adds_the_squared_log_normalizer():
    sums = loss.of_logits(LOGITS_BTV, TARGETS_BT, WEIGHTS_BT, config.LossConfig(z_loss=0.5))
    expected = -np.log(3 / 16) + 2 * 0.5 * np.log(4.0) ** 2
    np.testing.assert_allclose(sums.loss_sum, expected, rtol=1e-6)


def test_label_smoothing_spreads_the_target():
    sums = loss.of_logits(
        LOGITS_BTV, TARGETS_BT, WEIGHTS_BT, config.LossConfig(label_smoothing=0.2)
    )
    # 0.8 of the target, 0.1 on each of the two tokens.
    one = -(0.9 * np.log(3 / 4) + 0.1 * np.log(1 / 4))
    other = -(0.9 * np.log(1 / 4) + 0.1 * np.log(3 / 4))
    np.testing.assert_allclose(sums.loss_sum, one + other, rtol=1e-6)


def test_loss_is_float32_for_bfloat16_logits():
    assert loss.of_logits(
        LOGITS_BTV.astype(jnp.bfloat16), TARGETS_BT, WEIGHTS_BT
    ).loss_sum.dtype == (jnp.float32)


@pytest.mark.parametrize("changes", [{"z_loss": -1.0}, {"label_smoothing": 1.0}])
def test_a_bad_setting_is_named(changes):
    with pytest.raises(errors.UserError, match="--loss."):
        config.LossConfig(**changes)


@functools.cache
def gradient_of_separate_rows(attention: str):
    model = training_toys.model(attention=attention)
    plain = training_toys.batch([[A], [B], [C], [D]], length=18)
    return model, *training_toys.gradient_of_step(model, plain)


@pytest.mark.parametrize(
    "name, rows, micro_batches, attention",
    [
        ("two micro-batches", [[A], [B], [C], [D]], 2, "causal"),
        ("four micro-batches", [[A], [B], [C], [D]], 4, "causal"),
        ("packed in two rows", [[A, B], [C, D]], 1, "causal"),
        ("packed in one row", [[D, C, B, A]], 1, "prefix"),
        ("packed, in micro-batches", [[A, B], [C, D]], 2, "prefix"),
        ("rows of padding", [[A], [B], [C], [D], [], []], 1, "causal"),
        ("a micro-batch of padding alone", [[A], [], [B], [], [C, D], []], 2, "prefix"),
    ],
)
def test_layout_does_not_change_the_gradient(name, rows, micro_batches, attention):
    model, expected, expected_metrics = gradient_of_separate_rows(attention)
    laid_out = training_toys.batch(rows, length=18)
    actual, metrics = training_toys.gradient_of_step(model, laid_out, micro_batches)
    assert max(np.abs(leaf).max() for leaf in jax.tree.leaves(expected)) > 0.01
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), actual, expected)
    np.testing.assert_allclose(metrics.loss, expected_metrics.loss, atol=1e-6)
    assert metrics.target_tokens == expected_metrics.target_tokens == 2 + 4 + 3 + 2
    assert metrics.useful_tokens == expected_metrics.useful_tokens == 4 + 5 + 6 + 2


def test_gradient_is_that_of_the_sum_over_the_count():
    model = training_toys.model()
    rows = training_toys.batch([[A], [B]], length=8)
    actual, _ = training_toys.gradient_of_step(model, rows, micro_batches=2)

    graph, params, rest = nnx.split(model, nnx.Param, ...)

    def mean_over_all_targets(params):
        log_p_BTV = jax.nn.log_softmax(nnx.merge(graph, params, rest)(rows))
        picked_BT = jnp.take_along_axis(log_p_BTV, rows.targets_BT[..., None], -1)[..., 0]
        return -(picked_BT * rows.loss_weights_BT).sum() / 6

    expected = nnx.to_pure_dict(jax.grad(mean_over_all_targets)(params))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), actual, expected)


def test_inputs_and_padding_give_no_gradient():
    model = training_toys.model()
    rows = training_toys.batch([[A], [B]], length=8)
    silent = rows._replace(loss_weights_BT=np.zeros_like(rows.loss_weights_BT))
    sums = loss.loss_sums(model, silent)
    assert float(sums.loss_sum) == 0.0 and float(sums.weight_sum) == 0.0


def rows_of_instructions(family: str) -> features.Batch:
    """Returns 40 rows in which about every fourth position is a target, the last row's none."""
    draw = np.random.default_rng(0).integers
    limits = features.LengthLimits(max_input_tokens=18, max_target_tokens=10)

    def example():
        inputs, targets = draw(2, 32, draw(3, 9)).tolist(), draw(2, 32, draw(1, 4)).tolist()
        return features.to_example(inputs, targets, limits, family=family)

    examples = [[example(), example()] for _ in range(40)]
    rows = features.assemble(examples, limits.row_tokens(family), family=family)
    rows.loss_weights_BT[-1] = 0.0
    rows.loss_weights_BT[0] *= 0.5  # weights need not be 1
    return rows


@pytest.mark.parametrize(
    "family, is_tied, chunk",
    [("decoder", True, 256), ("decoder", False, 100), ("encoder_decoder", False, 64)],
)
def test_logits_at_targets_alone_give_the_same_loss_and_gradient(
    family, is_tied, chunk, monkeypatch
):
    changes = {"encoder_layers": 1} if family == "encoder_decoder" else {}
    model = training_toys.model(family=family, tied_embeddings=is_tied, **changes)
    rows = rows_of_instructions(family)
    settings = config.LossConfig(z_loss=1e-2, label_smoothing=0.1)
    graph, params, rest = nnx.split(model, nnx.Param, ...)

    def value_and_gradient():
        def of(params):
            sums = loss.loss_sums(nnx.merge(graph, params, rest), rows, config=settings)
            return 3.0 * sums.loss_sum, sums

        (_, sums), gradient = jax.jit(jax.value_and_grad(of, has_aux=True))(params)
        bare = jax.jit(lambda params: of(params)[1])(params)  # without a gradient
        return sums, bare, gradient

    expected, _, expected_gradient = value_and_gradient()
    monkeypatch.setattr(loss, "LARGE_LOGITS", 1)
    monkeypatch.setattr(loss, "_MIN_CHUNK", chunk)
    monkeypatch.setattr(loss, "_MAX_CHUNK", chunk)
    sums, bare, gradient = value_and_gradient()
    for actual in (sums, bare):
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), actual, expected)
    assert max(np.abs(leaf).max() for leaf in jax.tree.leaves(expected_gradient)) > 1.0
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), gradient, expected_gradient
    )


def test_a_large_batch_keeps_no_logits_and_computes_none_where_nothing_is_a_target():
    model = training_toys.model(vocab_size=65_536)
    rows = rows_of_instructions("decoder")  # 40 x 26 x 65,536 logits
    graph, params, rest = nnx.split(model, nnx.Param, ...)

    def of(params):
        return loss.loss_sums(nnx.merge(graph, params, rest), rows).loss_sum

    shapes = [
        value.aval.shape
        for value in jax.make_jaxpr(lambda params: jax.vjp(of, params)[1])(params).jaxpr.outvars
    ]
    assert loss.is_chunked(40 * 26, 65_536) and loss.chunk_size(40 * 26, 65_536) == 160
    assert (65_536, 16) in shapes and not any(65_536 in shape[1:] for shape in shapes)
    silent = rows._replace(loss_weights_BT=np.zeros_like(rows.loss_weights_BT))
    sums = loss.loss_sums(model, silent)
    assert float(sums.loss_sum) == 0.0 and float(sums.weight_sum) == 0.0


@pytest.mark.parametrize(
    ("positions", "vocab_size", "chunk"),
    [
        (40 * 26, 32_128, 160),  # an eighth, rounded up
        (64, 262_144, 128),
        (8192, 32_128, 1024),  # an eighth
        (65_536, 16_000, 4096),
        (65_536, 32_128, 2080),
        (65_536, 262_144, 256),
        (65_536, 4_000_000, 64),
    ],
)
def test_a_chunk_is_bounded_by_its_logits(positions, vocab_size, chunk):
    assert loss.chunk_size(positions, vocab_size) == chunk


def test_a_very_large_vocabulary_takes_no_more_room_than_two_arrays_of_256_mib():
    model = models.abstract(dataclasses.replace(training_toys.MODEL, vocab_size=262_144))
    graph, params, rest = nnx.split(model, nnx.Param, ...)
    rows = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct((64, 256), leaf.dtype), rows_of_instructions("decoder")
    )

    def of(params, rows):
        return loss.loss_sums(nnx.merge(graph, params, rest), rows).loss_sum

    compiled = jax.jit(jax.value_and_grad(of)).lower(params, rows).compile()
    head = 262_144 * training_toys.MODEL.model_size * 4
    assert compiled.memory_analysis().temp_size_in_bytes < 2 * (256 << 20) + 4 * head + (64 << 20)
