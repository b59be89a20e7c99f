"""Looks into the registry and writes from it.

    python -m task_registry list | show | check | mixture | export | overlap | lint | new

Every command takes --tasks FILE.py to add a module of your own.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import console as rich_console
from rich import table as rich_table
from rich import text as rich_text

import task_registry
from flanlike import config as config_lib
from flanlike import errors
from flanlike.mixtures import compose, mixture
from flanlike.prompts import checks, manifest, recipe, shown
from flanlike.sources import availability, instruction_file, opening
from flanlike.tasks import families, instruction_rows, registry, texts
from flanlike.tasks import task as task_module
from task_registry import export, lint_check, listing, overlap_check, parts, scaffold, showing

_CHECK_ROWS = 24
_WIDTH = 180  # columns of what is printed into a pipe or a file
_EMBEDDED = "rows of the embedded micro-world: small, synthetic, made by rule"


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    named = _named_mixture(options)
    if hasattr(options, "data"):
        options.data = config_lib.data_of(named, options.data)
    kind = getattr(options, "row_format", None)
    is_file = config_lib.names_file(named) and hasattr(options, "data")
    if is_file and not getattr(options, "json", False):
        print(instruction_file.told(named, instruction_rows.checked(kind), options.data))
    found = task_registry.registry(options.tasks, format=kind)
    options.run(found.at(getattr(options, "data", "embedded")), options)


def list_tasks(found: registry.Registry, options: argparse.Namespace) -> None:
    """Prints one line for each task and the totals, or one JSON array."""
    described = [listing.describe(found, name) for name in found.task_names]
    if options.json:
        print(json.dumps(described, indent=2))
        return
    console = _console()
    heading, *lines = listing.table(described, console.width)
    console.print(rich_text.Text(heading, style="bold"), soft_wrap=True)
    print("\n".join(lines))
    console.print(listing.totals(described))


def show(found: registry.Registry, options: argparse.Namespace) -> None:
    """Prints prompts of a task, of a selector or a mixture the first that has rows."""
    tasks = found.tasks_of(options.task)
    with_rows = (one for one in tasks if not opening.availability(one, options.data))
    task = next(with_rows, tasks[0])
    options.task = task.name
    split = shown.first_split(task, options.data)
    showing.show(found, options, console=_console(), split=split, notice=_EMBEDDED)


def check(found: registry.Registry, options: argparse.Namespace) -> None:
    """Checks templates, records, renderings and metrics; ends with status 2 if any is wrong."""
    if options.manifest is not None:
        check_manifest(found, options)
        return
    asked = options.names or found.task_names
    named = {task.name: name for name in asked for task in found.tasks_of(name)}
    names, problems = list(named), []
    for name in names:
        is_by_itself = options.names and named[name] not in found.mixture_names
        why_bare = "" if is_by_itself else _why_bare(found.task(name), options.data)
        wrong = _check(found, name, options.data, has_rows=not why_bare)
        print(f"{'ok  ' if not wrong else 'WRONG'} {name}{why_bare}")
        problems += wrong
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)
    if problems:
        wrong = texts.counted(len(problems), "problem")
        raise errors.UserError(f"{wrong} in {texts.counted(len(names), 'task')}, listed above")
    print(f"{texts.counted(len(names), 'task')} checked, nothing wrong")


def check_manifest(found: registry.Registry, options: argparse.Namespace) -> None:
    """Makes the manifest again, from the manifest's own flags; ends with status 2 if it differs."""
    there = manifest.read(options.manifest)
    asked = recipe.from_json(there["recipe"])
    if options.data != "embedded":  # the rows lie elsewhere on this machine
        asked = dataclasses.replace(asked, data=options.data)
    found = found.at(asked.data).pinned(manifest.commits(there))
    composition = recipe.compose(asked, found, is_evaluated="export" not in there)
    evaluated = {name: entry.get("split", "test") for name, entry in there["evaluation"].items()}
    here = manifest.build(asked, composition, found, evaluated=evaluated)
    manifest.expect(there, here, where=options.manifest)
    count = len(here["tasks"]) + len(here["evaluation"])
    print(f"{count} tasks read as {options.manifest} says, no difference")


def show_mixture(found: registry.Registry, options: argparse.Namespace) -> None:
    """Prints what a mixture is made of, with the rates and the expected shares of prompts."""
    named = found.mixture(options.name)
    composition = compose.compose(
        named,
        found,
        options.data,
        options.hold_out,
        rules=options.hold_out_rules,
        skip_missing=options.skip_missing or parts.is_of_several(named),
        skip_bad_rows=options.skip_bad_rows,
        is_trained=False,
    )
    if options.json:
        print(json.dumps(_as_json(composition, options.data), indent=2))
        return
    _print_composition(_console(), composition, options.data)


