"""`python -m eval robustness --model M --mixture NAME`: answers where only the form changes."""

import argparse
import dataclasses
import json
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from eval import (
    figures,
    model_folder,
    pace,
    page,
    perturbations,
    predictions,
    protocol,
    questions,
    results,
    robustness,
)
from flanlike import atomic, bounds, errors, knobs, microworld
from flanlike import config as config_lib
from flanlike import flags as flags_lib
from flanlike.batches import chat
from flanlike.runs import loading, named
from flanlike.tasks import registry as registries
from flanlike.tasks import task as task_module

# What is not asked here: exemplars, rows to choose by, written answers.
_SET = {"shots": 0, "validation_rows": 0, "generation_rows": 0}


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    flags, settings = _flags(arguments)
    if flags.out is not None:
        atomic.expect_writable(flags.out)
    tasks = registry(flags.tasks).at(flags.data)
    wanted = model_folder.what_is_asked(flags, tasks)
    config = config_lib.RunConfig(
        mixture=wanted.mixture.name,
        data=flags.data,
        skip_missing=flags.skip_missing,
        eval=config_lib.EvalConfig(**settings),
    )
    there = named.find(flags.model, flag="--model")
    _expect_options(wanted.names, tasks)
    names = model_folder.with_rows(wanted, tasks, config)
    reporter = pace.reporter(sys.stderr if flags.json else sys.stdout)
    with reporter.waiting(f"loading {there.name}"):
        loaded = named.in_its_words(loading.load(there.folder), there, is_chat=flags.chat)
    with reporter.waiting(pace.COLLECTING):
        asked = questions.collect(
            names,
            tasks,
            loaded.words,
            data=flags.data,
            family=loaded.model.config.family,
            settings=config.eval,
        )
    for line in (*chat.told(loaded.words), *asked.warnings):
        print(line, file=sys.stderr)
    found = measure(
        loaded,
        asked,
        tasks,
        kinds=flags.kinds,
        setting=results.Setting(
            run=there.name, step=loaded.step or 0, data=flags.data, seed=config.eval.seed
        ),
        reporter=reporter,
    )
    means = _means(found)
    as_json = {
        "model": there.name,
        "data": flags.data,
        "chat": isinstance(loaded.words, chat.Chat),
        "settings": vars(config.eval),
        "tasks": [dataclasses.asdict(one) for one in found],
        "means": {name: dataclasses.asdict(one) for name, one in means.items()},
        "not_asked": list(asked.unasked),
    }
    if flags.json:
        print(json.dumps(as_json, ensure_ascii=False))
    else:
        print(*_lines(found, means, flags.data), sep="\n")
    if flags.out is not None:
        title = f"Robustness of {there.name}"
        blocks = _blocks(found, means, model=there.name, data=flags.data, unasked=asked.unasked)
        atomic.write(flags.out / "robustness.html", page.to_html(title, blocks))
        atomic.write_json(flags.out / "robustness.json", as_json, ensure_ascii=False)


def _expect_options(names: Sequence[str], registry: registries.Registry) -> None:
    if all(isinstance(registry.task(name).answers, task_module.FreeText) for name in names):
        raise errors.UserError(
            f"the answers to {', '.join(names)} are all written, and robustness is of options that "
            "are ranked: name tasks that have such"
        )


