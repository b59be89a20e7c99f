"""From a published folder through a run of train.py to an exported one."""

import dataclasses
import json

import numpy as np
import published_toys as toys
import pytest
import safetensors.numpy

from flanlike import errors, models
from flanlike.pretrained import layout, weights
from flanlike.runs import bases, export, loading, starts
from flanlike.runs import folder as run_folder


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder as a hub would hold it, with a few rows to spare in its table."""
    folder = tmp_path_factory.mktemp("published")
    toys.published_t5(folder)
    return folder


def test_a_published_folder_is_a_start(published):
    start = starts.starting_point(str(published), None, is_embedded=True, dropout=0.2)
    assert start.shape == dataclasses.replace(weights.shape_of(published), dropout=0.2)
    words = loading.words_of(published)
    assert words.size < start.shape.vocab_size == 56
    model = starts.build(start, words, seed=0, mesh=None)
    toys.assert_same_params(model, weights.load(published))
    assert model.config.dropout == 0.2


def test_another_tokenizer_is_told(published, tmp_path):
    shape = dataclasses.replace(toys.T5, vocab_size=20)
    weights.save(tmp_path, models.build(shape, seed=3))
    with pytest.raises(errors.UserError, match="has a published model and no tokenizer: expected"):
        loading.load(tmp_path)
    (tmp_path / "spiece.model").write_bytes((published / "spiece.model").read_bytes())
    with pytest.raises(
        errors.UserError, match=r"': the tokenizer has \d+ pieces, the model 20 rows"
    ):
        loading.load(tmp_path)


def test_a_run_starts_from_it_and_is_exported(published, tmp_path, capsys):
    run, out = toys.run_from(published, tmp_path), tmp_path / "out"
    assert json.loads((run / "config.json").read_text())["shape"]["vocab_size"] == 56
    assert (run / "vocabulary" / "spiece.model").is_file()
    export.main([str(run), "--out", str(out)])
    assert "step 2: written into" in capsys.readouterr().out
    assert (out / "spiece.model").read_bytes() == (published / "spiece.model").read_bytes()
    trained = loading.load(run)
    toys.assert_same_params(weights.load(out), trained.model)
    before, after = (safetensors.numpy.load_file(d / "model.safetensors") for d in (published, out))
    assert before.keys() == after.keys()
    assert not np.array_equal(before["shared.weight"], after["shared.weight"])
    assert layout.read(out) == layout.read(published)
    with pytest.raises(SystemExit):
        export.main([str(run), "--out", str(out)])
    assert "is there and not empty" in capsys.readouterr().err


def test_inputs_seen_both_ways_are_not_exported_as_causal(tmp_path, capsys):
    toys.published_llama(tmp_path)
    content = json.loads((tmp_path / "config.json").read_text())
    shape = dataclasses.replace(layout.to_ours(content, tmp_path), attention="prefix")
    run = tmp_path / "run"
    run_folder.claim(run, {"shape": run_folder.as_json(shape)})
    with pytest.raises(SystemExit):
        export.main([str(run), "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert "attention is 'prefix', not 'causal'" in said and said.count("\n") == 1


def test_the_shipped_base_is_none_that_is_published(tmp_path, capsys):
    with pytest.raises(SystemExit):
        export.main([str(bases.SHIPPED), "--out", str(tmp_path / "out")])
    assert "shape is none that is published" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
