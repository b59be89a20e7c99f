"""Checksums tell every changed bit, and are the same in whatever parts an array comes."""

import jax
import jax.numpy as jnp
import numpy as np
import training_toys
import tuning_toys
from flax import nnx

from flanlike.models import checksums, tuning


def numbered(model):
    """Gives every parameter the values -7/3, -6/3, -5/3 …"""
    state = nnx.state(model)
    nnx.update(model, jax.tree.map(lambda leaf: jnp.asarray(_thirds(leaf.shape)), state))
    return model


def _thirds(shape):
    return (np.arange(np.prod(shape), dtype=np.float32).reshape(shape) - 7) / 3


def digest(array):
    return int(checksums.digest(jnp.asarray(array)))


def test_every_bit_of_every_element_shows():
    whole = _thirds((3, 5))
    seen = {digest(whole)}
    for place in range(whole.size):
        for bit in range(32):
            changed = whole.copy()
            changed.reshape(-1).view(np.uint32)[place] ^= np.uint32(1 << bit)
            seen.add(digest(changed))
    assert len(seen) == 1 + 15 * 32


def test_the_same_bit_of_several_elements_shows():
    """Also the highest, of which a plain sum forgets every second."""
    whole = _thirds((4, 4))
    assert digest(-whole) != digest(whole)
    flipped = whole.copy()
    flipped[1:3, 2] *= -1
    assert digest(flipped) != digest(whole)
    assert digest(whole[::-1].copy()) != digest(whole)  # the same values elsewhere


def test_types_of_other_widths_are_told_apart_too():
    counts = np.array([2**24, 2**24 + 1, 7], np.int32)
    assert digest(counts) != digest(counts[[1, 0, 2]]) and digest(counts[:1]) != digest(counts[1:2])
    half = jnp.asarray(_thirds((3, 5)), jnp.bfloat16)
    assert digest(half) != digest(half.at[2, 4].multiply(-1))


def test_a_fingerprint_is_of_every_bit_and_its_place():
    model = training_toys.model()
    fingerprint = checksums.fingerprint(model)
    assert fingerprint == checksums.fingerprint(training_toys.model())
    tuned = training_toys.model()
    tuning.attach(tuned, tuning_toys.LORA, seed=0)
    assert fingerprint != checksums.fingerprint(tuned)
    table = model.embedding.table
    whole = table[...]
    table.set_value(whole.at[3, 5].set(jnp.nextafter(whole[3, 5], jnp.float32(9))))
    assert checksums.fingerprint(model) != fingerprint
    table.set_value(whole.at[jnp.array([3, 4])].set(whole[jnp.array([4, 3])]))  # the same values
    assert checksums.fingerprint(model) != fingerprint


def test_a_fingerprint_is_the_one_that_runs_have_recorded():
    """If this fails, no run that tuned few parameters finds its base again: mend the code."""
    assert checksums.fingerprint(numbered(training_toys.model())) == "3e2ba4c7cfd6c4d545d44ec1"


def test_a_fingerprint_may_come_layer_by_layer():
    model = numbered(training_toys.model(layers=3))
    prints = checksums.Fingerprint()
    for path, variable in nnx.to_flat_state(nnx.state(model)):
        if path[0] == "blocks":
            for layer in (2, 0, 1):
                prints.add(path, variable[...][layer], layer=layer)
        else:
            prints.add(path, variable[...])
    assert prints.of(model) == checksums.fingerprint(model)
