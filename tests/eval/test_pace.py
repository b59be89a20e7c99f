"""What an evaluation says while it runs."""

import io

import pytest
import rich.console

from eval import pace
from flanlike.training import distributed


@pytest.fixture
def clock(monkeypatch):
    """Returns a clock that stands until it is moved."""
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    return now


def _say(clock, seconds, *, batches, terminal=False, prompts=10):
    said = io.StringIO()
    console = rich.console.Console(file=said, force_terminal=terminal, width=120)
    with pace.Spoken(console).phase("scoring options", batches * prompts) as done:
        for _ in range(batches):
            clock[0] += seconds
            done(prompts, 1 / batches)
    return said.getvalue()


def test_about_ten_lines_where_there_is_no_terminal(clock):
    lines = _say(clock, 1.0, batches=100).splitlines()
    assert 9 <= len(lines) <= 11
    assert lines[4] == "scoring options 500/1,000 prompts  10 prompts/s  0:50 left"
    assert lines[-1] == "scoring options 1,000/1,000 prompts  10 prompts/s  0:00 left"


def test_few_lines_where_it_is_quick_and_one_a_minute_where_it_is_slow(clock):
    assert len(_say(clock, 0.01, batches=100).splitlines()) == 1
    assert len(_say(clock, 61.0, batches=40).splitlines()) == 40
    assert "0.2 prompts/s" in _say(clock, 61.0, batches=40)


def test_time_left_goes_by_the_work_not_by_the_prompts(clock):
    said = io.StringIO()
    with pace.Spoken(rich.console.Console(file=said)).phase("writing answers", 100) as done:
        for prompts, share in ((10, 0.2), (80, 0.2), (5, 0.3), (5, 0.3)):
            clock[0] += 100 * share
            done(prompts, share)
    lines = said.getvalue().splitlines()
    assert lines[1] == "writing answers 90/100 prompts  4.0 prompts/s  1:00 left"


def test_a_bar_on_a_terminal(clock):
    said = _say(clock, 1.0, batches=3, terminal=True)
    assert "━" in said and "30/30 prompts" in said


def test_only_the_first_process_speaks(monkeypatch):
    said = io.StringIO()
    monkeypatch.setattr(distributed, "is_first", lambda: False)
    with pace.reporter(said).phase("scoring options", 1) as done:
        done(1, 1.0)
    assert said.getvalue() == ""
    monkeypatch.setattr(distributed, "is_first", lambda: True)
    with pace.reporter(said).phase("scoring options", 1) as done:
        done(1, 1.0)
    assert said.getvalue().startswith("scoring options 1/1 prompts")
