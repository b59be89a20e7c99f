"""--freeze embeddings: the table stays as it is, and no gradient of it is computed."""

import dataclasses

import jax
import numpy as np
import pytest
import training_toys
from flax import nnx

from flanlike import config, errors
from flanlike.models import tuning
from flanlike.training import loop, loss, room

ROWS = [[([5, 6, 7], [8, 9])], [([10], [11])], [([12, 13], [14])], [([15, 5], [6])]]
EVERY = pytest.mark.parametrize("is_tied", [True, False], ids=["tied", "untied"])


def after_one_step(model, *, freeze, micro_batches=1):
    """Returns the parameters before and after a step without clipping, and the state."""
    settings = config.RunConfig(
        freeze=freeze,
        steps=4,
        batch=config.BatchConfig(rows=4, micro_batches=micro_batches),
        optim=config.OptimConfig(max_gradient_norm=0, warmup_steps=1, peak_lr=1e-2),
    )
    state, step = loop.begin(settings, model, None)
    before = jax.device_get(state.params)
    state, _ = step(state, training_toys.batch(ROWS, length=8))
    return before, jax.device_get(state.params), state


@pytest.mark.parametrize("micro_batches", [1, 2])
@pytest.mark.parametrize("large_logits", [1, 1 << 24], ids=["chunks", "whole"])
@EVERY
def test_the_table_stays_and_the_others_learn_as_ever(
    is_tied, large_logits, micro_batches, monkeypatch
):
    monkeypatch.setattr(loss, "LARGE_LOGITS", large_logits)
    made = {
        freeze: training_toys.model(tied_embeddings=is_tied) for freeze in ("none", "embeddings")
    }
    _, full, _ = after_one_step(made["none"], freeze="none", micro_batches=micro_batches)
    before, after, state = after_one_step(
        made["embeddings"], freeze="embeddings", micro_batches=micro_batches
    )
    assert jax.tree.structure(before) == jax.tree.structure(after)  # a checkpoint has all of them
    table = after["embedding"].pop("table")
    np.testing.assert_array_equal(table, before["embedding"].pop("table"))
    assert np.abs(full["embedding"].pop("table") - table).max() > 1e-3
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), after, full)
    assert any(
        np.abs(a - b).max() > 1e-3
        for a, b in zip(*map(jax.tree.leaves, (after, before)), strict=True)
    )
    assert all(leaf.shape != table.shape for leaf in jax.tree.leaves(state.optimizer))


@pytest.mark.parametrize("kind", ["embeddings", "lora"])
def test_no_gradient_of_a_table_that_stays_is_computed(kind, monkeypatch):
    """Counts the program's arrays of the table's shape: the table itself, and no sum beside it."""
    monkeypatch.setattr(loss, "LARGE_LOGITS", 1)

    def tables(freeze, *, is_lora=False):
        model = training_toys.model(vocab_size=77)
        if is_lora:
            tuning.attach(model, config.LoraConfig(rank=2), seed=0)
        graph, params, rest = nnx.split(model, tuning.trained(model), ...)
        learning, still = tuning.apart(nnx.to_pure_dict(params), freeze)

        def of(learning):
            merged = nnx.merge(graph, nnx.State(tuning.together(learning, still)), rest)
            return loss.loss_sums(merged, training_toys.batch(ROWS, length=8)).loss_sum

        text = str(jax.make_jaxpr(jax.grad(of))(learning))
        return text.count(":f32[77,16] = ")  # what is computed, not what is given

    stays = tables("embeddings") if kind == "embeddings" else tables("none", is_lora=True)
    assert stays == 0 < tables("none")


def test_what_is_apart_comes_together_again():
    params = {"embedding": {"table": 1}, "blocks": {"up": 2}}
    assert tuning.apart(params, "none") == (params, {})
    learning, still = tuning.apart(params, "embeddings")
    assert (learning, still) == ({"blocks": {"up": 2}}, {"embedding": {"table": 1}})
    assert tuning.together(learning, still) == params
    untied = {"embedding": {"table": 1, "head": 3}, "blocks": {"up": 2}}
    learning, still = tuning.apart(untied, "embeddings")
    assert learning["embedding"] == {"head": 3} and tuning.together(learning, still) == untied
    assert untied["embedding"] == {"table": 1, "head": 3}  # as it was


def test_a_table_that_stays_needs_no_memory_beside_itself():
    shape = dataclasses.replace(training_toys.MODEL, vocab_size=60_000)
    batch = config.BatchConfig(rows=1, max_input_tokens=8, max_target_tokens=8)
    full, less = (
        room.need(shape, config.RunConfig(batch=batch, freeze=freeze), None)
        for freeze in ("none", "embeddings")
    )
    table = 60_000 * 16 * 4
    assert full.state - less.state == 2 * table  # the moments of adamw
    assert full.passing - less.passing >= table


def test_few_parameters_beside_a_base_freeze_all_of_it_already():
    with pytest.raises(errors.UserError, match="--freeze is 'embeddings': it must be none with"):
        config.RunConfig(tune="lora", freeze="embeddings")
