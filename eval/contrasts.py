"""What sets runs apart: two runs row by row, or groups of runs with doubt over their seeds.

These are sections of the page that `eval.compare` writes.
"""

from collections.abc import Mapping, Sequence

from eval import figures, hierarchy, page, pairs, predictions, run_folder, significance

_PAIRED = (
    "Better, worse: rows whose mean over templates rose or fell. Difference: the second run less "
    "the first, paired, with the bootstrap's interval. p: two-sided, of exchanging both runs' "
    "answers by clusters of rows; ≈ where exchanges were drawn and not all counted; a dash where "
    "the runs were asked by other templates and the metric is no mean over rows. Corrected: by "
    "Holm over all tasks with a p, so that the chance of any below .05 is at most 5 % where "
    "nothing differs. Where few rows changed an interval may leave out zero though p is above .05. "
    "docs/statistics.md says how each is computed."
)
_TEMPLATES = (
    "Wrong → right, right → wrong: rows, under this template. McNemar: the exact test of these "
    "two, which takes every row for independent evidence; by clusters: the same where rows of a "
    "cluster go together. These p-values are not corrected."
)
_OVER_SEEDS = (
    "Each group less the first one. Intervals draw runs, and clusters of the rows that all runs "
    "were asked; the last line draws tasks too, so that it speaks of tasks such as these. A group "
    "of one run says nothing of other seeds, nor does its interval. docs/statistics.md says how "
    "each is computed."
)


def two_runs(first: run_folder.Run, second: run_folder.Run) -> list[page.Block]:
    """Returns the second run against the first, on the rows that both were asked."""
    found = pairs.of_runs(first.after.cells, second.after.cells)
    names = [page.literal(run.name) for run in (first, second)]
    blocks: list[page.Block] = [page.Heading(text="Row by row")]
    if found.tasks:
        blocks += [_tasks(found, names), page.Text(text=_PAIRED, role="note")]
    if any(item.templates for item in found.tasks):
        blocks.append(
            page.Fold(
                title="Every template",
                hint="that both runs were asked, where rows are right or wrong",
                blocks=[_templates(found, names), page.Text(text=_TEMPLATES, role="note")],
            )
        )
    for tasks, why in (
        (found.on_other_rows, "Not the same rows"),
        (found.in_one_run, "Asked of one run only"),
    ):
        if tasks:
            blocks.append(page.Text(text=f"{why}: {_names(tasks)}. These are not compared."))
    return blocks


def groups(named: Mapping[str, Sequence[run_folder.Run]]) -> list[page.Block]:
    """Returns each group of runs against the first, over the tasks that all of them were asked."""
    conditions = {
        name: {str(run.folder): run.after.cells for run in runs} for name, runs in named.items()
    }
    first, *others = conditions
    shared = hierarchy.shared_tasks(*conditions.values())
    cells = [cell for runs in conditions.values() for run in runs.values() for cell in run]
    cluster_of = {cell.task: cell.cluster for cell in cells}
    lines = [
        (figures.spaced(cluster), [task for task in shared if cluster_of[task] == cluster], False)
        for cluster in dict.fromkeys(cluster_of[task] for task in shared)
    ]
    if len(shared) > 1:
        lines.append(("all, as of tasks such as these", shared, True))
    rows = []
    for label, tasks, draws_tasks in lines:
        asked = {name: _only(runs, tasks) for name, runs in conditions.items()}
        differences = [
            hierarchy.difference(asked[name], asked[first], draws_tasks=draws_tasks)
            for name in others
        ]
        rows.append([label, str(len(tasks)), *map(_difference, differences)])
    blocks: list[page.Block] = [page.Heading(text="Differences over seeds")]
    if rows:
        labels = [f"{page.literal(name)} − {page.literal(first)}" for name in others]
        blocks.append(page.Table(header=("", "tasks", *labels), rows=rows))
        blocks.append(page.Text(text=_OVER_SEEDS, role="note"))
    if apart := [task for task in cluster_of if task not in shared]:
        text = f"Not asked of all runs on the same rows: {_names(apart)}. These are not compared."
        blocks.append(page.Text(text=text))
    return blocks


def _tasks(found: pairs.Pairs, names: Sequence[str]) -> page.Table:
    rows = [
        [
            page.literal(item.task),
            figures.number(item.first.value),
            figures.number(item.second.value),
            _count(item.better),
            _count(item.worse),
            _difference(item.difference),
            _p(item.p),
            figures.p_value(corrected),
        ]
        for item, corrected in zip(found.tasks, found.corrected(), strict=True)
    ]
    header = ("task", *names, "better", "worse", "difference", "p", "corrected")
    return page.Table(header=header, rows=rows)


def _templates(found: pairs.Pairs, names: Sequence[str]) -> page.Table:
    rows = [
        [
            page.literal(item.task),
            page.literal(template.template),
            figures.number(template.first),
            figures.number(template.second),
            str(template.gained),
            str(template.lost),
            figures.p_value(template.mcnemar),
            _p(template.p),
        ]
        for item in found.tasks
        for template in item.templates
    ]
    header = (
        "task", "template", *names, "wrong → right", "right → wrong", "McNemar", "by clusters",
    )  # fmt: skip
    return page.Table(header=header, rows=rows, words=(1,))


def _only(runs: hierarchy.Runs, tasks: Sequence[str]) -> hierarchy.Runs:
    return {name: [cell for cell in cells if cell.task in tasks] for name, cells in runs.items()}


def _difference(estimate: predictions.Estimate) -> str:
    value = figures.signed(estimate.value)
    return f"{value} {figures.interval(estimate, is_difference=True)}"


def _p(found: significance.P | None) -> str:
    if found is None:
        return figures.p_value(None)
    return figures.p_value(found.value) + ("" if found.is_exact else " ≈")


def _count(rows: int | None) -> str:
    return "–" if rows is None else str(rows)


def _names(tasks: Sequence[str]) -> str:
    return ", ".join(map(page.literal, tasks))
