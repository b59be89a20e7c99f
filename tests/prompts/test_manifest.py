import copy
import dataclasses
import json
import shutil
import subprocess

import pytest
import source_toys
import template_toys as toys

import task_registry
import train
from flanlike import errors
from flanlike.mixtures import compose, mixture
from flanlike.prompts import manifest, recipe
from flanlike.sources import opening
from flanlike.tasks import registry
from task_registry import __main__ as command_line

REGISTRY = task_registry.registry()
ASKED = recipe.Recipe(mixture="word_relations", hold_out=())
EMPTY = {
    "format": 1,
    **{k: {} for k in ("recipe", "shares", "tasks", "evaluation", "templates", "code")},
}
ROWS = [
    {"premise": f"{n} is odd.", "hypothesis": f"{n} is even.", "label": n % 2} for n in range(230)
]


def build(asked=ASKED, **settings):
    return manifest.build(asked, recipe.compose(asked, REGISTRY), REGISTRY, **settings)


def of_folder(root):
    return build(recipe.Recipe(mixture="nli", data=str(root), hold_out=(), skip_missing=True))


def lines(there, here):
    return manifest.compare(there, here).differences


def mistake(capsys, main, *arguments):
    """Returns the lines with which a command ends; the last one is the error."""
    with pytest.raises(SystemExit) as caught:
        main([*map(str, arguments)])
    assert caught.value.code == 2
    return capsys.readouterr().err.splitlines()


@pytest.fixture(scope="module")
def embedded():
    return build(evaluated={"rte": "test"})


def test_it_says_what_was_read_and_is_the_same_again(embedded, tmp_path):
    assert list(embedded["tasks"]) == ["pick_synonym", "pick_antonym"]
    task = embedded["tasks"]["pick_synonym"]
    assert (task["split"], task["rows"], task["rate"], task["share"]) == ("train", 20000, 3000, 0.5)
    assert embedded["evaluation"]["rte"]["rows"] == 1000
    assert list(embedded["templates"]) == [
        "_layout.toml",
        "nli.toml",
        "pick_antonym.toml",
        "pick_synonym.toml",
    ]
    assert embedded["code"]["version"]
    again = build(evaluated={"rte": "test"})
    manifest.write(tmp_path, again)
    assert manifest.read(tmp_path) == manifest.read(tmp_path / "manifest.json") == again == embedded
    assert manifest.compare(embedded, again) == manifest.Comparison(differences=[], notes=[])


@pytest.mark.parametrize(
    "path, value, expected",
    [
        (("recipe", "seed"), 7, ["seed is 7, in the manifest 0"]),
        (("rules",), "flan", ["rules is 'flan', in the manifest 'strict'"]),
        (("held_out",), ["nli"], ["held_out is ['nli'], in the manifest []"]),
        (
            ("shares", "few_shot"),
            0.5,
            ["shares of prompts: few_shot is 0.5, in the manifest 0.1"],
        ),
        (
            ("tasks", "pick_synonym", "rate"),
            9.0,
            ["task pick_synonym: rate is 9.0, in the manifest 3000.0"],
        ),
        (
            ("tasks", "pick_synonym", "share"),
            0.1,
            ["task pick_synonym: share is 0.1, in the manifest 0.5"],
        ),
        (("tasks", "cola"), {}, ["task cola is not in the manifest"]),
        (
            ("evaluation", "rte", "rows"),
            3,
            ["evaluation of task rte: rows is 3, in the manifest 1000"],
        ),
        (
            ("templates", "nli.toml"),
            None,
            ["template file nli.toml: content is None, in the manifest "],
        ),
        (("code", "prompts"), "ab", ["code: prompts is 'ab', in the manifest "]),
        (("code", "commit"), "ab", []),
        (("recipe", "data"), "elsewhere", []),  # the content is compared, not where it lies
        (("evaluation",), {}, []),  # an export has none
    ],
)
def test_every_difference_is_a_line(embedded, path, value, expected):
    here = copy.deepcopy(embedded)
    *parents, last = path
    inner = here
    for key in parents:
        inner = inner[key]
    inner[last] = value
    found = lines(embedded, here)
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


def test_shares_are_not_told_where_rates_differ(embedded):
    here = copy.deepcopy(embedded)
    here["tasks"]["pick_synonym"] |= {"rate": 1.0, "share": 0.1}
    here["tasks"]["pick_antonym"]["share"] = 0.9
    assert lines(embedded, here) == ["task pick_synonym: rate is 1.0, in the manifest 3000.0"]


