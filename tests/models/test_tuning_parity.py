"""What was tuned gives transformers and peft the same logits, merged or beside the base.

Needs the extra `parity` (torch, transformers and peft); skipped without it.
"""

import dataclasses
import json

import numpy as np
import pytest
import safetensors.numpy
import tuning_toys as toys

from flanlike import config, errors, models
from flanlike.batches import features
from flanlike.models import tuning
from flanlike.pretrained import weights
from flanlike.runs import peft_folder

REASON = "parity with peft needs the extra 'parity'"
torch = pytest.importorskip("torch", reason=REASON)
transformers = pytest.importorskip("transformers", reason=REASON)
peft = pytest.importorskip("peft", reason=REASON)

# peft 0.21.2 asks transformers by a name that is going.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

_T5 = dict(d_model=16, d_kv=8, d_ff=24, num_layers=2, num_decoder_layers=3, num_heads=4)
_DECODER = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4)
_DECODER |= dict(num_key_value_heads=2, head_dim=8)
# A small configuration of transformers for each architecture, by model type.
KINDS = {
    "t5-gated": ("t5", dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False, **_T5)),
    "t5-plain": ("t5", dict(feed_forward_proj="relu", **_T5)),
    "llama": ("llama", dict(tie_word_embeddings=False, **_DECODER)),
    "qwen3": ("qwen3", dict(tie_word_embeddings=True, **_DECODER)),
    "gemma2": ("gemma2", dict(sliding_window=5, query_pre_attn_scalar=8, **_DECODER)),
    # Kernels that share a tensor, of each layout: (inputs, outputs), head by head, gate and up.
    "gpt2": ("gpt2", dict(n_embd=16, n_inner=24, n_layer=2, n_head=4, n_positions=64)),
    "gpt_neox": (
        "gpt_neox",
        dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2),
    ),
    "phi3": ("phi3", {**_DECODER, "head_dim": 4, "pad_token_id": None}),
}
ALL_KINDS = pytest.mark.parametrize("kind", KINDS)
SOURCES = [[*range(5, 20)], [9, 3, 17], [30, 31, 8, 8, 2, 40]]
TARGETS = [[*range(20, 14, -1)], [7], [12, 12, 5]]


@pytest.fixture
def base(kind, tmp_path):
    """A published folder with random weights."""
    name, settings = KINDS[kind]
    torch.manual_seed(0)
    published = transformers.AutoConfig.for_model(name, vocab_size=48, **settings)
    of = transformers.AutoModelForSeq2SeqLM if name == "t5" else transformers.AutoModelForCausalLM
    of.from_config(published).save_pretrained(tmp_path / "base")
    return tmp_path / "base"


