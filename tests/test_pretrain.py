"""Tests for flanlike/pretrain.py and the base model that ships with the project."""

import json
import pathlib

import pytest

import flanlike
from flanlike import pretrain
from flanlike.batches import vocabulary
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
        "by its command. If that is meant, make a new one: "
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
