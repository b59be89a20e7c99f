"""Which solved records stand before a query: others than the query, and than each other.

Rows repeat: in some sets nearly every input is there several times, once for each of its answers,
and in two splits, and pairs of sentences are there the other way round. So it is the texts that are
compared, and not the rows' names alone: in whichever fields they stand, and whatever their case,
white space, and way to write a character (an accent set apart, wide digits).
"""

from collections.abc import Callable, Iterable, Sequence

from flanlike.prompts import overlap, render
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module
from flanlike.tasks import templates

# Rows that are looked at beyond those wanted, before a prompt has to do with fewer.
_SPARE_ROWS, _SPARE_ROWS_A_SHOT = 16, 4


def draw(
    task: task_module.Task,
    template: templates.Template,
    records: rows_module.Records,
    rows: Sequence[int],
    *,
    query: task_module.Record,
    row_id: str,
    shots: int,
    seed: int,
    style: render.Style = "instructions",
) -> list[render.Exemplar]:
    """Returns `shots` records of `rows`, drawn by the seed, whose inputs differ from the query's.

    The inputs are all fields but the rationale, whatever the template shows of them; what two
    exemplars say differs too. Where the template lists no options, none is about its options.
    Fewer where there are no more, or none is found among many rows. A benchmark's own exemplars
    are not drawn: the first ones are taken, in their order. They may ask all the same of options
    that differ ("Which sentence is sarcastic?"), and so their options count as well.
    """
    if not shots:
        return []
    most = shots + _SPARE_ROWS + shots * _SPARE_ROWS_A_SHOT
    order: Iterable[int] = range(len(rows))
    if records.split != rows_module.EXEMPLARS:
        order = render.in_random_order(len(rows), most, seed)
    order = (rows[place] for place in order)
    how = {"query": query, "row_id": row_id, "shots": shots, "style": style}
    return pick(task, template, records, order, **how)


def pick(
    task: task_module.Task,
    template: templates.Template,
    records: rows_module.Records,
    rows: Iterable[int],
    *,
    query: task_module.Record,
    row_id: str,
    shots: int,
    style: render.Style = "instructions",
    takes: Callable[[task_module.Record], bool] = lambda record: True,
) -> list[render.Exemplar]:
    """Returns the first `shots` records in the order of `rows` that may stand before the query.

    Those of `draw`; of these `takes` is asked last, once for each, and may keep count.
    """
    inputs_of = _inputs_and_options if records.split == rows_module.EXEMPLARS else _inputs
    said = {inputs_of(task, query)}
    is_bare = style == "instructions" and not template.lists_options
    picked: list[render.Exemplar] = []
    for at in rows:
        if len(picked) == shots:
            break
        other = records.row_id(at)
        if other == row_id:
            continue
        record = records[at]
        inputs = inputs_of(task, record)
        if inputs in said or (is_bare and render.needs_options(task, record)):
            continue
        if not takes(record):
            continue
        said.add(inputs)
        picked.append(render.Exemplar(record=record, row_id=other))
    return picked


def _inputs_and_options(task: task_module.Task, record: task_module.Record) -> tuple[str, ...]:
    return (*_inputs(task, record), "", *sorted(map(_folded, record.get("options", ()))))


def _inputs(task: task_module.Task, record: task_module.Record) -> tuple[str, ...]:
    texts = (record.get(name, "") for name in task.fields if name != "rationale")
    return tuple(sorted(map(_folded, texts)))


def _folded(text: str) -> str:
    return " ".join(overlap.folded(text).split())
