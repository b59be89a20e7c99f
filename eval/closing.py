"""How a run closes: the report, the held-out figures in a few lines, and three sentences."""

import pathlib
from collections.abc import Mapping
from typing import Any

from eval import evaluation, in_short, page, report
from eval import run_folder as run_folders
from flanlike import config as config_lib
from flanlike import microworld
from flanlike.runs import folder as run_folder
from flanlike.runs import kept
from flanlike.training import distributed


def is_finished(
    out: pathlib.Path, config: Mapping[str, Any], settings: config_lib.EvalConfig
) -> bool:
    """Returns what the first process sees: whether a run is trained and evaluated to its end.

    `config` is the run's, as config.json is to have it.
    """
    last, asked = kept.ending(out, config)
    evaluated = [0, asked] if settings.at_start else [asked]
    is_there = run_folder.is_trained(out, last) and all(
        step is not None and evaluation.is_whole(out, step, settings) for step in evaluated
    )
    return distributed.of_first(is_there)


def conclude(out: pathlib.Path, *, command: str) -> None:
    """Writes the report and says what was found, in the first process; the others wait for it."""
    if distributed.is_first():
        pages = report.write(out, command=command)
        _say(*evaluation.first_and_last(out))
        for sentence in in_short.sentences(run_folders.read(out)):
            print(page.to_text(sentence))
        print(f"report: {' and '.join(map(str, pages))}", flush=True)
    distributed.wait("the report is written")


def _say(before: evaluation.Evaluation | None, after: evaluation.Evaluation) -> None:
    if after.setting.data == "embedded":
        print(microworld.NOTICE)
    untuned = {item.cluster: item for item in before.clusters()} if before else {}
    for item in after.clusters():
        first = f"{untuned[item.cluster].mean:.3f} -> " if item.cluster in untuned else ""
        low, high = item.ci95
        chance = "" if item.chance is None else f"  chance {item.chance:.3f}"
        print(f"{item.cluster:32} {first}{item.mean:.3f}  [{low:.3f}, {high:.3f}]{chance}")
