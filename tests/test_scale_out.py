"""Real processes on CPU: 1, 2 and 4 are the same run, by the commands of docs/scale_out.md."""

import json
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys

import numpy as np
import pytest
import training_toys

import train
from flanlike import flags as flags_lib
from flanlike import jsonl
from flanlike.models import presets

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/scale_out.md").read_text(encoding="utf-8")
LOCAL = re.search(r"```sh\n(# Four processes.*?)```", PAGE, re.DOTALL).group(1)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


def environment(devices: int, **variables: str) -> dict[str, str]:
    flags = f"--xla_force_host_platform_device_count={devices} {training_toys.QUICK_COMPILE}"
    return os.environ | {
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": flags,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
        **variables,
    }


# On four devices in all: trains both families, asks and lets write, and prints what came out.
WORKER = """
import contextlib, dataclasses, json, pathlib, sys
import jax, numpy as np, optax
import training_toys
from flanlike import config
from flanlike import errors
from flanlike import models
import decode_toys
from flanlike.models import generate
from flanlike.runs import watching
from flanlike.training import checkpoint, distributed, progress, validating
from flanlike.batches import features, input_shards, packing
from flanlike.models import sharding
from flanlike.training import loop

process, processes, port, folder = sys.argv[1:]
distributed.join(config.DistributedConfig(
    coordinator=f"localhost:{port}", processes=int(processes), process=int(process)))
assert jax.device_count() == 4 and distributed.count() == int(processes)
assert distributed.is_first() == (process == "0")
ENCODER_DECODER = dataclasses.replace(
    training_toys.MODEL, family="encoder_decoder", encoder_layers=1, tied_embeddings=False)

def item(index):
    ids = np.random.default_rng(index).integers(2, 32, 6).tolist()
    return packing.Item(example=features.Example(inputs=ids[:3 + index % 2], targets=[*ids[4:], 1]))

def begin(shape, shards, mesh, optimizer):
    model = models.build(shape, seed=0, mesh=mesh)
    step = loop.make_train_step(model, optimizer, optax.constant_schedule(0.3), mesh=mesh)
    state = loop.init_state(model, optimizer, mesh=mesh)
    windows = packing.Windows(
        item, row_tokens=(0, 12) if shape.family == "decoder" else (8, 6),
        family=shape.family, seed=0, window_examples=16)
    batches = input_shards.ShardedBatches(
        windows, rows=8, shards=shards, rows_here=sharding.rows_here(8, mesh),
        gather=distributed.gather)
    return model, state, step, batches

def run(shape, shards, mesh, asks):
    model, state, step, batches = begin(shape, shards, mesh, optax.sgd(0.3, momentum=0.5))
    losses = []
    for _ in range(3):
        state, metrics = step(state, next(batches))
        losses.append(float(metrics.loss))
    found = {"losses": losses, "state": batches.get_state()}
    if asks:
        loop.write_params(model, state.params)
        prompts = [[5 + i, 9, 20 + i][: 1 + i % 3] for i in range(5)]
        with jax.set_mesh(mesh):
            found["scores"] = np.array(
                decode_toys.option_scores(model, prompts, [[[3], [4, 5]]] * 5)).tolist()
            found["written"] = [
                generate.generate(model, prompts, max_new_tokens=4, stops=stops)
                for stops in (None, lambda ids: len(ids) == 2)]
    return found

def watch(mesh):
    # After two steps the rate is below 0, and the loss rises: both folders are written to at once.
    optimizer = optax.sgd(lambda count: jax.numpy.where(count < 2, 0.3, -0.3))
    model, state, step, batches = begin(training_toys.MODEL, 4, mesh, optimizer)
    out, looked_at = pathlib.Path(folder, "run"), [next(training_toys.stream(rows=4))]
    if distributed.is_first():
        out.mkdir()
    distributed.check_shared(out)
    asked = config.ValidationConfig(every=1, patience=2)
    with (contextlib.closing(checkpoint.Checkpoints(out / "checkpoints", keep=1)) as checkpoints,
          progress.log(out, total_steps=9, steps_taken=0) as log,
          watching.watch(asked, looked_at, model, batches, log, out=out, steps_taken=0, config={},
                         mesh=mesh) as watch):
        state, _ = loop.train(
            model, state, step, batches, total_steps=9, evaluate=None, evaluate_every=0,
            evaluate_at_start=False, evaluate_at_end=False, watch=watch, write=log.write,
            save=lambda steps, state: checkpoints.save(steps, state, batches, {}), save_every=1,
            agree=distributed.Agreement() if distributed.count() > 1 else None)
        checkpoints.wait()
    best = watching.take_best(model, out)
    [again, _] = validating.measure(model, mesh=mesh)(loop.params_of(model), looked_at)
    return {"ended": int(state.step), "best": best, "again": again, "lowest": watch.best.loss,
            "looks": [look.loss for look in watch._looks]}

def error_of(function, *arguments, **settings):
    try:
        function(*arguments, **settings)
    except errors.UserError as error:
        return str(error)

def fail_in_the_last():
    with distributed.together():
        if int(process) == int(processes) - 1:
            raise errors.UserError("no such row")

# Of four processes, two hold each row of the first: the axis tensor spans them. The devices of the
# second lie in another order, as on a pod: of two processes, one has rows 0 1 and 4 5.
crossed = np.array(jax.devices())[[0, 2, 1, 3]].reshape(1, 4, 1)
found = [run(training_toys.MODEL, 4, sharding.mesh(data=2, tensor=2), asks=True),
         run(ENCODER_DECODER, 1, jax.sharding.Mesh(crossed, sharding.AXES), asks=processes != "4")]
mine = pathlib.Path(folder, process)
mine.mkdir()
found.append({
    "failed": error_of(fail_in_the_last),
    "other": error_of(distributed.check_same, {"manifest": "same", "vocabulary": process}),
    "unseen": error_of(distributed.check_shared, mine if process == "0" else mine / "none",
                       timeout_s=0.3),
    "far": distributed.gather(np.array([1 << 40])).tolist(),
})
if processes != "4":
    found.append(watch(sharding.mesh(data=2, tensor=2)))
pathlib.Path(folder, f"found-{process}.json").write_text(json.dumps(found))
"""


