import json
import pickle
import time

import niv2_toys as toys
import pytest
import source_toys  # sets datasets offline
import template_toys

import task_registry
from flanlike import errors
from flanlike.mixtures import compose, mixture
from flanlike.prompts import checks, overlap
from flanlike.sources import opening
from task_registry import __main__ as command_line
from task_registry import niv2, niv2_files

NAMES = [f"niv2/{name}" for name in toys.CATEGORIES]
NAMING, LOUDER, SAME, FRENCH = NAMES


@pytest.fixture(params=["json", "flat", "zip", "lines"])
def data(request, tmp_path):
    """A --data folder with the collection in one of its layouts; all but two have splits/."""
    if request.param == "json":
        toys.write_json(tmp_path / "niv2")
    elif request.param == "flat":
        toys.write_json(tmp_path / "niv2", below=".", splits=False)
    elif request.param == "zip":
        toys.write_json(tmp_path / "packed")
        toys.write_zip(tmp_path / "niv2.zip", tmp_path / "packed")
    else:
        toys.write_lines(tmp_path / "natural_instructions_v2")
    return str(tmp_path)


def test_each_layout_gives_the_same_tasks_and_rows(data):
    found = task_registry.registry().at(data)
    assert [name for name in found.task_names if name.startswith("niv2/")] == NAMES
    task = found.task(NAMING)
    assert (task.cluster, task.origins) == ("niv2_question_answering", ("animals",))
    test = opening.open_rows(task, data, "test")
    assert test[0]["input"].startswith("Häslein ")
    assert test[0]["instruction"] == 'Do what is "Instances": [ of task 1.'
    rows = [
        opening.open_rows(task, data, split)[index]["input"]
        for split in ("train", "validation", "test")
        for index in range(len(opening.open_rows(task, data, split)))
    ]
    assert sorted(rows) == sorted(f"Häslein {row} of 1" for row in range(20))
    assert test[len(test) - 1]["references"][1].startswith("Antwort ")
    again = pickle.loads(pickle.dumps(test))  # as it goes to another process
    assert again[0] == test[0]


def test_a_prompt_shows_examples_of_its_own_task_only_and_as_many_as_its_template_says(data):
    found = task_registry.registry().at(data)
    rows = opening.open_rows(found.task(LOUDER), data, "test")
    prompts = template_toys.rendered(found.task(LOUDER), found.templates(LOUDER), rows)
    by_id = dict(zip([t.id for t in found.templates(LOUDER).forward], prompts, strict=True))
    said, target = by_id["tk_two_positive_two_negative_explained"]
    row = rows[0]["input"]
    assert said == (
        'Definition: Do what is "Instances": [ of task 2.\n\n'
        "Positive Example 1 -\nInput: in 2a\nOutput: out 2a\nExplanation: Because a.\n\n"
        "Positive Example 2 -\nInput: in 2b\nOutput: out 2b\nExplanation: Because b.\n\n"
        "Negative Example 1 -\nInput: in 2c\nOutput: nonsense\nExplanation: Because not.\n\n"
        f"The instance to solve:\nInput: {row}\nOutput:"
    )
    assert target == rows[0]["references"][0]
    assert by_id["tk_definition"][0] == (
        'Definition: Do what is "Instances": [ of task 2.\n\n'
        f"The instance to solve:\nInput: {row}\nOutput:"
    )
    assert "Because" not in by_id["tk_two_positive"][0] and "2b" in by_id["tk_two_positive"][0]
    assert "2b" not in by_id["one_shown"][0] and "2a" in by_id["one_shown"][0]


def test_a_task_without_examples_or_an_instance_without_input_leaves_the_lines_out(tmp_path):
    toys.write_json(tmp_path / "niv2")
    path = tmp_path / "niv2" / "tasks" / f"{toys.NAMING}.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["Positive Examples"], told["Negative Examples"] = [], ["-"]
    told["Instances"][0]["input"] = ""
    path.write_text(json.dumps(told), encoding="utf-8")
    found = task_registry.registry().at(str(tmp_path))
    rows = opening.open_rows(found.task(NAMING), str(tmp_path), "test")
    prompts = template_toys.rendered(found.task(NAMING), found.templates(NAMING), rows)
    assert prompts[1][0] == (
        'Definition: Do what is "Instances": [ of task 1.\n\nThe instance to solve:\nOutput:'
    )


