"""Schedules, the decay mask and one step of each optimizer by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from flanlike import config, errors, models
from flanlike.models import presets
from flanlike.training import optim


def rates(total_steps: int, **changes) -> list[float]:
    schedule = optim.schedule(config.OptimConfig(**changes), total_steps)
    return [round(float(schedule(steps_taken)), 4) for steps_taken in range(total_steps)]


@pytest.mark.parametrize(
    "name, expected",
    [
        ("constant", [2, 4, 6, 8, 8, 8, 8, 8]),
        ("linear", [2, 4, 6, 8, 6, 4, 2, 0]),
        ("cosine", [2, 4, 6, 8, 6.8284, 4, 1.1716, 0]),
        ("rsqrt", [2, 4, 6, 8, 7.1554, 6.532, 6.0474, 5.6569]),
    ],
)
def test_schedule(name, expected):
    got = rates(8, schedule=name, warmup_steps=4, peak_lr=8.0, final_lr_fraction=0.0)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_decay_ends_at_the_final_fraction_and_stays():
    schedule = optim.schedule(
        config.OptimConfig(schedule="linear", warmup_steps=0, peak_lr=1.0, final_lr_fraction=0.25),
        4,
    )
    assert float(schedule(3)) == 0.25 == float(schedule(100))


PARAMS = {
    "embedding": {"table": jnp.ones((4, 2)), "head": jnp.ones((2, 4))},
    "blocks": {"attention_norm": {"scale": jnp.ones((3, 2))}, "q": jnp.ones((3, 2, 2))},
    "relative_bias": jnp.ones((2, 2)),
    "head_vector": jnp.ones(2),
}


def test_only_weight_matrices_decay():
    assert optim.decay_mask(PARAMS) == {
        "embedding": {"table": False, "head": True},
        "blocks": {"attention_norm": {"scale": False}, "q": True},
        "relative_bias": False,
        "head_vector": False,
    }


@pytest.mark.parametrize("preset", ["micro", "micro-encdec"])
def test_of_the_stacked_parameters_of_real_models_only_matrices_decay(preset):
    shape = dataclasses.replace(presets.get(preset), vocab_size=300)
    params = nnx.to_pure_dict(nnx.state(models.abstract(shape), nnx.Param))
    assert params["decoder" if shape.encoder_layers else "blocks"]["hidden_norm"]["scale"].ndim == 2
    flat = jax.tree_util.tree_flatten_with_path(optim.decay_mask(params))[0]
    decayed = {path[-2].key + "." + path[-1].key for path, is_decayed in flat if is_decayed}
    parts = {path[-2].key for path, _ in flat}
    assert decayed == {
        *(
            f"{part}.{name}"
            for part in parts & {"attention", "cross"}
            for name in ("k", "out", "q", "v")
        ),
        *(f"hidden.{name}" for name in ("down", "gate", "up")),
    }


def first_update(gradient, params, **changes):
    optimizer = optim.build(config.OptimConfig(warmup_steps=0, schedule="constant", **changes), 10)
    updates, _ = optimizer.update(gradient, optimizer.init(params), params)
    return updates


def test_adamw_moves_by_the_sign_and_decays_by_the_rate():
    params = {"w": jnp.full((1, 2), 10.0)}
    gradient = {"w": jnp.array([[3.0, -4.0]])}
    updates = first_update(gradient, params, peak_lr=0.1, weight_decay=0.01)
    # -lr * (sign + decay * parameter)
    np.testing.assert_allclose(updates["w"], [[-0.11, 0.09]], rtol=1e-5)


def test_moments_in_bfloat16_are_rounded_between_steps_and_nowhere_else():
    params, gradient = {"w": jnp.ones((1, 2))}, {"w": jnp.array([[3.0, 0.123456]])}
    given = {"warmup_steps": 0, "schedule": "constant", "max_gradient_norm": 0.0}
    half = optim.build(config.OptimConfig(moments_dtype="bfloat16", **given), 10)
    whole = optim.build(config.OptimConfig(**given), 10)
    state, exact = half.init(params), whole.init(params)
    assert {str(leaf.dtype) for leaf in jax.tree.leaves(state)} == {"bfloat16", "int32"}
    assert sum(leaf.nbytes for leaf in jax.tree.leaves(state[0])) == 4 + 2 * 2 * 2
    # The first step's direction comes of moments that were not rounded yet.
    updates, state = half.update(gradient, state, params)
    expected, exact = whole.update(gradient, exact, params)
    np.testing.assert_array_equal(updates["w"], expected["w"])
    np.testing.assert_array_equal(state[0].mu["w"], exact[0].mu["w"].astype(jnp.bfloat16))
    rounded = exact[0]._replace(
        mu={"w": state[0].mu["w"].astype(jnp.float32)},
        nu={"w": state[0].nu["w"].astype(jnp.float32)},
    )
    updates, _ = half.update(gradient, state, params)
    expected, _ = whole.update(gradient, (rounded, *exact[1:]), params)
    np.testing.assert_array_equal(updates["w"], expected["w"])


def test_moments_in_bfloat16_that_only_fade_do_not_stand_still():
    """At the most memory that is allowed, rounding to the nearest still lets them sink."""
    optimizer = optim.build(
        config.OptimConfig(moments_dtype="bfloat16", b1=0.995, b2=0.995, max_gradient_norm=0.0), 10
    )
    params = {"w": jnp.ones((1, 256))}
    state = optimizer.init(params)
    nu = {"w": jnp.linspace(1.0, 2.0, 256)[None].astype(jnp.bfloat16)}
    state = (state[0]._replace(mu=nu, nu=nu), *state[1:])
    _, after = optimizer.update({"w": jnp.zeros((1, 256))}, state, params)
    assert bool((after[0].nu["w"] < nu["w"]).all()) and bool((after[0].mu["w"] < nu["w"]).all())


def test_moments_that_bfloat16_cannot_keep_are_refused():
    for wrong in ({"b2": 0.999}, {"b1": 0.999}, {"name": "adafactor"}):
        with pytest.raises(errors.UserError, match="--optim.moments-dtype"):
            config.OptimConfig(moments_dtype="bfloat16", **wrong)


def test_adafactor_scales_by_the_parameters_rms_and_clips():
    params = {"w": jnp.full((1, 2), 10.0)}
    updates = first_update({"w": jnp.array([[3.0, -4.0]])}, params, name="adafactor", peak_lr=0.1)
    # The first squared gradient normalizes itself: every entry moves by lr * rms(parameter).
    np.testing.assert_allclose(updates["w"], [[-1.0, 1.0]], rtol=1e-5)


def test_adafactor_factors_large_matrices():
    params = {"w": jnp.ones((128, 256))}
    state = optim.build(config.OptimConfig(name="adafactor"), 10).init(params)
    factored = next(part for part in state if isinstance(part, optax.FactoredState))
    assert factored.v_row["w"].shape == (128,) and factored.v_col["w"].shape == (256,)


def test_adafactor_scales_each_layer_of_a_stack_by_its_own_rms():
    params = {"blocks": {"w": jnp.stack([jnp.full((2, 2), 10.0), jnp.full((2, 2), 1.0)])}}
    gradient = {"blocks": {"w": jnp.ones((2, 2, 2))}}
    updates = first_update(gradient, params, name="adafactor", peak_lr=0.1)
    np.testing.assert_allclose(updates["blocks"]["w"][:, 0, 0], [-1.0, -0.1], rtol=1e-5)


@pytest.mark.parametrize("preset", ["micro", "micro-encdec"])
def test_stacks_are_where_the_model_has_an_axis_of_layers(preset):
    shape = dataclasses.replace(presets.get(preset), vocab_size=300)
    for path, variable in nnx.to_flat_state(nnx.state(models.abstract(shape), nnx.Param)):
        has_layers = variable.get_metadata()["axes"][0] == "layers"
        assert optim.is_stack(path[0]) == has_layers, path


@pytest.mark.parametrize("preset", ["t5-1.1-small", "t5-1.1-xxl"])
def test_adafactor_factors_all_matrices_of_t5(preset):
    shape = dataclasses.replace(presets.get(preset), vocab_size=32128)
    params = nnx.to_pure_dict(nnx.state(models.abstract(shape), nnx.Param))
    state = jax.eval_shape(optim.build(config.OptimConfig(name="adafactor"), 10).init, params)
    factored = next(part for part in state if isinstance(part, optax.FactoredState))
    whole = jax.tree_util.tree_flatten_with_path(factored.v)[0]
    parts = {path[-2].key for path, leaf in whole if leaf.size > 1}
    assert all(part.endswith(("_norm", "_bias")) for part in parts)
    stored = sum(leaf.size for leaf in jax.tree.leaves(state))
    assert stored < 0.02 * sum(leaf.size for leaf in jax.tree.leaves(params))


def test_gradients_are_clipped_by_their_global_norm():
    optimizer = optim.build(config.OptimConfig(max_gradient_norm=1.0), 10)
    clip = optax.clip_by_global_norm(1.0)
    gradient = {"w": jnp.array([[3.0, -4.0]])}
    clipped, _ = clip.update(gradient, clip.init(gradient))
    params = {"w": jnp.ones((1, 2))}
    _, state = optimizer.update(gradient, optimizer.init(params), params)
    adam = next(part for part in state if isinstance(part, optax.ScaleByAdamState))
    np.testing.assert_allclose(adam.mu["w"], 0.1 * clipped["w"], rtol=1e-6)
    np.testing.assert_allclose(clipped["w"], [[0.6, -0.8]], rtol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"peak_lr": 0.0},
        {"warmup_steps": -1},
        {"final_lr_fraction": 1.5},
        {"b2": 1.0},
        {"eps": 0.0},
        {"weight_decay": -0.1},
        {"max_gradient_norm": -1.0},
    ],
)
def test_a_bad_setting_is_named(changes):
    (name,) = changes
    with pytest.raises(errors.UserError, match=f"--optim.{name.replace('_', '-')}"):
        config.OptimConfig(**changes)


@pytest.mark.parametrize("name", ["constant", "rsqrt"])
def test_a_longer_run_begins_as_a_shorter_one_where_the_schedule_knows_no_end(name):
    changes = {"schedule": name, "warmup_steps": 2}
    assert rates(8, **changes)[:4] == rates(4, **changes)


def test_a_warmup_longer_than_the_run_is_told():
    assert not list(optim.told(config.OptimConfig(warmup_steps=4), 4))
    [said] = optim.told(config.OptimConfig(warmup_steps=20, peak_lr=1e-3), 5)
    assert said == (
        "--optim.warmup-steps 20 is more than the 5 steps of the run: the learning rate ends at "
        "0.00025, below its peak of 0.001"
    )
