"""Published decoders without transformers: names, configurations both ways, errors."""

import dataclasses
import json
import subprocess
import sys

import jax
import numpy as np
import published_toys as toys
import pytest
import safetensors.numpy
from flax import nnx

from flanlike import errors, models
from flanlike.batches import features
from flanlike.models import presets
from flanlike.pretrained import decoders, layout, weights

KINDS = pytest.mark.parametrize("kind", toys.PUBLISHED)


def test_every_family_has_its_own_parts():
    kinds = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text")
    found = {kind: toys.shape_of(kind) for kind in kinds}
    assert {k for k, one in found.items() if one.query_key_value_biases} == {"qwen2"}
    assert {k for k, one in found.items() if one.query_key_norms} == {"qwen3", "gemma3_text"}
    assert {k for k, one in found.items() if one.norms_after} == {"gemma2", "gemma3_text"}
    assert [found[k].is_local for k in ("llama", "mistral", "qwen2", "qwen3")] == [
        (False, False, False),
        (True, True, True),
        (False, False, True),
        (False, False, False),
    ]
    assert found["gemma2"].is_local == (True, False, True)
    assert found["gemma3_text"].is_local == (True, True, False)
    assert found["gemma2"].query_scalar == 144 and found["gemma3_text"].query_scalar == 256
    assert (found["gemma2"].attention_softcap, found["gemma2"].logit_softcap) == (50.0, 30.0)
    for kind, one in found.items():
        is_gemma = kind.startswith("gemma")
        assert one.centered_norms == one.scale_embeddings == is_gemma
        assert one.activation == ("gelu" if is_gemma else "silu")
        assert one.tied_embeddings == (is_gemma or kind == "qwen2")
        assert (one.head_size, one.norm_eps, one.max_positions) == (6, 1e-5, 32)


def test_parts_that_few_have():
    found = {kind: toys.shape_of(kind) for kind in toys.PUBLISHED}

    def have(field: str, usual) -> dict[str, object]:
        return {k: getattr(one, field) for k, one in found.items() if getattr(one, field) != usual}

    layer_norms = {"gpt2": "layer", "gpt_neox": "layer"}
    assert have("norm", "rms") == layer_norms
    assert have("is_gated", True) == dict.fromkeys(layer_norms, False)
    assert (
        have("out_biases", False)
        == have("hidden_biases", False)
        == dict.fromkeys(layer_norms, True)
    )
    assert have("learned_positions", False) == {"gpt2": True}
    assert have("rotary_share", 1.0) == {"gpt2": 0.0, "gpt_neox": 0.5}
    assert have("is_parallel", False) == {"gpt_neox": True}
    assert have("norms_before", True) == {"olmo2": False, "olmo3": False}
    assert have("joins_query_key_norms", False) == {"olmo2": True, "olmo3": True}
    assert found["olmo3"].layer_kinds == "lgl" and found["olmo3"].window == 8
    assert (found["olmo3"].rope_scaling, found["olmo3"].rope_local_theta) == ("yarn", 5e5)
    assert found["smollm3"].layer_kinds == "ggn" and found["smollm3"].tied_embeddings
    assert found["phi3"].window == 2047 and not found["phi3"].tied_embeddings
    granite = found["granite"]
    assert (granite.embedding_multiplier, granite.logit_divisor) == (12.0, 8.0)
    assert (granite.residual_multiplier, granite.attention_scale) == (0.22, 1 / 64)
    assert (found["gpt2"].activation, found["gpt_neox"].activation) == ("gelu", "gelu_exact")
    assert (found["gpt2"].hidden_size, found["gpt2"].max_positions) == (16, 32)