def test_every_member_passes_check_task(data):
    found = task_registry.registry().at(data)
    for name in NAMES:
        rows = opening.open_rows(found.task(name), data, "test")
        records = [rows[0], rows[1]]
        assert checks.check_task(found.task(name), found.templates(name), records) == []


def test_the_split_of_tasks_is_read_where_it_is_and_by_category_where_it_is_not(tmp_path):
    toys.write_json(tmp_path / "with" / "niv2")
    toys.write_json(tmp_path / "without" / "niv2", splits=False)
    of = {
        folder: task_registry.registry().at(str(tmp_path / folder)).select
        for folder in ("with", "without")
    }
    groups = ("train", "test", "xlingual_train", "xlingual_test", "english", "other_languages")
    assert [of["with"](f"niv2:{group}") for group in groups] == [
        [NAMING], [LOUDER], [NAMING, SAME], [FRENCH], [NAMING, LOUDER, SAME], [FRENCH],
    ]  # fmt: skip
    assert [of["without"](f"niv2:{group}") for group in groups] == [
        [LOUDER], [SAME], [NAMING, LOUDER, FRENCH], ["niv2:xlingual_test"],
        [NAMING, LOUDER, SAME], [FRENCH],
    ]  # fmt: skip
    assert of["with"]("niv2:textual_entailment") == [SAME]
    assert of["with"]("niv2:task[12]_*") == [NAMING, LOUDER]
    assert of["with"]("niv2:*") == NAMES


def test_a_test_task_is_tested_on_its_first_hundred_instances_and_no_row_is_in_two_splits(tmp_path):
    counts = {toys.NAMING: 250, toys.LOUDER: 120, toys.SAME: 3}
    toys.write_json(tmp_path / "niv2", counts=counts)
    found = task_registry.registry().at(str(tmp_path))
    sizes = {}
    for name in NAMES[:3]:
        rows = [found.task(name).rows(split) for split in ("train", "validation", "test")]
        ids = [row["id"] for part in rows for row in part]
        sizes[name] = [len(part) for part in rows]
        assert len(set(ids)) == len(ids)
    assert sizes == {NAMING: [203, 22, 25], LOUDER: [18, 2, 100], SAME: [1, 1, 1]}
    test = found.task(LOUDER).rows("test")
    assert [row["id"] for row in test] == [f"task2-{row}" for row in range(100)]


def test_the_mixture_trains_by_the_official_split_and_holds_the_test_tasks_out(tmp_path):
    toys.write_json(tmp_path / "niv2")
    found = task_registry.registry().at(str(tmp_path))
    composition = compose.compose(found.mixture("niv2"), found, str(tmp_path))
    assert [share.name for share in composition.tasks] == [NAMING]
    assert composition.evaluation == composition.held_out == (LOUDER,)
    split = compose.split_tasks(found.mixture("niv2:*"), found, ["niv2:textual_entailment"])
    assert (split.evaluation, split.train) == ((SAME,), (LOUDER, FRENCH))
    assert split.dropped == {NAMING: f"it shares rows of animals with {SAME}, held out"}


def test_members_leave_training_where_anything_else_is_held_out_and_what_they_have_with_them(
    tmp_path,
):
    toys.write_json(tmp_path / "niv2")
    found = task_registry.registry().at(str(tmp_path))
    mixed = mixture.Mixture(name="mixed", entries=("niv2:*", "rte", "sst2", "aeslc"))
    mixed = mixed.expanded(found.select)
    split = compose.split_tasks(mixed, found, ["nli"])
    assert split.train == ("sst2", "aeslc")
    assert split.dropped[NAMING] == "its rows are of every cluster, also of those held out"
    split = compose.split_tasks(mixed, found, ["niv2:test"])
    assert split.dropped["sst2"] == "it shares its rows with natural_instructions_v2, held out"
    assert "aeslc" in split.train and "rte" in split.train
    assert compose.split_tasks(mixed, found, ["nli"], rules="flan").train[:1] == (NAMING,)


