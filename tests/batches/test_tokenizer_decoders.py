"""Tokenizers of published decoders: they keep the text, and say their own marks."""

import json
import pickle

import published_toys as toys
import pytest

from flanlike import errors
from flanlike.batches import features, tokenizer

HARD = "is it\n\nred?  - {x} 12 \t é 漢 \U0001f600"
KINDS = pytest.mark.parametrize("kind", ["byte_level", "byte_fallback"])


@KINDS
def test_every_text_comes_back(kind):
    words = toys.words_of(kind)
    for text in (HARD, *toys.TEXTS[:2]):
        assert words.decode(words.encode(text)) == text
    ids = words.encode("red")
    marks = [i for i in words.marks[:2] if i is not None]
    assert words.decode([*marks, *ids, *marks, words.size, words.size + 9]) == "red"


@KINDS
def test_marks_are_its_own(kind):
    words = toys.words_of(kind)
    if kind == "byte_level":  # the last two added
        eos_id, bos_id = words.size - 1, words.size - 2
    else:
        eos_id, bos_id = 2, 1
    assert words.marks == features.Marks(eos_id=eos_id, bos_id=bos_id, ends_inputs=False)


def test_eos_ends_an_encoders_inputs_where_the_tokenizer_puts_it():
    plain = toys.words_of("byte_level", add_bos_token=True)
    added = toys.words_of("byte_level", add_bos_token=True, add_eos_token=True)
    assert (plain.marks.ends_inputs, added.marks.ends_inputs) == (False, True)
    content = json.loads(toys.byte_level()["tokenizer.json"])
    [template] = [
        one
        for one in content["post_processor"]["processors"]
        if one["type"] == "TemplateProcessing"
    ]
    end = {"SpecialToken": {"id": "<|end|>", "type_id": 0}}
    template["single"].append(end)
    template["special_tokens"]["<|end|>"] = {
        **{"id": "<|end|>", "ids": [plain.marks.eos_id], "tokens": ["<|end|>"]}
    }
    files = toys.byte_level() | {"tokenizer.json": toys.json_bytes(content)}
    words = tokenizer.PublishedTokenizer(files)
    assert words.marks == plain.marks._replace(ends_inputs=True)
    assert words.encode("is it") == plain.encode("is it")


def test_bos_is_where_the_tokenizer_puts_it():
    assert toys.words_of("byte_level", has_template=False).marks.bos_id is None
    added = toys.words_of("byte_level", has_template=False, add_bos_token=True)
    assert added.marks.bos_id == added.size - 2
    assert toys.words_of("byte_fallback", add_bos_token=False).marks.bos_id is None
    assert added.fingerprint != toys.words_of("byte_level", has_template=False).fingerprint


def test_config_json_names_eos_where_the_tokenizer_does_not(tmp_path):
    """The first GPT-2's, whose class in transformers knows it."""
    files = {**toys.byte_level(), "tokenizer_config.json": b'{"model_max_length": 1024}'}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(errors.UserError, match="or an eos_token in tokenizer_config.json"):
        tokenizer.load(tmp_path)
    eos_id = toys.words_of("byte_level").marks.eos_id
    (tmp_path / "config.json").write_text(json.dumps({"eos_token_id": eos_id}))
    words = tokenizer.load(tmp_path)
    assert words.marks.eos_id == eos_id
    words.save(tmp_path / "out")
    said = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert said == {"model_max_length": 1024, "eos_token": "<|end|>"}


def test_special_tokens_that_no_text_has_need_no_row():
    words = toys.words_of("byte_level")
    assert words.rows == words.size
    content = json.loads(toys.byte_level()["tokenizer.json"])
    image = {**content["added_tokens"][-1], "id": words.size, "content": "<image>"}
    content["added_tokens"].append(image)
    more = tokenizer.PublishedTokenizer(
        {**toys.byte_level(), "tokenizer.json": toys.json_bytes(content)}
    )
    assert (more.size, more.rows) == (words.size + 1, words.size)
    image["special"] = False
    more = tokenizer.PublishedTokenizer(
        {**toys.byte_level(), "tokenizer.json": toys.json_bytes(content)}
    )
    assert more.rows == more.size == words.size + 1


@KINDS
def test_marks_in_a_text_are_text(kind):
    words = toys.words_of(kind)
    text = "it </s> is <s> <|end|> not <|begin|>"
    ids = words.encode(text)
    assert not set(words.marks) & set(ids)
    assert words.decode(ids) == text


