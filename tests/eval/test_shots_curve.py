"""Figures by number of exemplars."""

import dataclasses
import json
import re

import numpy as np
import pytest
from eval_toys import cell, scored_by

from eval import __main__ as command
from eval import baselines, compare, evaluate, evaluation, page, plots, results, shots_curve
from eval import run_folder as run_folders
from flanlike import errors
from flanlike.models import decode
from flanlike.runs import bases, loading
from flanlike.runs import folder as run_folder


def made(shots, *cells, dropped=0):
    return evaluation.Evaluation(
        setting=results.Setting(run="r", step=0, data="embedded", seed=0),
        held_out=(),
        options={"shots": shots},
        cells=cells,
        given={one.task: baselines.Baselines(majority={}, heuristic={}) for one in cells},
        notes={"prompts": 10, "dropped_exemplars": dropped},
    )


FOUND = [
    made(2, cell([1, 1, 1, 1], shots=2), cell([1, 1, 0, 0], task="cola", shots=2), dropped=5),
    made(0, cell([1, 1, 0, 0]), cell([1, 0, 0, 0], task="cola"), cell([1], task="rte")),
]


def test_a_curve_is_a_tasks_headline_by_number_and_the_mean_is_over_tasks():
    curves = shots_curve.of(FOUND)
    assert [curve.name for curve in curves] == ["sst2", "cola", shots_curve.MEAN]  # all have these
    values = [[(p.shots, p.value) for p in curve.points] for curve in curves]
    assert values == [[(0, 0.5), (2, 1.0)], [(0, 0.25), (2, 0.5)], [(0, 0.375), (2, 0.75)]]
    assert [p.shown for p in curves[0].points] == [0.0, 1.5]
    for point in curves[0].points:
        assert point.ci95[0] <= point.value <= point.ci95[1]
    assert shots_curve.of([FOUND[0], made(0, cell([1, 1, 0, 0]))])[-1].name == "sst2"


def test_a_headline_is_the_mean_over_templates():
    two = made(0, cell([1, 1]), cell([0, 0], template="other"))
    assert shots_curve.of([two])[0].points[0].value == 0.5


def test_the_table_and_the_page_show_every_point(tmp_path):
    curves = shots_curve.of(FOUND)
    lines = shots_curve.lines(curves)
    assert lines[0].split() == ["0", "shots", "2", "shots"]
    assert lines[-1].startswith("mean over tasks  .375 [")
    path = shots_curve.write(tmp_path, curves, model="<m>", data="embedded")
    text = path.read_text()
    assert "&lt;m&gt;" in text and "<m>" not in text and "<svg" in text
    assert "of 2 on average 1.50" in text and "micro-world" in text
    kept = json.loads((tmp_path / "by_shots.json").read_text())
    assert [curve["name"] for curve in kept["curves"]] == ["sst2", "cola", "mean over tasks"]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_several_numbers_are_evaluated_each_and_make_a_curve(flags, tmp_path, monkeypatch, capsys):
    def by_length(model, prompts, options, **_):
        return [np.asarray([-float(len(o)) for o in choices]) for choices in options]

    monkeypatch.setattr(decode, "scored_options", scored_by(by_length))
    few = ["--rows", "3", "--eval.validation-rows", "0", "--eval.max-input-tokens", "192"]
    asked = ["--model", str(bases.SHIPPED), "--mixture", "sst2", "--shots", "0", "2", "2"]
    command.main([*asked, *few, "--out", str(tmp_path), *flags])
    printed = capsys.readouterr().out
    for shots in (0, 2):
        found = evaluation.read(tmp_path / f"shots{shots}" / "eval" / "0")
        assert {cell.shots for cell in found.cells} == {shots}
    (curve,) = json.loads((tmp_path / "by_shots.json").read_text())["curves"]
    assert [point["shots"] for point in curve["points"]] == [0, 2]
    assert f"written to {tmp_path / 'by_shots.html'}" in printed or flags
    if flags:
        assert json.loads(printed.splitlines()[-1])["curves"] == [curve]


