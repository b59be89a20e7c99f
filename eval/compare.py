"""Several runs in one page: groups of runs that differ in their seed only, side by side.

Two runs are also compared row by row, more of them in several groups with doubt over their seeds.
At the page's end are all predictions, of any two runs side by side.

python -m eval report runs/instructions-* runs/inputs-only-*
"""

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval import (
    comparison,
    contrasts,
    exploring,
    figures,
    page,
    plots,
    report,
    run_folder,
    shots_curve,
)
from flanlike import atomic

_LONGEST_NAME = 24  # of a group, in letters
# What may differ between the runs of one group.
_FREE = ("seed", "out", "workers", "checkpoint", "wandb")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Runs of one configuration but for the seed.

    `name` says how it differs from the others, where that is short; `differs` says it in full.
    """

    name: str
    differs: str
    runs: tuple[run_folder.Run, ...]

    def changes(self, name: str, *, is_task: bool = False) -> list[comparison.Change]:
        """Returns what each run did to the cluster of that name, where it was asked, or the task.

        A file of one's own is both, by one name.
        """
        return [
            change
            for run in self.runs
            for change in (run.task_changes if is_task else run.changes)
            if change.name == name
        ]


def write(folders: Sequence[pathlib.Path], out: pathlib.Path) -> list[pathlib.Path]:
    """Writes comparison.md and comparison.html into the folder `out`; returns their paths."""
    groups = grouped([run_folder.read(folder) for folder in folders])
    atomic.make_folder(out, what="a folder for the page")
    markdown, html = out / "comparison.md", out / "comparison.html"
    report.write_pages(blocks(groups), title="Comparison of runs", markdown=markdown, html=html)
    return [markdown, html]


def grouped(runs: Sequence[run_folder.Run]) -> list[Group]:
    """Returns the runs by configuration, the seed aside, in order of first appearance."""
    flat = [_flat(run.config) for run in runs]
    keys = list(dict.fromkeys(key for config in flat for key in config))
    differing = [key for key in keys if len({repr(config.get(key)) for config in flat}) > 1]
    groups: dict[str, list[run_folder.Run]] = {}
    for run, config in zip(runs, flat, strict=True):
        name = ", ".join(_difference(key, config.get(key)) for key in differing)
        groups.setdefault(name or "all runs", []).append(run)
    names = _short(groups)
    return [
        Group(name=name, differs=differs, runs=tuple(members))
        for name, (differs, members) in zip(names, groups.items(), strict=True)
    ]


def _short(groups: Mapping[str, Sequence[run_folder.Run]]) -> list[str]:
    """Returns names that a plot's legend and a column's head have room for.

    Where what differs is long it is the name of the one run of each group, or a letter.
    """
    if max(map(len, groups)) <= _LONGEST_NAME:
        return list(groups)
    runs = [members[0].name for members in groups.values()]
    are_alone = all(len(members) == 1 for members in groups.values())
    if are_alone and len(set(runs)) == len(runs) and max(map(len, runs)) <= _LONGEST_NAME:
        return runs
    return [f"group {number}" for number in range(1, len(groups) + 1)]


def blocks(groups: Sequence[Group]) -> list[page.Block]:
    """Returns the page: a figure and tables by cluster and task, differences, the list of runs."""
    runs = [run for group in groups for run in group.runs]
    clusters = _names(run.changes for run in runs)
    tasks = _names(run.task_changes for run in runs)
    data = {run.after.setting.data for run in runs}
    found: list[page.Block] = [
        page.Heading(text="Comparison of runs", level=1),
        page.Text(
            text=f"{len(runs)} runs in {len(groups)} groups. Figures are means over the seeds of a "
            "group, with the range over seeds after tuning in brackets; one seed has no range."
        ),
        *_meanings(groups),
        *(figures.data_banner("embedded") if "embedded" in data else []),
    ]
    found += [
        page.Heading(text="Clusters"),
        _figure(groups, clusters),
        _table(groups, clusters),
        page.Heading(text="Tasks"),
        _table(groups, tasks, are_tasks=True),
        page.Text(
            text="Untuned → tuned, each asked in the style of the group. ▼: the whole interval is "
            "below chance, on every seed. Majority, heuristic: the commonest answer of the "
            "training split, and the trivial heuristic that did best on it.",
            role="note",
        ),
        *_by_shots(runs),
        *_contrasts(groups),
        page.Heading(text="Runs"),
        _runs(groups),
        *(exploring.of_runs(runs) if len(runs) > 1 else []),
    ]
    return found


def _meanings(groups: Sequence[Group]) -> list[page.Block]:
    """Says how groups differ whose names do not."""
    items = [
        f"**{page.literal(group.name)}**: {page.literal(group.differs)}"
        for group in groups
        if group.name != group.differs
    ]
    return [page.Bullets(items=items)] if items else []


def _contrasts(groups: Sequence[Group]) -> list[page.Block]:
    """Returns two runs row by row, or the groups' differences with doubt over their seeds."""
    runs = [run for group in groups for run in group.runs]
    if len(runs) == 2:
        return contrasts.two_runs(*runs)
    if len(groups) > 1:
        return contrasts.groups({group.name: group.runs for group in groups})
    return []


