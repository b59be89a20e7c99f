"""T5Gemma and T5Gemma 2 without transformers: configurations both ways, names, a whole run."""

import dataclasses

import jax
import numpy as np
import published_toys as toys
import pytest
import safetensors.numpy
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import features, tokenizer
from flanlike.models import presets
from flanlike.pretrained import layout, weights
from flanlike.runs import export, peft_folder

KINDS = pytest.mark.parametrize("kind", toys.T5GEMMAS)


def shape_of(kind, *, encoder=None, decoder=None, **changes):
    """Returns the shape of a published configuration with changes of each side."""
    published = {**toys.T5GEMMAS[kind], **changes}
    of_encoder = published["encoder"]
    if kind == "t5gemma2":
        text = {**of_encoder["text_config"], **(encoder or {})}
        published["encoder"] = {**of_encoder, "text_config": text}
    else:
        published["encoder"] = {**of_encoder, **(encoder or {})}
    published["decoder"] = {**published["decoder"], **(decoder or {})}
    return layout.to_ours(published, "somewhere")


def test_each_has_its_own_parts():
    first, second = map(shape_of, toys.T5GEMMAS)
    for one in (first, second):
        assert one.family == "encoder_decoder" and one.turns and one.start_id == 2
        assert (one.layers, one.encoder_layers, one.layer_kinds) == (3, 3, "lgl")
        assert one.norms_after and one.centered_norms and one.scale_embeddings
        assert one.tied_embeddings and one.query_scalar == 5 and one.window == 4
        assert one.of_encoder is one
    assert (first.separate_tables, first.merges_attention) == (True, False)
    assert (second.separate_tables, second.merges_attention) == (False, True)
    assert (first.query_key_norms, second.query_key_norms) == (False, True)
    assert (first.attention_softcap, first.logit_softcap) == (50.0, 30.0)
    assert (second.attention_softcap, second.logit_softcap) == (0.0, 0.0)
    assert (first.rope_theta, first.rope_local_theta) == (1e4, 0.0)
    assert (second.rope_theta, second.rope_local_theta) == (1e6, 1e4)
    assert (first.encoder_before, first.encoder_after) == (4, 4)
    # A window is all that is seen, an even one more of what follows.
    assert (second.encoder_before, second.encoder_after) == (1, 2)
    odd = shape_of("t5gemma2", encoder={"sliding_window": 5})
    assert (odd.encoder_before, odd.encoder_after, odd.window) == (2, 2, 4)


def test_an_encoder_may_be_larger_than_its_decoder():
    larger = {"hidden_size": 8, "intermediate_size": 10, "num_hidden_layers": 5}
    kinds = ["sliding_attention", "full_attention"]
    larger |= {"num_attention_heads": 4, "layer_types": [*kinds, *kinds, kinds[0]]}
    shape = shape_of("t5gemma", encoder=larger)
    assert (shape.encoder_layers, shape.kinds_of(5), shape.encoder_key_value_heads) == (
        5,
        "lglgl",
        0,
    )
    own = shape.of_encoder
    assert (own.model_size, own.hidden_size, own.query_heads, own.key_value_heads) == (8, 10, 4, 1)
    params = nnx.state(models.abstract(shape), nnx.Param)
    assert params["decoder"]["cross"]["k"].get_raw_value().shape == (3, 8, 1, 6)
    with pytest.raises(errors.UserError, match="encoder_model_size 8 with model_size 4"):
        shape_of("t5gemma2", encoder=larger)


def test_the_preset_is_the_smallest_second():
    """370 million, as its makers count it, without what reads images."""
    sizes = {"vocab_size": 262_144, "hidden_size": 640, "intermediate_size": 2048}
    sizes |= {"num_hidden_layers": 18, "num_attention_heads": 4, "head_dim": 256}
    sizes |= {"layer_types": None, "sliding_window": 512, "query_pre_attn_scalar": 256}
    sizes |= {"rms_norm_eps": 1e-6, "max_position_embeddings": 32_768, "bos_token_id": 0}
    shape = dataclasses.replace(presets.get("t5gemma-2-270m"), vocab_size=262_144, dtype="float32")
    assert shape_of("t5gemma2", encoder=sizes, decoder=sizes) == shape
    assert layout.to_ours(layout.to_published(shape), "somewhere") == shape
    leaves = jax.tree.leaves(nnx.state(models.abstract(shape), nnx.Param))
    # One table of 167,772,160, and two stacks like Gemma 3 270M's of 100,326,016 with its norm.
    assert sum(leaf.size for leaf in leaves) == 167_772_160 + 2 * 100_326_016


@KINDS
def test_saving_then_loading_is_exact(kind, tmp_path):
    """The first with a larger encoder and a head of its own."""
    larger = {"hidden_size": 8, "num_attention_heads": 4} if kind == "t5gemma" else {}
    shape = shape_of(kind, encoder=larger, tie_word_embeddings=kind == "t5gemma2")
    toys.assert_whole(layout.architecture(shape).places(shape), shape)
    model = models.build(shape, seed=3)
    weights.save(tmp_path, model, marks=features.Marks(eos_id=7, bos_id=6), max_shard_bytes=300)
    loaded = weights.load(tmp_path)
    toys.assert_same_params(loaded, model)
    assert loaded.config == model.config
    content = layout.read(tmp_path)
    assert (content["eos_token_id"], content["decoder_start_token_id"]) == (7, 2)
    assert (content["decoder"]["eos_token_id"], content["decoder"]["bos_token_id"]) == (7, 2)
    assert weights.unread(tmp_path) == ""