def test_a_runs_curve_lies_beside_its_evaluations(tmp_path, monkeypatch):
    config = {"data": "embedded", "hold_out": ["nli"], "eval": {}}
    loaded = loading.Loaded(model=None, words=None, step=3)
    by_shots = {found.options["shots"]: found for found in FOUND}

    def evaluate_run(flags, settings, *, run, **_):
        return evaluation.write(run, by_shots[settings["shots"]], name=f"s{settings['shots']}")

    monkeypatch.setattr(evaluate, "_evaluate_run", evaluate_run)
    monkeypatch.setattr(loading, "is_bare", lambda run: False)
    monkeypatch.setattr(run_folder, "read_config", lambda run: config)
    monkeypatch.setattr(loading, "load_each", lambda runs, **_: iter([loaded]))
    command.main(["--run", str(tmp_path), "--hold-out", "cola", "--shots", "2", "0"])
    assert (tmp_path / "eval" / "3-cola-by-shots" / "by_shots.html").is_file()
    assert not (tmp_path / "report.html").exists()  # of a run without an evaluation of its own


def _run(folder, shots=0):
    """Returns a run that was asked once, with so many exemplars."""
    (found,) = (one for one in FOUND if one.options["shots"] == shots)
    return run_folders.Run(
        folder=folder, config={}, before=None, after=found, training=[], composition={}
    )


def test_a_runs_page_has_the_curves_of_its_folder(tmp_path):
    assert shots_curve.of_run(_run(tmp_path)) == []
    curves = shots_curve.of(FOUND)
    for name in ("0-by-shots", "0-hub-by-shots"):
        shots_curve.write(tmp_path / "eval" / name, curves, model="m", data="hub")
    blocks = shots_curve.of_run(_run(tmp_path))
    text = page.to_markdown(blocks)
    assert "## By number of exemplars\n" in text and "## By number of exemplars: 0-hub\n" in text
    assert "| task | metric | 0 shots | 2 shots |" in text and "| .375 [" in text
    assert "of 2 on average 1.50" in text
    assert [block.name for block in blocks if isinstance(block, page.Figure)] == [
        "by_shots_1",
        "by_shots_2",
    ]
    html = page.to_html("", blocks)
    assert 'role="img" aria-label="By number of exemplars"' in html
    assert "with 95 % intervals" in html


def test_a_model_that_was_asked_with_each_number_has_its_curve_beside_it(tmp_path):
    curves = shots_curve.of(FOUND)
    shots_curve.write(tmp_path, curves, model="m", data="hub")
    assert shots_curve.of_run(_run(tmp_path / "shots2", shots=2))
    assert not shots_curve.of_run(_run(tmp_path / "shots2"))  # named so by chance


def test_curves_are_read_as_they_were_written(tmp_path):
    curves = shots_curve.of(FOUND)
    shots_curve.write(tmp_path, curves, model="m", data="hub")
    assert shots_curve.read(tmp_path) == curves
    for text in ("{", '{"curves": [{"name": "a"}]}', '{"curves": [1]}'):
        (tmp_path / "by_shots.json").write_text(text)
        with pytest.raises(errors.UserError, match="by_shots.json: not the curves"):
            shots_curve.read(tmp_path)


def test_runs_that_differ_in_exemplars_alone_make_a_curve(tmp_path):
    runs = []
    for name, seed, shots in (("a", 0, 0), ("b", 0, 2), ("c", 1, 0)):
        run = _run(tmp_path / name, shots)
        config = {"seed": seed, "init": "m", "eval": {"shots": shots}}
        runs.append(dataclasses.replace(run, config=config))
    text = page.to_markdown(compare._by_shots(runs))
    assert text.startswith("## By number of exemplars\n\nOf a, b.\n")
    assert "| mean over tasks | accuracy | .375 [" in text
    assert compare._by_shots(runs[1:]) == []


def test_close_lines_have_names_that_are_apart():
    points = {f"t{i}": [(0, 0.5, 0.4, 0.6), (4, 0.5 + i / 1000, 0.4, 0.6)] for i in range(4)}
    svg = plots.by_shots(points)
    at = r'x="[3-9]\d\d[.\d]*" y="([.\d]+)"[^>]*>t\d</text>'  # the last is named above the plot
    heights = sorted(map(float, re.findall(at, svg)))
    assert len(heights) == 3
    assert all(b - a > 10 for a, b in zip(heights, heights[1:], strict=False))
