import math

import pytest
import source_toys
import template_toys as toys

from flanlike import errors
from flanlike.mixtures import compose, mixture
from flanlike.tasks import task


class Toys:
    """A registry in which a task's cluster is its name without the last letter."""

    def task(self, name):
        return toys.task_of(name, cluster=name[:-1], is_microworld_only=name.startswith("m"))

    def select(self, name):
        return [name]


def resolved(*entries, counts, held_out=(), unavailable=None, **changes):
    made = mixture.Mixture(name="mix", entries=entries, **changes)
    return compose.resolve(
        made, Toys(), counts, held_out, rules="flan", unavailable=unavailable or {}
    )


def shares(composition):
    return {task.name: round(task.share, 3) for task in composition.tasks}


def test_another_rule_holds_for_nested_mixtures_too():
    inner = mixture.Mixture(name="inner", entries=("b1",), rate_cap=100)
    outer = mixture.Mixture(name="outer", entries=("a1", (inner, 0.5)))
    found = mixture.changed(outer, rate_cap=7, shares={"cot": 1.0})
    assert (found.rate_cap, found.shares.cot) == (7, 1.0)
    nested, weight = found.entries[1]
    assert (nested.rate_cap, weight, nested.shares) == (7, 0.5, mixture.Shares(cot=1.0))
    assert mixture.changed(outer) == outer


def test_a_nested_mixture_keeps_what_is_its_own():
    inner = mixture.Mixture(
        name="inner",
        entries=("b1", "c1"),
        hold_out=("c",),
        rate_cap=100,
        temperature=2.0,
        max_examples=400,
        shares=mixture.Shares(cot=1.0, few_shot=0.0),
    )
    shares_of_outer = mixture.Shares(cot=0.25)
    middle = mixture.Mixture(name="middle", entries=(inner,))
    outer = mixture.Mixture(
        name="outer", entries=("a1", "d1", middle), hold_out=("d",), shares=shares_of_outer
    )
    assert outer.held_out == ("d", "c")
    counts = dict.fromkeys(("a1", "b1", "c1", "d1"), 500)
    found = compose.resolve(outer, Toys(), counts)
    assert (found.held_out, found.evaluation) == (("d", "c"), ("d1", "c1"))
    one, other = found.tasks
    assert (one.name, one.rows, one.rate, one.shares) == ("a1", 500, 500.0, shares_of_outer)
    assert (other.name, other.rows, other.rate, other.shares) == ("b1", 400, 10.0, inner.shares)
    assert compose.resolve(outer, Toys(), counts, ()).evaluation == ()


def test_held_out_tasks_without_any_rows_are_an_error_and_not_forgotten():
    with pytest.raises(errors.UserError, match="no held-out task has rows to evaluate .b1: gone"):
        resolved("a1", "b1", counts={"a1": 9}, held_out=["b"], unavailable={"b1": "gone"})
    found = resolved("a1", "b1", "b2", counts={"a1": 9}, held_out=["b"], unavailable={"b1": "gone"})
    assert (found.evaluation, found.missing) == (("b2",), {"b1": "gone"})


def test_rates_are_proportional_up_to_the_cap():
    found = resolved("a1", "a2", "b1", counts={"a1": 4000, "a2": 100_000, "b1": 50})
    assert shares(found) == {"a1": 0.496, "a2": 0.496, "b1": 0.008}
    assert [task.rows for task in found.tasks] == [4000, 30_000, 50]
    assert [task.rate for task in found.tasks] == [3000.0, 3000.0, 50.0]
    assert [task.derivation for task in found.tasks] == [
        "4,000 rows, rate_cap 3,000",
        "100,000 rows, max_examples 30,000, rate_cap 3,000",
        "50 rows",
    ]
    assert {name: round(share, 3) for name, share in found.cluster_shares.items()} == {
        "a": 0.992,
        "b": 0.008,
    }
    assert (found.evaluation, found.excluded, found.shares) == ((), {}, mixture.Shares())


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda rows: rows // 10, r"counts_as\(9\) is 0; expected 1 or more"),
        (lambda rows: "9", r"counts_as\(9\) is '9'; expected 1 or more"),
        (lambda rows: rows / 0, r"counts_as\(9\) raises ZeroDivisionError: division by zero"),
    ],
)
def test_a_rule_that_gives_no_count_of_rows_is_told_with_its_task(monkeypatch, rule, message):
    made = toys.task_of("a1", cluster="a", counts_as=rule)
    monkeypatch.setattr(Toys, "task", lambda self, name: made)
    with pytest.raises(errors.UserError, match=f"task 'a1': {message}"):
        resolved("a1", counts={"a1": 9})


