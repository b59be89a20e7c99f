"""`python -m eval --model` on eight devices: one read of the model, the answers of one device."""

import json
import os
import pathlib
import subprocess
import sys

import training_toys

from flanlike.runs import bases

ROOT = pathlib.Path(__file__).resolve().parents[2]

EIGHT_DEVICES = """
import pathlib, sys
import jax
from eval import __main__ as command
from eval import evaluation, measuring, model_folder
from flanlike.models import checksums
from flanlike.runs import loading
from flanlike.training import room

base, out = sys.argv[1:]
asked = ["--model", base, "--mixture", "sst2", "common_gen", "--rows", "2", "--out"]
few = ["--eval.validation-rows", "0", "--eval.generation-rows", "1", "--eval.max-new-tokens", "4"]
few += ["--eval.max-input-tokens", "192", "--shots"]
load, measure, loads, meshes = loading.load, measuring.measure, [], []

def loaded(*arguments, **settings):
    loads.append(load(*arguments, **settings))
    return loads[-1]

def measured(model, *arguments, mesh, **settings):
    (embedding, *_) = jax.tree.leaves(model_folder.nnx.state(model))
    meshes.append((dict(mesh.shape) if mesh else None, len(embedding.sharding.device_set)))
    return measure(model, *arguments, mesh=mesh, **settings)

loading.load, measuring.measure = loaded, measured
assert jax.device_count() == 8
command.main([*asked, out + "/eight", *few, "0", "1"])
assert len(loads) == 1, loads
command.main([*asked, out + "/eight", *few, "0", "1"])
assert len(loads) == 1, "what was answered needs no model"
room.free_bytes = lambda: 8
command.main([*asked, out + "/split", *few, "0"])
model_folder.mesh_for = lambda shape: None
command.main([*asked, out + "/one", *few, "0"])
copied, split = ({"data": n, "fsdp": 8 // n, "tensor": 1} for n in (8, 1))
assert meshes == [(copied, 8), (copied, 8), (split, 8), (None, 1)], meshes

def cells(*parts):
    return evaluation.read(pathlib.Path(out, *parts, "eval", "0")).cells

for one, *others in zip(cells("one"), cells("eight", "shots0"), cells("split"), strict=True):
    for other in others:
        assert (other.rows, other.template, other.texts) == (one.rows, one.template, one.texts)
        for mine, its in zip(one.scored, other.scored, strict=True):
            for a, b in zip(mine.log_probs, its.log_probs, strict=True):
                assert abs(a - b) < 1e-3, (a, b)
"""


def test_a_model_is_read_once_and_asked_on_all_devices(tmp_path):
    flags = f"--xla_force_host_platform_device_count=8 {training_toys.QUICK_COMPILE}"
    done = subprocess.run(
        [sys.executable, "-c", EIGHT_DEVICES, str(bases.SHIPPED), str(tmp_path)],
        env={
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": flags,
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    points = json.loads((tmp_path / "eight" / "by_shots.json").read_text())["curves"][0]["points"]
    assert [point["shots"] for point in points] == [0, 1]
