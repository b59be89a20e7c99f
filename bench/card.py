"""A train step on one accelerator against PyTorch's: `python bench/train_step.py --gpu`.

T5-large, a 1B decoder and Gemma 3 270M's shape on random tokens of realistic lengths, in bfloat16
arithmetic with parameters, gradients and AdamW's moments in float32: PyTorch by autocast and fused
AdamW, with `torch.compile` and `sdpa` attention. Each measurement (`card_sides`) is a process of
its own with a limit of time: one that fails leaves the others. One that lacks memory is tried again
with half the rows, and a smaller card begins with fewer.

The peak is what the card reaches here in large bfloat16 products, not its data sheet's figure. A
share of it is that of the FLOPs of matrix products by formula (`card_cases.flops`). Ours count the
head at targets alone, as it computes no other logits; PyTorch's count it at every position, as it
does. Tokens a second are real ones, without padding: they compare the two.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CASES = {"t5": "T5-large", "decoder": "1B decoder", "gemma": "Gemma 3 270M"}
SIDES = ("peak", "ours", "packed", "padded")
_SIDE_TITLES = {"ours": "ours, packed", "packed": "torch, packed", "padded": "torch, padded"}
_LIMIT_S = {"peak": 60, "ours": 90, "packed": 150, "padded": 150}
_HALVINGS = 2  # of the rows, where memory lacks
_NO_MEMORY = ("RESOURCE_EXHAUSTED", "out of memory", "OutOfMemory")
_FULL_GIB = 70  # of a card for which the rows are made
_COLUMNS = (
    "| model | side | rows | real tokens/s | TFLOP/s | of the peak | GiB | ours / this |",
    "|---|---|---|---|---|---|---|---|",
)


def main(options: argparse.Namespace) -> None:
    if options.side:
        import card_sides

        print(json.dumps(card_sides.measured(options)))
        return
    until = time.monotonic() + 60 * options.minutes
    peak = _run(options, "peak", "t5", 1, until)
    divided = _divided(peak.get("memory_gib", 0))
    found: list[dict[str, Any]] = []
    cases = [name for name in CASES if name in options.only]
    for side in SIDES[1:]:
        for name in cases:
            result = _run(options, side, name, divided, until)
            found.append({"case": name, "side": side, **result})
            print(f"{CASES[name]}, {_SIDE_TITLES[side]}: {_told(result)}", flush=True)
            if options.json:
                told = {"tiny": options.tiny, "remat": options.remat, "peak": peak, "found": found}
                Path(options.json).write_text(json.dumps(told, indent=2) + "\n")
    print("\n" + page(peak, found))


def page(peak: dict[str, Any], found: list[dict[str, Any]]) -> str:
    """Returns the results as Markdown: a line about the card, a table, and what failed."""
    versions = sorted({one["version"] for one in (peak, *found) if "version" in one})
    if "peak" in peak:
        card = f"{peak['device']}: {peak['peak'] / 1e12:.1f} TFLOP/s in bfloat16 products"
    else:
        card = f"the card's peak was not measured: {peak['failed']}"
    lines = [f"{card}; {', '.join(versions)}.", "", *_COLUMNS]
    ours = {one["case"]: one for one in found if one["side"] == "ours" and "step_s" in one}
    failed = []
    for one in found:
        title = f"{CASES[one['case']]} | {_SIDE_TITLES[one['side']]}"
        if "step_s" not in one:
            failed.append(f"* {title.replace(' | ', ', ')}: {_told(one)}")
            continue
        rate = one["flops"] / one["step_s"]
        share = f"{rate / peak['peak']:.1%}" if "peak" in peak else "?"
        mine = ours.get(one["case"])
        ratio = f"{_tokens_per_s(mine) / _tokens_per_s(one):.2f}x" if mine else "?"
        lines.append(
            f"| {title} | {one['rows']} | {_tokens_per_s(one):,.0f} | {rate / 1e12:.1f} | {share} "
            f"| {one['memory_gib']:.1f} | {ratio if one is not mine else ''} |"
        )
    return "\n".join([*lines, *(["", "Not measured:", "", *failed] if failed else [])])


def _tokens_per_s(result: dict[str, Any]) -> float:
    return result["tokens"] / result["step_s"]


def _told(result: dict[str, Any]) -> str:
    if "step_s" not in result:
        return result.get("skipped") or result["failed"]
    return (
        f"{result['step_s'] * 1e3:,.0f} ms a step of {result['rows']} rows and "
        f"{result['tokens']:,} real tokens, the first {result['first_s']:.0f} s"
    )


def _divided(memory_gib: float) -> int:
    """Returns by what the rows are divided on a card of that memory; 1 where it is not known."""
    divided = 1
    while 0 < memory_gib < _FULL_GIB / divided and divided < 8:
        divided *= 2
    return divided


def _run(
    options: argparse.Namespace, side: str, name: str, divided: int, until: float
) -> dict[str, Any]:
    """Returns what a process of that side found, or why it `failed`."""
    for halved in range(_HALVINGS + 1):
        limit_s = min(_LIMIT_S[side], until - time.monotonic())
        if limit_s < 1:
            return {"failed": f"no time is left of the {options.minutes:g} minutes"}
        found = _of_process(options, side, name, divided << halved, limit_s)
        if not any(word in found.get("failed", "") for word in _NO_MEMORY):
            break
    return found


def _of_process(
    options: argparse.Namespace, side: str, name: str, divided: int, limit_s: float
) -> dict[str, Any]:
    script = Path(__file__).resolve().parent / "train_step.py"
    arguments = ["--gpu", "--side", side, "--shape", name, "--divide-rows", str(divided)]
    arguments += ["--threads", str(options.threads), "--remat", options.remat]
    arguments += ["--attention-kernel", options.attention_kernel]
    arguments += ["--tiny"] if options.tiny else []
    environment = os.environ | {"XLA_PYTHON_CLIENT_MEM_FRACTION": ".92"}
    if side in ("packed", "padded"):
        environment["JAX_PLATFORMS"] = "cpu"  # PyTorch gets the card alone
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdout=out,
            stderr=err,
            env=environment,
            start_new_session=True,  # with what compiles for it
        )
        try:
            status = child.wait(limit_s)
        except subprocess.TimeoutExpired:
            return {"failed": f"it took longer than {limit_s:.0f} s"}
        finally:
            with contextlib.suppress(ProcessLookupError):  # none of them is left
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        out.seek(0), err.seek(0)
        return {"failed": _reason(err.read())} if status else json.loads(out.readlines()[-1])


def _reason(stderr: str) -> str:
    """Returns the line of an error that says most: of lacking memory, else the last."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in _NO_MEMORY)]
    return ([*telling, *lines[-1:]] or ["it ended without a word"])[0][:300]
