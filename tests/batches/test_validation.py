"""The validation set: whose rows, drawn how, and packed so that nothing is counted twice."""

import numpy as np
import pytest
from stream_toys import composed, prompts_of

import task_registry
from flanlike import config, errors
from flanlike.batches import validation, vocabulary
from flanlike.mixtures import mixture
from flanlike.prompts import exemplars
from flanlike.sources import opening

NAMES = ("rte", "sst2")


@pytest.fixture(scope="module")
def registry():
    return task_registry.registry()


@pytest.fixture(scope="module")
def words(registry) -> vocabulary.Vocabulary:
    prompts = prompts_of(registry, composed(registry, NAMES))
    return vocabulary.Vocabulary.train([prompts.text(i) for i in range(200)], 600)


def run(**changes) -> config.RunConfig:
    settings = config.ValidationConfig(every=1, rows=20)
    return config.RunConfig(
        **{"batch": config.BatchConfig(rows=8, micro_batches=2), "validation": settings, **changes}
    )


def collect(registry, words, settings):
    composition = composed(registry, NAMES)
    return validation.collect(composition, registry, words, settings, family="decoder")


def test_each_target_counts_once_and_the_set_hangs_on_its_own_seed(registry, words):
    found = collect(registry, words, run())
    assert sum(found.prompts.values()) == 20 and not found.left_out and not found.unfit
    assert {len(batch.tokens_BT) for batch in found.batches} == {4}  # a micro-batch
    stream = prompts_of(registry, composed(registry, NAMES), split="validation")
    drawn = [stream[index] for index in range(20)]
    assert {one.provenance.split for one in drawn} == {"validation"}
    tokens = sum(len(words.encode(one.targets)) + 1 for one in drawn)
    assert sum(batch.loss_weights_BT.sum() for batch in found.batches) == tokens
    last = found.batches[-1]
    assert (last.segment_ids_BT > 0).any(axis=1).all()  # rows that fill up have tokens to attend to
    for other, is_same in ((run(seed=5), True), (seeded(1), False)):
        again = collect(registry, words, other).batches
        assert np.array_equal(again[0].tokens_BT, found.batches[0].tokens_BT) == is_same


def seeded(seed):
    return run(validation=config.ValidationConfig(every=1, rows=20, seed=seed))


def test_exemplars_are_training_rows(registry, monkeypatch):
    drawn_from, draw = [], exemplars.draw

    def noted(task, template, records, rows, **more):
        drawn_from.append((records.split, len(rows)))
        return draw(task, template, records, rows, **more)

    monkeypatch.setattr(exemplars, "draw", noted)
    shares = mixture.Shares(few_shot=1.0, max_shots=1)
    composition = composed(registry, NAMES, shares=shares)
    stream = prompts_of(registry, composition, split="validation")
    assert {stream[index].provenance.shots for index in range(5)} == {1}
    assert set(drawn_from) <= {("train", task.rows) for task in composition.tasks}


def test_a_task_without_validation_rows_is_counted_as_left_out(registry, words, monkeypatch):
    open_rows = opening.open_rows

    def without(task, data, split, **more):
        if task.name in lacking and split == "validation":
            raise errors.UserError(f"task {task.name!r}: no such rows")
        return open_rows(task, data, split, **more)

    monkeypatch.setattr(opening, "open_rows", without)
    lacking = {"rte"}
    found = collect(registry, words, run())
    assert found.left_out == {"rte": "no such rows"} and set(found.prompts) == {"sst2"}
    assert "20 prompts of 1 tasks; without validation rows: rte: no such rows" in found.told
    lacking = set(NAMES)
    with pytest.raises(errors.UserError, match="no task that is trained on has validation rows"):
        collect(registry, words, run())