def _flags(arguments: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    parser = errors.Parser(
        prog="python -m eval robustness",
        description="Asks tasks with options in other forms, and counts the answers that stay. "
        "--eval.* flags of train.py are known too, but for exemplars and written answers.",
    )
    parser.add_argument(
        "--model", required=True, help="a run's folder, a published model's, or an id of the hub"
    )
    parser.add_argument(
        "--mixture",
        "--task",
        nargs="+",
        required=True,
        metavar="NAME",
        help="a mixture (what it holds out), or tasks and clusters",
    )
    parser.add_argument("--hold-out", nargs="+", metavar="NAME", help="of a mixture: what to ask")
    parser.add_argument("--data", default="embedded", help="embedded | hub | tfds | a folder")
    parser.add_argument("--tasks", help="Python file with TASKS and MIXTURES of your own")
    parser.add_argument("--rows", **bounds.argument(knobs.Sample), help="rows a task (60)")
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=tuple(perturbations.KINDS),
        default=tuple(perturbations.KINDS),
        help="which changes; default: all",
    )
    parser.add_argument(
        "--chat",
        action=argparse.BooleanOptionalAction,
        help="ask in the model's chat template; default: as the run was trained",
    )
    parser.add_argument("--skip-missing", action="store_true", help="leave out what --data lacks")
    parser.add_argument("--out", type=pathlib.Path, help="folder for robustness.html and .json")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    flags, others = parser.parse_known_args(arguments)
    settings = flags_lib.eval_flags(others, command="python -m eval robustness")
    if wrong := [name for name, value in _SET.items() if settings.get(name, value) != value]:
        flag = wrong[0].replace("_", "-")
        raise errors.UserError(
            f"--eval.{flag} is {settings[wrong[0]]}: robustness is asked without exemplars, "
            "validation rows and written answers; leave it out"
        )
    settings |= _SET
    if flags.rows is not None:
        settings["rows_per_task"] = flags.rows
    return flags, settings


def measure(
    loaded: loading.Loaded,
    asked: questions.Questions,
    registry: registries.Registry,
    *,
    kinds: Sequence[str],
    setting: results.Setting,
    reporter: pace.Reporter,
) -> list[robustness.OfTask]:
    """Returns the figures of every task, asked by its first template that shows options.

    A task of which no template does is asked by its first one, of the kinds that need no list.
    """
    plans: list[tuple[questions.Cell, list[perturbations.Group]]] = []
    for name in dict.fromkeys(cell.task.name for cell in asked.cells):
        cells = [cell for cell in asked.cells if cell.task.name == name]
        shown = [cell for cell in cells if cell.prompts[0].provenance.shows_options]
        plain, *others = shown or cells
        forms = perturbations.Forms(
            plain=plain,
            others=others,
            templates=registry.templates(name),
            words=loaded.words,
            family=asked.family,
            max_input_tokens=asked.settings.max_input_tokens,
            option_style=asked.settings.option_style,
        )
        plans.append((plain, forms.groups(kinds)))
    every = [
        cell
        for plain, groups in plans
        for cell in (plain, *(c for g in groups for c in (g.reference, *_cells(g))))
    ]
    unlike = list({id(cell): cell for cell in every}.values())
    answered = protocol.evaluate(
        loaded.model,
        loaded.words,
        dataclasses.replace(asked, cells=tuple(unlike)),
        setting=setting,
        reporter=reporter,
        cache=pathlib.Path(asked.settings.cache) if asked.settings.cache else None,
    ).cells
    found = {id(cell): its for cell, its in zip(unlike, answered, strict=True)}
    return [robustness.of_task(found[id(plain)], _answers(g, found)) for plain, g in plans]


def _cells(group: perturbations.Group) -> list[questions.Cell]:
    return [form.cell for form in group.forms]


def _answers(
    groups: Sequence[perturbations.Group], found: Mapping[int, predictions.Predictions]
) -> list[robustness.Answers]:
    return [
        robustness.Answers(
            kind=group.kind,
            reference=found[id(group.reference)],
            forms=tuple((form, found[id(form.cell)]) for form in group.forms),
        )
        for group in groups
    ]


def _means(found: Sequence[robustness.OfTask]) -> dict[str, robustness.Estimate]:
    """Returns means over the tasks that have it: "plain", "everywhere" and each kind's consistency.

    Of one task there is none.
    """
    if len(found) < 2:
        return {}
    columns: dict[str, list[robustness.Estimate]] = {
        "plain": [one.plain for one in found],
        "everywhere": [one.everywhere for one in found],
    }
    for one in found:
        for each in one.kinds:
            columns.setdefault(each.kind, []).append(each.consistency)
    names = [name for name in ("plain", "everywhere", *perturbations.KINDS) if name in columns]
    return {name: robustness.mean(columns[name]) for name in names}


