import functools

import pytest
import template_toys as toys

from flanlike import errors
from flanlike.mixtures import compose, mixture
from flanlike.sources import opening
from flanlike.tasks import families, registry, task


class Members:
    """Three tasks, of which the middle one is a test."""

    names = ("one", "two", "Three-3")
    groups = ("train", "test", "none")
    categories = ("odd", "even", "one")

    def of_category(self, category):
        return {"odd": ["one", "Three-3"], "even": ["two"], "one": ["two"]}[category]

    def of_group(self, group):
        return {"train": ["one", "Three-3"], "test": ["two"], "none": []}[group]

    def task(self, name):
        cluster = "toys_even" if name == "two" else "toys_odd"
        return toys.task_of(f"toys/{name}", cluster=cluster, templates="toys")


def registry_of(folder, *mixtures, opened=None):
    def find(data):
        (opened if opened is not None else []).append(data)
        return Members() if data == "here" else None

    family = families.Family(name="toys", open=find, how_to_get="make some")
    return registry.Registry(
        [toys.builder_of("plain", cluster="math")],
        mixtures,
        templates_folder=folder,
        its_families=[family],
        mixture_of=mixture.Mixture,
    )


ONE, TWO, THREE = "toys/one", "toys/two", "toys/Three-3"


def test_members_are_tasks_where_the_rows_are_and_nothing_is_opened_before(tmp_path):
    opened = []
    plain = registry_of(tmp_path, opened=opened)
    assert (plain.task_names, opened) == (["plain"], [])
    there = plain.at("here")
    assert opened == []
    assert there.task_names == ["plain", ONE, TWO, THREE]
    assert there.clusters == {"math": ["plain"], "toys_odd": [ONE, THREE], "toys_even": [TWO]}
    assert there.task(ONE) is there.task(ONE)
    assert opened == ["here"]
    assert plain.task_names == ["plain"]
    assert there.at("embedded").task_names == ["plain"]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("toys:train", [ONE, THREE]),
        ("toys:even", [TWO]),
        ("toys:one", [TWO]),  # a category goes before a name
        ("toys:T*", [THREE]),
        ("toys:*", [ONE, TWO, THREE]),
        ("toys:none", ["toys:none"]),
        ("toys_odd", [ONE, THREE]),  # the cluster of a category
        ("toys_train", ["toys_train"]),  # a group is none
        ("toys/one", [ONE]),
        ("plain", ["plain"]),
        ("other:train", ["other:train"]),
    ],
)
def test_a_selector_names_a_group_a_category_or_a_pattern(tmp_path, selector, names):
    assert registry_of(tmp_path).at("here").select(selector) == names


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("toys:trian", "unknown group, category or task of toys 'trian': did you mean 'train'"),
        ("toys:x*", r"toys:x\* names no task of the 3 there; its groups are train, test"),
    ],
)
def test_a_selector_of_nothing_is_an_error(tmp_path, selector, message):
    with pytest.raises(errors.UserError, match=message):
        registry_of(tmp_path).at("here").select(selector)
    with pytest.raises(errors.UserError, match="unknown task of toys 'tow': did you mean 'two'"):
        registry_of(tmp_path).at("here").task("toys/tow")


def test_what_shows_and_checks_tasks_takes_selectors(tmp_path):
    there = registry_of(tmp_path).at("here")
    for name, names in (("toys:train", [ONE, THREE]), (TWO, [TWO]), ("plain", ["plain"])):
        assert [each.name for each in there.tasks_of(name)] == names
    with pytest.raises(errors.UserError, match="^toys:none: .*make some"):
        there.tasks_of("toys:none")
    with pytest.raises(errors.UserError, match="^toys:train: --data embedded holds no tasks"):
        there.at("embedded").tasks_of("toys:train")


def test_a_family_that_is_not_there_is_a_task_that_says_so(tmp_path):
    found = registry_of(tmp_path).at("elsewhere")
    made = mixture.Mixture(name="mix", entries=("plain", "toys:train")).expanded(found.select)
    assert made.task_names == ["plain", "toys:train"]
    assert found.task("toys:train").absent == (
        "--data elsewhere holds no tasks of the family 'toys': make some"
    )
    none = registry_of(tmp_path).at("here").task("toys:none").absent
    assert none == "none of these tasks is among the 3 there: make some"


