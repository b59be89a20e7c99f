"""Twenty steps of tuning on published models: the loss falls, stays finite, and is exported.

One packed row of 64 tokens a step, four batches over and over, so that the last four losses are of
what the first four were of. Gemma's table, most of its parameters, stays frozen in full tuning.
"""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import real_toys

from flanlike import config
from flanlike.models import tuning
from flanlike.pretrained import weights
from flanlike.runs import loading
from flanlike.training import loop

pytest.importorskip("torch", reason="needs the extra 'parity'")
pytest.importorskip("transformers", reason="needs the extra 'parity'")

pytestmark = pytest.mark.real

STEPS, BATCHES = 20, 4


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("tune", ["full", "lora"])
def test_twenty_steps_lower_the_loss_and_transformers_computes_what_is_saved(
    published, tune, dtype, tmp_path
):
    loaded = loading.load(published, dtype=dtype)
    losses = tuned(loaded, tune, freeze="embeddings" if published.name == "gemma3" else "none")
    print(f"{published.name}, {tune}, {dtype}: losses", *(f"{loss:.2f}" for loss in losses))
    assert all(map(math.isfinite, losses))
    assert np.mean(losses[-BATCHES:]) < 0.8 * np.mean(losses[:BATCHES])
    if dtype == "float32":
        tuning.merge(loaded.model)
        weights.save(tmp_path / "out", loaded.model, marks=loaded.words.marks)
        real_toys.assert_transformers_computes_the_same(tmp_path / "out", loaded)
        (tmp_path / "out" / "model.safetensors").unlink()  # a gigabyte, which pytest would keep


def tuned(loaded: loading.Loaded, tune: str, *, freeze: str) -> list[float]:
    """Tunes the model, all of whose parameters have to stay finite; returns the steps' losses."""
    peak_lr = 1e-4
    if tune == "lora":
        tuning.attach(loaded.model, config.LoraConfig(), seed=0)
        freeze, peak_lr = "none", 2e-3
    optim = config.OptimConfig(peak_lr=peak_lr, warmup_steps=2)
    settings = config.RunConfig(freeze=freeze, optim=optim, steps=STEPS)
    batches = itertools.cycle(real_toys.batches(loaded.words, BATCHES))
    state, step = loop.begin(settings, loaded.model, None)
    losses = []
    for batch in itertools.islice(batches, STEPS):
        state, metrics = step(state, batch)
        losses.append(float(metrics.loss))
        assert math.isfinite(float(metrics.gradient_norm))
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(state.params))
    loop.write_params(loaded.model, state.params)
    return losses
