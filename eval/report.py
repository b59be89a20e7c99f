"""The report of one run: report.md and a self-contained report.html with plots.

It reads the run's folder and nothing else: config.json, eval/<step>/, and where they are there
metrics.jsonl and composition.json:

    {"mixture": "flan_core",
     "tasks": [{"task": "rte", "cluster": "nli", "rows": 2000, "rate": 2000.0, "share": 0.04}],
     "excluded": [{"task": "snli", "reason": "held out with cluster nli"}],
     "missing": [{"task": "drop", "reason": "no folder data/drop"}],
     "dropped_rows": {"snli": 12}, "truncated": {"inputs": 3, "targets": 0}}
"""

import json
import pathlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval import comparison, evaluation, page, plots, predictions, results
from flanlike import errors

MICRO_WORLD = (
    "The figures on this page are the micro-world's: a small synthetic world, made by rule, that "
    "stands in for the real datasets. They show whether the method works, not how well a model "
    "does on the datasets whose names the tasks bear."
)
_SAMPLES_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that a report reads from a run's folder."""

    folder: pathlib.Path
    config: Mapping[str, Any]
    before: evaluation.Evaluation | None
    after: evaluation.Evaluation
    training: Sequence[Mapping[str, Any]]
    composition: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def prompts(self) -> str:
        """The style of the headline: the first that was asked."""
        return self.after.cells[0].prompts

    @property
    def changes(self) -> list[comparison.Change]:
        """After against before for each cluster, in the headline's style."""
        return comparison.of_clusters(self.task_changes, self._clusters)

    @property
    def task_changes(self) -> list[comparison.Change]:
        before = self.before.cells if self.before else None
        return comparison.of_tasks(before, self.after.cells, self.summaries)

    @property
    def summaries(self) -> list[results.TaskSummary]:
        return [item for item in self.after.tasks() if item.prompts == self.prompts]

    @property
    def _clusters(self) -> list[results.ClusterSummary]:
        return results.cluster_summaries(self.after.cells, self.summaries)


def write(run_folder: str | pathlib.Path, *, command: str = "") -> list[pathlib.Path]:
    """Writes report.md, report.html and plots/ into a run's folder; returns the two pages' paths.

    `command` is what made the run, for the section that says how to repeat it.
    """
    run = read(pathlib.Path(run_folder))
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
            (folder / f"{block.name}.svg").write_text(svg + "\n", encoding="utf-8")
    markdown.write_text(page.to_markdown(blocks), encoding="utf-8")
    html.write_text(page.to_html(title, blocks), encoding="utf-8")


def read(folder: pathlib.Path) -> Run:
    """Returns a run's figures; a folder without an evaluation is the user's mistake."""
    if not (folder / "config.json").is_file():
        raise errors.UserError(
            f"{str(folder)!r} is no run's folder (it has no config.json): expected the --out "
            "folder of train.py"
        )
    before, after = evaluation.first_and_last(folder)
    lines = folder / "metrics.jsonl"
    composition = folder / "composition.json"
    return Run(
        folder=folder,
        config=json.loads((folder / "config.json").read_text(encoding="utf-8")),
        before=before,
        after=after,
        training=[json.loads(line) for line in lines.read_text("utf-8").splitlines()]
        if lines.is_file()
        else [],
        composition=json.loads(composition.read_text("utf-8")) if composition.is_file() else {},
    )


def data_banner(data: str) -> list[page.Block]:
    """Returns what must be said first about where the rows come from."""
    return [page.Text(text=MICRO_WORLD, role="banner")] if data == "embedded" else []


def number(value: float | None) -> str:
    """Returns a figure as on every table: 0.934 is ".93", None a dash."""
    if value is None:
        return "–"
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{number(abs(value))}"


def interval(estimate: predictions.Estimate, *, is_difference: bool = False) -> str:
    show = signed if is_difference else number
    return f"[{show(estimate.interval.low)}, {show(estimate.interval.high)}]"


def _blocks(run: Run, command: str) -> list[page.Block]:
    return [
        *_top(run),
        *_held_out(run),
        *_tasks(run),
        *_spread(run),
        *_learning(run),
        *_composition(run),
        *_samples(run),
        *_left_out(run),
        *_how(run, command),
    ]


