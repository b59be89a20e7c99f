"""From a published folder through a run of train.py to an exported one."""

import dataclasses
import json

import numpy as np
import pytest
import safetensors.numpy
import test_pretrained
import test_tokenizer
import training_toys

import train
from flanlike import errors, export, models, runs
from flanlike.pretrained import layout, weights


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder as a hub would hold it, with a few rows to spare in its table."""
    folder = tmp_path_factory.mktemp("published")
    shape = dataclasses.replace(test_pretrained.T5, vocab_size=56)
    weights.save(folder, models.build(shape, seed=3))
    (folder / "spiece.model").write_bytes(test_tokenizer.pieces_model())
    return folder


def test_a_published_folder_is_a_start(published):
    start = runs.starting_point(str(published), None, is_embedded=True, dropout=0.2)
    assert start.shape == dataclasses.replace(weights.shape_of(published), dropout=0.2)
    words = runs.words_of(published)
    assert words.size < start.shape.vocab_size == 56
    model = runs.build(start, words, seed=0, mesh=None)
    test_pretrained.assert_same_params(model, weights.load(published))
    assert model.config.dropout == 0.2


def test_another_tokenizer_is_told(published, tmp_path):
    shape = dataclasses.replace(test_pretrained.T5, vocab_size=20)
    weights.save(tmp_path, models.build(shape, seed=3))
    with pytest.raises(errors.UserError, match="no vocabulary at"):
        runs.load(tmp_path)
    (tmp_path / "spiece.model").write_bytes((published / "spiece.model").read_bytes())
    with pytest.raises(errors.UserError, match=r"has \d+ pieces, the model 20 rows"):
        runs.load(tmp_path)


def test_a_run_starts_from_it_and_is_exported(published, tmp_path, capsys):
    flags = training_toys.some_mixture(tmp_path, "rte")
    at = flags.index("--model")
    del flags[at : at + 4]  # --model tiny --init none
    at = flags.index("--vocabulary-size")
    del flags[at : at + 2]
    run, out = tmp_path / "run", tmp_path / "out"
    train.main([*flags, "--init", str(published), "--out", str(run)])
    assert json.loads((run / "config.json").read_text())["shape"]["vocab_size"] == 56
    assert (run / "vocabulary" / "spiece.model").is_file()
    export.main([str(run), "--out", str(out)])
    assert "step 2: written into" in capsys.readouterr().out
    assert (out / "spiece.model").read_bytes() == (published / "spiece.model").read_bytes()
    trained = runs.load(run)
    test_pretrained.assert_same_params(weights.load(out), trained.model)
    before, after = (safetensors.numpy.load_file(d / "model.safetensors") for d in (published, out))
    assert before.keys() == after.keys()
    assert not np.array_equal(before["shared.weight"], after["shared.weight"])
    assert layout.read(out) == layout.read(published)
    with pytest.raises(SystemExit):
        export.main([str(run), "--out", str(out)])
    assert "is there and not empty" in capsys.readouterr().err


def test_the_shipped_base_is_none_that_is_published(tmp_path, capsys):
    with pytest.raises(SystemExit):
        export.main([str(runs.BASE), "--out", str(tmp_path / "out")])
    assert "shape is none that is published" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
