"""The report of one run: report.md and a self-contained report.html with plots.

It reads the run's folder and nothing else (`eval.run_folder` says what is in it).
"""

import pathlib
from collections.abc import Sequence

from eval import (
    appendix,
    comparison,
    exploring,
    figures,
    page,
    plots,
    predictions,
    report_top,
    results,
    run_folder,
    shots_curve,
)
from flanlike import atomic
from flanlike.mixtures import holdout


def write(folder: str | pathlib.Path, *, command: str = "") -> list[pathlib.Path]:
    """Writes report.md, report.html and plots/ into a run's folder; returns the two pages' paths.

    `command` is what made the run: it is kept in command.txt, for the section that says how to
    repeat it, also when the report is written again without.
    """
    run = run_folder.read(pathlib.Path(folder))
    kept = run.folder / "command.txt"
    if command:
        atomic.write(kept, command + "\n")
    elif kept.is_file():
        command = kept.read_text(encoding="utf-8").strip()
    blocks = _blocks(run, command)
    markdown, html = run.folder / "report.md", run.folder / "report.html"
    write_pages(blocks, title=f"{run.name}: zero-shot report", markdown=markdown, html=html)
    return [markdown, html]


def write_pages(
    blocks: Sequence[page.Block], *, title: str, markdown: pathlib.Path, html: pathlib.Path
) -> None:
    """Writes the blocks as both pages, and the plots that the Markdown one links."""
    folder = markdown.parent / "plots"
    folder.mkdir(parents=True, exist_ok=True)
    for block in blocks:
        if isinstance(block, page.Figure):
            svg = plots.standalone(block.svg)
            atomic.write(folder / f"{block.name}.svg", svg + "\n")
    atomic.write(markdown, page.to_markdown(blocks))
    atomic.write(html, page.to_html(title, blocks))


def _blocks(run: run_folder.Run, command: str) -> list[page.Block]:
    return [
        *report_top.blocks(run),
        *_held_out(run),
        *_tasks(run),
        *_spread(run),
        *appendix.scorings(run),
        *exploring.wordings(run),
        *shots_curve.of_run(run),
        *exploring.curves(run),
        *appendix.learning(run),
        *appendix.composition(run),
        *appendix.samples(run),
        *exploring.of_run(run),
        *appendix.left_out(run),
        *appendix.how(run, command),
    ]


def _held_out(run: run_folder.Run) -> list[page.Block]:
    held_out = [change for change in run.changes if run.is_held_out(change)]
    others = [change for change in run.changes if not run.is_held_out(change)]
    shared = [
        c for c in others if not run.is_trained(c) and not run.shared.keys().isdisjoint(c.tasks)
    ]
    seen = [change for change in others if change not in shared]
    is_open = set(run.after.open_clusters)
    groups = (
        ("Held-out clusters", [c for c in held_out if c.name not in is_open], "held_out"),
        (
            "Held-out clusters where only the instruction decides",
            [c for c in held_out if c.name in is_open],
            "held_out_open",
        ),
        ("Clusters that share material with what was trained on", shared, "shared"),
        ("Clusters" if run.is_of_model else "Clusters that training saw", seen, "seen"),
    )
    blocks: list[page.Block] = []
    for title, group, name in groups:
        if group:
            blocks += [page.Heading(text=title), *_clusters(group, name, is_first=not blocks)]
    return [*blocks, *_shared(run)]


def _shared(run: run_folder.Run) -> list[page.Block]:
    """Returns which asked tasks share what with trained ones, those alike in one line."""
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for task, found in run.shared.items():
        alike.setdefault(tuple(found.items()), []).append(task)
    items = []
    for found, names in alike.items():
        by_material: dict[str, list[str]] = {}
        for other, material in found:
            by_material.setdefault(material, []).append(page.literal(other))
        what = "; ".join(f"{what} with {', '.join(o)}" for what, o in by_material.items())
        items.append(f"{', '.join(map(page.literal, names))}: {what}")
    collections = [n for n, cluster in run.trained.items() if cluster == holdout.ALL_CLUSTERS]
    blocks: list[page.Block] = []
    if items:
        intro = "These tasks were not trained on, but share material with tasks that were:"
        blocks += [page.Text(text=intro), page.Bullets(items=items)]
    if collections:
        named = ", ".join(map(page.literal, collections))
        text = f"Training had {named}, with rows of tasks of every cluster: what these share "
        text += "with the tasks asked is named as far as it is known."
        blocks.append(page.Text(text=text, role="note"))
    return blocks


