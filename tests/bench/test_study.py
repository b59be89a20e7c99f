"""What models answer, beside how often it is right, from made-up answers."""

import dataclasses
import importlib.util
import json
import pathlib
import types

import numpy as np
import pytest
import sweep_toys
from eval_toys import cell, table_cells

from eval import scoring
from flanlike import errors

_FILE = pathlib.Path(__file__).resolve().parents[2] / "bench" / "study.py"


@pytest.fixture
def study():
    spec = importlib.util.spec_from_file_location("bench_study", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _ranked(shares, gold, labels=None, **changes):
    """Returns a cell whose rows give the first of two options these probabilities."""
    shown = labels or [(0, 1)] * len(shares)
    options = tuple(
        scoring.Options(
            log_probs=(float(np.log(p)), float(np.log(1 - p))),
            eos=(0, 0),
            tokens=(1, 1),
            bytes=(1, 1),
        )
        for p in shares
    )
    choices = tuple(0 if p >= 0.5 else 1 for p in shares)
    predicted = [names[choice] for names, choice in zip(shown, choices, strict=True)]
    places = tuple(names.index(label) for names, label in zip(shown, gold, strict=True))
    return cell(
        predicted,
        gold,
        scored=options,
        labels=tuple(shown),
        shown_choice=choices,
        shown_gold=places,
        **changes,
    )


def test_one_label_whatever_is_asked_is_one_answer(study):
    shuffled = _ranked([0.9, 0.1, 0.8, 0.2], [0, 0, 1, 1], [(0, 1), (1, 0), (0, 1), (1, 0)])
    assert study.most_given(shuffled) == 1.0
    by_place = dataclasses.replace(shuffled, fixed_labels=False)  # the first, then the second ...
    assert study.most_given(by_place) == 0.5


def test_what_a_model_tells_apart_shows_when_its_bias_is_divided_out(study):
    # It says 0 to all, but more surely where that is right.
    one_sided = _ranked([0.95, 0.9, 0.7, 0.6], [0, 0, 1, 1])
    assert one_sided.value("accuracy") == 0.5
    assert study.less_its_bias(one_sided) == 1.0
    blind = _ranked([0.9, 0.7, 0.9, 0.7], [0, 0, 1, 1])
    assert study.less_its_bias(blind) == 0.5


def test_sureness_and_brier_are_of_the_options_probabilities(study):
    certain = _ranked([0.8, 0.6], [0, 1])
    assert study.sure(certain) == pytest.approx(0.7)
    assert study.brier(certain) == pytest.approx((2 * 0.2**2 + 2 * 0.6**2) / 2)


def test_the_table_has_a_line_a_condition_and_cluster(study):
    before = types.SimpleNamespace(cells=[_ranked([0.6, 0.6], [0, 1])])
    afters = [types.SimpleNamespace(cells=[_ranked([0.6, p], [0, 1])]) for p in (0.4, 0.6)]
    runs = [types.SimpleNamespace(name="low", before=before, after=after) for after in afters]
    lines = [table_cells(line) for line in study.table({"low": runs}, "cluster").splitlines()]
    assert lines[0][:4] == ["condition", "cluster", "rows", "accuracy"]
    assert [line[:4] for line in lines[2:]] == [
        ["low", "all", "2", ".500 → .750"],
        ["low", "sentiment", "2", ".500 → .750"],
    ]


def test_runs_that_are_not_finished_are_left_out(study, tmp_path):
    for name in ("low-1", "low-2", "high-1"):
        sweep_toys.make_run(tmp_path / name, right=120)
    sweep_toys.make_run(tmp_path / "high-2", right=120, before=None)
    found = study.conditions(tmp_path)
    assert {name: len(runs) for name, runs in found.items()} == {"low": 2, "high": 1}


def test_a_folder_without_runs_is_told(study, tmp_path):
    with pytest.raises(errors.UserError, match="holds no finished run"):
        study.conditions(tmp_path)


def test_the_plot_has_the_sweeps_clusters(study, tmp_path):
    sweep_toys.make_run(tmp_path / "low-1", right=120)
    found = study.conditions(tmp_path)
    with pytest.raises(errors.UserError, match="no finished sweep with a condition 'low'"):
        study.plot(tmp_path, found, "low")
    ends = {"value": 0.25, "low": 0.125, "high": 0.5}
    line = {"condition": "low", "cluster": "sentiment", "untuned": ends, "tuned": ends}
    lines = [line, {**line, "cluster": None}, {**line, "condition": "high", "cluster": "nli"}]
    (tmp_path / "table.json").write_text(json.dumps({"lines": lines}))
    text = study.plot(tmp_path, found, "low")
    assert text.count(">.25<") == 2 and "sentiment" in text and "nli" not in text