def _lines(
    found: Sequence[robustness.OfTask], means: Mapping[str, robustness.Estimate], data: str
) -> list[str]:
    lines = [microworld.NOTICE] if data == "embedded" else []
    for one in found:
        lines += [
            f"{one.task} ({one.template}, {one.rows} rows): accuracy {_shown(one.plain)}, "
            f"in every form {_shown(one.everywhere)}",
            f"  {'form':22}  {'accuracy':18}  {'change':20}  {'same answer':18}  of those right",
        ]
        lines += [
            f"  {perturbations.KINDS[each.kind]:22}  {_shown(each.accuracy):18}  "
            f"{_difference(each.change):20}  {_shown(each.consistency):18}  "
            f"{_shown(each.of_right)}"
            for each in one.kinds
        ]
    if means:
        lines.append("means over the tasks that have it; of each kind, of the same answers:")
    lines += [f"  {_name(name):22}  {_shown(each)}" for name, each in means.items()]
    return lines


def _name(kind: str) -> str:
    return {"plain": "accuracy", "everywhere": "right in every form", **perturbations.KINDS}[kind]


def _shown(estimate: robustness.Estimate | None) -> str:
    if estimate is None:
        return figures.number(None)
    return f"{figures.number(estimate.value)} {figures.ends_of(estimate.ci95)}"


def _difference(estimate: robustness.Estimate) -> str:
    ends = ", ".join(map(figures.signed, estimate.ci95))
    return f"{figures.signed(estimate.value)} [{ends}]"


def _blocks(
    found: Sequence[robustness.OfTask],
    means: Mapping[str, robustness.Estimate],
    *,
    model: str,
    data: str,
    unasked: Sequence[str],
) -> list[page.Block]:
    blocks: list[page.Block] = [
        page.Heading(text=f"Robustness of {page.literal(model)}", level=1),
        *figures.data_banner(data),
        page.Text(
            text="**Same answer** is the share of rows whose answer stays where only the form of "
            "the question changes, of the rows whose prompt it changes; a model that guesses "
            "among n options has 1/n. Other labels are compared with the list of A, B, ...; all "
            "else with the plain form."
        ),
        page.Text(text=f"Rows of {figures.source(data)}.", role="note"),
    ]
    if unasked:
        listed = ", ".join(map(page.literal, unasked))
        blocks.append(page.Text(text=f"Not asked, for their answers are written: {listed}."))
    kinds = [kind for kind in perturbations.KINDS if any(_of(one, kind) for one in found)]
    rows = [
        [
            page.literal(one.task),
            _shown(one.plain),
            _shown(one.everywhere),
            *(_shown(each.consistency if (each := _of(one, kind)) else None) for kind in kinds),
        ]
        for one in found
    ]
    if means:
        columns = ("plain", "everywhere", *kinds)
        rows.append(["mean", *(_shown(means.get(name)) for name in columns)])
    header = ["task", "accuracy", "right in every form", *map(_name, kinds)]
    blocks += [
        page.Heading(text="Same answer, by task"),
        page.Table(header=header, rows=rows),
        page.Heading(text="Every form"),
    ]
    return blocks + [page.Fold(title=_title(one), hint="", blocks=_of_task(one)) for one in found]


def _of(one: robustness.OfTask, kind: str) -> robustness.OfKind | None:
    return next((each for each in one.kinds if each.kind == kind), None)


def _title(one: robustness.OfTask) -> str:
    return f"{page.literal(one.task)}, template `{one.template}`, {one.rows} rows"


def _of_task(one: robustness.OfTask) -> list[page.Block]:
    kinds = [
        [
            _name(each.kind),
            _shown(each.accuracy),
            _difference(each.change),
            _shown(each.consistency),
            _shown(each.of_right),
        ]
        for each in one.kinds
    ]
    forms = [
        [
            f"`{form.name}`",
            _name(each.kind),
            figures.number(form.accuracy),
            figures.number(form.consistency),
            str(form.changed),
            str(form.unfit),
        ]
        for each in one.kinds
        for form in each.forms
    ]
    return [
        page.Table(
            header=["form", "accuracy", "change", "same answer", "of those right"], rows=kinds
        ),
        page.Table(
            header=["", "form", "accuracy", "same answer", "rows changed", "without room"],
            rows=forms,
            words=(1,),
        ),
    ]