def _clusters(
    changes: Sequence[comparison.Change], name: str, *, is_first: bool
) -> list[page.Block]:
    bars = [
        plots.Bar(
            name=change.name,
            before=figures.ends(change.before) if change.before else None,
            after=figures.ends(change.after),
            chance=change.chance,
            majority=change.majority,
            heuristic=change.heuristic,
        )
        for change in changes
    ]
    verdicts = [f"**{figures.spaced(change.name)}** {change.verdict}" for change in changes]
    return [
        page.Figure(
            name=name,
            svg=plots.held_out(bars, name=name),
            caption=_caption(changes) if is_first else "As above.",
        ),
        figures.filled(_named_after(changes, _CLUSTER_HEADER), list(map(_cluster_row, changes))),
        page.Bullets(items=verdicts),
        *([page.Text(text=_READING, role="note")] if is_first else []),
    ]


_CLUSTER_HEADER = (
    "cluster", "before", "after", "difference", "chance", "majority", "heuristic", "n", "above all",
)  # fmt: skip
_READING = (
    "Intervals resample clusters of rows (equal inputs, questions on one passage, candidates of "
    "one question), all templates of a row together; the difference is paired on the same rows. A "
    "result is above a baseline if its whole interval is, and above the base if the whole interval "
    "of the difference is above zero. One run's interval says nothing of other seeds: "
    "`python -m eval report RUN RUN ...` compares runs."
)


def _caption(changes: Sequence[comparison.Change]) -> str:
    when = "before and after tuning, " if any(change.before for change in changes) else ""
    return (
        f"Mean over each cluster's datasets of the mean over templates, {when}with 95 % intervals. "
        "Marks: chance, the training split's commonest answer, the trivial heuristic that did "
        "best on training rows."
    )


def _named_after(changes: Sequence[comparison.Change], header: Sequence[str]) -> list[str]:
    """Returns the header; what has no "before" is no "after" either."""
    has_before = any(change.before for change in changes)
    return ["mean" if name == "after" and not has_before else name for name in header]


def _cluster_row(change: comparison.Change) -> list[str]:
    before, difference = change.before, change.difference
    return [
        figures.spaced(change.name),
        f"{figures.number(before.value)} {figures.interval(before)}" if before else "–",
        f"**{figures.number(change.after.value)}** {figures.interval(change.after)}"
        f"{figures.below_chance(change.after.interval.high, change.chance)}",
        f"{figures.signed(difference.value)} {figures.interval(difference, is_difference=True)}"
        if difference
        else "–",
        figures.number(change.chance),
        figures.number(change.majority),
        figures.number(change.heuristic),
        str(change.n),
        change.verdict.split(":")[0],
    ]


def _tasks(run: run_folder.Run) -> list[page.Block]:
    before = {change.name: change.before for change in run.task_changes}
    rows = []
    for item in run.summaries:
        earlier = before[item.task]
        rows.append(
            [
                page.literal(item.task),
                figures.number(earlier.value) if earlier else "–",
                f"**{figures.number(item.mean)}** {figures.ends_of(item.ci95)}"
                f"{figures.below_chance(item.ci95[1], item.chance)}",
                figures.number(item.balanced_accuracy),
                figures.number(item.chance),
                figures.number(item.majority),
                figures.number(item.heuristic),
                f"{item.n} / {item.distinct_inputs}",
                figures.number(item.unparsed),
                figures.number(item.cut),
                page.literal(item.metric),
                figures.spaced(item.cluster),
                "–" if item.heuristic is None else page.literal(item.heuristic_name),
            ]
        )
    header = (
        "task", "before", "after", "balanced", "chance", "majority", "heuristic", "n / distinct",
        "unparsed", "cut", "metric", "cluster", "which heuristic",
    )  # fmt: skip
    has_written = any(item.unparsed is not None for item in run.summaries)
    first = _named_after(run.task_changes, ["after"])[0].capitalize()
    note = (
        f"{first}: mean over the forward templates that show options (over all of them where the "
        "answer is free text). Balanced: mean accuracy over classes (labels, or places in the "
        "order shown); a model that gives one answer only falls to chance there. Distinct: the "
        "clusters that intervals resample. Below chance: the whole interval is. A dash: there is "
        "no such figure, as no chance in free text, and no majority where most rows do not offer "
        f"the training split's commonest answer. {_WRITTEN if has_written else ''}Every template's "
        f"figures, by every metric, are in `eval/{run.after.setting.step}/results.jsonl`."
    )
    return [
        page.Heading(text="Tasks"),
        figures.filled(_named_after(run.task_changes, header), rows, words=(10, 11)),
        page.Text(text=note, role="note"),
        *_without_training(run),
        *_not_executed(run),
        *_calibration(run),
        *exploring.confusion(run),
    ]


