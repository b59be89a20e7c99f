"""From a record and a template to a prompt: pure, and the same in every process.

Everything that varies (order of options, delimiters of exemplars, and in `choose` the template
itself) is drawn from the one 64-bit seed that the caller makes from run, task, epoch and row.

    record    {"premise": "It rains.", "hypothesis": "It is dry.", "label": 1}
    inputs    It rains.\\nIs this true? It is dry.\\n\\nOptions:\\n- no\\n- yes
    targets   no            options ("no", "yes")   gold 0   label_of_option (1, 0)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from flanlike import errors
from flanlike.mixtures import mixture
from flanlike.tasks import cross_references, layouts, templates
from flanlike.tasks import task as task_module

# All but "instructions" are controls, and replace the template's input (and its own words for
# labels), never the target:
#
#     options-only   the record's fields, one a line, and the list of options
#     task-name      the task's name, and its fields as "field: value"
#     inputs-only    the record's fields, one a line
Style = Literal["instructions", "options-only", "task-name", "inputs-only"]

_MASK = (1 << 64) - 1
_CHOOSE = 0x6368_6F6F_7365  # keeps the draws of one purpose apart from those of another
_EXEMPLARS = 0x6578_656D_706C


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A solved record to show before the query, with its row's name.

    `task` and `template` are what it is shown by where these are not the query's, as in controls
    whose exemplars have other labels.
    """

    record: task_module.Record
    row_id: str
    task: task_module.Task | None = None
    template: templates.Template | None = None


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

    Options are listed in the style of the name `option_style`, else in the task's or the layout's
    plain one; where its answers are labels, so are the prompt's options, targets and references.
    Their order is drawn, but for options that point at others ("both A and B"): these keep their
    source's order, and their letters (see `cross_references`), and so do those of a task that says
    so.
    Exemplars are dropped from the end until `fits(inputs)`, where that is given;
    `provenance.shots` is the number that is left. `shown` is what the query's inputs show of a
    field in place of all of it (see `fitting`, which knows how long a prompt may be): its target
    and references stay those of the record. Options and references are bare answers, also
    where the target says more; an inverted prompt has no options, and its target for reference.
    """
    if style != "instructions":
        _check_style(task, template, style)
    named = option_style or task.option_style
    listing = layout.style(named) if named else layout.plain
    while True:
        draws = _Draws(seed)
        query = _solve(task, template, record, listing, draws, style, shown)
        inputs, shots, by_letter = query.inputs, 0, query.by_letter
        if exemplars:
            delimiters = layout.few_shot[draws.below(len(layout.few_shot))]
            solved = _solved(exemplars, task, template, row_id, listing, draws, style)
            by_letter = by_letter or any([each.by_letter for each in solved])
            inputs, shots = _join(solved, query.inputs, delimiters, fits)
        if not by_letter or listing.labels == "letters":
            break
        listing = layout.lettered(listing)  # and the same draws again
    provenance = task_module.Provenance(
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
    )
    return _prompt(inputs, query, record, provenance)


def choose(
    template_set: templates.TemplateSet,
    shares: mixture.Shares,
    *,
    seed: int,
    style: Style = "instructions",
    needs_options: Callable[[], bool] | None = None,
) -> Choice:
    """Returns template, number of shots and style of options for one training prompt, by shares.

    A kind that the task lacks goes to its forward templates, as `mixture.Shares` says. Controls
    have no inverted prompts: without an instruction nothing tells them from the others. A record
    that `needs_options` (asked where they would be hidden) takes a template that lists them, of
    the kind drawn or else a direct one, if the task has any.
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
    if not template.lists_options and style == "instructions" and needs_options:
        by_options = template_set.by_options
        for kind in (template.kind, "forward", "cot"):
            if by_options[kind, True] and needs_options():
                pool = by_options[kind, True]
                template = pool[draws.below(len(pool))]
                break
    option_style = None
    others = template_set.layout.option_styles[1:]
    if others and draws.uniform() < shares.styled_options:
        option_style = others[draws.below(len(others))].name
    return Choice(template=template, shots=shots, option_style=option_style)


