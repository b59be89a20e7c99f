"""A base in 8 bits: what its numbers are, what a product of them is, and what it keeps."""

import dataclasses

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest
import tuning_toys as toys
from flax import nnx

from flanlike import config, models
from flanlike.models import quantized, tuning
from flanlike.training import loss

UNTIED = dataclasses.replace(toys.FAMILIES["encoder_decoder"], tied_embeddings=False)


def test_a_channel_has_one_scale_and_its_largest_weight_is_127():
    kernel = jnp.array([[1.27, 0.0, -4.0], [-0.64, 0.0, 1.0]])
    numbers, scale = quantized.quantize(kernel, (0,))
    assert numbers.dtype == jnp.int8
    assert numbers.tolist() == [[127, 0, -127], [-64, 0, 32]]
    np.testing.assert_allclose(scale, [0.01, 1 / 127, 4 / 127], rtol=1e-6)
    np.testing.assert_allclose(quantized.widened(numbers, scale, (0,)), kernel, atol=2 / 127)
    numbers, scale = quantized.quantize(kernel, (1,))
    assert scale.shape == (2,) and numbers[:, 2].tolist() == [-127, 127]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_product_and_its_gradient_are_those_of_the_widened_kernel(dtype):
    x_BTNH = jax.random.normal(jax.random.key(0), (2, 3, 2, 4)).astype(dtype)
    numbers, scale = quantized.quantize(jax.random.normal(jax.random.key(1), (2, 4, 5)), (0, 1))

    def whole(x_BTNH):
        kernel = quantized.widened(numbers, scale, (0, 1))
        return jnp.einsum("BTNH,NHD->BTD", x_BTNH.astype("float32"), kernel)

    def parted(x_BTNH):
        return quantized.project(x_BTNH, numbers, scale, dtype, inputs=2)

    assert parted(x_BTNH).dtype == dtype
    tolerance = {"float32": 1e-5, "bfloat16": 2e-2}[dtype]
    np.testing.assert_allclose(parted(x_BTNH), whole(x_BTNH), atol=4 * tolerance, rtol=tolerance)
    found, expected = (
        jax.grad(lambda x, of=of: jnp.sin(of(x).astype("float32")).sum())(x_BTNH)
        for of in (parted, whole)
    )
    np.testing.assert_allclose(
        *(g.astype("float32") for g in (found, expected)), atol=4 * tolerance, rtol=tolerance
    )


@pytest.mark.parametrize("shape", [toys.FAMILIES["decoder"], UNTIED], ids=["tied", "untied"])
def test_a_model_computes_what_its_widened_kernels_do(shape):
    model = models.build(shape, seed=0)
    before, first = quantized.kept(model), toys.logits_of(model, toys.batch(shape.family))
    quantized.cast(model, "int8")
    kinds = {path: str(v.get_value().dtype) for path, v in quantized.kept(model).items()}
    floats = {path[-1] for path, kind in kinds.items() if kind == "float32"}
    heads = {"table_scale"} | (set() if shape.tied_embeddings else {"head_scale"})
    biases = set() if shape.family == "decoder" else {"table"}  # of positions
    assert floats == {f"{name}_scale" for name in quantized.KERNELS} | heads | {"scale"} | biases
    found = toys.logits_of(model, toys.batch(shape.family))
    quantized.cast(model, "float32")
    assert quantized.kept(model).keys() == before.keys()
    expected = toys.logits_of(model, toys.batch(shape.family))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert 1e-4 < np.abs(found - first).max() < 0.1 * np.abs(first).max()


def test_shapes_to_read_into_are_those_of_the_model_in_8_bits():
    model = models.build(UNTIED, seed=0)
    quantized.cast(model, "int8")
    made, read = quantized.kept(model), quantized.kept(models.shapes(UNTIED, dtype="int8"))
    assert made.keys() == read.keys()
    for path, variable in made.items():
        a, b = variable.get_value(), read[path].get_value()
        assert (a.shape, a.dtype) == (b.shape, b.dtype), path
        assert variable.get_metadata()["axes"] == read[path].get_metadata()["axes"]


@pytest.mark.parametrize("is_dora", [False, True])
def test_the_backward_pass_keeps_no_copy_of_the_base(is_dora):
    def make(model):
        quantized.cast(model, "int8")
        settings = dataclasses.replace(toys.LORA, dora=is_dora)
        tuning.attach(model, settings, seed=0)
        return model

    model = nnx.eval_shape(make, models.abstract(toys.FAMILIES["decoder"]))
    graph, moved, rest = nnx.split(model, tuning.Tuned, ...)

    def backward(moved, rest, batch):
        def loss_of(moved):
            return loss.loss_sums(nnx.merge(graph, moved, rest), batch).loss_sum

        return jax.vjp(loss_of, moved)[1]

    jaxpr = jax.make_jaxpr(backward)(moved, rest, toys.batch("decoder")).jaxpr
    given = {*jaxpr.invars, *jaxpr.constvars}
    kept = [v for v in jaxpr.outvars if not isinstance(v, jax.extend.core.Literal)]
    kept = [v.aval for v in kept if v not in given]
    L, D, F = 2, 16, 24
    sizes = {L * D * F, L * D * D}
    assert kept and not [one for one in kept if one.size in sizes and one.shape[0] == L]


def test_a_soft_prompt_learns_beside_a_head_in_8_bits(monkeypatch):
    """Also where logits are computed chunk by chunk: no gradient of whole numbers is asked for."""
    model = models.build(toys.FAMILIES["decoder"], seed=0)
    quantized.cast(model, "int8")
    tuning.attach(model, config.SoftPromptConfig(tokens=3), seed=0)
    vectors = model.embedding.soft_prompt.vectors[...]
    table = quantized.whole(model.embedding, ("embedding", "table"))
    assert {row.tobytes() for row in np.asarray(vectors)} < {r.tobytes() for r in np.asarray(table)}
    graph, moved, rest = nnx.split(model, tuning.Tuned, ...)
    batch = toys.batch("decoder", model)

    def gradient():
        def loss_of(moved):
            return loss.loss_sums(nnx.merge(graph, moved, rest), batch).loss_sum

        return jax.tree.leaves(jax.jit(jax.grad(loss_of))(moved))[0]

    expected = gradient()
    monkeypatch.setattr(loss, "LARGE_LOGITS", 1)
    np.testing.assert_allclose(gradient(), expected, atol=1e-5)
    assert np.abs(expected).max() > 1e-3