def test_members_may_be_held_out_of_a_mixture_that_lacks_them(tmp_path):
    toys.write_json(tmp_path / "niv2")
    found = task_registry.registry().at(str(tmp_path))
    split = compose.split_tasks(found.mixture("niv2:train"), found, ["niv2:test"])
    assert (split.train, split.evaluation) == ((NAMING,), (LOUDER,))


def test_a_category_is_held_out_by_its_name_and_with_the_cluster_that_asks_the_same(tmp_path):
    toys.write_json(tmp_path / "niv2")
    found = task_registry.registry().at(str(tmp_path))
    for name in ("niv2:textual_entailment", "niv2_textual_entailment"):  # no task of it is in
        split = compose.split_tasks(found.mixture("niv2:train"), found, [name], rules="flan")
        assert (split.train, split.evaluation) == ((NAMING,), (SAME,))
    mixed = mixture.Mixture(name="mixed", entries=("niv2:*", "rte", "sst2")).expanded(found.select)
    split = compose.split_tasks(mixed, found, ["nli"], rules="flan")
    assert split.train == (NAMING, LOUDER, FRENCH, "sst2")
    why = "category 'niv2_textual_entailment' asks what 'nli' does, which is held out"
    assert split.dropped == {SAME: why}


def test_commands_work_on_a_member_and_on_a_selection(capsys, tmp_path):
    toys.write_json(tmp_path / "niv2")
    data = ["--data", str(tmp_path)]
    command_line.main(["list", "--json", *data])
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert listed[NAMING]["availability"]["folder"] == "available"
    assert listed[NAMING]["availability"]["hub"] == "its rows are in a folder"
    command_line.main(["show", NAMING, *data])
    assert "of task 1." in capsys.readouterr().out
    command_line.main(["check", NAMING, *data])
    command_line.main(["check", "niv2:english", *data])
    assert "nothing wrong" in capsys.readouterr().out
    command_line.main(["mixture", "niv2:english", "--json", "--skip-missing", *data])
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["tasks"]] == [NAMING, SAME]
    assert list(told["excluded"]) == [LOUDER]  # of which all rows are test rows
    eval_ = ["--eval", "niv2:textual_entailment", "niv2:test"]
    command_line.main(["overlap", "--mixture", "niv2:train", *eval_, *data])
    assert f"test rows of {SAME}, {LOUDER}" in capsys.readouterr().out


