"""Few parameters that learn beside a base that stays as it is: `--tune lora|adapter|prompt`.

lora      beside a kernel W a low-rank pair: x W + s x A B                (Hu et al. 2021)
adapter   after each sublayer a bottleneck: y + up(gelu(down(y)))         (Houlsby et al. 2019)
prompt    learned vectors before every example's inputs                   (Lester et al. 2021)

The scale s of a pair is alpha / rank, or alpha / sqrt(rank) where it is rank-stabilized
(Kalajdzievski 2023). With DoRA (Liu et al. 2024) a magnitude m of every output channel learns too:
the kernel is m V / |V| with V = W + s A B, channel by channel, and no gradient goes through |V|
(their section 4.3). m begins as |W|.

What learns is a `Tuned` variable; the model's own `nnx.Param`s are then the frozen base. Pairs and
adapters begin as nothing (B and `up` are 0), so that the first step starts from the base itself.
All have the leading axis over layers of their stack and named axes, as the parameters beside them.

A soft prompt's vectors are the ids from `vocab_size` on, which `soft_prompt_ids` lists and the
pipeline puts before each example's inputs: they are tokens like others, with positions of their
own, and a packed example sees its own alone.
"""

import functools
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, sections, seeding
from flanlike.models import layers, quantized, sharding

# Prompts start as random vectors of the vocabulary's first, most frequent pieces (Lester et al.).
_COMMON_PIECES = 5000


class Tuned(nnx.Variable):
    """A parameter that tuning adds to a model."""


class DropoutKeys(nnx.Variable):
    """The random keys by which a pair drops some of its inputs in one step, one for each layer."""


class LowRank(nnx.Module):
    """The pair beside one kernel of every layer of a stack; R is the rank."""

    def __init__(
        self,
        sublayer: layers.Sublayer,
        name: str,
        settings: config_lib.LoraConfig,
        *,
        dtype: str,
        rng: np.random.Generator | None,
    ):
        self.name, self.dtype = name, dtype
        self.inputs = inputs = 2 if name == "out" else 1
        self.scale, self.dropout = settings.scale, settings.dropout
        kernel = getattr(sublayer, name)
        axes = kernel.get_metadata()["axes"]
        shape, split = kernel.get_value().shape, 1 + inputs
        sides = math.prod(shape[1:split]), math.prod(shape[split:])
        if settings.rank > min(sides):
            raise errors.UserError(
                f"--lora.rank is {settings.rank}: it must be at most {min(sides)}, the smaller "
                f"side of a kernel of {sides[0]} x {sides[1]} that it adapts"
            )
        std = sides[0] ** -0.5
        a = _normal(rng, (*shape[:split], settings.rank), std)
        self.a = Tuned(a, axes=(*axes[:split], "rank"))
        b = jnp.zeros((shape[0], settings.rank, *shape[split:]), jnp.float32)
        self.b = Tuned(b, axes=(axes[0], "rank", *axes[split:]))
        if settings.dora:
            self.magnitude = Tuned(magnitudes(sublayer, name), axes=(axes[0], *axes[split:]))

    def __call__(self, x: jax.Array, y: jax.Array, sublayer: layers.Sublayer) -> jax.Array:
        """Returns what one layer's kernel and pair make of x together, y being the kernel's part.

        Dropout is on what the pair reads. With DoRA it is so on what turns the kernel's own part
        from x W into that of the new size, as in `peft`: y + (m/|V| - 1) d W + m/|V| s d A B, of
        the dropped inputs d.
        """
        keys = getattr(self, "keys", None)
        dropped = x if keys is None else layers.dropout(x, self.dropout, keys[...])
        x_BTR = layers.project(dropped, self.a, self.dtype, inputs=self.inputs) * self.scale
        change = layers.project(x_BTR, self.b, self.dtype)
        if not hasattr(self, "magnitude"):
            return y + change
        kernel = quantized.whole(sublayer, (self.name,), is_layer=True)
        gain = self._gain(jax.lax.stop_gradient(kernel + self.change()))
        if dropped is x:
            return (gain * (y + change)).astype(self.dtype)
        own = sublayer.base(dropped, self.name, inputs=self.inputs)
        return (y + (gain - 1) * own + gain * change).astype(self.dtype)

    def merged(self, kernel: jax.Array) -> jax.Array:
        """Returns the kernel as the pair makes it, in float32: of one layer, or of all."""
        kernel = kernel + self.change()
        if not hasattr(self, "magnitude"):
            return kernel
        axes = self._input_axes()
        return kernel * jnp.expand_dims(self._gain(kernel), axes)

    def change(self) -> jax.Array:
        """Returns what the pair adds to the kernel, in the kernel's shape."""
        a, b = self.a[...], self.b[...]
        stack, R = a.shape[: a.ndim - self.inputs - 1], a.shape[-1]
        a_flat, b_flat = a.reshape(*stack, -1, R), b.reshape(*stack, R, -1)
        both = jnp.matmul(a_flat, b_flat, precision="highest")
        return self.scale * both.reshape(*a.shape[:-1], *b.shape[len(stack) + 1 :])

    def _gain(self, changed: jax.Array) -> jax.Array:
        """Returns m / |V| of every channel; |V| is taken as a constant."""
        sizes = jax.lax.stop_gradient(_sizes(changed, self._input_axes()))
        return self.magnitude[...] / jnp.maximum(sizes, jnp.finfo(jnp.float32).tiny)

    def _input_axes(self) -> tuple[int, ...]:
        first = self.a[...].ndim - self.inputs - 1  # after the axis of the layers, where it is
        return tuple(range(first, first + self.inputs))