# What the hub says these have, from their config.json as it is known.
@pytest.mark.parametrize(
    ("kind", "vocab_size", "widths", "layers", "heads", "parameters"),
    [
        ("llama", 32000, (4096, 11008), 32, (32, 32, 128), 6_738_415_616),  # Llama-2-7B
        ("mistral", 32000, (4096, 14336), 32, (32, 8, 128), 7_241_732_096),  # Mistral-7B
        ("qwen2", 151936, (896, 4864), 24, (14, 2, 64), 494_032_768),  # Qwen2.5-0.5B
        ("qwen3", 151936, (1024, 3072), 28, (16, 8, 128), 596_049_920),  # Qwen3-0.6B
        ("gemma", 256000, (2048, 16384), 18, (8, 1, 256), 2_506_172_416),  # gemma-2b
        ("gemma2", 256000, (2304, 9216), 26, (8, 4, 256), 2_614_341_888),  # gemma-2-2b
        ("gemma3_text", 262144, (1152, 6912), 26, (4, 1, 256), 999_885_952),  # gemma-3-1b
        ("gpt_neox", 50304, (512, 2048), 6, (8, None, 64), 70_426_624),  # Pythia-70M
        ("olmo2", 100352, (2048, 8192), 16, (16, 16, 128), 1_484_916_736),  # OLMo-2-0425-1B
        ("smollm3", 128256, (2048, 11008), 36, (16, 4, 128), 3_075_098_624),  # SmolLM3-3B
        ("phi3", 32064, (3072, 8192), 32, (32, 32, 96), 3_821_079_552),  # Phi-3-mini-4k
        ("granite", 49155, (2048, 8192), 40, (32, 8, 64), 2_533_531_648),  # granite-3.0-2b
    ],
)
def test_the_published_ones_have_their_sizes(kind, vocab_size, widths, layers, heads, parameters):
    sizes = ("hidden_size", "intermediate_size")
    named = ("num_attention_heads", "num_key_value_heads", "head_dim")
    shape = toys.shape_of(
        kind,
        **{"vocab_size": vocab_size, "num_hidden_layers": layers},
        **dict(zip(sizes, widths, strict=True)),
        **dict(zip(named, heads, strict=True)),
        **({"tie_word_embeddings": True} if kind in ("qwen2", "qwen3", "granite") else {}),
        **({"no_rope_layers": None} if kind == "smollm3" else {}),
    )
    assert parameters_of(shape) == parameters


def parameters_of(shape) -> int:
    leaves = jax.tree.leaves(nnx.state(models.abstract(shape), nnx.Param))
    return sum(leaf.size for leaf in leaves)


def test_gpt2_has_its_size_and_its_usual_hidden_units():
    sizes = {"vocab_size": 50257, "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024}
    shape = toys.shape_of("gpt2", **sizes)
    assert parameters_of(shape) == 124_439_808
    assert layout.to_published(shape)["n_inner"] is None
    assert toys.shape_of("gpt2", n_inner=24).hidden_size == 24


def test_rotations():
    llama, gemma3 = toys.shape_of("llama"), toys.shape_of("gemma3_text")
    assert (llama.rope_theta, llama.rope_scaling, llama.rope_factor) == (5e5, "llama3", 8.0)
    assert (llama.rope_low_turns, llama.rope_high_turns) == (1.0, 4.0)
    assert llama.rope_original_tokens == 8192
    assert (gemma3.rope_theta, gemma3.rope_local_theta) == (1e6, 1e4)
    assert (gemma3.rope_scaling, gemma3.rope_factor) == ("linear", 8.0)
    # As Qwen 2.5 writes it, with the magnitude left to the formula.
    yarn = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}
    qwen2 = toys.shape_of("qwen2", rope_scaling=yarn)
    assert (qwen2.rope_scaling, qwen2.rope_theta) == ("yarn", 1e6)
    assert (qwen2.rope_low_turns, qwen2.rope_high_turns) == (1.0, 32.0)
    assert qwen2.rope_magnitude == pytest.approx(1.1386, abs=1e-4)
    assert toys.shape_of("mistral").rope_theta == 10_000.0


@KINDS
def test_every_parameter_has_its_tensors(kind):
    shape = toys.shape_of(kind)
    toys.assert_whole(places_of(shape), shape)


def places_of(shape):
    return layout.architecture(shape).places(shape)


