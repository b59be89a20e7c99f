"""What a model is asked: every task, template and row of an evaluation, rendered beforehand.

Collected once and asked before and after tuning, so that both answer the very same prompts.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval import baselines, statistics
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
    (encoder) follows. `dropped_exemplars` counts those that found no room in it.
    """

    settings: config_lib.EvalConfig
    style: Style
    family: features.Family
    max_prompt_tokens: int
    cells: tuple[Cell, ...]
    given: Mapping[str, baselines.Baselines]
    dropped_rows: Mapping[str, int]
    bad_rows: Mapping[str, int]

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
    Exemplars are dropped where a prompt would be too long for the model.
    """
    max_prompt_tokens = settings.max_input_tokens - 1  # of text: the last is a newline or EOS
    cells: list[Cell] = []
    given: dict[str, baselines.Baselines] = {}
    dropped: dict[str, int] = {}
    bad: dict[str, int] = {}
    open_rows = functools.partial(opening.open_rows, data=data, skip_bad_rows=skip_bad_rows)
    for task in map(registry.task, names):
        if task.is_evaluation_only and settings.shots:
            raise errors.UserError(
                f"task {task.name!r} has no training split to take exemplars from: "
                "evaluate it with --eval.shots 0, or hold out others"
            )
        ask = _Asker(
            task=task,
            templates=registry.templates(task.name),
            settings=settings,
            style=style,
            train=None if task.is_evaluation_only else open_rows(task, split="train"),
            fits=lambda text: len(words.encode(text)) <= max_prompt_tokens,
        )
        test = _sample(open_rows(task, split=settings.split), settings.seed)
        found = list(ask.cells(test))
        if ask.train and settings.split == "test" and "validation" in settings.splits:
            validation = _sample(open_rows(task, split="validation"), settings.seed)
            found += ask.cells(validation, is_choosing=True)
        longest = max((cell for cell in found if not cell.is_choosing), key=lambda c: len(c.rows))
        given[task.name] = baselines.Baselines(majority={}, heuristic={})
        if ask.train:
            fit = [record for _, record in _sample(ask.train, settings.seed).rows[:_FIT_ROWS]]
            given[task.name] = baselines.of(task, fit, longest.records)
        dropped[task.name] = test.dropped
        bad[task.name] = test.bad
        cells += found
    return Questions(
        settings=settings,
        style=style,
        family=family,
        max_prompt_tokens=max_prompt_tokens,
        cells=tuple(cells),
        given=given,
        dropped_rows=dropped,
        bad_rows=bad,
    )


def completed(cell: Cell, record: tasks.Record, option: str) -> str:
    """Returns the text a model would write to give this option, by the template's target.

    Before: target "It is {answer}.", option "yes". After: "It is yes."
    """
    return cell.target.format_map({**record, "answer": option})


@dataclass(frozen=True, kw_only=True)
class _Sampled:
    source: str
    split: str
    rows: Sequence[tuple[str, tasks.Record]]  # (row id, record)
    dropped: int
    bad: int


def _sample(records: rows_module.Records, seed: int) -> _Sampled:
    """Returns all rows, read when asked for, in an order by seed and row count alone."""
    order = list(range(len(records)))
    seeding.rng("evaluation rows", seed, records.task.name, records.split).shuffle(order)
    return _Sampled(
        source=records.source,
        split=records.split,
        rows=_Lazy(records, order),
        dropped=records.dropped,
        bad=records.bad,
    )


class _Lazy(Sequence):
    """Rows of some records, in the order of `indices`."""

    def __init__(self, records: rows_module.Records, indices: Sequence[int]) -> None:
        self._records, self._indices = records, indices

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int | slice):
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = self._indices[index]
        return self._records.row_id(number), self._records[number]


@dataclass(frozen=True, kw_only=True)
class _Asker:
    """Renders one task's questions."""

    task: tasks.Task
    templates: templates.TemplateSet
    settings: config_lib.EvalConfig
    style: Style
    train: rows_module.Records | None  # None: there is no training split
    fits: Callable[[str], bool]  # whether a prompt is short enough

    def cells(self, sampled: _Sampled, *, is_choosing: bool = False) -> Iterator[Cell]:
        is_free = isinstance(self.task.answers, tasks.FreeText)
        settings = self.settings
        for template in self._templates(is_choosing):
            is_generated = is_free or template.kind == "cot"
            count = settings.generation_rows if is_generated else settings.rows_per_task
            if is_choosing:
                count = min(count, settings.validation_rows)
            rows = sampled.rows[:count]
            wanted, rows = len(rows), self._askable(template, rows)
            if not rows:
                continue
            values = [[record[name] for name in self._input_fields] for _, record in rows]
            yield Cell(
                task=self.task,
                template=template.id if self.style == "instructions" else self.style,
                target=template.target,
                kind=template.kind,
                style=self.style,
                split=sampled.split,
                is_choosing=is_choosing,
                is_generated=is_generated,
                shots=settings.shots,
                prompts=tuple(self._prompt(template, row, record, sampled) for row, record in rows),
                rows=tuple(row for row, _ in rows),
                records=tuple(record for _, record in rows),
                inputs=tuple(statistics.numbered(map(tuple, values)).tolist()),
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
        self, template: templates.Template, rows: Sequence[tuple[str, tasks.Record]]
    ) -> Sequence[tuple[str, tasks.Record]]:
        """Returns the rows without those that ask about their options, where these are hidden.

        Not for a task that never lists them, nor for controls, that hide what they are to hide.
        """
        hides = self.style == "instructions" and not template.shows_options
        if not hides or not self.templates.asks_with_options:
            return rows
        return [row for row in rows if not render.needs_options(self.task, row[1])]

    @property
    def _input_fields(self) -> list[str]:
        return [name for name in self.task.fields if name != "rationale"]

    def _prompt(
        self,
        template: templates.Template,
        row: str,
        record: tasks.Record,
        sampled: _Sampled,
    ) -> tasks.Prompt:
        seed = seeding.key("evaluation", self.settings.seed, self.task.name, template.id, row)
        return render.render(
            self.task,
            template,
            record,
            layout=self.templates.layout,
            source=sampled.source,
            split=sampled.split,
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
