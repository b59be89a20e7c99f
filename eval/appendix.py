"""The report's later sections: how it learned and on what, samples, what was left out."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from eval import evaluation, explorer, figures, page, plots, results, run_folder

_SAMPLES_SHOWN = 12


def learning(run: run_folder.Run) -> list[page.Block]:
    if not run.training:
        return []
    seconds = sum(line.get("seconds", 0) for line in run.training)
    speeds = sorted(line.get("useful_tokens_per_s", 0) for line in run.training)
    text = (
        f"{len(run.training):,} logged steps, {seconds / 60:.1f} minutes, "
        f"{sum(line.get('target_tokens', 0) for line in run.training):,} target tokens, "
        f"{speeds[len(speeds) // 2]:,.0f} useful tokens per second (median)."
    )
    caption = "Training loss on targets: each step, and the mean of the steps around it."
    return [
        page.Heading(text="Learning curve"),
        page.Figure(
            name="learning_curve",
            svg=plots.learning_curve(run.training, run.looks),
            caption=caption + (" Dots: validation loss." if run.looks else ""),
        ),
        page.Text(text=text, role="note"),
        *_validation(run),
    ]


def _validation(run: run_folder.Run) -> list[page.Block]:
    """Returns what the looks at the validation set found, and which state was kept for it."""
    later = [look for look in run.looks if look["step"] > 0]
    if not later:
        return []
    best, last = min(later, key=lambda look: look["validation_loss"]), later[-1]
    found = run.composition.get("validation", {})
    prompts = found.get("prompts", {})
    text = (
        f"Validation loss, on {sum(prompts.values()):,} prompts of {len(prompts)} tasks that were "
        f"trained on: {best['validation_loss']:.4g} at its best, after {best['step']:,} steps "
        f"(`best/{best['step']}`), {last['validation_loss']:.4g} after {last['step']:,}"
    )
    if (first := run.looks[0])["step"] == 0:
        text += f", {first['validation_loss']:.4g} before the first"
    is_early = last["step"] < run.config["steps"] and run.config["validation"]["patience"]
    text += (
        f". Training ended there, before its {run.config['steps']:,} steps." if is_early else "."
    )
    if unfit := found.get("unfit", 0):
        text += f" {unfit:,} prompts more found no room."
    blocks: list[page.Block] = [page.Text(text=text, role="note")]
    if left_out := found.get("left_out", {}):
        items = [f"{page.literal(task)}: {page.literal(why)}" for task, why in left_out.items()]
        hint = f"{len(left_out)} tasks"
        title = "Trained on without validation rows"
        blocks.append(page.Fold(title=title, hint=hint, blocks=[page.Bullets(items=items)]))
    return blocks


def composition(run: run_folder.Run) -> list[page.Block]:
    tasks = run.composition.get("tasks", [])
    if not tasks:
        return []
    shares: dict[str, dict[str, float]] = {}
    for item in tasks:
        shares.setdefault(item["cluster"], {})[item["task"]] = item["share"]
    rows = [
        [
            page.literal(item["task"]),
            figures.spaced(item["cluster"]),
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
            caption=f"Expected share of training prompts: {len(tasks)} tasks in {len(shares)} "
            "clusters; each piece of a bar is a task.",
        ),
        page.Fold(
            title="Every task",
            hint=f"{len(tasks)} tasks",
            blocks=[page.Table(header=("task", "cluster", "rows", "share"), rows=rows, words=(1,))],
        ),
    ]


def scorings(run: run_folder.Run) -> list[page.Block]:
    """Returns each task's headline under the ways of scoring for which enough was asked."""
    ways = list(dict.fromkeys(way for item in run.summaries for way in item.by_scoring))
    rows = [
        [page.literal(item.task), *(figures.number(item.by_scoring.get(way)) for way in ways)]
        for item in run.summaries
        if item.by_scoring
    ]
    if not rows:
        return []
    named = [way.removeprefix("rank_").replace("_", " ") for way in ways]
    header = ("task", *("sum" if name == "rank" else name for name in named))
    note = (
        "Mean over the headline's templates, from the same log-probabilities; no eos: without that "
        "of the option's end. docs/evaluation.md says what each way compares."
    )
    blocks = [page.Table(header=header, rows=rows), page.Text(text=note, role="note")]
    return [page.Fold(title="Other ways of scoring", hint=f"{len(ways)} ways", blocks=blocks)]


