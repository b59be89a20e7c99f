"""Which rows are asked, and which of them are one draw.

Candidates of one question are a group (`record["group"]`): a metric over groups means nothing on a
part of one, so that groups are asked whole or not at all. Questions on one passage, and rows of
equal input, may be asked apart, but say less than as many rows of their own: `clusters` tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eval import statistics
from flanlike import seeding
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as tasks

Row = tuple[str, tasks.Record]  # row id, record


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The rows of a split, in an order by seed and row count alone, and read when asked for."""

    records: rows_module.Records
    units: Sequence[Sequence[int]]  # places of rows that are asked together, in the order drawn

    def first(self, count: int) -> list[Row]:
        """Returns the rows of the first units: `count` of single rows, about that many of groups.

        How many groups follows from their mean size: to stop where rows are enough would take
        small groups too often.
        """
        rows = sum(map(len, self.units))
        units = self.units[: max(1, count * len(self.units) // rows)]
        return [(self.records.row_id(i), self.records[i]) for unit in units for i in unit]


def sample(records: rows_module.Records, seed: int) -> Sample:
    """Returns the rows to ask of a split: groups whole, where its records have them.

    Every record is then read once, to know its group. Tasks that ask the same rows of another in
    two ways are asked the same.
    """
    units: list[list[int]] = [[i] for i in range(len(records))]
    if "group" in records[0]:
        places: dict[str, list[int]] = {}
        for i in range(len(records)):
            places.setdefault(records[i]["group"], []).append(i)
        units = list(places.values())
    seeding.rng("evaluation rows", seed, records.task.owner, records.split).shuffle(units)
    return Sample(records=records, units=units)


def some(records: rows_module.Records, count: int, seed: int) -> list[tasks.Record]:
    """Returns at most `count` records of a split, drawn singly: to fit baselines on."""
    order = list(range(len(records)))
    seeding.rng("evaluation rows", seed, records.task.name, records.split).shuffle(order)
    return [records[i] for i in order[:count]]


def clusters(task: tasks.Task, records: Sequence[tasks.Record]) -> tuple[int, ...]:
    """Returns for each record the number of its cluster: of what is drawn together.

    These are records of one group, and those that share their long field: the field with the most
    text in these records (SQuAD's context, SNLI's premise, the sentence of a sentiment task), of
    those that are not the same in all of them, as an instruction may be.
    """
    texts = {name: [r[name] for r in records] for name in task.fields if name != "rationale"}
    varying = {name: column for name, column in texts.items() if len(set(column)) > 1}
    same = [""] * len(records)
    long = max(varying.values(), key=lambda column: sum(map(len, column)), default=same)
    keys = [[("text", text)] for text in long]
    for its_keys, record in zip(keys, records, strict=True):
        if "group" in record:
            its_keys.append(("group", record["group"]))
    return tuple(statistics.clusters(keys).tolist())
