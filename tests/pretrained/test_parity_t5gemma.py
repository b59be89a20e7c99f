"""Parity with transformers of T5Gemma and T5Gemma 2: logits, greedy text, a step, and back.

Needs the extra `parity` (torch and transformers); skipped without it.
"""

import parity_toys as toys
import pytest
import tuning_toys

from flanlike import config as config_lib
from flanlike.batches import features
from flanlike.models import tuning
from flanlike.pretrained import t5gemma, weights
from flanlike.runs import peft_folder

torch = pytest.importorskip("torch", reason="parity with transformers needs the extra 'parity'")
transformers = pytest.importorskip(
    "transformers", reason="parity with transformers needs the extra 'parity'"
)

# Windows are shorter than the texts, and caps bend.
SIDE = {
    **{"vocab_size": 48, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2},
    **{"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 4},
    **{"query_pre_attn_scalar": 5, "attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0},
    "layer_types": ["sliding_attention", "full_attention"],
    **{"bos_token_id": 2, "initializer_range": 0.5},
}
LARGER = {
    **{"hidden_size": 24, "intermediate_size": 40, "num_attention_heads": 6},
    **{"num_key_value_heads": 3, "num_hidden_layers": 3},
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
}
SECOND = {**SIDE, "attn_logit_softcapping": None, "rms_norm_eps": 1e-5}
SECOND["rope_parameters"] = {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e4},
    "sliding_attention": {"rope_type": "default", "rope_theta": 1e2},
}
KINDS = {
    "t5gemma": {"encoder": SIDE, "decoder": SIDE},
    "t5gemma-9b-2b": {"encoder": SIDE | LARGER, "decoder": SIDE, "tie_word_embeddings": False},
    # An even window reaches farther to the right than to the left.
    "t5gemma2": {
        "encoder": {
            "text_config": SECOND,
            "vision_config": t5gemma._NO_VISION,
            "mm_tokens_per_image": 1,
        },
        "decoder": SECOND | {"num_hidden_layers": 3, "layer_types": LARGER["layer_types"]},
    },
}
ALL_KINDS = pytest.mark.parametrize("kind", KINDS)
EQUAL_SIDES = pytest.mark.parametrize("kind", ["t5gemma", "t5gemma2"])
SOURCES = [[2, *range(5, 35)], [2, 9, 3, 17], [2, 30, 31, 8, 8, 40]]
TARGETS = [[*range(20, 3, -1)], [7], [12, 12, 5]]
EXAMPLES = [
    features.Example(inputs=s, targets=[*t, features.EOS_ID])
    for s, t in zip(SOURCES, TARGETS, strict=True)
]


def theirs(kind: str):
    """Returns a random small model of transformers."""
    torch.manual_seed(0)
    settings = transformers.AutoConfig.for_model(kind.partition("-")[0], **KINDS[kind])
    model = transformers.AutoModelForSeq2SeqLM.from_config(settings, attn_implementation="eager")
    for name, parameter in model.named_parameters():
        if "norm" in name:  # zeros hide a norm in the wrong place
            parameter.data.uniform_(-0.5, 0.5)
    return model.eval()


@ALL_KINDS
def test_logits_agree_and_files_come_back_bit_for_bit(kind, tmp_path):
    model = theirs(kind)
    ours = toys.ours_of(model, tmp_path / "theirs")
    toys.assert_same_seq2seq_logits(ours, model, EXAMPLES)
    weights.save(tmp_path / "ours", ours, marks=features.Marks(bos_id=2), max_shard_bytes=9000)
    back, told = transformers.AutoModelForSeq2SeqLM.from_pretrained(
        tmp_path / "ours", output_loading_info=True, attn_implementation="eager"
    )
    left = set() if kind != "t5gemma2" else {n for n in model.state_dict() if is_of_images(n)}
    assert set(told["missing_keys"]) - left == set()
    assert not told["unexpected_keys"] and not told["mismatched_keys"]
    after = back.state_dict()
    for name, before in model.state_dict().items():
        assert name in left or torch.equal(before, after[name]), name
    toys.assert_same_seq2seq_logits(ours, back.eval(), EXAMPLES)
    assert back.config.eos_token_id == 1
    assert back.config.get_text_config(decoder=True).bos_token_id == 2


def is_of_images(name: str) -> bool:
    return any(part in name for part in ("vision_tower", "multi_modal", "eoi_embedding"))


@EQUAL_SIDES
def test_greedy_generations_are_the_same_tokens(kind, tmp_path):
    model = theirs(kind)
    model.get_output_embeddings().weight.data.mul_(0.1)  # or a tied head says one token for ever
    ours = toys.ours_of(model, tmp_path)
    toys.assert_same_greedy_tokens(
        ours, model, SOURCES, EXAMPLES, ends_source=False, decoder_start_token_id=2
    )


@EQUAL_SIDES
def test_one_adamw_step_is_the_same(kind, tmp_path):
    model = theirs(kind)
    ours = toys.ours_of(model, tmp_path / "theirs")
    toys.assert_same_seq2seq_step(ours, model, EXAMPLES, tmp_path / "updated")


def test_peft_puts_pairs_beside_the_text_alone(tmp_path):
    """What reads images has projections of the same names."""
    peft = pytest.importorskip("peft", reason="needs the extra 'parity'")
    model = theirs("t5gemma2")
    ours = toys.ours_of(model, tmp_path / "base")
    settings = config_lib.LoraConfig(rank=2, alpha=3, targets=("q", "v", "out"))
    tuning.attach(ours, settings, seed=0)
    peft_folder.save(tmp_path / "pairs", tuning_toys.shaken(ours), settings)
    tuned = peft.PeftModel.from_pretrained(model, tmp_path / "pairs").eval()
    pairs = [name for name, _ in tuned.named_parameters() if "lora" in name]
    assert len(pairs) == 2 * 3 * 5 and not any(map(is_of_images, pairs))
    toys.assert_same_seq2seq_logits(ours, tuned, EXAMPLES)
