"""What a run says and writes while it trains."""

import io

import numpy as np
import pytest
import rich.console

from flanlike import jsonl
from flanlike.training import loop, progress


def metrics(loss, tokens=100):
    return loop.StepMetrics(
        loss=np.float32(loss),
        accuracy=np.float32(0.5),
        learning_rate=np.float32(1e-3),
        gradient_norm=np.float32(2.0),
        target_tokens=np.int32(10),
        useful_tokens=np.int32(tokens),
    )


def write(out, steps, *, taken=0, total=20, terminal=False):
    said = io.StringIO()
    console = rich.console.Console(file=said, force_terminal=terminal, width=100, highlight=False)
    with progress.Log(out, total_steps=total, steps_taken=taken, console=console) as log:
        for step in steps:
            log.write(step, metrics(loss=1.0 / step))
            with log.paused():
                pass
    return said.getvalue()


def lines(out):
    return list(jsonl.read(out / "metrics.jsonl"))


def test_one_object_a_step(tmp_path):
    write(tmp_path, [1, 2])
    first, second = lines(tmp_path)
    assert (first["step"], first["loss"], second["loss"]) == (1, 1.0, 0.5)
    assert first["target_tokens"] == 10 and first["useful_tokens"] == 100
    assert first["useful_tokens_per_s"] > 0 and first["seconds"] >= 0
    assert first["learning_rate"] == pytest.approx(1e-3)
    assert list((tmp_path / "tensorboard").glob("events.*"))


def test_a_resumed_run_has_no_step_twice(tmp_path):
    write(tmp_path, [1, 2, 3, 4])
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "lo')  # cut short by a kill
    write(tmp_path, [3, 4, 5], taken=2)
    assert [line["step"] for line in lines(tmp_path)] == [1, 2, 3, 4, 5]


def test_plain_lines_where_there_is_no_terminal(tmp_path):
    said = write(tmp_path, range(1, 21)).splitlines()
    assert len(said) == 10
    assert said[0].startswith("step 2/20  loss 0.5  ")
    assert "useful tokens/s" in said[-1] and said[-1].endswith("0:00 left")


def test_a_bar_on_a_terminal(tmp_path):
    said = write(tmp_path, [1, 2, 3], terminal=True)
    assert "━" in said and "step 3/20" in said and "left" in said


@pytest.mark.parametrize("seconds, text", [(0, "0:00"), (65.4, "1:05"), (3725, "1:02:05")])
def test_clock(seconds, text):
    assert progress.clock(seconds) == text


def test_a_look_at_the_validation_set_has_a_line_of_its_own(tmp_path):
    class Board(dict):
        def scalars(self, step, values):
            self[step] = values

    said, board = io.StringIO(), Board()
    console = rich.console.Console(file=said, width=100)
    log = progress.Log(tmp_path, total_steps=4, steps_taken=0, console=console, board=board)
    first, second = progress.Look(0, 3.0, 0.1), progress.Look(2, 4.0, 0.2)
    with log:
        log.write_look(first, best=None)
        log.write(1, metrics(loss=1.0))
        log.write_look(second, best=progress.Look(1, 3.5, 0.2))
    assert lines(tmp_path)[2] == {"step": 2, "validation_loss": 4.0, "validation_accuracy": 0.2}
    assert board[2] == {"validation/loss": 4.0, "validation/accuracy": 0.2}
    told = said.getvalue().splitlines()
    assert told[0] == "step 0/4  validation loss 3"
    assert told[-1] == "step 2/4  validation loss 4  (best: 3.5 at step 1)"
    assert progress.looks(tmp_path, 9) == [first, second]
    assert progress.looks(tmp_path, 1) == [first]
    progress.drop_steps_after(tmp_path / "metrics.jsonl", 1)
    assert [line["step"] for line in lines(tmp_path)] == [0, 1]
