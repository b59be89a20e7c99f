"""How the published decoder-only models name their tensors: a table for each family.

T5Gemma's have one for the encoder and one for the decoder.

A table tells what each module of theirs holds of ours. Shapes, and what a model has of all that,
are the model's own:

```
"self_attn.q_proj": "attention.q"      q_proj.weight is q, and q_proj.bias is q_bias if there is one
"input_layernorm": "attention_norm"    input_layernorm.weight is the norm's scale
"mlp.gate_up_proj": ("hidden.gate", "hidden.up")    both in one tensor, one after the other
```
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flax import nnx

from flanlike import models
from flanlike.models import config as model_config
from flanlike.pretrained import names


@dataclass(frozen=True, kw_only=True)
class Table:
    """How a family calls its tensors: each module of theirs, and what it holds of ours.

    `<module>.weight` is the parameter itself (or a norm's scale, an embedding's table), and
    `<module>.bias` its bias. What a model of some shape lacks, its files lack too.
    """

    layer: Mapping[str, str | tuple[str, ...]]  # within a layer; several are in one tensor
    outer: Mapping[str, str] = field(
        default_factory=lambda: {"embed_tokens": "embedding", "norm": "final_norm"}
    )
    stack: str = "blocks"  # what ours are in: "encoder" or "decoder" where there are both
    prefix: str = "model."  # of all but the head
    layers: str = "layers"
    head: str = "lm_head"
    inputs_first: bool = False  # kernels are (inputs, outputs)
    joins_heads: bool = False  # where several are in one tensor, each head's lie together
    # Buffers in some files; the first Llamas' unless given.
    unused: str = r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq"
    spellings: tuple[tuple[str, str], ...] = ()  # as `Architecture` has them


LLAMA = Table(
    layer={
        "input_layernorm": "attention_norm",
        "self_attn.q_proj": "attention.q",
        "self_attn.k_proj": "attention.k",
        "self_attn.v_proj": "attention.v",
        "self_attn.q_norm": "attention.q_norm",
        "self_attn.k_norm": "attention.k_norm",
        "self_attn.o_proj": "attention.out",
        "post_attention_layernorm": "hidden_norm",
        "mlp.gate_proj": "hidden.gate",
        "mlp.up_proj": "hidden.up",
        "mlp.down_proj": "hidden.down",
    }
)
# How many axes a kernel takes in, by its name; and what follows a parameter's name.
_INPUTS = {"q": 1, "k": 1, "v": 1, "out": 2, "gate": 1, "up": 1, "down": 1, "head": 1}
_STACKS = ("blocks", "encoder", "decoder")  # whose parameters have an axis over layers
_ENDINGS = {"weight": ("", ".scale", ".table"), "bias": ("_bias", ".bias")}


def architecture(
    model_types: Iterable[str],
    to_ours: Callable[[dict[str, Any], Path], model_config.ModelConfig],
    to_published: Callable[[model_config.ModelConfig], dict[str, Any]],
    table: Table = LLAMA,
) -> names.Architecture:
    """Returns what is to be known of a family whose tensors have that table's names."""
    embedding = next(theirs for theirs, ours in table.outer.items() if ours == "embedding")
    return names.Architecture(
        model_types=tuple(model_types),
        to_ours=to_ours,
        to_published=to_published,
        places=lambda config: places(config, table),
        writes_head=lambda config: not config.tied_embeddings,
        table=f"{table.prefix}{embedding}.weight",
        head=f"{table.head}.weight",
        says_tied=True,
        unused=table.unused,
        spellings=table.spellings,
    )


def places(config: model_config.ModelConfig, table: Table) -> dict[str, names.Place | names.Fused]:
    """Returns the place of every tensor of a model of that shape, by its published name."""
    params = _parameters(config)
    found: dict[str, names.Place | names.Fused] = {}
    for module, ours in table.outer.items():
        found |= _of_module(f"{table.prefix}{module}", (ours,), params, table)
    if not config.tied_embeddings:
        found |= _of_module(table.head, ("embedding.head",), params, table)
    rows: dict[str, names.Place | names.Fused] = {}
    for module, ours in table.layer.items():
        targets = (ours,) if isinstance(ours, str) else ours
        rows |= _of_module(module, [f"{table.stack}.{one}" for one in targets], params, table)
    count = config.encoder_layers if table.stack == "encoder" else config.layers
    for layer in range(count):
        start = f"{table.prefix}{table.layers}.{layer}."
        found |= {start + name: place.at(layer) for name, place in rows.items()}
    return found


@functools.cache
def _parameters(config: model_config.ModelConfig) -> Mapping[names.Path, tuple[int, ...]]:
    """Returns the shape of every parameter of such a model, of one layer where it is of layers."""
    state = nnx.to_flat_state(nnx.state(models.abstract(config), nnx.Param))
    shapes = {path: variable.get_raw_value().shape for path, variable in state}
    return {path: shape[1:] if path[0] in _STACKS else shape for path, shape in shapes.items()}


def _of_module(
    module: str,
    ours: Sequence[str],
    params: Mapping[names.Path, tuple[int, ...]],
    table: Table,
) -> dict[str, names.Place | names.Fused]:
    """Returns the places of the weight and of the bias that a module of theirs has."""
    found: dict[str, names.Place | names.Fused] = {}
    for kind, endings in _ENDINGS.items():
        paths = [
            path
            for one in ours
            for ending in endings
            if (path := tuple(f"{one}{ending}".split("."))) in params
        ]
        parts = tuple(_place(path, params[path], table) for path in paths)
        if len(parts) > 1:
            heads = params["blocks", "attention", "q"][1] if table.joins_heads else 0
            found[f"{module}.{kind}"] = names.Fused(parts=parts, heads=heads)
        elif parts:
            found[f"{module}.{kind}"] = parts[0]
    return found


def _place(path: names.Path, shape: tuple[int, ...], table: Table) -> names.Place:
    inputs = _INPUTS.get(path[-1], 0)
    return names.Place(
        path=path,
        layer=None,
        shape=shape,
        inputs=inputs,
        inputs_first=table.inputs_first and path[-1] != "head",
        is_flat=not inputs and path[-1] != "table",
    )
