"""The benchmark of intervals, on few made-up worlds."""

import importlib.util
import pathlib

import pytest

_FILE = pathlib.Path(__file__).resolve().parents[2] / "bench" / "intervals.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_intervals", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_shares_are_held_more_often_than_by_percentiles_and_at_worst_nine_times_in_ten(bench):
    *lines, (n, _, percentiles, ours) = bench.shares([30])
    assert (n, len(lines)) == (30, 6)
    assert percentiles < 0.3 and ours > 0.9
    assert all(line[3] >= line[2] for line in lines)


def test_pairs_and_conditions_are_shares_of_rounds(bench, monkeypatch):
    monkeypatch.setattr(bench, "_WORLDS", bench._WORLDS[:1])
    monkeypatch.setattr(bench, "_ROWS", 20)
    for line in (*bench.pairs(2), *bench.conditions(2)):
        assert all(value in (0, 0.5, 1) for value in line[-2:])
