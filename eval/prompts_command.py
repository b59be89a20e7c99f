"""`python -m eval prompts --model M --task T`: which wording, by perplexity or labelled rows."""

import dataclasses
import json
import pathlib
import sys
from collections.abc import Sequence

import task_registry
from eval import (
    figures,
    pace,
    page,
    plots,
    predictions,
    prompt_ranking,
    protocol,
    questions,
    results,
)
from flanlike import atomic, bounds, errors, microworld
from flanlike import config as config_lib
from flanlike.batches import features
from flanlike.models import running_text
from flanlike.runs import loading, named

_WHAT = "the perplexity of a prompt"


def main(arguments: Sequence[str]) -> None:
    flags = _parser().parse_args(arguments)
    if flags.out is not None:
        atomic.expect_writable(flags.out)
    settings = config_lib.EvalConfig(
        rows_per_task=flags.rows,
        generation_rows=flags.rows,
        validation_rows=flags.validation_rows,
        shots=flags.shots,
    )
    registry = task_registry.registry(flags.tasks)
    registry.task(flags.task)  # before a model is read
    there = named.find(flags.model, flag="--model")
    running_text.expect_decoder(loading.shape_of(there.folder).family, _WHAT)
    loaded = loading.load(there.folder)
    asked = questions.collect(
        [flags.task],
        registry,
        loaded.words,
        data=flags.data,
        family=loaded.model.config.family,
        settings=settings,
    )
    says_on = sys.stderr if flags.json else sys.stdout
    for line in asked.warnings:
        print(line, file=sys.stderr)
    setting = results.Setting(
        run=there.name, step=loaded.step or 0, data=flags.data, seed=settings.seed
    )
    found = rank(loaded, asked, setting=setting, reporter=pace.reporter(says_on))
    as_json = {"model": there.name, "data": flags.data, "shots": flags.shots}
    as_json |= dataclasses.asdict(found)
    if flags.json:
        print(json.dumps(as_json, ensure_ascii=False))
    else:
        print(*_lines(found, flags.data), sep="\n")
    if flags.out is not None:
        blocks = _blocks(found, model=there.name, data=flags.data)
        title = f"Prompts of {found.task} for {there.name}"
        atomic.write(flags.out / "prompts.html", page.to_html(title, blocks))
        atomic.write_json(flags.out / "prompts.json", as_json, ensure_ascii=False)


def _parser() -> errors.Parser:
    parser = errors.Parser(
        prog="python -m eval prompts",
        description="Ranks a task's templates by their inputs' perplexity (Gonen et al. 2022)",
    )
    default = config_lib.EvalConfig()
    of_rows = bounds.argument(config_lib.Sample)
    of_validation = bounds.argument(config_lib.SampleOrNone)
    parser.add_argument(
        "--model", required=True, help="a run's folder, a published model's, or an id of the hub"
    )
    parser.add_argument("--task", required=True, help="a name of python -m task_registry list")
    parser.add_argument("--data", default="embedded", help="embedded | hub | tfds | a folder")
    parser.add_argument("--tasks", help="Python file with TASKS and MIXTURES of your own")
    parser.add_argument(
        "--rows", default=default.rows_per_task, **of_rows, help="rows a template (60)"
    )
    parser.add_argument(
        "--validation-rows",
        default=default.validation_rows,
        **of_validation,
        help="labelled rows to choose by (30); 0: none",
    )
    parser.add_argument(
        "--shots", default=0, **bounds.argument(config_lib.Shots), help="exemplars before each"
    )
    parser.add_argument("--out", type=pathlib.Path, help="folder for prompts.html and prompts.json")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    return parser


