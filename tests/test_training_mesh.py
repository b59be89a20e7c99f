"""A step on eight devices is the step on one, in a process that has as many."""

import os
import pathlib
import subprocess
import sys

SCRIPT = """
import jax, numpy as np, tempfile, training_toys
from flanlike import checkpoint, config, models, optim, sharding, training

def train(mesh, name, micro_batches, folder=None):
    settings = config.OptimConfig(name=name, warmup_steps=1, peak_lr=1e-2)
    optimizer = optim.build(settings, 4)
    model = models.build(training_toys.MODEL, seed=0, mesh=mesh)
    step = training.make_train_step(model, optimizer, optim.schedule(settings, 4),
                                    micro_batches=micro_batches, mesh=mesh)
    state, losses = training.init_state(model, optimizer, mesh=mesh), []
    places = jax.tree.map(lambda leaf: leaf.sharding, state)
    batches = training_toys.stream(rows=8)
    for _ in range(3):
        state, metrics = step(state, next(batches))
        losses.append(float(metrics.loss))
    assert jax.tree.map(lambda leaf: leaf.sharding, state) == places
    if folder:
        checkpoints = checkpoint.Checkpoints(folder, keep=1)
        checkpoints.save(3, state, batches, {})
        checkpoints.wait()
        again = checkpoints.restore_latest(state)
        assert jax.tree.map(lambda leaf: leaf.sharding, again) == places
        jax.tree.map(np.testing.assert_array_equal, again, state)
    return losses, jax.device_get(state.params), places

assert jax.device_count() == 8
mesh = sharding.mesh(data=2, fsdp=2, tensor=2)
for name, micro_batches in (("adamw", 2), ("adafactor", 1)):
    one_losses, one, _ = train(None, name, 1)
    with tempfile.TemporaryDirectory() as folder:
        losses, many, places = train(mesh, name, micro_batches, folder)
    np.testing.assert_allclose(losses, one_losses, rtol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), many, one)
    assert "tensor" in str(places.params["embedding"]["table"].spec)
print("same")
"""


def test_a_step_on_a_mesh_equals_the_step_on_one_device():
    root = pathlib.Path(__file__).resolve().parent
    environment = os.environ | {
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
        "PYTHONPATH": f"{root.parent}{os.pathsep}{root}",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("same\n"), done.stderr
