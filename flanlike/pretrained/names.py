"""What a table of published weight names says: which tensor of theirs is which parameter of ours.

Theirs are one tensor a layer, and a kernel is (outputs, inputs); ours have a leading axis over the
layers, and a kernel is (inputs, outputs) with the heads apart:

```
encoder.block.3.layer.0.SelfAttention.q.weight  (N*H, D)    encoder.attention.q[3]    (D, N, H)
encoder.block.3.layer.0.SelfAttention.o.weight  (D, N*H)    encoder.attention.out[3]  (N, H, D)
```
"""

import math
from collections.abc import Callable
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
    is_bias: bool = False  # of heads, which theirs has on one axis

    @property
    def their_shape(self) -> tuple[int, ...]:
        if self.is_bias:
            return (math.prod(self.shape),)
        if not self.inputs:
            return self.shape
        return math.prod(self.shape[self.inputs :]), math.prod(self.shape[: self.inputs])

    def to_ours(self, theirs: np.ndarray) -> np.ndarray:
        return (theirs.T if self.inputs else theirs).reshape(self.shape)

    def to_theirs(self, ours: np.ndarray) -> np.ndarray:
        if not self.inputs:
            return ours.reshape(self.their_shape)
        return np.ascontiguousarray(ours.reshape(self.their_shape[::-1]).T)


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What is to be known of a family of published models, to read it and to write it."""

    model_types: tuple[str, ...]  # of config.json
    # The shape that a config.json describes, whose tied head the files may still part; the second
    # argument is the file's path, for errors.
    to_ours: Callable[[dict[str, Any], Any], model_config.ModelConfig]
    # The config.json by which transformers builds the same model; raises for what it cannot be.
    to_published: Callable[[model_config.ModelConfig], dict[str, Any]]
    places: Callable[[model_config.ModelConfig], dict[str, Place]]  # by published name
    # Whether the files hold a head of their own.
    writes_head: Callable[[model_config.ModelConfig], bool]
    table: str  # the token embedding's name
    head: str = "lm_head.weight"
    copies: tuple[str, ...] = ()  # of the table; some files hold them, and they have to be equal
    # Whether `to_ours` knows from config.json if the head is tied; T5's does not say.
    says_tied: bool = False
    unused: str = ""  # a pattern of names that some files hold and no code reads
