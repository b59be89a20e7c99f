"""Published models without transformers: names, files, errors, and the place of every tensor."""

import dataclasses
import json
import subprocess
import sys

import ml_dtypes
import numpy as np
import published_toys as toys
import pytest
import safetensors.numpy

from flanlike import errors, models
from flanlike.models import presets
from flanlike.pretrained import layout, names, t5, weights

FIRST_T5 = dataclasses.replace(
    toys.T5, activation="relu", is_gated=False, tied_embeddings=True, scale_head=True
)
UNUSED = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
UMT5 = dataclasses.replace(toys.T5, model_type="umt5", relative_per_layer=True)
SHAPES = pytest.mark.parametrize(
    "shape", [toys.T5, FIRST_T5, UMT5], ids=["v1.1", "original", "umt5"]
)


@pytest.fixture(scope="module")
def model():
    return models.build(toys.T5, seed=3)


@SHAPES
def test_names_are_the_published_ones(shape):
    places = t5.T5.places(shape)
    block = "decoder.block.1.layer"
    assert places[f"{block}.1.EncDecAttention.o.weight"] == names.Place(
        path=("decoder", "cross", "out"), layer=1, shape=(2, 3, 4), inputs=2
    )
    assert places[f"{block}.0.SelfAttention.q.weight"].their_shape == (6, 4)
    wi = "wi_1" if shape.is_gated else "wi"
    assert places[f"{block}.2.DenseReluDense.{wi}.weight"].path == ("decoder", "hidden", "up")
    assert ("lm_head.weight" in places) == (not shape.tied_embeddings)


@SHAPES
def test_every_parameter_has_its_tensors(shape):
    toys.assert_whole(t5.T5.places(shape), shape)


def test_a_kernel_is_turned_and_its_heads_are_parted():
    place = t5.T5.places(toys.T5)["encoder.block.0.layer.0.SelfAttention.q.weight"]
    theirs = np.arange(24).reshape(6, 4)  # (N*H, D)
    ours = place.to_ours(theirs)
    assert ours.shape == (4, 2, 3) and ours[1, 0, 2] == theirs[2, 1]  # D 1, head 0, unit 2
    np.testing.assert_array_equal(place.to_theirs(ours), theirs)


@SHAPES
@pytest.mark.parametrize("max_shard_bytes", [10**9, 300])
def test_saving_then_loading_is_exact(shape, max_shard_bytes, tmp_path):
    model = models.build(shape, seed=3)
    weights.save(tmp_path, model, max_shard_bytes=max_shard_bytes)
    assert (tmp_path / "model.safetensors").is_file() == (max_shard_bytes > 300)
    assert weights.is_published(tmp_path)
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1  # for the same readers
    loaded = weights.load(tmp_path, dtype="bfloat16")
    toys.assert_same_params(loaded, model)
    assert loaded.config == dataclasses.replace(shape, dtype="bfloat16")


def test_a_tied_head_without_scale_comes_back_tied(tmp_path):
    shape = dataclasses.replace(FIRST_T5, scale_head=False)
    weights.save(tmp_path, models.build(shape, seed=3))
    assert "lm_head.weight" in safetensors.numpy.load_file(tmp_path / "model.safetensors")
    assert weights.shape_of(tmp_path) == shape


def test_half_precision_is_widened(model, tmp_path):
    weights.save(tmp_path, model)

    def halve(tensors):
        tensors.update({k: v.astype(ml_dtypes.bfloat16) for k, v in tensors.items()})

    toys.rewrite(tmp_path, halve)
    table_VD = weights.load(tmp_path).embedding.table[...]
    expected_VD = np.asarray(model.embedding.table[...]).astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(table_VD, expected_VD.astype(np.float32))


def test_all_wrong_tensors_are_told_together(model, tmp_path):
    weights.save(tmp_path, model)

    def spoil(tensors):
        del tensors["encoder.final_layer_norm.weight"]
        tensors["encoder.block.7.layer.0.layer_norm.weight"] = np.ones(4, np.float32)
        tensors["shared.weight"] = np.ones((9, 4), np.float32)

    toys.rewrite(tmp_path, spoil)
    expected = (
        r"\(missing: encoder.final_layer_norm.weight; "
        r"of no place in this model: encoder.block.7.layer.0.layer_norm.weight; "
        r"misshapen: shared.weight is \[9, 4\], expected \[7, 4\]\)"
    )
    with pytest.raises(errors.UserError, match=expected):
        weights.load(tmp_path)


