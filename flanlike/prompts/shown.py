"""One row as a person looks at it: the prompt that a template, shots and a style make of it."""

from flanlike import seeding
from flanlike.prompts import exemplars, render
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import layouts, templates
from flanlike.tasks import task as task_module


def first_split(task: task_module.Task, data: str) -> str:
    """Returns the split that is looked at where none is named."""
    return "test" if opening.lacks_training(task, data) else "train"


def solved_split(task: task_module.Task) -> str:
    """Returns the split that exemplars are taken from."""
    return rows_module.EXEMPLARS if task.has_own_exemplars else "train"


def prompt(
    task: task_module.Task,
    layout: layouts.Layout,
    template: templates.Template,
    records: rows_module.Records,
    row: int,
    *,
    solved: rows_module.Records,
    shots: int = 0,
    option_style: str | None = None,
    seed: int | None = None,
) -> task_module.Prompt:
    """Returns the prompt of the record at `row`, with exemplars of `solved`.

    Without a seed it is the row's own, and without a style the task's own or one that the seed
    draws.
    """
    row_id, record = records.row_id(row), records[row]
    if seed is None:
        seed = seeding.key("show", task.name, row_id)
    styles = layout.option_styles
    return render.render(
        task,
        template,
        record,
        layout=layout,
        source=records.source,
        split=records.split,
        row_id=row_id,
        seed=seed,
        exemplars=exemplars.draw(
            task,
            template,
            solved,
            range(len(solved)),
            query=record,
            row_id=row_id,
            shots=shots,
            seed=seed,
        ),
        option_style=option_style or task.option_style or styles[seed % len(styles)].name,
    )
