"""The average of the weights: its formula, and that it is kept and found again."""

import contextlib
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import training_toys

from flanlike import config, errors
from flanlike.training import averaging, checkpoint, loop, optim


def test_the_first_step_has_no_more_weight_than_its_age_gives():
    """Of weights 1, 2, 3 with decay .5: (1 + 2 x 2 + 4 x 3) / 7; those before, 9, have no part."""
    average = averaging.of_weights(0.5)
    params = {"w": jnp.array([9.0])}
    state = average.init(params)
    np.testing.assert_array_equal(state.average["w"], params["w"])
    seen = []
    for target in (1.0, 2.0, 3.0):
        updates = {"w": target - params["w"]}
        passed, state = average.update(updates, state, params)
        assert passed is updates
        params = optax.apply_updates(params, passed)
        seen.append(float(state.average["w"][0]))
    np.testing.assert_allclose(seen, [1.0, 5 / 3, 17 / 7], rtol=1e-6)


def test_a_slow_decay_is_corrected_exactly():
    """1 - d^t for d = .999999 loses all its digits in float32 unless it is computed well."""
    average = averaging.of_weights(0.999999)
    params = {"w": jnp.array([0.0])}
    state = average.init(params)
    for target in (1.0, 3.0):
        updates = {"w": target - params["w"]}
        _, state = average.update(updates, state, params)
        params = optax.apply_updates(params, updates)
    np.testing.assert_allclose(state.average["w"], [2.0], rtol=1e-5)


def test_what_learns_is_replaced_and_what_does_not_stays():
    params = {"a": 1, "b": {"c": 2, "d": 3}}
    assert averaging.over(params, {"b": {"d": 4}}) == {"a": 1, "b": {"c": 2, "d": 4}}


@functools.cache
def begun():
    settings = config.RunConfig(
        steps=4,
        freeze="embeddings",
        optim=config.OptimConfig(ema=0.5, warmup_steps=1, peak_lr=0.1),
    )
    model = training_toys.model()
    _, step = loop.begin(settings, model, None)
    return model, optim.build(settings.optim, 4), step


def fresh(seed=0):
    return loop.init_state(training_toys.model(seed), begun()[1], freeze="embeddings")


def trained(steps, *, folder=None):
    """Returns the state after these steps; with a folder it is saved and read again after two."""
    state, batches = fresh(), training_toys.stream()
    for taken in range(steps):
        if folder and taken == 2:
            with contextlib.closing(checkpoint.Checkpoints(folder)) as saved:
                saved.save(2, state, batches, {})
                batches = training_toys.stream()
                saved.wait()
                state = saved.restore_latest(fresh(seed=1), batches)
        state, _ = begun()[2](state, next(batches))
    return state


def test_it_is_resumed_exactly_and_read_alone(tmp_path):
    whole, cut = trained(3), trained(3, folder=tmp_path)
    jax.tree.map(np.testing.assert_array_equal, cut, whole)
    average = averaging.of_state(whole.optimizer)
    assert int(average.averaged) == 3 and "embedding" not in average.average  # that is frozen
    asked = loop.asked_params(whole)
    np.testing.assert_array_equal(asked["embedding"]["table"], whole.params["embedding"]["table"])
    assert asked["blocks"]["hidden"]["up"] is average.average["blocks"]["hidden"]["up"]
    assert loop.asked_params(whole._replace(optimizer=())) is whole.params

    model, at_two = begun()[0], trained(2)
    with contextlib.closing(checkpoint.Checkpoints(tmp_path, read_only=True)) as saved:
        assert saved.has_average(2)
        for weights, expected in (("average", loop.asked_params(at_two)), ("raw", at_two.params)):
            assert saved.restore_params(model, weights=weights) == 2
            jax.tree.map(np.testing.assert_array_equal, loop.params_of(model), expected)


@pytest.mark.parametrize("decay", [1.0, -0.1])
def test_a_decay_that_is_none_is_refused(decay):
    with pytest.raises(errors.UserError, match="--optim.ema"):
        config.OptimConfig(ema=decay)
