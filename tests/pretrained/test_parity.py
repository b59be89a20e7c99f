"""Parity with transformers on the CPU: the same weights give the same logits, text and update.

Needs the extra `parity` (torch and transformers); skipped without it.
"""

import dataclasses
import json
import pathlib
import re
import sys
from typing import Any

import jax
import numpy as np
import parity_toys as toys
import pytest

from flanlike import models
from flanlike.batches import features, tokenizer
from flanlike.models import positions
from flanlike.pretrained import layout, weights

torch = pytest.importorskip("torch", reason="parity with transformers needs the extra 'parity'")
transformers = pytest.importorskip(
    "transformers", reason="parity with transformers needs the extra 'parity'"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """What transformers calls a kind of T5."""

    settings: dict[str, Any]  # of its configuration
    has_head: bool = True  # of its own
    is_scaled: bool = False
    model_type: str = "t5"


GATED = {"feed_forward_proj": "gated-gelu"}
UNSCALED = {"tie_word_embeddings": False}
KINDS = {
    "v1.1": Kind(settings=GATED | UNSCALED),
    "original": Kind(settings={"feed_forward_proj": "relu"}, has_head=False, is_scaled=True),
    "gated-tied": Kind(settings=GATED, has_head=False, is_scaled=True),
    "tied-unscaled": Kind(settings={"feed_forward_proj": "relu"} | UNSCALED, has_head=False),
    "ul2": Kind(settings={"feed_forward_proj": "gated-silu"} | UNSCALED),
    # Three times as many layers in the encoder as in the decoder.
    "byt5": Kind(settings=GATED | UNSCALED | {"num_layers": 3, "num_decoder_layers": 1}),
    "mt5": Kind(settings=GATED, model_type="mt5"),
    # As transformers 5 has it; see test_umt5_as_published for the other.
    "umt5": Kind(settings=GATED, model_type="umt5", is_scaled=True),
}
ALL_KINDS = pytest.mark.parametrize("kind", KINDS)
# Long enough for the buckets of far distances, and of unequal lengths.
SOURCES = [[*range(5, 35)], [9, 3, 17], [30, 31, 8, 8, 2, 40]]
TARGETS = [[*range(20, 3, -1)], [7], [12, 12, 5]]


def theirs(kind: str, *, seed: int = 0):
    """Returns a random small T5 of transformers, with a dropout of 0."""
    settings = dict(
        vocab_size=48,
        d_model=16,
        d_kv=8,
        d_ff=24,
        num_layers=2,
        num_decoder_layers=3,
        num_heads=4,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=16,
        dropout_rate=0.0,
        decoder_start_token_id=0,
    )
    torch.manual_seed(seed)
    published = transformers.AutoConfig.for_model(
        KINDS[kind].model_type, **settings | KINDS[kind].settings
    )
    model = transformers.AutoModelForSeq2SeqLM.from_config(published).eval()
    if KINDS[kind].has_head:
        model.lm_head.weight = torch.nn.Parameter(torch.randn(48, 16))
    for name, parameter in model.named_parameters():
        if "layer_norm" in name:  # ones hide a norm in the wrong place
            parameter.data.uniform_(0.5, 1.5)
    return model


def theirs_of(folder):
    """Returns transformers' model of the folder; nothing may be missing or left over."""
    model, told = transformers.AutoModelForSeq2SeqLM.from_pretrained(
        folder, output_loading_info=True
    )
    assert not any(told[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


EXAMPLES = [
    features.Example(inputs=[*s, features.EOS_ID], targets=[*t, features.EOS_ID])
    for s, t in zip(SOURCES, TARGETS, strict=True)
]


def assert_same_logits(ours, model) -> None:
    toys.assert_same_seq2seq_logits(ours, model, EXAMPLES)


@ALL_KINDS
def test_logits_agree_after_loading(kind, tmp_path):
    model = theirs(kind)
    ours = toys.ours_of(model, tmp_path)
    assert ours.config.tied_embeddings == (not KINDS[kind].has_head)
    assert ours.config.scale_head == KINDS[kind].is_scaled
    assert_same_logits(ours, model)


@ALL_KINDS
def test_logits_agree_after_saving(kind, tmp_path):
    shape = toys.ours_of(theirs(kind), tmp_path / "theirs").config
    ours = models.build(shape, seed=5)
    weights.save(tmp_path / "ours", ours)
    model = theirs_of(tmp_path / "ours")
    assert model.config.model_type == KINDS[kind].model_type
    if KINDS[kind].model_type == "t5":
        assert model.config.scale_decoder_outputs == shape.scale_head
    assert (model.lm_head.weight is model.shared.weight) == shape.tied_embeddings
    assert_same_logits(ours, model)


@ALL_KINDS
def test_there_and_back_is_bit_exact(kind, tmp_path):
    model = theirs(kind)
    weights.save(tmp_path / "ours", toys.ours_of(model, tmp_path / "theirs"), max_shard_bytes=6000)
    assert (tmp_path / "ours" / "model.safetensors.index.json").is_file()
    back = theirs_of(tmp_path / "ours")
    assert back.config.to_diff_dict().keys() == model.config.to_diff_dict().keys() | {"dtype"}
    for (name, before), (_, after) in zip(
        model.state_dict().items(), back.state_dict().items(), strict=True
    ):
        assert torch.equal(before, after), name


@ALL_KINDS
def test_greedy_generations_are_the_same_tokens(kind, tmp_path):
    model = theirs(kind)
    model.shared.weight.data.mul_(0.1)  # or a tied head says the start token for ever
    ours = toys.ours_of(model, tmp_path)
    # transformers 5.23.0 counts its cache's layers by the encoder's
    toys.assert_same_greedy_tokens(ours, model, SOURCES, EXAMPLES, use_cache=False)


@ALL_KINDS
def test_one_adamw_step_is_the_same(kind, tmp_path):
    model = theirs(kind)
    ours = toys.ours_of(model, tmp_path / "theirs")
    toys.assert_same_seq2seq_step(ours, model, EXAMPLES, tmp_path / "updated")


@pytest.mark.parametrize("is_bidirectional", [True, False])
def test_relative_buckets_are_the_same_at_every_distance(is_bidirectional):
    from transformers.models.t5 import modeling_t5

    distances = np.arange(-2000, 2000)
    expected = modeling_t5.T5Attention._relative_position_bucket(
        torch.tensor(distances), bidirectional=is_bidirectional, num_buckets=32, max_distance=128
    )
    found = jax.jit(
        lambda d: positions.relative_buckets(
            d, is_bidirectional=is_bidirectional, buckets=32, max_distance=128
        )
    )(distances)
    np.testing.assert_array_equal(found, expected.numpy())


def test_mt5_is_never_scaled(tmp_path):
    """Not even with a tied head."""
    model = theirs("mt5")
    model.lm_head.weight = model.shared.weight
    ours = toys.ours_of(model, tmp_path)
    assert ours.config.tied_embeddings and not ours.config.scale_head
    assert_same_logits(ours, model)


def test_umt5_as_published(tmp_path):
    """Its config.json says false, as it was trained; transformers 5 scales whatever that says."""
    model = theirs("umt5")
    model.save_pretrained(tmp_path / "theirs")
    published = layout.read(tmp_path / "theirs")
    content = json.dumps({**published, "tie_word_embeddings": False})
    (tmp_path / "theirs" / layout.CONFIG_FILE).write_text(content)
    ours = weights.load(tmp_path / "theirs")
    assert not ours.config.scale_head
    weights.save(tmp_path / "ours", ours)
    assert layout.read(tmp_path / "ours")["tie_word_embeddings"] is False
    back = theirs_of(tmp_path / "ours")
    assert back.config.tie_word_embeddings  # a version that reads it needs no more of the next line
    back.config.tie_word_embeddings = False
    assert_same_logits(ours, back)


TEXTS = ["is it\n\nred  or\tblue?", "{x} é 漢字 🙂", "", "\u2581 \x00"]


def test_byt5_has_the_same_ids_and_text(tmp_path):
    expected = transformers.ByT5Tokenizer()
    expected.save_pretrained(tmp_path)
    words = tokenizer.load(tmp_path)
    for text in TEXTS:
        ids = words.encode(text)
        assert [*ids, features.EOS_ID] == expected(text).input_ids
        cut = ids[:-1]  # of the last character, where it has several bytes
        for row in (ids, cut, [*cut, 0, 1]):
            assert words.decode(row) == expected.decode(row, skip_special_tokens=True)
    names = ["<pad>", "</s>", "<unk>", "<extra_id_0>", "<extra_id_124>"]
    assert words.pieces(expected.convert_tokens_to_ids(names)) == names
    words.save(tmp_path / "saved")
    again = transformers.AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert again(TEXTS[1]).input_ids == expected(TEXTS[1]).input_ids


def test_pytorch_files_are_rewritten_as_the_guide_says(tmp_path, monkeypatch):
    model = theirs("v1.1")
    model.save_pretrained(tmp_path / "bin")
    (tmp_path / "bin" / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "bin" / "pytorch_model.bin")
    transformers.ByT5Tokenizer().save_pretrained(tmp_path / "bin")
    guide = pathlib.Path(__file__).parents[2] / "docs" / "pretrained.md"
    (command,) = re.findall(r'python -c "(import transformers.+?)" ID DIR', guide.read_text())
    monkeypatch.setattr(sys, "argv", ["-c", str(tmp_path / "bin"), str(tmp_path / "dir")])
    exec(command, {})
    assert_same_logits(weights.load(tmp_path / "dir"), model)
    assert tokenizer.load(tmp_path / "dir").size == 259


def test_bfloat16_files_load_exactly(tmp_path):
    model = theirs("v1.1").to(torch.bfloat16)
    ours = toys.ours_of(model, tmp_path)
    head_VD = model.lm_head.weight.detach().float().numpy()
    np.testing.assert_array_equal(np.asarray(ours.embedding.head[...]).T, head_VD)