def samples(run: run_folder.Run) -> list[page.Block]:
    before = {_place(sample): sample for sample in (run.before.samples if run.before else ())}
    folds: list[page.Block] = []
    for sample in _chosen_samples(run):
        earlier = before.get(_place(sample))
        verdict = _verdict(run.after, sample)
        if earlier is not None and verdict:
            verdict = f"before {_verdict(run.before, earlier)}, after {verdict}"
        name = page.literal(sample.template)
        blocks: list[page.Block] = [page.Code(text=sample.inputs), _scores(sample, earlier)]
        folds.append(
            page.Fold(
                title=page.literal(sample.task),
                hint=f"{name} · {verdict}" if verdict else name,
                blocks=blocks,
            )
        )
    if not folds:
        return []
    return [page.Heading(text="Sample prompts"), *folds]


def _chosen_samples(run: run_folder.Run) -> list[evaluation.Sample]:
    """Returns samples of as many tasks as there is room for, held-out ones first."""
    cluster_of = {cell.task: cell.cluster for cell in run.after.cells}
    by_task = results.grouped(run.after.samples, "task")
    ordered = sorted(by_task, key=lambda task: cluster_of.get(task) not in run.after.held_out)
    rounds = max(map(len, by_task.values()), default=0)
    chosen = [by_task[task][i] for i in range(rounds) for task in ordered if i < len(by_task[task])]
    return chosen[:_SAMPLES_SHOWN]


def _place(sample: evaluation.Sample) -> tuple[str, str, str, str]:
    return sample.task, sample.template, sample.row, sample.prompts


def _verdict(found: evaluation.Evaluation, sample: evaluation.Sample) -> str:
    """Returns what the figures make of a sample: "right", "wrong", or its part of the metric.

    Of a text, which seldom is the target to the letter, the metric knows; "" where it knows of no
    row alone.
    """
    for cell in found.cells:
        place = (cell.task, cell.template, sample.row, cell.prompts)
        if not cell.is_choosing and place == _place(sample) and sample.row in cell.rows:
            if not (scores := explorer.scores(cell)):
                return ""
            score = scores[cell.rows.index(sample.row)]
            part = f"{page.literal(cell.metric)} {figures.number(score)}"
            return {1: "right", 0: "wrong"}.get(score, part)
    return ""


def _scores(sample: evaluation.Sample, earlier: evaluation.Sample | None) -> page.Block:
    if not sample.options:
        texts = [("right", sample.gold), ("after", sample.answer)]
        texts[1:1] = [("before", earlier.answer)] if earlier else []
        rows = [[name, page.literal(text)] for name, text in texts]
        return page.Table(header=("", "text"), rows=rows, words=(1,))
    rows = [
        [
            page.literal(option) + (" ✓" if option == sample.gold else ""),
            figures.number(earlier.probabilities[i]) if earlier else "–",
            f"**{figures.number(p)}**" if option == sample.answer else figures.number(p),
        ]
        for i, (option, p) in enumerate(zip(sample.options, sample.probabilities, strict=True))
    ]
    return page.Table(header=("option", "before", "after"), rows=rows, words=(0,))


def left_out(run: run_folder.Run) -> list[page.Block]:
    found = run.composition
    notes = run.after.notes
    items = []
    for kind, words in (("missing", "missing"), ("excluded", "not trained on")):
        for item in found.get(kind, []):
            task, reason = page.literal(item["task"]), page.literal(item["reason"])
            items.append(f"{task}: {words}, {reason}")
    kinds = {
        "dropped_rows": "without an answer",
        "bad_rows": "that give no record",
        "overlapping_rows": "that overlap with evaluation rows",
        "duplicate_rows": "that repeat an earlier one",
        "about_options": "that ask about their options, for templates that hide these,",
    }
    for where, counted in (("training", found), ("evaluation", notes)):
        for kind, words in kinds.items():
            for task, count in sorted(counted.get(kind, {}).items()):
                if count:
                    name = page.literal(task)
                    items.append(f"{name}: {count:,} rows {words} left out of {where}")
    for where, counted in (("training", found), ("evaluation", notes)):
        items += _cuts(counted.get("cuts", {}), where)
    if count := found.get("truncated", {}).get("targets", 0):
        items.append(f"{count:,} training examples lost the end of their targets (too long)")
    if "cuts" not in found and (count := found.get("truncated", {}).get("inputs", 0)):
        items.append(f"{count:,} training examples lost the beginning of their inputs (too long)")
    for where, counted in (("training", found), ("evaluation", notes)):
        if count := counted.get("dropped_exemplars", 0):
            items.append(f"{count:,} exemplars left out of {where} prompts for want of room")
    if cut := notes.get("truncated_prompts", 0):
        what = "text" if "cuts" in notes else "their beginning"
        items.append(
            f"{cut:,} of {notes.get('prompts', 0):,} evaluation prompts lost {what}: "
            f"the limit is {run.after.options.get('max_input_tokens')} tokens"
        )
    for task, count in sorted(notes.get("same_options", {}).items()):
        items.append(f"{task}: {count:,} rows have options that the tokenizer cannot tell apart")
    heading = page.Heading(text="What was left out")
    if not items:
        return [heading, page.Text(text="Nothing: no task, no row, no token.")]
    return [heading, page.Bullets(items=items)]


