"""Tests for flanlike/pretrain.py and the base model that ships with the project."""

import dataclasses
import json
import pathlib
import shutil
import sys

import jax
import numpy as np
import pytest
import training_toys
from flax import nnx

import flanlike
from flanlike import models, pretrain
from flanlike.batches import vocabulary
from flanlike.models import compile_cache, presets
from flanlike.runs import loading

BASE = pathlib.Path(flanlike.__file__).parent / "microworld" / "base"


def test_the_first_steps_of_the_shipped_base_can_be_repeated():
    record = json.loads((BASE / "pretraining.json").read_text())
    config = pretrain.from_json(record["config"])
    words = vocabulary.Vocabulary.load(BASE / "vocabulary")
    assert words.fingerprint == record["vocabulary_fingerprint"]
    _, curve = pretrain.run(config, words, stop_after=2)
    expected = [tuple(point) for point in record["curve"][:2]]
    assert curve == [(step, pytest.approx(loss, rel=2e-3)) for step, loss in expected], (
        "the corpus, the model or the optimizer has changed: the shipped base can't be made again "
        "by its command (docs/base_model.md). If that is meant, make a new one: "
        "python -m flanlike.pretrain --out DIR, and put it in its place"
    )


def test_the_shipped_base_loads_and_is_small():
    loaded = loading.load(BASE)
    assert loaded.model.config.vocab_size == loaded.words.size
    assert sum(path.stat().st_size for path in BASE.rglob("*") if path.is_file()) < 8_000_000


def test_the_vocabulary_covers_the_wording_of_every_template():
    """Bytes are left for what is rare: fewer than one piece in 200.

    Half of the templates were written after the vocabulary was made; it lacks "z" and brackets.
    """
    words = vocabulary.Vocabulary.load(BASE / "vocabulary")
    folder = pathlib.Path(flanlike.__file__).parent.parent / "templates"
    texts = sorted(set(pretrain.template_texts(folder)))
    pieces = [piece for text in texts for piece in words.pieces(words.encode(text))]
    assert len(texts) > 400
    assert sum(piece.startswith("<0x") for piece in pieces) < len(pieces) / 200


def test_the_larger_base_fits_in_what_may_be_shipped():
    config = pretrain.PretrainConfig(out="base")
    shape = dataclasses.replace(presets.get(config.model), vocab_size=config.vocabulary_size)
    leaves = jax.tree.leaves(nnx.state(models.abstract(shape)))
    assert sum(leaf.size for leaf in leaves) * 2 < 7_900_000  # bytes in float16, vocabulary beside
    assert config.edition == 2


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Returns what gives the command for a tiny base; its vocabulary is there already."""
    tiny = dataclasses.replace(
        presets.get("micro"),
        model_size=8,
        layers=1,
        query_heads=1,
        key_value_heads=1,
        head_size=8,
        hidden_size=8,
    )
    monkeypatch.setitem(presets.PRESETS, "tiny", tiny)
    monkeypatch.setattr(compile_cache, "keep", lambda: None)

    def run(name, *flags):
        words = tmp_path / f"{name}.work" / "vocabulary"
        if not words.exists():
            shutil.copytree(BASE / "vocabulary", words)
        given = ["--out", str(tmp_path / name), "--model", "tiny", "--steps", "5", "--rows", "2"]
        monkeypatch.setattr(sys, "argv", ["pretrain.py", *given, "--save-every", "2", *flags])
        pretrain.main()
        return tmp_path / name

    return run


def test_a_pretraining_that_was_cut_off_goes_on_to_the_same_base(command, capsys):
    whole = command("whole")
    with training_toys.stopped_after(3) as stopped:
        command("cut")
    assert stopped.value.code == 143 and "give the same command again" in capsys.readouterr().out
    for flags, said in ((("--rows", "4"), "another rows"), (("--edition", "3"), "--edition is 3")):
        with pytest.raises(SystemExit) as refused:
            command("cut", *flags)
        told = capsys.readouterr().err
        assert refused.value.code == 2 and said in told and told.count("\n") == 1
    cut = command("cut")
    assert "going on" in capsys.readouterr().out
    records = [json.loads((base / "pretraining.json").read_text()) for base in (whole, cut)]
    assert records[0]["curve"] == records[1]["curve"]
    assert [step for step, _ in records[0]["curve"]] == [0, 1, 2, 4]
    for stored in zip(
        *(np.load(base / "params.npz").values() for base in (whole, cut)), strict=True
    ):
        np.testing.assert_array_equal(*stored)
    assert loading.load(cut).model.config.model_size == 8
    with pytest.raises(SystemExit) as there:
        command("cut")
    assert there.value.code == 2 and "already holds a base" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{", "[]", "7"])
def test_a_damaged_configuration_of_the_work_is_told(command, tmp_path, capsys, content):
    (tmp_path / "cut.work").mkdir()
    (tmp_path / "cut.work" / "config.json").write_text(content)
    with pytest.raises(SystemExit) as refused:
        command("cut")
    told = capsys.readouterr().err
    assert refused.value.code == 2 and "config.json: damaged" in told and told.count("\n") == 1
    assert (tmp_path / "cut.work" / "config.json").read_text() == content


@pytest.mark.parametrize("out", [".", "..", "/", "some/.."])
def test_a_folder_without_a_name_is_told(out, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["pretrain", "--out", out])
    with pytest.raises(SystemExit) as stop:
        pretrain.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == (
        f"error: --out {out!r} has no name of its own: name a new folder\n"
    )
