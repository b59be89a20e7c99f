"""Every knob of a run, each with its unit or its consequence.

The flags of `train.py` are derived from these dataclasses: `optim.peak_lr` is `--optim.peak-lr`.
Values are passed to functions; a function may take its own section, and only `train.main` sees the
whole. The resolved configuration is written to the run's folder.
"""

from dataclasses import dataclass
from typing import Literal

from flanlike import errors


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """What a target token costs besides its surprise."""

    z_loss: float = 0.0  # times log(Z)^2 a token; keeps logits from drifting, 1e-4 is usual
    label_smoothing: float = 0.0  # share of the target spread evenly over the vocabulary

    def __post_init__(self) -> None:
        _check(self.z_loss >= 0, "loss.z-loss", self.z_loss, "0 or more")
        _check(0 <= self.label_smoothing < 1, "loss.label-smoothing", self.label_smoothing, "[0,1)")


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """How parameters move."""

    name: Literal["adamw", "adafactor"] = "adamw"  # adafactor: T5's settings, half the memory
    peak_lr: float = 1e-3  # adamw: per parameter; adafactor: relative to the parameter's RMS
    schedule: Literal["constant", "linear", "cosine", "rsqrt"] = "cosine"  # after the warmup
    warmup_steps: int = 20  # linear from 0; the first step already learns
    final_lr_fraction: float = 0.1  # of the peak, where linear and cosine end
    b1: float = 0.9  # adamw's memory of gradients
    b2: float = 0.98  # adamw's memory of squares; 0.999 needs more steps than a tuning has
    eps: float = 1e-8  # adamw's floor under the square root
    weight_decay: float = 0.0  # times the learning rate; never on norms, embeddings, scales, biases
    max_gradient_norm: float = 1.0  # over all parameters; 0 turns clipping off

    def __post_init__(self) -> None:
        _check(self.peak_lr > 0, "optim.peak-lr", self.peak_lr, "more than 0")
        _check(self.warmup_steps >= 0, "optim.warmup-steps", self.warmup_steps, "0 or more")
        _check(0 <= self.b1 < 1, "optim.b1", self.b1, "in [0, 1)")
        _check(0 <= self.b2 < 1, "optim.b2", self.b2, "in [0, 1)")
        _check(self.weight_decay >= 0, "optim.weight-decay", self.weight_decay, "0 or more")


def _check(is_right: bool, flag: str, value: object, expected: str) -> None:
    if not is_right:
        raise errors.UserError(f"--{flag} is {value!r}: it must be {expected}")