def rank(
    loaded: loading.Loaded,
    asked: questions.Questions,
    *,
    setting: results.Setting,
    reporter: pace.Reporter,
) -> prompt_ranking.Ranking:
    """Returns the ranking of one task's templates: asked, and their inputs read."""
    cells = protocol.evaluate(
        loaded.model, loaded.words, asked, setting=setting, reporter=reporter
    ).cells
    headline = predictions.headline(cells, prompts=asked.style)
    ids_of = {(cell.template, cell.is_choosing): cell.ids for cell in asked.cells}
    before = features.before_inputs(loaded.words.marks, asked.family)
    texts = [[*before, *ids] for cell in headline for ids in ids_of[cell.template, False]]
    with reporter.phase("reading prompts", len(texts)) as done:
        log_probs = running_text.log_probs(
            loaded.model,
            texts,
            max_tokens_per_batch=asked.settings.max_tokens_per_batch,
            done=done,
        )
    rest = iter(log_probs)
    columns = [prompt_ranking.perplexities([next(rest) for _ in cell.rows]) for cell in headline]
    return prompt_ranking.rank(cells, columns)


def _lines(found: prompt_ranking.Ranking, data: str) -> list[str]:
    """Returns what the screen shows."""
    lines = [microworld.NOTICE] if data == "embedded" else []
    lines.append(f"perplexity  {found.metric:>18}  {'95 %':12}  validation  template")
    for item in found.templates:
        lines.append(
            f"{item.perplexity:>10,.1f}  {figures.number(item.value):>18}  "
            f"{figures.ends_of(item.ci95):12}  {figures.number(item.on_validation):>10}  "
            f"{item.name}"
        )
    return [*lines, *(line.replace("**", "").replace("`", "") for line in _said(found))]


def _said(found: prompt_ranking.Ranking) -> list[str]:
    """Returns what the figures say, a line each, in a page's marks."""
    lines = []
    if found.spearman is None:
        lines.append("fewer than three templates have no rank correlation")
    else:
        lines.append(
            f"rank correlation of perplexity and {found.metric}: "
            f"**{figures.signed(found.spearman)}** "
            f"[{', '.join(map(figures.signed, found.spearman_ci95))}] over other rows, "
            f"p {figures.number(found.spearman_p)} over orders of the {len(found.templates)} "
            "templates (below 0: the lower the perplexity, the better)"
        )
    lines.append(_chosen("lowest perplexity, no label read", found.by_perplexity))
    if found.by_validation is None:
        lines.append("no validation rows to choose by")
    else:
        rows = f"best on {found.validation_n} validation rows"
        lines.append(_chosen(rows, found.by_validation))
    lines.append(
        f"mean over templates: {figures.number(found.mean)} {figures.ends_of(found.mean_ci95)}; "
        f"the best on these {found.n} rows has {figures.number(found.best)}, which nobody could "
        "have chosen"
    )
    if found.left_aside:
        lines.append(f"left aside, as from the headline: {', '.join(found.left_aside)}")
    return lines


def _chosen(how: str, choice: prompt_ranking.Choice) -> str:
    names = ", ".join(f"`{name}`" for name in choice.templates)
    tie = f" (mean of {len(choice.templates)} that tie)" if len(choice.templates) > 1 else ""
    over = ", ".join(map(figures.signed, choice.over_mean_ci95))
    return (
        f"{how}: **{figures.number(choice.value)}** {figures.ends_of(choice.ci95)}{tie}, "
        f"{figures.signed(choice.over_mean)} [{over}] over the mean: {names}"
    )


def _blocks(found: prompt_ranking.Ranking, *, model: str, data: str) -> list[page.Block]:
    points = [(item.perplexity, item.value, *item.ci95) for item in found.templates]
    rows = [
        [
            f"`{item.name}`",
            f"{item.perplexity:,.1f}",
            f"{figures.number(item.value)} {figures.ends_of(item.ci95)}",
            figures.number(item.on_validation),
        ]
        for item in found.templates
    ]
    return [
        page.Heading(text=f"Prompts of {found.task} for {page.literal(model)}", level=1),
        *figures.data_banner(data),
        page.Text(text=f"{found.n} rows of {figures.source(data)}.", role="note"),
        page.Bullets(items=_said(found)),
        page.Figure(
            name="perplexities",
            svg=plots.perplexities(points, metric=found.metric, mean=found.mean),
            caption="Every template: its inputs' perplexity and its value, with 95 % intervals.",
        ),
        page.Table(
            header=["template", "perplexity", found.metric, "on validation rows"], rows=rows
        ),
    ]