def _top(run: Run) -> list[page.Block]:
    setting = run.after.setting
    held_out = [change for change in run.changes if change.name in run.after.held_out]
    mixture = run.composition.get("mixture") or run.config.get("mixture", "")
    lead = f"Zero-shot evaluation after {setting.step:,} steps of instruction tuning"
    if mixture:
        lead += f" on the mixture {mixture}"
    blocks = [
        page.Heading(text=run.name, level=1),
        page.Text(text=f"{lead}, rows from {_data(setting.data)}, seed {setting.seed}."),
        *data_banner(setting.data),
    ]
    if held_out:
        whole = sum(change.holds for change in held_out)
        against = _against(held_out)
        blocks.append(
            page.Text(
                text=f"On **{whole} of {len(held_out)}** held-out clusters the tuned model is "
                f"above {against}, each by more than its 95 % interval.",
                role="lead",
            )
        )
    return blocks


def _against(changes: Sequence[comparison.Change]) -> str:
    names = list(dict.fromkeys(name for change in changes for name in change.beaten))
    words = {
        "majority": "the majority class",
        "heuristic": "the best trivial heuristic",
        "base": "the untuned base",
    }
    named = [words.get(name, name) for name in names]
    return ", ".join(named[:-1]) + f" and {named[-1]}" if len(named) > 1 else "".join(named)


def _held_out(run: Run) -> list[page.Block]:
    changes = run.changes
    held_out = [change for change in changes if change.name in run.after.held_out]
    seen = [change for change in changes if change.name not in run.after.held_out]
    is_open = set(run.after.open_clusters)
    groups = (
        ("Held-out clusters", [c for c in held_out if c.name not in is_open], "held_out"),
        (
            "Held-out clusters where only the instruction decides",
            [c for c in held_out if c.name in is_open],
            "held_out_open",
        ),
        ("Clusters that training saw", seen, "seen"),
    )
    blocks: list[page.Block] = []
    for title, group, name in groups:
        if group:
            blocks += [page.Heading(text=title), *_cluster_table(run, group, name)]
    return blocks


def _cluster_table(run: Run, changes: Sequence[comparison.Change], name: str) -> list[page.Block]:
    rows = []
    for change in changes:
        before, difference = change.before, change.difference
        rows.append(
            [
                change.name.replace("_", " "),
                number(before.value) + " " + interval(before) if before else "–",
                f"**{number(change.after.value)}** {interval(change.after)}",
                f"{signed(difference.value)} {interval(difference, is_difference=True)}"
                if difference
                else "–",
                number(change.chance),
                number(change.majority),
                number(change.heuristic),
                str(change.n),
                change.verdict,
            ]
        )
    header = ("cluster", "before", "after", "difference", "chance", "majority", "heuristic", "n")
    caption = (
        "Mean over each cluster's datasets of the mean over templates, before and after tuning, "
        "with 95 % intervals. Marks: chance, the training split's majority answer, the best "
        "trivial heuristic."
    )
    bars = [
        plots.Bar(
            name=change.name,
            before=_ends(change.before) if change.before else None,
            after=_ends(change.after),
            chance=change.chance,
            majority=change.majority,
            heuristic=change.heuristic,
        )
        for change in changes
    ]
    return [
        page.Figure(name=name, svg=plots.held_out(bars, name=name), caption=caption),
        page.Table(header=(*header, "above all by more than its interval?"), rows=rows, words=(8,)),
        page.Text(text=_READING, role="note"),
    ]


_READING = (
    "Intervals resample distinct inputs, all templates of a row together; the difference is "
    "paired on the same rows. A result is above a baseline if its whole interval is, and above "
    "the base if the whole interval of the difference is above zero. A run's interval says "
    "nothing of other seeds: compare several runs for that."
)


