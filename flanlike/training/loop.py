"""Training: one jitted step over a donated state, and the loop around it."""

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, seeding
from flanlike.batches import features
from flanlike.models import sharding, tuning
from flanlike.training import averaging, loss, optim, stopping

# What training moves, as a pytree of arrays: the model's nnx.Params, or what `tuning` adds to it.
Params = Any
_NOISE = seeding.key("neftune") & 0x7FFFFFFF  # sets its random keys apart from those of dropout


class TrainState(NamedTuple):
    """All that a step changes."""

    step: jax.Array  # int32, steps taken
    params: Params
    optimizer: optax.OptState


class StepMetrics(NamedTuple):
    """What a step reports: on the device until somebody reads it."""

    loss: jax.Array  # nats a target token, over the global batch
    accuracy: jax.Array  # share of target tokens predicted greedily
    learning_rate: jax.Array
    gradient_norm: jax.Array  # before clipping
    target_tokens: jax.Array
    useful_tokens: jax.Array  # all that is no padding


# The state is donated: use the returned one.
TrainStep = Callable[[TrainState, features.Batch], tuple[TrainState, StepMetrics]]


def begin(
    config: config_lib.RunConfig, model: nnx.Module, mesh: jax.sharding.Mesh | None
) -> tuple[TrainState, TrainStep]:
    """Returns a run's state before its first step, and its step."""
    optimizer = optim.build(config.optim, config.steps)
    step = make_train_step(
        model,
        optimizer,
        optim.schedule(config.optim, config.steps),
        loss_config=config.loss,
        micro_batches=config.batch.micro_batches,
        seed=config.seed,
        dropout_keys=config.dropout_keys,
        mesh=mesh,
        freeze=config.freeze,
        neftune_alpha=config.neftune_alpha,
    )
    return init_state(model, optimizer, mesh=mesh, freeze=config.freeze), step


def init_state(
    model: nnx.Module,
    optimizer: optax.GradientTransformation,
    *,
    mesh: jax.sharding.Mesh | None = None,
    freeze: str = "none",
) -> TrainState:
    """Returns the state before the first step; it shares the model's arrays until then.

    It has all parameters, and an optimizer's state for those alone that learn.

    A step donates the state it is given, and with it these arrays: call `write_params` before the
    model is used again.
    """
    params = params_of(model)
    # Not jitted: zeros made from a sharded array keep its sharding this way.
    state = TrainState(
        jnp.zeros((), jnp.int32), params, optimizer.init(tuning.apart(params, freeze)[0])
    )
    if mesh is None:
        return state
    everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

    def place(leaf: jax.Array) -> jax.Array:
        is_placed = isinstance(leaf.sharding, jax.sharding.NamedSharding)
        return leaf if is_placed else jax.device_put(leaf, everywhere)

    return jax.tree.map(place, state)


def params_of(model: nnx.Module) -> Params:
    """Returns the parameters that training moves as a nested dict of arrays."""
    return nnx.to_pure_dict(nnx.state(model, tuning.trained(model)))


def asked_params(state: TrainState) -> Params:
    """Returns the parameters that an evaluation asks: the average, where the optimizer keeps one.

    The arrays are the state's own.
    """
    average = averaging.of_state(state.optimizer)
    return state.params if average is None else averaging.over(state.params, average.average)


def write_params(model: nnx.Module, params: Params) -> None:
    """Puts those parameters into the model, without a copy."""
    state = nnx.state(model, tuning.trained(model))
    nnx.replace_by_pure_dict(state, params)
    nnx.update(model, state)