def test_a_commit_is_a_note(embedded):
    here = copy.deepcopy(embedded)
    here["code"]["commit"] = "ab"
    there = {**embedded, "code": {**embedded["code"], "commit": "cd"}}
    assert manifest.compare(there, here).notes == ["code: commit is 'ab', in the manifest 'cd'"]


def test_a_folder_is_known_by_its_bytes_and_label_names(tmp_path):
    source_toys.write_folder(tmp_path / "a", "rte", train=ROWS)
    source_toys.write_folder(tmp_path / "b", "rte", train=ROWS)
    there = of_folder(tmp_path / "a")
    assert lines(there, of_folder(tmp_path / "b")) == []
    last = {**ROWS[-1], "premise": "other"}  # beyond the sampled records
    source_toys.write_folder(tmp_path / "b", "rte", train=[*ROWS[:-1], last])
    assert [line.split(" is ")[0] for line in lines(there, of_folder(tmp_path / "b"))] == [
        "task rte: content"
    ]
    names = ("label", ["not_entailment", "entailment"])
    source_toys.write_folder(tmp_path / "a", "rte", manifest=names, train=ROWS)
    assert [line.split(" is ")[0] for line in lines(there, of_folder(tmp_path / "a"))] == [
        "task rte: content",
        "task rte: records",
    ]


def test_all_sources_that_fail_are_named_together(tmp_path):
    for name in ("rte", "cb"):
        source_toys.write_folder(tmp_path, name, train=[{"other": 1}] * 9)
    mixed = mixture.Mixture(name="mixed", entries=("rte", "cb"))
    composition = compose.resolve(mixed, REGISTRY, {"rte": 9, "cb": 9})
    asked = recipe.Recipe(mixture="mixed", data=str(tmp_path))
    expected = "2 sources failed: task 'rte': .*missing column.*; task 'cb': .*missing column"
    with pytest.raises(errors.UserError, match=expected):
        manifest.build(asked, composition, REGISTRY)


