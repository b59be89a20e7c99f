"""Which solved rows stand before a question, in which order, and what they say.

    solved = Demonstrations(task=task, records=train, settings=settings, style=style, others=others)
    solved.of(template, row_id, record, seed=seed)    -> exemplars, none of them the question

The controls are those of Min et al. 2022, "Rethinking the Role of Demonstrations": exemplars whose
labels are drawn, whose labels are another task's, or whose inputs are.
"""

import dataclasses
import functools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from eval import bm25
from flanlike import config as config_lib
from flanlike import errors, seeding
from flanlike.prompts import exemplars, render
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry as registries
from flanlike.tasks import task as tasks
from flanlike.tasks import templates

# Training rows, drawn by the seed, that exemplars are looked for among by label or likeness.
POOL_ROWS = 4000
_TRIES = 8  # rows of another task that are looked at for a text that is not the question's own


@dataclass(frozen=True, kw_only=True, eq=False)  # each is its own, and so what it keeps
class Others:
    """Where labels and inputs of other tasks come from: tasks of other clusters, seeded.

    Those of `names`, which are asked too, come first: their rows are at hand.
    """

    registry: registries.Registry
    names: Sequence[str]
    data: str
    open_rows: Callable[..., rows_module.Records]
    seed: int

    def words(self, task: tasks.Task, own: Sequence[str], count: int) -> tuple[str, ...]:
        """Returns that many label words of other tasks, none of them among its `own`.

        They are one task's where one has so many.
        """
        taken = {word.casefold() for word in own}
        each = [
            [word for word in other.answers.words if word.casefold() not in taken]
            for other in self._tasks(task)
            if isinstance(other.answers, tasks.Labels)
        ]
        each.sort(key=lambda words: len(words) < count)  # stable: as drawn, the long ones first
        found = {word.casefold(): word for words in each for word in words}
        if len(found) < count:
            raise errors.UserError(
                f"--eval.demonstrations other-labels: task {task.name!r} has {count} labels, and "
                f"tasks of other clusters have {len(found)} other words: leave the task out"
            )
        return tuple(found.values())[:count]

    @functools.cache  # noqa: B019 (no more of these live than evaluations)
    def rows(self, task_name: str, kind: type | None = None) -> rows_module.Records:
        """Returns training rows of another task, whose answers are of that kind."""
        for other in self._tasks(self.registry.task(task_name)):
            if kind and not isinstance(other.answers, kind):
                continue
            if opening.availability(other, self.data) or opening.lacks_training(other, self.data):
                continue
            try:
                return self.open_rows(other, split="train")
            except errors.UserError:  # it is not there after all: another is as good
                continue
        raise errors.UserError(
            f"--eval.demonstrations: --data {self.data} has no training rows of a task of another "
            f"cluster to show with {task_name!r}: give data of more tasks"
        )

    def _tasks(self, task: tasks.Task) -> Iterator[tasks.Task]:
        rest = sorted(set(self.registry.task_names) - set(self.names))
        seeding.rng("other tasks", self.seed, task.name).shuffle(rest)
        for name in (*self.names, *rest):
            other = self.registry.task(name)
            if other.cluster != task.cluster:
                yield other


