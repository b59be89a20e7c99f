"""Tokenizers of published decoders: they keep the text, and say their own marks."""

import json
import pickle

import pytest

from flanlike import errors
from flanlike.batches import features, tokenizer

TEXTS = ["is it red or blue? yes it is", "no, it is not so"] * 10
HARD = "is it\n\nred?  - {x} 12 \t é 漢 \U0001f600"
KINDS = pytest.mark.parametrize("kind", ["byte_level", "byte_fallback"])


def byte_level(*, has_template: bool = True, **settings) -> dict[str, bytes]:
    """Returns the files of a tokenizer laid out as Llama 3's is."""
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra 'pretrained'")
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=280,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(TEXTS, trainer)
    made.add_special_tokens(["<|begin|>", "<|end|>"])
    parts = [tokenizers.processors.ByteLevel(trim_offsets=False)]
    if has_template:
        parts.append(_template(tokenizers, "<|begin|>", made.token_to_id("<|begin|>")))
    made.post_processor = tokenizers.processors.Sequence(parts)
    bos = {"__type": "AddedToken", "content": "<|begin|>", "normalized": False, "special": True}
    bos |= {"lstrip": False, "rstrip": False, "single_word": False}
    content = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": bos}
    content |= {"eos_token": "<|end|>", **settings}
    return {"tokenizer.json": made.to_str().encode(), "tokenizer_config.json": _json(content)}


def byte_fallback(**settings) -> dict[str, bytes]:
    """Returns the files of a tokenizer laid out as Llama 2's and Gemma's are."""
    tokenizers = pytest.importorskip("tokenizers", reason="needs the extra 'pretrained'")
    model = tokenizers.models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    made = tokenizers.Tokenizer(model)
    normalizers, decoders = tokenizers.normalizers, tokenizers.decoders
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [
            *(decoders.Replace("▁", " "), decoders.ByteFallback()),
            *(decoders.Fuse(), decoders.Strip(" ", 1, 0)),
        ]
    )
    marks = ["<unk>", "<s>", "</s>"]
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=[*marks, *(f"<0x{i:02X}>" for i in range(256))],
        show_progress=False,
    )
    made.train_from_iterator(TEXTS, trainer)
    made.post_processor = _template(tokenizers, "<s>", 1)
    content = json.loads(made.to_str())
    content["added_tokens"] = [one for one in content["added_tokens"] if one["id"] < len(marks)]
    said = {"eos_token": "</s>", "bos_token": "<s>", "unk_token": "<unk>", **settings}
    return {"tokenizer.json": _json(content), "special_tokens_map.json": _json(said)}


def _template(tokenizers, bos: str, bos_id: int):
    return tokenizers.processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos} $B:1", special_tokens=[(bos, bos_id)]
    )


def _json(content) -> bytes:
    return json.dumps(content).encode()


def words_of(kind: str, **settings) -> tokenizer.PublishedTokenizer:
    return tokenizer.PublishedTokenizer(globals()[kind](**settings), "somewhere")


@KINDS
def test_every_text_comes_back(kind):
    words = words_of(kind)
    for text in (HARD, *TEXTS[:2]):
        assert words.decode(words.encode(text)) == text
    ids = words.encode("red")
    marks = [i for i in words.marks if i is not None]
    assert words.decode([*marks, *ids, *marks, words.size, words.size + 9]) == "red"


@KINDS
def test_marks_are_its_own(kind):
    words = words_of(kind)
    if kind == "byte_level":  # the last two added
        assert words.marks == features.Marks(eos_id=words.size - 1, bos_id=words.size - 2)
    else:
        assert words.marks == features.Marks(eos_id=2, bos_id=1)


def test_bos_is_where_the_tokenizer_puts_it():
    assert words_of("byte_level", has_template=False).marks.bos_id is None
    added = words_of("byte_level", has_template=False, add_bos_token=True)
    assert added.marks.bos_id == added.size - 2
    assert words_of("byte_fallback", add_bos_token=False).marks.bos_id is None
    assert added.fingerprint != words_of("byte_level", has_template=False).fingerprint


def test_special_tokens_that_no_text_has_need_no_row():
    words = words_of("byte_level")
    assert words.rows == words.size
    content = json.loads(byte_level()["tokenizer.json"])
    image = {**content["added_tokens"][-1], "id": words.size, "content": "<image>"}
    content["added_tokens"].append(image)
    more = tokenizer.PublishedTokenizer({**byte_level(), "tokenizer.json": _json(content)})
    assert (more.size, more.rows) == (words.size + 1, words.size)
    image["special"] = False
    more = tokenizer.PublishedTokenizer({**byte_level(), "tokenizer.json": _json(content)})
    assert more.rows == more.size == words.size + 1


@KINDS
def test_marks_in_a_text_are_text(kind):
    words = words_of(kind)
    text = "it </s> is <s> <|end|> not <|begin|>"
    ids = words.encode(text)
    assert not set(words.marks) & set(ids)
    assert words.decode(ids) == text


def test_a_mark_that_is_no_special_token_is_no_text_either():
    """Where the tokenizer takes the spelling for the mark all the same, it goes."""
    files = byte_level()
    content = json.loads(files["tokenizer.json"])
    for one in content["added_tokens"]:
        one["special"] = False
    words = tokenizer.PublishedTokenizer({**files, "tokenizer.json": _json(content)})
    assert words.decode(words.encode("it<|end|> is")) == "it is"
    said = {"eos_token": "<|end|>", "unk_token": "!"}
    with_unk = {"tokenizer.json": _json(content), "tokenizer_config.json": _json(said)}
    words = tokenizer.PublishedTokenizer(with_unk)
    assert words.decode(words.encode("it<|end|> is")) == "it! is"


@KINDS
def test_it_is_saved_whole_and_goes_to_workers(kind, tmp_path):
    words = words_of(kind)
    words.save(tmp_path)
    for again in (tokenizer.load(tmp_path), pickle.loads(pickle.dumps(words))):
        assert again.fingerprint == words.fingerprint and again.size == words.size
        assert again.marks == words.marks and again.encode(HARD) == words.encode(HARD)


def test_what_cannot_be_read_is_told(tmp_path):
    files = byte_level(eos_token=None)
    with pytest.raises(errors.UserError, match="or an eos_token in tokenizer_config.json"):
        tokenizer.PublishedTokenizer(files, "somewhere")
    with pytest.raises(errors.UserError, match="has no piece '<stop>', its eos_token"):
        words_of("byte_level", eos_token="<stop>")
    with pytest.raises(errors.UserError, match="somewhere/tokenizer_config.json: no JSON object"):
        tokenizer.PublishedTokenizer({**files, "tokenizer_config.json": b"{"}, "somewhere")
    content = json.loads(files["tokenizer.json"])
    template = content["post_processor"]["processors"][-1]
    template["single"].insert(0, template["single"][0])
    two = {**byte_level(), "tokenizer.json": _json(content)}
    with pytest.raises(errors.UserError, match="puts .'<.begin.>', '<.begin.>'. before a text"):
        tokenizer.PublishedTokenizer(two, "somewhere")
    (tmp_path / "tokenizer.model").write_bytes(b"")
    with pytest.raises(errors.UserError, match="has tokenizer.model and no tokenizer.json"):
        tokenizer.load(tmp_path)