def test_only_what_asks_held_out_tasks_wants_rows_of_them(capsys, tmp_path):
    toys.write_json(tmp_path / "niv2", splits=False)
    for name in (toys.SAME, toys.FRENCH):  # those of the paper's test categories
        (tmp_path / "niv2" / "tasks" / f"{name}.json").unlink()
    data = ["--mixture", "niv2", "--data", str(tmp_path)]
    command_line.main(["lint", *data])
    assert "training rows of 2 tasks" in capsys.readouterr().out
    command_line.main(["export", *data, "--out", str(tmp_path / "out"), "--examples", "3"])
    assert "3 prompts in 1 file, " in capsys.readouterr().out
    made = str(tmp_path / "out" / "manifest.json")
    command_line.main(["check", "--manifest", made])
    assert "no difference" in capsys.readouterr().out
    command_line.main(["overlap", *data, "--eval", LOUDER, "rte"])
    assert "not asked: rte: its folder in " in capsys.readouterr().out
    for command in (["overlap"], ["export", "--out", "x", "--exclude-overlap"]):
        with pytest.raises(SystemExit):
            command_line.main([*command, *data])
        assert "no held-out task has rows to evaluate (niv2:test: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"Definition": ["Do."], "Instances": [', r"task1_made_up_naming\.json: not valid JSON"),
        ('{"Definition": ' + "[" * 99_999, r"task1_made_up_naming\.json: not valid JSON"),
        ('{"Categories": ["X"], "Instances": []}', r"naming\.json: no 'Definition'"),
        ("[1]", r"naming\.json: expected one JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, message):
    toys.write_json(tmp_path / "niv2")
    path = tmp_path / "niv2" / "tasks" / f"{toys.NAMING}.json"
    path.write_text(content, encoding="utf-8")
    found = task_registry.registry().at(str(tmp_path))
    with pytest.raises(errors.UserError, match=message):
        opening.open_rows(found.task(NAMING), str(tmp_path), "train")


def test_two_tasks_of_one_name_are_told(tmp_path):
    (tmp_path / "tasks.jsonl").write_text('{"task": "task1_a"}\n\n{"task": "task1_a"}\n')
    with pytest.raises(
        errors.UserError, match="tasks.jsonl: .*lines 1 and 3 are both of 'task1_a'"
    ):
        niv2_files.find(str(tmp_path))


def test_a_bad_instance_is_named_with_its_place(tmp_path):
    toys.write_json(tmp_path / "niv2")
    path = tmp_path / "niv2" / "tasks" / f"{toys.NAMING}.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["Instances"][0]["output"] = []
    path.write_text(json.dumps(told), encoding="utf-8")
    found = task_registry.registry().at(str(tmp_path))
    with pytest.raises(errors.UserError, match=r"naming\.json, instance 0: expected at least one"):
        opening.open_rows(found.task(NAMING), str(tmp_path), "test")


def test_two_thousand_tasks_are_listed_within_a_second(tmp_path):
    folder = tmp_path / "niv2" / "tasks"
    folder.mkdir(parents=True)
    content = json.dumps(toys.task(toys.NAMING, 1))
    for number in range(2000):
        (folder / f"task{number}_made_up.json").write_text(content, encoding="utf-8")
    began = time.process_time()
    found = task_registry.registry().at(str(tmp_path))
    names = [name for name in found.task_names if name.startswith("niv2/")]
    listed = [found.task(name).cluster for name in names]
    assert (len(listed), set(listed)) == (2000, {"niv2_question_answering"})
    assert time.process_time() - began < 1.0


def test_no_copy_is_opened_before_rows_are_somewhere(tmp_path):
    (tmp_path / "niv2").mkdir()
    assert niv2.FAMILY.open(str(tmp_path)) is None
    names = task_registry.registry().task_names
    assert not [name for name in names if "/" in name]


def test_overlap_looks_at_instances_and_not_at_what_all_of_a_task_share(tmp_path):
    toys.write_json(tmp_path / "niv2", splits=False)
    long = "In this made up task you are given an animal and have to name it twice."
    shared = "a heron, a stork, a crane, a bittern, an egret, a spoonbill, a night heron"
    for name in (toys.NAMING, toys.SAME):
        path = tmp_path / "niv2" / "tasks" / f"{name}.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        told["Definition"] = [long]
        told["Instances"][1 if name == toys.SAME else 7]["input"] = shared
        path.write_text(json.dumps(told), encoding="utf-8")
    data = str(tmp_path)
    found = task_registry.registry().at(data)
    composition = compose.compose(
        found.mixture("niv2:english"), found, data, [f"niv2/{toys.SAME}"], rules="flan"
    )
    seen = overlap.find(composition, found, data=data, evaluated=[SAME], split="test")
    rows = {name: len(places) for name, places in seen.rows.items()}
    assert rows == {NAMING: 1}


def test_overlap_finds_instances_by_their_outputs(tmp_path, capsys):
    toys.write_json(tmp_path / "niv2", splits=False)
    path = tmp_path / "niv2" / "tasks" / f"{toys.NAMING}.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["Instances"][5]["output"] = ["heron", "Which of these birds is a heron, and which not?"]
    told["Instances"][6]["output"] = ["Which of these?"]
    path.write_text(json.dumps(told), encoding="utf-8")
    asked = [{"question": "Which of these birds is a heron and which not", "answer": ["it"]}]
    asked.append({"question": "Which of these", "answer": ["it"]})
    source_toys.write_folder(tmp_path, "natural_questions", validation=asked)
    flags = ["--data", str(tmp_path), "--hold-out", "--hold-out-rules", "flan"]
    given = ["overlap", "--mixture", NAMING, *flags, "--eval", "natural_questions"]
    command_line.main([*given, "--split", "validation", "--json"])
    [pair] = json.loads(capsys.readouterr().out)["pairs"]
    counted = [pair[f"{kind}_rows"] for kind in ("training", "exact", "output", "evaluation")]
    assert counted == [1, 0, 1, 1]
    assert pair["examples"][0]["is_output"]
    command_line.main([*given, "--split", "validation"])
    said = capsys.readouterr().out
    assert "(0 the same as a whole, 1 by their outputs) overlap with 1 validation rows" in said
    assert "words of the output: which of these birds is a heron and which not" in said