def lint(found: registry.Registry, options: argparse.Namespace) -> None:
    """Prints what is wrong with the rows of a mixture."""
    lint_check.show(found, options, console=_console())


def new(found: registry.Registry, options: argparse.Namespace) -> None:
    """Writes the first files of a user's task and says what comes next."""
    module, templates_file = scaffold.write(
        options.name,
        options.cluster,
        folder=Path.cwd(),
        tasks=found.task_names,
        clusters=found.clusters,
        is_new_cluster=options.new_cluster,
    )
    print(f"wrote {module.name} and {templates_file.name}: fill in what says TODO, then")
    print(f"python -m task_registry check {options.name} --tasks {module.name} --data FOLDER")


def _named_mixture(options: argparse.Namespace) -> str:
    """Returns what a command is about, "" where that is several tasks or none."""
    if names := getattr(options, "names", None):
        return names[0] if len(names) == 1 else ""
    given = vars(options)
    return next((given[key] for key in ("mixture", "task", "name") if given.get(key)), "")


def _why_bare(task: task_module.Task, data: str) -> str:
    """Returns why a task is checked by its templates alone, where all are checked; else nothing.

    It asks rows of another task, of which the micro-world has others; or a folder has none of it.
    """
    if data == "embedded" and task.rows_of is not None and not task.microworld:
        return " (its templates alone: the micro-world has no rows of it)"
    if opening.is_elsewhere(task, data):
        return f" (its templates alone: {data!r} has no rows of it)"
    return ""


def _check(found: registry.Registry, name: str, data: str, *, has_rows: bool = True) -> list[str]:
    task = found.task(name)
    records: list[task_module.Record] = []
    why_none = opening.availability(task, data)
    try:
        template_set = found.templates(name)
        if why_none:
            why_none += "; name the folder of its rows by --data"
        else:
            rows = opening.open_rows(task, data, shown.first_split(task, data))
            records = [rows[index] for index in range(min(len(rows), _CHECK_ROWS))]
    except errors.UserError as error:
        return [str(error)]
    problems = checks.check_task(
        task, template_set, records, why_no_records=why_none or "", has_records=has_rows
    )
    return problems + (_check_metrics(task, records) if records else [])


def _check_metrics(task: task_module.Task, records: list[task_module.Record]) -> list[str]:
    """Returns the metrics that are unknown or do not give right answers nearly 1."""
    from eval import answers, metrics

    if isinstance(task.answers, task_module.FreeText):
        right = [record["references"][0] for record in records]
        answered = answers.from_texts(records, right)
    else:
        labels = [record["label"] for record in records]
        answered = answers.from_labels(task, records, labels)
    problems = []
    for name in task.metrics:
        try:
            if not metrics.of_answers((name,), answered):  # of programs, which are not run here
                continue
            value = metrics.compute(name, answered)
        except ValueError as error:
            problems.append(f"task {task.name!r}: {error}")
            continue
        if not 0.9 < value <= 1.0 + 1e-9:
            problems.append(
                f"task {task.name!r}: metric {name!r} gives right answers {value:.3f}, not 1"
            )
    return problems


def _as_json(composition: mixture.Composition, data: str) -> dict[str, Any]:
    return {
        "mixture": composition.mixture.name,
        "description": composition.mixture.description,
        "data": data,
        "held_out": list(composition.held_out),
        "rules": composition.rules,
        "tasks": [dataclasses.asdict(task) for task in composition.tasks],
        "clusters": composition.cluster_shares,
        "evaluation": list(composition.evaluation),
        "excluded": dict(composition.excluded),
        "leaks": dict(composition.leaks),
        "dropped_rows": dict(composition.dropped_rows),
        "bad_rows": dict(composition.bad_rows),
        "shares": dataclasses.asdict(composition.shares),
        "parts": [part.as_json() for part in parts.of(composition)],
    }


