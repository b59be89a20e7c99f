"""One evaluation on disk: `<run>/eval/<step>/` with results, predictions, prompts and a summary.

results.jsonl      one object per task, template, setting and metric
predictions.jsonl  what was answered, row by row: see `eval.predictions`
prompts.jsonl.gz   what was asked, a prompt once: see `eval.kept_prompts`
samples.jsonl      some prompts with the scores of their options
summary.json       the setting, task and cluster summaries, baselines, what was left out
"""

import contextlib
import dataclasses
import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval import baselines, kept_prompts, predictions, results
from flanlike import atomic, errors, jsonl
from flanlike import config as config_lib
from flanlike.runs import kept, locks

_DONE = "summary.json"  # its being there says that the others are whole


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
    without training rows. `prompts` are long, and not read again with the rest: that is for
    `kept_prompts.read`.
    """

    setting: results.Setting
    held_out: tuple[str, ...]
    open_clusters: tuple[str, ...] = ()
    options: Mapping[str, Any]  # the evaluation's own settings
    cells: Sequence[predictions.Predictions]
    given: Mapping[str, baselines.Baselines]
    samples: Sequence[Sample] = ()
    prompts: Sequence[kept_prompts.Prompt] = ()
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
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locks.Lock(folder.parent, name=f".{folder.name}.lock") as lock:
        lock.take(wait=True)  # two that evaluate the same step write one after the other
        with atomic.folder(folder, last=_DONE) as partial:
            predictions.write(partial / "predictions.jsonl", found.cells)
            _write_lines(partial / "results.jsonl", map(results.as_json, found.all_results()))
            _write_lines(partial / "samples.jsonl", map(results.as_json, found.samples))
            kept_prompts.write(partial / kept_prompts.FILE, found.prompts)
            atomic.write_json(partial / _DONE, as_json(found), ensure_ascii=False)
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
    """Returns the evaluation that `write` left in this folder; a damaged one is a UserError."""
    with whole(path := folder / "predictions.jsonl"):
        cells = predictions.read(path)
        for cell in cells:
            predictions.expect_figures(cell)
    with whole(path := folder / "samples.jsonl"):
        samples = list(map(_sample, jsonl.read(path)))
    with whole(path := folder / _DONE):
        summary = json.loads(path.read_text(encoding="utf-8"))
        given = {name: baselines.Baselines(**its) for name, its in summary["baselines"].items()}
        if other := {cell.task for cell in cells} - set(given):
            raise ValueError(f"it knows no {', '.join(sorted(other))}, of which predictions are")
        return Evaluation(
            setting=results.Setting(**summary["setting"]),
            held_out=tuple(summary["held_out"]),
            open_clusters=tuple(summary["open_clusters"]),
            options=summary["options"],
            notes=summary["notes"],
            given=given,
            cells=cells,
            samples=samples,
        )


@contextlib.contextmanager
def whole(path: pathlib.Path) -> Iterator[None]:
    """Raises UserError for what comes of reading a file that is not as it was written."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise errors.UserError(
            f"{path}: damaged ({errors.in_one_line(error)}): bring it back from a copy, or move "
            f"{str(path.parent)!r} away and make it again"
        ) from error


def composition(run: pathlib.Path) -> dict[str, Any]:
    """Returns what a run's composition.json says (see `run_folder`), {} where there is none."""
    if not (path := run / "composition.json").is_file():
        return {}
    with whole(path):
        found = jsonl.parsed(path.read_text("utf-8"))
        # What is asked of it later raises here, where it is damaged.
        trained(found)
        dict(found.get("origins", {}))
        return found


def trained(composition: Mapping[str, Any]) -> dict[str, str]:
    """Returns the tasks that a run trained on, with their clusters."""
    return {task["task"]: task["cluster"] for task in composition.get("tasks", ())}


def state(run: pathlib.Path, step: int, settings: config_lib.EvalConfig) -> str:
    """Returns how the run's own evaluation at that step is: "whole", "missing", "torn" or "other".

    Torn: before files were moved, a full disk left half of one. Other: asked by other settings.
    """
    folder = folder_of(run, step)
    summary = _summary(folder)
    if summary is None:
        return "torn" if (folder / _DONE).is_file() else "missing"
    # What evaluations from before a setting did is its default.
    there, here = vars(config_lib.eval_of(summary["options"])), vars(settings)
    there = {name: tuple(v) if isinstance(v, list) else v for name, v in there.items()}
    asked = [name for name in here if name not in config_lib.NOT_ASKED]
    return "whole" if all(there[name] == here[name] for name in asked) else "other"


def is_whole(run: pathlib.Path, step: int, settings: config_lib.EvalConfig) -> bool:
    """Returns whether that evaluation was asked by these settings, and written to its end."""
    return state(run, step, settings) == "whole"


def data_of(folder: pathlib.Path) -> str | None:
    """Returns where the rows of an evaluation are from; None where none was written to its end."""
    summary = _summary(folder)
    return summary and summary["setting"]["data"]


def _summary(folder: pathlib.Path) -> dict[str, Any] | None:
    """Returns an evaluation's summary; None where it was not written, or not to its end."""
    try:
        found = json.loads((folder / _DONE).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("options"), dict) else None


def steps(run: pathlib.Path) -> list[pathlib.Path]:
    """Returns the folders of a run's whole evaluations, earliest step first."""
    found = [path for path in pathlib.Path(run).glob("eval/*") if path.name.isdigit()]
    return sorted(filter(_summary, found), key=lambda path: int(path.name))


def first_and_last(run: pathlib.Path) -> tuple[Evaluation | None, Evaluation]:
    """Returns a run's evaluations before and after tuning; the first is None where it has none.

    The last is the one after, or that of the run's best checkpoint where that is its model.
    """
    folders = steps(run)
    chosen = str(kept.chosen(run)) if folders else ""
    there = [path for path in run.glob(f"eval/*/{_DONE}") if path.parent.name.isdigit()]
    there.sort(key=lambda path: int(path.parent.name))
    for path in there:  # another one in the place of a damaged one would be no word of it
        is_read = path in (there[0], there[-1]) or path.parent.name == chosen
        if is_read and _summary(path.parent) is None:
            with whole(path):
                raise ValueError("no summary of an evaluation")
    if not folders:
        raise errors.UserError(
            f"run {str(run)!r} has no evaluation (no eval/<step>/summary.json): "
            f"let train.py finish, or run python -m eval --run {run}"
        )
    after = read(next((one for one in folders if one.name == chosen), folders[-1]))
    has_first = len(folders) > 1 and folders[0].name == "0"
    return (read(folders[0]) if has_first else None), after


def _write_lines(path: pathlib.Path, lines: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _sample(fields: dict[str, Any]) -> Sample:
    lists = ("options", "probabilities")
    return Sample(**{k: tuple(v) if k in lists else v for k, v in fields.items()})