@dataclass(frozen=True, kw_only=True)
class Demonstrations:
    """The exemplars of one task's questions, by the settings of an evaluation.

    A benchmark's own exemplars are never chosen among, but may be put in order, and be controls.
    """

    task: tasks.Task
    records: rows_module.Records  # solved ones
    settings: config_lib.EvalConfig
    style: render.Style
    others: Others

    def of(
        self, template: templates.Template, row: str, record: tasks.Record, *, seed: int
    ) -> list[render.Exemplar]:
        """Returns what stands before the question on `record`, in order.

        Raises UserError where a control needs another task's rows and there are none.
        """
        if not self.settings.shots:
            return []
        picked = self._ordered(self._picked(template, row, record, seed), record, seed)
        return [self._shown(template, one, record) for one in picked]

    def _picked(
        self, template: templates.Template, row: str, record: tasks.Record, seed: int
    ) -> list[render.Exemplar]:
        how = {"query": record, "row_id": row, "shots": self.settings.shots, "style": self.style}
        choice = self.settings.exemplars
        is_by_label = choice == "balanced" and isinstance(self.task.answers, tasks.Labels)
        if self.records.split == rows_module.EXEMPLARS or not (is_by_label or choice == "similar"):
            every = range(len(self.records))
            return exemplars.draw(self.task, template, self.records, every, seed=seed, **how)
        if choice == "similar":
            ranked = np.argsort(-self._index.scores(self._text(record)), kind="stable")
            rows = (self._pool[place] for place in ranked)
            return exemplars.pick(self.task, template, self.records, rows, **how)
        order = render.in_random_order(len(self._pool), len(self._pool), seed)
        rows = (self._pool[place] for place in order)
        takes = quota(self.settings.shots, self._labels)
        return exemplars.pick(self.task, template, self.records, rows, takes=takes, **how)

    def _ordered(
        self, picked: list[render.Exemplar], record: tasks.Record, seed: int
    ) -> list[render.Exemplar]:
        order = self.settings.exemplar_order
        if order != "random":
            query = self._text(record)
            alike = [self._index.score(query, self._text(one.record)) for one in picked]
            places = np.argsort(alike, kind="stable")
            return [picked[i] for i in (places if order == "ascending" else reversed(places))]
        if self.settings.exemplars == "similar" and self.records.split != rows_module.EXEMPLARS:
            return [picked[i] for i in render.in_random_order(len(picked), len(picked), seed)]
        return picked

    def _shown(
        self, template: templates.Template, one: render.Exemplar, query: tasks.Record
    ) -> render.Exemplar:
        """Returns an exemplar as the control shows it; with gold labels, as it is.

        What is drawn for it is the same before every question.
        """
        control = self.settings.demonstrations
        draws = seeding.rng("demonstrations", self.settings.seed, self.task.name, one.row_id)
        if control == "gold":
            return one
        if control == "other-inputs":
            inputs = self.others.rows(self.task.name)
            texts = [_longest(inputs, draws.randrange(len(inputs))) for _ in range(_TRIES)]
            return dataclasses.replace(one, record=with_inputs(self.task, one.record, texts, query))
        if control == "random-labels":
            return dataclasses.replace(one, record=self._relabelled(one.record, draws))
        if isinstance(self.task.answers, tasks.Labels):
            task, template = self._reworded(template)
            return dataclasses.replace(one, task=task, template=template)
        others = self.others.rows(self.task.name, type(self.task.answers))
        other = others[draws.randrange(len(others))]
        answer = {key: other[key] for key in ("options", "label", "references") if key in other}
        return dataclasses.replace(one, record={**one.record, **answer})

    def _reworded(self, template: templates.Template) -> tuple[tasks.Task, templates.Template]:
        """Returns the task and a template of it with other tasks' words for its labels."""
        if template.id not in self._kept:
            answers = self.task.answers
            own = (*template.words(answers), *answers.words)
            words = self.others.words(self.task, own, len(answers.words))
            self._kept[template.id] = (
                dataclasses.replace(self.task, answers=dataclasses.replace(answers, words=words)),
                dataclasses.replace(template, answers=None),
            )
        return self._kept[template.id]

    @functools.cached_property
    def _kept(self) -> dict[str, tuple[tasks.Task, templates.Template]]:
        return {}

    def _relabelled(self, record: tasks.Record, draws: random.Random) -> tasks.Record:
        """Returns the record with an answer that is drawn from all that there are."""
        answers = self.task.answers
        if isinstance(answers, tasks.FreeText):
            other = self.records[draws.randrange(len(self.records))]
            return {**record, "references": other["references"]}
        labels = answers.names if isinstance(answers, tasks.Labels) else record["options"]
        return {**record, "label": draws.randrange(len(labels))}

    @functools.cached_property
    def _pool(self) -> Sequence[int]:
        """Places of the rows that are looked among: all, or as many as are read in good time."""
        seed = seeding.key("exemplar pool", self.settings.seed, self.task.name)
        return tuple(render.in_random_order(len(self.records), POOL_ROWS, seed))

    @functools.cached_property
    def _index(self) -> bm25.Index:
        return bm25.Index([self._text(self.records[at]) for at in self._pool])

    @functools.cached_property
    def _labels(self) -> int:
        return len({self.records[at]["label"] for at in self._pool})

    def _text(self, record: tasks.Record) -> str:
        names = [name for name in self.task.fields if name != "rationale"]
        return "\n".join(record.get(name, "") for name in names)


def quota(shots: int, labels: int) -> Callable[[tasks.Record], bool]:
    """Returns what takes as many records of each label, and of some one more where there are over.

    Five shots of two labels: three of the one that comes third first, two of the other.
    """
    each, over = divmod(shots, labels)
    taken: dict[int, int] = {}

    def takes(record: tasks.Record) -> bool:
        nonlocal over
        count = taken.get(record["label"], 0)
        if count > each or (count == each and not over):
            return False
        over -= count == each
        taken[record["label"]] = count + 1
        return True

    return takes


def with_inputs(
    task: tasks.Task, record: tasks.Record, texts: Sequence[str], query: tasks.Record
) -> tasks.Record:
    """Returns the record with other texts in its fields that are not empty, and its own answer.

    None is a text of the query's; a rationale belongs to the answer, and stays.
    """
    asked = {_plain(query.get(name, "")) for name in task.fields}
    free = iter([text for text in texts if _plain(text) not in asked] or ["-"])
    last, found = "", {**record}
    for name in task.fields:
        if name != "rationale" and record.get(name, "").strip():
            found[name] = last = next(free, last)
    return found


def _longest(records: rows_module.Records, at: int) -> str:
    """Returns the longest field of a row."""
    fields = [name for name in records.task.fields if name != "rationale"]
    return max((records[at][name] for name in fields), key=len)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
