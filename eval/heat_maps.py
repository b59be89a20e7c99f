"""Heat maps as SVG elements: a square a cell in the page's own ink, with its value on hovering.

Written by hand, not by matplotlib, whose cells are pixels or paths without a name.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_CELL = 18
_LEFT, _TOP, _BOTTOM, _GAP = 44, 34, 42, 36
_LETTER = 11
_TICKS = 16  # rows or columns that are numbered at most
_BESIDE = 16  # columns of panels that stand side by side; wider ones stand one below another
_NARROWEST = 9 * _LETTER  # a panel: its title has room


@dataclass(frozen=True, kw_only=True)
class Map:
    """One panel: values from 0 to 1, rows down and columns to the right."""

    title: str
    values: np.ndarray


def draw(
    maps: Sequence[Map], *, row: str, column: str, marked: Sequence[int] = (), mark: str = ""
) -> str:
    """Returns the panels; `row` and `column` say what they number, from 0.

    Strength of colour is the value, from none at 0 to full at 1. Rows in `marked` have a bar at
    their left, which `mark` explains.
    """
    rows, columns = maps[0].values.shape
    across = max(columns * _CELL, _NARROWEST) + _GAP
    down = _TOP + rows * _CELL + _BOTTOM
    is_beside = columns <= _BESIDE
    places = [(_LEFT + i * across, 0) if is_beside else (_LEFT, i * down) for i in range(len(maps))]
    width, height = places[-1][0] + across, places[-1][1] + down + (2 * _LETTER if marked else 0)
    what = f"{' and '.join(one.title for one in maps)}, by {row} and {column}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' style="max-width: {width}px" font-family="system-ui, sans-serif"'
        f' font-size="{_LETTER}">',
        f"<title>{html.escape(what)}</title>",
    ]
    for one, (left, top) in zip(maps, places, strict=True):
        if left == _LEFT:
            parts += _rows(rows, top + _TOP, row, marked)
        parts += _panel(one, left, top + _TOP, row, column)
    if marked:
        parts.append(_bar(height - 2 * _LETTER, _LETTER + 3))
        parts.append(_text(_LEFT, height - _LETTER, mark, "start"))
    return "\n".join([*parts, "</svg>"])


def _rows(rows: int, top: int, row: str, marked: Sequence[int]) -> list[str]:
    """Returns the numbers of rows, what they are, and the bars of those that are marked."""
    place = f"translate(10 {top + rows * _CELL / 2:.0f}) rotate(-90)"
    name = html.escape(row)
    return [
        f'<text transform="{place}" text-anchor="middle" fill="var(--soft)">{name}</text>',
        *(_text(_LEFT - 8, top + (r + 0.75) * _CELL, str(r), "end") for r in _ticks(rows)),
        *(_bar(top + r * _CELL, _CELL) for r in marked),
    ]


def _panel(one: Map, left: int, top: int, row: str, column: str) -> list[str]:
    rows, columns = one.values.shape
    title = html.escape(one.title)
    parts = [
        f'<text x="{left}" y="{top - 12}" fill="var(--ink)" font-weight="600">{title}</text>',
        f'<rect x="{left}" y="{top}" width="{columns * _CELL}" height="{rows * _CELL}"'
        ' fill="none" stroke="var(--line)"/>',
    ]
    for r in range(rows):
        for c in range(columns):
            value = float(one.values[r, c])
            told = html.escape(f"{row} {r}, {column} {c}: {one.title} {value:.3f}")
            parts.append(
                f'<rect x="{left + c * _CELL}" y="{top + r * _CELL}" width="{_CELL}"'
                f' height="{_CELL}" fill="var(--after)" stroke="var(--line)" stroke-width=".5"'
                f' fill-opacity="{min(1.0, max(0.0, value)):.3f}"><title>{told}</title></rect>'
            )
    bottom = top + rows * _CELL
    for c in _ticks(columns):
        parts.append(_text(left + (c + 0.5) * _CELL, bottom + _LETTER + 3, str(c), "middle"))
    middle = left + columns * _CELL / 2
    return [*parts, _text(middle, bottom + 2 * _LETTER + 8, column, "middle", "--soft")]


def _ticks(count: int) -> range:
    """Returns which of so many rows or columns are numbered: every one, every second, fifth..."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, count) if count / step <= _TICKS)
    return range(0, count, step)


def _bar(top: float, height: int) -> str:
    return (
        f'<rect x="{_LEFT - 6}" y="{top}" width="3" height="{height}" fill="var(--mark)"'
        ' class="mark"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, colour: str = "--ink") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="var({colour})">'
        f"{html.escape(text)}</text>"
    )
