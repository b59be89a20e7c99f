"""What a sweep found: one table over conditions, as a page, a plot and JSON."""

import pathlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval import (
    evaluation,
    figures,
    hierarchy,
    page,
    plots,
    predictions,
    report,
    results,
    run_folder,
    sweep,
)
from flanlike import atomic, errors

_NOTE = (
    "Untuned, tuned: means over runs, tasks and templates, with 95 % intervals; each run in its "
    "own style of prompts. Intervals of all tasks draw runs, tasks and clusters of rows; those of "
    "one cluster (or one task) draw runs and clusters of rows, and speak of these tasks alone. A "
    "condition of one run says nothing of other seeds. Differences are on the same tasks and rows. "
    "With many conditions some intervals leave out zero by chance: they are not corrected for "
    "their number. docs/statistics.md says how each is computed."
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One condition on some tasks; `cluster` is "" for all that are compared.

    `difference` is tuned less the baseline; None in the baseline's own line, and `untuned` where
    runs have no evaluation before the first step.
    """

    condition: str
    cluster: str
    tasks: tuple[str, ...]
    runs: int
    untuned: predictions.Estimate | None
    tuned: predictions.Estimate
    difference: predictions.Estimate | None


Runs = Mapping[str, Sequence[run_folder.Run]]  # of each condition


def write(found: sweep.Sweep, out: pathlib.Path) -> list[pathlib.Path]:
    """Writes table.md, table.html, table.json and plots/sweep.svg; returns the pages' paths."""
    runs: dict[str, list[run_folder.Run]] = {}
    for run in found.runs:
        runs.setdefault(run.condition, []).append(run_folder.read(out / run.name))
    lines = compare(found, runs)
    markdown, html, table = (out / f"table.{kind}" for kind in ("md", "html", "json"))
    data = {run.after.setting.data for group in runs.values() for run in group}
    blocks = _blocks(found, lines, [*figures.data_banner("embedded")] if "embedded" in data else [])
    report.write_pages(blocks, title=f"Sweep {found.name}", markdown=markdown, html=html)
    atomic.write_json(table, as_json(found, lines), ensure_ascii=False)
    return [markdown, html, table]


def compare(found: sweep.Sweep, runs: Runs) -> list[Line]:
    """Returns the lines of all conditions, then those of each cluster where there are several.

    Against a condition the tasks are those that all runs were asked on the same rows. Against the
    untuned model they are each condition's own, for each may hold out something else.
    """
    tuned = {
        name: {run.name: _asked(found, run.after) for run in group} for name, group in runs.items()
    }
    untuned = {
        name: {}
        if any(run.before is None for run in group)
        else {run.name: _asked(found, run.before) for run in group}
        for name, group in runs.items()
    }
    if found.baseline == sweep.UNTUNED:
        if lacking := [name for name, cells in untuned.items() if not cells]:
            raise errors.UserError(
                f"sweep {found.name!r} compares with the untuned model, and the runs of "
                f"{lacking[0]!r} have no evaluation of it: leave out --eval.no-at-start"
            )
        shared = {name: hierarchy.shared_tasks(tuned[name], untuned[name]) for name in runs}
    else:
        shared = dict.fromkeys(runs, hierarchy.shared_tasks(*tuned.values()))
    cluster_of = {
        cell.task: cell.cluster
        for group in tuned.values()
        for cells in group.values()
        for cell in cells
    }
    asked = {name: _compared(found, tasks, cluster_of) for name, tasks in shared.items()}
    clusters = list(dict.fromkeys(cluster_of[task] for tasks in asked.values() for task in tasks))
    lines = []
    for cluster in ["", *(clusters if len(clusters) > 1 else [])]:
        for name, tasks in asked.items():
            chosen = [task for task in tasks if cluster in ("", cluster_of[task])]
            if chosen:
                lines.append(_line(found, name, cluster, chosen, tuned, untuned))
    are_the_same = found.baseline == sweep.UNTUNED and all(
        len({cluster_of[task] for task in tasks}) == 1 for tasks in asked.values()
    )
    return [line for line in lines if not (line.cluster and are_the_same)]


def as_json(found: sweep.Sweep, lines: Sequence[Line]) -> dict[str, Any]:
    """Returns the declaration and all lines as plain values."""
    return {
        "name": found.name,
        "question": found.question,
        "predicted": found.predicted,
        "source": found.source,
        "baseline": found.baseline,
        "seeds": list(found.seeds),
        "flags": {name: list(flags) for name, flags in found.flags.items()},
        "lines": [
            {
                "condition": line.condition,
                "cluster": line.cluster or None,
                "tasks": list(line.tasks),
                "runs": line.runs,
                **{
                    kind: _plain(getattr(line, kind)) for kind in ("untuned", "tuned", "difference")
                },
            }
            for line in lines
        ],
    }


def _compared(found: sweep.Sweep, tasks: Sequence[str], cluster_of: Mapping[str, str]) -> list[str]:
    chosen = [
        task for task in tasks if not found.compared or {task, cluster_of[task]} & {*found.compared}
    ]
    if not chosen:
        raise errors.UserError(
            f"sweep {found.name!r}: nothing to compare of {list(found.compared) or 'all tasks'!r}: "
            f"its runs were asked {', '.join(tasks) or 'no task on the same rows'}; mend "
            "'compared', or what is held out"
        )
    return chosen


def _line(
    found: sweep.Sweep,
    name: str,
    cluster: str,
    tasks: Sequence[str],
    tuned: Mapping[str, hierarchy.Runs],
    untuned: Mapping[str, hierarchy.Runs],
) -> Line:
    draws_tasks = not cluster and len(tasks) > 1
    after, before = (_only(group[name], tasks) for group in (tuned, untuned))
    baseline = None
    if found.baseline == sweep.UNTUNED:
        baseline = before
    elif found.baseline != name:
        baseline = _only(tuned[found.baseline], tasks)
    return Line(
        condition=name,
        cluster=cluster,
        tasks=tuple(tasks),
        runs=len(after),
        untuned=hierarchy.estimate(before, draws_tasks=draws_tasks) if before else None,
        tuned=hierarchy.estimate(after, draws_tasks=draws_tasks),
        difference=baseline and hierarchy.difference(after, baseline, draws_tasks=draws_tasks),
    )


def _asked(found: sweep.Sweep, asked: evaluation.Evaluation) -> results.Cells:
    """Returns the cells that are compared: all, or those of the sweep's kind of templates."""
    return [cell for cell in asked.cells if found.kind in ("", cell.kind)]


def _only(runs: hierarchy.Runs, tasks: Sequence[str]) -> hierarchy.Runs:
    return {name: [cell for cell in cells if cell.task in tasks] for name, cells in runs.items()}


def _blocks(
    found: sweep.Sweep, lines: Sequence[Line], banner: Sequence[page.Block]
) -> list[page.Block]:
    whole = [line for line in lines if not line.cluster]
    blocks: list[page.Block] = [
        page.Heading(text=page.literal(found.name.replace("_", " ")), level=1),
        page.Text(text=page.literal(found.question), role="lead"),
        page.Text(text=f"Predicted before any run: {page.literal(found.predicted)}"),
    ]
    if found.source:
        blocks.append(page.Text(text=f"After {page.literal(found.source)}."))
    blocks += [
        *banner,
        page.Heading(text="All that is compared"),
        page.Figure(
            name="sweep",
            svg=plots.conditions(
                [
                    (
                        line.condition,
                        figures.ends(line.tuned),
                        None if line.untuned is None else figures.ends(line.untuned),
                    )
                    for line in whole
                ]
            ),
            caption="Mean over tasks after tuning and before it, with 95 % intervals.",
        ),
        _table(found, whole),
    ]
    clusters = list(dict.fromkeys(line.cluster for line in lines if line.cluster))
    if clusters:
        blocks.append(page.Heading(text="By cluster"))
    for cluster in clusters:
        blocks.append(page.Heading(text=figures.spaced(cluster), level=3))
        blocks.append(_table(found, [line for line in lines if line.cluster == cluster]))
    flags = "\n".join(f"{name}: {shlex.join(given)}" for name, given in found.flags.items())
    return [
        *blocks,
        page.Text(text=_NOTE, role="note"),
        page.Heading(text="Runs"),
        page.Text(text=f"Seeds {', '.join(map(str, found.seeds))}; train.py was given"),
        page.Code(text=flags),
    ]


def _table(found: sweep.Sweep, lines: Sequence[Line]) -> page.Table:
    rows = [
        [
            page.literal(line.condition),
            "–" if line.untuned is None else _shown(line.untuned),
            f"**{figures.number(line.tuned.value)}** {figures.interval(line.tuned)}",
            "–"
            if line.difference is None
            else f"{figures.signed(line.difference.value)} "
            f"{figures.interval(line.difference, is_difference=True)}",
            str(line.runs),
            str(len(line.tasks)),
        ]
        for line in lines
    ]
    against = f"difference to {page.literal(found.baseline)}"
    header = ("condition", "untuned", "tuned", against, "runs", "tasks")
    about = figures.spaced(lines[0].cluster or "all tasks")
    return page.Table(header=header, rows=rows, about=about)


def _shown(estimate: predictions.Estimate) -> str:
    return f"{figures.number(estimate.value)} {figures.interval(estimate)}"


def _plain(estimate: predictions.Estimate | None) -> dict[str, float] | None:
    if estimate is None:
        return None
    value, low, high = figures.ends(estimate)
    return {"value": value, "low": low, "high": high, "standard_error": estimate.standard_error}
