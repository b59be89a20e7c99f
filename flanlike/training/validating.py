"""The loss on a fixed validation set while a run trains, and when that says to stop."""

import functools
import math
from collections.abc import Callable, Sequence

import jax
import numpy as np
from flax import nnx

from flanlike import errors
from flanlike.batches import features
from flanlike.models import sharding, tuning
from flanlike.training import loop, loss, progress

Measure = Callable[[loop.Params, Sequence[features.Batch]], tuple[float, float]]


class Watch:
    """Looks at the validation set (`loop.Watch`), notes what it sees, and keeps the best state.

    `looks` are those that the run made before, and `judge` says of all whether training is over;
    `keep(steps taken, state, loss)` is called with a state that is better than all before, and
    `settle` returns when it is on the disk. The look before the first step is told, and is no state
    to keep.
    """

    def __init__(
        self,
        measure: Callable[[loop.Params], tuple[float, float]],
        *,
        every: int,
        looks: Sequence[progress.Look],
        judge: Callable[[Sequence[progress.Look]], bool],
        write: Callable[..., None],
        keep: Callable[[int, loop.TrainState, float], None],
        settle: Callable[[], None],
    ) -> None:
        self.every = every
        self._measure = measure
        self._looks = [*looks]
        self._judge = judge
        self._write = write
        self._keep = keep
        self.settle = settle

    @property
    def is_over(self) -> bool:
        return self._judge(self._looks)

    @property
    def best(self) -> progress.Look | None:
        """Returns the look with the lowest loss, the first of equal ones."""
        return min((one for one in self._looks if one.step), key=lambda one: one.loss, default=None)

    def look(self, steps_taken: int, state: loop.TrainState) -> None:
        """Measures the weights that an evaluation would ask; once a step, however often asked.

        Of a step that was looked at before the run was cut off, the state may not be kept yet.
        """
        known = [look for look in self._looks if look.step == steps_taken]
        if known:
            if known[0] is self.best:
                self._keep(steps_taken, state, known[0].loss)
            return
        look = progress.Look(steps_taken, *self._measure(loop.asked_params(state)))
        if not math.isfinite(look.loss):
            raise errors.NotFinite(f"the validation loss of step {steps_taken} is {look.loss!r}")
        self._looks.append(look)
        best = self.best
        if best is look:
            self._keep(steps_taken, state, look.loss)
        self._write(look, best=best)


def measure(model: nnx.Module, *, mesh: jax.sharding.Mesh | None = None) -> Measure:
    """Returns `(params, batches) -> (loss, accuracy)`: nats a target token, and the share right.

    Without dropout, smoothing and z-loss, over all target tokens alike. On a mesh each process
    gives all rows, and keeps those that are its own.
    """
    graph, _, frozen = nnx.split(model, tuning.trained(model), ...)

    @jax.jit
    def sums_of(params: loop.Params, frozen: nnx.State, batch: features.Batch) -> loss.LossSums:
        merged = nnx.merge(graph, nnx.State(params), frozen)
        return loss.loss_sums(merged, batch)

    def of_batches(params: loop.Params, batches: Sequence[features.Batch]) -> tuple[float, float]:
        found = [_on(mesh, functools.partial(sums_of, params, frozen), one) for one in batches]
        loss_sum, weight_sum, correct_sum = np.sum(jax.device_get(found), axis=0, dtype=np.float64)
        return float(loss_sum / weight_sum), float(correct_sum / weight_sum)

    return of_batches


def _on(
    mesh: jax.sharding.Mesh | None,
    fn: Callable[[features.Batch], loss.LossSums],
    batch: features.Batch,
) -> loss.LossSums:
    if mesh is None:
        return fn(batch)
    here = sharding.rows_here(len(batch.tokens_BT), mesh)
    own = features.Batch(*[None if array is None else array[here] for array in batch])
    with jax.set_mesh(mesh):
        return fn(sharding.batch(own, mesh))