def magnitudes(sublayer: layers.Sublayer, name: str) -> jax.Array:
    """Returns the size of every output channel of a kernel, of all layers."""
    scale = getattr(sublayer, f"{name}_scale", None)
    given = getattr(sublayer, name)[...], None if scale is None else scale[...]
    return _sizes_of_layers(given, quantized.summed_axes((name,), is_layer=True))


@functools.partial(jax.jit, static_argnums=1)
def _sizes_of_layers(stack: tuple[jax.Array, jax.Array | None], axes: tuple[int, ...]) -> jax.Array:
    # One layer after another: of all at once, a copy in float32 would be made.
    return jax.lax.map(lambda one: _sizes(quantized.widened(*one, axes), axes), stack)


def _sizes(kernel: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    return jnp.sqrt(jnp.sum(jnp.square(kernel), axis=axes))


class Adapter(nnx.Module):
    """The bottleneck after one sublayer of every layer of a stack."""

    def __init__(
        self,
        config: layers.Config,
        layer_count: int,
        settings: config_lib.AdapterConfig,
        *,
        rng: np.random.Generator | None,
    ):
        self.dtype = config.dtype
        L, D, size = layer_count, config.model_size, settings.size
        down = _normal(rng, (L, D, size), D**-0.5)
        self.down = Tuned(down, axes=("layers", "embed", "bottleneck"))
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
    seed: int | None,
    mesh: jax.sharding.Mesh | None = None,
) -> None:
    """Adds to the model what is to learn; its own parameters are frozen from then on.

    Without a seed nothing is drawn, and what would be is zeros: for shapes alone.
    """
    rng = None if seed is None else np.random.default_rng(seeding.key("tuning", seed))
    if isinstance(settings, config_lib.LoraConfig):
        _attach_lora(model, settings, rng)
    elif isinstance(settings, config_lib.AdapterConfig):
        for sublayer in _sublayers(model):
            count = jax.tree.leaves(nnx.state(sublayer, nnx.Param))[0].shape[0]
            sublayer.adapter = Adapter(sublayer.config, count, settings, rng=rng)
    else:
        pieces = np.arange(min(model.config.vocab_size, _COMMON_PIECES))
        ids = np.zeros(settings.tokens, np.int32)
        if rng is not None:
            ids = rng.choice(pieces, settings.tokens, replace=settings.tokens > len(pieces))
        embedding = model.input_embedding
        vectors_PD = embedding.vectors(ids).astype(jnp.float32)
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


def detach(model: nnx.Module) -> None:
    """Takes away what tuning added: the base remains."""
    for _, node in list(nnx.iter_modules(model)):
        added = (LowRank, Adapter, SoftPrompt)
        for name in [name for name, value in vars(node).items() if isinstance(value, added)]:
            delattr(node, name)


def begin_dropout(model: nnx.Module, key: jax.Array) -> None:
    """Gives every pair the random keys of a step, by which it drops a share of what it reads.

    Without them none is dropped. The model is one that a step makes for itself.
    """
    for path, pair in list(nnx.iter_modules(model)):
        if isinstance(pair, LowRank) and pair.dropout:
            own = jax.random.fold_in(key, seeding.key("lora dropout", *path) & 0x7FFFFFFF)
            pair.keys = DropoutKeys(jax.random.split(own, pair.a[...].shape[0]))


def cast_base(model: nnx.Module, dtype: str) -> None:
    """Turns the model's own parameters to that type, one by one: the old one is then free."""
    quantized.cast(model, dtype)


def merge(model: nnx.Module, dtype: str = "float32") -> None:
    """Makes every kernel what it is with its pair, and takes that away.

    The model computes the same. All parameters are of that type then, each kernel after a sum in
    float32. Raises where there are other tuned parameters.
    """
    for path, pair in list(nnx.iter_modules(model)):
        if isinstance(pair, LowRank):
            *where, name = path
            sublayer = functools.reduce(getattr, where, model)
            kernel = (*where, pair.name)
            merged = pair.merged(quantized.whole(sublayer, kernel))
            quantized.put(model, kernel, merged, dtype)
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
    trees = learning, nnx.state(model, (nnx.Param, Tuned))
    learn, whole = (sum(leaf.size for leaf in jax.tree.leaves(tree)) for tree in trees)
    return learn, whole


def _sublayers(model: nnx.Module) -> Iterator[layers.Sublayer]:
    # A list: attaching changes what is walked over.
    yield from [node for _, node in nnx.iter_modules(model) if isinstance(node, layers.Sublayer)]


def _attach_lora(
    model: nnx.Module, settings: config_lib.LoraConfig, rng: np.random.Generator | None
) -> None:
    found, is_every = set(), settings.targets == (sections.ALL_LINEAR,)
    targets = quantized.KERNELS if is_every else settings.targets
    for sublayer in _sublayers(model):
        for name in targets:
            if hasattr(sublayer, name):
                found.add(name)
                pair = LowRank(sublayer, name, settings, dtype=model.config.dtype, rng=rng)
                setattr(sublayer, f"lora_{name}", pair)
    if missing := [name for name in settings.targets if name not in found and not is_every]:
        raise errors.UserError(
            f"--lora.targets names {', '.join(missing)}, which this model has not: its "
            "feed-forward has no gate; leave it out"
        )


def _normal(rng: np.random.Generator | None, shape: tuple[int, ...], std: float) -> jax.Array:
    if rng is None:
        return jnp.zeros(shape, jnp.float32)
    return jnp.asarray(std * rng.standard_normal(shape, np.float32))


def _put(value: jax.Array, place: jax.sharding.Sharding) -> jax.Array:
    if not value.is_fully_addressable:  # a soft prompt, taken from a table of several processes
        return jax.device_put(value, place)
    host = np.asarray(value)
    return jax.make_array_from_callback(host.shape, place, lambda index: host[index])
