"""What a model is asked: every task, template and row of an evaluation, rendered beforehand.

Collected once and asked before and after tuning, so that both answer the very same prompts.
"""

import array
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval import asking, baselines, demonstrations, least_to_most, rendering, sampling
from flanlike import config as config_lib
from flanlike import errors
from flanlike.batches import features, tokenizer
from flanlike.prompts import fitting, render
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry as registries
from flanlike.tasks import task as tasks
from flanlike.tasks import templates

Style = render.Style

_FIT_ROWS = 1000  # train rows that baselines are fitted on


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One task under one template and setting: its prompts, rows and records, in line.

    `counts` are of the prompts, and of those left out: a row that does not fit the model's inputs
    under one template of its task is asked under none, for all are compared on the same rows.
    """

    task: tasks.Task
    template: str
    wording: str  # the template's input text
    target: str  # the template's target text
    kind: str
    style: Style
    split: str
    is_choosing: bool  # asked to choose a template by, and for no figure
    is_generated: bool
    max_new_tokens: int  # of a written answer
    shots: int
    prompts: tuple[tasks.Prompt, ...]
    ids: tuple[Sequence[int], ...]  # of the prompts' inputs, without marks
    # Of each row the same prompt without content, in several ways; empty where not asked.
    content_free: tuple[tuple[Sequence[int], ...], ...]
    rows: tuple[str, ...]
    records: tuple[tasks.Record, ...]
    inputs: tuple[int, ...]
    counts: fitting.TaskCounts


@dataclass(frozen=True, kw_only=True)
class Questions:
    """All that is asked in an evaluation, with what is right without a model.

    `dropped_exemplars` counts those that found no room in a prompt, `same_options` the rows of a
    task of which two options have the same ids: no score can tell these apart, `about_options`
    those that its templates without options leave out, for they ask about them. Tasks
    `without_training` rows have no baselines that know training, and no template is chosen.
    """

    settings: config_lib.EvalConfig
    style: Style
    family: features.Family
    cells: tuple[Cell, ...]
    given: Mapping[str, baselines.Baselines]
    dropped_rows: Mapping[str, int]
    bad_rows: Mapping[str, int]
    same_options: Mapping[str, int]
    about_options: Mapping[str, int]
    without_training: tuple[str, ...] = ()
    without_reasons: tuple[str, ...] = ()  # tasks whose exemplars have none, for chain of thought
    unasked: tuple[str, ...] = ()  # tasks whose answers are all written, where none is to be

    @property
    def prompts(self) -> int:
        return sum(len(cell.prompts) for cell in self.cells)

    @property
    def counts(self) -> dict[str, fitting.TaskCounts]:
        """Returns what became of each task's prompts."""
        by_task: dict[str, list[fitting.TaskCounts]] = {}
        for cell in self.cells:
            by_task.setdefault(cell.task.name, []).append(cell.counts)
        return {name: fitting.added(each) for name, each in by_task.items()}

    @property
    def wordings(self) -> dict[str, dict[str, dict[str, str]]]:
        """Returns the texts of each task's templates; controls ask by none."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for cell in self.cells:
            if cell.style == "instructions":
                texts = {"input": cell.wording, "target": cell.target}
                found.setdefault(cell.task.name, {})[cell.template] = texts
        return found

    @property
    def warnings(self) -> list[str]:
        """Returns what is to be said before the figures, a line for each."""
        left_out = {name: counts.left_out for name, counts in self.counts.items()}
        told = {
            "prompts that do not fit --eval.max-input-tokens are left out": left_out,
            "rows have options that the tokenizer cannot tell apart": self.same_options,
        }
        lines = []
        for what, by_task in told.items():
            listed = [f"{name} {count:,}" for name, count in by_task.items() if count]
            lines += [f"{what}: {', '.join(listed)}"] if listed else []
        if self.without_reasons:
            listed = ", ".join(self.without_reasons)
            lines.append(f"no chain of thought, for want of reasons in the exemplars: {listed}")
        if self.unasked:
            lines.append(f"not asked, with --eval.generation-rows 0: {', '.join(self.unasked)}")
        return lines

    @property
    def dropped_exemplars(self) -> int:
        return sum(
            cell.shots - prompt.provenance.shots for cell in self.cells for prompt in cell.prompts
        )


def collect(
    names: Sequence[str],
    registry: registries.Registry,
    words: tokenizer.Tokenizer,
    *,
    data: str,
    family: features.Family,
    settings: config_lib.EvalConfig,
    style: Style = "instructions",
    skip_bad_rows: bool = False,
) -> Questions:
    """Returns the questions for the tasks of these names, to a model of that family and words.

    Forward templates always, chain-of-thought ones for tasks with a rationale (a second time by
    smaller questions, with `least_to_most`), inverted ones never.
    Templates that hide the options are not asked on rows that ask about these ("Which of the
    following ..."): they have figures of their own, on fewer rows.
    Exemplars are training rows (`demonstrations` says which), or those that a benchmark has of its
    own; where these have no reasons, chain-of-thought templates are left out.
    Prompts are cut to what the model reads, as in training (see `fitting`). Where no answers are to
    be written (`generation_rows` 0) the templates that ask for such are left out, with tasks that
    have no others.
    """
    open_rows = functools.partial(opening.open_rows, data=data, skip_bad_rows=skip_bad_rows)
    others = demonstrations.Others(
        registry=registry, names=names, data=data, open_rows=open_rows, seed=settings.seed
    )
    found: dict[str, _OfTask] = {}
    for task in map(registry.task, names):
        train, solved = asking.solved_rows(task, data, settings, open_rows)
        plan = asking.Plan(
            task=task,
            templates=registry.templates(task.name),
            settings=settings,
            style=style,
            train=train,
            solved=solved,
        )
        room = features.room(words, settings.max_input_tokens, family)
        renderer = rendering.Renderer(plan=plan, room=room, others=others)
        ask = _Asker(plan=plan, renderer=renderer, words=words)
        if of_task := _of_task(ask, functools.partial(open_rows, task)):
            found[task.name] = of_task
    if not found:
        raise errors.UserError(
            f"--eval.generation-rows is 0, and the answers to {', '.join(names)} are all written: "
            "give more rows, or evaluate others"
        )
    unasked = tuple(name for name in names if name not in found)
    return _together(found, settings=settings, style=style, family=family, unasked=unasked)


@dataclass(frozen=True, kw_only=True)
class _OfTask:
    """One task's part of the questions."""

    asker: "_Asker"
    test: rows_module.Records
    cells: Sequence[Cell]
    given: baselines.Baselines


def _of_task(ask: "_Asker", open_rows: Callable[..., rows_module.Records]) -> _OfTask | None:
    """Returns what is asked of one task; None where all its answers are written, and none is to be.

    A template is chosen on validation rows where these are not what figures are made on.
    """
    task, train, settings = ask.plan.task, ask.plan.train, ask.plan.settings
    test = sampling.sample(open_rows(split=settings.split), settings.seed)
    cells = ask.cells(test)
    if not cells:
        return None
    longest = max(cells, key=lambda cell: len(cell.rows))
    if train and settings.split == "test" and "validation" in settings.splits:
        validation = sampling.sample(open_rows(split="validation"), settings.seed)
        cells += ask.cells(validation, is_choosing=True)
    if not all(cell.rows for cell in cells):
        raise errors.UserError(
            f"task {task.name!r}: none of its prompts fits --eval.max-input-tokens "
            f"{settings.max_input_tokens}: give them more room, or leave the task out"
        )
    given = baselines.Baselines(majority={}, heuristic={})
    if train:
        fit = sampling.some(train, _FIT_ROWS, settings.seed)
        given = baselines.of(task, fit, longest.records)
    return _OfTask(asker=ask, test=test.records, cells=cells, given=given)


def _together(found: Mapping[str, _OfTask], **of_all: Any) -> Questions:
    """Returns the questions of all tasks; `of_all` are the fields that no task's part tells."""
    asked = {name: of_task.asker for name, of_task in found.items()}
    return Questions(
        cells=tuple(cell for of_task in found.values() for cell in of_task.cells),
        given={name: of_task.given for name, of_task in found.items()},
        dropped_rows={name: of_task.test.dropped for name, of_task in found.items()},
        bad_rows={name: of_task.test.bad for name, of_task in found.items()},
        same_options={n: len(ask.same_options) for n, ask in asked.items() if ask.same_options},
        about_options={n: len(ask.about_options) for n, ask in asked.items() if ask.about_options},
        without_training=tuple(name for name, ask in asked.items() if ask.plan.train is None),
        without_reasons=tuple(
            name for name, ask in asked.items() if ask.plan.templates.cot and ask.plan.lacks_reasons
        ),
        **of_all,
    )


def completed(cell: Cell, record: tasks.Record, option: str) -> str:
    """Returns the text a model would write to give this option, by the template's target.

    Before: target "It is {answer}.", option "yes". After: "It is yes."
    """
    return cell.target.format_map({**record, "answer": option})


@dataclass(frozen=True, kw_only=True)
class _Asker:
    """Gathers one task's questions."""

    plan: asking.Plan
    renderer: rendering.Renderer
    words: tokenizer.Tokenizer
    same_options: set[str] = field(default_factory=set)  # rows
    about_options: set[str] = field(default_factory=set)  # rows that are no choosing's

    def cells(self, sample: sampling.Sample, *, is_choosing: bool = False) -> list[Cell]:
        drawn: dict[int, list[sampling.Row]] = {}
        asked = []
        for template in self.plan.templates_asked(is_choosing):
            if not (count := self.plan.count(template, is_choosing)):
                continue
            if count not in drawn:
                drawn[count] = sample.first(count)
            rows = self.plan.askable(template, drawn[count])
            if not is_choosing:
                self.about_options.update({row for row, _ in drawn[count]} - {r for r, _ in rows})
            if each := [self.renderer.asked(template, *row, sample.records) for row in rows]:
                asked.append((template, each))
        unfit = {one.unit for _, each in asked for one in each if one.fitted.prompt is None}
        split = sample.records.split
        cells = [self._cell(*one, unfit, split=split, is_choosing=is_choosing) for one in asked]
        if self.plan.settings.least_to_most and not is_choosing:
            cells += map(least_to_most.asked, [cell for cell in cells if cell.kind == "cot"])
        return cells

    def _cell(
        self,
        template: templates.Template,
        asked: Sequence[rendering.Asked],
        unfit: set[str],
        *,
        split: str,
        is_choosing: bool,
    ) -> Cell:
        kept = [one for one in asked if one.unit not in unfit]
        is_generated = self.plan.is_generated(template)
        cell = Cell(
            task=self.plan.task,
            template=template.id if self.plan.style == "instructions" else self.plan.style,
            wording=template.input,
            target=template.target,
            kind=template.kind,
            style=self.plan.style,
            split=split,
            is_choosing=is_choosing,
            is_generated=is_generated,
            max_new_tokens=self.plan.max_new_tokens(template, self.ids) if is_generated else 0,
            shots=self.plan.settings.shots,
            prompts=tuple(one.fitted.prompt for one in kept),
            ids=tuple(array.array("i", one.fitted.ids) for one in kept),
            content_free=tuple(one.content_free for one in kept if one.content_free),
            rows=tuple(one.row for one in kept),
            records=tuple(one.record for one in kept),
            inputs=sampling.clusters(self.plan.task, [one.record for one in kept]),
            counts=fitting.added(
                [fitting.TaskCounts(left_out=len(asked) - len(kept))]
                + [
                    fitting.counts_of(
                        one.fitted.prompt,
                        has_unknown=self.words.unknown_id in self.ids(one.fitted.prompt.targets),
                    )
                    for one in kept
                ]
            ),
        )
        if not cell.is_generated:
            for one in kept:
                texts = [completed(cell, one.record, o) for o in one.fitted.prompt.options]
                if len(set(map(self.ids, texts))) < len(texts):
                    self.same_options.add(one.row)
        return cell

    @functools.cached_property
    def ids(self) -> Callable[[str], tuple[int, ...]]:
        """The ids of an answer; few answers are many rows'."""
        return functools.cache(lambda text: tuple(self.words.encode(text)))
