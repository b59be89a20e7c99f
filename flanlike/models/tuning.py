"""Few parameters that learn beside a base that stays as it is: `--tune lora|adapter|prompt`.

lora      beside a kernel W a low-rank pair: x W + (alpha / rank) x A B   (Hu et al. 2021)
adapter   after each sublayer a bottleneck: y + up(gelu(down(y)))         (Houlsby et al. 2019)
prompt    learned vectors before every example's inputs                   (Lester et al. 2021)

What learns is a `Tuned` variable; the model's own `nnx.Param`s are then the frozen base. Pairs and
adapters begin as nothing (B and `up` are 0), so that the first step starts from the base itself.
All have the leading axis over layers of their stack and named axes, as the parameters beside them.

A soft prompt's vectors are the ids from `vocab_size` on, which `soft_prompt_ids` lists and the
pipeline puts before each example's inputs: they are tokens like others, with positions of their
own, and a packed example sees its own alone.
"""

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, seeding
from flanlike.models import layers, sharding

# Prompts start as random vectors of the vocabulary's first, most frequent pieces (Lester et al.).
_COMMON_PIECES = 5000


class Tuned(nnx.Variable):
    """A parameter that tuning adds to a model."""


class LowRank(nnx.Module):
    """The pair beside one kernel of every layer of a stack; R is the rank."""

    def __init__(
        self,
        kernel: nnx.Param,
        settings: config_lib.LoraConfig,
        *,
        inputs: int,
        dtype: str,
        rng: np.random.Generator,
    ):
        self.inputs = inputs
        self.dtype = dtype
        self.scale = settings.alpha / settings.rank
        axes = kernel.get_metadata()["axes"]
        shape, split = kernel[...].shape, 1 + inputs
        sides = math.prod(shape[1:split]), math.prod(shape[split:])
        if settings.rank > min(sides):
            raise errors.UserError(
                f"--lora.rank is {settings.rank}: it must be at most {min(sides)}, the smaller "
                f"side of a kernel of {sides[0]} x {sides[1]} that it adapts"
            )
        std = sides[0] ** -0.5
        a_shape = (*shape[:split], settings.rank)
        a = std * rng.standard_normal(a_shape, np.float32)
        self.a = Tuned(jnp.asarray(a), axes=(*axes[:split], "rank"))
        b = jnp.zeros((shape[0], settings.rank, *shape[split:]), jnp.float32)
        self.b = Tuned(b, axes=(axes[0], "rank", *axes[split:]))

    def __call__(self, x: jax.Array) -> jax.Array:
        x_BTR = layers.project(x, self.a, self.dtype, inputs=self.inputs) * self.scale
        return layers.project(x_BTR, self.b, self.dtype)

    def change(self) -> jax.Array:
        """Returns what the pair adds to the kernel of every layer, in the kernel's shape."""
        a, b = self.a[...], self.b[...]
        L, R = b.shape[:2]
        both = jnp.matmul(a.reshape(L, -1, R), b.reshape(L, R, -1), precision="highest")
        return self.scale * both.reshape(*a.shape[:-1], *b.shape[2:])


class Adapter(nnx.Module):
    """The bottleneck after one sublayer of every layer of a stack."""

    def __init__(
        self,
        config: layers.Config,
        layer_count: int,
        settings: config_lib.AdapterConfig,
        *,
        rng: np.random.Generator,
    ):
        self.dtype = config.dtype
        L, D, size = layer_count, config.model_size, settings.size
        down = D**-0.5 * rng.standard_normal((L, D, size), np.float32)
        self.down = Tuned(jnp.asarray(down), axes=("layers", "embed", "bottleneck"))
        self.down_bias = Tuned(jnp.zeros((L, size)), axes=("layers", "bottleneck"))
        self.up = Tuned(jnp.zeros((L, size, D)), axes=("layers", "bottleneck", "embed"))
        self.up_bias = Tuned(jnp.zeros((L, D)), axes=("layers", "norm"))

    def __call__(self, x_BTD: jax.Array) -> jax.Array:
        down_bias, up_bias = (b[...].astype(self.dtype) for b in (self.down_bias, self.up_bias))
        inner = jax.nn.gelu(layers.project(x_BTD, self.down, self.dtype) + down_bias)
        return x_BTD + layers.project(inner, self.up, self.dtype) + up_bias


class SoftPrompt(nnx.Module):
    """Vectors in the embedding's own scale; vector i is that of the id `vocab_size` + i."""

    def __init__(self, vectors_PD: jax.Array, vocab_size: int):
        self.vocab_size = vocab_size
        self.vectors = Tuned(vectors_PD, axes=("prompt", "embed"))

    def __call__(self, tokens_BT: jax.Array, x_BTD: jax.Array) -> jax.Array:
        """Returns x with the prompt's vectors where the tokens ask for them."""
        own_BT = tokens_BT - self.vocab_size
        prompt_BTD = jnp.take(self.vectors[...], jnp.maximum(own_BT, 0), axis=0)
        return jnp.where((own_BT >= 0)[..., None], prompt_BTD, x_BTD)