def theirs(folder):
    """Returns transformers' model of the folder; nothing may be missing or left over."""
    is_t5 = json.loads((folder / "config.json").read_text())["model_type"] == "t5"
    of = transformers.AutoModelForSeq2SeqLM if is_t5 else transformers.AutoModelForCausalLM
    model, told = of.from_pretrained(folder, output_loading_info=True)
    assert not any(told[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def tuned(folder, settings):
    model = weights.load(folder)
    tuning.attach(model, settings, seed=0)
    return toys.shaken(model)


def lora_of(kind):
    """Returns low-rank pairs beside every kernel that the kind has."""
    is_gated = kind not in ("t5-plain", "gpt2", "gpt_neox")
    # In GPT-2's, some parts of a tensor have pairs, and one of two modules of a name.
    without = ("k", "down") if kind == "gpt2" else ()
    without += () if is_gated else ("gate",)
    targets = tuple(name for name in toys.ALL_KERNELS if name not in without)
    return config.LoraConfig(rank=3, alpha=4.5, targets=targets)


def our_logits(model, *, is_packed=True):
    """Returns the logits of every target token, example by example."""
    family = model.config.family
    limits = features.LengthLimits(max_input_tokens=24, max_target_tokens=8)
    ids = tuning.soft_prompt_ids(model)
    examples = [
        features.to_example(source, target, limits, family=family, first_ids=ids)
        for source, target in zip(SOURCES, TARGETS, strict=True)
    ]
    row_tokens = (48, 16) if family != "decoder" else (0, 64)
    rows = [examples] if is_packed else [[example] for example in examples]
    batch = features.assemble(rows, row_tokens, family=family)
    logits = np.asarray(toys.logits_of(model, batch))
    return logits[batch.loss_weights_BT > 0]


def their_logits(model):
    """Returns the same, one example at a time, from transformers or peft."""
    found = []
    for source, target in zip(SOURCES, TARGETS, strict=True):
        if model.config.is_encoder_decoder:
            ids = torch.tensor([[*source, features.EOS_ID]])
            decoder_ids = torch.tensor([[0, *target]])
            with torch.no_grad():
                logits = model(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    decoder_input_ids=decoder_ids,
                ).logits
        else:
            ids = torch.tensor([[*source, *target]])
            with torch.no_grad():
                logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
            logits = logits[:, -len(target) - 1 :]
        found.append(logits[0].numpy())
    return np.concatenate(found)


def assert_same(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-4)


@ALL_KINDS
def test_merged_pairs_load_in_transformers(kind, base, tmp_path):
    model = tuned(base, lora_of(kind))
    expected = our_logits(model)
    assert_same(our_logits(model, is_packed=False), expected)
    assert np.abs(their_logits(theirs(base)) - expected).max() > 0.1
    tuning.merge(model)
    weights.save(tmp_path / "out", model)
    assert_same(their_logits(theirs(tmp_path / "out")), expected)


@ALL_KINDS
def test_peft_loads_the_pairs_beside_the_base(kind, base, tmp_path):
    settings, out = lora_of(kind), tmp_path / "out"
    model = tuned(base, settings)
    peft_folder.save(out, model, settings, base=str(base))
    read = peft.PeftModel.from_pretrained(theirs(base), out).eval()
    assert_same(their_logits(read), our_logits(model))
    assert read.peft_config["default"].base_model_name_or_path == str(base)
    # All that peft has a place for was in the file, and the other way round.
    expected = peft.get_peft_model_state_dict(read)
    found = safetensors.numpy.load_file(out / "adapter_model.safetensors")
    assert found.keys() == expected.keys()


@pytest.mark.parametrize(
    "kind, changes",
    [
        ("t5-gated", dict(rank_stabilized=True, dropout=0.25)),
        ("llama", dict(dora=True)),
        ("gpt2", dict(dora=True, rank_stabilized=True)),
        ("gpt_neox", dict(dora=True)),
        ("phi3", dict(dora=True, rank_stabilized=True, targets=("q", "v", "up"))),
    ],
)
def test_rank_stabilized_pairs_and_magnitudes_are_those_of_peft(kind, changes, base, tmp_path):
    settings, out = dataclasses.replace(lora_of(kind), **changes), tmp_path / "out"
    model = tuned(base, settings)
    peft_folder.save(out, model, settings, base=str(base))
    read = peft.PeftModel.from_pretrained(theirs(base), out).eval()
    expected = our_logits(model)
    assert_same(their_logits(read), expected)
    found = safetensors.numpy.load_file(out / "adapter_model.safetensors")
    assert found.keys() == peft.get_peft_model_state_dict(read).keys()
    assert any("lora_magnitude_vector" in name for name in found) == settings.dora
    of_peft = read.peft_config["default"]
    assert (of_peft.use_rslora, of_peft.use_dora) == (settings.rank_stabilized, settings.dora)
    assert of_peft.lora_dropout == settings.dropout
    plain = dataclasses.replace(settings, rank_stabilized=False, dora=False)
    assert np.abs(our_logits(tuned(base, plain)) - expected).max() > 1e-2

    merged = read.merge_and_unload().state_dict()
    tuning.merge(model)
    weights.save(tmp_path / "merged", model)
    ours = theirs(tmp_path / "merged").state_dict()
    assert ours.keys() == merged.keys()
    for name, tensor in ours.items():
        np.testing.assert_allclose(tensor, merged[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", ["t5-gated", "t5-plain", "qwen3", "gpt2"])
def test_all_linear_is_what_peft_takes_it_for(kind, base, tmp_path):
    settings = config.LoraConfig(rank=2, targets=("all-linear",))
    peft_folder.save(tmp_path / "out", tuned(base, settings), settings)
    content = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    theirs_too = peft.get_peft_model(
        theirs(base), peft.LoraConfig(target_modules="all-linear", task_type=content["task_type"])
    )
    expected = {
        name.removesuffix(".lora_A.default").rpartition("model.")[2]
        for name, _ in theirs_too.named_modules()
        if name.endswith(".lora_A.default")
    }
    found = safetensors.numpy.load_file(tmp_path / "out" / "adapter_model.safetensors")
    ours = {name.partition(".lora_")[0].rpartition("model.")[2] for name in found}
    assert ours == expected


@ALL_KINDS
def test_peft_loads_the_soft_prompt(kind, base, tmp_path):
    settings = config.SoftPromptConfig(tokens=4)
    model = tuned(base, settings)
    peft_folder.save(tmp_path / "out", model, settings)
    read = peft.PeftModel.from_pretrained(theirs(base), tmp_path / "out").eval()
    assert_same(their_logits(read), our_logits(model))


def test_adapters_are_for_neither(tmp_path):
    model = models.build(toys.FAMILIES["decoder"], seed=0)
    with pytest.raises(errors.UserError, match="bottleneck adapters, which peft does not know"):
        peft_folder.save(tmp_path / "out", model, config.AdapterConfig())
    assert not (tmp_path / "out").exists()
