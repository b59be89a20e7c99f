"""`python -m eval sweep NAME|FILE.toml`: the runs that a question needs, and one table of them."""

import argparse
import contextlib
import os
import pathlib
import shlex
import signal
from collections.abc import Iterator, Sequence

from eval import sweep, sweep_page, sweep_runs
from flanlike import errors
from flanlike.tasks import registry as registries


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    ours, more = _divided(arguments)
    flags = _parser().parse_args(ours)
    if flags.name is None:
        _list_shipped(registry, is_asked=flags.list)
        return
    found = sweep.load(flags.name, registry, more)
    out = flags.out or pathlib.Path("runs") / f"sweep-{found.name}"
    mine = sweep_runs.part(found.runs, flags.part)
    if flags.list:
        _list_runs(found, mine, out)
        return
    sweep_runs.claim(found, out)
    waiting = sweep_runs.missing(mine, out)
    print(f"{found.question}\n{len(mine)} runs, {len(waiting)} to make, into {out}", flush=True)
    with _stopping():
        failed = sweep_runs.run_all(waiting, out, at_once=flags.at_once or _cores())
    if failed:
        raise errors.UserError(
            f"{len(failed)} of {len(waiting)} runs failed, the others went on: "
            f"{'; '.join(map(str, failed))}; mend it, and the same command makes what is missing"
        )
    if absent := sweep_runs.missing(found.runs, out):
        names = ", ".join(run.name for run in absent)
        print(f"no table yet: {len(absent)} of {len(found.runs)} runs are missing: {names}")
        return
    print(*sweep_page.write(found, out), sep="\n")


def _parser() -> argparse.ArgumentParser:
    parser = errors.Parser(
        prog="python -m eval sweep",
        description="Trains and evaluates what a question needs, and compares it in one table. "
        "Called again it goes on where it stopped.",
        epilog="after --: flags of train.py for all runs, as in  -- --steps 100 --data ROWS",
    )
    parser.add_argument("name", nargs="?", help="of a shipped sweep, or a TOML file")
    parser.add_argument("--out", type=pathlib.Path, help="folder; default: runs/sweep-NAME")
    parser.add_argument(
        "--part", type=_part, default=(1, 1), metavar="I/N", help="only these of the runs"
    )
    parser.add_argument(
        "--at-once", type=_count, metavar="N", help="runs at a time; default: one a core"
    )
    parser.add_argument("--list", action="store_true", help="what there is to run, and run nothing")
    return parser


def _divided(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the words before the first "--", and those after it."""
    given = list(arguments)
    at = given.index("--") if "--" in given else len(given)
    return given[:at], given[at + 1 :]


def _list_shipped(registry: registries.Opener, *, is_asked: bool) -> None:
    if not is_asked:
        raise errors.UserError(
            "no sweep given: expected a name or a TOML file; python -m eval sweep --list has the "
            "shipped ones"
        )
    for name in sweep.shipped():
        found = sweep.load(name, registry)
        print(f"{name:20} {len(found.runs):3} runs  {found.question}")


def _list_runs(found: sweep.Sweep, runs: Sequence[sweep.Run], out: pathlib.Path) -> None:
    for run in runs:
        print(f"{sweep_runs.state(run, out):9}  {shlex.join(sweep_runs.command(run, out))}")


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
    """Lets SIGTERM and SIGHUP interrupt as Ctrl-C does: the runs under way save and end."""

    def stop(number: int, frame: object) -> None:
        del frame
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _part(text: str) -> tuple[int, int]:
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise argparse.ArgumentTypeError(f"it is {text!r}: it must be I/N, from 1/N to N/N")
    return int(index), int(count)


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 1024):
        raise argparse.ArgumentTypeError(f"it is {text!r}: it must be 1 or more and at most 1024")
    return int(text)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
