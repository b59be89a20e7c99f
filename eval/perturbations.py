"""The same question in another form: questions whose answer should stay what it is.

    order       the options in another order
    style       the options listed in the layout's other ways, that the answer then follows
    labels      a list with letters, that are small ones or others (P, Q, ...)
    lower_case  all fields of the row in lower case
    typos       letters of the row's fields swapped
    wording     the task's other templates

Fields are the row's own texts: the wording of a template, options and label words stay.
"""

import dataclasses
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from eval import questions, rendering
from flanlike import seeding
from flanlike.batches import features, tokenizer
from flanlike.prompts import fitting
from flanlike.tasks import layouts, templates
from flanlike.tasks import task as tasks

KINDS: Mapping[str, str] = {
    "order": "other option orders",
    "style": "other option styles",
    "labels": "other letter labels",
    "lower_case": "lower case",
    "typos": "typos",
    "wording": "other wordings",
}

TYPO_SHARE = 0.1  # of the words that are long enough
ORDERS = 2  # other orders that are asked
_LABELS = ("small", "late")
_TRIES = 32  # of a seed, before the options have but one order

_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


class Perturbed(NamedTuple):
    """A cell asked in another form. `changed` says of each row whether its inputs are others.

    A row that does not fit in that form is asked as it was, and counted in `unfit`.
    """

    name: str
    cell: questions.Cell
    changed: tuple[bool, ...]
    unfit: int = 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """All forms of one kind, and the cell that their answers are compared with.

    That is the plain one but for other labels, where it is the list with A, B, ...: what the style
    does is not theirs.
    """

    kind: str
    reference: questions.Cell
    forms: tuple[Perturbed, ...]


def with_typos(text: str, draws: random.Random, share: float = TYPO_SHARE) -> str:
    """Returns the text with two neighbouring letters swapped in a share of its words, at least one.

    Only in words of four letters and more, within them: "A quick answer" -> "A quick anwser".
    """
    words = [match.span() for match in _LONG_WORD.finditer(text)]
    words = [(start, places) for start, end in words if (places := _swaps(text, start, end))]
    chosen = [draws.random() < share for _ in words]
    if words and not any(chosen):
        chosen[draws.randrange(len(words))] = True
    letters = list(text)
    for (_, places), is_chosen in zip(words, chosen, strict=True):
        if is_chosen:
            at = draws.choice(places)
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


def _swaps(text: str, start: int, end: int) -> list[int]:
    """Returns where two letters within a word can be swapped: its first and last letter stay."""
    return [i for i in range(start + 1, end - 2) if text[i] != text[i + 1]]


def with_fields(
    task: tasks.Task, record: tasks.Record, change: Callable[[str], str]
) -> tasks.Record:
    """Returns the record with its fields changed: not a rationale, options or references."""
    fields = {name: change(record[name]) for name in task.fields if name != "rationale"}
    return {**record, **fields}


def relabelled(layout: layouts.Layout, style: layouts.OptionStyle) -> layouts.Layout:
    """Returns the layout with the style under other labels: "letters" as "letters-small" ..."""
    styles = [
        dataclasses.replace(style, name=f"{style.name}-{labels}", labels=labels)
        for labels in _LABELS
    ]
    return dataclasses.replace(layout, asked_styles=(*layout.asked_styles, *styles))


