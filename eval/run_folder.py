"""A run's folder as the report reads it: config.json, eval/<step>/, and where they are there
metrics.jsonl and composition.json.

composition.json says what training drew from and what it left out:

    {"mixture": "flan_core",
     "tasks": [{"task": "rte", "cluster": "nli", "rows": 2000, "rate": 2000.0, "share": 0.04}],
     "excluded": [{"task": "snli", "reason": "held out with cluster nli"}],
     "missing": [{"task": "drop", "reason": "no folder data/drop"}],
     "dropped_rows": {"snli": 12}, "bad_rows": {"dart": 1}, "overlapping_rows": {"qnli": 3},
     "duplicate_rows": {"qqp": 7}, "dropped_exemplars": 0,
     "truncated": {"inputs": 3, "targets": 0},
     "cuts": {"race_middle": {"prompts": 90, "cut": 3, "cut_tokens": 512, "left_out": 1,
                              "unknown_targets": 0}}}

A run that counted no `cuts` cut the beginning of inputs.
"""

import functools
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval import comparison, evaluation, kept_prompts, results
from flanlike import errors, jsonl
from flanlike.mixtures import holdout


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that a report reads from a run's folder."""

    folder: pathlib.Path
    config: Mapping[str, Any]
    before: evaluation.Evaluation | None
    after: evaluation.Evaluation
    training: Sequence[Mapping[str, Any]]  # a line a step
    composition: Mapping[str, Any]
    looks: Sequence[Mapping[str, Any]] = ()  # at the validation set, a line each

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def prompts(self) -> str:
        """The style that was asked in."""
        return self.after.cells[0].prompts

    @property
    def is_of_model(self) -> bool:
        """Says whether the folder is of a model that was asked and not trained."""
        return self.config.get("steps") == 0

    @functools.cached_property
    def changes(self) -> list[comparison.Change]:
        """After against before for each cluster, in the headline's style."""
        return comparison.of_clusters(self.task_changes, self._clusters)

    @functools.cached_property
    def task_changes(self) -> list[comparison.Change]:
        before = self.before.cells if self.before else None
        return comparison.of_tasks(before, self.after.cells, self.summaries)

    @functools.cached_property
    def summaries(self) -> list[results.TaskSummary]:
        return [item for item in self.after.tasks() if item.prompts == self.prompts]

    def is_held_out(self, change: comparison.Change) -> bool:
        """Says whether training saw no task of the change's cluster, nor what they are made of."""
        held_out = set(self.after.held_out)
        is_named = change.name in held_out or (
            set(change.tasks) <= held_out and not self.is_trained(change)
        )
        return is_named and self.shared.keys().isdisjoint(change.tasks)

    def is_trained(self, change: comparison.Change) -> bool:
        """Says whether training saw a task of the change's cluster."""
        return change.name in self.trained.values()

    @functools.cached_property
    def trained(self) -> dict[str, str]:
        """The tasks that the run trained on, with their clusters, as far as its folder tells."""
        return evaluation.trained(self.composition)

    @functools.cached_property
    def shared(self) -> dict[str, dict[str, str]]:
        """What asked tasks share with trained ones: see `holdout.shared`."""
        asked = {cell.task: cell.cluster for cell in self.after.cells if not cell.is_choosing}
        untrained = {task: asked[task] for task in asked if task not in self.trained}
        return holdout.shared(self.trained, untrained, origins=self.composition.get("origins", {}))

    def texts_asked(self, found: evaluation.Evaluation) -> kept_prompts.Prompts:
        """Returns the prompts of one of the run's evaluations, as far as they were kept."""
        return kept_prompts.read(evaluation.folder_of(self.folder, found.setting.step))

    @property
    def _clusters(self) -> list[results.ClusterSummary]:
        return results.cluster_summaries(self.after.cells, self.summaries)


def read(folder: pathlib.Path) -> Run:
    """Returns a run's figures; a folder without an evaluation is the user's mistake."""
    if not (folder / "config.json").is_file():
        raise errors.UserError(
            f"{str(folder)!r} is no run's folder (it has no config.json): expected the --out "
            "folder of train.py"
        )
    with evaluation.whole(path := folder / "config.json"):
        config = {**jsonl.parsed(path.read_text(encoding="utf-8"))}
    before, after = evaluation.first_and_last(folder)
    if not after.cells:
        raise errors.UserError(
            f"the evaluation of {str(folder)!r} has no predictions: move "
            f"{str(evaluation.folder_of(folder, after.setting.step))!r} away and evaluate again"
        )
    with evaluation.whole(path := folder / "metrics.jsonl"):
        lines = jsonl.read(path, is_growing=True) if path.is_file() else ()
        lines = [{**line} for line in lines]
        _expect_steps(lines)
    composition = evaluation.composition(folder)
    with evaluation.whole(folder / "composition.json"):
        _expect_composition(composition)
    return Run(
        folder=folder,
        config=config,
        before=before,
        after=after,
        training=[line for line in lines if "loss" in line],
        looks=[line for line in lines if "validation_loss" in line],
        composition=composition,
    )


def _expect_steps(lines: Sequence[Mapping[str, Any]]) -> None:
    """Raises ValueError and the like where a line of metrics.jsonl is none."""
    for line in lines:
        if "loss" in line or "validation_loss" in line:
            for name in ("step", *({"loss", "validation_loss"} & line.keys())):
                float(line[name])


def _expect_composition(found: Mapping[str, Any]) -> None:
    """Raises ValueError and the like where composition.json is not as it stands above."""
    for item in found.get("tasks", ()):
        hash((item["task"], item["cluster"]))
        float(item["rows"]), float(item["share"])
    for item in (*found.get("missing", ()), *found.get("excluded", ())):
        hash((item["task"], item["reason"]))
    for kind in ("dropped_rows", "bad_rows", "overlapping_rows", "duplicate_rows", "truncated"):
        for count in found.get(kind, {}).values():
            int(count)
    for counts in found.get("cuts", {}).values():
        for name in ("prompts", "cut", "cut_tokens", "left_out", "unknown_targets"):
            int(counts[name])
