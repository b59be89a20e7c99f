"""What a model is asked: every task, template and row of an evaluation, rendered beforehand.

Collected once and asked before and after tuning, so that both answer the very same prompts.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval import baselines, sampling
from flanlike import config as config_lib
from flanlike import errors, seeding
from flanlike.batches import features, tokenizer
from flanlike.prompts import exemplars, render
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry as registries
from flanlike.tasks import task as tasks
from flanlike.tasks import templates

Style = render.Style

# Train rows that baselines are fitted on.
_FIT_ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One task under one template and setting: its prompts, rows and records, in line."""

    task: tasks.Task
    template: str
    target: str  # the template's target text
    kind: str
    style: Style
    split: str
    is_choosing: bool  # asked to choose a template by, and for no figure
    is_generated: bool
    shots: int
    prompts: tuple[tasks.Prompt, ...]
    rows: tuple[str, ...]
    records: tuple[tasks.Record, ...]
    inputs: tuple[int, ...]
    about_options: int = 0  # rows left out, for they ask about options that the template hides


@dataclass(frozen=True, kw_only=True)
class Questions:
    """All that is asked in an evaluation, with what is right without a model.

    `max_prompt_tokens` is what the model reads of a prompt's text; a newline (decoder) or EOS
    (encoder) follows. `dropped_exemplars` counts those that found no room in it. Tasks
    `without_training` rows have no baselines that know training, and no template is chosen.
    """

    settings: config_lib.EvalConfig
    style: Style
    family: features.Family
    max_prompt_tokens: int
    cells: tuple[Cell, ...]
    given: Mapping[str, baselines.Baselines]
    dropped_rows: Mapping[str, int]
    bad_rows: Mapping[str, int]
    without_training: tuple[str, ...] = ()

    @property
    def prompts(self) -> int:
        return sum(len(cell.prompts) for cell in self.cells)

    @property
    def about_options(self) -> dict[str, int]:
        """Returns how many rows of a task its templates without options leave out, where any."""
        found: dict[str, int] = {}
        for cell in self.cells:
            if cell.about_options:
                found[cell.task.name] = max(cell.about_options, found.get(cell.task.name, 0))
        return found

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

    Forward templates always, chain-of-thought ones for tasks with a rationale, inverted ones never.
    Templates that hide the options are not asked on rows that ask about these ("Which of the
    following ..."): they have figures of their own, on fewer rows.
    Exemplars are dropped where a prompt would be too long for the model. Where no answers are to be
    written (`generation_rows` 0) the templates that ask for such are left out, with tasks that have
    no others.
    """
    max_prompt_tokens = settings.max_input_tokens - 1  # of text: the last is a newline or EOS
    cells: list[Cell] = []
    given: dict[str, baselines.Baselines] = {}
    dropped: dict[str, int] = {}
    bad: dict[str, int] = {}
    open_rows = functools.partial(opening.open_rows, data=data, skip_bad_rows=skip_bad_rows)
    bare: list[str] = []  # tasks without training rows
    for task in map(registry.task, names):
        why_untrained = opening.lacks_training(task, data)
        if why_untrained:
            bare.append(task.name)
        if why_untrained and settings.shots:
            raise errors.UserError(
                f"task {task.name!r} has no training rows to take exemplars from "
                f"({why_untrained}): evaluate it with --eval.shots 0, or hold out others"
            )
        ask = _Asker(
            task=task,
            templates=registry.templates(task.name),
            settings=settings,
            style=style,
            train=None if why_untrained else open_rows(task, split="train"),
            fits=lambda text: len(words.encode(text)) <= max_prompt_tokens,
        )
        test = sampling.sample(open_rows(task, split=settings.split), settings.seed)
        found = list(ask.cells(test))
        if not found:
            continue
        if ask.train and settings.split == "test" and "validation" in settings.splits:
            validation = sampling.sample(open_rows(task, split="validation"), settings.seed)
            found += ask.cells(validation, is_choosing=True)
        longest = max((cell for cell in found if not cell.is_choosing), key=lambda c: len(c.rows))
        given[task.name] = baselines.Baselines(majority={}, heuristic={})
        if ask.train:
            fit = sampling.some(ask.train, _FIT_ROWS, settings.seed)
            given[task.name] = baselines.of(task, fit, longest.records)
        dropped[task.name] = test.records.dropped
        bad[task.name] = test.records.bad
        cells += found
    if not cells:
        raise errors.UserError(
            f"--eval.generation-rows is 0, and the answers to {', '.join(names)} are all written: "
            "give more rows, or evaluate others"
        )
    return Questions(
        settings=settings,
        style=style,
        family=family,
        max_prompt_tokens=max_prompt_tokens,
        cells=tuple(cells),
        given=given,
        dropped_rows=dropped,
        bad_rows=bad,
        without_training=tuple(bare),
    )


def completed(cell: Cell, record: tasks.Record, option: str) -> str:
    """Returns the text a model would write to give this option, by the template's target.

    Before: target "It is {answer}.", option "yes". After: "It is yes."
    """
    return cell.target.format_map({**record, "answer": option})


@dataclass(frozen=True, kw_only=True)
class _Asker:
    """Renders one task's questions."""

    task: tasks.Task
    templates: templates.TemplateSet
    settings: config_lib.EvalConfig
    style: Style
    train: rows_module.Records | None  # None: there are no training rows
    fits: Callable[[str], bool]  # whether a prompt is short enough

    def cells(self, sample: sampling.Sample, *, is_choosing: bool = False) -> Iterator[Cell]:
        is_free = isinstance(self.task.answers, tasks.FreeText)
        settings = self.settings
        drawn: dict[int, tuple[list[sampling.Row], tuple[int, ...]]] = {}
        for template in self._templates(is_choosing):
            is_generated = is_free or template.kind == "cot"
            count = settings.generation_rows if is_generated else settings.rows_per_task
            if not count:
                continue
            if is_choosing:
                count = min(count, settings.validation_rows)
            if count not in drawn:
                rows = sample.first(count)
                drawn[count] = rows, sampling.clusters(self.task, [record for _, record in rows])
            rows, inputs = drawn[count]
            wanted = len(rows)
            if not (rows := self._askable(template, rows)):
                continue
            if len(rows) < wanted:
                inputs = sampling.clusters(self.task, [record for _, record in rows])
            prompts = (self._prompt(template, row, record, sample.records) for row, record in rows)
            yield Cell(
                task=self.task,
                template=template.id if self.style == "instructions" else self.style,
                target=template.target,
                kind=template.kind,
                style=self.style,
                split=sample.records.split,
                is_choosing=is_choosing,
                is_generated=is_generated,
                shots=settings.shots,
                prompts=tuple(prompts),
                rows=tuple(row for row, _ in rows),
                records=tuple(record for _, record in rows),
                inputs=inputs,
                about_options=wanted - len(rows),
            )

    def _templates(self, is_choosing: bool) -> Sequence[templates.Template]:
        """Returns the templates to ask by: a control says the same under all, so it asks once."""
        direct = self.templates.forward or self.templates.cot
        shown = [template for template in direct if template.shows_options] or direct
        if self.style != "instructions":
            return () if is_choosing else shown[:1]
        return shown if is_choosing else (*self.templates.forward, *self.templates.cot)

    def _askable(
        self, template: templates.Template, rows: Sequence[sampling.Row]
    ) -> Sequence[sampling.Row]:
        """Returns the rows without those that ask about their options, where these are hidden.

        Not for a task that never lists them, nor for controls, that hide what they are to hide.
        """
        hides = self.style == "instructions" and not template.shows_options
        if not hides or not self.templates.asks_with_options:
            return rows
        return [row for row in rows if not render.needs_options(self.task, row[1])]

    def _prompt(
        self,
        template: templates.Template,
        row: str,
        record: tasks.Record,
        records: rows_module.Records,
    ) -> tasks.Prompt:
        seed = seeding.key("evaluation", self.settings.seed, self.task.name, template.id, row)
        return render.render(
            self.task,
            template,
            record,
            layout=self.templates.layout,
            source=records.source,
            split=records.split,
            row_id=row,
            seed=seed,
            exemplars=self._exemplars(template, row, record, seed),
            style=self.style,
            option_style=self.settings.option_style,
            fits=self.fits,
        )

    def _exemplars(
        self, template: templates.Template, row: str, record: tasks.Record, seed: int
    ) -> list[render.Exemplar]:
        if not self.settings.shots:
            return []
        return exemplars.draw(
            self.task,
            template,
            self.train,
            range(len(self.train)),
            query=record,
            row_id=row,
            shots=self.settings.shots,
            seed=seed,
            style=self.style,
        )
