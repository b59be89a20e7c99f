"""A step that does not fit into memory is refused before any of it is taken."""

import dataclasses

import jax
import pytest
import training_toys
from flax import nnx

from flanlike import config, errors, models
from flanlike.models import config as model_config
from flanlike.training import plan, room

GIB = 2**30
SHAPE = dataclasses.replace(training_toys.MODEL, vocab_size=600)


def run(**changes) -> config.RunConfig:
    batch = config.BatchConfig(rows=4, max_input_tokens=8, max_target_tokens=8)
    return config.RunConfig(**{"batch": batch, **changes})


def test_the_need_is_that_of_the_plan():
    for batch in (run().batch, dataclasses.replace(run().batch, micro_batches=2)):
        settings = run(batch=batch)
        mesh = config.MeshConfig(data=1)
        planned = plan.make(SHAPE, mesh, batch, settings.optim)
        found = room.need(SHAPE, settings, None)
        assert found.state == planned.weights + planned.optimizer
        assert found.total == planned.total > found.least > found.state


def test_few_parameters_need_less():
    full = room.need(SHAPE, run(), None)
    few = room.need(SHAPE, run(tune="lora"), None)
    weights = 4 * sum(leaf.size for leaf in jax.tree.leaves(nnx.state(models.abstract(SHAPE))))
    pairs = 4 * 2 * 8 * (16 + 16)  # q and v, rank 8, with two moments of adamw
    assert few.state == pytest.approx(weights + 3 * pairs, abs=100)
    assert 0 < few.passing < full.passing
    half = room.need(SHAPE, run(tune="lora", base_dtype="bfloat16"), None)
    assert half.state == few.state - weights // 2


def test_a_base_in_8_bits_needs_a_quarter_and_its_scales():
    lora = config.LoraConfig(targets=("all-linear",), dora=True)
    eight, full = (
        room.need(SHAPE, run(tune="lora", base_dtype=dtype, lora=lora), None)
        for dtype in ("int8", "float32")
    )
    kernels = 16 * 600 + 16 * 16 * 4 + 3 * 16 * 24
    scales = 600 + 4 * 16 + 2 * 24 + 16
    assert full.state - eight.state == 3 * kernels - 4 * scales
    plain = room.need(SHAPE, run(tune="lora", lora=dataclasses.replace(lora, dora=False)), None)
    magnitudes = 3 * 4 * (4 * 16 + 2 * 24 + 16)  # with their moments
    assert full.state - plain.state == magnitudes
    assert full.passing - plain.passing >= magnitudes // 3  # their gradients


def test_what_fits_passes_and_what_does_not_is_told(monkeypatch):
    needed = room.need(SHAPE, run(), None)
    for free in (None, needed.total, int(needed.least) + 1):
        monkeypatch.setattr(room, "free_bytes", lambda free=free: free)
        room.expect(SHAPE, run(), None)
    monkeypatch.setattr(room, "free_bytes", lambda: int(needed.least) - 1)
    with pytest.raises(errors.UserError, match="--batch.rows 4 needs about 0.0 GiB of memory, "):
        room.expect(SHAPE, run(), None)


def test_a_large_model_takes_no_memory_to_be_refused(monkeypatch):
    monkeypatch.setattr(room, "free_bytes", lambda: 24 * GIB)
    large = model_config.ModelConfig(
        family="decoder",
        layers=32,
        model_size=4096,
        query_heads=32,
        key_value_heads=8,
        head_size=128,
        hidden_size=14336,
        vocab_size=8192,
    )
    with pytest.raises(errors.UserError, match="and 24.0 GiB are free: give a smaller --model"):
        room.expect(large, run(), None)
    with pytest.raises(errors.UserError, match="--batch.rows 1048576 needs about"):
        room.expect(SHAPE, run(batch=config.BatchConfig(rows=1 << 20)), None)


def test_a_device_says_what_it_has(monkeypatch):
    class Device:
        def __init__(self, **stats):
            self.memory_stats = lambda: stats or None

    devices = [Device(bytes_limit=9, bytes_in_use=2), Device(bytes_limit=9, bytes_in_use=4)]
    monkeypatch.setattr(jax, "local_devices", lambda: devices)
    assert room.free_bytes() == 5
    monkeypatch.setattr(jax, "local_devices", lambda: [Device()])
    monkeypatch.setattr(jax, "default_backend", lambda: "tpu")
    assert room.free_bytes() is None


def test_a_container_may_have_less_than_its_machine(tmp_path, monkeypatch):
    machine = room.free_bytes()
    assert machine > 1 << 20
    limit, used, parts = tmp_path / "max", tmp_path / "current", tmp_path / "stat"
    there = (str(limit), str(used), str(parts))
    monkeypatch.setattr(room, "_CGROUPS", [there, ("/no/such",) * 3])
    used.write_text("700\n")
    limit.write_text("1000\n")
    assert room.free_bytes() == 300
    # What was read of files is given back when it is needed: it is used, and free.
    parts.write_text("anon 200\nfile 500\ninactive_file 400\nactive_file 50\n")
    assert room.free_bytes() == 750
    limit.write_text("max\n")
    assert room.free_bytes() > 1 << 20