def test_without_caps_rates_are_row_counts():
    found = resolved("a1", "b1", counts={"a1": 9000, "b1": 1000}, rate_cap=None, max_examples=None)
    assert shares(found) == {"a1": 0.9, "b1": 0.1}


def test_a_temperature_brings_rates_together():
    found = resolved("a1", "b1", counts={"a1": 1600, "b1": 100}, temperature=2.0)
    assert [task.rate for task in found.tasks] == [40.0, 10.0]
    assert shares(found) == {"a1": 0.8, "b1": 0.2}
    assert found.tasks[0].derivation == "1,600 rows, temperature 2"


def test_weights_on_every_entry_are_relative():
    counts = {"a1": 10, "b1": 3000, "c1": 5}
    found = resolved(("a1", 3), ("b1", 1), counts=counts)
    assert shares(found) == {"a1": 0.75, "b1": 0.25}
    assert found.tasks[0].derivation == "10 rows, weight 3 in mix"
    held = resolved(("a1", 3), ("b1", 1), ("c1", 1), counts=counts, held_out=["a"])
    assert shares(held) == {"b1": 0.5, "c1": 0.5}


def test_a_weight_beside_entries_without_one_is_a_share_of_the_whole():
    counts = {"a1": 100, "a2": 300, "b1": 1}
    assert shares(resolved("a1", "a2", ("b1", 0.2), counts=counts)) == {
        "a1": 0.2,
        "a2": 0.6,
        "b1": 0.2,
    }
    only = resolved("a1", "a2", ("b1", 0.2), counts=counts, held_out=["a"])
    assert shares(only) == {"b1": 1.0}


def test_a_nested_mixture_divides_its_share_by_its_own_rule():
    inner = mixture.Mixture(name="inner", entries=("b1", "b2"), rate_cap=100)
    counts = {"a1": 3000, "b1": 50, "b2": 900}
    weighted = resolved("a1", (inner, 0.3), counts=counts)
    assert shares(weighted) == {"a1": 0.7, "b1": 0.1, "b2": 0.2}
    assert weighted.tasks[2].derivation == "900 rows, rate_cap 100, weight 0.3 in mix"
    plain = resolved("a1", inner, counts=counts)
    assert shares(plain) == {"a1": 0.952, "b1": 0.016, "b2": 0.032}
    skewed = mixture.Mixture(name="skewed", entries=(("b1", 1), ("b2", 3)))
    assert shares(resolved("a1", skewed, counts=counts)) == {"a1": 0.759, "b1": 0.06, "b2": 0.18}


def test_shares_add_up_to_one_whatever_the_nesting():
    deep = mixture.Mixture(name="deep", entries=(("c1", 0.5), "c2"))
    inner = mixture.Mixture(name="inner", entries=("b1", (deep, 0.25)), temperature=3.0)
    counts = {"a1": 7, "b1": 11, "c1": 13, "c2": 17}
    for entries in (("a1", inner), ("a1", (inner, 0.9)), (("a1", 2), (inner, 5))):
        assert sum(task.share for task in resolved(*entries, counts=counts).tasks) == (
            pytest.approx(1.0)
        )


def test_held_out_and_unavailable_tasks_are_told_apart():
    found = resolved(
        "nli1", "paraphrase1", "b1", "b2", "m1",
        counts={"b1": 10},
        held_out=["nli"],
        unavailable={"b2": "no rows", "m1": "micro-world only"},
    )  # fmt: skip
    assert [task.name for task in found.tasks] == ["b1"]
    assert found.evaluation == ("nli1",)
    assert found.excluded == {
        "paraphrase1": "cluster 'paraphrase' is near 'nli', which is held out",
        "b2": "no rows",
        "m1": "micro-world only",
    }