def test_a_mark_that_is_no_special_token_is_no_text_either():
    """Where the tokenizer takes the spelling for the mark all the same, it goes."""
    files = toys.byte_level()
    content = json.loads(files["tokenizer.json"])
    for one in content["added_tokens"]:
        one["special"] = False
    words = tokenizer.PublishedTokenizer({**files, "tokenizer.json": toys.json_bytes(content)})
    assert words.decode(words.encode("it<|end|> is")) == "it is"
    said = {"eos_token": "<|end|>", "unk_token": "!"}
    with_unk = {
        "tokenizer.json": toys.json_bytes(content),
        "tokenizer_config.json": toys.json_bytes(said),
    }
    words = tokenizer.PublishedTokenizer(with_unk)
    assert words.decode(words.encode("it<|end|> is")) == "it! is"


@KINDS
def test_it_is_saved_whole_and_goes_to_workers(kind, tmp_path):
    words = toys.words_of(kind)
    words.save(tmp_path)
    for again in (tokenizer.load(tmp_path), pickle.loads(pickle.dumps(words))):
        assert again.fingerprint == words.fingerprint and again.size == words.size
        assert again.marks == words.marks and again.encode(HARD) == words.encode(HARD)


def test_what_cannot_be_read_is_told(tmp_path):
    files = toys.byte_level(eos_token=None)
    with pytest.raises(errors.UserError, match="or an eos_token in tokenizer_config.json"):
        tokenizer.PublishedTokenizer(files, "somewhere")
    with pytest.raises(errors.UserError, match="has no piece '<stop>', its eos_token"):
        toys.words_of("byte_level", eos_token="<stop>")
    with pytest.raises(errors.UserError, match="somewhere/tokenizer_config.json: no JSON object"):
        tokenizer.PublishedTokenizer({**files, "tokenizer_config.json": b"{"}, "somewhere")
    content = json.loads(files["tokenizer.json"])
    template = content["post_processor"]["processors"][-1]
    template["single"].insert(0, template["single"][0])
    two = {**toys.byte_level(), "tokenizer.json": toys.json_bytes(content)}
    with pytest.raises(errors.UserError, match="puts .'<.begin.>', '<.begin.>'. before a text"):
        tokenizer.PublishedTokenizer(two, "somewhere")
    (tmp_path / "tokenizer.model").write_bytes(b"")
    with pytest.raises(errors.UserError, match="has tokenizer.model and no tokenizer.json"):
        tokenizer.load(tmp_path)


@KINDS
def test_marks_that_a_chat_template_spells_are_marks(kind):
    words = toys.words_of(kind)
    end = words.pieces([words.marks.eos_id])[0]
    assert words.encode_spelt(f"is it{end}")[-1] == words.marks.eos_id
    assert words.marks.eos_id not in words.encode(f"is it{end}")  # and texts stay texts
    assert words.spelt_marks["eos_token"] == end


def test_the_first_id_is_what_the_files_name_and_inputs_may_lack():
    words = toys.words_of("byte_level", add_bos_token=False)
    assert words.marks.bos_id is None
    assert words.pieces([words.first_id]) == ["<|begin|>"]
    assert tokenizer.PublishedTokenizer({"spiece.model": toys.pieces_model()}).first_id is None


def test_the_chat_template_is_the_file_or_the_setting_or_the_default_of_several():
    several = [{"name": "tools", "template": "no"}, {"name": "default", "template": "so"}]
    files = toys.byte_level(chat_template="yes")
    assert tokenizer.PublishedTokenizer(files).chat_template == "yes"
    files["chat_template.jinja"] = b"red"
    assert tokenizer.PublishedTokenizer(files).chat_template == "red"
    assert toys.words_of("byte_level", chat_template=several).chat_template == "so"
    assert toys.words_of("byte_level").chat_template is None


@pytest.mark.parametrize("template", [7, ["so"], [{"name": "tools", "template": "no"}]])
def test_a_chat_template_that_is_none_is_told(template):
    with pytest.raises(errors.UserError, match="chat template cannot be read .*named 'default'"):
        _ = toys.words_of("byte_level", chat_template=template).chat_template
    files = {**toys.byte_level(), "chat_template.jinja": b"\xff"}
    with pytest.raises(errors.UserError, match="chat template cannot be read .UnicodeDecodeError"):
        _ = tokenizer.PublishedTokenizer(files).chat_template