def _print_composition(
    console: rich_console.Console, composition: mixture.Composition, data: str
) -> None:
    named = composition.mixture
    notice = f" ({_EMBEDDED})" if data == "embedded" else ""
    console.print(rich_text.Text(f"{named.name}: {named.description}; --data {data}{notice}"))
    table = rich_table.Table(box=None, pad_edge=False)
    for column in ("task", "rows", "rate", "share", "from"):
        table.add_column(column, justify="left" if column in ("task", "from") else "right")
    for cluster, total in composition.cluster_shares.items():
        table.add_row(cluster, "", "", f"{total:.2%}", "", style="bold")
        for task in composition.tasks:
            if task.cluster == cluster:
                share = f"{task.share:.2%}"
                table.add_row(
                    f"  {task.name}", f"{task.rows:,}", f"{task.rate:,.0f}", share, task.derivation
                )
    console.print(table)
    told = parts.of(composition)
    in_parts = {name for part in told for name in part.excluded}
    others = {n: why for n, why in composition.excluded.items() if n not in in_parts}
    forms = config_lib.given(composition.shares)
    held_out = families.listed(composition.held_out)
    unasked = "nothing" if held_out else "what is trained on, by its test rows"
    lines = [
        *(line for part in told for line in parts.lines(part)),
        f"{texts.counted(len(composition.tasks), 'task')} of "
        + texts.counted(len(composition.cluster_shares), "cluster")
        + ("" if told else "; " + parts.listed(forms)),
        f"held out: {held_out or 'nothing'} (rules: {composition.rules})",
        f"evaluated: {families.listed(composition.evaluation) or unasked}",
        *(f"left out: {line}" for line in availability.by_reason(others)),
        *(
            f"left in, though strict rules would leave it out: {line}"
            for line in availability.by_reason(composition.leaks)
        ),
        *(f"left out: {line}" for line in composition.told_bad_rows),
    ]
    for line in lines:
        console.print(rich_text.Text(line), soft_wrap=True)


def _console() -> rich_console.Console:
    is_terminal = sys.stdout.isatty()
    return rich_console.Console(width=None if is_terminal else _WIDTH, highlight=False)


def _parser() -> argparse.ArgumentParser:
    common = _flag("--tasks", metavar="FILE.py", help="a module with your TASKS and MIXTURES")
    data = _flag("--data", default="embedded", help="embedded (default), hub, tfds or a folder")
    formats = f"{', '.join(instruction_rows.FORMATS)}; default: by its columns"
    rows = _flag("--format", dest="row_format", metavar="F", help=f"of a file's rows: {formats}")
    mixed, as_json = _mixture_flags(), _flag("--json", action="store_true", help="print JSON")

    parser = errors.Parser(prog="python -m task_registry", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "list", parents=[common, data, as_json], help="what tasks there are"
    )
    command.set_defaults(run=list_tasks)

    command = commands.add_parser("show", parents=[common, data, rows], help="prompts of a task")
    showing.add_arguments(command)
    command.set_defaults(run=show)

    command = commands.add_parser(
        "check", parents=[common, data, rows], help="find mistakes in tasks"
    )
    command.add_argument("names", nargs="*", metavar="TASK", help="or a file; default: all")
    command.add_argument(
        "--manifest", metavar="FILE", help="instead: is what this manifest.json says still so?"
    )
    command.set_defaults(run=check)

    command = commands.add_parser(
        "mixture", parents=[common, data, rows, mixed, as_json], help="what a mixture is made of"
    )
    command.add_argument("name", metavar="NAME", help="or a file of instructions")
    command.set_defaults(run=show_mixture)

    command = commands.add_parser(
        "export", parents=[common, data, mixed], help="a mixture's prompts as a dataset on disk"
    )
    export.add_arguments(command)
    command.set_defaults(run=export.export)

    command = commands.add_parser(
        "overlap",
        parents=[common, data, rows, mixed, as_json],
        help="text that training and evaluation share",
    )
    overlap_check.add_arguments(command)
    command.set_defaults(run=overlap_check.show)

    command = commands.add_parser(
        "lint", parents=[common, data, mixed, as_json], help="find mistakes in a mixture's rows"
    )
    lint_check.add_arguments(command)
    command.set_defaults(run=lint)

    command = commands.add_parser("new", parents=[common], help="the first files of your own task")
    command.add_argument("name", metavar="NAME", help="of the task: letters, digits and _")
    command.add_argument("--cluster", required=True, metavar="C", help="what it is held out with")
    command.add_argument("--new-cluster", action="store_true", help="no task has this cluster yet")
    command.set_defaults(run=new)
    return parser


def _flag(name: str, **how: Any) -> argparse.ArgumentParser:
    """Returns a flag that commands share, as their parent."""
    flags = argparse.ArgumentParser(add_help=False)
    flags.add_argument(name, **how)
    return flags


def _mixture_flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(add_help=False)
    flags.add_argument("--hold-out", nargs="*", metavar="C", help="clusters or tasks")
    flags.add_argument(
        "--hold-out-rules", choices=("flan", "strict"), help="the mixture's own by default"
    )
    flags.add_argument("--skip-missing", action="store_true", help="leave out missing tasks")
    flags.add_argument("--skip-bad-rows", action="store_true", help="leave out rows without record")
    return flags


if __name__ == "__main__":
    main()