def test_the_mixture_has_a_hold_out_of_its_own():
    made = mixture.Mixture(name="mix", entries=("a1", "b1"), hold_out=("a",))
    assert compose.resolve(made, Toys(), {"b1": 1}).evaluation == ("a1",)
    assert compose.resolve(made, Toys(), {"a1": 1, "b1": 1}, ()).evaluation == ()


def test_what_cannot_be_resolved_is_an_error():
    with pytest.raises(errors.UserError, match=r"tasks \['b1'\] have no training rows"):
        resolved("a1", "b1", counts={"a1": 1, "b1": 0})
    with pytest.raises(errors.UserError, match="'mix' with .'a'. held out has no task left to tr"):
        resolved("a1", counts={"a1": 1}, held_out=["a"])
    unavailable = {"a1": "no file", "b1": "no file", "c1": "no copy"}
    with pytest.raises(errors.UserError, match="train on; left out: a1, b1: no file; c1: no copy;"):
        resolved("a1", "b1", "c1", counts={}, unavailable=unavailable)
    with pytest.raises(KeyError, match=r"no row counts for the tasks \['b1'\]"):
        resolved("a1", "b1", counts={"a1": 1})
    with pytest.raises(errors.UserError, match="cluster or task to hold out 'aa': did you mean"):
        resolved("a1", counts={"a1": 1}, held_out=["aa"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"entries": ()}, "has no entries"),
        ({"entries": ("a1", "a1")}, r"tasks \['a1'\] are in it twice"),
        ({"entries": (("a1", 0),)}, "a weight is 0: it must be more than 0"),
        ({"entries": (("a1", 1.0), "b1")}, "leave nothing to the entries without one"),
        ({"entries": ("a1",), "temperature": 0}, "temperature is 0: it must be 0.1 or more and at"),
        ({"entries": ("a1",), "temperature": math.inf}, "temperature is inf: it must be"),
        ({"entries": (("a1", math.inf),)}, "a weight is inf: it must be more than 0"),
        ({"entries": ("a1",), "name": 5}, "mixture 5: expected a name"),
        ({"entries": ("a1",), "name": " "}, "mixture ' ': expected a name"),
        ({"entries": ("a1",), "clusters": "nli"}, "clusters is 'nli'; expected a tuple of names"),
        ({"entries": ("a1",), "shares": {"cot": 1}}, "shares is {'cot': 1}; expected Shares"),
        ({"entries": ("a1",), "rate_cap": 0}, "mix': rate_cap is 0: it must be 1 or more"),
    ],
)
def test_a_mixture_checks_its_settings(values, message):
    with pytest.raises(errors.UserError, match=message):
        mixture.Mixture(**{"name": "mix", **values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"few_shot": 1.1}, "Shares: few_shot is 1.1: it must be 0 or more and at most 1"),
        ({"cot": -0.5}, "cot is -0.5"),
        ({"max_shots": 0}, "max_shots 0 with few_shot 0.1; expected 1 <= min_shots <= max_shots"),
        ({"min_shots": 5}, "min_shots is 5 and max_shots 3"),
        ({"max_shots": 1000}, "max_shots is 1000: it must be 0 or more and at most 64"),
        ({"styled_options": math.nan}, "styled_options is nan: it must be"),
    ],
)
def test_shares_are_within_bounds(values, message):
    with pytest.raises(errors.UserError, match=message):
        mixture.Shares(**values)


def test_one_source_that_fails_on_opening_takes_no_other_down(monkeypatch):
    there = {"train": 9, "test": 2, "validation": 3}
    source_toys.serve(
        monkeypatch, {"a1": there, "a2": {}, "b1": {"train": 5}, "b2": there}, {"c1": "no copy"}
    )
    made = mixture.Mixture(name="mix", entries=("a1", "a2", "b1", "b2", "c1"))
    rule = {"held_out": ["b"], "rules": "flan", "evaluated_on": ("test", "validation")}
    with pytest.raises(errors.UserError) as caught:
        compose.compose(made, Toys(), "hub", **rule)
    assert str(caught.value) == (
        "--data hub lacks the rows of 3 tasks (a2: no train there; c1: no copy; b1: no test there"
        "); mend that, or leave them out with --skip-missing"
    )
    found = compose.compose(made, Toys(), "hub", skip_missing=True, **rule)
    assert [task.name for task in found.tasks] == ["a1"]
    assert found.evaluation == ("b2",)
    assert found.missing == {"a2": "no train there", "b1": "no test there", "c1": "no copy"}
    # Where nothing is held out, the trained tasks are those that are asked.
    found = compose.compose(
        made, Toys(), "hub", (), evaluated_on=("test",), rules="flan", skip_missing=True
    )
    assert [task.name for task in found.tasks] == ["a1", "b2"]