def test_a_mixture_takes_members_by_its_own_rule_and_a_nested_one_by_its(tmp_path):
    inner = mixture.Mixture(
        name="inner",
        entries=("toys:train",),
        rate_cap=7,
        shares=mixture.Shares(few_shot=0.5),
        hold_out=("toys:test",),
    )
    outer = mixture.Mixture(name="outer", entries=("plain", (inner, 0.25)), rate_cap=50)
    weighed = mixture.Mixture(name="weighed", entries=(("toys:train", 3.0), ("plain", 1.0)))
    found = registry_of(tmp_path, outer, weighed).at("here")
    counts = dict.fromkeys(("plain", ONE, THREE), 100)
    composition = compose.resolve(found.mixture("outer"), found, counts, rules="flan")
    shares = {t.name: (t.rate, t.share, t.shares.few_shot) for t in composition.tasks}
    assert shares == {
        "plain": (50.0, 0.75, 0.1),
        ONE: (7.0, 0.125, 0.5),
        THREE: (7.0, 0.125, 0.5),
    }
    assert composition.held_out == composition.evaluation == (TWO,)
    composition = compose.resolve(found.mixture("weighed"), found, counts)
    assert [round(t.share, 3) for t in composition.tasks] == [0.375, 0.375, 0.25]
    assert found.mixture("toys:train").task_names == [ONE, THREE]


def test_a_mixture_names_each_member_once(tmp_path):
    twice = mixture.Mixture(name="twice", entries=("toys:train", ONE))
    with pytest.raises(errors.UserError, match="tasks .'toys/one'. are in it twice"):
        registry_of(tmp_path, twice).at("here").mixture("twice")


def test_templates_of_members_are_read_once(tmp_path, monkeypatch):
    toys.write(tmp_path, toys.FORWARD, "toys")
    found = registry_of(tmp_path).at("here")
    assert found.templates(ONE) is found.templates(TWO)


def test_names_of_members_are_as_the_collection_has_them():
    assert toys.task_of("p3/super_glue_rte/GPT-3_style").name == "p3/super_glue_rte/GPT-3_style"
    for name in ("P3/a", "p3/", "p3/a b", "a:b:c"):
        with pytest.raises(ValueError, match="FAMILY/NAME"):
            toys.task_of(name)
    assert [*map(families.family_of, ("p3/a/b", "p3:a", "rte"))] == ["p3", "p3", ""]


def test_an_absent_task_has_no_rows_whatever_the_data(tmp_path):
    absent = families.absent(
        families.Family(name="toys", open=functools.partial(int)), "toys:a", ""
    )
    for data in ("embedded", "hub", str(tmp_path)):
        assert opening.availability(absent, data) == absent.absent
    assert opening.is_elsewhere(absent, str(tmp_path)) and not opening.is_elsewhere(absent, "hub")
    assert isinstance(absent, task.Task)


def test_many_members_are_told_by_their_number():
    names = ["rte", *(f"toys/{number}" for number in range(6)), "p3/a", "p3/b"]
    assert families.listed(names) == "rte, 6 tasks of toys, p3/a, p3/b"
    assert families.listed([]) == ""


def test_a_user_module_may_have_families_of_its_own(tmp_path):
    path = tmp_path / "mine.py"
    text = (
        "from flanlike.tasks import families\n"
        "TASKS = []\n"
        "FAMILIES = [families.Family(name='{}', open=lambda data: None)]\n"
    )
    path.write_text(text.format("mine"))
    found = registry_of(tmp_path)
    found.load_user_module(path)
    absent = found.at("there").task("mine:train").absent
    assert absent == "--data there holds no tasks of the family 'mine'"
    path.write_text(text.format("toys"))
    with pytest.raises(errors.UserError, match="mine.py: family 'toys' is there twice"):
        registry_of(tmp_path).load_user_module(path)
    path.write_text("TASKS = []\nFAMILIES = ['toys']\n")
    with pytest.raises(errors.UserError, match="FAMILIES holds 'toys'; expected a Family"):
        registry_of(tmp_path).load_user_module(path)


def test_an_unknown_name_among_many_lists_none_of_them():
    error = families.near("task of toys", "tow", [f"task{n}" for n in range(2000)])
    assert (
        str(error) == "unknown task of toys 'tow': the copy in --data has 2,000 (list tells which)"
    )
