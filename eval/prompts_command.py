"""`python -m eval prompts --model M --task T`: which wording, by perplexity or labelled rows."""

import argparse
import dataclasses
import json
import pathlib
import sys
from collections.abc import Container, Sequence
from typing import Annotated

from eval import (
    figures,
    pace,
    page,
    plots,
    predictions,
    prompt_ranking,
    proposals,
    protocol,
    questions,
    results,
)
from flanlike import atomic, bounds, errors, knobs, microworld
from flanlike import config as config_lib
from flanlike.batches import chat, features
from flanlike.models import running_text
from flanlike.runs import loading, named
from flanlike.sources import opening
from flanlike.tasks import registry as registries

_Count = Annotated[int, bounds.Bounds(1, 256)]
_WHAT = "the perplexity of a prompt"


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    flags = _parser().parse_args(arguments)
    if flags.out is not None:
        atomic.expect_writable(flags.out)
    if flags.propose and not flags.validation_rows:
        raise errors.UserError(
            "--propose with --validation-rows 0: proposals are chosen by validation rows"
        )
    settings = config_lib.EvalConfig(
        rows_per_task=flags.rows,
        generation_rows=flags.rows,
        validation_rows=flags.validation_rows,
        shots=flags.shots,
    )
    opened = registry(flags.tasks).at(flags.data)
    opened.task(flags.task)  # before a model is read
    there = named.find(flags.model, flag="--model")
    running_text.expect_decoder(loading.shape_of(there.folder).family, _WHAT)
    reporter = pace.reporter(sys.stderr if flags.json else sys.stdout)
    with reporter.waiting(f"loading {there.name}"):
        loaded = named.in_its_words(loading.load(there.folder), there, is_chat=flags.chat)
    found = None
    if flags.propose:
        found = _proposals(loaded, opened, flags, reporter)
        opened = opened.with_templates(flags.task, found.templates)
    with reporter.waiting(pace.COLLECTING):
        asked = questions.collect(
            [flags.task],
            opened,
            loaded.words,
            data=flags.data,
            family=loaded.model.config.family,
            settings=settings,
        )
    for line in (*chat.told(loaded.words), *asked.warnings):
        print(line, file=sys.stderr)
    setting = results.Setting(
        run=there.name, step=loaded.step or 0, data=flags.data, seed=settings.seed
    )
    wordings = found.texts if found else {}
    ranked = rank(loaded, asked, setting=setting, reporter=reporter, wordings=wordings)
    as_json = {"model": there.name, "data": flags.data, "shots": flags.shots}
    as_json["chat"] = isinstance(loaded.words, chat.Chat)
    as_json |= dataclasses.asdict(ranked)
    if found:
        as_json |= {"wordings": dict(wordings), "refused": dict(found.refused)}
    if flags.json:
        print(json.dumps(as_json, ensure_ascii=False))
    else:
        print(*_lines(ranked, flags.data, found), sep="\n")
    if flags.out is not None:
        blocks = _blocks(ranked, found, model=there.name, data=flags.data)
        title = f"Prompts of {ranked.task} for {there.name}"
        atomic.write(flags.out / "prompts.html", page.to_html(title, blocks))
        atomic.write_json(flags.out / "prompts.json", as_json, ensure_ascii=False)


def _parser() -> errors.Parser:
    parser = errors.Parser(
        prog="python -m eval prompts",
        description="Ranks a task's templates by their inputs' perplexity (Gonen et al. 2022)",
    )
    default = config_lib.EvalConfig()
    of_rows = bounds.argument(knobs.Sample)
    of_validation = bounds.argument(knobs.SampleOrNone)
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
        "--shots", default=0, **bounds.argument(knobs.Shots), help="exemplars before each"
    )
    parser.add_argument(
        "--propose", **bounds.argument(_Count), help="wordings to be proposed by the model itself"
    )
    parser.add_argument(
        "--chat",
        action=argparse.BooleanOptionalAction,
        help="ask in the model's chat template; default: as the run was trained",
    )
    parser.add_argument("--out", type=pathlib.Path, help="folder for prompts.html and prompts.json")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    return parser


def _proposals(
    loaded: loading.Loaded,
    registry: registries.Registry,
    flags: argparse.Namespace,
    reporter: pace.Reporter,
) -> proposals.Proposals:
    task = registry.task(flags.task)
    if why := opening.lacks_training(task, flags.data):
        raise errors.UserError(
            f"--propose needs solved rows to show, and task {task.name!r} has no training rows "
            f"({why}): leave it out"
        )
    with reporter.phase("proposing wordings", flags.propose) as done:
        return proposals.propose(
            loaded.model,
            loaded.words,
            task,
            registry.templates(task.name),
            opening.open_rows(task, split="train", data=flags.data),
            count=flags.propose,
            seed=0,
            done=done,
        )