def _ends(estimate: predictions.Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.interval.low, estimate.interval.high


def _tasks(run: Run) -> list[page.Block]:
    before = {change.name: change.before for change in run.task_changes}
    rows = []
    for item in run.summaries:
        earlier = before[item.task]
        rows.append(
            [
                item.task,
                item.cluster.replace("_", " "),
                item.metric,
                number(earlier.value) if earlier else "–",
                f"**{number(item.mean)}** [{number(item.ci95[0])}, {number(item.ci95[1])}]",
                f"{number(item.sd)} · {number(item.worst)}–{number(item.best)}",
                number(item.best_on_validation),
                number(item.balanced_accuracy),
                number(item.without_options),
                number(item.with_rationale),
                number(item.chance),
                number(item.majority),
                f"{number(item.heuristic)} {item.heuristic_name.replace('_', ' ')}".strip(),
                f"{item.n} / {item.distinct_inputs}",
                str(item.templates),
            ]
        )
    header = (
        "task", "cluster", "metric", "before", "after", "sd · worst–best", "best on validation",
        "balanced", "no options", "rationale", "chance", "majority", "heuristic",
        "n / distinct", "templates",
    )  # fmt: skip
    note = (
        "After: mean over the forward templates that show options (over all of them where the "
        "answer is free text). Best on validation: the test value of the template that did best on "
        "validation rows. Balanced: mean accuracy over classes (labels, or places in the order "
        "shown); a model that gives one answer only falls to chance there. Every template's "
        f"figures are in `eval/{run.after.setting.step}/results.jsonl`."
    )
    return [
        page.Heading(text="Tasks"),
        page.Table(header=header, rows=rows),
        page.Text(text=note, role="note"),
    ]


def _spread(run: Run) -> list[page.Block]:
    values, chances = {}, {}
    earlier = results.grouped(run.before.cells if run.before else (), "task")
    for task, cells in results.grouped(run.after.cells, "task").items():
        after = predictions.headline(cells, prompts=run.prompts)
        before = predictions.headline(earlier.get(task, []), prompts=run.prompts)
        if after:
            values[task] = ([c.value() for c in before], [c.value() for c in after])
    for item in run.summaries:
        chances[item.task] = item.chance
    return [
        page.Heading(text="Templates"),
        page.Figure(
            name="template_spread",
            svg=plots.template_spread(values, chances),
            caption="One dot per template: the same rows, asked in other words.",
        ),
    ]


def _learning(run: Run) -> list[page.Block]:
    if not run.training:
        return []
    seconds = sum(line.get("seconds", 0) for line in run.training)
    speeds = sorted(line.get("useful_tokens_per_s", 0) for line in run.training)
    text = (
        f"{len(run.training):,} logged steps, {seconds / 60:.1f} minutes, "
        f"{sum(line.get('target_tokens', 0) for line in run.training):,} target tokens, "
        f"{speeds[len(speeds) // 2]:,.0f} useful tokens per second (median)."
    )
    return [
        page.Heading(text="Learning curve"),
        page.Figure(
            name="learning_curve",
            svg=plots.learning_curve(run.training),
            caption="Training loss on targets: each step, and the mean of the last tenth of steps.",
        ),
        page.Text(text=text, role="note"),
    ]


def _composition(run: Run) -> list[page.Block]:
    tasks = run.composition.get("tasks", [])
    if not tasks:
        return []
    shares: dict[str, dict[str, float]] = {}
    for item in tasks:
        shares.setdefault(item["cluster"], {})[item["task"]] = item["share"]
    rows = [
        [
            item["task"],
            item["cluster"].replace("_", " "),
            f"{item['rows']:,}",
            f"{item['share']:.1%}",
        ]
        for item in sorted(tasks, key=lambda item: -item["share"])
    ]
    return [
        page.Heading(text="What it was trained on"),
        page.Figure(
            name="composition",
            svg=plots.composition(shares),
            caption=f"Expected share of training examples: {len(tasks)} tasks in {len(shares)} "
            "clusters; each piece of a bar is a task.",
        ),
        page.Fold(
            title="Every task",
            hint=f"{len(tasks)} tasks",
            blocks=[page.Table(header=("task", "cluster", "rows", "share"), rows=rows, words=(1,))],
        ),
    ]


def _samples(run: Run) -> list[page.Block]:
    before = {_place(sample): sample for sample in (run.before.samples if run.before else ())}
    folds: list[page.Block] = []
    for sample in _chosen_samples(run):
        earlier = before.get(_place(sample))
        is_right = sample.answer == sample.gold
        verdict = "right" if is_right else "wrong"
        if earlier is not None:
            verdict = f"before {'right' if earlier.answer == sample.gold else 'wrong'}, {verdict}"
        blocks: list[page.Block] = [page.Code(text=sample.inputs), _scores(sample, earlier)]
        folds.append(
            page.Fold(title=sample.task, hint=f"{sample.template} · {verdict}", blocks=blocks)
        )
    if not folds:
        return []
    return [page.Heading(text="Sample prompts"), *folds]


def _chosen_samples(run: Run) -> list[evaluation.Sample]:
    """Returns samples of as many tasks as there is room for, held-out ones first."""
    cluster_of = {cell.task: cell.cluster for cell in run.after.cells}
    by_task = results.grouped(run.after.samples, "task")
    ordered = sorted(by_task, key=lambda task: cluster_of.get(task) not in run.after.held_out)
    rounds = max(map(len, by_task.values()), default=0)
    chosen = [by_task[task][i] for i in range(rounds) for task in ordered if i < len(by_task[task])]
    return chosen[:_SAMPLES_SHOWN]


def _place(sample: evaluation.Sample) -> tuple[str, str, str, str]:
    return sample.task, sample.template, sample.row, sample.prompts


def _scores(sample: evaluation.Sample, earlier: evaluation.Sample | None) -> page.Block:
    if not sample.options:
        rows = [["right", sample.gold]]
        rows += [["before", earlier.answer]] if earlier else []
        return page.Table(header=("", "text"), rows=[*rows, ["after", sample.answer]], words=(1,))
    rows = [
        [
            option + (" ✓" if option == sample.gold else ""),
            number(earlier.probabilities[i]) if earlier else "–",
            f"**{number(p)}**" if option == sample.answer else number(p),
        ]
        for i, (option, p) in enumerate(zip(sample.options, sample.probabilities, strict=True))
    ]
    return page.Table(header=("option", "before", "after"), rows=rows)


def _left_out(run: Run) -> list[page.Block]:
    found = run.composition
    notes = run.after.notes
    items = [f"{item['task']}: missing, {item['reason']}" for item in found.get("missing", [])]
    items += [
        f"{item['task']}: not trained on, {item['reason']}" for item in found.get("excluded", [])
    ]
    for where, dropped in (("training", found), ("evaluation", notes)):
        for task, count in sorted(dropped.get("dropped_rows", {}).items()):
            if count:
                items.append(f"{task}: {count:,} rows without an answer left out of {where}")
    for what, count in sorted(found.get("truncated", {}).items()):
        if count:
            items.append(f"{count:,} training examples lost the end of their {what} (too long)")
    if cut := notes.get("truncated_prompts", 0):
        items.append(
            f"{cut:,} of {notes.get('prompts', 0):,} evaluation prompts were cut to "
            f"{run.after.options.get('max_input_tokens')} tokens"
        )
    heading = page.Heading(text="What was left out")
    if not items:
        return [heading, page.Text(text="Nothing: no task, no row, no token.")]
    return [heading, page.Bullets(items=items)]


def _how(run: Run, command: str) -> list[page.Block]:
    options = run.after.options
    text = (
        f"Each task: {options.get('rows_per_task')} rows of the {options.get('split')} split, "
        f"drawn by seed {options.get('seed')}, under every forward template, "
        f"{options.get('shots') or 'no'} exemplars; answers with options by rank classification "
        "(summed log-probability of each option), free text by greedy generation on "
        f"{options.get('generation_rows')} rows."
    )
    again = f"python -m eval --run {shlex.quote(str(run.folder))}"
    commands = "\n".join(filter(None, (command, again)))
    return [
        page.Heading(text="How this was made, and how to repeat it"),
        page.Text(text=text),
        page.Code(text=commands),
        page.Fold(
            title="Configuration",
            hint="as resolved",
            blocks=[page.Code(text=json.dumps(run.config, indent=2))],
        ),
    ]


def _data(data: str) -> str:
    return {"embedded": "the embedded micro-world", "hub": "the hub", "tfds": "TFDS"}.get(
        data, f"the folder {data}"
    )