def test_names_are_the_published_ones():
    qwen2 = places_of(toys.shape_of("qwen2"))
    bias = qwen2["model.layers.1.self_attn.q_proj.bias"]
    assert bias.path == ("blocks", "attention", "q_bias") and bias.their_shape == (12,)
    theirs = np.arange(12)
    assert bias.to_ours(theirs).shape == (2, 6)
    np.testing.assert_array_equal(bias.to_theirs(bias.to_ours(theirs)), theirs)
    assert "lm_head.weight" not in qwen2
    llama, gemma2 = (
        places_of(toys.shape_of("llama")),
        places_of(toys.shape_of("gemma2")),
    )
    assert llama["lm_head.weight"].their_shape == (9, 4)
    name = "model.layers.2.post_attention_layernorm.weight"
    assert llama[name].path == ("blocks", "hidden_norm", "scale")
    assert gemma2[name].path == ("blocks", "attention_after_norm", "scale")
    before = gemma2["model.layers.2.pre_feedforward_layernorm.weight"]
    assert before.path == ("blocks", "hidden_norm", "scale")


def test_several_in_one_tensor():
    gpt2, neox = places_of(toys.shape_of("gpt2")), places_of(toys.shape_of("gpt_neox"))
    fused = gpt2["transformer.h.1.attn.c_attn.weight"]
    assert fused.their_shape == (4, 12)
    assert [part.path[-1] for part in fused.parts] == ["q", "k", "v"]
    assert {part.layer for part in fused.parts} == {1}
    theirs = np.arange(48).reshape(4, 12)
    q, k, v = fused.apart(theirs)
    np.testing.assert_array_equal(k, theirs[:, 4:8])
    # Their kernel is (inputs, outputs), as ours, with the heads apart.
    np.testing.assert_array_equal(fused.parts[1].to_ours(k), theirs[:, 4:8].reshape(4, 2, 2))
    np.testing.assert_array_equal(fused.joined([q, k, v]), theirs)
    assert gpt2["transformer.h.1.attn.c_proj.weight"].their_shape == (4, 4)
    bias = gpt2["transformer.h.1.attn.c_attn.bias"]
    np.testing.assert_array_equal(bias.apart(np.arange(12))[2], [8, 9, 10, 11])
    # Head by head: q, k and v of the first, then of the second.
    bias = neox["gpt_neox.layers.0.attention.query_key_value.bias"]
    q, k, v = bias.apart(np.arange(24))
    np.testing.assert_array_equal(k, [4, 5, 6, 7, 16, 17, 18, 19])
    np.testing.assert_array_equal(bias.joined([q, k, v]), np.arange(24))
    phi3 = places_of(toys.shape_of("phi3"))
    assert phi3["model.layers.0.self_attn.qkv_proj.weight"].their_shape == (24, 4)
    assert phi3["model.layers.0.mlp.gate_up_proj.weight"].their_shape == (12, 4)


def test_files_may_spell_names_otherwise(tmp_path):
    """The first GPT-2's, without a prefix and with masks; transformers 5's GPT-NeoX's head."""
    for kind, old, new in (("gpt2", "transformer.", ""), ("gpt_neox", "embed_out.", "lm_head.")):
        model = models.build(toys.shape_of(kind), seed=3)
        weights.save(tmp_path, model)

        def rename(tensors, old=old, new=new):
            for name in list(tensors):
                tensors[name.replace(old, new)] = tensors.pop(name)
            if old == "transformer.":
                tensors["h.0.attn.bias"] = np.ones((1, 1, 4, 4), np.uint8)
            else:
                tensors["gpt_neox.layers.0.attention.masked_bias"] = np.ones((), np.float16)

        toys.rewrite(tmp_path, rename)
        toys.assert_same_params(weights.load(tmp_path), model)


@KINDS
def test_saving_then_loading_is_exact(kind, tmp_path):
    model = models.build(toys.shape_of(kind), seed=3)
    weights.save(tmp_path, model, marks=features.Marks(eos_id=7, bos_id=6), max_shard_bytes=300)
    loaded = weights.load(tmp_path)
    toys.assert_same_params(loaded, model)
    assert loaded.config == model.config
    content = layout.read(tmp_path)
    assert (content["eos_token_id"], content["bos_token_id"]) == (7, 6)


def test_the_head_is_as_config_json_says(tmp_path):
    """Equal to the table, it still has a gradient of its own; tied, it may be left out."""
    model = models.build(toys.shape_of("llama"), seed=3)
    model.embedding.head[...] = model.embedding.table[...].T
    weights.save(tmp_path, model)
    assert weights.shape_of(tmp_path) == model.config
    content = layout.read(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**content, "tie_word_embeddings": True}))
    assert weights.shape_of(tmp_path).tied_embeddings
    toys.rewrite(tmp_path, lambda tensors: tensors["lm_head.weight"].fill(0))
    assert not weights.shape_of(tmp_path).tied_embeddings
    (tmp_path / "config.json").write_text(json.dumps(content))
    toys.rewrite(tmp_path, lambda tensors: tensors.pop("lm_head.weight"))
    with pytest.raises(errors.UserError, match="missing: lm_head.weight"):
        weights.load(tmp_path)


