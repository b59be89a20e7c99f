"""What a model is asked: every task, template and row of an evaluation, rendered beforehand.

Collected once and asked before and after tuning, so that both answer the very same prompts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from eval import baselines, statistics
from flanlike import errors, render, seeding, sources, templates
from flanlike import registry as registries
from flanlike import task as tasks

Style = render.Style

# Train rows that baselines are fitted on.
_FIT_ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a model is evaluated."""

    rows_per_task: int = 200  # fixed by seed; fewer where the split is smaller
    validation_rows: int = 50  # to choose a template by; 0: no best-on-validation figure
    generation_rows: int = 50  # free text is generated, which is slow
    split: Literal["test", "validation"] = "test"
    shots: int = 0  # exemplars before each question, from the train split
    styles: tuple[Style, ...] = ("instructions",)  # the controls ask without templates
    max_input_tokens: int = 512  # longer prompts lose their beginning, and are counted
    max_new_tokens: int = 64  # of a generated answer
    per_token: bool = False  # divide an option's score by its number of tokens
    max_tokens_per_batch: int = 4096  # padding included; bounds memory
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("rows_per_task", "generation_rows", "max_input_tokens", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise errors.UserError(
                    f"evaluation setting {name} is {getattr(self, name)!r}: expected 1 or more"
                )


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


@dataclass(frozen=True, kw_only=True)
class Questions:
    """All that is asked in an evaluation, with what is right without a model."""

    settings: Settings
    data: str
    cells: tuple[Cell, ...]
    given: Mapping[str, baselines.Baselines]
    dropped_rows: Mapping[str, int] = field(default_factory=dict)


def collect(
    names: Sequence[str],
    registry: registries.Registry,
    *,
    data: str,
    settings: Settings,
    count_tokens: Callable[[str], int] | None = None,
) -> Questions:
    """Returns the questions for the tasks of these names.

    Forward templates always, chain-of-thought ones for tasks with a rationale, inverted ones never.
    `count_tokens` lets exemplars be dropped where a prompt would be too long.
    """
    cells: list[Cell] = []
    given: dict[str, baselines.Baselines] = {}
    dropped: dict[str, int] = {}
    for task in map(registry.task, names):
        ask = _Asker(
            task=task,
            templates=registry.templates(task.name),
            settings=settings,
            train=sources.open_rows(task, data, "train"),
            count_tokens=count_tokens,
        )
        test = _sample(sources.open_rows(task, data, settings.split), settings.seed)
        found = list(ask.cells(test))
        if settings.validation_rows and settings.split == "test":
            validation = _sample(sources.open_rows(task, data, "validation"), settings.seed)
            found += ask.cells(validation, is_choosing=True)
        fit = [record for _, record in _sample(ask.train, settings.seed, _FIT_ROWS).rows]
        longest = max((cell for cell in found if not cell.is_choosing), key=lambda c: len(c.rows))
        given[task.name] = baselines.of(task, fit, longest.records)
        dropped[task.name] = test.dropped
        cells += found
    return Questions(
        settings=settings, data=data, cells=tuple(cells), given=given, dropped_rows=dropped
    )


def completed(cell: Cell, record: tasks.Record, option: str) -> str:
    """Returns the text a model would write to give this option, by the template's target.

    Before: target "It is {answer}.", option "yes". After: "It is yes."
    """
    return cell.target.format_map({**record, "answer": option})


@dataclass(frozen=True, kw_only=True)
class _Sampled:
    split: str
    rows: Sequence[tuple[str, tasks.Record]]  # (row id, record)
    dropped: int


def _sample(records: sources.Records, seed: int, most: int = 5000) -> _Sampled:
    """Returns rows in an order that depends on seed and row count alone, read when asked for."""
    order = list(range(len(records)))
    seeding.rng("evaluation rows", seed, records.task.name, records.split).shuffle(order)
    rows = _Lazy(records, order[:most])
    return _Sampled(split=records.split, rows=rows, dropped=records.dropped)


class _Lazy(Sequence):
    """Rows of some records, in the order of `indices`."""

    def __init__(self, records: sources.Records, indices: Sequence[int]) -> None:
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
    settings: Settings
    train: sources.Records
    count_tokens: Callable[[str], int] | None

    def cells(self, sampled: _Sampled, *, is_choosing: bool = False) -> Iterator[Cell]:
        is_free = isinstance(self.task.answers, tasks.FreeText)
        settings = self.settings
        for style in settings.styles:
            for template in self._templates(style, is_choosing):
                is_generated = is_free or template.kind == "cot"
                count = settings.generation_rows if is_generated else settings.rows_per_task
                if is_choosing:
                    count = min(count, settings.validation_rows)
                rows = sampled.rows[:count]
                values = [[record[name] for name in self._input_fields] for _, record in rows]
                yield Cell(
                    task=self.task,
                    template=template.id if style == "instructions" else style,
                    target=template.target,
                    kind=template.kind,
                    style=style,
                    split=sampled.split,
                    is_choosing=is_choosing,
                    is_generated=is_generated,
                    shots=settings.shots,
                    prompts=tuple(
                        self._prompt(template, row, record, style, sampled.split)
                        for row, record in rows
                    ),
                    rows=tuple(row for row, _ in rows),
                    records=tuple(record for _, record in rows),
                    inputs=tuple(statistics.numbered(map(tuple, values)).tolist()),
                )

    def _templates(self, style: Style, is_choosing: bool) -> Sequence[templates.Template]:
        """Returns the templates to ask by: a control says the same under all, so it asks once."""
        forward = self.templates.forward
        shown = [template for template in forward if template.shows_options] or forward
        if style != "instructions":
            return () if is_choosing else shown[:1]
        return shown if is_choosing else (*forward, *self.templates.cot)

    @property
    def _input_fields(self) -> list[str]:
        return [name for name in self.task.fields if name != "rationale"]

    def _prompt(
        self,
        template: templates.Template,
        row: str,
        record: tasks.Record,
        style: Style,
        split: str,
    ) -> tasks.Prompt:
        settings = self.settings
        seed = seeding.key("evaluation", settings.seed, self.task.name, template.id, row)
        return render.render(
            self.task,
            template,
            record,
            layout=self.templates.layout,
            source=self.train.source,
            split=split,
            row_id=row,
            seed=seed,
            exemplars=self._exemplars(row, seed),
            style=style,
            max_input_tokens=settings.max_input_tokens if self.count_tokens else None,
            count_tokens=self.count_tokens,
        )

    def _exemplars(self, row: str, seed: int) -> list[render.Exemplar]:
        if not self.settings.shots:
            return []
        drawn = seeding.rng("exemplars", seed)
        count = min(len(self.train), self.settings.shots + 1)
        ids = [(self.train.row_id(i), i) for i in drawn.sample(range(len(self.train)), count)]
        chosen = [(name, i) for name, i in ids if name != row][: self.settings.shots]
        return [render.Exemplar(record=self.train[i], row_id=name) for name, i in chosen]
