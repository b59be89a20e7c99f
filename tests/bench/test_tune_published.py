"""The benchmark of tuning published models, on a small one."""

import pathlib
import subprocess
import sys

import published_toys
import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.mark.slow
def test_both_sides_tune_the_same_model(tmp_path):
    for name in ("torch", "transformers", "peft"):
        pytest.importorskip(name, reason="the peer needs the extra 'parity'")
    published_toys.published_llama(tmp_path)
    short = ["--rows", "2", "--rounds", "1", "--rank", "2", "--lengths", "128/32"]
    command = [sys.executable, BENCH / "tune_published.py", "--model", f"toy={tmp_path}", *short]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert ran.stdout.count("the same batch and weights") == 3  # full, embeddings, lora
    assert ran.stdout.count("x wall") == 6
    assert ran.stdout.count("peak memory") == 6
