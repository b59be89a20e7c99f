"""The plots of pages."""

import dataclasses
import re

from eval import plots


def test_a_legend_without_room_has_several_lines():
    values = {"nli": {f"condition number {number}": [0.5] for number in range(6)}}
    svg = plots.compared(list(values["nli"]), values, {"nli": None})
    places = re.findall(r'x="([-\d.]+)"[^>]*>condition number \d<', svg)
    assert len(places) == 6 and len(set(places)) == 2
    assert all(0 < float(place) < 390 for place in places)


def test_plots_of_a_model_without_a_before_do_not_speak_of_it():
    bar = plots.Bar(
        name="nli", before=None, after=(0.5, 0.4, 0.6), chance=0.5, majority=None, heuristic=None
    )
    spread = plots.template_spread({"rte": ([], [0.5])}, {"rte": 0.5})
    assert ">before<" not in plots.held_out([bar]) + spread and ">a template<" in spread
    both = plots.held_out([dataclasses.replace(bar, before=(0.4, 0.3, 0.5))])
    assert ">before<" in both and ">after<" in both
