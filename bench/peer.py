"""The peer of bench/train_step.py: PyTorch's `transformers`, with the weights of our model."""

import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import transformers
from flax import nnx

from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.pretrained import layout, weights


def model_of(ours: nnx.Module) -> transformers.PreTrainedModel:
    """Returns transformers' model of the same shape and weights, in float32, as it is exported."""
    is_decoder = ours.config.family == "decoder"
    kind = transformers.AutoModelForCausalLM if is_decoder else transformers.AutoModelForSeq2SeqLM
    dropout = {} if is_decoder else {"dropout_rate": ours.config.dropout}
    with tempfile.TemporaryDirectory() as folder:
        weights.save(folder, ours)
        return kind.from_pretrained(folder, dtype=torch.float32, **dropout)


def config_of(shape: model_config.ModelConfig) -> transformers.PretrainedConfig:
    return transformers.AutoConfig.for_model(**layout.to_published(shape))


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
            [one for one in model.parameters() if one.requires_grad],
            lr=1e-4,
            betas=(0.9, 0.98),
            weight_decay=0.0,
            fused=True,
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
