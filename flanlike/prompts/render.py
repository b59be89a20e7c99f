"""From a record and a template to a prompt: pure, and the same in every process.

Everything that varies (order of options, delimiters of exemplars, and in `choose` the template
itself) is drawn from the one 64-bit seed that the caller makes from run, task, epoch and row.

    record    {"premise": "It rains.", "hypothesis": "It is dry.", "label": 1}
    inputs    It rains.\\nIs this true? It is dry.\\n\\nOptions:\\n- no\\n- yes
    targets   no            options ("no", "yes")   gold 0   label_of_option (1, 0)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from flanlike import errors
from flanlike.mixtures import mixture
from flanlike.tasks import layouts, templates
from flanlike.tasks import task as task_module

Style = Literal["instructions", "options-only", "task-name", "inputs-only"]

_MASK = (1 << 64) - 1
_CHOOSE = 0x6368_6F6F_7365  # keeps the draws of one purpose apart from those of another
_EXEMPLARS = 0x6578_656D_706C


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A solved record to show before the query, with its row's name."""

    record: task_module.Record
    row_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What `choose` drew for one training prompt."""

    template: templates.Template
    shots: int
    option_style: str | None = None  # None: the plain one


def render(
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    *,
    layout: layouts.Layout,
    source: str,
    split: str,
    row_id: str,
    seed: int,
    exemplars: Sequence[Exemplar] = (),
    style: Style = "instructions",
    option_style: str | None = None,
    fits: Callable[[str], bool] | None = None,
    shown: Mapping[str, str] | None = None,
) -> task_module.Prompt:
    """Returns the prompt of one record by one template, after the exemplars in order.

    Options are listed in the layout's plain style, or in the one of the name `option_style`; where
    its answers are labels, so are the prompt's options, targets and references.
    Exemplars are dropped from the end until `fits(inputs)`, where that is given;
    `provenance.shots` is the number that is left. `shown` is what the query's inputs show of a
    field in place of all of it (see `fitting`, which knows how long a prompt may be): its target
    and references stay those of the record. Options and references are bare answers, also
    where the target says more; an inverted prompt has no options, and its target for reference.
    The styles other than "instructions" are controls, and replace the template's input (and its
    own words for labels), never the target:

        options-only   the record's fields, one a line, and the list of options
        task-name      the task's name, and its fields as "field: value"
        inputs-only    the record's fields, one a line
    """
    if style != "instructions":
        _check_style(task, template, style)
    draws = _Draws(seed)
    listing = layout.plain if option_style is None else layout.style(option_style)
    query = _solve(task, template, record, listing, draws, style, shown)
    inputs, shots = query.inputs, 0
    if exemplars:
        _check_apart(task, row_id, exemplars)
        delimiters = layout.few_shot[draws.below(len(layout.few_shot))]
        solved = [_solve(task, template, each.record, listing, draws, style) for each in exemplars]
        inputs, shots = _join(solved, query.inputs, delimiters, fits)
    return task_module.Prompt(
        inputs=inputs,
        targets=query.targets,
        options=query.options,
        label_of_option=query.order,
        gold=query.order.index(record["label"]) if query.options else None,
        references=query.references,
        provenance=task_module.Provenance(
            task=task.name,
            source=source,
            split=split,
            row_id=row_id,
            template=template.id,
            kind=template.kind,
            shots=shots,
            shows_options=query.shows_options,
            option_style=listing.name if query.shows_options else "",
            seed=seed,
        ),
    )


def choose(
    template_set: templates.TemplateSet,
    shares: mixture.Shares,
    *,
    seed: int,
    style: Style = "instructions",
) -> Choice:
    """Returns template, number of shots and style of options for one training prompt, by shares.

    A kind that the task lacks goes to its forward templates, as `mixture.Shares` says. Controls
    have no inverted prompts: without an instruction nothing tells them from the others.
    """
    draws = _Draws(seed ^ _CHOOSE)
    shots = 0
    if draws.uniform() < shares.few_shot:
        shots = shares.min_shots + draws.below(shares.max_shots - shares.min_shots + 1)
    is_inverted = draws.uniform() < shares.inverted and style == "instructions"
    is_cot = draws.uniform() < shares.cot
    shows_options = draws.uniform() >= shares.no_options
    pool: tuple[templates.Template, ...] = ()
    if is_inverted:
        plain, cot = template_set.inverted, template_set.cot_inverted
        pool = (cot or plain) if is_cot else (plain or cot)
    if not pool:
        forward, cot = template_set.forward, template_set.cot
        kind = "cot" if cot and (is_cot or not forward) else "forward"
        by_options = template_set.by_options
        pool = by_options[kind, shows_options] or by_options[kind, not shows_options]
    template = pool[draws.below(len(pool))]
    option_style = None
    others = template_set.layout.option_styles[1:]
    if others and draws.uniform() < shares.styled_options:
        option_style = others[draws.below(len(others))].name
    return Choice(template=template, shots=shots, option_style=option_style)


def pick_exemplars(n_rows: int, query_row: int | None, k: int, seed: int) -> list[int]:
    """Returns `k` different rows of range(n_rows) in random order, without `query_row`.

    Fewer where there are no more. `query_row` is None for a query that is not one of these rows.
    """
    others = n_rows - (query_row is not None)
    draws = _Draws(seed ^ _EXEMPLARS)
    picked: list[int] = []
    for top in range(max(0, others - k), others):  # Floyd's: k draws, whatever the size
        row = draws.below(top + 1)
        picked.append(top if row in picked else row)
    draws.shuffle(picked)
    return [row + (query_row is not None and row >= query_row) for row in picked]


@dataclass(frozen=True, slots=True)
class _Solved:
    """One record rendered on its own."""

    inputs: str
    targets: str
    options: tuple[str, ...]  # what {answer} may stand for, in the order shown
    order: tuple[int, ...]  # the record's label index of each option
    references: tuple[str, ...]
    shows_options: bool


def _solve(
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    listing: layouts.OptionStyle,
    draws: "_Draws",
    style: Style,
    shown: Mapping[str, str] | None = None,
) -> _Solved:
    words, order = _words(task, template, record, draws, style)
    is_direct = template.kind in ("forward", "cot")
    shows_options = template.shows_options
    if style != "instructions":
        shows_options = style == "options-only" and bool(words)
    values, options = {**record}, words
    if words:
        values["options"] = listing.block(words)
        if shows_options and is_direct:  # what an inverted prompt tells of an answer is its text
            options = listing.answers(words)
        answer = options[order.index(record["label"])]
    else:
        answer = record["references"][0]
    values["answer"] = answer
    seen = {**values, **shown} if shown else values
    try:
        if style == "instructions":
            inputs = template.input.format_map(seen)
        else:
            inputs = _control(task, seen, style, shows_options)
        target = template.target
        targets = answer if target == "{answer}" else target.format_map(values)
    except KeyError as error:
        raise ValueError(
            f"task {task.name!r}, template {template.id!r}: the record has no {error.args[0]!r}; "
            f"it has {sorted(record)!r}, and should have {task.fields!r}"
        ) from None
    references = (answer,) if options else tuple(record["references"])
    if not is_direct:
        options, order, references = (), (), (targets,)
    return _Solved(inputs, targets, options, order, references, shows_options)


def _words(
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    draws: "_Draws",
    style: Style,
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Returns the answers in a drawn order, and the label index of each; nothing for free text."""
    answers = task.answers
    if isinstance(answers, task_module.Labels):
        words = template.words(answers) if style == "instructions" else answers.words
    elif isinstance(answers, task_module.Choices):
        words = record["options"]
    else:
        return (), ()
    order = list(range(len(words)))
    draws.shuffle(order)
    return tuple([words[label] for label in order]), tuple(order)


