"""The loop: its order, its stops, and a resumed run that equals the uninterrupted one."""

import functools
import os
import signal

import jax
import numpy as np
import pytest
import training_toys

from flanlike import config, errors
from flanlike.training import checkpoint, loop, optim

STEPS = 6


@functools.cache
def optimizer_and_step():
    settings = config.OptimConfig(warmup_steps=2)
    optimizer = optim.build(settings, STEPS)
    step = loop.make_train_step(
        training_toys.model(dropout=0.1), optimizer, optim.schedule(settings, STEPS), seed=3
    )
    return optimizer, step


class Run:
    """One run on disk: as train.py puts it together, with a log of what happened."""

    def __init__(self, folder, *, on_event=lambda event: None, seed=0):
        self.events = []
        self.losses = {}
        self._on_event = on_event
        self.model = training_toys.model(seed, dropout=0.1)
        optimizer, self._step = optimizer_and_step()
        self._batches = training_toys.stream()
        self._checkpoints = checkpoint.Checkpoints(folder, keep=2)
        state = loop.init_state(self.model, optimizer)
        self.state = self._checkpoints.restore_latest(state, self._batches) or state

    def train(self, **changes):
        settings = dict(
            total_steps=STEPS,
            evaluate=lambda step: self._note("evaluate", step),
            evaluate_every=0,
            save=self._save,
            save_every=0,
            write=self._write,
        )
        self.state, stopped_by = loop.train(
            self.model, self.state, self._noted_step, self._noted(), **settings | changes
        )
        self._checkpoints.wait()
        self._checkpoints.close()
        return stopped_by

    def params(self):
        return jax.device_get(self.state.params)

    def _note(self, what, step):
        self.events.append((what, step))
        self._on_event((what, step))

    def _save(self, step, state):
        self._note("save", step)
        self._checkpoints.save(step, state, self._batches, {})

    def _write(self, step, metrics):
        self._note("write", step)
        self.losses[step] = float(metrics.loss)

    def _noted_step(self, state, batch):
        self.events.append("dispatch")
        return self._step(state, batch)

    def _noted(self):
        for batch in self._batches:
            self.events.append("batch")
            yield batch


def assert_same(a, b):
    jax.tree.map(lambda x, y: np.testing.assert_array_equal(x, y), a, b)


def test_order_of_the_loop(tmp_path):
    run = Run(tmp_path)
    assert run.train(total_steps=3, evaluate_every=2, save_every=2) == 0
    assert run.events == [
        *[("evaluate", 0), "batch", "dispatch"],
        *["batch", "dispatch", ("write", 1)],
        *[("write", 2), ("evaluate", 2), ("save", 2), "batch", "dispatch"],
        *[("write", 3), ("evaluate", 3), ("save", 3)],
    ]


def test_stopped_by_sigterm_and_rerun_equals_uninterrupted(tmp_path):
    whole = Run(tmp_path / "whole")
    assert whole.train(save_every=2) == 0

    def stop(event):
        if event == ("write", 2):  # while step 3 is under way
            os.kill(os.getpid(), signal.SIGTERM)

    first = Run(tmp_path / "stopped", on_event=stop)
    assert first.train() == signal.SIGTERM
    assert first.events[-1] == ("save", 3)
    second = Run(tmp_path / "stopped", seed=1)  # other parameters, until they are restored
    assert int(second.state.step) == 3
    assert second.train() == 0
    assert_same(second.params(), whole.params())
    assert_same(loop.params_of(second.model), whole.params())
    # Bit-equal losses of a model with dropout: same data order and same randomness, too.
    assert first.losses | second.losses == whole.losses
    assert list(first.losses) + list(second.losses) == [1, 2, 3, 4, 5, 6]


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path):
    def crash(event):
        if event == ("write", 5):
            raise KeyboardInterrupt

    whole = Run(tmp_path / "whole")
    whole.train()
    first = Run(tmp_path / "killed", on_event=crash)
    with pytest.raises(KeyboardInterrupt):
        first.train(save_every=2)
    first._checkpoints.wait()
    second = Run(tmp_path / "killed", seed=1)
    assert int(second.state.step) == 4
    second.train(save_every=2)
    assert_same(second.params(), whole.params())
    assert second.losses[6] == whole.losses[6]


def test_a_signal_cuts_evaluation_short_and_saves(tmp_path):
    def stop(event):
        if event == ("evaluate", 2):
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("the evaluation went on")

    run = Run(tmp_path, on_event=stop)
    before = signal.getsignal(signal.SIGTERM)
    assert run.train(evaluate_every=2) == signal.SIGTERM
    assert run.events[-2:] == [("evaluate", 2), ("save", 2)]
    assert signal.getsignal(signal.SIGTERM) is before


