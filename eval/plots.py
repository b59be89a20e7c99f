"""The report's plots as SVG elements, in the page's own ink: readable light, dark and narrow."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Drawn in stand-in colours; the page's style says what they are, by day and by night. The second
# value is for a file on its own.
_COLOURS = {
    "#010101": ("var(--ink)", "#50545c"),
    "#020202": ("var(--soft)", "#80848c"),
    "#030303": ("var(--line)", "#c8c8c8"),
    "#040404": ("var(--before)", "#868a94"),
    "#050505": ("var(--after)", "#2f78c4"),
    "#060606": ("var(--mark)", "#c8682a"),
    "#070707": ("var(--paper)", "#ffffff"),
}
INK, SOFT, LINE, BEFORE, AFTER, MARK, PAPER = _COLOURS
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))
_WIDTH_INCHES = 5.4  # 390 pixels: letters keep their size on a telephone
_LEGEND_LETTERS = 64  # that have room beside each other, marks included
_MOST_NAMES = 8  # of lines that are named where they end


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One line of the held-out plot: (value, low, high) before and after, and baselines."""

    name: str
    before: tuple[float, float, float] | None
    after: tuple[float, float, float]
    chance: float | None
    majority: float | None
    heuristic: float | None


def held_out(bars: Sequence[Bar], *, name: str = "held_out") -> str:
    """Returns one line of bars a cluster, before and after, with error bars and baselines."""
    figure, axes = _figure(0.72 * len(bars) + 1.0)
    has_before = any(bar.before for bar in bars)
    apart = 0.17 if has_before else 0.0
    for y, bar in enumerate(reversed(bars)):
        for offset, estimate, colour in ((apart, bar.before, BEFORE), (-apart, bar.after, AFTER)):
            if estimate is None:
                continue
            value, low, high = estimate
            axes.barh(y + offset, value, height=0.3, color=colour, zorder=2)
            axes.plot([low, high], [y + offset] * 2, color=INK, linewidth=1.2, zorder=4)
            ink = SOFT if colour == BEFORE else colour  # letters need more contrast than bars
            axes.text(1.12, y + offset, _short(value), color=ink, va="center", ha="right")
        for value, style in (
            (bar.chance, "-"),
            (bar.majority, (0, (4, 1.5))),
            (bar.heuristic, (0, (1, 1))),
        ):
            if value is not None:
                axes.plot(
                    [value] * 2, [y - 0.4, y + 0.4], color=MARK, linestyle=style, lw=1.8, zorder=3
                )
    axes.set_yticks(range(len(bars)), [bar.name.replace("_", " ") for bar in reversed(bars)])
    axes.set_ylim(-0.55, len(bars) - 0.45)
    axes.set_xlim(0, 1.13)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    handles = [_patch(BEFORE, "before"), _patch(AFTER, "after")] if has_before else []
    for name, style in (("chance", "-"), ("majority", (0, (4, 1.5))), ("heuristic", (0, (1, 1)))):
        if any(getattr(bar, name) is not None for bar in bars):
            handles.append(_line(MARK, style, name))
    _legend(axes, handles)
    return _svg(figure, name)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the first picture; `without` is the most that is right without reading, `word`
    is "learned", "not shown" or "worse".
    """

    name: str
    before: float | None
    after: tuple[float, float, float]
    without: float | None
    word: str


def learned(lines: Sequence[Line]) -> str:
    """Returns a line a cluster: an arrow from before to after, the range of after, and a tick."""
    figure, axes = _figure(0.5 * len(lines) + 0.9)
    for y, line in enumerate(reversed(lines)):
        value, low, high = line.after
        axes.plot([low, high], [y, y], color=AFTER, lw=5, alpha=0.3, solid_capstyle="butt")
        if line.without is not None:
            axes.plot([line.without] * 2, [y - 0.3, y + 0.3], color=MARK, lw=2, zorder=3)
        if line.before is not None:
            axes.plot([line.before, value], [y, y], color=AFTER, lw=1.4, zorder=4)
            axes.scatter([line.before], [y], s=34, color=BEFORE, lw=0, zorder=5)
        axes.scatter([value], [y], s=60, color=AFTER, lw=0, zorder=6)
        colour = {"learned": AFTER, "worse": INK}.get(line.word, SOFT)
        axes.text(1.22, y, line.word, color=colour, va="center", ha="right", fontsize=10)
    axes.set_yticks(range(len(lines)), [line.name for line in lines[::-1]])
    axes.set_ylim(-0.55, len(lines) - 0.45)
    axes.set_xlim(min(0.0, *(line.after[1] for line in lines)), 1.23)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100"])
    handles = [_dot(BEFORE, "before")] if any(line.before is not None for line in lines) else []
    handles.append(_dot(AFTER, "after"))
    if any(line.without is not None for line in lines):
        handles.append(_line(MARK, "-", "without reading"))
    _legend(axes, handles)
    return _svg(figure, "in_short")


def learning_curve(
    lines: Sequence[Mapping[str, Any]], looks: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Returns the loss over steps: each step thin, a running mean thick; validation's as dots."""
    figure, axes = _figure(2.6)
    steps, losses = [line["step"] for line in lines], [line["loss"] for line in lines]
    axes.plot(steps, losses, color=BEFORE, linewidth=0.8, alpha=0.7)
    axes.plot(steps, _smooth(losses), color=AFTER, linewidth=2)
    if looks:
        seen, found = ([look[name] for look in looks] for name in ("step", "validation_loss"))
        axes.plot(seen, found, color=MARK, marker="o", markersize=4, linewidth=1, linestyle=":")
    axes.set_xlabel("step", color=SOFT)
    axes.set_ylabel("loss, nats a target token", color=SOFT)
    axes.set_ylim(bottom=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    return _svg(figure, "learning_curve")


def composition(shares: Mapping[str, Mapping[str, float]]) -> str:
    """Returns one bar a cluster, of its tasks' expected shares of the training examples."""
    ordered = sorted(shares, key=lambda cluster: sum(shares[cluster].values()))
    figure, axes = _figure(0.36 * len(ordered) + 0.7)
    for y, cluster in enumerate(ordered):
        left = 0.0
        for share in sorted(shares[cluster].values(), reverse=True):
            axes.barh(y, share, left=left, height=0.62, color=AFTER, edgecolor=PAPER, linewidth=1.2)
            left += share
        axes.text(left + 0.002, y, f" {left:.0%}", va="center", color=INK)
    axes.set_yticks(range(len(ordered)), [name.replace("_", " ") for name in ordered])
    widest = max((sum(tasks.values()) for tasks in shares.values()), default=1.0)
    axes.set_xlim(0, widest * 1.15)
    axes.set_ylim(-0.6, len(ordered) - 0.4)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    return _svg(figure, "composition")


def template_spread(
    values: Mapping[str, tuple[Sequence[float], Sequence[float]]], chances: Mapping[str, float]
) -> str:
    """Returns a dot per template and task: before above, after below; chance as a tick.

    Where there is no before, the others stand alone in the middle.
    """
    figure, axes = _figure(0.46 * len(values) + 0.9)
    has_before = any(before for before, _ in values.values())
    apart = 0.16 if has_before else 0.0
    for y, (task, (before, after)) in enumerate(reversed(values.items())):
        axes.axhline(y, color=LINE, linewidth=0.6, zorder=0)
        axes.scatter(before, [y + apart] * len(before), s=22, color=BEFORE, alpha=0.75, lw=0)
        axes.scatter(after, [y - apart] * len(after), s=22, color=AFTER, alpha=0.75, lw=0)
        if chances.get(task) is not None:
            axes.plot([chances[task]] * 2, [y - 0.34, y + 0.34], color=MARK, lw=1.8)
    axes.set_yticks(range(len(values)), list(reversed(values)))
    axes.set_ylim(-0.6, len(values) - 0.4)
    axes.set_xlim(-0.02, 1.02)
    both = [_dot(BEFORE, "before"), _dot(AFTER, "after")]
    dots = both if has_before else [_dot(AFTER, "a template")]
    _legend(axes, [*dots, _line(MARK, "-", "chance")])
    return _svg(figure, "template_spread")


def compared(
    names: Sequence[str],
    rows: Mapping[str, Mapping[str, Sequence[float]]],
    chances: Mapping[str, float | None],
) -> str:
    """Returns a dot per run and a bar at the mean: rows by cluster, in each a line per kind."""
    colours = dict(zip(names, (AFTER, MARK, INK, SOFT, BEFORE) * len(names), strict=False))
    height = 0.2 * len(names) + 0.3
    figure, axes = _figure(height * len(rows) + 1.0)
    y, ticks = 0.0, []
    for cluster, by_name in reversed(rows.items()):
        lines = [y + 0.2 * i for i in range(len(names))]
        ticks.append((sum(lines) / len(lines), cluster.replace("_", " ")))
        for line, name in zip(lines, reversed(names), strict=True):
            values = by_name.get(name, ())
            if values:
                axes.plot([min(values), max(values)], [line] * 2, color=colours[name], lw=1.2)
                axes.scatter(values, [line] * len(values), s=14, color=colours[name], lw=0)
                middle = sum(values) / len(values)
                axes.plot([middle] * 2, [line - 0.08, line + 0.08], color=colours[name], lw=2.4)
        if chances.get(cluster) is not None:
            ends = [lines[0] - 0.14, lines[-1] + 0.14]
            axes.plot([chances[cluster]] * 2, ends, color=SOFT, lw=1, linestyle=(0, (2, 2)))
        y += height
    axes.set_yticks([tick for tick, _ in ticks], [name for _, name in ticks])
    axes.set_xlim(0, 1.02)
    _legend(axes, [_dot(colours[name], name) for name in names])
    return _svg(figure, "compared")


def votes(lines: Mapping[str, Sequence[float]]) -> str:
    """Returns a line a task: its figure with 1, 2, ... samples. Its name stands at its end."""
    figure, axes = _figure(2.8 + 0.12 * max(0, len(lines) - 5))
    colours = (AFTER, MARK, INK, SOFT, BEFORE)
    ends = {name: (len(values), values[-1]) for name, values in lines.items()}
    for number, values in enumerate(lines.values()):
        how = {
            "color": colours[number % len(colours)],
            "linestyle": _DASHES[number // len(colours) % len(_DASHES)],
        }
        axes.plot(range(1, len(values) + 1), values, marker="o", ms=3, clip_on=False, **how)
    axes.set_xlabel("samples that vote", color=SOFT)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    _from_zero(axes, min(map(min, lines.values())))
    _named(axes, ends)
    return _svg(figure, "self_consistency")


def perplexities(
    points: Sequence[tuple[float, float, float, float]], *, metric: str, mean: float
) -> str:
    """Returns a dot a template: (perplexity, value, low, high), and a line at their mean."""
    figure, axes = _figure(3.2)
    axes.axhline(mean, color=MARK, lw=1.4, linestyle=(0, (4, 1.5)), zorder=1)
    for perplexity, value, low, high in points:
        axes.plot([perplexity] * 2, [low, high], color=BEFORE, lw=1.2, zorder=2)
        axes.scatter([perplexity], [value], s=30, color=AFTER, lw=0, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.3g}")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:,.3g}")
    axes.tick_params(axis="x", which="minor", colors=INK, length=0, labelsize=9)
    axes.set_xlabel("perplexity of the inputs", color=SOFT)
    axes.set_ylabel(metric, color=SOFT)
    _legend(axes, [_dot(AFTER, "a template"), _line(MARK, (0, (4, 1.5)), "mean over templates")])
    return _svg(figure, "perplexities")


def by_shots(
    curves: Mapping[str, Sequence[tuple[int, float, float, float]]], *, name: str = "by_shots"
) -> str:
    """Returns a line a task, the last one thick: (exemplars, value, low, high) a point."""
    figure, axes = _figure(3.2)
    *others, last = curves
    for other in others:
        shots, values, _, _ = zip(*curves[other], strict=True)
        axes.plot(shots, values, color=BEFORE, lw=1.0, alpha=0.7, zorder=2)
    shots, values, lows, highs = zip(*curves[last], strict=True)
    axes.fill_between(shots, lows, highs, color=AFTER, alpha=0.15, lw=0, zorder=1)
    axes.vlines(shots, lows, highs, color=AFTER, lw=1.2, zorder=3)
    axes.plot(shots, values, color=AFTER, lw=2, marker="o", ms=5, zorder=4)
    axes.set_xticks(shots)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_xlabel("exemplars before each question", color=SOFT)
    _legend(axes, [_dot(AFTER, last), *([_dot(BEFORE, "a task")] if others else [])])
    _from_zero(axes, min(low for points in curves.values() for _, _, low, _ in points))
    if len(others) <= _MOST_NAMES:
        _named(axes, {other: curves[other][-1][:2] for other in others})
    return _svg(figure, name)


def conditions(
    lines: Sequence[tuple[str, tuple[float, float, float], tuple[float, float, float] | None]],
) -> str:
    """Returns a dot and its interval a condition: name, (value, low, high) after, and before."""
    figure, axes = _figure(0.46 * len(lines) + 1.0)
    for y, (_, after, before) in enumerate(reversed(lines)):
        axes.axhline(y, color=LINE, linewidth=0.6, zorder=0)
        for offset, estimate, colour in ((0.14, before, BEFORE), (-0.14, after, AFTER)):
            if estimate is not None:
                value, low, high = estimate
                axes.plot([low, high], [y + offset] * 2, color=colour, lw=1.6, zorder=2)
                axes.scatter([value], [y + offset], s=30, color=colour, lw=0, zorder=3)
    axes.set_yticks(range(len(lines)), [name.replace("_", " ") for name, *_ in reversed(lines)])
    axes.set_ylim(-0.6, len(lines) - 0.4)
    _legend(axes, [_dot(BEFORE, "untuned"), _dot(AFTER, "tuned")])
    return _svg(figure, "sweep")


def standalone(svg: str) -> str:
    """Returns a plot as a file of its own, in colours that read on white and on black."""
    for variable, colour in _COLOURS.values():
        svg = svg.replace(variable, colour)
    return svg


def _from_zero(axes: Any, least: float) -> None:
    """Shows nothing below zero where no value is: most metrics are shares."""
    if least >= 0 > axes.get_ylim()[0]:
        axes.set_ylim(bottom=0)


def _named(axes: Any, ends: Mapping[str, tuple[float, float]]) -> None:
    """Writes each line's name at its end, (x, y), names apart where ends are close.

    Comes last, for it is told by the axes as they are where things lie.
    """
    axes.figure.draw_without_rendering()  # lays the axes out
    to_points = 72 / axes.figure.dpi
    lowest = -math.inf
    for name, end in sorted(ends.items(), key=lambda item: item[1][1]):
        height = axes.transData.transform(end)[1] * to_points
        lowest = max(height, lowest + 11.5)  # points: a line of this size of letters
        offset = (6, lowest - height)
        axes.annotate(name, end, offset, textcoords="offset points", va="center", color=INK)


def _figure(height_inches: float):
    """Returns a figure and its axes; drawn without pyplot, which keeps global state."""
    import matplotlib
    from matplotlib import figure as figures

    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["font.size"] = 10.5
    matplotlib.rcParams["text.parse_math"] = False  # a $ in a name is a $
    figure = figures.Figure(figsize=(_WIDTH_INCHES, height_inches), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(colors=INK, length=0)
    axes.set_facecolor("none")
    axes.grid(axis="x", color=LINE, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any, name: str) -> str:
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Ids are unique to a figure only: several share one page.
    text = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)
    for stand_in, (variable, _) in _COLOURS.items():
        text = text.replace(stand_in, variable)
    return text.strip()


def _legend(axes: Any, handles: Sequence[Any]) -> None:
    if not handles:
        return
    widths = [len(handle.get_label()) + 4 for handle in handles]  # letters
    is_one_line = sum(widths) <= _LEGEND_LETTERS
    columns = len(handles) if is_one_line else max(1, _LEGEND_LETTERS // max(widths))
    axes.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.4, 1.0),
        ncols=columns,
        frameon=False,
        labelcolor=INK,
        handlelength=1.2,
        handletextpad=0.4,
        columnspacing=1.0,
        fontsize=9.5,
    )


def _patch(colour: str, label: str):
    from matplotlib import patches

    return patches.Patch(color=colour, label=label)


def _line(colour: str, style: Any, label: str):
    from matplotlib import lines

    return lines.Line2D([], [], color=colour, linestyle=style, linewidth=1.8, label=label)


def _dot(colour: str, label: str):
    from matplotlib import lines

    return lines.Line2D([], [], color=colour, marker="o", linestyle="", markersize=4.5, label=label)


def _smooth(values: Sequence[float]) -> list[float]:
    """Returns at each step the mean of the steps around it, a tenth of all at most."""
    reach = max(1, len(values) // 20)
    windows = [values[max(0, i - reach) : i + reach + 1] for i in range(len(values))]
    return [sum(window) / len(window) for window in windows]


def _short(value: float) -> str:
    """Returns a share without its zero: 0.934 is ".93"."""
    return f"{value:.2f}".replace("0.", ".", 1) if value < 1 else f"{value:.2f}"
