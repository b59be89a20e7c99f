"""Published tokenizers: what they keep of a text, and what they do not."""

import json
import pickle

import hypothesis
import published_toys as toys
import pytest
import sentencepiece
from hypothesis import strategies

from flanlike import errors
from flanlike.batches import tokenizer, vocabulary


def json_model() -> bytes:
    """Returns the same tokenizer as tokenizer.json, with sentinels, laid out as T5's is."""
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra 'pretrained'")
    processor = sentencepiece.SentencePieceProcessor(model_proto=toys.pieces_model())
    ids = range(processor.vocab_size())
    scored = [(processor.id_to_piece(i), processor.get_score(i)) for i in ids]
    made = tokenizers.Tokenizer(tokenizers.models.Unigram(scored, unk_id=2, byte_fallback=False))
    meta = {"replacement": "▁", "prepend_scheme": "always"}
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [tokenizers.pre_tokenizers.WhitespaceSplit(), tokenizers.pre_tokenizers.Metaspace(**meta)]
    )
    made.decoder = tokenizers.decoders.Metaspace(**meta)
    made.add_special_tokens(["<pad>", "</s>", "<unk>", "<extra_id_1>", "<extra_id_0>"])
    return made.to_str().encode()


@pytest.fixture(params=["tokenizer.json", "spiece.model"])
def folder(request, tmp_path):
    content = json_model() if request.param == "tokenizer.json" else toys.pieces_model()
    (tmp_path / request.param).write_bytes(content)
    (tmp_path / "tokenizer_config.json").write_text("{}")
    return tmp_path


def test_words_come_back_and_newlines_do_not(folder):
    words = tokenizer.load(folder)
    text = "is it red or blue?"
    assert words.decode(words.encode(text)) == text
    assert 0 not in words.encode(text) and 1 not in words.encode(text)
    assert words.encode("is it\n\nred") == words.encode("is it  red") == words.encode("is it red")
    assert words.decode(words.encode("is it\nred")) == "is it red"
    assert 2 in words.encode("{")  # <unk>
    assert words.pieces(words.encode("is"))[0].startswith("▁")


def test_marks_in_a_text_end_nothing(folder):
    words = tokenizer.load(folder)
    assert not {0, 1} & set(words.encode("is </s> it <pad>"))


def test_spare_rows_of_the_table_are_no_text(folder):
    words = tokenizer.load(folder)
    ids = words.encode("red")
    assert words.decode([*ids, 1, 0, words.size, words.size + 27]) == "red"


def test_the_two_files_agree_and_sentinels_are_beyond_the_pieces():
    (a, b) = (
        tokenizer.PublishedTokenizer({"tokenizer.json": json_model()}),
        tokenizer.PublishedTokenizer({"spiece.model": toys.pieces_model()}),
    )
    for text in toys.TEXTS[:2]:
        assert a.encode(text) == b.encode(text)
    assert a.size == b.size + 2


def test_it_is_saved_whole_and_goes_to_workers(folder, tmp_path):
    words = tokenizer.load(folder)
    words.save(tmp_path / "run" / "vocabulary")
    for again in (
        tokenizer.load(tmp_path / "run" / "vocabulary"),
        pickle.loads(pickle.dumps(words)),
    ):
        assert again.fingerprint == words.fingerprint and again.size == words.size
        assert again.encode("yes it is") == words.encode("yes it is")
    assert (tmp_path / "run" / "vocabulary" / "tokenizer_config.json").read_text() == "{}"


def test_another_id_for_unk_is_the_tokenizers_own(tmp_path):
    content = toys.pieces_model(bos_id=2, bos_piece="<s>", unk_id=3)
    words = tokenizer.PublishedTokenizer({"spiece.model": content})
    assert 3 in words.encode("{") and 2 not in words.encode("{ <s>")
    assert not {0, 1, 2} & set(words.encode("is </s> it <pad>"))


BYT5 = {"tokenizer_config.json": b'{"tokenizer_class": "ByT5Tokenizer", "extra_ids": 125}'}


@hypothesis.given(strategies.text())
@hypothesis.settings(deadline=None)
def test_bytes_keep_every_text(text):
    words = tokenizer.PublishedTokenizer(BYT5)
    ids = words.encode(text)
    assert words.decode(ids) == text and len(ids) == len(text.encode())
    assert all(3 <= i < words.size == 259 for i in ids)


def test_ids_of_bytes_are_byt5s():
    words = tokenizer.PublishedTokenizer(BYT5)
    assert words.encode("a\n\xe9</s>")[:4] == [97 + 3, 10 + 3, 0xC3 + 3, 0xA9 + 3]
    assert words.pieces([0, 1, 2, 100, 35, 13, 259, 383]) == (
        ["<pad>", "</s>", "<unk>", "a", "<0x20>", "<0x0A>", "<extra_id_0>", "<extra_id_124>"]
    )
    # Half a character, marks, a sentinel and a spare row are no text.
    assert words.decode([100, 0xC3 + 3, 0, 1, 2, 259, 383, 500, 101]) == "ab"


@pytest.mark.parametrize("says", ["tokenizer_config.json", "config.json"])
def test_a_folder_of_byt5_is_told_by_its_class(says, tmp_path):
    folder, saved = tmp_path / "published", tmp_path / "run"
    folder.mkdir()
    (folder / "tokenizer_config.json").write_text('{"extra_ids": 125}')
    (folder / says).write_text('{"tokenizer_class": "ByT5Tokenizer", "extra_ids": 125}')
    words = tokenizer.load(folder)
    words.save(saved)
    for again in (tokenizer.load(saved), pickle.loads(pickle.dumps(words))):
        assert again.fingerprint == words.fingerprint
        assert again.decode(again.encode("- a\n  - b")) == "- a\n  - b"
    settings = json.loads((saved / "tokenizer_config.json").read_text())
    assert settings == {"tokenizer_class": "ByT5Tokenizer", "extra_ids": 125}


def test_the_settings_of_another_class_are_no_tokenizer(tmp_path):
    (tmp_path / "config.json").write_text("[")
    for content in ('{"tokenizer_class": "T5Tokenizer"}', "[]", "{"):
        (tmp_path / "tokenizer_config.json").write_text(content)
        with pytest.raises(errors.UserError, match="no vocabulary at"):
            tokenizer.load(tmp_path)


def test_a_folder_of_our_own_is_a_vocabulary(tmp_path):
    trained = vocabulary.Vocabulary.train(toys.TEXTS, 300, tmp_path)
    assert tokenizer.load(tmp_path).fingerprint == trained.fingerprint
    with pytest.raises(errors.UserError, match="no vocabulary at"):
        tokenizer.load(tmp_path / "nowhere")


def test_other_ids_and_broken_files_are_told(tmp_path):
    (tmp_path / "spiece.model").write_bytes(toys.pieces_model(pad_id=3))
    with pytest.raises(errors.UserError, match=r"has the ids \(3, 1\) for <pad> and </s>"):
        tokenizer.load(tmp_path)
    (tmp_path / "spiece.model").write_bytes(b"nothing")
    with pytest.raises(errors.UserError, match="spiece.model: no SentencePiece model"):
        tokenizer.load(tmp_path)
    pytest.importorskip("tokenizers", reason="needs the extra 'pretrained'")
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(errors.UserError, match="tokenizer.json: no tokenizer"):
        tokenizer.load(tmp_path)


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(errors.UserError, match=r"pip install -e '.\[pretrained\]'"):
        tokenizer.PublishedTokenizer({"tokenizer.json": b"{}"}, "somewhere")
