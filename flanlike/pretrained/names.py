"""The table of published weight names: which of their tensors is which parameter of ours.

Theirs are one tensor a layer, and a kernel is (outputs, inputs); ours have a leading axis over the
layers, and a kernel is (inputs, outputs) with the heads apart:

```
encoder.block.3.layer.0.SelfAttention.q.weight  (N*H, D)    encoder.attention.q[3]    (D, N, H)
encoder.block.3.layer.0.SelfAttention.o.weight  (D, N*H)    encoder.attention.out[3]  (N, H, D)
```

Source: `modeling_t5.py` of transformers 5.23.0 and the published checkpoints' own names.
"""

import math
from dataclasses import dataclass

import numpy as np

from flanlike.models import config as model_config

Path = tuple[str, ...]  # of a parameter of ours: ("encoder", "attention", "q")

# Copies of the embedding that some files hold too; they have to be equal to it.
TABLE = "shared.weight"
COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
HEAD = "lm_head.weight"
# A table of the first T5's files that no code has ever read.
UNUSED = ("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a published tensor goes: a parameter, or the slice of one layer."""

    path: Path
    layer: int | None  # None: the parameter has no axis over layers
    shape: tuple[int, ...]  # of the parameter, without the axis over layers
    # How many of our first axes a kernel takes in; 0 for tables and scales, which are as they are.
    inputs: int = 0

    @property
    def their_shape(self) -> tuple[int, ...]:
        if not self.inputs:
            return self.shape
        return math.prod(self.shape[self.inputs :]), math.prod(self.shape[: self.inputs])

    def to_ours(self, theirs: np.ndarray) -> np.ndarray:
        return (theirs.T if self.inputs else theirs).reshape(self.shape)

    def to_theirs(self, ours: np.ndarray) -> np.ndarray:
        if not self.inputs:
            return ours
        return np.ascontiguousarray(ours.reshape(self.their_shape[::-1]).T)


def t5(config: model_config.ModelConfig) -> dict[str, Place]:
    """Returns the place of every tensor of a T5 of that shape, by its published name."""
    D, V, N = config.model_size, config.vocab_size, config.query_heads
    relative = (config.relative_buckets, N)
    bias = "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
    places = {TABLE: Place(path=("embedding", "table"), layer=None, shape=(V, D))}
    if not config.tied_embeddings:
        places[HEAD] = Place(path=("embedding", "head"), layer=None, shape=(D, V), inputs=1)
    for stack, layers in (("encoder", config.encoder_layers), ("decoder", config.layers)):
        ours, norm = (f"{stack}_bias", "table"), (f"{stack}_norm", "scale")
        places[f"{stack}.{bias}"] = Place(path=ours, layer=None, shape=relative)
        places[f"{stack}.final_layer_norm.weight"] = Place(path=norm, layer=None, shape=(D,))
        for layer in range(layers):
            for name, path, shape, inputs in _block(config, stack):
                places[f"{stack}.block.{layer}.layer.{name}.weight"] = Place(
                    path=(stack, *path), layer=layer, shape=shape, inputs=inputs
                )
    return places


def _block(
    config: model_config.ModelConfig, stack: str
) -> list[tuple[str, Path, tuple[int, ...], int]]:
    """Returns one layer's tensors: their name, our path, our shape, the kernel's input axes."""
    D, F = config.model_size, config.hidden_size
    N, K, H = config.query_heads, config.key_value_heads, config.head_size
    parts = [("SelfAttention", "attention")]
    if stack == "decoder":
        parts.append(("EncDecAttention", "cross"))
    rows = []
    for i, (theirs, ours) in enumerate(parts):
        rows += [
            (f"{i}.layer_norm", (f"{ours}_norm", "scale"), (D,), 0),
            (f"{i}.{theirs}.q", (ours, "q"), (D, N, H), 1),
            (f"{i}.{theirs}.k", (ours, "k"), (D, K, H), 1),
            (f"{i}.{theirs}.v", (ours, "v"), (D, K, H), 1),
            (f"{i}.{theirs}.o", (ours, "out"), (N, H, D), 2),
        ]
    dense = f"{len(parts)}.DenseReluDense"
    rows.append((f"{len(parts)}.layer_norm", ("hidden_norm", "scale"), (D,), 0))
    if config.is_gated:
        rows.append((f"{dense}.wi_0", ("hidden", "gate"), (D, F), 1))
    rows.append(
        (f"{dense}.wi_1" if config.is_gated else f"{dense}.wi", ("hidden", "up"), (D, F), 1)
    )
    rows.append((f"{dense}.wo", ("hidden", "down"), (F, D), 1))
    return rows
