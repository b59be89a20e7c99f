"""What a base of each type costs and does in a run of --tune lora: memory, time, loss.

    python bench/base_dtypes.py --model ../models/smollm2

Each type is measured in a process of its own: the base is read, pairs are put beside all kernels
and take the same steps on the same packed rows of flan_core. `held` are the bytes of the model's
arrays, `resident` what the process has besides files when the model is there, `peak` the most it
had, and `planned` what `python -m flanlike.plan` says of that step. Seconds are the median of all
steps but the first two; `CPU` are seconds of the cores, which other work does not lengthen.
"""

import argparse
import json
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # the checkout

DTYPES = ("float32", "bfloat16", "int8")
_GIB = 2**30
_LAST = 4  # steps whose loss is shown as a mean


def main() -> None:
    options = _parser().parse_args()
    if options.dtype:
        print(json.dumps(_measure(options, options.dtype)))
        return
    print("| base | held | resident | peak | planned | first loss | last losses | s/step | CPU |")
    print("|---|---|---|---|---|---|---|---|---|")
    for dtype in DTYPES:
        command = [sys.executable, __file__, *sys.argv[1:], "--dtype", dtype]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        print(_row(dtype, json.loads(done.stdout.splitlines()[-1])), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="a published decoder's folder")
    parser.add_argument("--data", default="embedded", help="as of train.py")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rows", type=int, default=2, help="packed rows a step")
    parser.add_argument("--lengths", default="96/32", help="most tokens of inputs/targets")
    parser.add_argument("--rank", type=int, default=8, help="of the pairs beside all kernels")
    parser.add_argument("--remat", choices=("none", "full", "dots"), default="none")
    parser.add_argument("--dora", action="store_true")
    parser.add_argument("--dtype", choices=DTYPES, help=argparse.SUPPRESS)
    return parser


def _measure(options: argparse.Namespace, dtype: str) -> dict[str, Any]:
    import jax

    from flanlike import config
    from flanlike.models import tuning
    from flanlike.runs import loading
    from flanlike.training import activations, loop, plan

    folder = pathlib.Path(options.model)
    inputs, targets = map(int, options.lengths.split("/"))
    run = config.RunConfig(
        data=options.data,
        tune="lora",
        base_dtype=dtype,
        steps=options.steps,
        batch=config.BatchConfig(
            rows=options.rows, max_input_tokens=inputs, max_target_tokens=targets
        ),
        lora=config.LoraConfig(rank=options.rank, targets=("all-linear",), dora=options.dora),
        optim=config.OptimConfig(peak_lr=2e-3, warmup_steps=2, schedule="constant"),
    )
    batches = _batches(run, folder)
    model = loading.load_base(folder, params_dtype=dtype, remat=options.remat).model
    tuning.attach(model, run.lora, seed=0)
    held = sum(array.nbytes for array in jax.live_arrays())
    resident = _status("RssAnon")
    state, step = loop.begin(run, model, None)
    losses, spent = [], []
    for batch in batches:
        begun = time.perf_counter(), time.process_time()
        state, metrics = step(state, batch)
        losses.append(float(metrics.loss))
        spent.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    learns = activations.Learns(tuning=run.lora, base_dtype=dtype)
    planned = plan.make(model.config, config.MeshConfig(data=1), run.batch, run.optim, learns)
    wall, cpu = (statistics.median(one) for one in zip(*spent[2:], strict=True))
    return {
        "held": held,
        "resident": resident,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "planned": planned.total,
        "losses": losses,
        "wall": wall,
        "cpu": cpu,
    }


def _batches(run: Any, folder: pathlib.Path) -> list[Any]:
    """Returns the first packed batches of flan_core, one for each step."""
    import task_registry
    from flanlike.batches import pipeline
    from flanlike.mixtures import compose
    from flanlike.runs import loading

    registry = task_registry.registry()
    composed = compose.compose(registry.mixture("flan_core"), registry, run.data, ())
    stream = pipeline.batches(
        composed,
        registry,
        loading.words_of(folder),
        data=run.data,
        seed=0,
        family="decoder",
        rows=run.batch.rows,
        max_input_tokens=run.batch.max_input_tokens,
        max_target_tokens=run.batch.max_target_tokens,
    )
    try:
        return [next(stream) for _ in range(run.steps)]
    finally:
        stream.close()


def _status(name: str) -> int:
    """Returns the bytes that Linux says of this process under that name."""
    text = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024


def _row(dtype: str, found: dict[str, Any]) -> str:
    sizes = (f"{found[name] / _GIB:.2f}" for name in ("held", "resident", "peak", "planned"))
    last = statistics.mean(found["losses"][-_LAST:])
    cells = (dtype, *sizes, f"{found['losses'][0]:.4f}", f"{last:.4f}")
    return f"| {' | '.join(cells)} | {found['wall']:.2f} | {found['cpu']:.2f} |"


if __name__ == "__main__":
    main()