def test_copies_of_the_table_may_be_there_and_have_to_be_equal(model, tmp_path):
    weights.save(tmp_path, model)

    def copy(tensors):
        tensors["encoder.embed_tokens.weight"] = tensors["shared.weight"]
        tensors[UNUSED] = np.ones((8, 2), np.float32)

    toys.rewrite(tmp_path, copy)
    toys.assert_same_params(weights.load(tmp_path), model)
    toys.rewrite(tmp_path, lambda tensors: tensors["encoder.embed_tokens.weight"].fill(0))
    expected = "unequal to shared.weight: encoder.embed_tokens.weight"
    with pytest.raises(errors.UserError, match=expected):
        weights.load(tmp_path)


@pytest.mark.parametrize("shape", [toys.T5, FIRST_T5], ids=["untied", "tied"])
def test_the_table_may_have_a_copys_name_alone(shape, tmp_path):
    model = models.build(shape, seed=3)
    weights.save(tmp_path, model)
    toys.rewrite(
        tmp_path, lambda t: t.update({"decoder.embed_tokens.weight": t.pop("shared.weight")})
    )
    assert weights.shape_of(tmp_path) == shape
    toys.assert_same_params(weights.load(tmp_path), model)
    wrong = np.zeros((7, 4), np.float32)
    toys.rewrite(tmp_path, lambda t: t.update({"encoder.embed_tokens.weight": wrong}))
    with pytest.raises(errors.UserError, match="unequal to shared.weight: encoder.embed_tokens"):
        weights.load(tmp_path)


def test_weights_in_other_formats_beside_are_not_read(model, tmp_path):
    weights.save(tmp_path, model)
    for name in ("pytorch_model.bin", "flax_model.msgpack", "other.safetensors"):
        (tmp_path / name).write_bytes(b"not to be read")
    toys.assert_same_params(weights.load(tmp_path), model)


def test_quantized_weights_are_told(model, tmp_path):
    weights.save(tmp_path, model)
    name = "encoder.final_layer_norm.weight"
    toys.rewrite(tmp_path, lambda t: t.update({name: np.ones(4, np.int8)}))
    with pytest.raises(errors.UserError, match=f"{name} is of type I8; expected one of .*widened"):
        weights.load(tmp_path)


def test_loaded_parameters_do_not_change_with_the_file(model, tmp_path):
    """The files are mapped: what is read has to be a copy."""
    weights.save(tmp_path, model)
    loaded = weights.load(tmp_path)
    with open(tmp_path / "model.safetensors", "r+b") as file:
        file.seek(-400, 2)
        file.write(b"\xff" * 400)
    toys.assert_same_params(loaded, model)