def _control(
    task: task_module.Task, values: dict[str, str], style: Style, shows_options: bool
) -> str:
    fields = [field for field in task.fields if field != "rationale"]
    if style == "task-name":
        return "\n".join([task.name, *[f"{field}: {values[field]}" for field in fields]])
    lines = "\n".join([values[field] for field in fields])
    return f"{lines}\n\n{values['options']}" if shows_options else lines


def _check_style(task: task_module.Task, template: templates.Template, style: Style) -> None:
    if style not in get_args(Style):
        raise errors.did_you_mean("style", style, get_args(Style))
    if template.kind not in ("forward", "cot"):
        raise ValueError(
            f"task {task.name!r}, template {template.id!r}: style {style!r} is for forward and cot "
            f"templates, not {template.kind!r}: its input would show what the target asks for"
        )


def _check_apart(task: task_module.Task, row_id: str, exemplars: Sequence[Exemplar]) -> None:
    if any(exemplar.row_id == row_id for exemplar in exemplars):
        raise ValueError(
            f"task {task.name!r}: row {row_id!r} is both the query and an exemplar; "
            "draw exemplars by pick_exemplars"
        )


def _join(
    solved: Sequence[_Solved],
    query: str,
    delimiters: layouts.Delimiters,
    fits: Callable[[str], bool] | None,
) -> tuple[str, int]:
    """Returns the exemplars that fit, followed by the query, and how many they are."""
    shown = [each.inputs + delimiters.between + each.targets + delimiters.after for each in solved]
    for shots in range(len(shown), 0, -1):
        inputs = "".join(shown[:shots]) + query + delimiters.between
        if fits is None or fits(inputs):
            return inputs, shots
    return query, 0


class _Draws:
    """A small stream of draws (splitmix64): a tenth of what it costs to seed random.Random."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, n: int) -> int:
        """Returns an integer in range(n)."""
        self._state = state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((state ^ (state >> 31)) * n) >> 64

    def uniform(self) -> float:
        return self.below(1 << 53) / (1 << 53)

    def shuffle(self, items: list[int]) -> None:
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
