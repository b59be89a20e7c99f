"""Weights cast once before tokens are written: the same numbers, and none cast in the loop."""

import dataclasses
import re

import jax
import jax.numpy as jnp
import model_toys
import numpy as np
import pytest
import tuning_toys
from flax import nnx

from flanlike import config as config_lib
from flanlike import models
from flanlike.models import cast_once, generate, layers, sampling, tuning

DECODER = dataclasses.replace(
    model_toys.DECODER,
    **{"dtype": "bfloat16", "norm": "layer", "query_key_norms": True, "hidden_biases": True},
    **{"learned_positions": True, "max_positions": 64, "out_biases": True},
)
ENCODER_DECODER = dataclasses.replace(model_toys.ENCODER_DECODER, dtype="bfloat16")
FAMILIES = pytest.mark.parametrize(
    "config", [DECODER, ENCODER_DECODER], ids=["decoder", "encoder_decoder"]
)


def test_float32_activations_and_a_cpu_leave_the_parameters_as_they_are(monkeypatch) -> None:
    params = nnx.state(models.abstract(DECODER))
    assert cast_once.weights(params, DECODER) is params
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert cast_once.weights(params, model_toys.DECODER) is params
    monkeypatch.setattr(cast_once, "cast", lambda params, dtype: dtype)
    assert cast_once.weights(params, DECODER) == "bfloat16"


def test_norms_biases_by_distance_and_low_rank_pairs_stay() -> None:
    tuned = models.build(DECODER, seed=0)
    tuning.attach(tuned, tuning_toys.LORA, seed=1)
    kept = set()
    for model in (tuned, models.build(ENCODER_DECODER, seed=0)):
        cast = cast_once.cast(nnx.state(model), model.config.dtype)
        for (path, was), (_, now) in zip(
            nnx.to_flat_state(nnx.state(model)), nnx.to_flat_state(cast), strict=True
        ):
            assert was.get_metadata() == now.get_metadata()
            assert was.get_value().dtype == jnp.float32  # the model's own are as they were
            if now.get_value().dtype == jnp.float32:
                kept.add((path[-2].split("_")[-1], path[-1]))
    pairs = {names for names in kept if names[1] in ("a", "b")}
    assert {names[0] for names in pairs} == set(tuning_toys.LORA.targets)
    assert kept - pairs == {("norm", "scale"), ("norm", "bias"), ("bias", "table")}


def test_a_kernel_whose_size_counts_stays() -> None:
    """Rounded, DoRA's |V| is another, and with it what the kernel and its pair make."""
    config = dataclasses.replace(model_toys.DECODER, vocab_size=30, dtype="bfloat16")
    layer = layers.FeedForward(config, 1, rngs=nnx.Rngs(params=0))
    settings = config_lib.LoraConfig(rank=2, dora=True)
    pair = tuning.LowRank(layer, "up", settings, dtype="bfloat16", rng=np.random.default_rng(0))
    pair.b.set_value(jax.random.normal(jax.random.key(5), pair.b[...].shape))
    layer.lora_up = pair
    graphdef, state = nnx.split(layer)
    x_BD = jax.random.normal(jax.random.key(3), (64, config.model_size), "bfloat16")

    def made(state) -> jax.Array:
        return nnx.merge(graphdef, jax.tree.map(lambda a: a[0], state)).project(x_BD, "up")

    cast = cast_once.cast(state, "bfloat16")
    assert (made(cast) == made(state)).all()
    assert (cast["up"].get_value().dtype, cast["down"].get_value().dtype) == ("float32", "bfloat16")


def _step(config, params, is_cast: bool):
    """Returns the lowered program of what goes on from the first new token."""
    graphdef, _ = nnx.split(models.abstract(config))
    if is_cast:
        params = jax.eval_shape(lambda params: cast_once.cast(params, config.dtype), params)
    batch = generate._padded([[5, 6], [7, 8, 9]], 2, 4, config.family == "decoder", (1,))
    how = generate._How(batch.tokens_BT.shape[1], 3, sampling.GREEDY, 1)
    state = jax.eval_shape(
        lambda params: generate._begin(graphdef, params, batch, None, how, None), params
    )
    return generate._go_on.lower(graphdef, params, state, 3, how).as_text()


@FAMILIES
def test_no_weight_is_cast_in_the_loop(config) -> None:
    params = nnx.state(models.abstract(config))
    flat = nnx.to_flat_state(params)
    shapes = {"x".join(map(str, one.shape[1:])) for path, one in flat if path[-1] in "qkv up down"}
    shapes |= {"x".join(map(str, one.shape)) for path, one in flat if path[0] == "embedding"}

    def are_cast(program: str) -> set[str]:
        casts = re.findall(
            r"stablehlo.convert .*tensor<([0-9x]+)xf32>\) -> tensor<\1xbf16>", program
        )
        return set(casts) & shapes

    assert are_cast(_step(config, params, False))
    assert not are_cast(_step(config, params, True))


@FAMILIES
def test_what_is_written_is_the_same(config, monkeypatch) -> None:
    model = models.build(config, seed=3)
    found = generate.generate(model, [[5, 6, 7], [21, 22]], max_new_tokens=4)
    seen = []

    def cast(params, config):
        seen.append(config)
        return cast_once.cast(params, config.dtype)

    monkeypatch.setattr(cast_once, "weights", cast)
    assert generate.generate(model, [[5, 6, 7], [21, 22]], max_new_tokens=4) == found
    next(generate.stream(model, [5, 6, 7], max_new_tokens=1))
    assert seen == [config] * 2