def work(processes: int, folder: pathlib.Path) -> list[list[dict]]:
    """Returns what each process found."""
    folder.mkdir()
    port = str(free_port())
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(process), str(processes), port, str(folder)],
            env=environment(4 // processes),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for process in range(processes)
    ]
    said = [one.communicate()[0] for one in running]
    assert [one.returncode for one in running] == [0] * processes, "\n".join(said)
    return [json.loads((folder / f"found-{p}.json").read_text()) for p in range(processes)]


def test_one_two_and_four_processes_compute_the_same(tmp_path):
    [one] = work(1, tmp_path / "1")
    assert (one[3]["ended"], one[3]["best"]) == (4, 2) and len(one[3]["looks"]) == 5
    assert one[2] == {"failed": "no such row", "other": None, "unseen": None, "far": [[1 << 40]]}
    for processes in (2, 4):
        found = work(processes, tmp_path / str(processes))
        for process in found:
            for same, expected in zip(process[:2], one[:2], strict=True):
                np.testing.assert_allclose(same["losses"], expected["losses"], rtol=1e-5)
                assert same["state"] == expected["state"]
                if "scores" in same:
                    np.testing.assert_allclose(same["scores"], expected["scores"], rtol=1e-5)
                    assert same["written"] == expected["written"]
            if watched := process[3:]:
                assert watched == found[0][3:]
                assert (watched[0]["ended"], watched[0]["best"]) == (4, 2)
                np.testing.assert_allclose(watched[0]["looks"], one[3]["looks"], rtol=1e-5)
                np.testing.assert_allclose(watched[0]["again"], watched[0]["lowest"], rtol=1e-6)
            others = ", ".join(map(str, range(1, processes)))
            assert f"processes {others} have another vocabulary" in process[2]["other"]
            assert f"processes {others} do not see" in process[2]["unseen"]
            if process is not found[-1]:
                assert f"processes {processes - 1} ended with an error" in process[2]["failed"]
            assert process[2]["far"] == [[1 << 40]] * processes
        assert found[-1][2]["failed"] == "no such row"
        assert len(found[0]) == (4 if processes == 2 else 3)
    assert "scores" in one[0] and "scores" in one[1] and "scores" in found[0][0]