@dataclass(frozen=True, kw_only=True)
class Forms:
    """Makes the other forms of one task's questions, asked without exemplars.

    `plain` is the cell that they are forms of, `others` the cells of the task's other templates.
    """

    plain: questions.Cell
    others: Sequence[questions.Cell]
    templates: templates.TemplateSet
    words: tokenizer.Tokenizer
    family: features.Family
    max_input_tokens: int
    option_style: str | None = None

    def groups(self, kinds: Sequence[str] = tuple(KINDS)) -> list[Group]:
        """Returns the kinds that change anything of this task's prompts."""
        made = {
            "order": self._orders,
            "style": self._styles,
            "labels": self._other_labels,
            "lower_case": self._lower_case,
            "typos": self._typos,
            "wording": self._wordings,
        }
        found = [made[kind]() for kind in kinds]
        return [group for group in found if any(any(form.changed) for form in group.forms)]

    def _orders(self) -> Group:
        forms = [
            self._form(f"order {number}", seeds=lambda *row, n=number: ("order", n, *row))
            for number in range(1, ORDERS + 1 if self._shows_options else 1)
        ]
        return Group(kind="order", reference=self.plain, forms=tuple(forms))

    def _styles(self) -> Group:
        plain = self._style.name
        names = [style.name for style in self.templates.layout.option_styles]
        forms = [
            self._form(name, option_style=name)
            for name in names
            if self._shows_options and name != plain
        ]
        return Group(kind="style", reference=self.plain, forms=tuple(forms))

    def _other_labels(self) -> Group:
        layout = self.templates.layout
        lettered = [s for s in layout.option_styles if s.labels and "{label}" in s.answer]
        style = self._style
        if not style.labels and lettered:
            style = lettered[0]
        if not (self._shows_options and style.labels):
            return Group(kind="labels", reference=self.plain, forms=())
        reference = self._form(style.name, option_style=style.name).cell
        layout = relabelled(layout, style)
        forms = [
            self._form(
                name, option_style=f"{style.name}-{name}", layout=layout, reference=reference
            )
            for name in _LABELS
        ]
        return Group(kind="labels", reference=reference, forms=tuple(forms))

    def _lower_case(self) -> Group:
        form = self._form("lower case", change=lambda row, text: text.lower())
        return Group(kind="lower_case", reference=self.plain, forms=(form,))

    def _typos(self) -> Group:
        name = self.plain.task.name

        def change(row: str, text: str) -> str:
            return with_typos(text, seeding.rng("typos", name, row, text))

        form = self._form("typos", change=change)
        return Group(kind="typos", reference=self.plain, forms=(form,))

    def _wordings(self) -> Group:
        forms = [
            Perturbed(cell.template, cell, (True,) * len(cell.rows))
            for cell in self.others
            if cell.rows == self.plain.rows
        ]
        return Group(kind="wording", reference=self.plain, forms=tuple(forms))

    @property
    def _style(self) -> layouts.OptionStyle:
        """The style of the plain cell."""
        name = self.option_style or self.plain.task.option_style
        layout = self.templates.layout
        return layout.style(name) if name else layout.plain

    @property
    def _shows_options(self) -> bool:
        return self.plain.prompts[0].provenance.shows_options

    def _form(
        self,
        name: str,
        *,
        change: Callable[[str, str], str] | None = None,
        seeds: Callable[..., tuple[object, ...]] | None = None,
        reference: questions.Cell | None = None,
        **how: Any,
    ) -> Perturbed:
        """Returns the plain cell with each prompt rendered another way.

        `change` gets a row and a field's text. `seeds` makes a seed's parts of a row and of a
        number, from which the order of options is drawn until it is another.
        """
        plain = self.plain
        pairs, free = [], []
        for row, record, prompt in zip(plain.rows, plain.records, plain.prompts, strict=True):
            if change:
                record = with_fields(plain.task, record, lambda text, row=row: change(row, text))
            tries = [prompt.provenance.seed]
            if seeds:
                name_of = plain.task.name
                tries = [seeding.key(*seeds(name_of, row, number)) for number in range(_TRIES)]
            for seed in tries:
                settings = self._settings(prompt, seed) | how
                fitted = fitting.fit(self._room, *self._asked(record), **settings)
                if not seeds or _is_reordered(fitted, prompt):
                    break
            else:  # it has but one order
                fitted = fitting.Fitted(prompt=prompt, ids=plain.ids[len(pairs)])
                settings = self._settings(prompt, prompt.provenance.seed)
            pairs.append(fitted)
            if plain.content_free:
                free.append(rendering.without_content(self._room, *self._asked(record), settings))
        return _perturbed(name, plain, reference or plain, pairs, free)

    def _settings(self, prompt: tasks.Prompt, seed: int) -> dict[str, Any]:
        """Returns how a prompt of the plain cell is rendered, with another seed."""
        told = prompt.provenance
        return {
            "layout": self.templates.layout,
            "source": told.source,
            "split": told.split,
            "row_id": told.row_id,
            "seed": seed,
            "option_style": self.option_style,
        }

    def _asked(self, record: tasks.Record) -> tuple[tasks.Task, templates.Template, tasks.Record]:
        return self.plain.task, self.templates.get(self.plain.template), record

    @property
    def _room(self) -> fitting.Room:
        return features.room(self.words, self.max_input_tokens, self.family)


def _is_reordered(fitted: fitting.Fitted, prompt: tasks.Prompt) -> bool:
    return fitted.prompt is not None and fitted.prompt.label_of_option != prompt.label_of_option


def _perturbed(
    name: str,
    plain: questions.Cell,
    reference: questions.Cell,
    fitted: Sequence[fitting.Fitted],
    free: Sequence[tuple[Sequence[int], ...]],
) -> Perturbed:
    """Returns the cell of these prompts; `free` are the same without content, or none."""
    old = zip(reference.prompts, reference.ids, strict=True)
    pairs = [
        (new.prompt, new.ids) if new.prompt else before
        for new, before in zip(fitted, old, strict=True)
    ]
    prompts, ids = zip(*pairs, strict=True)
    changed = [
        new.inputs != before.inputs for new, before in zip(prompts, reference.prompts, strict=True)
    ]
    return Perturbed(
        name=name,
        cell=dataclasses.replace(
            plain,
            template=name,
            prompts=prompts,
            ids=ids,
            content_free=tuple(
                new if one.prompt else before
                for one, new, before in zip(fitted, free, reference.content_free, strict=True)
            )
            if free
            else (),
        ),
        changed=tuple(changed),
        unfit=sum(one.prompt is None for one in fitted),
    )