def needs_options(task: task_module.Task, record: task_module.Record) -> bool:
    """Returns whether a record asks about its options, and so cannot be asked without their list.

    As in "Which of the following ...", or with "all of the above" among them.
    """
    if not isinstance(task.answers, task_module.Choices):
        return False
    texts = [record.get(field, "") for field in task.fields if field != "rationale"]
    return cross_references.needs_options(record["options"], texts)


def in_random_order(n_rows: int, most: int, seed: int) -> Iterator[int]:
    """Yields the rows of range(n_rows), each once, in an order by the seed, and at most `most`."""
    draws = _Draws(seed ^ _EXEMPLARS)
    moved: dict[int, int] = {}  # a shuffle of which only the places that were drawn are kept
    for place in range(min(n_rows, most)):
        other = place + draws.below(n_rows - place)
        yield moved.get(other, other)
        moved[other] = moved.get(place, place)


class _Solved(NamedTuple):  # made for every prompt, in half the time of a frozen dataclass
    """One record rendered on its own."""

    inputs: str
    targets: str
    options: tuple[str, ...]  # what {answer} may stand for, in the order shown
    order: tuple[int, ...]  # the record's label index of each option
    references: tuple[str, ...]
    shows_options: bool
    by_letter: bool  # whether an option is named by its letter, so that the list has to have them


def _solve(
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    listing: layouts.OptionStyle,
    draws: "_Draws",
    style: Style,
    shown: Mapping[str, str] | None = None,
) -> _Solved:
    if task.optional:
        template = templates.for_record(template, task, record)
    words, order, by_letter = _words(task, template, record, draws, style)
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
    if options:
        references = tuple([options[order.index(i)] for i in task_module.right_labels(record)])
    else:
        references = tuple(record["references"])
    if not is_direct:
        options, order, references = (), (), (targets,)
    return _Solved(inputs, targets, options, order, references, shows_options, by_letter)


def _solved(
    exemplars: Sequence[Exemplar],
    task: task_module.Task,
    template: templates.Template,
    row_id: str,
    listing: layouts.OptionStyle,
    draws: "_Draws",
    style: Style,
) -> list[_Solved]:
    """Returns the exemplars of a query, each as it would be asked on its own."""
    _check_apart(task, row_id, exemplars)
    return [
        _solve(each.task or task, each.template or template, each.record, listing, draws, style)
        for each in exemplars
    ]


def _words(
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    draws: "_Draws",
    style: Style,
) -> tuple[tuple[str, ...], tuple[int, ...], bool]:
    """Returns the answers in the order shown, the label index of each, and whether one is named by
    its letter; nothing for free text."""
    answers = task.answers
    if isinstance(answers, task_module.Labels):
        words = template.words(answers) if style == "instructions" else answers.words
        keeps_order, by_letter = cross_references.listed(words)
    elif isinstance(answers, task_module.Choices):
        words = tuple(record["options"])
        keeps_order, by_letter = cross_references.listed(words)
        if "rationale" in record and cross_references.names_a_letter(record["rationale"]):
            keeps_order = by_letter = True
    else:
        return (), (), False
    order = list(range(len(words)))
    if keeps_order or task.keeps_order:
        return words, tuple(order), by_letter
    draws.shuffle(order)
    return tuple([words[label] for label in order]), tuple(order), by_letter


def _control(
    task: task_module.Task, values: dict[str, str], style: Style, shows_options: bool
) -> str:
    fields = [field for field in task.fields if field != "rationale" and values[field].strip()]
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
            "draw exemplars by `exemplars.draw`"
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


def _prompt(
    inputs: str, query: _Solved, record: task_module.Record, provenance: task_module.Provenance
) -> task_module.Prompt:
    return task_module.Prompt(
        inputs=inputs,
        targets=query.targets,
        options=query.options,
        label_of_option=query.order,
        gold=query.order.index(record["label"]) if query.options else None,
        references=query.references,
        provenance=provenance,
    )


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
        below = self.below
        for last in range(len(items) - 1, 0, -1):
            other = below(last + 1)
            items[last], items[other] = items[other], items[last]
