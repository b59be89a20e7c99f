"""Heat maps as SVG elements: a square a cell in the page's own ink, with its value on hovering.

Written by hand, not by matplotlib, whose cells are pixels or paths without a name.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_CELL = 18
_LEFT, _TOP, _GAP = 44, 34, 36
_LETTER = 11
_TICKS = 16  # rows or columns that are numbered at most


@dataclass(frozen=True, kw_only=True)
class Map:
    """One panel: values from 0 to 1, rows down and columns to the right."""

    title: str
    values: np.ndarray


def draw(
    maps: Sequence[Map], *, row: str, column: str, marked: Sequence[int] = (), mark: str = ""
) -> str:
    """Returns panels side by side; `row` and `column` say what they number, from 0.

    Strength of colour is the value, from none at 0 to full at 1. Rows in `marked` have a bar at
    their left, which `mark` explains.
    """
    rows, columns = maps[0].values.shape
    panel = max(columns * _CELL, 8 * _LETTER)
    width = _LEFT + len(maps) * panel + (len(maps) - 1) * _GAP + 8
    height = _TOP + rows * _CELL + 3 * _LETTER + 10 + (2 * _LETTER if marked else 0)
    titles = " and ".join(one.title for one in maps)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' style="max-width: {width}px" font-family="system-ui, sans-serif"'
        f' font-size="{_LETTER}">',
        f"<title>{html.escape(titles)}, by {html.escape(row)} and {html.escape(column)}</title>",
    ]
    middle = _TOP + rows * _CELL / 2
    parts.append(
        f'<text transform="translate(10 {middle:.0f}) rotate(-90)" text-anchor="middle"'
        f' fill="var(--soft)">{html.escape(row)}</text>'
    )
    for r in _ticks(rows):
        parts.append(_text(_LEFT - 8, _TOP + (r + 0.75) * _CELL, str(r), "end"))
    for r in marked:
        parts.append(
            f'<rect x="{_LEFT - 6}" y="{_TOP + r * _CELL}" width="3" height="{_CELL}"'
            ' fill="var(--mark)"/>'
        )
    for place, one in enumerate(maps):
        parts += _panel(one, _LEFT + place * (panel + _GAP), row, column)
    if marked:
        below = height - _LETTER
        parts.append(
            f'<rect x="{_LEFT - 6}" y="{below - _LETTER}" width="3" height="{_LETTER + 3}"'
            f' fill="var(--mark)"/>{_text(_LEFT, below, mark, "start")}'
        )
    return "\n".join([*parts, "</svg>"])


def _panel(one: Map, left: int, row: str, column: str) -> list[str]:
    rows, columns = one.values.shape
    title = html.escape(one.title)
    parts = [
        f'<text x="{left}" y="{_TOP - 12}" fill="var(--ink)" font-weight="600">{title}</text>',
        f'<rect x="{left}" y="{_TOP}" width="{columns * _CELL}" height="{rows * _CELL}"'
        ' fill="none" stroke="var(--line)"/>',
    ]
    for r in range(rows):
        for c in range(columns):
            value = float(one.values[r, c])
            told = f"{row} {r}, {column} {c}: {one.title} {value:.3f}"
            parts.append(
                f'<rect x="{left + c * _CELL}" y="{_TOP + r * _CELL}" width="{_CELL}"'
                f' height="{_CELL}" fill="var(--after)" stroke="var(--line)" stroke-width=".5"'
                f' fill-opacity="{min(1.0, max(0.0, value)):.3f}">'
                f"<title>{html.escape(told)}</title></rect>"
            )
    bottom = _TOP + rows * _CELL
    for c in _ticks(columns):
        parts.append(_text(left + (c + 0.5) * _CELL, bottom + _LETTER + 3, str(c), "middle"))
    parts.append(
        _text(left + columns * _CELL / 2, bottom + 2 * _LETTER + 8, column, "middle", "--soft")
    )
    return parts


def _ticks(count: int) -> range:
    """Returns which of so many rows or columns are numbered: every one, every second, fifth..."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, count) if count / step <= _TICKS)
    return range(0, count, step)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "--ink") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="var({colour})">'
        f"{html.escape(text)}</text>"
    )
