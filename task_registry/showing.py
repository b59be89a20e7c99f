"""python -m task_registry show: prompts of a task, as training and evaluation would ask them."""

import argparse
import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated

from rich import console as rich_console
from rich import text as rich_text

from flanlike import bounds, errors, knobs
from flanlike.prompts import render, shown
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry, templates, texts
from flanlike.tasks import task as task_module

_PROMPTS = 3
_DIGITS = 18  # of a row's number: Python reads no thousands of them
Shown = Annotated[int, bounds.Bounds(1, 100_000)]  # prompts on a screen
Drawn = Annotated[int, bounds.Bounds(0, (1 << 64) - 1)]  # a prompt's own seed


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags of the command, beside those that other commands have as well."""
    command.add_argument("task", metavar="TASK", help="or a file of instructions")
    command.add_argument("--split", help="train (default), validation or test")
    command.add_argument("--kind", choices=templates.KINDS, help="of templates (forward)")
    command.add_argument("--cot", action="store_true", help="the same as --kind cot")
    command.add_argument("--template", metavar="ID", help="this one alone")
    command.add_argument(
        "--row", metavar="N", help="this one alone: its number, or its id: train/7"
    )
    shots, seed = bounds.argument(knobs.Shots), bounds.argument(Drawn)
    command.add_argument("--shots", **shots, default=0, help="exemplars a prompt")
    command.add_argument("--option-style", metavar="NAME", help="of _layout.toml; default: drawn")
    command.add_argument(
        "--seed",
        **seed,
        help="of all that is drawn; that of an exported prompt (`provenance`) draws the same",
    )
    command.add_argument(
        "--n",
        **bounds.argument(Shown),
        help=f"how many prompts ({_PROMPTS}; of one --row: all its templates)",
    )


def show(
    found: registry.Registry,
    options: argparse.Namespace,
    *,
    console: rich_console.Console,
    split: str,
    notice: str = "",
) -> None:
    """Prints prompts of a task, each of another row by another template, or as flags say.

    `split` is where rows come from unless --split or the row's id says otherwise.
    """
    task = found.task(options.task)
    template_set = found.templates(task.name)
    pool = _pool(task, template_set, options)
    _check_sense(options, pool)
    if options.row and options.row.partition("/")[0] in rows_module.SPLITS:
        split = options.row.partition("/")[0]
    records = opening.open_rows(task, options.data, options.split or split)
    rows: Sequence[int] = range(len(records))
    if options.row is not None:
        rows = [_row(records, options.row)]
    solved = records
    if options.shots and records.split != shown.solved_split(task):
        solved = opening.open_rows(task, options.data, shown.solved_split(task))
    told = f"   ({notice})" if notice and records.source == "embedded" else ""
    console.print(f"{task.name}, cluster {task.cluster}, --data {options.data}{told}")
    for row, template in _turns(task, pool, records, rows, options):
        prompt = shown.prompt(
            task,
            template_set.layout,
            template,
            records,
            row,
            solved=solved,
            shots=options.shots,
            option_style=options.option_style,
            seed=options.seed,
        )
        _print_prompt(console, prompt)


def _pool(
    task: task_module.Task, template_set: templates.TemplateSet, options: argparse.Namespace
) -> tuple[templates.Template, ...]:
    """Returns the templates to show prompts by."""
    if options.cot and options.kind not in (None, "cot"):
        raise errors.UserError(
            f"--cot means --kind cot, not {options.kind!r}; leave one of them out"
        )
    kind = "cot" if options.cot else options.kind
    if options.template is not None:
        template = template_set.get(options.template)
        if kind not in (None, template.kind):
            raise errors.UserError(
                f"template {template.id!r} of task {task.name!r} is of kind {template.kind!r}, not "
                f"{kind!r}; leave out the kind"
            )
        return (template,)
    kind = kind or "forward"
    pool = tuple(template for template in template_set.templates if template.kind == kind)
    if not pool:
        kinds = sorted({template.kind for template in template_set.templates})
        raise errors.UserError(
            f"task {task.name!r} has no template of kind {kind!r}; it has {kinds!r}"
        )
    return pool


def _check_sense(options: argparse.Namespace, pool: Sequence[templates.Template]) -> None:
    """Raises where one flag leaves another nothing to say."""
    if options.row is not None and (options.n or 0) > len(pool):
        raise errors.UserError(
            f"--n is {options.n!r}, but --row leaves one row, to be shown by {len(pool)} templates"
            "; leave out one of them"
        )
    if options.option_style and not any(template.lists_options for template in pool):
        named = (
            f"template {options.template!r}" if options.template else f"no {pool[0].kind} template"
        )
        lists = "lists no options" if options.template else "lists options"
        raise errors.UserError(
            f"{named} of task {options.task!r} {lists}: leave out --option-style"
        )


def _row(records: rows_module.Records, row: str) -> int:
    """Returns the place of a row that is named by number or by id."""
    is_number = row.isascii() and row.isdigit() and len(row) <= _DIGITS
    if is_number and int(row) < len(records):
        return int(row)
    for index in range(len(records)):
        if records.row_id(index) == row:
            return index
    last = len(records) - 1
    raise errors.UserError(
        f"task {records.task.name!r}: no row {texts.shown(row)} in split {records.split!r}; "
        f"expected a number from 0 to {last}, or an id, {records.row_id(0)!r} to "
        f"{records.row_id(last)!r} (other splits: --split)"
    )


def _turns(
    task: task_module.Task,
    pool: Sequence[templates.Template],
    records: rows_module.Records,
    rows: Sequence[int],
    options: argparse.Namespace,
) -> Iterator[tuple[int, templates.Template]]:
    """Yields row and template of each prompt: of several rows the templates in turn.

    A row that asks about its options is shown by templates that list them, where there are any.
    """
    if options.row is None:
        pairs = zip(rows, itertools.cycle(pool))
        count = options.n or _PROMPTS
    else:
        pairs = zip(itertools.repeat(rows[0]), pool)
        count = options.n or len(pool)
    listing = [template for template in pool if template.lists_options]
    for row, template in itertools.islice(pairs, count):
        if listing and not template.lists_options and render.needs_options(task, records[row]):
            if options.row is not None:
                continue
            template = listing[row % len(listing)]
        yield row, template


def _print_prompt(console: rich_console.Console, prompt: task_module.Prompt) -> None:
    told = prompt.provenance
    heading = f"{told.row_id} · {told.template} ({told.kind}) · {told.shots} shots"
    console.rule(rich_text.Text(heading), align="left")
    console.print(rich_text.Text(prompt.inputs), soft_wrap=True)
    console.print(rich_text.Text("=> " + prompt.targets, style="bold green"), soft_wrap=True)
    if prompt.options:
        listed = ", ".join(
            f"[{option}]" if i == prompt.gold else option for i, option in enumerate(prompt.options)
        )
        console.print(rich_text.Text(f"   of: {listed}", style="dim"), soft_wrap=True)