def test_the_hub_is_known_by_its_drawable_rows(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    task = REGISTRY.task("rte")
    last = {**ROWS[-1], "premise": "other"}  # carved off for validation
    first = {**ROWS[0], "premise": "other"}
    found = []
    for name, rows in (("a", ROWS), ("b", [*ROWS[:-1], last]), ("c", [first, *ROWS[1:]])):
        source_toys.write_hub(
            tmp_path / name, task, "train", rows, {"label": ["entailment", "not_entailment"]}
        )
        records = opening.open_rows(task, "hub", "train", hub_root=str(tmp_path / name))
        assert len(records) == 30 and records.revision() == ""
        found.append(records.content(range(30)))
    assert found[0] == found[1] != found[2]


def test_the_commits_of_the_hub_are_read_from_a_manifest(embedded, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    content = {
        **embedded,
        "source": "hub",
        "tasks": {"rte": {"revision": commit}, "cb": {"revision": "refs/convert/parquet"}},
        "evaluation": {"sst2": {"revision": commit}, "wnli": {}},
    }
    assert manifest.commits(content) == {"rte": commit, "sst2": commit}
    assert manifest.commits({**content, "source": "folder"}) == {}
    assert manifest.commits_in(None) == manifest.commits_in(tmp_path) == {}
    manifest.write(tmp_path, content)
    assert manifest.commits_in(tmp_path) == manifest.commits_in(tmp_path / "manifest.json")
    assert REGISTRY.pinned(manifest.commits_in(tmp_path)).task("rte").hub.commit == commit
    assert REGISTRY.task("rte").hub.commit == ""


def test_tfds_is_known_by_its_rows_and_version():
    import tensorflow_datasets as tfds

    with tfds.testing.mock_data(num_examples=40):
        records = opening.open_rows(REGISTRY.task("imdb_reviews"), "tfds", "test")
        assert records.revision() == "1.0.0"
        assert records.content([0, 1]) == records.content([0, 1]) != records.content([1, 0])


def test_code_is_told_by_files_that_are_there():
    assert all(any(manifest._HERE.glob(pattern)) for pattern in manifest.CODE)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_of_a_checkout(tmp_path):
    assert manifest._commit(tmp_path) == ""
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    (tmp_path / "file").write_text("1")
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    clean = manifest._commit(tmp_path)
    assert len(clean) == 40
    (tmp_path / "file").write_text("2")
    assert manifest._commit(tmp_path) == clean + "+dirty"


def test_check_makes_the_manifest_again(tmp_path, capsys, embedded):
    manifest.write(tmp_path, embedded)
    path = tmp_path / "manifest.json"
    command_line.main(["check", "--manifest", str(path)])
    assert capsys.readouterr().out == f"3 tasks read as {path} says, no difference\n"
    other = copy.deepcopy(embedded)
    other["tasks"]["pick_antonym"]["rows"] = 5
    other["evaluation"]["rte"]["records"] = "ab"
    manifest.write(tmp_path, other)
    said = mistake(capsys, command_line.main, "check", "--manifest", path)
    assert said[0] == "  task pick_antonym: rows is 20000, in the manifest 5"
    assert said[1].startswith("  evaluation of task rte: records is ")
    assert said[2].startswith(f"error: 2 differences from '{path}', listed above")


def test_check_finds_a_folder_that_lies_elsewhere(tmp_path, capsys):
    source_toys.write_folder(tmp_path / "here", "rte", train=ROWS)
    manifest.write(tmp_path, of_folder(tmp_path / "here"))
    (tmp_path / "here").rename(tmp_path / "there")
    command = ["check", "--manifest", str(tmp_path), "--data", str(tmp_path / "there")]
    command_line.main(command)
    assert "no difference" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content, expected",
    [
        (None, "no manifest "),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a manifest of format 1"),
        (json.dumps({"format": 2}), "not a manifest of format 1"),
        (json.dumps({**EMPTY, "tasks": {"rte": 1}}), "not a manifest of format 1"),
        (json.dumps({**EMPTY, "tasks": {"rte": {"revision": 1}}}), "not a manifest of format 1"),
        (json.dumps({**EMPTY, "evaluation": {"rte": {"split": 1}}}), "not a manifest of format 1"),
        (json.dumps({**EMPTY, "export": None}), "not a manifest of format 1"),
    ],
)
def test_a_file_that_is_no_manifest_is_one_clear_line(content, expected, tmp_path, capsys):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    said = mistake(capsys, command_line.main, "check", "--manifest", tmp_path)
    assert len(said) == 1 and expected in said[0]


def test_a_recipe_of_another_version_is_one_clear_line(tmp_path, capsys, embedded):
    manifest.write(tmp_path, {**embedded, "recipe": {**embedded["recipe"], "mood": 1}})
    said = mistake(capsys, command_line.main, "check", "--manifest", tmp_path)
    assert len(said) == 1 and "not a recipe of this version" in said[0]


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"mixture": None}, "mixture is None"),
        ({"data": 5}, "data is 5"),
        ({"hold_out": "nli"}, "hold_out is 'nli'"),
        ({"hold_out": [5]}, r"hold_out is \(5,\)"),
        ({"evaluated_on": "test"}, "evaluated_on is 'test'"),
        ({"rules": "lax"}, "rules is 'lax'"),
        ({"seed": True}, "seed is True"),
        ({"skip_missing": 1}, "skip_missing is 1"),
    ],
)
def test_a_recipe_with_values_of_other_kinds_is_refused(changes, expected):
    asked = dataclasses.asdict(recipe.Recipe(mixture="nli", hold_out=("rte",), rules="flan"))
    values = json.loads(json.dumps(asked))
    assert dataclasses.asdict(recipe.from_json(values)) == asked
    with pytest.raises(errors.UserError, match=f"not a recipe of this version .*{expected}"):
        recipe.from_json({**values, **changes})


def test_train_stops_before_it_trains_on_something_else(tmp_path, capsys, embedded):
    manifest.write(tmp_path, embedded)
    out = tmp_path / "run"
    flags = ["--mixture", "word_relations", "--hold-out", "--seed", 3, "--mix.few-shot", 0.2]
    said = mistake(capsys, train.main, *flags, "--manifest", tmp_path, "--out", out)
    assert said[:2] == [
        "  seed is 3, in the manifest 0",
        "  shares of prompts: few_shot is 0.2, in the manifest 0.1",
    ]
    assert said[-1].startswith("error: ") and not out.exists()


def test_a_template_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "toy.toml").mkdir()
    builder = toys.builder_of("toy", templates=str(tmp_path / "toy.toml"))
    found = registry.Registry([builder], templates_folder=tmp_path)
    with pytest.raises(errors.UserError, match="toy.toml: cannot be read .Is a directory."):
        manifest._templates(found, ["toy"])
