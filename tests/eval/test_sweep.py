"""What a sweep's file may say, and what it comes to."""

import pathlib
import tomllib

import pytest
import sweep_toys

import task_registry
from eval import sweep
from flanlike import errors
from flanlike import flags as flags_lib
from flanlike.mixtures import compose
from flanlike.prompts import recipe

_ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_runs_are_all_conditions_with_all_seeds():
    found = sweep_toys.made()
    assert [run.name for run in found.runs] == ["with-1", "without-1", "with-2", "without-2"]
    assert found.runs[1].flags == (
        *("--mixture", "flan_core", "--steps", "9", "--prompts", "inputs-only", "--seed", "1"),
    )


def test_a_rule_makes_a_condition_of_each_cluster_or_task():
    each = {"of": "cluster", "flags": "--hold-out {}", "without": ["linguistic_acceptability"]}
    given = dict(conditions=None, baseline="untuned", seeds=[1])
    found = sweep_toys.made(**given, each=each)
    assert found.flags["sentiment"][-2:] == ("--hold-out", "sentiment")
    assert "linguistic_acceptability" not in found.flags and "open_choice" not in found.flags
    found = sweep_toys.made(
        **given, flags="--mixture sentiment", each={"of": "task", "flags": "--hold-out {}"}
    )
    assert "sst2" in found.flags and "rte" not in found.flags


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sedes": [1]}, r"unknown key \(toy.toml\) 'sedes': did you mean 'seeds'"),
        ({"question": ""}, "toy.toml: no 'question'"),
        ({"predicted": None}, "toy.toml: no 'predicted'"),
        ({"seeds": [1, 1]}, "seeds is .*each once"),
        ({"seeds": [-1]}, "seeds is"),
        ({"seeds": 3}, "toy.toml: seeds is 3: expected a list"),
        ({"compared": "nli"}, "compared is 'nli': expected a list of texts"),
        ({"compared": ["nly"]}, "unknown cluster or task in compared .*did you mean 'nli'"),
        ({"kind": "cto"}, "unknown kind of templates .*did you mean 'cot'"),
        ({"baseline": "wiht"}, "unknown baseline .*'wiht': did you mean 'with'"),
        ({"conditions": {"a/b": ""}}, "condition 'a/b': expected a name"),
        ({"conditions": {"untuned": ""}}, "condition 'untuned': expected a name"),
        ({"conditions": {}}, r"no condition: expected \[conditions\] or \[each\]"),
        ({"conditions": {"a": 3}}, "conditions: a is 3: expected a str"),
        ({"conditions": {"a": "'"}}, "condition 'a': \"'\": No closing quotation"),
        ({"conditions": {"a": "--stepz 3"}}, "condition 'a': unknown flag '--stepz': did you mean"),
        ({"conditions": {"a": "--steps -1"}}, "condition 'a': --steps is -1: it must be"),
        ({"conditions": {"a": "--hold-out nly"}}, "condition 'a': unknown cluster or task to hold"),
        ({"conditions": {"a": "--mix.clusters nly"}}, "unknown cluster to train on 'nly'"),
        ({"conditions": {"a": "--mixture flan"}}, "condition 'a': unknown mixture 'flan'"),
        ({"flags": "--seed 3"}, "--seed is not for a sweep's runs"),
        ({"flags": "--help"}, "--help is not for a sweep's runs"),
        ({"each": {"of": "row", "flags": "{}"}}, "expected of = 'cluster' or 'task'"),
        ({"each": {"of": "task", "flags": "--hold-out nli"}}, "each is"),
        (
            {"each": {"of": "cluster", "flags": "--hold-out {}", "without": ["nly"]}},
            "unknown name in without .*did you mean 'nli'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changes, said):
    with pytest.raises(errors.UserError, match=said):
        sweep_toys.made(**changes)


def test_flags_for_all_runs_may_not_undo_the_conditions():
    def with_more(*more):
        given = sweep_toys.declared()
        return sweep.of(given, task_registry.registry, name="toy", where="toy.toml", more=more)

    assert with_more("--steps", "3").runs[0].flags[4:6] == ("--steps", "3")
    for more in (("--prompts", "task-name"), ("--prompts=task-name",)):
        with pytest.raises(errors.UserError, match="--prompts is what it differs in"):
            with_more(*more)
    with pytest.raises(errors.UserError, match="--out is not for a sweep's runs"):
        with_more("--out", "here")


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(errors.UserError, match="no sweep '.*absent.toml' .No such file"):
        sweep.load(str(tmp_path / "absent.toml"), task_registry.registry)
    path = tmp_path / "torn.toml"
    path.write_text("seeds = [")
    with pytest.raises(errors.UserError, match="torn.toml: not TOML"):
        sweep.load(str(path), task_registry.registry)
    with pytest.raises(errors.UserError, match="unknown sweep 'clutsers': did you mean 'clusters'"):
        sweep.load("clutsers", task_registry.registry)


@pytest.mark.parametrize("name", sweep.shipped())
def test_the_shipped_ones_are_right(name):
    found = sweep.load(name, task_registry.registry)
    assert found.source and (len(found.flags) > 1 or found.baseline == sweep.UNTUNED)
    # One for each of two dozen; and one where a run of a published model takes half an hour.
    assert len(found.seeds) > 1 or name == "clusters" or name.startswith("study-")


@pytest.mark.parametrize("name", sorted({*sweep.shipped()} - {"clusters"}))
def test_conditions_of_the_shipped_ones_are_apart_and_hold_out_what_is_compared(name):
    found = sweep.load(name, task_registry.registry)
    registry = task_registry.registry()
    for flags in found.flags.values():
        run = flags_lib.parse(flags)
        mixed = recipe.mixture_of(recipe.of_run(run), registry)
        split = compose.split_tasks(mixed, registry, run.hold_out, rules=run.hold_out_rules)
        assert split.train and split.evaluation
        asked = {registry.task(task).cluster for task in split.evaluation}
        assert asked.issuperset(found.compared)
    assert len({repr(flags_lib.parse(flags)) for flags in found.flags.values()}) == len(found.flags)


def test_each_number_of_clusters_is_trained_on():
    found = sweep.load("number-of-clusters", task_registry.registry)
    registry = task_registry.registry()
    for number, flags in found.flags.items():
        run = flags_lib.parse(flags)
        mixed = recipe.mixture_of(recipe.of_run(run), registry)
        split = compose.split_tasks(mixed, registry, run.hold_out)
        assert len({registry.task(task).cluster for task in split.train}) == int(number)


def test_the_shipped_ones_are_packaged_and_in_the_guide():
    package_data = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert "sweeps/*.toml" in package_data["package-data"]["eval"]
    guide = (_ROOT / "docs" / "sweeps.md").read_text()
    assert all(f"| `{name}` |" in guide for name in sweep.shipped())


def test_the_guides_example_is_a_sweep():
    guide = (_ROOT / "docs" / "sweeps.md").read_text()
    example, rule = (part.partition("```")[0] for part in guide.split("```toml\n")[1:])
    given = tomllib.loads(example)
    found = sweep.of(given, task_registry.registry, name="mine", where="mine.toml")
    assert found.kind == "forward" and [*found.flags] == ["usual", "larger", "largest"]
    found = sweep.of(given | tomllib.loads(rule), task_registry.registry, name="m", where="m.toml")
    assert "nli" in found.flags and "math" not in found.flags
