"""Heat maps: what is drawn is what was given, and all of it lies within the picture."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from eval import heat_maps

NAMESPACE = "{http://www.w3.org/2000/svg}"


def _drawn(rows, columns, **more):
    values = np.linspace(0, 1, rows * columns).reshape(rows, columns)
    maps = [heat_maps.Map(title=title, values=values) for title in ("a < b", "other")]
    return ElementTree.fromstring(heat_maps.draw(maps, row="layer", column="head", **more))


def test_every_cell_has_its_value_as_colour_and_in_words():
    svg = _drawn(2, 3)
    cells = [rect for rect in svg.iter(f"{NAMESPACE}rect") if rect.get("fill-opacity")]
    assert len(cells) == 12
    told = {cell.find(f"{NAMESPACE}title").text: cell.get("fill-opacity") for cell in cells}
    assert told["layer 0, head 0: a < b 0.000"] == "0.000"
    assert told["layer 1, head 0: a < b 0.600"] == "0.600"
    assert told["layer 1, head 2: other 1.000"] == "1.000"
    assert svg.find(f"{NAMESPACE}title").text == "a < b and other, by layer and head"


@pytest.mark.parametrize("shape", [(2, 1), (30, 9), (80, 64)])
def test_all_lies_within_the_picture_and_no_cell_on_another(shape):
    """Panels of many columns stand one below another: beside each other nobody could read them."""
    svg = _drawn(*shape, marked=(0, 1), mark="sees little")
    width, height = map(float, svg.get("viewBox").split()[2:])
    corners = []
    for rect in svg.iter(f"{NAMESPACE}rect"):
        x, y, across, down = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        assert x >= 0 and x + across <= width and y >= 0 and y + down <= height
        corners += [(x, y)] if rect.get("fill-opacity") else []
    assert len(set(corners)) == len(corners) == 2 * shape[0] * shape[1]
    for text in svg.iter(f"{NAMESPACE}text"):
        assert float(text.get("y") or 0) <= height
    assert (width > height) == (shape == (2, 1))
    bars = [rect for rect in svg.iter(f"{NAMESPACE}rect") if rect.get("class") == "mark"]
    assert len(bars) == 1 + 2 * (2 if shape[1] == 64 else 1)  # one explains the others


def test_few_rows_and_columns_are_numbered():
    numbers = [t.text for t in _drawn(80, 9).iter(f"{NAMESPACE}text") if re.match(r"\d", t.text)]
    assert numbers[:3] == ["0", "5", "10"] and "79" not in numbers
    assert numbers[-9:] == list("012345678")