def test_files_of_the_second_as_they_came_first(tmp_path):
    """Its encoder's names, both sides' table, and what reads images, which is counted."""
    model = models.build(shape_of("t5gemma2"), seed=3)
    weights.save(tmp_path, model)

    def rename(tensors):
        for name in list(tensors):
            tensors[name.replace("encoder.text_model.", "encoder.")] = tensors.pop(name)
        table = tensors["model.encoder.embed_tokens.weight"]
        tensors["model.decoder.embed_tokens.weight"] = table
        tensors["model.encoder.embed_tokens.eoi_embedding"] = table[0]
        tensors["model.decoder.embed_tokens.eoi_embedding"] = table[0]
        tensors["model.encoder.vision_tower.vision_model.encoder.layers.0.x.weight"] = table
        tensors["model.encoder.multi_modal_projector.mm_soft_emb_norm.weight"] = table[0]

    toys.rewrite(tmp_path, rename)
    toys.assert_same_params(weights.load(tmp_path), model)
    said = weights.unread(tmp_path)
    expected = "tensors for images are not read, trained or exported: 4 with 48 parameters"
    assert said == f"{tmp_path.name}: {expected}"
    toys.rewrite(tmp_path, lambda t: t["model.decoder.embed_tokens.weight"].__iadd__(1))
    with pytest.raises(errors.UserError, match="unequal to model.encoder.text_model.embed_tokens"):
        weights.load(tmp_path)


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("t5gemma", {"encoder": {"rms_norm_eps": 1e-6}}, "differ in more than size .norm_eps is"),
        ("t5gemma", {"encoder": {"head_dim": 8}}, "head_size is 8 and 6"),
        ("t5gemma", {"decoder": {"vocab_size": 10}}, "vocab_size is 9 and 10"),
        ("t5gemma", {"decoder": {"attention_bias": True}}, ".decoder.: attention_bias 'True'"),
        ("t5gemma", {"decoder": {"hidden_size": "4"}}, ".decoder.: 'hidden_size' missing"),
        ("t5gemma", {"decoder": {"bos_token_id": None}}, "decoder.bos_token_id None; expected the"),
        ("t5gemma2", {"encoder": {"attn_logit_softcapping": 50.0}}, ".encoder.: attn_logit_soft"),
        (
            "t5gemma2",
            {"encoder": {"layer_types": ["full_attention"] * 3}},
            "follow no common pattern .'ggg' and 'lgl'.",
        ),
    ],
)
def test_what_cannot_be_read_is_told(kind, changes, expected):
    with pytest.raises(errors.UserError, match=expected) as caught:
        shape_of(kind, **changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_a_side_that_is_not_there_is_told(side):
    published = {
        **toys.T5GEMMAS["t5gemma2"],
        side: {"vision_config": {}} if side == "encoder" else 3,
    }
    with pytest.raises(errors.UserError, match=f"'{side}' has no settings of its text"):
        layout.to_ours(published, "somewhere")


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("t5gemma", {"encoder_after": 3}, "no t5gemma .* .encoder_after is 3, not 4."),
        ("t5gemma", {"separate_tables": False}, "separate_tables is False, not True"),
        ("t5gemma2", {"logit_divisor": 2.0}, "logit_divisor is 2.0, not 1.0"),
    ],
)
def test_what_cannot_be_written_is_told(kind, changes, expected):
    with pytest.raises(errors.UserError, match=expected):
        layout.to_published(dataclasses.replace(shape_of(kind), **changes))


@KINDS
def test_a_soft_prompt_is_not_for_peft(kind, tmp_path):
    model = models.abstract(shape_of(kind))
    with pytest.raises(errors.UserError, match=f"a soft prompt of a {kind} is not written for"):
        peft_folder.save(tmp_path / "out", model, config_lib.SoftPromptConfig(tokens=2))
    assert not (tmp_path / "out").exists()


def test_a_published_one_is_loaded_and_exported(tmp_path, capsys):
    """Inputs are as its tokenizer has them: BOS before, and no EOS behind."""
    published, out = tmp_path / "published", tmp_path / "out"
    toys.published_t5gemma(published)
    words = tokenizer.load(published)
    assert not words.marks.ends_inputs and words.marks.bos_id is not None
    export.main([str(published), "--out", str(out)])
    said = capsys.readouterr().out
    assert "published: tensors for images are not read, trained or exported: 1 with 8 par" in said
    assert layout.read(out) == layout.read(published)
    assert layout.read(out)["decoder_start_token_id"] == words.marks.bos_id
    before, after = (safetensors.numpy.load_file(d / "model.safetensors") for d in (published, out))
    assert before.keys() - after.keys() == {toys.OF_IMAGES} and not after.keys() - before.keys()
    for name, tensor in after.items():
        np.testing.assert_array_equal(tensor, before[name])
