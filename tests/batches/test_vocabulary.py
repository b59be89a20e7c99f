import pickle

import hypothesis
import pytest
from hypothesis import strategies

from flanlike import errors
from flanlike.batches import features, vocabulary

_TEXTS = [
    "The red boat is in the harbour.\nIs the boat red or blue?\n\nOptions:\n- red\n- blue",
    "Mira sold the blue cart in the market. The cart was red.",
    "Is it true? yes or no or maybe",
] * 20


@pytest.fixture(scope="module")
def words() -> vocabulary.Vocabulary:
    return vocabulary.Vocabulary.train(_TEXTS, 360)


def test_text_comes_back(words):
    text = "The red boat:\n\n- 12 boats\n-  two  spaces \n"
    assert words.decode(words.encode(text)) == text


@hypothesis.given(strategies.text(strategies.characters(exclude_characters="▁", codec="utf-8")))
def test_every_text_comes_back(words, text):
    assert words.decode(words.encode(text)) == text


def test_no_text_becomes_a_mark(words):
    ids = words.encode("<pad></s><unk><0x0A>")
    assert min(ids) > vocabulary.UNK_ID
    assert words.decode(ids) == "<pad></s><unk><0x0A>"


def test_newline_is_a_piece_and_digits_are_split(words):
    assert words.pieces(words.encode("red\nblue 12"))[-3:] == ["▁", "<0x31>", "<0x32>"]
    assert "\n" in words.pieces(words.encode("red\nblue"))


def test_a_word_has_the_same_ids_wherever_it_stands(words):
    red = words.encode("red")
    assert words.encode("- red\n- blue")[-len(words.encode("blue")) :] == words.encode("blue")
    assert words.encode("red or blue")[: len(red)] == red
    assert words.encode("blue\nred")[-len(red) :] == red


@pytest.mark.parametrize(
    "inputs", ["Is it red?", "Options:\n- red\n- blue", "The boat", "a\n\nred"]
)
@pytest.mark.parametrize("targets", ["red", "yes", "blue boat", "12", "- red"])
def test_inputs_and_targets_meet_at_a_piece_boundary(words, inputs, targets):
    joined = words.encode(inputs) + words.encode(targets)
    assert joined == words.encode(f"{inputs} {targets}")


def test_empty_text_has_no_ids(words):
    assert words.encode("") == []
    assert words.decode([]) == ""


def test_decode_leaves_pad_and_eos_out(words):
    ids = [features.PAD_ID, *words.encode("red boat"), features.EOS_ID, features.PAD_ID]
    assert words.decode(ids) == "red boat"


def test_training_repeats(words, tmp_path):
    again = vocabulary.Vocabulary.train(_TEXTS, 360, tmp_path)
    assert (tmp_path / vocabulary.FILE_NAME).is_file()
    assert again.fingerprint == words.fingerprint
    assert vocabulary.Vocabulary.train(_TEXTS[:2], 320).fingerprint != words.fingerprint


def test_save_load_and_pickle(words, tmp_path):
    words.save(tmp_path / "vocabulary")
    for loaded in (
        vocabulary.Vocabulary.load(tmp_path / "vocabulary"),
        vocabulary.Vocabulary.load(tmp_path / "vocabulary" / vocabulary.FILE_NAME),
        pickle.loads(pickle.dumps(words)),
    ):
        assert loaded.fingerprint == words.fingerprint
        assert loaded.encode("red boat") == words.encode("red boat")


def test_a_missing_vocabulary_is_one_clear_line(tmp_path):
    with pytest.raises(errors.UserError, match="no vocabulary at .*expected a SentencePiece"):
        vocabulary.Vocabulary.load(tmp_path)


def test_a_broken_vocabulary_is_one_clear_line(tmp_path):
    (tmp_path / vocabulary.FILE_NAME).write_bytes(b"not a model")
    with pytest.raises(errors.UserError, match="cannot read the vocabulary"):
        vocabulary.Vocabulary.load(tmp_path)


def test_too_few_pieces_is_one_clear_line():
    with pytest.raises(errors.UserError, match="cannot train a vocabulary of 100 pieces"):
        vocabulary.Vocabulary.train(_TEXTS, 100)
