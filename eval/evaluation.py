"""One evaluation on disk: `<run>/eval/<step>/` with results, predictions, samples and a summary.

results.jsonl      one object per task, template, setting and metric
predictions.jsonl  what was answered, row by row: see `eval.predictions`
samples.jsonl      some prompts with the scores of their options
summary.json       the setting, task and cluster summaries, baselines, what was left out
"""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval import baselines, predictions, results
from flanlike import errors, jsonl


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One prompt with what the model made of it."""

    task: str
    template: str
    row: str
    inputs: str
    options: tuple[str, ...]  # empty where the answer was generated
    probabilities: tuple[float, ...]
    gold: str
    answer: str
    prompts: str = "instructions"


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The answers of one checkpoint, with all that makes figures of them.

    `held_out` are clusters that training never saw. `open_clusters` are those where input and
    options leave the task open, so that only the instruction decides. `notes` are plain values
    for the report: counts of prompts, truncated prompts, dropped rows, seconds, and the tasks
    without training rows.
    """

    setting: results.Setting
    held_out: tuple[str, ...]
    open_clusters: tuple[str, ...] = ()
    options: Mapping[str, Any]  # the evaluation's own settings
    cells: Sequence[predictions.Predictions]
    given: Mapping[str, baselines.Baselines]
    samples: Sequence[Sample] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    def all_results(self) -> list[results.Result]:
        return results.of(self.cells, self.given, self.setting)

    def tasks(self) -> list[results.TaskSummary]:
        return results.task_summaries(self.cells, self.given)

    def clusters(self) -> list[results.ClusterSummary]:
        return results.cluster_summaries(self.cells, self.tasks())


def write(run: pathlib.Path, found: Evaluation, *, name: str = "") -> pathlib.Path:
    """Writes an evaluation below the run's folder, in place of one of the same step and name.

    A name is for what is asked otherwise than by the run itself: the report leaves it aside.
    """
    folder = folder_of(run, found.setting.step, name)
    folder.mkdir(parents=True, exist_ok=True)
    predictions.write(folder / "predictions.jsonl", found.cells)
    _write_lines(folder / "results.jsonl", map(results.as_json, found.all_results()))
    _write_lines(folder / "samples.jsonl", map(results.as_json, found.samples))
    summary = as_json(found)
    # Last, for its being there says that the others are whole.
    path = folder / "summary.json"
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def folder_of(run: pathlib.Path, step: int, name: str = "") -> pathlib.Path:
    """Returns where an evaluation is: eval/200, or eval/200-shots3 for one with a name."""
    return pathlib.Path(run) / "eval" / (f"{step}-{name}" if name else str(step))


def as_json(found: Evaluation) -> dict[str, Any]:
    """Returns all but the single results and predictions as plain values."""
    tasks = found.tasks()
    clusters = results.cluster_summaries(found.cells, tasks)
    return {
        "setting": dataclasses.asdict(found.setting),
        "held_out": list(found.held_out),
        "open_clusters": list(found.open_clusters),
        "options": dict(found.options),
        "notes": dict(found.notes),
        "baselines": {name: results.as_json(given) for name, given in found.given.items()},
        "tasks": list(map(results.as_json, tasks)),
        "clusters": list(map(results.as_json, clusters)),
    }


def read(folder: pathlib.Path) -> Evaluation:
    """Returns the evaluation that `write` left in this folder."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return Evaluation(
        setting=results.Setting(**summary["setting"]),
        held_out=tuple(summary["held_out"]),
        open_clusters=tuple(summary["open_clusters"]),
        options=summary["options"],
        notes=summary["notes"],
        given={name: baselines.Baselines(**given) for name, given in summary["baselines"].items()},
        cells=predictions.read(folder / "predictions.jsonl"),
        samples=list(map(_sample, jsonl.read(folder / "samples.jsonl"))),
    )


def is_whole(run: pathlib.Path, step: int) -> bool:
    """Returns whether the run's own evaluation at that step was written to its end."""
    return (folder_of(run, step) / "summary.json").is_file()


def steps(run: pathlib.Path) -> list[pathlib.Path]:
    """Returns the folders of a run's whole evaluations, earliest step first."""
    found = (path.parent for path in pathlib.Path(run).glob("eval/*/summary.json"))
    return sorted((path for path in found if path.name.isdigit()), key=lambda path: int(path.name))


def first_and_last(run: pathlib.Path) -> tuple[Evaluation | None, Evaluation]:
    """Returns a run's evaluations before and after tuning; the first is None where there is one."""
    folders = steps(run)
    if not folders:
        raise errors.UserError(
            f"run {str(run)!r} has no evaluation (no eval/<step>/summary.json): "
            f"let train.py finish, or run python -m eval --run {run}"
        )
    after = read(folders[-1])
    return (read(folders[0]) if len(folders) > 1 else None), after


def _write_lines(path: pathlib.Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _sample(fields: dict[str, Any]) -> Sample:
    lists = ("options", "probabilities")
    return Sample(**{k: tuple(v) if k in lists else v for k, v in fields.items()})