_WRITTEN = (
    "Unparsed: the share of generated texts in which no answer could be read, which count as "
    "wrong. Cut: the share that the limit of new tokens stopped. "
)


def _calibration(run: run_folder.Run) -> list[page.Block]:
    """Returns how sure the model is of its choices, for tasks whose options were ranked."""
    ranked = [item for item in run.summaries if item.brier is not None]
    if not ranked:
        return []
    rows = [
        [
            page.literal(item.task),
            figures.number(item.brier),
            figures.number(item.calibration_error),
            figures.number(item.calibration_error_equal_width),
            figures.number(item.calibration_error_of_calibrated),
        ]
        for item in ranked
    ]
    note = (
        "Means over templates, of the probabilities that options were ranked by. Brier: 0 is sure "
        "and right, 2 sure and wrong; guessing among k options gives 1 - 1/k. Calibration error: "
        "how far accuracy is from confidence, in bins of equal mass and of equal width. "
        "Calibrated: what a model as sure as this one would get by equal mass on as many rows, "
        "were it right as often as it says."
    )
    header = ("task", "Brier", "calibration error", "equal width", "calibrated")
    blocks = [page.Table(header=header, rows=rows), page.Text(text=note, role="note")]
    return [page.Fold(title="How sure it is", hint="Brier score, calibration", blocks=blocks)]


def _without_training(run: run_folder.Run) -> list[page.Block]:
    """Returns what those tasks lack that have no training rows."""
    names = run.after.notes.get("without_training", ())
    if not names:
        return []
    text = (
        f"Without training rows: {', '.join(map(page.literal, names))}. There is no majority, no "
        "heuristic and no template chosen on validation for them, and none is claimed to be beaten."
    )
    return [page.Text(text=text)]


def _not_executed(run: run_folder.Run) -> list[page.Block]:
    """Returns which tasks' programs were not run."""
    names = run.after.notes.get("not_executed", ())
    if not names:
        return []
    text = (
        f"Not executed: {', '.join(map(page.literal, names))}. Programs are run only with "
        "`--eval.execute-code`; the metric here compares their text with one right program."
    )
    return [page.Text(text=text)]


def _spread(run: run_folder.Run) -> list[page.Block]:
    values, chances = {}, {}
    earlier = results.grouped(run.before.cells if run.before else (), "task")
    for task, cells in results.grouped(run.after.cells, "task").items():
        after = predictions.headline(cells, prompts=run.prompts)
        before = predictions.headline(earlier.get(task, []), prompts=run.prompts)
        if after:
            values[task] = ([c.value() for c in before], [c.value() for c in after])
    for item in run.summaries:
        chances[item.task] = item.chance
    rows = [
        [
            page.literal(item.task),
            str(item.templates),
            f"**{figures.number(item.mean)}**",
            *map(figures.number, (item.sd, item.worst, item.best)),
            _best_on_validation(item),
            *map(
                figures.number,
                (
                    item.without_options,
                    item.with_rationale,
                    item.least_to_most,
                    item.unparsed_with_rationale,
                    item.cut_with_rationale,
                ),
            ),
        ]
        for item in run.summaries
    ]
    header = (
        "task", "templates", "mean", "sd", "worst", "best", "best on validation", "no options",
        "rationale", "least to most", "unparsed", "cut",
    )  # fmt: skip
    note = (
        "Best on validation: the test value of the template that did best on validation rows, "
        "which is no choice made on the test; where several were equally good there, the mean of "
        "theirs, and how many tie. No options: mean over the templates that show none."
    )
    if any(item.with_rationale is not None for item in run.summaries):
        note += _REASONED
    return [
        page.Heading(text="Templates"),
        page.Figure(
            name="template_spread",
            svg=plots.template_spread(values, chances),
            caption="One dot per template: the same rows, asked in other words.",
        ),
        figures.filled(header, rows),
        page.Text(text=note, role="note"),
    ]


_REASONED = (
    " Rationale: mean over the chain-of-thought templates, whose answers are generated; least to "
    "most: over the same, by smaller questions first; unparsed and cut: the shares of the texts "
    "with a rationale in which no answer could be read, and that the limit of new tokens stopped."
)


def _best_on_validation(item: results.TaskSummary) -> str:
    tied = f" ({item.tied_on_validation} tie)" if item.tied_on_validation > 1 else ""
    return figures.number(item.best_on_validation) + tied