def make_train_step(
    model: nnx.Module,
    optimizer: optax.GradientTransformation,
    schedule: optax.Schedule,
    *,
    loss_config: config_lib.LossConfig | None = None,
    micro_batches: int = 1,
    seed: int = 0,
    dropout_keys: str = "threefry",
    mesh: jax.sharding.Mesh | None = None,
    freeze: str = "none",
    neftune_alpha: float = 0.0,
) -> TrainStep:
    """Returns `step(state, batch) -> (state, metrics)`, compiled once; `state` is donated.

    On a mesh, batches go to its devices by rows, and the state stays where it is.

    The gradient is that of the loss sum over all micro-batches, divided by their common count of
    target tokens: the mean of micro-batch means would weigh tokens by the company they keep.

    Where few parameters learn beside a frozen base, the base is an argument of the compiled step,
    which is neither donated nor differentiated: all its runs share the model's one copy. What
    `freeze` names (`tuning.apart`) is in the state, and passes through: it has no gradient.
    """
    graph, _, frozen = nnx.split(model, tuning.trained(model), ...)

    def sums_of(
        learning: Params, still: Params, frozen: nnx.State, batch: features.Batch, key: jax.Array
    ):
        merged = nnx.merge(graph, nnx.State(tuning.together(learning, still)), frozen)
        tuning.begin_dropout(merged, key)
        rngs = nnx.Rngs(dropout=key, noise=jax.random.fold_in(key, _NOISE))
        sums = loss.loss_sums(merged, batch, rngs, loss_config, neftune_alpha=neftune_alpha)
        return sums.loss_sum, sums

    gradient_of = jax.grad(sums_of, has_aux=True)

    def step(
        state: TrainState, batch: features.Batch, frozen: nnx.State
    ) -> tuple[TrainState, StepMetrics]:
        key = step_key(seed, "dropout", state.step, impl=dropout_keys)
        learning, still = tuning.apart(state.params, freeze)

        gradient = functools.partial(gradient_of, learning, still, frozen)
        gradients, sums = _sums_over_parts(gradient, batch, key, micro_batches)
        gradients = jax.tree.map(lambda leaf: leaf / sums.weight_sum, gradients)
        updates, new_optimizer = optimizer.update(gradients, state.optimizer, learning)
        metrics = StepMetrics(
            loss=sums.loss_sum / sums.weight_sum,
            accuracy=sums.correct_sum / sums.weight_sum,
            learning_rate=schedule(state.step),
            gradient_norm=optax.tree.norm(gradients),
            target_tokens=(batch.loss_weights_BT > 0).sum(),
            useful_tokens=_useful_tokens(batch),
        )
        new_params = tuning.together(optax.apply_updates(learning, updates), still)
        return TrainState(state.step + 1, new_params, new_optimizer), metrics

    return _compiled(step, frozen) if mesh is None else _on_mesh(step, frozen, mesh)


class Watch(Protocol):
    """Looks at the state every `every` steps, at the first and at the last.

    `is_over` when training is to end with the state that was looked at last.
    """

    every: int

    @property
    def is_over(self) -> bool: ...

    def look(self, steps_taken: int, state: TrainState) -> None: ...


def train(
    model: nnx.Module,
    state: TrainState,
    step: TrainStep,
    batches: Iterator[features.Batch],
    *,
    total_steps: int,
    evaluate: Callable[[int], None],
    evaluate_every: int,
    save: Callable[[int, TrainState], None],
    save_every: int,
    write: Callable[[int, StepMetrics], None],
    agree: Callable[[int], int] | None = None,
    evaluate_at_start: bool = True,
    evaluate_at_end: bool = True,
    watch: Watch | None = None,
) -> tuple[TrainState, int]:
    """Returns the newest state, and the number of the signal that stopped it; 0 at the end.

    Order of each step: look at the old state, evaluate it, save it, take the next batch, dispatch
    the step, write the *previous* step's metrics, so that the device works while the host reads and
    logs. `evaluate(steps taken)` sees the model with the old state's parameters (`asked_params`):
    before the first step (`evaluate_at_start`), after the last (`evaluate_at_end`), and every
    `evaluate_every` steps (0: never between). `save` comes every `save_every` steps, after the
    last, and when SIGTERM or SIGINT asks to stop. The last step is that of `total_steps`, or the
    one at which `watch` has seen enough.
    Raises `errors.NotFinite` where loss or parameters are no numbers any more.

    With several processes, `agree` tells all of them in the same step by which signal one was asked
    to stop (0: none was); an evaluation that is under way is then finished first.
    """
    steps_taken, pending = int(state.step), _Pending(write)
    with stopping.Stop(agree) as stop:
        while True:
            stop.look()
            is_last = _is_last(steps_taken, total_steps, watch)
            if watch and (is_last or not steps_taken or _is_due(steps_taken, watch.every)):
                pending.settle(steps_taken, state.params)
                if not stop.asked:
                    watch.look(steps_taken, state)
                    is_last = _is_last(steps_taken, total_steps, watch)
            is_end, is_start = is_last and evaluate_at_end, evaluate_at_start and not steps_taken
            is_evaluated = is_end or is_start or _is_due(steps_taken, evaluate_every)
            is_saved = is_last or _is_due(steps_taken, save_every)
            if is_evaluated or is_saved or stop.asked:
                pending.settle(steps_taken, state.params)
            if is_evaluated and not stop.asked:
                write_params(model, asked_params(state))
                stop.call(evaluate, steps_taken)
            if is_saved or stop.asked:
                save(steps_taken, state)
            if is_last or stop.asked:
                break
            batch = _next(batches, steps_taken)
            state, metrics = step(state, batch)
            pending.follow(steps_taken, metrics)
            steps_taken += 1
    write_params(model, asked_params(state))
    return state, stop.asked


def step_key(
    seed: int, purpose: str, step: jax.Array | int, *, impl: str = "threefry"
) -> jax.Array:
    """Returns the random key for one purpose ("dropout") at one step.

    `impl` is "threefry", or "rbg": XLA's own generator, whose keys are derived in the same way. By
    jax's account both are the same on one device and many, and rbg differs between a CPU, a GPU and
    a TPU.
    """
    kind = {"threefry": "threefry2x32"}.get(impl, impl)
    named = jax.random.fold_in(jax.random.key(seed, impl=kind), seeding.key(purpose) & 0x7FFFFFFF)
    return jax.random.fold_in(named, step)