def _cuts(by_task: Mapping[str, Mapping[str, int]], where: str) -> list[str]:
    """Returns what became of each task's prompts that were too long, or held unknown text."""
    items = []
    for task, counts in sorted(by_task.items()):
        if counts["cut"]:
            each = counts["cut_tokens"] / counts["cut"]
            items.append(
                f"{task}: {counts['cut']:,} of {counts['prompts']:,} {where} prompts lost text, "
                f"{each:,.0f} tokens each"
            )
        if counts["left_out"]:
            items.append(f"{task}: {counts['left_out']:,} {where} prompts left out (no room)")
        if counts["unknown_targets"]:
            items.append(
                f"{task}: {counts['unknown_targets']:,} {where} prompts with answers that the "
                "tokenizer does not know"
            )
    return items


def how(run: run_folder.Run, command: str) -> list[page.Block]:
    options = run.after.options
    text = (
        f"Each task: {options.get('rows_per_task')} rows of the {options.get('split')} split, "
        f"drawn by seed {options.get('seed')}, {_asked(run)}, {_exemplars(options)}; "
        f"answers with options by rank classification ({_ranked(options)}), "
        f"free text {_written(options)} on {options.get('generation_rows')} rows."
    )
    # What no run has made has no weights in its folder to be asked again.
    again = "" if run.is_of_model else f"python -m eval --run {shlex.quote(str(run.folder))}"
    commands = "\n".join(filter(None, (command, again)))
    return [
        page.Heading(text="How this was made, and how to repeat it"),
        page.Text(text=text),
        *([page.Code(text=commands)] if commands else []),
        page.Fold(
            title="Configuration",
            hint="as resolved",
            blocks=[page.Code(text=json.dumps(run.config, indent=2))],
        ),
    ]


def _asked(run: run_folder.Run) -> str:
    """Returns by which words tasks were asked: a control has one way."""
    if run.prompts == "instructions":
        return "under every forward template"
    return f"once each, without a template ({page.literal(run.prompts)})"


def _exemplars(options: Mapping[str, Any]) -> str:
    """Returns how many exemplars stood before a question, and what is unusual of them."""
    shots = options.get("shots") or 0
    usual = {"exemplars": "random", "exemplar_order": "random", "demonstrations": "gold"}
    others = [str(options[name]) for name in usual if options.get(name, usual[name]) != usual[name]]
    told = f" ({', '.join(others)})" if shots and others else ""
    return f"{shots or 'no'} exemplars{told}"


_COMPARED = {
    "sum": "summed log-probability of each option",
    "per-token": "log-probability of each option over its tokens",
    "per-byte": "log-probability of each option over its UTF-8 bytes",
    "pmi": "log-probability of each option less that without a question",
    "calibrated": "probability of each option over its mean without content",
}


def _ranked(options: Mapping[str, Any]) -> str:
    """Returns by what options were compared."""
    scoring = "per-token" if options.get("per_token") else options.get("scoring", "sum")
    return _COMPARED[scoring] + ("" if options.get("eos", True) else ", without its end")


def _written(options: Mapping[str, Any]) -> str:
    """Returns how answers were written."""
    if options.get("beams", 1) > 1:
        return f"by a search with {options['beams']} beams"
    if not options.get("temperature"):
        return "by greedy generation"
    drawn = f"drawn at temperature {options['temperature']:g}"
    if options["top_k"]:
        drawn += f", top-k {options['top_k']}"
    if options["top_p"] < 1:
        drawn += f", top-p {options['top_p']:g}"
    if options["samples"] > 1:
        drawn += f" (chains of thought {options['samples']} times, of which the majority counts)"
    return drawn