def attach(
    model: nnx.Module,
    settings: config_lib.Tuning,
    *,
    seed: int,
    mesh: jax.sharding.Mesh | None = None,
    rng: np.random.Generator | None = None,
) -> None:
    """Adds to the model what is to learn; its own parameters are frozen from then on."""
    rng = rng or np.random.default_rng(seeding.key("tuning", seed))
    if isinstance(settings, config_lib.LoraConfig):
        _attach_lora(model, settings, rng)
    elif isinstance(settings, config_lib.AdapterConfig):
        for sublayer in _sublayers(model):
            count = jax.tree.leaves(nnx.state(sublayer, nnx.Param))[0].shape[0]
            sublayer.adapter = Adapter(sublayer.config, count, settings, rng=rng)
    else:
        pieces = np.arange(min(model.config.vocab_size, _COMMON_PIECES))
        ids = rng.choice(pieces, settings.tokens, replace=settings.tokens > len(pieces))
        embedding = model.input_embedding
        vectors_PD = jnp.take(embedding.table[...], ids, axis=0).astype(jnp.float32)
        embedding.soft_prompt = SoftPrompt(vectors_PD, model.config.vocab_size)
    if mesh is not None:
        state = nnx.state(model, Tuned)
        nnx.update(model, jax.tree.map(_put, state, sharding.of(state, mesh)))


def trained(model: nnx.Module) -> type[nnx.Variable]:
    """Returns the kind of variables that training moves: `Tuned` where there are any."""
    return Tuned if jax.tree.leaves(nnx.state(model, Tuned)) else nnx.Param


def apart(params: dict[str, Any], freeze: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the parameters that learn, and those that `--freeze` keeps as they are.

    embeddings   the table of the tokens' vectors, which is the head too where the two are tied, and
                 an encoder's own
    """
    if freeze == "none":
        return params, {}
    learning, still = dict(params), {}
    for name in [name for name in ("embedding", "encoder_embedding") if name in params]:
        embedding = dict(learning.pop(name))
        still[name] = {"table": embedding.pop("table")}
        learning |= {name: embedding} if embedding else {}
    return learning, still


def together(learning: dict[str, Any], still: dict[str, Any]) -> dict[str, Any]:
    """Returns all parameters again: what `apart` took apart."""
    return learning | {name: learning.get(name, {}) | table for name, table in still.items()}


def soft_prompt_ids(model: nnx.Module) -> tuple[int, ...]:
    """Returns the ids that stand before every example's inputs; none without a soft prompt."""
    prompt = getattr(model.input_embedding, "soft_prompt", None)
    if prompt is None:
        return ()
    first = model.config.vocab_size
    return tuple(range(first, first + prompt.vectors[...].shape[0]))


def cast_base(model: nnx.Module, dtype: str) -> None:
    """Turns the model's own parameters to that type, one by one: the old one is then free."""
    for _, variable in nnx.iter_graph(model):
        if isinstance(variable, nnx.Param) and variable[...].dtype != dtype:
            variable.set_value(variable[...].astype(dtype))


def merge(model: nnx.Module, dtype: str = "float32") -> None:
    """Adds every low-rank pair to its kernel, and takes it away: the model computes the same.

    All parameters are of that type then, each kernel after the sum in float32. Raises where there
    are other tuned parameters.
    """
    for sublayer in _sublayers(model):
        for name in [name for name in vars(sublayer) if name.startswith("lora_")]:
            kernel = getattr(sublayer, name.removeprefix("lora_"))
            merged = kernel[...].astype(jnp.float32) + getattr(sublayer, name).change()
            kernel.set_value(merged.astype(dtype))
            delattr(sublayer, name)
    if trained(model) is Tuned:
        kind = "a soft prompt" if soft_prompt_ids(model) else "bottleneck adapters"
        raise errors.UserError(
            f"this model has {kind}, which cannot be merged into its weights: only --tune lora can"
        )
    cast_base(model, dtype)


def count(model: nnx.Module, freeze: str = "none") -> tuple[int, int]:
    """Returns how many parameters learn, and how many there are in all."""
    learning, _ = apart(nnx.to_pure_dict(nnx.state(model, trained(model))), freeze)
    trees = learning, nnx.state(model, nnx.Variable)
    learn, whole = (sum(leaf.size for leaf in jax.tree.leaves(tree)) for tree in trees)
    return learn, whole


def _sublayers(model: nnx.Module) -> Iterator[layers.Sublayer]:
    # A list: attaching changes what is walked over.
    yield from [node for _, node in nnx.iter_modules(model) if isinstance(node, layers.Sublayer)]


def _attach_lora(
    model: nnx.Module, settings: config_lib.LoraConfig, rng: np.random.Generator
) -> None:
    found = set()
    for sublayer in _sublayers(model):
        for name in settings.targets:
            if hasattr(sublayer, name):
                found.add(name)
                pair = LowRank(
                    getattr(sublayer, name),
                    settings,
                    inputs=2 if name == "out" else 1,
                    dtype=model.config.dtype,
                    rng=rng,
                )
                setattr(sublayer, f"lora_{name}", pair)
    if missing := [name for name in settings.targets if name not in found]:
        raise errors.UserError(
            f"--lora.targets names {', '.join(missing)}, which this model has not: its "
            "feed-forward has no gate; leave it out"
        )


def _put(value: jax.Array, place: jax.sharding.Sharding) -> jax.Array:
    if not value.is_fully_addressable:  # a soft prompt, taken from a table of several processes
        return jax.device_put(value, place)
    host = np.asarray(value)
    return jax.make_array_from_callback(host.shape, place, lambda index: host[index])
