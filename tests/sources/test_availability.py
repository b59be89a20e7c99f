import pytest
import source_toys
import template_toys as toys

from flanlike import errors
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
