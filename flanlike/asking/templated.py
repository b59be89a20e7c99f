"""Questions in the words of a registered task's template: what /template says.

rte premise=It rains. hypothesis=It is dry.    ->  It rains.
                                                   Is this true? It is dry. ...
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flanlike import errors, seeding
from flanlike.asking import answering
from flanlike.asking import settings as settings_lib
from flanlike.prompts import exemplars, fitting, render
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import records, templates
from flanlike.tasks import registry as registries
from flanlike.tasks import task as task_module

_TEMPLATE, _OPTIONS = "template", "options"  # may be given beside the fields
_ROW = "asked"  # the name of the row that is asked: no data set has it
_UNREAD = "-"  # in place of a field that the template does not read, and of the answer


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A question, with what is to be said of how it came about."""

    question: answering.Question
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Templates:
    """The templates of registered tasks, whose exemplars come from `data`."""

    registry: registries.Registry
    data: str

    def rendered(
        self, said: str, answerer: answering.Answerer, settings: settings_lib.Settings
    ) -> Rendered:
        """Returns the question that "TASK field=text ..." asks, after so many solved rows.

        It is cut to what there is room for as in an evaluation, and the notes say so. Options are
        scored as the template would have the model write them.
        """
        if not said.strip():
            raise errors.UserError("/template: expected the name of a task, and its fields")
        name, rest = [*said.split(maxsplit=1), ""][:2]
        task, template_set = self.registry.task(name), self.registry.templates(name)
        given = _given(rest, task)
        template = _chosen(template_set, given.pop(_TEMPLATE, ""), task)
        record = _record(task, template, given)
        seed = seeding.key("ask", settings.seed, task.name, template.id)
        solved = self._solved(task, template, record, settings.shots, seed)
        fitted = fitting.fit(
            answerer.room_for_text(settings),
            task,
            template,
            record,
            layout=template_set.layout,
            source=_ROW,
            split=_ROW,
            row_id=_ROW,
            seed=seed,
            exemplars=solved,
        )
        if fitted.prompt is None:
            raise errors.UserError(
                f"/template {name}: {fitted.whole_tokens:,} tokens, for which there is no room "
                "however its fields are cut: shorten them, or see --max-input-tokens"
            )
        return Rendered(
            question=question_of(fitted.prompt, template, record),
            notes=tuple(_notes(fitted.prompt, settings.shots, self.data)),
        )

    def _solved(
        self,
        task: task_module.Task,
        template: templates.Template,
        record: task_module.Record,
        shots: int,
        seed: int,
    ) -> list[render.Exemplar]:
        if not shots:
            return []
        split = rows_module.EXEMPLARS if task.has_own_exemplars else "train"
        if split == "train" and (why := opening.lacks_training(task, self.data)):
            raise errors.UserError(
                f"task {task.name!r} has no training rows to take exemplars from ({why}): /shots 0"
            )
        rows = opening.open_rows(task, self.data, split)
        every = range(len(rows))
        how = {"query": record, "row_id": _ROW, "shots": shots, "seed": seed}
        return exemplars.draw(task, template, rows, every, **how)


def _given(said: str, task: task_module.Task) -> dict[str, str]:
    """Returns the texts that are given by name, in quotes or up to the next name.

    "premise=It rains. hypothesis='Is a=b?'"  ->  {"premise": "It rains.", "hypothesis": "Is a=b?"}
    """
    names = [*task.fields, *(n for n in (_TEMPLATE, _OPTIONS) if n not in task.fields)]
    name = re.compile(rf"\s+({'|'.join(map(re.escape, names))})=")
    quoted = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)')(?=\s|$)""")
    given: dict[str, str] = {}
    said, at = f" {said.strip()}" if said.strip() else "", 0
    while at < len(said):
        found = name.match(said, at)
        if found is None:
            word = said[at:].split()[0].partition("=")[0]
            raise errors.did_you_mean(f"field of task {task.name!r}", word, names)
        if found[1] in given:
            raise errors.UserError(f"/template {task.name}: {found[1]}= is there twice")
        if text := quoted.match(said, found.end()):
            given[found[1]], at = text[1] or text[2] or "", text.end()
        else:
            after = name.search(said, found.end())
            at = after.start() if after else len(said)
            given[found[1]] = said[found.end() : at].strip()
    return given


def _chosen(
    template_set: templates.TemplateSet, template_id: str, task: task_module.Task
) -> templates.Template:
    """Returns the template of that id, or the first that an evaluation asks by."""
    direct = template_set.forward or template_set.cot
    if not template_id:
        return next((one for one in direct if one.shows_options), direct[0])
    found = template_set.get(template_id)
    if found.kind not in ("forward", "cot"):
        raise errors.UserError(
            f"template {found.id!r} of task {task.name!r} is of kind {found.kind!r}: it tells the "
            "answer and asks for the question; expected a forward or cot one"
        )
    return found


def _record(
    task: task_module.Task, template: templates.Template, given: Mapping[str, str]
) -> task_module.Record:
    """Returns a record of the given fields whose answer is not known."""
    needed = [n for n in task.fields if n in template.input_fields and n not in task.optional]
    is_choice = isinstance(task.answers, task_module.Choices)
    if is_choice:
        needed.append(_OPTIONS)
    elif _OPTIONS in given:
        raise errors.UserError(f"/template {task.name}: the task has its own options; leave out")
    if missing := [name for name in needed if not given.get(name, "").strip()]:
        listed = " ".join(f"{name}=…" for name in needed)
        raise errors.UserError(
            f"/template {task.name}: {', '.join(missing)} not given: expected {listed}"
        )
    record: task_module.Record = {
        name: given.get(name, "" if name in task.optional else _UNREAD) for name in task.fields
    }
    if isinstance(task.answers, task_module.FreeText):
        record["references"] = [_UNREAD]
    else:
        record["label"] = 0
    if is_choice:
        where = f"/template {task.name}: options"
        record["options"] = list(settings_lib.options_of(given[_OPTIONS], where=where))
    if wrong := records.Check(task).problem(record):
        raise errors.UserError(f"/template {task.name}: {wrong}")
    return record


def question_of(
    prompt: task_module.Prompt, template: templates.Template, record: task_module.Record
) -> answering.Question:
    """Returns what a rendered prompt asks, with what would be written for each of its options."""
    if template.kind == "cot":  # what is written before the answer is the point
        return answering.Question(text=prompt.inputs)
    return answering.Question(
        text=prompt.inputs,
        options=prompt.options,
        written=tuple(
            template.target.format_map({**record, "answer": option}) for option in prompt.options
        ),
    )


def _notes(prompt: task_module.Prompt, shots: int, data: str) -> list[str]:
    told = prompt.provenance
    notes = [f"template {told.template}"]
    if shots:
        world = " (of a small synthetic world)" if data == "embedded" else ""
        notes.append(f"{told.shots} of {shots} solved rows of --data {data}{world} before it")
    if told.cut_tokens:
        notes.append(f"{told.cut_tokens:,} tokens of its longest fields were cut for want of room")
    return notes