# `python train.py` with the toy preset; process 2 is asked to stop when it knows of two steps.
COMMAND = """
import os, signal, sys
import train, training_toys
from flanlike.training import progress
from flanlike.models import presets

presets.PRESETS["tiny"] = training_toys.MODEL
train.VOCABULARY_PROMPTS = 200
if "--distributed.process 2" in " ".join(sys.argv):
    progress.Silent.write = lambda log, step, metrics: (
        os.kill(os.getpid(), signal.SIGTERM) if step == 2 else None)
assert sys.argv.pop(1) == "train.py"
try:
    train.main(sys.argv[1:])
except SystemExit as stop:
    print(f"ended with {stop.code}")
"""
FLAGS = (
    "--mixture open_choice --hold-out word_relations --model tiny --init none --steps 8 "
    "--vocabulary-size 600 --batch.rows 4 --batch.input-shards 4 --optim.warmup-steps 2 "
    "--eval.rows-per-task 2 --eval.validation-rows 2 --eval.generation-rows 2"
)


def four_processes(folder: pathlib.Path, out: pathlib.Path) -> str:
    """Runs the page's loop with the toy preset; returns what was said."""
    script = folder / "python"
    (folder / "command.py").write_text(COMMAND)
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {folder / "command.py"} "$@"\n')
    script.chmod(0o755)
    command = LOCAL
    for here, there in (
        ("--mixture flan_core --out runs/local --batch.input-shards 4", f"{FLAGS} --out {out}"),
        ("localhost:12355", f"localhost:{free_port()}"),
    ):
        assert here in command
        command = command.replace(here, there)
    done = subprocess.run(
        ["bash", "-ec", command],
        env=environment(1, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}"),
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def lines(out: pathlib.Path) -> list[dict]:
    return list(jsonl.read(out / "metrics.jsonl"))


def test_stopped_on_four_processes_a_run_goes_on_with_one(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(presets.PRESETS, "tiny", training_toys.MODEL)
    monkeypatch.setattr(train, "VOCABULARY_PROMPTS", 200)
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    said = four_processes(tmp_path, stopped)
    assert said.count("stopped and saved in") == 1, said  # the first alone speaks
    assert said.count("ended with 143") == 4, said
    [saved] = (stopped / "checkpoints").iterdir()
    assert 3 <= int(saved.name) <= 5
    assert [line["step"] for line in lines(stopped)] == list(range(1, int(saved.name) + 1))
    assert not (stopped / "report.md").exists()

    train.main([*FLAGS.split(), "--out", str(whole)])
    train.main([*FLAGS.split(), "--out", str(stopped)])
    assert f"going on from step {saved.name}" in capsys.readouterr().out
    assert (stopped / "report.md").exists()
    for line, expected in zip(lines(stopped), lines(whole), strict=True):
        for name in ("step", "target_tokens", "useful_tokens"):
            assert line[name] == expected[name]
        np.testing.assert_allclose(line["loss"], expected["loss"], rtol=1e-5)
    for file in ("checkpoints/8/data/metadata", "composition.json", "manifest.json"):
        assert (stopped / file).read_text() == (whole / file).read_text()

    evaluated = stopped / "eval/8/predictions.jsonl"
    expected = evaluated.read_text()
    evaluated.unlink()
    evaluate_on_two(stopped)
    assert evaluated.read_text() == expected


def evaluate_on_two(run: pathlib.Path) -> None:
    """Runs `python -m eval` as two processes, of two devices each."""
    address = f"localhost:{free_port()}"
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "eval", "--run", str(run)],
            cwd=ROOT,
            env=environment(
                2,
                JAX_COORDINATOR_ADDRESS=address,
                JAX_NUM_PROCESSES="2",
                JAX_PROCESS_ID=str(process),
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for process in range(2)
    ]
    first, second = [one.communicate()[0] for one in running]
    assert [one.returncode for one in running] == [0, 0], first + second
    assert f"written to {run}" in first and "written to" not in second


def commands() -> list[str]:
    """Returns what follows `python train.py` wherever the page has it."""
    joined = re.sub(r"\\\n|\n +--", lambda found: " --" if "--" in found[0] else " ", PAGE)
    return [found.split("'")[0] for found in re.findall(r"python train\.py (--.*)", joined)]


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_page_is_one_of_ours(command):
    flags = shlex.split(command.replace("$process", "3").rstrip(" &"))
    parsed = flags_lib.parse(flags)
    assert parsed.out and parsed.batch.input_shards > 1


def test_the_page_has_a_command_for_each_place():
    assert len(commands()) == 4
