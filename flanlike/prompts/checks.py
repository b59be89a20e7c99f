"""What every task has to satisfy: for the tests, for `python -m task_registry check`, and yours."""

import itertools
import re
from collections.abc import Sequence

from flanlike import seeding
from flanlike.prompts import render
from flanlike.tasks import layouts, templates
from flanlike.tasks import records as records_module
from flanlike.tasks import task as task_module

LEAST_TEMPLATES = 10
_JOINT = re.compile(r"\{(\w+)\}([.,;:?!])")
LEAST_DIRECT = 7  # forward or CoT: those a task is evaluated by


def check_task(
    task: task_module.Task,
    template_set: templates.TemplateSet,
    records: Sequence[task_module.Record],
    *,
    why_no_records: str = "",
    has_records: bool = True,
) -> list[str]:
    """Returns what is wrong with the task, one line each: its templates, records and renderings.

    Every record is rendered by every template, so a few dozen records are enough. That there are
    none is wrong, unless the task is not said to have any.
    """
    is_worded = task.is_worded or task.file is not None
    problems = [] if is_worded else _check_counts(task, template_set)
    for template in template_set.templates:
        problems += _check_done(task, template)
    problems += [] if is_worded else _check_alike(task, template_set)
    if not records and has_records:
        why = f": {why_no_records}" if why_no_records else ""
        problems.append(f"task {task.name!r}: no records to check it with{why}")
    check, sound = records_module.Check(task), []
    for number, record in enumerate(records):
        if wrong := check.problem(record):
            problems.append(f"task {task.name!r}, record {number}: {wrong}")
            continue
        sound.append(record)
        for template in template_set.templates:
            problems += _check_rendering(task, template_set.layout, template, record, number)
    for template in template_set.templates:
        problems += _check_joints(task, template, sound)
    return problems


def check_template(
    task: task_module.Task,
    template_set: templates.TemplateSet,
    template: templates.Template,
    records: Sequence[task_module.Record],
) -> list[str]:
    """Returns what `check_task` says of one template of the set alone, with these records.

    But for marks behind fields: a few rows do not tell what most fields end in.
    """
    problems = _check_done(task, template)
    if not (task.is_worded or task.file is not None):
        problems += _check_alike(task, template_set, template)
    for number, record in enumerate(records):
        problems += _check_rendering(task, template_set.layout, template, record, number)
    return problems


def _check_done(task: task_module.Task, template: templates.Template) -> list[str]:
    if "TODO" not in template.input + template.target:
        return []
    return [f"task {task.name!r}, template {template.id!r}: still says TODO"]


def _check_counts(task: task_module.Task, template_set: templates.TemplateSet) -> list[str]:
    problems = []
    if (count := len(template_set.templates)) < LEAST_TEMPLATES:
        problems.append(
            f"task {task.name!r}: {count} templates; expected {LEAST_TEMPLATES} or more"
        )
    if (count := len(template_set.forward) + len(template_set.cot)) < LEAST_DIRECT:
        problems.append(
            f"task {task.name!r}: {count} templates of kind 'forward' or 'cot'; "
            f"expected {LEAST_DIRECT} or more"
        )
    if task.has_rationale and not template_set.cot:
        problems.append(f"task {task.name!r}: has a rationale but no template of kind 'cot'")
    return problems


def _check_alike(
    task: task_module.Task,
    template_set: templates.TemplateSet,
    template: templates.Template | None = None,
) -> list[str]:
    """Returns the pairs of templates of one kind that say the same but for one word.

    Those that `template` is one of, where it is given.
    """
    return [
        f"task {task.name!r}: templates {one.id!r} and {two.id!r} differ in a word at most; "
        "word one of them in another way"
        for one, two in itertools.combinations(template_set.templates, 2)
        if template is None or template in (one, two)
        if one.kind == two.kind and one.target == two.target
        if _constant(task, one) == _constant(task, two) and _differ_little(one, two)
    ]


def _constant(task: task_module.Task, template: templates.Template) -> frozenset[str]:
    """Returns what it shows of the task itself: a block of examples or another, if any."""
    return template.input_fields.intersection(task.constant)


def _differ_little(one: templates.Template, two: templates.Template) -> bool:
    words, others = (re.findall(r"\w+", each.input.casefold()) for each in (one, two))
    if abs(len(words) - len(others)) > 1:
        return False
    same = 0
    while same < min(len(words), len(others)) and words[same] == others[same]:
        same += 1
    if len(words) == len(others):
        return words[same + 1 :] == others[same + 1 :]
    shorter, longer = sorted((words, others), key=len)
    return shorter[same:] == longer[same + 1 :]


def _check_joints(
    task: task_module.Task, template: templates.Template, records: Sequence[task_module.Record]
) -> list[str]:
    """Returns the fields behind which the template puts a mark that most records bring themselves.

    "{question}." of questions is "Who sang?." and "{report}," of sentences "It rains.,".
    """
    problems = []
    for field, mark in sorted(set(_JOINT.findall(f"{template.input}\n{template.target}"))):
        texts = [text for record in records if (text := _text(task, template, record, field))]
        own = [text for text in texts if text[-1] in ".,;:?!"]
        if 2 * len(own) > len(texts):
            problems.append(
                f"task {task.name!r}, template {template.id!r}: {mark!r} stands behind "
                f"{{{field}}}, which ends in a mark of its own, as {own[0][-20:]!r}: leave one out"
            )
    return problems


def _text(
    task: task_module.Task, template: templates.Template, record: task_module.Record, field: str
) -> str:
    """Returns what the template shows of a record's field, "" where the record has no such text."""
    if field != "answer":
        return str(record.get(field, "")).rstrip()
    if isinstance(task.answers, task_module.FreeText):
        return record["references"][0].rstrip()
    is_labels = isinstance(task.answers, task_module.Labels)
    words = template.words(task.answers) if is_labels else record["options"]
    return words[record["label"]].rstrip()


def _check_rendering(
    task: task_module.Task,
    layout: layouts.Layout,
    template: templates.Template,
    record: task_module.Record,
    number: int,
) -> list[str]:
    """Returns what is wrong with the record under the template, in the style that its turn has."""
    style = layout.option_styles[number % len(layout.option_styles)]
    prompt = render.render(
        task,
        template,
        record,
        layout=layout,
        source="check",
        split="train",
        row_id=str(number),
        seed=seeding.key("check", task.name, template.id, number),
        option_style=style.name,
    )
    problems = []
    if not prompt.inputs.strip() or not prompt.targets.strip():
        problems.append("renders to nothing")
    if prompt.options:
        words = record.get("options")
        if isinstance(task.answers, task_module.Labels):
            words = template.words(task.answers)
        shown = [words[label] for label in prompt.label_of_option]
        if template.shows_options:  # in letters, where an option is named by one
            style = layout.style(prompt.provenance.option_style)
            if style.block(shown) not in prompt.inputs:
                problems.append("does not show its options")
        if prompt.label_of_option[prompt.gold] != record["label"]:
            problems.append(f"gold option {prompt.gold} is not label {record['label']}")
        if prompt.options[prompt.gold] not in prompt.targets:
            problems.append(f"target {prompt.targets!r} lacks {prompt.options[prompt.gold]!r}")
        if len(set(prompt.options)) != len(prompt.options):
            problems.append(f"options {prompt.options!r} are not all different")
    where = f"task {task.name!r}, template {template.id!r}, record {number}, {style.name} options"
    return [f"{where}: {problem}" for problem in problems]
