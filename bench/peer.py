"""The peer of bench/train_step.py: PyTorch's `transformers`, with the weights of our model."""

import tempfile
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import torch
import transformers
from flax import nnx

from flanlike import features
from flanlike.models import config as model_config
from flanlike.pretrained import layout, weights


def model_of(ours: nnx.Module) -> transformers.PreTrainedModel:
    """Returns transformers' model of the same shape and weights, in float32."""
    if ours.config.family == "encoder_decoder":
        with tempfile.TemporaryDirectory() as folder:
            weights.save(folder, ours)
            settings = {"dropout_rate": ours.config.dropout, "dtype": torch.float32}
            return transformers.T5ForConditionalGeneration.from_pretrained(folder, **settings)
    model = transformers.LlamaForCausalLM(llama_config(ours.config))
    missing, surplus = model.load_state_dict(_llama_weights(ours), strict=False)
    assert not surplus and set(missing) <= {"lm_head.weight"}, (missing, surplus)
    model.tie_weights()
    return model


def llama_config(config: model_config.ModelConfig) -> transformers.LlamaConfig:
    return transformers.LlamaConfig(
        vocab_size=config.vocab_size,
        hidden_size=config.model_size,
        intermediate_size=config.hidden_size,
        num_hidden_layers=config.layers,
        num_attention_heads=config.query_heads,
        num_key_value_heads=config.key_value_heads,
        head_dim=config.head_size,
        rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
        tie_word_embeddings=config.tied_embeddings,
        max_position_embeddings=8192,
        bos_token_id=None,
        eos_token_id=features.EOS_ID,
        pad_token_id=features.PAD_ID,
    )


def _llama_weights(ours: nnx.Module) -> dict[str, torch.Tensor]:
    D = ours.config.model_size
    blocks = jax.device_get(nnx.to_pure_dict(nnx.state(ours.blocks, nnx.Param)))
    attention, hidden = blocks["attention"], blocks["hidden"]
    named = {"model.norm.weight": ours.final_norm.scale[...]}
    named["model.embed_tokens.weight"] = ours.embedding.table[...]
    for i in range(ours.config.layers):
        layer = {
            "input_layernorm": blocks["attention_norm"]["scale"][i],
            "post_attention_layernorm": blocks["hidden_norm"]["scale"][i],
            "self_attn.q_proj": attention["q"][i].reshape(D, -1).T,
            "self_attn.k_proj": attention["k"][i].reshape(D, -1).T,
            "self_attn.v_proj": attention["v"][i].reshape(D, -1).T,
            "self_attn.o_proj": attention["out"][i].reshape(-1, D).T,
            "mlp.gate_proj": hidden["gate"][i].T,
            "mlp.up_proj": hidden["up"][i].T,
            "mlp.down_proj": hidden["down"][i].T,
        }
        named |= {f"model.layers.{i}.{name}.weight": value for name, value in layer.items()}
    return {name: torch.tensor(np.array(value)) for name, value in named.items()}


def t5_config(config: model_config.ModelConfig) -> transformers.T5Config:
    return transformers.T5Config(**layout.to_published(config))


class Trainer:
    """The plain loop: forward, backward, clip at 1, fused AdamW.

    With `autocast`, a kind of device, matrix products are in bfloat16 on it; `compiled` sends the
    model through torch.compile.
    """

    def __init__(
        self,
        model: transformers.PreTrainedModel,
        *,
        compiled: bool = False,
        autocast: str | None = None,
    ) -> None:
        self.model = model.train()
        self._call = torch.compile(model) if compiled else model
        self._autocast = autocast
        self._optimizer = torch.optim.AdamW(
            model.parameters(), lr=1e-4, betas=(0.9, 0.98), weight_decay=0.0, fused=True
        )

    def step(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        is_cast = self._autocast is not None
        with torch.autocast(self._autocast or "cpu", torch.bfloat16, enabled=is_cast):
            loss = self._call(**batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return loss.detach()


def tensors(arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {name: torch.as_tensor(value) for name, value in arrays.items()}


@torch.inference_mode()
def loss_of(model: transformers.PreTrainedModel, batch: dict[str, torch.Tensor]) -> float:
    return model.eval()(**batch).loss.item()


def generate(
    model: transformers.PreTrainedModel, ids: np.ndarray, mask: np.ndarray, new_tokens: int
) -> Sequence[Sequence[int]]:
    """Returns the new ids of each row, greedily, up to EOS."""
    settings: dict[str, Any] = dict(
        max_new_tokens=new_tokens,
        do_sample=False,
        eos_token_id=features.EOS_ID,
        pad_token_id=features.PAD_ID,
    )
    if model.config.is_encoder_decoder:
        settings["decoder_start_token_id"] = features.PAD_ID
    out = model.eval().generate(
        input_ids=torch.as_tensor(ids), attention_mask=torch.as_tensor(mask), **settings
    )
    start = 1 if model.config.is_encoder_decoder else ids.shape[1]
    rows = out[:, start:].tolist()
    return [r[: r.index(features.EOS_ID)] if features.EOS_ID in r else r for r in rows]
