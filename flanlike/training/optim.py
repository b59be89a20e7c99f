"""Optimizers and learning-rate schedules, from one frozen `config.OptimConfig`."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import optax

from flanlike import config as config_lib
from flanlike.training import averaging

# A parameter whose path has one of these words is no weight matrix and is never decayed; a head
# of its own, apart from the embedding beside it, is one.
_UNDECAYED_WORDS = ("norm", "embed", "scale", "bias", "magnitude")


def build(
    config: config_lib.OptimConfig, total_steps: int
) -> optax.GradientTransformationExtraArgs:
    """Returns the whole update rule: clip, direction, weight decay, learning rate.

    With `config.ema` its state has an average of the weights beside (`averaging.Average`).
    """
    parts = []
    if config.max_gradient_norm > 0:
        parts.append(optax.clip_by_global_norm(config.max_gradient_norm))
    if config.name == "adamw":
        adam = optax.scale_by_adam(b1=config.b1, b2=config.b2, eps=config.eps)
        parts.append(adam if config.moments_dtype == "float32" else _kept_in(jnp.bfloat16, adam))
    else:
        # As T5: factored second moments, updates clipped to RMS 1 and scaled by the parameter's
        # own RMS, no first moment. Where T5 factors the model's axis against all heads together,
        # this does so against those of a head, which are 64 long.
        parts += [
            optax.scale_by_factored_rms(decay_rate=0.8, min_dim_size_to_factor=64),
            optax.stateless(_clip_and_scale_by_rms),
        ]
    if config.weight_decay > 0:
        parts.append(optax.add_decayed_weights(config.weight_decay, mask=decay_mask))
    parts.append(optax.scale_by_learning_rate(schedule(config, total_steps)))
    if config.ema:
        parts.append(averaging.of_weights(config.ema))  # last: it sees how weights really move
    return optax.chain(*parts)


def schedule(config: config_lib.OptimConfig, total_steps: int) -> optax.Schedule:
    """Returns the learning rate as a function of the number of steps already taken.

    Warmup is linear and its first step already learns. With peak 8, 4 warmup steps of 8, linear:

    steps taken    0  1  2  3  4  5  6  7
    learning rate  2  4  6  8  6  4  2  0
    """
    warmup = max(config.warmup_steps, 1)

    def learning_rate(steps_taken: jax.Array | int) -> jax.Array:
        step = jnp.asarray(steps_taken, jnp.float32) + 1.0
        past = jnp.clip((step - warmup) / max(total_steps - warmup, 1), 0.0, 1.0)
        factor = {
            "constant": jnp.ones_like(past),
            "linear": 1.0 - past,
            "cosine": 0.5 * (1.0 + jnp.cos(jnp.pi * past)),
            "rsqrt": jnp.sqrt(warmup / jnp.maximum(step, warmup)),
        }[config.schedule]
        floor = config.final_lr_fraction
        if config.schedule in ("linear", "cosine"):
            factor = floor + (1.0 - floor) * factor
        return config.peak_lr * jnp.minimum(step / warmup, 1.0) * factor

    return learning_rate


def told(config: config_lib.OptimConfig, total_steps: int) -> Iterator[str]:
    """Yields what a run should know of its learning rate before it starts."""
    if config.warmup_steps > total_steps:
        reached = config.peak_lr * total_steps / config.warmup_steps
        yield (
            f"--optim.warmup-steps {config.warmup_steps} is more than the {total_steps} steps of "
            f"the run: the learning rate ends at {reached:.3g}, below its peak of "
            f"{config.peak_lr:.3g}"
        )


def is_stack(part: str) -> bool:
    """Returns whether the leaves of that part of a model begin with an axis of layers."""
    return part in ("blocks", "encoder", "decoder")


def decay_mask(params: Any) -> Any:
    """Returns True at the leaves that weight decay pulls on: matrices, by shape and by name."""

    def is_decayed(path: tuple[Any, ...], leaf: jax.Array) -> bool:
        name = jax.tree_util.keystr(path, simple=True, separator=".").lower()
        is_head = name.endswith(".head")
        is_undecayed = any(word in name for word in _UNDECAYED_WORDS) and not is_head
        return leaf.ndim >= 2 and not is_undecayed

    return jax.tree_util.tree_map_with_path(is_decayed, params)


def _kept_in(dtype: jnp.dtype, inner: optax.GradientTransformation) -> optax.GradientTransformation:
    """Returns the transformation with what it keeps rounded to `dtype` between two steps.

    A step computes in float32, as ever, and its own direction is from what was not rounded yet.
    """

    def cast(state: Any, to: jnp.dtype) -> Any:
        return jax.tree.map(
            lambda leaf: leaf.astype(to) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf,
            state,
        )

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        updates, state = inner.update(updates, cast(state, jnp.float32), params)
        return updates, cast(state, dtype)

    return optax.GradientTransformation(lambda params: cast(inner.init(params), dtype), update)


def _clip_and_scale_by_rms(updates: Any, params: Any) -> Any:
    """Returns updates clipped to RMS 1 and scaled by the parameter's RMS, each layer by itself."""

    def scale(path: tuple[Any, ...], update: jax.Array, param: jax.Array) -> jax.Array:
        axes = tuple(range(1, update.ndim)) if is_stack(path[0].key) else None

        def rms(x: jax.Array) -> jax.Array:
            return jnp.sqrt(jnp.mean(jnp.square(x), axis=axes, keepdims=True))

        # 1e-3, as T5: a parameter that is all zeros moves too.
        return update / jnp.maximum(rms(update), 1.0) * jnp.maximum(rms(param), 1e-3)

    return jax.tree_util.tree_map_with_path(scale, updates, params)
