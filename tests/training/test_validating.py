"""What a look measures, and which state it keeps."""

import numpy as np
import pytest
import training_toys

from flanlike import config, errors
from flanlike.training import loop, loss, optim, progress, validating


def test_the_loss_is_that_of_all_target_tokens_without_dropout():
    model = training_toys.model(dropout=0.5)
    one, two = (training_toys.batch([[row]], 8) for row in (([5, 6], [7]), ([8], [9, 10, 11])))
    found = validating.measure(model)(loop.params_of(model), [one, two])
    sums = [loss.loss_sums(model, each) for each in (one, two)]
    assert sums[0].weight_sum == 2 and sums[1].weight_sum == 4
    total = [
        sum(float(getattr(each, f"{name}_sum")) for each in sums) for name in ("loss", "correct")
    ]
    np.testing.assert_allclose(found, [total[0] / 6, total[1] / 6], rtol=1e-6)


def watch(losses, *, looks=()):
    """Returns a watch that sees these losses, and lists of what it writes and keeps."""
    left, written, kept = iter(losses), [], []
    made = validating.Watch(
        lambda params: (next(left), 0.5),
        every=1,
        looks=looks,
        judge=lambda looks: len(looks) > 3,
        write=lambda look, best: written.append((look.step, look.loss, best and best.step)),
        keep=lambda steps, state, loss: kept.append((steps, loss)),
        settle=lambda: None,
    )
    return made, written, kept


@pytest.fixture(scope="module")
def state():
    return loop.init_state(training_toys.model(), optim.build(config.OptimConfig(ema=0.9), 4))


def test_the_best_state_is_kept_and_none_is_looked_at_twice(state):
    made, written, kept = watch([1.0, 4.0, 3.0, 5.0])
    for step in (0, 1, 2, 2, 3):
        assert not made.is_over
        made.look(step, state)
    assert made.is_over
    assert written == [(0, 1.0, None), (1, 4.0, 1), (2, 3.0, 2), (3, 5.0, 2)]
    # Of a step that was looked at before, the state may not have been kept to the end.
    assert kept == [(1, 4.0), (2, 3.0), (2, 3.0)]


def test_a_run_that_goes_on_knows_what_it_saw(state):
    made, _, kept = watch([2.0, 9.0], looks=[progress.Look(1, 3.0, 0.5)])
    made.look(2, state)
    made.look(3, state)
    assert kept == [(2, 2.0)] and made.best.loss == 2.0


def test_a_loss_that_is_no_number_stops_the_run(state):
    with pytest.raises(errors.NotFinite, match="validation loss of step 7 is nan"):
        watch([float("nan")])[0].look(7, state)


def test_the_loop_ends_where_the_watch_is_over(state):
    """And evaluates and saves that state, which the watch saw before."""
    made, _, _ = watch([5.0, 4.0, 3.0, 2.0])
    events = []
    look = made.look
    made.look = lambda steps, state: (events.append(("look", steps)), look(steps, state))
    metrics = loop.StepMetrics(*[np.float32(1)] * 6)
    loop.train(
        training_toys.model(),
        state,
        lambda state, batch: (state._replace(step=state.step + 1), metrics),
        iter(range(9)),
        total_steps=9,
        evaluate=lambda steps: events.append(("evaluate", steps)),
        evaluate_every=0,
        evaluate_at_start=False,
        save=lambda steps, state: events.append(("save", steps)),
        save_every=0,
        write=lambda steps, metrics: events.append(("write", steps)),
        watch=made,
    )
    expected = [("look", 0)]
    for step in (1, 2, 3):
        expected += [("write", step), ("look", step)]
    assert events == [*expected, ("evaluate", 3), ("save", 3)]
