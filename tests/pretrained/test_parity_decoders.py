"""Parity of published decoders with transformers on the CPU: logits, text and update.

Needs the extra `parity` (torch and transformers); skipped without it.
"""

import json
from typing import NamedTuple

import numpy as np
import parity_toys
import published_toys
import pytest
from flax import nnx

from flanlike import config, errors, models
from flanlike.batches import features
from flanlike.models import generate
from flanlike.pretrained import layout, weights
from flanlike.runs import export, loading
from flanlike.training import loop, optim

torch = pytest.importorskip("torch", reason="needs the extra 'parity'")
transformers = pytest.importorskip("transformers", reason="needs the extra 'parity'")

MARKS = features.Marks(eos_id=2, bos_id=1)
LLAMA3 = {
    **{"rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0},
    **{"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 40},
}
YARN = {
    **{"rope_type": "yarn", "rope_theta": 10.0, "factor": 4.0},
    **{"original_max_position_embeddings": 16},
}
TWO_ROPES = {
    "full_attention": {"rope_type": "linear", "rope_theta": 500.0, "factor": 4.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 50.0},
}
YARN_AND_PLAIN = {
    "full_attention": {
        **YARN,
        **{"attention_factor": 1.2, "beta_slow": 1.0, "beta_fast": 32.0, "truncate": True},
    },
    "sliding_attention": {"rope_type": "default", "rope_theta": 10.0},
}
LONGROPE = {
    **{"rope_type": "longrope", "rope_theta": 100.0, "attention_factor": 1.3},
    **{"short_factor": [1.0, 1.5, 0.5], "long_factor": [1.0, 2.0, 8.0]},
}
TWO_HEADS = {"num_attention_heads": 2}
# Windows are shorter than the sequences, and caps low enough to bend.
KINDS = {
    "llama": ("Llama", {"rms_norm_eps": 1e-3}),
    "smollm": ("Llama", {"tie_word_embeddings": True, "num_key_value_heads": 4}),
    "llama3": ("Llama", {"rope_parameters": LLAMA3}),
    "linear": (
        "Llama",
        {"rope_parameters": {"rope_type": "linear", "rope_theta": 90.0, "factor": 4.0}},
    ),
    "mistral": ("Mistral", {"sliding_window": 5}),
    "mistral-full": ("Mistral", {"sliding_window": None}),
    "qwen2": ("Qwen2", {"tie_word_embeddings": True}),
    "qwen2-yarn": (
        "Qwen2",
        {"rope_parameters": YARN, "num_attention_heads": 2, "num_key_value_heads": 1},
    ),
    "qwen2-window": (
        "Qwen2",
        {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1},
    ),
    "qwen3": ("Qwen3", {}),
    "gemma": ("Gemma", {}),
    "gemma2": (
        "Gemma2",
        {
            **{"sliding_window": 5, "query_pre_attn_scalar": 3},
            **{"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0},
        },
    ),
    "gemma3": (
        "Gemma3",
        {
            **{"sliding_window": 5, "sliding_window_pattern": 3, "query_pre_attn_scalar": 5},
            **{"rope_parameters": TWO_ROPES},
        },
    ),
    "gpt2": ("GPT2", {"n_inner": 24, "hidden_size": 24}),
    "gpt_neox": ("GPTNeoX", {**TWO_HEADS, "rotary_pct": 0.5, "rotary_emb_base": 100.0}),
    "olmo2": ("Olmo2", {}),
    "olmo3": (
        "Olmo3",
        {
            **{"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"] * 2},
            **{"num_hidden_layers": 4, "rope_parameters": YARN_AND_PLAIN},
        },
    ),
    "smollm3": (
        "SmolLM3",
        {"no_rope_layers": [1, 0, 1], "no_rope_layer_interval": 2, "rope_parameters": YARN},
    ),
    "phi3": (
        "Phi3",
        {
            **{**TWO_HEADS, "num_key_value_heads": 1, "sliding_window": 5},
            **{"partial_rotary_factor": 0.5, "rope_parameters": {"rope_theta": 100.0}},
        },
    ),
    # All texts are longer than the original length here, and shorter in a test of its own.
    "phi3-longrope": (
        "Phi3",
        {
            **{**TWO_HEADS, "num_key_value_heads": 1, "partial_rotary_factor": 0.75},
            **{"original_max_position_embeddings": 3, "rope_parameters": LONGROPE},
        },
    ),
    "granite": (
        "Granite",
        {
            **{"embedding_multiplier": 3.0, "attention_multiplier": 0.2},
            **{"residual_multiplier": 0.7, "logits_scaling": 1.5},
        },
    ),
}
# What their configurations lack of the sizes that are usual.
LACKING = {
    "Qwen2": ("head_dim",),
    "GPT2": ("head_dim", "num_key_value_heads", "intermediate_size"),
    "GPTNeoX": ("head_dim", "num_key_value_heads"),
    "Phi3": ("head_dim",),
}
ABOUT_FILES = ("dtype", "_name_or_path", "transformers_version", "architectures")
BY_LAYER_TYPES = ("max_window_layers", "sliding_window_pattern", "_sliding_window_pattern")
# Of unequal lengths; every input begins with BOS.
INPUTS = [[1, *range(5, 30)], [1, 9, 3, 17], [1, 30, 31, 8, 8, 40]]
TARGETS = [[*range(20, 3, -2)], [7], [12, 12, 5]]


class Pair(NamedTuple):
    kind: str
    theirs: object
    ours: nnx.Module


def theirs(kind: str, *, seed: int = 0, **changes):
    """Returns a random small model of transformers, all of whose parameters matter."""
    name, settings = KINDS[kind]
    torch.manual_seed(seed)
    config_class = getattr(transformers, f"{name}{'Text' if name == 'Gemma3' else ''}Config")
    sizes = {
        **{"vocab_size": 48, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3},
        **{"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8},
        **{"max_position_embeddings": 64},
        **{"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None},
    }
    sizes = {key: size for key, size in sizes.items() if key not in LACKING.get(name, ())}
    model = transformers.AutoModelForCausalLM.from_config(
        config_class(**{**sizes, **settings, **changes})
    )
    for path, parameter in model.named_parameters():
        if path.endswith("weight") and ("norm" in path or "ln_" in path):
            parameter.data.uniform_(0.5, 1.5)
            if name.startswith("Gemma"):
                parameter.data.sub_(1.0)
        else:
            parameter.data.normal_(std=0.3)
    return model.eval()


@pytest.fixture(scope="module", params=KINDS)
def pair(request, tmp_path_factory) -> Pair:
    """A model of theirs, and ours that is read from the files it writes."""
    model = theirs(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    return Pair(request.param, model, parity_toys.ours_of(model, folder))


def theirs_of(folder):
    """Returns transformers' model of the folder; nothing may be missing or left over."""
    model, told = transformers.AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True
    )
    assert not any(told[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def sequences() -> list[list[int]]:
    return [[*i, *t, MARKS.eos_id] for i, t in zip(INPUTS, TARGETS, strict=True)]


def their_inputs():
    """Returns the examples as transformers takes them: one a row, padded on the right."""
    rows = sequences()
    longest = max(map(len, rows))

    def padded(rows, fill):
        return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])

    answers = [[-100] * len(i) + row[len(i) :] for i, row in zip(INPUTS, rows, strict=True)]
    return {
        "input_ids": padded(rows, 0),
        "attention_mask": padded([[1] * len(row) for row in rows], 0),
        "labels": padded(answers, -100),
    }


def our_batch(*, is_packed: bool) -> features.Batch:
    limits = features.LengthLimits(max_input_tokens=40, max_target_tokens=20)
    examples = [
        features.to_example(inputs[1:], targets, limits, family="decoder", marks=MARKS)
        for inputs, targets in zip(INPUTS, TARGETS, strict=True)
    ]
    rows = [examples] if is_packed else [[example] for example in examples]
    return features.assemble(rows, (0, 60), family="decoder")


run = nnx.jit(lambda model, batch: model(batch))


def assert_same_logits(ours, model, **inputs) -> None:
    """Compares every token's logits, padded (one example a row) and packed (all in one row)."""
    with torch.no_grad():
        expected = model(**{**their_inputs(), **inputs}).logits.numpy()
    padded = np.asarray(run(ours, our_batch(is_packed=False)))
    packed = np.asarray(run(ours, our_batch(is_packed=True)))[0]
    start = 0
    for b, ids in enumerate(sequences()):
        logits_TV = expected[b, : len(ids) - 1]  # nothing is predicted from EOS
        end = start + len(logits_TV)
        np.testing.assert_allclose(padded[b, : len(logits_TV)], logits_TV, atol=1e-4, rtol=0)
        np.testing.assert_allclose(packed[start:end], logits_TV, atol=1e-4, rtol=0)
        start = end


def test_logits_agree_after_loading(pair):
    assert_same_logits(pair.ours, pair.theirs)


def test_logits_agree_after_saving(pair, tmp_path):
    ours = models.build(pair.ours.config, seed=5)
    weights.save(tmp_path, ours, marks=MARKS)
    model = theirs_of(tmp_path)
    assert type(model) is type(pair.theirs)
    assert_same_logits(ours, model)


def test_there_and_back_is_bit_exact(pair, tmp_path):
    weights.save(tmp_path, pair.ours, marks=MARKS, max_shard_bytes=6000)
    assert (tmp_path / "model.safetensors.index.json").is_file()
    back = theirs_of(tmp_path)
    before, after = pair.theirs.state_dict(), back.state_dict()
    assert before.keys() == after.keys()
    for name in before:
        assert torch.equal(before[name], after[name]), name
    assert weights.shape_of(tmp_path) == pair.ours.config
    said, heard = pair.theirs.config.to_dict(), back.config.to_dict()
    # What a file holds besides, and what layer_types says as well.
    for key in (*ABOUT_FILES, *BY_LAYER_TYPES):
        said.pop(key, None), heard.pop(key, None)
    if pair.kind in ("qwen2-yarn", "smollm3"):
        said["rope_parameters"] |= {
            **{"attention_factor": pytest.approx(1.1386, abs=1e-4), "truncate": True},
            **{"beta_slow": 1.0, "beta_fast": 32.0},
        }
    assert {k: (v, heard.get(k)) for k, v in said.items() if heard.get(k) != v} == {}


def test_greedy_generations_are_the_same_tokens(pair):
    generated = generate.generate(pair.ours, INPUTS, max_new_tokens=20, eos_id=MARKS.eos_id)
    for (ids, _), prompt in zip(generated, INPUTS, strict=True):
        with torch.no_grad():
            row = pair.theirs.generate(
                torch.tensor([prompt]), max_new_tokens=20, do_sample=False, pad_token_id=0
            ).tolist()[0][len(prompt) :]
        assert ids == (row[: row.index(MARKS.eos_id)] if MARKS.eos_id in row else row)
    assert any(len(set(ids)) > 2 for ids, _ in generated)


@pytest.mark.parametrize("kind", KINDS)
def test_one_adamw_step_is_the_same(kind, tmp_path):
    model = theirs(kind)
    ours = parity_toys.ours_of(model, tmp_path / "theirs")
    settings = config.OptimConfig(
        peak_lr=1e-2, schedule="constant", warmup_steps=0, b2=0.999, max_gradient_norm=0
    )
    optimizer = optim.build(settings, 1)
    step = loop.make_train_step(ours, optimizer, optim.schedule(settings, 1))
    state, metrics = step(loop.init_state(ours, optimizer), our_batch(is_packed=True))
    loop.write_params(ours, state.params)

    torch_optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    loss = model(**their_inputs()).loss
    loss.backward()
    torch_optimizer.step()
    assert float(metrics.loss) == pytest.approx(loss.item(), abs=1e-4)
    updated = parity_toys.ours_of(model, tmp_path / "updated")
    if ours.config.query_key_value_biases and ours.config.rotary_share < 1:
        # A bias of keys that do not turn moves no softmax: its gradient is rounding.
        updated.blocks.attention.k_bias[...] = ours.blocks.attention.k_bias[...]
    parity_toys.assert_close_params(ours, updated, atol=1e-4)


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_inputs_seen_both_ways_are_a_mask_of_theirs(kind, tmp_path):
    model = theirs(kind)
    model.save_pretrained(tmp_path)
    ours = weights.load(tmp_path, attention="prefix")
    rows = sequences()
    T = max(map(len, rows))
    is_visible_BTS = np.tril(np.ones((len(rows), T, T), bool))
    for b, inputs in enumerate(INPUTS):
        is_visible_BTS[b, : len(inputs), : len(inputs)] = True
    mask_B1TS = torch.where(torch.tensor(is_visible_BTS)[:, None], 0.0, -1e9)
    assert_same_logits(ours, model, attention_mask=mask_B1TS)
    with pytest.raises(errors.UserError, match="attention is 'prefix', not 'causal'"):
        weights.save(tmp_path / "out", ours)


def test_a_head_of_its_own_stays_apart_though_it_is_equal(tmp_path):
    model = theirs("llama")
    model.lm_head.weight.data.copy_(model.model.embed_tokens.weight.data)
    ours = parity_toys.ours_of(model, tmp_path / "theirs")
    assert not ours.config.tied_embeddings
    assert_same_logits(ours, model)
    weights.save(tmp_path / "ours", ours)
    back = theirs_of(tmp_path / "ours")
    assert back.lm_head.weight is not back.model.embed_tokens.weight
    # And one that is not equal stays, whatever config.json says.
    other = theirs("llama")
    other.save_pretrained(tmp_path / "other")
    content = {**layout.read(tmp_path / "other"), "tie_word_embeddings": True}
    (tmp_path / "other" / "config.json").write_text(json.dumps(content))
    assert_same_logits(weights.load(tmp_path / "other"), theirs_of(tmp_path / "other"))


def test_files_of_transformers_4_are_read(tmp_path):
    """Its config.json spells rotations in other keys, and has no list of layer types."""
    for kind in ("llama3", "gemma3"):
        model = theirs(kind)
        model.save_pretrained(tmp_path / kind)
        content = layout.read(tmp_path / kind)
        ropes = content.pop("rope_parameters")
        if kind == "gemma3":
            del content["layer_types"]
            content["rope_local_base_freq"] = ropes["sliding_attention"]["rope_theta"]
            ropes = ropes["full_attention"]
        content["rope_theta"] = ropes.pop("rope_theta")
        content["rope_scaling"] = ropes
        before = weights.shape_of(tmp_path / kind)
        (tmp_path / kind / "config.json").write_text(json.dumps(content))
        assert before.rope_scaling in ("llama3", "linear")
        assert_same_logits(weights.load(tmp_path / kind), theirs_of(tmp_path / kind))


def test_a_run_from_a_published_folder_is_theirs_again(tmp_path):
    """Trained by train.py and exported: the same tokens of a text, and the same logits of them."""
    published_toys.published_llama(tmp_path / "published")
    folder = published_toys.run_from(tmp_path / "published", tmp_path)
    export.export(folder, tmp_path / "out")
    trained = loading.load(folder)
    text = "Is it true?\n- yes\n- no  (é)"
    ids = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")(text)["input_ids"]
    assert ids == [trained.words.marks.bos_id, *trained.words.encode(text)]
    model = theirs_of(tmp_path / "out")
    with torch.no_grad():
        expected_TV = model(torch.tensor([ids])).logits[0].numpy()
    example = features.Example(inputs=ids, targets=[trained.words.marks.eos_id])
    batch = features.assemble([[example]], (0, len(ids)), family="decoder")
    np.testing.assert_allclose(run(trained.model, batch)[0], expected_TV, atol=1e-4, rtol=0)
    assert model.generation_config.eos_token_id == trained.words.marks.eos_id


def test_each_text_has_the_factors_of_its_own_length(tmp_path):
    """By longrope: of three in one row as each alone in theirs; the magnitude by the formula."""
    ropes = {key: value for key, value in LONGROPE.items() if key != "attention_factor"}
    model = theirs("phi3-longrope", rope_parameters=ropes, original_max_position_embeddings=25)
    ours = parity_toys.ours_of(model, tmp_path)
    packed = np.asarray(run(ours, our_batch(is_packed=True)))[0]
    start = 0
    for ids in sequences():  # 35, 5 and 8 tokens before EOS
        with torch.no_grad():
            expected_TV = model(torch.tensor([ids[:-1]])).logits[0].numpy()
        end = start + len(expected_TV)
        np.testing.assert_allclose(packed[start:end], expected_TV, atol=1e-4, rtol=0)
        start = end
    # Prompts of 26, 4 and 6 tokens and 20 more: those that are within stay within.
    test_greedy_generations_are_the_same_tokens(Pair("phi3-longrope", model, ours))


def test_in_bfloat16_gemma_scales_embeddings_by_a_rounded_root(tmp_path):
    model = theirs("gemma2", hidden_size=24).to(torch.bfloat16)  # the root of 24 is rounded
    model.save_pretrained(tmp_path)
    ours = weights.load(tmp_path, dtype="bfloat16")
    ids = [[3, 9, 17, 40]]
    expected_BTD = model.model.embed_tokens(torch.tensor(ids)).detach().float().numpy()
    found_BTD = np.asarray(ours.embedding(np.array(ids)).astype(np.float32))
    np.testing.assert_array_equal(found_BTD, expected_BTD)
