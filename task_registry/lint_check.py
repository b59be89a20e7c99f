"""python -m task_registry lint: what is wrong with the rows of a mixture, in one table."""

import argparse
import dataclasses
import json
from typing import Annotated, Any

from rich import console as rich_console
from rich import table as rich_table
from rich import text as rich_text

from flanlike import bounds
from flanlike import config as config_lib
from flanlike.mixtures import mixture
from flanlike.prompts import lint, recipe
from flanlike.sources import availability
from flanlike.tasks import registry, texts
from task_registry import export_limit

Rows = Annotated[int, bounds.Bounds(1, 10**8)]  # of a task
_SHOWN = 160  # characters of an example
_PAIRS = 20  # of tasks, listed
_COLUMNS = {
    "same": "same",
    "near": "near",
    "elsewhere": "elsewhere",
    "contradicting": "contradict",
    "empty": "empty",
    "given_away": "given away",
    "damaged": "damaged",
    "in_tokens": "in tokens",
    "not_english": "not English",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags of the check, beside those that other commands have as well."""
    command.add_argument("--mixture", default="flan_core", help="a name (flan_core)")
    rows = bounds.argument(Rows)
    command.add_argument("--max-rows", **rows, default=1000, help="to look at, of a task (1,000)")
    command.add_argument("--details", action="store_true", help="examples of each finding too")
    export_limit.add_arguments(command)


def show(
    found: registry.Registry, options: argparse.Namespace, *, console: rich_console.Console
) -> None:
    """Prints a table of the tasks with findings and what it means, or one JSON object."""
    composition = recipe.compose(recipe.of_flags(options), found, is_evaluated=False)
    if options.vocabulary is not None and options.max_input_tokens is None:
        options.max_input_tokens = config_lib.input_tokens(options.data)
    limit = export_limit.of(options)
    result = lint.find(
        composition,
        found,
        data=options.data,
        max_rows=options.max_rows,
        room=limit.room(is_chat=False) if limit else None,
    )
    if options.json:
        print(json.dumps(_as_json(result, composition, options), indent=2))
    else:
        _print(console, result, composition, options)


def _as_json(
    found: lint.Lint, composition: mixture.Composition, options: argparse.Namespace
) -> dict[str, Any]:
    tasks = {}
    for one in found.tasks:
        prompts = None if one.prompts is None else one.prompts._asdict()
        tasks[one.task] = dataclasses.asdict(one) | {"prompts": prompts}
        del tasks[one.task]["task"]
    return {
        "mixture": options.mixture,
        "data": options.data,
        "max_rows": options.max_rows,
        "max_input_tokens": options.max_input_tokens,
        "tasks": tasks,
        "pairs": [dataclasses.asdict(pair) for pair in found.pairs],
        "missing": dict(composition.missing),
        "dropped_rows": dict(composition.dropped_rows),
        "bad_rows": dict(composition.bad_rows),
    }


def _print(
    console: rich_console.Console,
    found: lint.Lint,
    composition: mixture.Composition,
    options: argparse.Namespace,
) -> None:
    worth_telling = [one for one in found.tasks if not one.is_clean]
    if worth_telling:
        console.print(_table(worth_telling, has_limit=options.vocabulary is not None))
    if options.details:
        for one in worth_telling:
            _print_examples(console, one)
    looked_at, rows = (sum(getattr(t, name) for t in found.tasks) for name in ("looked_at", "rows"))
    lines = [
        *_of_pairs(found),
        *(f"left out: {line}" for line in availability.by_reason(composition.missing)),
        *(f"left out: {line}" for line in composition.told_bad_rows),
        f"looked at {looked_at:,} of {rows:,} training rows of "
        f"{texts.counted(len(found.tasks), 'task')}, at most {options.max_rows:,} of each "
        f"(--max-rows); {texts.counted(len(found.tasks) - len(worth_telling), 'task')} without "
        "findings",
    ]
    if options.vocabulary is not None:
        lines.append(
            f"cut, left out: of as many prompts as rows, by --max-input-tokens "
            f"{options.max_input_tokens} of {options.vocabulary}"
        )
    if worth_telling and not options.details:
        lines.append("examples of each finding: --details")
    for line in lines:
        console.print(rich_text.Text(line), soft_wrap=True)


def _table(tasks: list[lint.Findings], *, has_limit: bool) -> rich_table.Table:
    """Returns a table of those columns in which something is found."""
    kinds = [kind for kind in _COLUMNS if any(getattr(one, kind) for one in tasks)]
    limits = ["cut", "left_out"] if has_limit else []
    table = rich_table.Table(box=None, pad_edge=False)
    for heading in ("task", "rows", *(_COLUMNS[kind] for kind in kinds)):
        table.add_column(heading, justify="left" if heading == "task" else "right")
    for name in limits:
        table.add_column(name.replace("_", " "), justify="right")
    answers = [_answers(one) for one in tasks]
    if any(answers):
        table.add_column("answers", justify="left")
    for one, answer in zip(tasks, answers, strict=True):
        counts = [getattr(one, kind) for kind in kinds]
        counts += [getattr(one.prompts, name) for name in limits]
        told = (f"{count:,}" if count else "" for count in counts)
        table.add_row(
            one.task, f"{one.looked_at:,}", *told, *([rich_text.Text(answer)] if answer else [])
        )
    return table


def _answers(one: lint.Findings) -> str:
    """Returns what is lopsided about a task's answers, "" where nothing is."""
    if not one.is_lopsided:
        return ""
    answer = repr(one.commonest_answer[:20])
    if one.answers == 1:
        return f"always {answer}"
    told = [f"{answer} {one.commonest_share:.0%}"] if one.commonest_share >= 0.5 else []
    if one.unused_labels:
        told.append(f"never {', '.join(one.unused_labels)}")
    return ", ".join(told)


def _print_examples(console: rich_console.Console, one: lint.Findings) -> None:
    for kind, examples in one.examples.items():
        heading = f"{one.task}: {lint.KINDS[kind]} ({getattr(one, kind):,})"
        console.print(rich_text.Text(heading, style="bold"), soft_wrap=True)
        for example in examples:
            text = example.text.replace("\n", " | ")
            text = text if len(text) <= _SHOWN else text[:_SHOWN] + " ..."
            what = f", {example.what}" if example.what else ""
            console.print(rich_text.Text(f"    {example.row}{what}: {text}"), soft_wrap=True)


def _of_pairs(found: lint.Lint) -> list[str]:
    """Returns a line for each pair of tasks that repeat each other, those of most rows first."""
    pairs = [pair for pair in found.pairs if pair.task != pair.earlier_task]
    pairs.sort(key=lambda pair: -(pair.exact_rows + pair.near_rows))
    lines = [
        f"{pair.task} repeats {pair.earlier_task}: {pair.exact_rows:,} rows the same, "
        f"{pair.near_rows:,} nearly"
        for pair in pairs[:_PAIRS]
    ]
    if more := len(pairs) - len(lines):
        lines.append(f"{more:,} more pairs of tasks repeat each other in fewer rows (--json)")
    return lines
