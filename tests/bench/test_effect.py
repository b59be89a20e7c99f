"""The README's tables, from made-up runs."""

import importlib.util
import pathlib
import sys

import pytest
import sweep_toys

_FILE = pathlib.Path(__file__).resolve().parents[2] / "bench" / "effect.py"
_RIGHT = {f"{control}-{seed}": 150 for control in ("instructions", "task-name") for seed in (1, 2)}


@pytest.fixture
def effect():
    spec = importlib.util.spec_from_file_location("bench_effect", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_marked_part_is_replaced_by_the_tables(effect, tmp_path, monkeypatch, capsys):
    calls = sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- effect -->\nold\n<!-- /effect -->\nafter\n")
    chosen = ["--controls", "instructions", "task-name", "--seeds", "1", "2", "--steps", "9"]
    places = ["--out", str(tmp_path / "out"), "--readme", str(readme)]
    monkeypatch.setattr(sys, "argv", ["effect.py", *chosen, *places])
    effect.main()
    assert sorted(calls()) == sorted(_RIGHT)
    text = readme.read_text()
    assert text.startswith("before\n<!-- effect -->\n|") and text.endswith("\nafter\n")
    flags = "--seeds 1 2 --controls instructions task-name --steps 9"
    assert "old" not in text and f"`python bench/effect.py {flags}`, commit" in text
    assert "| sst2 |" in text and (tmp_path / "out" / "comparison.html").is_file()