def test_several_processes_finish_the_evaluation_and_stop_when_all_have_heard(tmp_path):
    def stop(event):
        if event == ("evaluate", 2):
            os.kill(os.getpid(), signal.SIGTERM)
            run.events.append("evaluated")

    asked = []

    def agree(signal_here):
        asked.append(signal_here)
        return max(asked[:-1], default=0)  # what was asked at one step is answered at the next

    run = Run(tmp_path, on_event=stop)
    assert run.train(evaluate_every=2, agree=agree) == signal.SIGTERM
    assert asked == [0, 0, 0, signal.SIGTERM, signal.SIGTERM]
    assert "evaluated" in run.events and run.events[-1] == ("save", 4)


def test_a_finished_run_only_evaluates_again(tmp_path):
    Run(tmp_path).train()
    again = Run(tmp_path)
    assert again.train() == 0
    assert again.events == [("evaluate", 6), ("save", 6)]


def test_a_lost_run_stops_and_is_not_saved(tmp_path):
    run = Run(tmp_path)
    bad_step = run._step

    def step(state, batch):
        state, metrics = bad_step(state, batch)
        if len([event for event in run.events if event == "dispatch"]) == 2:
            metrics = metrics._replace(loss=metrics.loss * np.nan)
        return state, metrics

    run._step = step
    with pytest.raises(errors.NotFinite, match="loss of step 2 is nan"):
        run.train(save_every=2)
    assert ("save", 2) not in run.events


def test_parameters_that_are_no_numbers_are_neither_judged_nor_saved(tmp_path):
    """The last step's own loss is finite: it is of the parameters before its update."""
    run = Run(tmp_path)
    good_step = run._step

    def step(state, batch):
        state, metrics = good_step(state, batch)
        if len([event for event in run.events if event == "dispatch"]) == 3:
            state = state._replace(params=jax.tree.map(lambda leaf: leaf * np.inf, state.params))
        return state, metrics

    run._step = step
    with pytest.raises(errors.NotFinite, match="step 3 left parameters that are no finite numbers"):
        run.train(total_steps=3)
    assert run.events[-1] == ("write", 3)


def test_without_an_evaluation_at_the_start(tmp_path):
    run = Run(tmp_path)
    run.train(total_steps=1, evaluate_at_start=False)
    assert run.events == ["batch", "dispatch", ("write", 1), ("evaluate", 1), ("save", 1)]


def test_data_that_ends_is_an_error(tmp_path):
    run = Run(tmp_path)
    run._batches = iter(list(zip(range(2), run._batches, strict=False)))
    run._step = lambda state, pair: (state, training_metrics())
    with pytest.raises(RuntimeError, match="the data ended after 2 steps"):
        run.train()


def training_metrics():
    return loop.StepMetrics(*(np.float32(1.0),) * len(loop.StepMetrics._fields))


def test_step_is_compiled_once_and_donates_its_state():
    model = training_toys.model()
    optimizer = optim.build(config.OptimConfig(), 4)
    step = loop.make_train_step(model, optimizer, optim.schedule(config.OptimConfig(), 4))
    state, batches = loop.init_state(model, optimizer), training_toys.stream()
    for _ in range(3):
        old, (state, _) = state, step(state, next(batches))
        assert all(leaf.is_deleted() for leaf in jax.tree.leaves(old.params))
    assert step._cache_size() == 1


def test_randomness_is_by_purpose_and_step():
    keys = [
        loop.step_key(seed, purpose, step)
        for seed in (0, 1)
        for purpose in ("dropout", "noise")
        for step in (0, 1)
    ]
    assert len({tuple(jax.random.key_data(key).tolist()) for key in keys}) == 8


PINNED_LOSSES = (4.39621, 3.54943, 4.40744)


def test_pinned_steps():
    """The first losses of a tiny run: a change of the mathematics shows here first."""
    model = training_toys.model()
    settings = config.OptimConfig(warmup_steps=1, peak_lr=1e-2)
    optimizer = optim.build(settings, 3)
    step = loop.make_train_step(model, optimizer, optim.schedule(settings, 3))
    state, batches = loop.init_state(model, optimizer), training_toys.stream()
    losses = []
    for _ in PINNED_LOSSES:
        state, metrics = step(state, next(batches))
        losses.append(float(metrics.loss))
    assert losses == pytest.approx(PINNED_LOSSES, rel=1e-4), (
        "loss, optimizer, initialization or model have changed: if that was meant, set "
        f"PINNED_LOSSES to {tuple(round(loss, 5) for loss in losses)}"
    )