def test_bad_rows_are_counted_where_they_are_to_be_left_out(monkeypatch):
    source_toys.serve(monkeypatch, {"a1": {"train": 9}, "b1": {"train": 5}}, bad={"b1": 2})
    made = mixture.Mixture(name="mix", entries=("a1", "b1"))
    found = compose.compose(made, Toys(), "hub", skip_bad_rows=True)
    assert (found.skip_bad_rows, found.bad_rows) == (True, {"b1": 2})
    assert [task.rows for task in found.tasks] == [9, 5]
    assert compose.compose(made, Toys(), "hub").bad_rows == {}


def test_a_composition_says_whose_the_rows_of_each_task_are():
    class Real(Toys):
        def task(self, name):
            if name == "a1":
                return toys.task_of(name, rows=lambda split: [])
            its = {"licence": "MIT", "homepage": "https://there"}
            return toys.task_of(name, hub=task.HubSource(repo="some/rows"), **its)

    made = mixture.Mixture(name="mix", entries=("a1", "b1"))
    one, other = compose.resolve(made, Real(), {"a1": 9, "b1": 9}).as_json()["tasks"]
    assert one["dataset"] == {"licence": "", "homepage": "", "repository": "", "is_own": True}
    its = {"licence": "MIT", "homepage": "https://there", "repository": "some/rows"}
    assert other["dataset"] == {**its, "is_own": False}


def test_flan_rules_name_the_leaks_that_they_leave_in():
    class Real(Toys):
        def task(self, name):
            cluster = {"qnli": "nli", "squad_v1": "reading_comprehension", "sst2": "sentiment"}
            return toys.task_of(name, cluster=cluster[name])

    made = mixture.Mixture(name="mix", entries=("qnli", "squad_v1", "sst2"), hold_out=("nli",))
    counts = {"squad_v1": 9, "sst2": 9}
    unlike = compose.resolve(made, Real(), counts, rules="flan")
    assert list(unlike.leaks) == ["squad_v1"] and "SQuAD" in unlike.leaks["squad_v1"]
    assert unlike.as_json()["leaks"] == unlike.leaks
    assert compose.resolve(made, Real(), counts, rules="strict").leaks == {}
    alone = compose.resolve(made, Real(), counts, rules="flan", unavailable={"squad_v1": "gone"})
    assert alone.leaks == {}


def test_only_some_clusters_may_be_trained_on():
    made = mixture.Mixture(name="m", entries=("a1", "b1", "c1"), hold_out=("a",), clusters=("b",))
    counts = dict.fromkeys(("a1", "b1", "c1"), 10)
    found = compose.resolve(made, Toys(), counts)
    assert (shares(found), found.evaluation) == ({"b1": 1.0}, ("a1",))
    assert "--mix.clusters" in found.excluded["c1"]
    with pytest.raises(errors.UserError, match="unknown cluster to train on 'd'"):
        compose.resolve(mixture.changed(made, clusters=("d",)), Toys(), counts)
    with pytest.raises(errors.UserError, match="no task left to train on"):
        compose.resolve(mixture.changed(made, clusters=("a",)), Toys(), counts)


def test_a_nested_mixture_trains_on_its_own_clusters():
    inner = mixture.Mixture(name="inner", entries=("b1", "c1"), clusters=("c",))
    outer = mixture.Mixture(name="outer", entries=("a1", inner))
    found = compose.resolve(outer, Toys(), dict.fromkeys(("a1", "b1", "c1"), 10))
    assert shares(found) == {"a1": 0.5, "c1": 0.5}
    assert list(found.excluded) == ["b1"]
