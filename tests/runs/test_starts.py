"""What --init and --model mean together."""

import dataclasses
import types

import pytest
import training_toys

from flanlike import config, errors
from flanlike.models import fused
from flanlike.runs import bases, starts

RUN = config.RunConfig()


def test_starting_point(tmp_path, words):
    _, shape = training_toys.write_bare(tmp_path, words)
    fresh = starts.starting_point("none", "micro-encdec", is_embedded=True, dropout=0.2, dtype=None)
    assert fresh.folder is None and fresh.shape.dropout == 0.2
    assert fresh.shape.family == "encoder_decoder" and fresh.changes == {"dropout": 0.2}
    given = starts.starting_point(str(tmp_path), None, is_embedded=False, attention="prefix")
    assert given.shape == dataclasses.replace(shape, attention="prefix")
    model = starts.build(given, words, seed=0, mesh=None)
    assert model.config.attention == "prefix"
    # The shipped base is the default of the embedded data, and of the preset that has its shape.
    assert starts.starting_point("default", None, is_embedded=True).folder == bases.SHIPPED
    of_presets = [
        starts.starting_point("default", preset, is_embedded=True).folder
        for preset in ("micro", "micro-4m")
    ]
    assert sorted(map(str, of_presets)) == sorted(("None", str(bases.SHIPPED)))
    assert starts.starting_point("default", "micro", is_embedded=False).folder is None
    assert starts.starting_point("default", "micro-encdec", is_embedded=True).folder is None


def test_a_preset_of_another_shape_is_refused(tmp_path, words):
    training_toys.write_bare(tmp_path, words)
    with pytest.raises(errors.UserError, match="--model 'micro' has another shape.*layers"):
        starts.starting_point(str(tmp_path), "micro", is_embedded=True)


def test_a_kernel_is_refused_before_anything_is_read_and_binds_no_reader(monkeypatch):
    run = dataclasses.replace(RUN, model="micro", init="none", attention_kernel="cudnn")
    with pytest.raises(errors.UserError, match="--attention-kernel 'cudnn' cannot be had: "):
        starts.of_run(run)
    monkeypatch.setattr(fused, "_obstacle", lambda config: None)
    start = starts.of_run(run)
    assert start.shape.attention_kernel == "cudnn"
    mixed = types.SimpleNamespace(shares=config.MixConfig(), rules="strict", held_out=())
    resolved = starts.resolve(run, start, mixed)
    assert resolved["attention_kernel"] == "cudnn"
    assert resolved["shape"]["attention_kernel"] == "auto"


def test_a_run_that_cannot_be_exported_says_so_at_its_start():
    causal, prefix, micro = (
        starts.starting_point("none", preset, is_embedded=True, attention=attention)
        for preset, attention in (
            ("decoder-135m", None),
            ("decoder-135m", "prefix"),
            ("micro", "prefix"),
        )
    )
    assert not list(starts.told(causal, RUN))
    assert "attention is 'prefix', not 'causal'" in next(starts.told(prefix, RUN))
    assert not list(starts.told(micro, RUN))  # it is of no published kind, and never is exported


def test_a_run_takes_no_more_positions_than_its_model_has_learned(tmp_path, words):
    start = starts.starting_point("none", "micro", is_embedded=True)
    few = dataclasses.replace(start.shape, learned_positions=True, max_positions=100)
    batch = config.BatchConfig(max_input_tokens=90, max_target_tokens=11)
    run = dataclasses.replace(RUN, batch=batch)
    with pytest.raises(
        errors.UserError,
        match="--batch.max-input-tokens and --batch.max-target-tokens together are 101 tokens: "
        "this model has learned 100 positions",
    ):
        shaped = dataclasses.replace(start, shape=few)
        starts.model(shaped, run, words, mesh=None, out=tmp_path)
