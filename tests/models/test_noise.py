"""NEFTune's noise: how large it is, where, and that it is of training alone."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import training_toys
import tuning_toys as toys

from flanlike.models import noise
from flanlike.training import loop, loss


def test_noise_is_bounded_by_the_length_of_the_tokens_own_example():
    segments_BT = np.array([[1, 1, 1, 1, 2, 0], [1, 0, 0, 0, 0, 0]])
    found = np.asarray(noise.neftune(segments_BT, 256, 5.0, jax.random.key(0)))
    most_BT = 5 / np.sqrt(256 * np.array([[4, 4, 4, 4, 1, np.inf], [1, *[np.inf] * 5]]))
    sizes_BT = np.abs(found).max(axis=-1)
    assert found.shape == (2, 6, 256)
    assert (sizes_BT <= most_BT).all() and (sizes_BT >= 0.95 * most_BT).all()
    assert abs(found[0, 0].mean()) < 0.1 * most_BT[0, 0]  # both ways
    assert len(np.unique(found.reshape(-1, 256), axis=0)) == 6 + 1  # padding has none


@pytest.mark.parametrize("family", toys.FAMILIES)
def test_only_training_is_noisy_and_step_and_seed_say_how(family):
    model = training_toys.models.build(toys.FAMILIES[family], seed=0)
    batch = toys.batch(family)
    sgd = optax.sgd(0.0)
    still = float((sums := loss.loss_sums(model, batch)).loss_sum / sums.weight_sum)

    def losses(**settings):
        step = loop.make_train_step(model, sgd, lambda _: jnp.zeros(()), **settings)
        state, found = loop.init_state(model, sgd), []
        state = jax.tree.map(jnp.copy, state)  # a step donates it
        for _ in range(2):
            state, metrics = step(state, batch)
            found.append(float(metrics.loss))
        return found

    np.testing.assert_allclose(losses(), [still, still], rtol=1e-6)
    noisy = losses(neftune_alpha=5.0, seed=3)
    assert losses(neftune_alpha=5.0, seed=3) == noisy
    others = losses(neftune_alpha=5.0, seed=4)
    assert len({still, *noisy, *others}) == 5
