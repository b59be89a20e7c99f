"""Answers in other forms of a question: figures by hand, and the command with made-up scores."""

import json
import types

import numpy as np
import pytest
import training_toys
from eval_toys import Letters, cell, scored_by

import task_registry
from eval import __main__ as command
from eval import perturbations, robustness, robustness_command
from flanlike import errors
from flanlike.models import decode
from flanlike.runs import loading, named


def answers(kind, reference, *forms):
    """Returns answers in forms, each its predictions and which rows it changes."""
    made = [
        (perturbations.Perturbed(f"f{i}", None, tuple(changed), i), cell(predicted))
        for i, (predicted, changed) in enumerate(forms)
    ]
    return robustness.Answers(kind=kind, reference=reference, forms=tuple(made))


def test_figures_are_shares_of_the_rows_that_change():
    plain = cell([1, 1, 1, 0])  # gold is all ones
    found = robustness.of_task(
        plain,
        [
            answers("order", plain, ([1, 0, 1, 0], [1, 1, 1, 0]), ([1, 1, 0, 1], [1, 1, 1, 1])),
            answers("typos", plain, ([0, 1, 1, 0], [0, 1, 0, 0])),
        ],
    )
    assert (found.plain.value, found.rows) == (0.75, 4)
    assert found.everywhere.value == 0.0
    order, typos = found.kinds
    assert order.accuracy.value == 5 / 8
    assert order.change.value == pytest.approx(5 / 8 - 3 / 4)
    assert (order.consistency.value, order.consistency.n) == (pytest.approx(4 / 7), 7)
    assert (order.of_right.value, order.of_right.n) == (pytest.approx(4 / 6), 6)
    assert [form.consistency for form in order.forms] == [pytest.approx(2 / 3), 0.5]
    assert [form.changed for form in order.forms] == [3, 4]
    assert [form.unfit for form in order.forms] == [0, 1]
    assert (typos.consistency.value, typos.consistency.n) == (1.0, 1)
    assert typos.consistency.ci95 == pytest.approx((0.025, 1.0))  # of one row


def test_intervals_draw_clusters_whole():
    right = [1] * 10 + [0] * 10
    apart = cell([1] * 20)
    together = cell([1] * 20, inputs=tuple(i // 5 for i in range(20)))
    widths = []
    for plain in (apart, together):
        (kind,) = robustness.of_task(plain, [answers("order", plain, (right, [1] * 20))]).kinds
        low, high = kind.consistency.ci95
        assert low < 0.5 < high
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


def test_rows_that_were_never_right_have_no_consistency_of_right_ones():
    plain = cell([0, 0])
    (kind,) = robustness.of_task(plain, [answers("order", plain, ([0, 1], [1, 1]))]).kinds
    assert kind.of_right is None and kind.consistency.value == 0.5


def test_means_are_over_tasks():
    one = robustness.Estimate(value=0.5, ci95=(0.4, 0.6), n=10)
    other = robustness.Estimate(value=0.9, ci95=(0.8, 1.0), n=30)
    found = robustness.mean([one, other])
    assert (found.value, found.n) == (pytest.approx(0.7), 40)
    assert found.ci95 == pytest.approx((0.7 - 0.02**0.5 / 2, 0.7 + 0.02**0.5 / 2))


@pytest.fixture
def first_option(monkeypatch, tmp_path):
    """Lets the command load a model to which the first option shown is always the likeliest."""
    model = types.SimpleNamespace(config=training_toys.MODEL)
    loaded = loading.Loaded(model=model, words=Letters(), step=3)
    monkeypatch.setattr(named, "find", lambda name, flag: named.Named(folder=tmp_path, name=name))
    monkeypatch.setattr(loading, "load", lambda folder: loaded)

    def option_scores(model, prompts, options, **_):
        return [-np.arange(len(choices), dtype=float) for choices in options]

    monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))


FLAGS = ["--model", "<m>", "--rows", "8", "--eval.max-input-tokens", "4000"]


def test_the_command_shows_that_such_a_model_goes_by_order_alone(first_option, tmp_path, capsys):
    out = tmp_path / "out"
    command.main(["robustness", *FLAGS, "--task", "sst2", "rte", "--out", str(out)])
    said = capsys.readouterr().out
    assert "the micro-world's" in said and "means over the tasks that have it" in said
    kept = json.loads((out / "robustness.json").read_text())
    assert [task["task"] for task in kept["tasks"]] == ["sst2", "rte"]
    for task in kept["tasks"]:
        by_kind = {kind["kind"]: kind for kind in task["kinds"]}
        assert list(by_kind) == list(perturbations.KINDS)
        assert by_kind["order"]["consistency"]["value"] == 0.0
        for kind in ("style", "labels", "lower_case", "typos"):
            assert by_kind[kind]["consistency"]["value"] == 1.0
            assert by_kind[kind]["change"]["value"] == 0.0
        assert task["everywhere"]["value"] == 0.0
    assert list(kept["means"]) == ["plain", "everywhere", *perturbations.KINDS]
    assert kept["means"]["order"]["value"] == 0.0
    page = (out / "robustness.html").read_text()
    assert "&lt;m&gt;" in page and "<m>" not in page and "other option orders" in page


def test_the_command_prints_json_alone_and_asks_the_kinds_that_are_named(first_option, capsys):
    command.main(["robustness", *FLAGS, "--task", "sst2", "--kinds", "typos", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [kind["kind"] for kind in found["tasks"][0]["kinds"]] == ["typos"]
    assert found["means"] == {}


def test_tasks_whose_answers_are_written_are_told(first_option, capsys):
    command.main(["robustness", *FLAGS, "--task", "sst2", "common_gen", "--kinds", "typos"])
    assert "common_gen" in capsys.readouterr().err


def test_exemplars_are_refused():
    with pytest.raises(errors.UserError, match="--eval.shots is 2"):
        robustness_command.main(
            ["--model", "m", "--task", "sst2", "--eval.shots", "2"], task_registry.registry
        )
