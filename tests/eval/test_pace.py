"""What an evaluation says while it runs."""

import io
import re
import time

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


def _wait(monkeypatch, wait, *, terminal=False):
    """Returns what is said where lines may come as fast as they like."""
    monkeypatch.setattr(pace, "_FIRST_S", 0.01)
    monkeypatch.setattr(pace, "_QUIET_S", 0.02)
    said = io.StringIO()
    wait(pace.Spoken(rich.console.Console(file=said, force_terminal=terminal, width=120)), said)
    return said.getvalue()


def _until(said, text):
    ends_s = time.monotonic() + 10
    while text not in said.getvalue() and time.monotonic() < ends_s:
        time.sleep(0.005)


def test_that_it_goes_on_is_told_while_nothing_is_done(monkeypatch):
    """A batch of long answers, or a large model that is read, takes minutes."""

    def write(spoken, said):
        with spoken.phase("writing answers", 4) as done:
            _until(said, "so far")
            done(2, 0.5)
            _until(said, "2/4 prompts")
            _until(said, "left: 0:00 so far")

    lines = _wait(monkeypatch, write).splitlines()
    assert lines[0] == "writing answers 0/4 prompts: 0:00 so far"
    assert lines[-1].startswith("writing answers 2/4 prompts  ")
    assert lines[-1].endswith(" left: 0:00 so far")

    def load(spoken, said):
        with spoken.waiting("loading a[b]"):
            _until(said, "so far")

    assert _wait(monkeypatch, load).splitlines()[0] == "loading a[b]: 0:00 so far"


def test_what_is_quick_is_not_told(monkeypatch):
    said = io.StringIO()
    with pace.Spoken(rich.console.Console(file=said)).waiting("loading"):
        pass
    with pace.Silent().waiting("loading"):
        pass
    assert said.getvalue() == ""


def test_a_terminal_shows_how_long_it_takes(monkeypatch):
    def load(spoken, said):
        with spoken.waiting("loading a[b]"):
            _until(said, "0:00:00")

    assert "loading a[b] 0:00:00" in re.sub(
        "\x1b[^a-zA-Z]*[a-zA-Z]", "", _wait(monkeypatch, load, terminal=True)
    )


@pytest.mark.filterwarnings("error")
def test_nobody_reads_on_while_it_waits(monkeypatch):
    class Gone(io.StringIO):
        def write(self, text):
            raise OSError(5, "gone")

    monkeypatch.setattr(pace, "_FIRST_S", 0.001)
    with pace.Spoken(rich.console.Console(file=Gone())).waiting("loading"):
        time.sleep(0.02)  # what a thread raised would fail this test