def _by_shots(runs: Sequence[run_folder.Run]) -> list[page.Block]:
    """Returns a curve of each set of runs that differ in their number of exemplars alone."""
    alike: dict[str, dict[int, run_folder.Run]] = {}
    for run in runs:
        config = {**_flat(run.config), "seed": run.config.get("seed"), "eval.shots": None}
        its = alike.setdefault(repr(sorted(config.items())), {})
        its.setdefault(run.after.options.get("shots", 0), run)
    found: list[page.Block] = []
    for its in alike.values():
        curves = shots_curve.of([run.after for run in its.values()]) if len(its) > 1 else []
        if curves:
            number = sum(isinstance(block, page.Figure) for block in found) + 1
            said = f"Of {', '.join(page.literal(run.name) for run in its.values())}."
            found += [page.Text(text=said), *shots_curve.blocks(curves, name=f"by_shots_{number}")]
    return [page.Heading(text="By number of exemplars"), *found] if found else []


def _figure(groups: Sequence[Group], names: Sequence[str]) -> page.Figure:
    values = {
        name: {group.name: [c.after.value for c in group.changes(name)] for group in groups}
        for name in names
    }
    chances = {name: _first(groups, name).chance for name in names}
    return page.Figure(
        name="compared",
        svg=plots.compared([group.name for group in groups], values, chances),
        caption="After tuning: a dot per seed, a bar at their mean. Broken line: chance.",
    )


def _table(groups: Sequence[Group], names: Sequence[str], *, are_tasks: bool = False) -> page.Table:
    rows = []
    for name in names:
        first = _first(groups, name, is_task=are_tasks)
        rows.append(
            [
                page.literal(name) if are_tasks else figures.spaced(name),
                *(_before_and_after(group.changes(name, is_task=are_tasks)) for group in groups),
                *map(figures.number, (first.chance, first.majority, first.heuristic)),
            ]
        )
    names_of_groups = [f"{page.literal(group.name)} ({len(group.runs)})" for group in groups]
    header = ("", *names_of_groups, "chance", "majority", "heuristic")
    return page.Table(header=header, rows=rows)


def _runs(groups: Sequence[Group]) -> page.Table:
    rows = [
        [
            page.literal(run.name),
            page.literal(group.name),
            str(run.after.setting.seed),
            f"{run.after.setting.step:,}",
            page.literal(run.prompts),
            str(sum(change.holds for change in run.changes if run.is_held_out(change))),
        ]
        for group in groups
        for run in group.runs
    ]
    header = ("run", "group", "seed", "steps", "asked", "held-out clusters above all")
    return page.Table(header=header, rows=rows, words=(1,))


def _names(changes: Any) -> list[str]:
    return list(dict.fromkeys(change.name for found in changes for change in found))


def _first(groups: Sequence[Group], name: str, *, is_task: bool = False) -> comparison.Change:
    return next(change for group in groups for change in group.changes(name, is_task=is_task))


def _before_and_after(changes: Sequence[comparison.Change]) -> str:
    """Returns ".520 → **.900** [.880, .930]": means, and the range after; a dash without values.

    A mark says where every run lies below chance.
    """
    if not changes:
        return "–"
    before = [change.before.value for change in changes if change.before]
    after = [change.after.value for change in changes]
    shown = f"**{figures.number(float(np.mean(after)))}**"
    if before:
        shown = f"{figures.number(float(np.mean(before)))} → {shown}"
    if len(after) > 1:
        shown = f"{shown} {figures.ends_of((min(after), max(after)))}"
    return shown + (" ▼" if all(change.is_below_chance for change in changes) else "")


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in config.items():
        if not prefix and key in _FREE:
            continue
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def _difference(key: str, value: Any) -> str:
    name = key.rpartition(".")[2].replace("_", " ")
    return str(value) if key == "prompts" else f"{name} {value}"