def rank(
    loaded: loading.Loaded,
    asked: questions.Questions,
    *,
    setting: results.Setting,
    reporter: pace.Reporter,
    wordings: Container[str] = (),
) -> prompt_ranking.Ranking:
    """Returns the ranking of one task's templates: asked, and their inputs read.

    Those in `wordings` are the model's own.
    """
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
    return prompt_ranking.rank(cells, columns, proposed=wordings)


def _lines(
    ranked: prompt_ranking.Ranking, data: str, found: proposals.Proposals | None
) -> list[str]:
    """Returns what the screen shows."""
    lines = [microworld.NOTICE] if data == "embedded" else []
    lines.append(f"perplexity  {ranked.metric:>18}  {'95 %':12}  validation  template")
    for item in (*ranked.templates, *ranked.proposed):
        lines.append(
            f"{item.perplexity:>10,.1f}  {figures.number(item.value):>18}  "
            f"{figures.ends_of(item.ci95):12}  {figures.number(item.on_validation):>10}  "
            f"{item.name}"
        )
    said = [line.replace("**", "").replace("`", "") for line in _said(ranked, found)]
    return [
        *lines,
        *said,
        *(f"{name}: {text}" for name, text in (found.texts if found else {}).items()),
    ]


def _said(ranked: prompt_ranking.Ranking, found: proposals.Proposals | None) -> list[str]:
    """Returns what the figures say, a line each, in a page's marks."""
    lines = []
    if ranked.spearman is None:
        lines.append("fewer than three templates have no rank correlation")
    else:
        lines.append(
            f"rank correlation of perplexity and {ranked.metric}: "
            f"**{figures.signed(ranked.spearman)}** "
            f"[{', '.join(map(figures.signed, ranked.spearman_ci95))}] over other rows, "
            f"p {figures.number(ranked.spearman_p)} over orders of the {len(ranked.templates)} "
            "templates (below 0: the lower the perplexity, the better)"
        )
    lines.append(_chosen("lowest perplexity, no label read", ranked.by_perplexity))
    if ranked.by_validation is None:
        lines.append("no validation rows to choose by")
    else:
        rows = f"best on {ranked.validation_n} validation rows"
        lines.append(_chosen(rows, ranked.by_validation))
    if found is not None:
        lines += _searched(ranked, found)
    lines.append(
        f"mean over templates: {figures.number(ranked.mean)} {figures.ends_of(ranked.mean_ci95)}; "
        f"the best on these {ranked.n} rows has {figures.number(ranked.best)}, which nobody could "
        "have chosen"
    )
    if ranked.left_aside:
        lines.append(f"left aside, as from the headline: {', '.join(ranked.left_aside)}")
    return lines


def _searched(ranked: prompt_ranking.Ranking, found: proposals.Proposals) -> list[str]:
    count = len(found.templates) + sum(found.refused.values())
    refused = ", ".join(f"{n} {why}" for why, n in found.refused.items())
    lines = [f"of {count} wordings that the model proposed {len(found.templates)} are templates"]
    lines[0] += f" ({refused})" if refused else ""
    if ranked.by_search is not None:
        how = f"of these the best on {ranked.validation_n} validation rows"
        lines.append(_chosen(how, ranked.by_search))
    return lines


def _chosen(how: str, choice: prompt_ranking.Choice) -> str:
    names = ", ".join(f"`{name}`" for name in choice.templates)
    tie = f" (mean of {len(choice.templates)} that tie)" if len(choice.templates) > 1 else ""
    over = ", ".join(map(figures.signed, choice.over_mean_ci95))
    return (
        f"{how}: **{figures.number(choice.value)}** {figures.ends_of(choice.ci95)}{tie}, "
        f"{figures.signed(choice.over_mean)} [{over}] over the mean: {names}"
    )


def _blocks(
    ranked: prompt_ranking.Ranking,
    found: proposals.Proposals | None,
    *,
    model: str,
    data: str,
) -> list[page.Block]:
    points = [(item.perplexity, item.value, *item.ci95) for item in ranked.templates]
    texts = found.texts if found else {}
    rows = [
        [
            f"`{item.name}`",
            f"{item.perplexity:,.1f}",
            f"{figures.number(item.value)} {figures.ends_of(item.ci95)}",
            figures.number(item.on_validation),
            *([page.literal(texts.get(item.name, ""))] if texts else []),
        ]
        for item in (*ranked.templates, *ranked.proposed)
    ]
    header = ["template", "perplexity", ranked.metric, "on validation rows"]
    return [
        page.Heading(text=f"Prompts of {ranked.task} for {page.literal(model)}", level=1),
        *figures.data_banner(data),
        page.Text(text=f"{ranked.n} rows of {figures.source(data)}.", role="note"),
        page.Bullets(items=_said(ranked, found)),
        page.Figure(
            name="perplexities",
            svg=plots.perplexities(points, metric=ranked.metric, mean=ranked.mean),
            caption="Every template: its inputs' perplexity and its value, with 95 % intervals.",
        ),
        page.Table(header=[*header, *(["wording"] if texts else [])], rows=rows, words=(4,)),
    ]