# What is known of their config.json, without most of what no code of ours looks at.
PUBLISHED = {
    "google-t5/t5-small": (
        dict(d_model=512, d_kv=64, d_ff=2048, num_layers=6, num_heads=8, vocab_size=32128),
        dict(n_positions=512, output_past=True, task_specific_params={"summarization": {}}),
        dict(activation="relu", is_gated=False, scale_head=True, encoder_layers=6, layers=6),
    ),
    "google/flan-t5-small": (
        dict(d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_heads=6, vocab_size=32128),
        dict(feed_forward_proj="gated-gelu", num_decoder_layers=8, tie_word_embeddings=False),
        dict(activation="gelu", is_gated=True, scale_head=False, encoder_layers=8, layers=8),
    ),
    "google/ul2": (
        dict(d_model=4096, d_kv=256, d_ff=16384, num_layers=32, num_heads=16, vocab_size=32128),
        dict(feed_forward_proj="gated-silu", num_decoder_layers=32, tie_word_embeddings=False),
        dict(activation="silu", is_gated=True, scale_head=False, head_size=256),
    ),
    "google/byt5-small": (
        dict(d_model=1472, d_kv=64, d_ff=3584, num_layers=12, num_heads=6, vocab_size=384),
        dict(feed_forward_proj="gated-gelu", num_decoder_layers=4, tie_word_embeddings=False),
        dict(activation="gelu", encoder_layers=12, layers=4, scale_head=False),
    ),
    "google/mt5-small": (
        dict(d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_heads=6, vocab_size=250112),
        dict(model_type="mt5", feed_forward_proj="gated-gelu", tie_word_embeddings=False),
        dict(model_type="mt5", scale_head=False, layers=8, relative_per_layer=False),
    ),
    "google/umt5-small": (
        dict(d_model=512, d_kv=64, d_ff=1024, num_layers=8, num_heads=6, vocab_size=256384),
        dict(model_type="umt5", feed_forward_proj="gated-gelu", tie_word_embeddings=False),
        dict(model_type="umt5", scale_head=False, layers=8, relative_per_layer=True),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_configurations_are_read_and_written_back(name, tmp_path):
    sizes, more, expected = PUBLISHED[name]
    ids = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    published = {"model_type": "t5", "dropout_rate": 0.1, **sizes, **more, **ids}
    shape = layout.to_ours(published, tmp_path)
    assert {key: getattr(shape, key) for key in expected} == expected
    assert shape.dropout == 0.1 and shape.relative_buckets == 32
    written = layout.to_published(shape)
    assert layout.to_ours(written, tmp_path) == shape
    kept = {**sizes, **more, **ids}
    ignored = ("n_positions", "output_past", "task_specific_params")
    assert {k: written[k] for k in kept if k not in ignored} == (
        {k: v for k, v in kept.items() if k not in ignored}
    )


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"eos_token_id": 2}, "config.json: eos_token_id 2; expected 1"),  # MADLAD-400's
        (
            {"model_type": "longt5"},
            r"config.json: model_type 'longt5'; expected one of \('t5', 'mt5', 'umt5', 'llama'",
        ),
        ({"d_model": None}, "config.json: 'd_model' missing or no whole number"),
        ({"feed_forward_proj": "gelu"}, "feed_forward_proj 'gelu'; expected 'gated-gelu'"),
        ({"layer_norm_epsilon": 1e-5}, "layer_norm_epsilon 1e-05; expected 1e-06"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_told(model, changes, expected, tmp_path):
    weights.save(tmp_path, model)
    published = {**layout.read(tmp_path), **changes}
    (tmp_path / "config.json").write_text(json.dumps(published))
    with pytest.raises(errors.UserError, match=expected):
        weights.load(tmp_path)


def test_missing_and_broken_files_are_told(model, tmp_path):
    weights.save(tmp_path, model, max_shard_bytes=300)
    first, second, *_ = sorted(tmp_path.glob("model-*.safetensors"))
    second.unlink()
    with pytest.raises(errors.UserError, match=f"lacks .*{second.name}, which model.safetensors"):
        weights.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(first.read_bytes()[:20])
    with pytest.raises(errors.UserError, match="no whole safetensors file"):
        weights.load(tmp_path)
    for file in tmp_path.glob("model*"):
        file.unlink()
    with pytest.raises(errors.UserError, match="have to be written as safetensors first"):
        weights.load(tmp_path)


@pytest.mark.parametrize(
    "published, expected",
    [
        # As transformers 4 and as transformers 5 write the same models.
        ({"tie_word_embeddings": False}, False),
        ({}, True),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": False}, False),
        ({"tie_word_embeddings": True, "scale_decoder_outputs": True}, True),
        ({"model_type": "mt5", "tie_word_embeddings": True}, False),
    ],
)
def test_what_says_that_the_head_is_scaled(published, expected, tmp_path):
    content = {**layout.to_published(toys.T5), **published}
    for key in ("tie_word_embeddings", "scale_decoder_outputs"):
        if key not in published:
            del content[key]
    assert layout.to_ours(content, tmp_path).scale_head == expected


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"model_type": ""}, r"shape is none that is published \(model_type ''\)"),
        ({}, "is no t5 and cannot be written as one .*scale_"),
        ({"model_type": "mt5", "scale_head": True}, "no mt5 and .*scale_head is True"),
        ({"model_type": "umt5"}, "no umt5 and .*relative_per_layer is False"),
    ],
)
def test_a_model_that_is_no_t5_is_not_written_as_one(changes, expected, tmp_path):
    shape = dataclasses.replace(toys.T5, scale_embeddings=True, **changes)
    with pytest.raises(errors.UserError, match=expected):
        weights.save(tmp_path, models.build(shape, seed=0))
    assert not list(tmp_path.iterdir())


def test_presets_are_the_published_shapes():
    published = layout.to_published(dataclasses.replace(presets.get("t5-1.1-xl"), vocab_size=9))
    assert (published["d_model"], published["d_ff"], published["num_heads"]) == (2048, 5120, 32)
    assert published["feed_forward_proj"] == "gated-gelu"
    assert published["tie_word_embeddings"] is False


@pytest.mark.parametrize("shape", [toys.T5, UMT5], ids=["v1.1", "umt5"])
def test_on_a_mesh_every_parameter_lies_where_it_is_born(shape, tmp_path):
    """In a process of its own, for the devices are four."""
    shape = dataclasses.replace(shape, vocab_size=8)
    weights.save(tmp_path, models.build(shape, seed=3))
    code = f"""
import jax, numpy as np
from flanlike import models
from flanlike.models import sharding
from flanlike.training import loop
from flanlike.pretrained import weights
mesh = sharding.mesh(fsdp=2, tensor=2)
placed, whole = weights.load({str(tmp_path)!r}, mesh=mesh), weights.load({str(tmp_path)!r})
born = models.build(placed.config, seed=0, mesh=mesh)
def same(placed, whole, born):
    assert placed.sharding == born.sharding, (placed.sharding, born.sharding)
    np.testing.assert_array_equal(placed, whole)
jax.tree.map(same, *map(loop.params_of, (placed, whole, born)))
assert placed.encoder.attention.q[...].sharding.spec[1:3] == ("fsdp", "tensor")
"""
    environment = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "PATH": "", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
