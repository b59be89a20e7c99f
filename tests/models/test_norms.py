"""Norms: the parameter less one, the mean taken away, several axes at once."""

import dataclasses

import jax
import jax.numpy as jnp
import model_toys
import numpy as np

from flanlike.models import norms


def test_a_centered_norm_keeps_its_scale_less_one() -> None:
    config = dataclasses.replace(model_toys.DECODER, norm_eps=0.5)
    x_BTD = jax.random.normal(jax.random.key(0), (1, 2, 16))
    plain = norms.Norm(config)
    centered = norms.Norm(dataclasses.replace(config, centered_norms=True))
    np.testing.assert_array_equal(plain(x_BTD), centered(x_BTD))
    plain.scale[...], centered.scale[...] = jnp.full(16, 1.5), jnp.full(16, 0.5)
    np.testing.assert_array_equal(plain(x_BTD), centered(x_BTD))
    mean_square_BT1 = np.square(x_BTD).mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(
        plain(x_BTD), 1.5 * x_BTD / np.sqrt(mean_square_BT1 + 0.5), rtol=1e-5
    )


def test_a_layer_norm_takes_the_mean_away_and_adds_a_bias() -> None:
    config = dataclasses.replace(model_toys.DECODER, norm="layer", norm_eps=0.5)
    x_BTD = 3.0 + jax.random.normal(jax.random.key(0), (1, 2, 16))
    norm = norms.Norm(config)
    norm.scale[...], norm.bias[...] = jnp.arange(16.0), jnp.full(16, 7.0)
    apart_BTD = x_BTD - x_BTD.mean(axis=-1, keepdims=True)
    expected_BTD = np.arange(16) * apart_BTD / np.sqrt(x_BTD.var(axis=-1, keepdims=True) + 0.5) + 7
    np.testing.assert_allclose(norm(x_BTD), expected_BTD, rtol=1e-4, atol=1e-4)


def test_a_norm_over_two_axes_is_that_of_both_as_one() -> None:
    config = dataclasses.replace(model_toys.DECODER, model_size=12)
    x_BTNH = jax.random.normal(jax.random.key(0), (1, 2, 3, 4))
    both = norms.Norm(config, over={"heads": 3, "head": 4}, layers=5)
    assert both.scale[...].shape == (5, 3, 4)
    assert both.scale.get_metadata()["axes"] == ("layers", "heads", "head")
    whole, joined = norms.Norm(config, over={"heads": 3, "head": 4}), norms.Norm(config)
    whole.scale[...] = jnp.arange(12.0).reshape(3, 4)
    joined.scale[...] = jnp.arange(12.0)
    expected_BTD = joined(x_BTNH.reshape(1, 2, 12))
    np.testing.assert_allclose(whole(x_BTNH).reshape(1, 2, 12), expected_BTD, rtol=1e-6)


def test_directions_are_the_gradient_but_for_one_factor() -> None:
    config = dataclasses.replace(model_toys.DECODER, norm="layer")
    x_D, y_D = jax.random.normal(jax.random.key(0), (2, 16))
    norm = norms.Norm(config)
    norm.scale[...] = jnp.arange(1.0, 17.0)
    # Moved along itself, less its mean, an input leaves the output as it is: that part is its own.
    apart_D = x_D - x_D.mean()
    gradient_D = jax.grad(lambda x_D: norm(x_D) @ y_D)(x_D) * x_D.std()
    found_D = norm.directions(y_D)
    found_D -= apart_D * (found_D @ apart_D) / (apart_D @ apart_D)
    np.testing.assert_allclose(gradient_D, found_D, rtol=1e-3, atol=1e-4)
