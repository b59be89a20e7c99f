"""Figures by number of exemplars: several evaluations as one table and plot."""

import json
import pathlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from eval import evaluation, figures, page, plots, predictions, run_folder
from flanlike import atomic, errors

MEAN = "mean over tasks"
_FILE = "by_shots.json"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A headline figure with so many exemplars.

    `shown` is the mean number that stood in a prompt: some may have found no room.
    """

    shots: int
    value: float
    ci95: tuple[float, float]
    shown: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A task's headline metric, or the mean of all tasks', by number of exemplars."""

    name: str
    metric: str
    points: tuple[Point, ...]


def of(found: Sequence[evaluation.Evaluation]) -> list[Curve]:
    """Returns a curve for each task that all evaluations asked and, of several, of their mean.

    A headline is the mean over templates; its interval resamples clusters of rows.
    """
    points: dict[str, list[Point]] = {}
    metrics: dict[str, str] = {}
    for each in sorted(found, key=lambda one: one.options["shots"]):
        estimates = _estimates(each)
        for name, (metric, estimate) in estimates.items():
            metrics[name] = metric
            points.setdefault(name, []).append(_point(each, estimate))
    curves = [
        Curve(name=name, metric=metrics[name], points=tuple(its))
        for name, its in points.items()
        if len(its) == len(found)
    ]
    if len(curves) > 1:
        names = [curve.name for curve in curves]
        means = []
        for each in sorted(found, key=lambda one: one.options["shots"]):
            estimates = _estimates(each)
            means.append(_point(each, predictions.mean([estimates[name][1] for name in names])))
        metric = " / ".join(dict.fromkeys(curve.metric for curve in curves))
        curves.append(Curve(name=MEAN, metric=metric, points=tuple(means)))
    return curves


def lines(curves: Sequence[Curve]) -> list[str]:
    """Returns what the screen shows: a line a curve, a column a number of exemplars."""
    shots = [point.shots for point in curves[0].points]
    width = max(len(curve.name) for curve in curves)
    head = "  ".join(f"{_counted(count):18}" for count in shots)
    return [f"{'':{width}}  {head}".rstrip()] + [
        f"{curve.name:{width}}  {'  '.join(f'{_shown(p):18}' for p in curve.points)}".rstrip()
        for curve in curves
    ]


def as_json(curves: Sequence[Curve]) -> dict[str, object]:
    return {"curves": [asdict(curve) for curve in curves]}


def write(folder: pathlib.Path, curves: Sequence[Curve], *, model: str, data: str) -> pathlib.Path:
    """Writes by_shots.html and by_shots.json into the folder; returns the page's path."""
    found: list[page.Block] = [
        page.Heading(text=f"{page.literal(model)} by number of exemplars", level=1),
        *figures.data_banner(data),
        page.Text(text=f"Rows of {figures.source(data)}.", role="note"),
        *blocks(curves),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write(folder / "by_shots.html", page.to_html(f"{model} by exemplars", found))
    atomic.write_json(folder / _FILE, as_json(curves), ensure_ascii=False)
    return folder / "by_shots.html"


def blocks(curves: Sequence[Curve], *, name: str = "by_shots") -> list[page.Block]:
    """Returns the plot and the table, and what found no room; `name` is the plot's."""
    header = ["task", "metric", *(_counted(p.shots) for p in curves[0].points)]
    rows = [
        [page.literal(curve.name), curve.metric, *(_shown(point) for point in curve.points)]
        for curve in curves
    ]
    svg = plots.by_shots(
        {curve.name: [(p.shots, p.value, *p.ci95) for p in curve.points] for curve in curves},
        name=name,
    )
    caption = (
        f"{curves[-1].name[:1].upper()}{curves[-1].name[1:]} by the number of solved exemplars "
        "before each question, with 95 % intervals. Those of each task are in the table."
        if curves[-1].name == MEAN
        else "By the number of solved exemplars before each question, with 95 % intervals."
    )
    return [
        page.Figure(name=name, svg=svg, caption=caption),
        page.Table(header=header, rows=rows, words=(1,)),
        *_room(curves),
    ]


def of_run(run: run_folder.Run) -> list[page.Block]:
    """Returns the sections of a run's page with the curves that lie in its folder.

    They are those that `python -m eval --shots A B ...` wrote: of a run below eval/, of a model
    with --out in the folder that has one of each number.
    """
    found = {path.name: path for path in sorted((run.folder / "eval").glob("*by-shots"))}
    if run.folder.resolve().name == f"shots{run.after.options.get('shots')}":
        found["by-shots"] = run.folder.resolve().parent
    sections: list[page.Block] = []
    for number, (folder, path) in enumerate(found.items(), 1):
        if (path / _FILE).is_file():
            asked = folder.removesuffix("by-shots").strip("-")
            about = f": {page.literal(asked)}" if asked != str(run.after.setting.step) else ""
            sections += [
                page.Heading(text=f"By number of exemplars{about if asked else ''}"),
                *blocks(read(path), name=f"by_shots_{number}"),
            ]
    return sections


def read(folder: pathlib.Path) -> list[Curve]:
    """Returns the curves that `write` left in this folder."""
    path = folder / _FILE
    try:
        found = [
            Curve(
                name=one["name"],
                metric=one["metric"],
                points=tuple(Point(**{**p, "ci95": tuple(p["ci95"])}) for p in one["points"]),
            )
            for one in json.loads(path.read_text(encoding="utf-8"))["curves"]
        ]
        if not found or not all(curve.points for curve in found):
            raise ValueError("it has no curve, or one without points")
        return found
    except (ValueError, KeyError, TypeError) as error:
        raise errors.UserError(
            f"{path}: not the curves that python -m eval --shots wrote ({error}): ask again, or "
            "take the file away"
        ) from error


def _estimates(found: evaluation.Evaluation) -> dict[str, tuple[str, predictions.Estimate]]:
    estimates = {}
    for name in dict.fromkeys(cell.task for cell in found.cells):
        cells = [cell for cell in found.cells if cell.task == name]
        headline = predictions.headline(cells, prompts=cells[0].prompts)
        estimates[name] = headline[0].metric, predictions.estimate(headline)
    return estimates


def _point(found: evaluation.Evaluation, estimate: predictions.Estimate) -> Point:
    shots, prompts = found.options["shots"], found.notes.get("prompts", 0)
    dropped = found.notes.get("dropped_exemplars", 0)
    return Point(
        shots=shots,
        value=estimate.value,
        ci95=(estimate.interval.low, estimate.interval.high),
        shown=round(shots - dropped / prompts, 2) if prompts else float(shots),
    )


def _counted(shots: int) -> str:
    return f"{shots} shot{'s' * (shots != 1)}"


def _shown(point: Point) -> str:
    return f"{figures.number(point.value)} {figures.ends_of(point.ci95)}"


def _room(curves: Sequence[Curve]) -> list[page.Block]:
    """Says where exemplars found no room."""
    short = [p for p in curves[0].points if p.shown < p.shots]
    if not short:
        return []
    said = ", ".join(f"of {p.shots} on average {p.shown:.2f}" for p in short)
    return [page.Text(text=f"Not all exemplars found room in --eval.max-input-tokens: {said}.")]
