"""Published models and tokenizers, made up and small."""

import dataclasses
import io
import json
from collections.abc import Mapping

import jax
import numpy as np
import pytest
import safetensors.numpy
import sentencepiece
import training_toys
from flax import nnx

import train
from flanlike import models
from flanlike.batches import tokenizer
from flanlike.models import config as model_config
from flanlike.pretrained import layout, names, weights
from flanlike.training import loop

T5 = model_config.ModelConfig(
    family="encoder_decoder",
    model_type="t5",
    model_size=4,
    layers=2,
    encoder_layers=1,
    query_heads=2,
    key_value_heads=2,
    head_size=3,
    hidden_size=5,
    vocab_size=7,
    activation="gelu",
    scale_attention=False,
    init="t5",
    relative_buckets=8,
    relative_max_distance=16,
)


def assert_same_params(a: nnx.Module, b: nnx.Module) -> None:
    jax.tree.map(np.testing.assert_array_equal, loop.params_of(a), loop.params_of(b))


def rewrite(folder, change) -> None:
    """Changes the tensors of a folder's one file."""
    file = folder / "model.safetensors"
    tensors = safetensors.numpy.load_file(file)
    change(tensors)
    safetensors.numpy.save_file(tensors, file)


SIZES = {
    **{"vocab_size": 9, "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 3},
    **{"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6},
    **{"max_position_embeddings": 32, "rms_norm_eps": 1e-5},
}


LLAMA3 = {
    **{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
    **{"original_max_position_embeddings": 8192},
}


# As their config.json has them; the sizes are small.
PUBLISHED = {
    "llama": {"model_type": "llama", "rope_theta": 5e5, "rope_scaling": LLAMA3},
    "mistral": {"model_type": "mistral", "sliding_window": 4096, "hidden_act": "silu"},
    "qwen2": {
        **{"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 8},
        **{"max_window_layers": 2, "tie_word_embeddings": True, "rope_theta": 1e6},
    },
    "qwen3": {"model_type": "qwen3", "use_sliding_window": False, "sliding_window": 4096},
    "gemma": {"model_type": "gemma", "hidden_act": "gelu", "hidden_activation": None},
    "gemma2": {"model_type": "gemma2", "sliding_window": 8, "query_pre_attn_scalar": 144},
    "gemma3_text": {
        **{"model_type": "gemma3_text", "sliding_window": 8, "sliding_window_pattern": 3},
        **{"rope_theta": 1e6, "rope_local_base_freq": 1e4},
        **{"rope_scaling": {"rope_type": "linear", "factor": 8.0}},
    },
    "gpt2": {
        **{"model_type": "gpt2", "n_ctx": 1024, "n_embd": 4, "n_head": 2, "n_layer": 3},
        **{"n_positions": 32, "layer_norm_epsilon": 1e-5, "attn_pdrop": 0.1, "head_dim": None},
        **{"num_key_value_heads": None, "activation_function": "gelu_new"},
    },
    "gpt_neox": {
        **{"model_type": "gpt_neox", "rotary_pct": 0.5, "rotary_emb_base": 10_000},
        **{"layer_norm_eps": 1e-5, "use_parallel_residual": True, "hidden_act": "gelu"},
        **{"num_key_value_heads": None, "hidden_size": 8, "head_dim": None},
    },
    "olmo2": {"model_type": "olmo2", "rope_theta": 5e5, "attention_bias": False},
    "olmo3": {
        **{"model_type": "olmo3", "rope_theta": 5e5, "sliding_window": 8},
        "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        "rope_scaling": {
            **{"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 8192},
            **{"attention_factor": 1.2079, "beta_fast": 32.0, "beta_slow": 1.0},
        },
    },
    "smollm3": {
        **{"model_type": "smollm3", "rope_theta": 5e6, "no_rope_layers": [1, 1, 0]},
        **{"no_rope_layer_interval": 4, "use_sliding_window": False, "sliding_window": None},
    },
    "phi3": {
        **{"model_type": "phi3", "sliding_window": 2047, "rope_scaling": None},
        **{"original_max_position_embeddings": 4096, "embd_pdrop": 0.0},
    },
    "granite": {
        **{"model_type": "granite", "embedding_multiplier": 12.0, "logits_scaling": 8.0},
        **{"residual_multiplier": 0.22, "attention_multiplier": 0.015625},
    },
}


_SIDE = {
    **SIZES,
    **{"sliding_window": 4, "query_pre_attn_scalar": 5, "bos_token_id": 2},
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
}
# The same for models with two sides.
T5GEMMAS = {
    "t5gemma": {
        **{"model_type": "t5gemma", "is_encoder_decoder": True},
        **{"encoder": _SIDE, "decoder": _SIDE},
    },
    "t5gemma2": {
        **{"model_type": "t5gemma2", "image_token_index": 256_001, "eos_token_id": [1, 106]},
        "encoder": {
            **{"text_config": _SIDE, "vision_config": {"model_type": "siglip_vision_model"}},
            "mm_tokens_per_image": 256,
        },
        "decoder": _SIDE,
    },
}


def shape_of(kind: str, **changes) -> model_config.ModelConfig:
    return layout.to_ours({**SIZES, **PUBLISHED[kind], **changes}, "somewhere")


TEXTS = ["is it red or blue? yes it is", "no, it is not so"] * 10


def pieces_model(**changes) -> bytes:
    """Returns a SentencePiece model with T5's settings."""
    model = io.BytesIO()
    settings = dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1, pad_piece="<pad>", eos_piece="</s>")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_writer=model,
        vocab_size=50,
        model_type="unigram",
        hard_vocab_limit=False,
        minloglevel=2,
        **{**settings, **changes},
    )
    return model.getvalue()


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
    return {"tokenizer.json": made.to_str().encode(), "tokenizer_config.json": json_bytes(content)}


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
    return {"tokenizer.json": json_bytes(content), "special_tokens_map.json": json_bytes(said)}


def _template(tokenizers, bos: str, bos_id: int):
    return tokenizers.processors.TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A {bos} $B:1", special_tokens=[(bos, bos_id)]
    )


def json_bytes(content) -> bytes:
    return json.dumps(content).encode()


def run_from(published, tmp_path, *more: str):
    """Returns the folder of a short run of train.py that starts from the published folder."""
    flags = training_toys.some_mixture(tmp_path, "rte")
    at = flags.index("--model")
    del flags[at : at + 4]  # --model tiny --init none
    at = flags.index("--vocabulary-size")
    del flags[at : at + 2]
    run = tmp_path / "run"
    train.main([*flags, *more, "--init", str(published), "--out", str(run)])
    return run


def published_t5(folder):
    """Writes a small T5, its table with rows to spare, and its tokenizer into the folder."""
    weights.save(folder, models.build(dataclasses.replace(T5, vocab_size=56), seed=3))
    (folder / "spiece.model").write_bytes(pieces_model())


def published_llama(folder):
    """Writes a small Llama and its tokenizer into the folder, as a hub would hold them."""
    words = tokenizer.PublishedTokenizer(byte_level())
    shape = shape_of("llama", vocab_size=words.size + 7)
    weights.save(folder, models.build(shape, seed=3), marks=words.marks)
    words.save(folder)


OF_IMAGES = "model.encoder.vision_tower.vision_model.post_layernorm.weight"


def published_t5gemma(folder):
    """Writes a small T5Gemma 2 and its tokenizer into the folder, with a tensor for images."""
    words = tokenizer.PublishedTokenizer(byte_level())
    side = {**_SIDE, "vocab_size": words.size + 7, "bos_token_id": words.marks.bos_id}
    sides = {"encoder": {"text_config": side}, "decoder": side}
    published = T5GEMMAS["t5gemma2"] | sides
    weights.save(folder, models.build(layout.to_ours(published, folder), seed=3), marks=words.marks)
    rewrite(folder, lambda tensors: tensors.update({OF_IMAGES: np.ones(8, np.float32)}))
    words.save(folder)


def words_of(kind: str, **settings) -> tokenizer.PublishedTokenizer:
    return tokenizer.PublishedTokenizer(globals()[kind](**settings), "somewhere")


def assert_whole(
    places: Mapping[str, names.Place | names.Fused], shape: model_config.ModelConfig
) -> None:
    """The places tell the whole model, each layer once, in the shapes that the model has."""
    covered: dict[tuple[str, ...], list[names.Place]] = {}
    for place in (part for one in places.values() for part in one.parts):
        covered.setdefault(place.path, []).append(place)
    params = dict(nnx.to_flat_state(nnx.state(models.abstract(shape), nnx.Param)))
    assert covered.keys() == params.keys()
    for path, its in covered.items():
        lead = () if its[0].layer is None else (len(its),)
        assert (*lead, *its[0].shape) == params[path].get_raw_value().shape
        assert [place.layer for place in its] == ([*range(len(its))] if lead else [None])
