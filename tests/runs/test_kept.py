"""Which checkpoint is a run's model, and where a run ends."""

import json

import pytest

from flanlike import errors
from flanlike.runs import kept
from flanlike.training import progress


def looks(*losses):
    """Returns a look every two steps, from before the first."""
    return [progress.Look(2 * place, loss, 0.0) for place, loss in enumerate(losses)]


@pytest.mark.parametrize(
    "losses, patience, is_over",
    [
        ([], 1, False),
        ([1.0], 1, False),
        ([1.0, 3.0], 1, False),  # the look before the first step does not count
        ([9.0, 3.0, 2.0, 2.0], 1, True),  # as low is not lower
        ([9.0, 3.0, 2.0, 4.0], 2, False),
        ([9.0, 3.0, 2.0, 4.0, 5.0], 2, True),
        ([9.0, 3.0, 4.0, 5.0], 0, False),
    ],
)
def test_training_is_over_after_looks_without_a_lower_loss(losses, patience, is_over):
    assert kept.is_over(looks(*losses), patience) == is_over


def folder_of(path, *, newest, best, losses=()):
    for name, steps in ((kept.CHECKPOINTS, newest), (kept.BEST, best)):
        for step in steps:
            (path / name / str(step)).mkdir(parents=True)
    lines = [
        {"step": look.step, "validation_loss": look.loss, "validation_accuracy": 0.0}
        for look in looks(*losses)
    ]
    text = "".join(json.dumps(line) + "\n" for line in [{"step": 1, "loss": 5.0}, *lines])
    (path / "metrics.jsonl").write_text(text + '{"step": 9, "validation_l')  # cut short
    return path


def test_a_step_is_found_wherever_it_lies(tmp_path):
    run = folder_of(tmp_path, newest=(6, 8), best=(4,))
    patient, plain = {"validation": {"patience": 1}}, {}
    assert kept.steps_in(run) == [4, 6, 8]
    for config, step, where, found in (
        (plain, None, kept.CHECKPOINTS, None),  # the newest sound one
        (patient, None, kept.BEST, 4),
        (plain, 4, kept.BEST, 4),
        (patient, 8, kept.CHECKPOINTS, 8),
    ):
        assert kept.of_step(run, config, step) == kept.Place(folder=run / where, step=found)
    with pytest.raises(errors.UserError, match=r"no checkpoint of step 5: it has \[4, 6, 8\]"):
        kept.of_step(run, plain, 5)
    with pytest.raises(errors.UserError, match="has no checkpoint: let train.py go on"):
        kept.of_step(tmp_path / "none", plain, None)


def test_a_run_ends_at_its_steps_or_where_patience_did(tmp_path):
    run = folder_of(tmp_path, newest=(8,), best=(2,), losses=(9.0, 3.0, 4.0, 5.0, 1.0))
    config = {"steps": 20, "validation": {"patience": 0}}
    assert kept.ending(run, config) == (20, 20)
    for patience, ending in ((2, (6, 2)), (3, (20, 2))):
        assert kept.ending(run, {"steps": 20, "validation": {"patience": patience}}) == ending
    (run / "config.json").write_text(json.dumps(config))
    assert kept.chosen(run) is None
    (run / "config.json").write_text(json.dumps({"validation": {"patience": 2}}))
    assert kept.chosen(run) == 2


def test_a_best_checkpoint_that_is_damaged_is_told(tmp_path):
    run = folder_of(tmp_path, newest=(), best=(2,))
    with pytest.raises(errors.UserError, match="damaged .*bring it back from a copy, or remove"):
        kept.best_loss(run)
    assert kept.best_loss(tmp_path / "none") == float("inf")
