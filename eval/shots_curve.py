"""Figures by number of exemplars: several evaluations as one table and plot."""

import pathlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from eval import evaluation, figures, page, plots, predictions
from flanlike import atomic

MEAN = "mean over tasks"


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
    head = "  ".join(f"{f'{count} shots':18}" for count in shots)
    return [f"{'':{width}}  {head}".rstrip()] + [
        f"{curve.name:{width}}  {'  '.join(f'{_shown(p):18}' for p in curve.points)}".rstrip()
        for curve in curves
    ]


def as_json(curves: Sequence[Curve]) -> dict[str, object]:
    return {"curves": [asdict(curve) for curve in curves]}


def write(folder: pathlib.Path, curves: Sequence[Curve], *, model: str, data: str) -> pathlib.Path:
    """Writes by_shots.html and by_shots.json into the folder; returns the page's path."""
    header = ["task", "metric", *(f"{p.shots} shots" for p in curves[0].points)]
    rows = [
        [page.literal(curve.name), curve.metric, *(_shown(point) for point in curve.points)]
        for curve in curves
    ]
    svg = plots.by_shots(
        {curve.name: [(p.shots, p.value, *p.ci95) for p in curve.points] for curve in curves}
    )
    caption = "The thick line is the last row of the table, with 95 % intervals."
    blocks: list[page.Block] = [
        page.Heading(text=f"{page.literal(model)} by number of exemplars", level=1),
        *figures.data_banner(data),
        page.Text(text=f"Rows of {figures.source(data)}.", role="note"),
        page.Figure(name="by_shots", svg=svg, caption=caption),
        page.Table(header=header, rows=rows, words=(1,)),
        *_room(curves),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write(folder / "by_shots.html", page.to_html(f"{model} by exemplars", blocks))
    atomic.write_json(folder / "by_shots.json", as_json(curves), ensure_ascii=False)
    return folder / "by_shots.html"


def _estimates(found: evaluation.Evaluation) -> dict[str, tuple[str, predictions.Estimate]]:
    estimates = {}
    for name in dict.fromkeys(cell.task for cell in found.cells):
        cells = [cell for cell in found.cells if cell.task == name]
        headline = predictions.headline(cells, prompts=cells[0].prompts)
        estimates[name] = headline[0].metric, predictions.estimate(headline)
    return estimates


def _point(found: evaluation.Evaluation, estimate: predictions.Estimate) -> Point:
    shots, prompts = found.options["shots"], found.notes["prompts"]
    dropped = found.notes["dropped_exemplars"]
    return Point(
        shots=shots,
        value=estimate.value,
        ci95=(estimate.interval.low, estimate.interval.high),
        shown=round(shots - dropped / prompts, 2) if prompts else float(shots),
    )


def _shown(point: Point) -> str:
    return f"{figures.number(point.value)} {figures.ends_of(point.ci95)}"


def _room(curves: Sequence[Curve]) -> list[page.Block]:
    """Says where exemplars found no room."""
    short = [p for p in curves[0].points if p.shown < p.shots]
    if not short:
        return []
    said = ", ".join(f"of {p.shots} on average {p.shown:.2f}" for p in short)
    return [page.Text(text=f"Not all exemplars found room in --eval.max-input-tokens: {said}.")]
