"""The benchmark of the types of a base, on a small one."""

import pathlib
import subprocess
import sys

import published_toys
import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.mark.slow
def test_every_type_has_its_row(tmp_path):
    published_toys.published_llama(tmp_path)
    short = ["--steps", "4", "--rows", "1", "--rank", "2", "--dora"]
    command = [sys.executable, BENCH / "base_dtypes.py", "--model", tmp_path, *short]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    rows = [line.split("|")[1].strip() for line in ran.stdout.splitlines()]
    assert rows == ["base", "---", "float32", "bfloat16", "int8"]