def test_buffers_of_old_files_are_passed_over(tmp_path):
    model = models.build(toys.shape_of("llama"), seed=3)
    weights.save(tmp_path, model)
    name = "model.layers.0.self_attn.rotary_emb.inv_freq"
    toys.rewrite(tmp_path, lambda tensors: tensors.update({name: np.ones(3, np.float32)}))
    toys.assert_same_params(weights.load(tmp_path), model)
    assert name in safetensors.numpy.load_file(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("llama", {"hidden_size": None}, "'hidden_size' missing or no whole number"),
        ("qwen2", {"num_key_value_heads": None}, "'num_key_value_heads' missing"),
        ("llama", {"attention_bias": True}, "attention_bias 'True'; expected False"),
        ("llama", {"mlp_bias": True}, "mlp_bias 'True'; expected False"),
        ("qwen3", {"attention_bias": True}, "attention_bias 'True'; expected False"),
        ("llama", {"partial_rotary_factor": 0.5}, "partial_rotary_factor '0.5'; expected 1.0"),
        ("gemma2", {"use_bidirectional_attention": True}, "use_bidirectional_attention 'True'"),
        ("llama", {"quantization_config": {"bits": 4}}, "quantization_config .*; expected None"),
        ("llama", {"hidden_act": "gelu"}, "activation is 'gelu'; expected one of 'silu'"),
        ("gemma2", {"hidden_activation": "gelu"}, "activation is 'gelu'"),
        ("gemma3_text", {"attn_logit_softcapping": 50.0}, "attn_logit_softcapping 50.0; expected"),
        (
            "llama",
            {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
            "rotary positions .*'dynamic'.*; expected the rope_type to be one of 'default'",
        ),
        ("llama", {"rope_scaling": {"rope_type": "linear"}}, "lack a number .*expected factor"),
        (
            "qwen2",
            {"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "mscale": 1.0}},
            "with its own keys and truncate true",
        ),
        (
            "gemma3_text",
            {"rope_parameters": {"sliding_attention": {"rope_type": "linear", "factor": 2.0}}},
            "of local layers; expected the rope_type 'default'",
        ),
        ("gemma2", {"layer_types": ["chunked_attention"] * 3}, "layer_types has 'chunked_att"),
        ("gemma2", {"layer_types": ["full_attention"]}, "layer_types has 1 entries; expected 3"),
        ("gpt2", {"n_embd": None}, "'n_embd' missing or no whole number"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "inverse_layer_idx 'True'; expected F"),
        ("gpt_neox", {"hidden_act": "quick_gelu"}, "activation is 'quick_gelu'"),
        ("olmo2", {"attention_bias": True}, "attention_bias 'True'; expected False"),
        ("granite", {"mlp_bias": True}, "mlp_bias 'True'; expected False"),
        ("smollm3", {"use_sliding_window": True}, "use_sliding_window 'True'; expected False"),
        ("smollm3", {"no_rope_layers": [1, 0]}, "no_rope_layers has 2 entries; expected 3"),
        ("phi3", {"rope_scaling": {"type": "longrope"}}, "rotary positions .*'longrope'"),
        ("phi3", {"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_type 'linear'; expec"),
        ("gemma3_text", {"text_config": {}}, "reads more than text; expected a text model"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_told(kind, changes, expected):
    with pytest.raises(errors.UserError, match=f"somewhere/config.json: .*{expected}"):
        toys.shape_of(kind, **changes)


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("llama", {"attention": "prefix"}, "no llama .*attention is 'prefix', not 'causal'"),
        ("llama", {"window": 8}, "no llama .*window is 8, not 0"),
        ("llama", {"scale_embeddings": True}, "scale_embeddings is True, not False"),
        ("gemma", {"query_key_norms": True}, "no gemma .*query_key_norms is True"),
        ("qwen3", {"is_gated": False}, "no qwen3 .*is_gated is False"),
        ("gpt2", {"rotary_share": 1.0}, "no gpt2 .*rotary_share is 1.0, not 0.0"),
        ("llama", {"residual_multiplier": 0.5}, "no llama .*residual_multiplier is 0.5, not 1.0"),
        ("granite", {"layer_pattern": "gn"}, "no granite .*layer_pattern is 'gn'"),
    ],
)
def test_what_the_family_cannot_compute_is_not_written(kind, changes, expected):
    shape = dataclasses.replace(toys.shape_of(kind), **changes)
    with pytest.raises(errors.UserError, match=expected):
        layout.to_published(shape)
    # What only training knows of is nothing to them.
    same = dataclasses.replace(toys.shape_of(kind), dropout=0.1, dtype="bfloat16", remat="full")
    assert layout.to_published(same) == layout.to_published(toys.shape_of(kind))


def test_presets_are_the_published_models():
    def published(name: str):
        return layout.to_published(dataclasses.replace(presets.get(name), vocab_size=9))

    small = published("decoder-1b")
    assert small["rope_scaling"] == {**toys.LLAMA3, "factor": 32.0}
    assert small["rope_parameters"] == {
        **toys.LLAMA3,
        "factor": 32.0,
        "rope_theta": 500_000.0,
    }
    assert (small["max_position_embeddings"], small["rms_norm_eps"]) == (131_072, 1e-5)
    assert small["tie_word_embeddings"] and not published("decoder-8b")["tie_word_embeddings"]
    assert published("decoder-8b")["rope_scaling"] is None
    assert published("decoder-135m")["rope_theta"] == 10_000.0


def test_the_shortest_pattern_of_layers():
    def pattern(letters: str) -> str:
        names = {"l": "sliding_attention", "g": "full_attention"}
        return decoders.pattern([names[letter] for letter in letters], "config.json")

    assert [pattern(x) for x in ("lglg", "lgl", "llgllg", "gggl", "lll", "g")] == [
        *("lg", "lg", "llg", "gggl", "l", "g"),
    ]


def test_on_a_mesh_they_are_born_and_compute_alike(tmp_path):
    """In a process of its own, for the devices are four."""
    sizes = {"vocab_size": 8, "num_attention_heads": 4, "num_key_value_heads": 2}
    for kind in ("qwen2", "gemma3_text", "olmo2", "gpt2"):
        shape = toys.shape_of(kind, **sizes)
        weights.save(tmp_path / kind, models.build(shape, seed=3))
    code = f"""
import jax, numpy as np
from flax import nnx
from flanlike.batches import features
from flanlike import models
from flanlike.models import sharding
from flanlike.training import loop
from flanlike.pretrained import weights
mesh = sharding.mesh(fsdp=2, tensor=2)
examples = [features.Example(inputs=[5, 6, 7] * 5, targets=[4, 3, 1]) for _ in range(2)]
batch = features.assemble([[one] for one in examples], (0, 20), family="decoder")
run = nnx.jit(lambda model, batch: model(batch))
for kind in ("qwen2", "gemma3_text", "olmo2", "gpt2"):
    folder = {str(tmp_path)!r} + "/" + kind
    placed, whole = weights.load(folder, mesh=mesh), weights.load(folder)
    born = models.build(placed.config, seed=0, mesh=mesh)
    def same(placed, whole, born):
        assert placed.sharding == born.sharding, (placed.sharding, born.sharding)
        np.testing.assert_array_equal(placed, whole)
    jax.tree.map(same, *map(loop.params_of, (placed, whole, born)))
    if kind == "qwen2":
        assert placed.blocks.attention.q_bias[...].sharding.spec[1] == "tensor"
    if kind == "olmo2":
        assert placed.blocks.attention.q_norm.scale[...].sharding.spec[1] == "tensor"
    if kind == "gpt2":
        assert placed.position_embedding.table[...].sharding.spec[1] == "fsdp"
        assert placed.blocks.hidden.up_bias[...].sharding.spec[1] == "tensor"
    with jax.set_mesh(mesh):
        of_mesh = run(placed, sharding.batch(batch, mesh))
    np.testing.assert_allclose(of_mesh, run(whole, batch), atol=1e-5)
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