def _compiled(step: Callable[..., Any], frozen: nnx.State) -> TrainStep:
    """Returns the compiled step with its frozen parameters given, if there are any."""
    if not jax.tree.leaves(frozen):
        return jax.jit(functools.partial(step, frozen=frozen), donate_argnums=0)
    return functools.partial(jax.jit(step, donate_argnums=0), frozen=frozen)


def _on_mesh(step: Callable[..., Any], frozen: nnx.State, mesh: jax.sharding.Mesh) -> TrainStep:
    """Returns the step compiled so that each part of the state comes out where it went in."""

    @functools.cache
    def compiled(structure: Any, places: tuple[jax.sharding.Sharding, ...]):
        placed = jax.tree.unflatten(structure, places)
        return jax.jit(step, donate_argnums=0, out_shardings=(placed, None))

    def run(state: TrainState, batch: features.Batch) -> tuple[TrainState, StepMetrics]:
        leaves, structure = jax.tree.flatten(state)
        places = tuple(leaf.sharding for leaf in leaves)
        with jax.set_mesh(mesh):
            return compiled(structure, places)(state, sharding.batch(batch, mesh), frozen)

    return run


def _sums_over_parts(
    gradient: Callable[[features.Batch, jax.Array], Any],
    batch: features.Batch,
    key: jax.Array,
    parts: int,
) -> Any:
    """Returns the sum of what `gradient` gives for each part of the batch, one after another."""
    if parts == 1:
        return gradient(batch, key)

    def accumulate(carry, index_and_micro):
        index, micro = index_and_micro
        sums = gradient(micro, jax.random.fold_in(key, index))
        return jax.tree.map(jnp.add, carry, sums), None

    micros = (jnp.arange(parts), _split_rows(batch, parts))
    shapes = jax.eval_shape(gradient, batch, key)
    zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    total, _ = jax.lax.scan(accumulate, zeros, micros)
    return total


def _split_rows(batch: features.Batch, parts: int) -> features.Batch:
    """Deals the rows of a batch out to micro-batches, so that each device keeps its own rows."""

    def deal(leaf: jax.Array) -> jax.Array:
        rows = leaf.shape[0]
        return leaf.reshape(rows // parts, parts, *leaf.shape[1:]).swapaxes(0, 1)

    return jax.tree.map(deal, batch)


def _useful_tokens(batch: features.Batch) -> jax.Array:
    count = (batch.segment_ids_BT > 0).sum()
    if batch.source_segment_ids_BS is not None:
        count += (batch.source_segment_ids_BS > 0).sum()
    return count


class _Pending:
    """The metrics of the newest step, on the device until the next one is under way."""

    def __init__(self, write: Callable[[int, StepMetrics], None]) -> None:
        self._write = write
        self._metrics: StepMetrics | None = None

    def follow(self, steps_taken: int, metrics: StepMetrics) -> None:
        """Writes those of the step before, and keeps these."""
        self._flush(steps_taken)
        self._metrics = metrics

    def settle(self, steps_taken: int, params: Params) -> None:
        """Writes them before a state is judged or kept: it has to be finite, as its loss."""
        if self._flush(steps_taken):
            _check_params(steps_taken, params)

    def _flush(self, step: int) -> bool:
        metrics, self._metrics = self._metrics, None
        if metrics is not None:
            self._write(step, _checked(step, metrics))
        return metrics is not None


def _is_last(steps_taken: int, total_steps: int, watch: Watch | None) -> bool:
    return steps_taken == total_steps or (watch is not None and watch.is_over)


def _is_due(steps_taken: int, every: int) -> bool:
    return every > 0 and steps_taken > 0 and steps_taken % every == 0


def _next(batches: Iterator[features.Batch], steps_taken: int) -> features.Batch:
    try:
        return next(batches)
    except StopIteration:
        raise RuntimeError(
            f"the data ended after {steps_taken} steps: a training stream repeats without end"
        ) from None


def _checked(step: int, metrics: StepMetrics) -> StepMetrics:
    """Returns the metrics of that step on the host, waiting for them; stops at a lost run."""
    metrics = jax.device_get(metrics)
    if not (np.isfinite(metrics.loss) and np.isfinite(metrics.gradient_norm)):
        raise errors.NotFinite(
            f"the loss of step {step} is {float(metrics.loss)!r} "
            f"({int(metrics.target_tokens)} target tokens, gradient norm "
            f"{float(metrics.gradient_norm)!r})"
        )
    return metrics


def _check_params(step: int, params: Params) -> None:
    if not bool(_are_finite(params)):
        raise errors.NotFinite(f"step {step} left parameters that are no finite numbers")


@jax.jit
def _are_finite(params: Params) -> jax.Array:
    return jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(params)]).all()
