"""After against before: paired differences and a verdict in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval import pairs, predictions, results


@dataclass(frozen=True, kw_only=True)
class Change:
    """What tuning did to one task or cluster; the interval is of after minus before, paired.

    `before` is None where there is no earlier evaluation on the same rows.
    """

    name: str
    tasks: tuple[str, ...]
    metric: str
    n: int
    before: predictions.Estimate | None
    after: predictions.Estimate
    difference: predictions.Estimate | None
    chance: float | None
    majority: float | None
    heuristic: float | None

    @property
    def beaten(self) -> dict[str, bool]:
        """Returns for each thing compared whether the result is above it by more than its doubt.

        A baseline is beaten if it lies below the interval of the result, the untuned base if the
        interval of the paired difference lies above zero.
        """
        low = self.after.interval.low
        found = {
            name: value < low
            for name in ("chance", "majority", "heuristic")
            if (value := getattr(self, name)) is not None
        }
        if self.difference is not None:
            found["base"] = self.difference.interval.low > 0
        return found

    @property
    def is_below_chance(self) -> bool:
        """Returns whether the whole interval of the result lies below chance."""
        return results.is_below(self.after.interval.high, self.chance)

    @property
    def verdict(self) -> str:
        """Returns one sentence that says what the intervals allow to say."""
        above = [name for name, is_beaten in self.beaten.items() if is_beaten]
        rest = [name for name, is_beaten in self.beaten.items() if not is_beaten]
        if not self.beaten:
            return "Nothing to compare with: no baseline is known, and no earlier evaluation."
        if not rest:
            return f"Yes: above {_listed(above, 'and')} by more than its interval."
        below = ["below chance"] if self.is_below_chance else []
        rest = [name for name in rest if name != "chance" or not below]
        short = " and ".join([*below, *([f"not above {_listed(rest, 'or')}"] if rest else [])])
        if not above:
            return f"No: {short} by more than its interval."
        return f"In part: above {_listed(above, 'and')}, but {short}."

    @property
    def holds(self) -> bool:
        """Returns whether there is something to compare with, and the result is above all of it."""
        return bool(self.beaten) and all(self.beaten.values())


def of_tasks(
    before: results.Cells | None,
    after: results.Cells,
    summaries: Sequence[results.TaskSummary],
) -> list[Change]:
    """Returns the change of each task in `summaries` (those of `after`)."""
    earlier = results.grouped(before or (), "task", "prompts")
    later = results.grouped(after, "task", "prompts")
    return [
        _change(
            item.task,
            (item.task,),
            item,
            metric=item.metric,
            n=item.n,
            **_estimates(
                earlier.get((item.task, item.prompts), []),
                later[item.task, item.prompts],
                item.prompts,
            ),
        )
        for item in summaries
    ]


def of_clusters(
    changes: Sequence[Change], clusters: Sequence[results.ClusterSummary]
) -> list[Change]:
    """Returns the change of each cluster from those of its tasks."""
    by_task = {change.name: change for change in changes}
    found = []
    for item in clusters:
        tasks = [by_task[name] for name in item.tasks]
        has_before = all(task.before is not None for task in tasks)
        metrics = sorted({task.metric for task in tasks})
        found.append(
            _change(
                item.cluster,
                item.tasks,
                item,
                metric=", ".join(metrics),
                n=sum(task.n for task in tasks),
                before=predictions.mean([task.before for task in tasks]) if has_before else None,
                after=predictions.mean([task.after for task in tasks]),
                difference=predictions.mean([task.difference for task in tasks])
                if has_before
                else None,
            )
        )
    return found


def _change(
    name: str,
    tasks: tuple[str, ...],
    summary: results.TaskSummary | results.ClusterSummary,
    *,
    metric: str,
    n: int,
    before: predictions.Estimate | None,
    after: predictions.Estimate,
    difference: predictions.Estimate | None,
) -> Change:
    return Change(
        name=name,
        tasks=tasks,
        metric=metric,
        n=n,
        before=before,
        after=after,
        difference=difference,
        chance=summary.chance,
        majority=summary.majority,
        heuristic=summary.heuristic,
    )


def _estimates(
    earlier: results.Cells, later: results.Cells, prompts: str
) -> dict[str, predictions.Estimate | None]:
    """Returns before, after and their difference; no before where it was on other rows."""
    after = predictions.headline(later, prompts=prompts)
    before = pairs.on_rows_of(after, predictions.headline(earlier, prompts=prompts))
    found = {"after": predictions.estimate(after), "before": None, "difference": None}
    if before:
        found["before"] = predictions.estimate(before)
        found["difference"] = predictions.difference(found["after"], found["before"])
    return found


def _listed(names: Sequence[str], word: str) -> str:
    if len(names) == 1:
        return f"the {names[0]}" if names[0] in ("base", "heuristic", "majority") else names[0]
    named = [f"the {name}" if name != "chance" else name for name in names]
    return f"{', '.join(named[:-1])} {word} {named[-1]}"
