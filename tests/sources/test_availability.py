import types

import pytest
import source_toys
import template_toys as toys

from flanlike import errors
from flanlike.mixtures import compose, mixture
from flanlike.sources import availability


class Toys:
    def task(self, name):
        return toys.task_of(name, is_microworld_only=name.startswith("m"))


def test_missing_rows_are_named_all_at_once_and_micro_world_tasks_are_just_left_out(monkeypatch):
    reasons = {"a1": "no file", "b1": "no file", "c1": "no copy", "m1": "micro-world only"}
    source_toys.serve(monkeypatch, {"d1": {"train": 5}}, reasons)
    assert availability.of(["d1", "m1"], Toys(), "hub").missing == {"m1": "micro-world only"}
    with pytest.raises(errors.UserError) as caught:
        availability.of(["a1", "b1", "c1", "d1", "m1"], Toys(), "hub")
    assert str(caught.value) == (
        "--data hub lacks the rows of 3 tasks (a1, b1: no file; c1: no copy); "
        "mend that, or leave them out with --skip-missing"
    )
    found = availability.of(["a1", "d1"], Toys(), "hub", skip_missing=True)
    assert (found.missing, found.rows) == ({"a1": "no file"}, {"d1": 5})
    for names in (["a1", "b1"], ["m1"]):
        with pytest.raises(errors.UserError, match=f"has rows of none of the {len(names)} tasks"):
            availability.of(names, Toys(), "hub", skip_missing=True)


def test_a_task_without_training_rows_is_left_out_of_training_and_evaluated(tmp_path):
    rows = [{"text": f"text {number}", "label": number % 2} for number in range(40)]
    tasks = {name: source_toys.task(name=name) for name in ("a1", "b1", "c1", "d1")}
    registry = types.SimpleNamespace(task=tasks.__getitem__)
    source_toys.write_folder(tmp_path, "a1", train=rows, validation=rows)
    source_toys.write_folder(tmp_path, "b1", test=rows)
    source_toys.write_folder(tmp_path, "c1", validation=rows)
    source_toys.write_folder(tmp_path, "d1", train=rows)
    splits = dict.fromkeys(["b1", "c1"], ("test", "validation"))
    found = availability.of(["a1", "b1", "c1"], registry, str(tmp_path), splits=splits)
    assert (found.rows, found.missing) == ({"a1": 36}, {})
    (reason,) = set(found.untrainable.values())
    assert reason.startswith(
        f"its folder in {str(tmp_path)!r} has no train.jsonl or train.jsonl.gz"
    )
    assert reason.endswith("; it is asked where it is held out, and never trained on")
    assert list(found.left_out(["a1", "b1"])) == ["b1"]
    splits = {"d1": ("test", "validation")}
    with pytest.raises(errors.UserError, match="lacks the rows of 1 tasks .d1: .* 'test' could be"):
        availability.of(["d1"], registry, str(tmp_path), splits=splits)


def test_a_mixture_trains_on_what_has_training_rows(tmp_path):
    rows = [{"text": f"text {number}", "label": number % 2} for number in range(40)]
    tasks = {name: source_toys.task(name=name) for name in ("a1", "b1")}
    registry = types.SimpleNamespace(task=tasks.__getitem__, select=lambda name: [name])
    source_toys.write_folder(tmp_path, "a1", train=rows, validation=rows)
    source_toys.write_folder(tmp_path, "b1", test=rows)
    mixed = mixture.Mixture(name="mixed", entries=("a1", "b1"))
    held = compose.compose(
        mixed, registry, str(tmp_path), ["b1"], evaluated_on=("test", "validation")
    )
    assert ([share.name for share in held.tasks], held.evaluation) == (["a1"], ("b1",))
    assert not held.excluded
    trained = compose.compose(mixed, registry, str(tmp_path), [])
    assert trained.evaluated == ("a1",)
    assert "asked where it is held out" in trained.as_json()["missing"][0]["reason"]
    again = compose.resolve(mixed, registry, {"a1": 3}, [], unavailable=trained.missing)
    assert again.excluded == trained.excluded
