"""Which tasks data has the rows of: every source is opened, and what fails is told together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from flanlike import errors
from flanlike.sources import opening
from flanlike.tasks import families
from flanlike.tasks import task as task_module

_WHERE_HELD_OUT = "; it is asked where it is held out, and never trained on"


@dataclass(frozen=True, kw_only=True)
class Available:
    """What data has of some tasks: counts of training rows, or the reason why it has none.

    Tasks in `missing` have no rows that can be used, those in `untrainable` some to evaluate on.
    """

    rows: Mapping[str, int]
    dropped: Mapping[str, int]  # without an answer
    bad: Mapping[str, int]  # that give no record
    first_bad: Mapping[str, str]  # where the first of these is, and why
    missing: Mapping[str, str]
    untrainable: Mapping[str, str]

    def left_out(self, trained: Sequence[str]) -> dict[str, str]:
        """Returns why tasks cannot take part where those of `trained` are to be trained on."""
        untrainable = {n: why for n, why in self.untrainable.items() if n in set(trained)}
        return {**self.missing, **untrainable}


class Tasks(Protocol):
    """What is needed of a registry here."""

    @property
    def clusters(self) -> Mapping[str, Sequence[str]]: ...

    def task(self, name: str) -> task_module.Task: ...

    def select(self, name: str) -> Sequence[str]:
        """Returns the tasks of a family that a name selects; any other name is its own."""


def of(
    names: Sequence[str],
    registry: Tasks,
    data: str,
    *,
    splits: Mapping[str, Sequence[str]] | None = None,
    skip_missing: bool = False,
    skip_bad_rows: bool = False,
) -> Available:
    """Opens each task's train split, and its other `splits`, and returns what was found there.

    The first of `splits` is what is evaluated on; the others serve to choose by, which only a task
    with training rows does.

    Tasks that exist in the micro-world only are always just left out of other data, and so are
    tasks of which a folder holds nothing: it may be a few datasets out of many. Any others that
    cannot be opened are one error that names them all, unless `skip_missing`; that none can be is
    an error even then.
    """
    counts: dict[str, tuple[int, int, int, str]] = {}  # not the records, which hold a file's lines
    reasons: dict[str, str] = {}
    untrainable: dict[str, str] = {}
    for task in map(registry.task, names):
        if reason := opening.availability(task, data):
            reasons[task.name] = reason
            continue
        try:
            why_untrained = opening.lacks_training(task, data)
            others = (splits or {}).get(task.name, ())
            for other in others[:1] if why_untrained else others:
                opening.open_rows(task, data, other, skip_bad_rows=skip_bad_rows)
            if why_untrained:
                untrainable[task.name] = why_untrained + _WHERE_HELD_OUT
                continue
            records = opening.open_rows(task, data, "train", skip_bad_rows=skip_bad_rows)
            counts[task.name] = len(records), records.dropped, records.bad, records.first_bad
        except errors.UserError as error:  # told with the others' below
            reasons[task.name] = str(error).removeprefix(f"task {task.name!r}: ")
    if reasons:
        _check_reasons(reasons, registry, data, skip_missing=skip_missing, n_tasks=len(names))
    return Available(
        rows={name: rows for name, (rows, _, _, _) in counts.items()},
        dropped={name: dropped for name, (_, dropped, _, _) in counts.items()},
        bad={name: bad for name, (_, _, bad, _) in counts.items()},
        first_bad={name: first_bad for name, (_, _, _, first_bad) in counts.items()},
        missing=reasons,
        untrainable=untrainable,
    )


def by_reason(reasons: Mapping[str, str]) -> list[str]:
    """Returns what is missing, a reason each: ["rte, cb: no folder", "snli: not on the hub"]."""
    named: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        named.setdefault(reason, []).append(name)
    return [f"{families.listed(names)}: {reason}" for reason, names in named.items()]


def _check_reasons(
    reasons: Mapping[str, str], registry: Tasks, data: str, *, skip_missing: bool, n_tasks: int
) -> None:
    """Raises unless the tasks with `reasons` may be left out, and others are left."""
    wanted = {
        name: reason
        for name, reason in reasons.items()
        if not registry.task(name).is_microworld_only
        and not opening.is_elsewhere(registry.task(name), data)
    }
    if n_tasks == 1 and any(registry.task(name).file for name in wanted):
        raise errors.UserError(*wanted.values())  # nothing else is there to go on with
    if wanted and not skip_missing:
        listed = "; ".join(by_reason(wanted))
        raise errors.UserError(
            f"--data {data} lacks the rows of {len(wanted)} tasks ({listed}); "
            "mend that, or leave them out with --skip-missing"
        )
    if len(reasons) == n_tasks:
        listed = "; ".join(by_reason(reasons))
        raise errors.UserError(
            f"--data {data} has rows of none of the {n_tasks} tasks ({listed}); "
            "give another --data or other tasks"
        )
