"""Toy tasks and template files, small enough to read in a test."""

from flanlike.prompts import render
from flanlike.tasks import task, templates

LABELS = task.Labels(names=("entailment", "not_entailment"), words=("yes", "no"))

FORWARD = """
[[template]]
id = "is_it_true"
kind = "forward"
input = '''
{premise}
Is this true? {hypothesis}

{options}'''
target = "{answer}"
"""
WORDED = """
[[template]]
id = "worded"
kind = "forward"
input = "{premise} So {hypothesis}"
target = "It is {answer}."
answers = { entailment = "right", not_entailment = "wrong", neutral = "open" }
"""
INVERTED = """
[[template]]
id = "turned"
kind = "inverted"
input = "Say what follows from: {premise} ({answer})"
target = "{hypothesis}"
"""
COT = """
[[template]]
id = "why"
kind = "cot"
input = "{question} Why?"
target = '''
{rationale}
So: {answer}'''

[[template]]
id = "back"
kind = "cot_inverted"
input = "{question} {answer}. Why?"
target = "{rationale}"
"""


def task_of(name="toy", answers=LABELS, fields=("premise", "hypothesis"), **changes):
    values = {
        "cluster": "nli",
        "metrics": ("accuracy",),
        "templates": name,
        "microworld": name,
    } | changes
    return task.Task(name=name, fields=fields, answers=answers, **values)


def builder_of(name, **changes):
    def build():
        return task_of(name, **changes)

    build.__name__ = name
    return build


def template_of(input="{premise} {hypothesis}", target="{answer}", kind="forward", answers=None):
    return templates.Template(id="toy", kind=kind, input=input, target=target, answers=answers)


def write(folder, text, name="toy"):
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def rendered(task, template_set, records):
    """Returns the first record's inputs and targets by every forward and CoT template."""
    prompts = [
        render.render(
            task,
            template,
            records[0],
            layout=template_set.layout,
            source=records.source,
            split=records.split,
            row_id=records.row_id(0),
            seed=0,
        )
        for template in (*template_set.forward, *template_set.cot)
    ]
    return [[prompt.inputs, prompt.targets] for prompt in prompts]
