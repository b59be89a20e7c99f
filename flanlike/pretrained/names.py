"""What a table of published weight names says: which tensor of theirs is which parameter of ours.

Theirs are one tensor a layer, and a kernel is (outputs, inputs); ours have a leading axis over the
layers, and a kernel is (inputs, outputs) with the heads apart:

```
encoder.block.3.layer.0.SelfAttention.q.weight  (N*H, D)    encoder.attention.q[3]    (D, N, H)
encoder.block.3.layer.0.SelfAttention.o.weight  (D, N*H)    encoder.attention.out[3]  (N, H, D)
```

Some hold several kernels in one tensor:

```
model.layers.3.self_attn.qkv_proj.weight  (N*H + 2*K*H, D)    blocks.attention.q[3], .k[3], .v[3]
```
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flanlike.models import config as model_config

Path = tuple[str, ...]  # of a parameter of ours: ("encoder", "attention", "q")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a published tensor goes: a parameter, or the slice of one layer."""

    path: Path
    layer: int | None  # None: the parameter has no axis over layers
    shape: tuple[int, ...]  # of the parameter, without the axis over layers
    # How many of our first axes a kernel takes in; 0 for tables and scales, which are as they are.
    inputs: int = 0
    inputs_first: bool = False  # their kernel is (inputs, outputs) too: GPT-2's
    is_flat: bool = False  # theirs is on one axis, whatever ours has: a bias of heads

    @property
    def parts(self) -> tuple["Place", ...]:
        """Returns itself: it has no other parts, as `Fused` has."""
        return (self,)

    @property
    def their_shape(self) -> tuple[int, ...]:
        if self.is_flat:
            return (math.prod(self.shape),)
        if not self.inputs:
            return self.shape
        sides = math.prod(self.shape[: self.inputs]), math.prod(self.shape[self.inputs :])
        return sides if self.inputs_first else sides[::-1]

    @property
    def outputs_axis(self) -> int:
        """Returns along which of their axes a kernel's outputs lie, or all there is."""
        return 1 if self.inputs and self.inputs_first else 0

    def at(self, layer: int) -> "Place":
        return dataclasses.replace(self, layer=layer)

    def apart(self, theirs: np.ndarray) -> list[np.ndarray]:
        """Returns the tensors of its parts, as they would be published by themselves."""
        return [theirs]

    def joined(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Returns the published tensor of its parts: what `apart` took apart."""
        return parts[0]

    def to_ours(self, theirs: np.ndarray) -> np.ndarray:
        is_turned = self.inputs and not self.inputs_first
        return (theirs.T if is_turned else theirs).reshape(self.shape)

    def to_theirs(self, ours: np.ndarray) -> np.ndarray:
        if not self.inputs or self.inputs_first:
            return ours.reshape(self.their_shape)
        return np.ascontiguousarray(ours.reshape(self.their_shape[::-1]).T)


@dataclass(frozen=True, kw_only=True)
class Fused:
    """Where a published tensor goes that holds several parameters beside each other.

    ```
    heads 0   [q of all heads, k of all heads, v of all heads]
    heads 2   [q, k and v of the first head, q, k and v of the second]
    ```
    """

    parts: tuple[Place, ...]
    heads: int = 0  # of every part, where each head's lie together: GPT-NeoX's

    @property
    def their_shape(self) -> tuple[int, ...]:
        shape = list(self.parts[0].their_shape)
        shape[self.outputs_axis] = sum(part.their_shape[self.outputs_axis] for part in self.parts)
        return tuple(shape)

    @property
    def inputs_first(self) -> bool:
        return self.parts[0].inputs_first

    @property
    def outputs_axis(self) -> int:
        return self.parts[0].outputs_axis

    def at(self, layer: int) -> "Fused":
        return dataclasses.replace(self, parts=tuple(part.at(layer) for part in self.parts))

    def apart(self, theirs: np.ndarray) -> list[np.ndarray]:
        if self.heads:
            by_head = theirs.reshape(self.heads, len(self.parts), -1, *theirs.shape[1:])
            return [by_head[:, i].reshape(-1, *theirs.shape[1:]) for i in range(len(self.parts))]
        sizes = [part.their_shape[self.outputs_axis] for part in self.parts]
        return np.split(theirs, list(itertools.accumulate(sizes))[:-1], axis=self.outputs_axis)

    def joined(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        if self.heads:
            by_head = [part.reshape(self.heads, -1, *part.shape[1:]) for part in parts]
            return np.stack(by_head, axis=1).reshape(-1, *parts[0].shape[1:])
        return np.concatenate(parts, axis=self.outputs_axis)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What is to be known of a family of published models, to read it and to write it."""

    model_types: tuple[str, ...]  # of config.json
    # The shape that a config.json describes, whose tied head the files may still part; the second
    # argument is the file's path, for errors.
    to_ours: Callable[[dict[str, Any], Any], model_config.ModelConfig]
    # The config.json by which transformers builds the same model; raises for what it cannot be.
    to_published: Callable[[model_config.ModelConfig], dict[str, Any]]
    places: Callable[[model_config.ModelConfig], dict[str, Place | Fused]]  # by published name
    # Whether the files hold a head of their own.
    writes_head: Callable[[model_config.ModelConfig], bool]
    table: str  # the token embedding's name
    head: str = "lm_head.weight"
    copies: tuple[str, ...] = ()  # of the table; some files hold them, and they have to be equal
    # Whether `to_ours` knows from config.json if the head is tied; T5's does not say.
    says_tied: bool = False
    unused: str = ""  # a pattern of names that some files hold and no code reads
    unread: str = ""  # and one of what is left in the files: what does not read text
    # Patterns in names of some files, each with what stands there in the others, and in `places`.
    spellings: tuple[tuple[str, str], ...] = ()
