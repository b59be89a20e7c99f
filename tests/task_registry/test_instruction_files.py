"""A file in place of a mixture: its names, and what the commands say of it."""

import json
import pickle
import re

import pytest

import task_registry
from flanlike import config, errors
from flanlike.prompts import files, recipe, stream
from flanlike.runs import folder as run_folder
from task_registry import __main__ as command_line
from task_registry import instruction_files

ROWS = [
    {"instruction": f"Add {n} and 1.", "input": "" if n % 2 else "Be brief.", "output": str(n + 1)}
    for n in range(12)
]
TOLD = "my.jsonl: 12 rows of the format alpaca (by its columns instruction, output)\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with my.jsonl in it, which is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def printed(capsys, *arguments):
    command_line.main(arguments)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("my.jsonl", "my"),
        ("a/My data (2).JSONL.gz", "my_data_2"),
        ("بيانات.csv", "file"),
        ("sst2.json", "sst2_file"),
        ("nli.tsv", "nli_file"),
        ("x.v2.parquet", "x_v2"),
    ],
)
def test_a_task_is_named_as_its_file(path, name):
    builder, mixture = instruction_files.of(path, {"sst2"}, format=None)
    task = builder()
    assert (builder.__name__, task.name, task.cluster) == (name, name, name)
    assert (mixture.name, mixture.task_names) == (path, [name])
    assert pickle.loads(pickle.dumps(builder))() == task


def test_what_is_no_file_is_left_to_the_names():
    assert instruction_files.of("flan_core", {}, format=None) is None
    with pytest.raises(errors.UserError, match="unknown mixture 'flan_cor'"):
        task_registry.registry().mixture("flan_cor")
    with pytest.raises(errors.UserError, match="unknown task 'sst3'"):
        task_registry.registry().tasks_of("sst3")


def test_a_registry_takes_a_file_once():
    found = task_registry.registry()
    assert found.mixture("my.jsonl") is found.mixture("my.jsonl")
    assert found.tasks_of("my.jsonl") == [found.task("my")]
    assert [each.name for each in found.tasks_of("sst2")] == ["sst2"]
    assert "my" not in task_registry.registry().task_names


def test_show(here, capsys):
    out = printed(capsys, "show", "my.jsonl", "--n", "2")
    assert out.startswith(TOLD + "my, cluster my, --data file\n")
    assert "\nAdd 1 and 1.\n=> 2\n" in out
    assert "\nAdd 0 and 1.\n\nBe brief.\n=> 1\n" in out


def test_mixture_and_check(here, capsys):
    out = printed(capsys, "mixture", "my.jsonl")
    assert out.startswith(TOLD + "my.jsonl: all rows of one file; --data file\n")
    assert "  my    10    10  100.00%" in out
    assert "micro-world" not in out
    told = json.loads(printed(capsys, "mixture", "my.jsonl", "--json"))
    assert [task["rows"] for task in told["tasks"]] == [10]
    told = printed(capsys, "mixture", "my.jsonl")
    assert "\n1 task of 1 cluster; " in told
    assert "\nevaluated: what is trained on, by its test rows\n" in told
    assert "ok   my\n1 task checked, nothing wrong" in printed(capsys, "check", "my.jsonl")


def test_a_format_is_said_where_it_is_given(here, capsys):
    out = printed(capsys, "mixture", "my.jsonl", "--format", "alpaca")
    assert "of the format alpaca (as --format says)" in out
    with pytest.raises(SystemExit):
        command_line.main(["mixture", "my.jsonl", "--format", "dolly"])
    error = capsys.readouterr().err
    told = "error: my.jsonl:1: missing column 'response'; the row has ['input', 'instruction', 'out"
    assert error.startswith(told)
    assert error.count("\n") == 1


def test_a_file_that_is_not_there_is_one_line(here, capsys):
    for command in ("show", "mixture", "check"):
        with pytest.raises(SystemExit) as caught:
            command_line.main([command, "your.csv"])
        assert caught.value.code == 2
        assert capsys.readouterr().err == "error: there is no file 'your.csv'\n"


def test_export(here, capsys):
    out = here / "out"
    arguments = ("--mixture", "my.jsonl", "--format", "jsonl", "--processes", "1")
    printed(capsys, "export", *arguments, "--row-format", "alpaca", "--out", str(out))
    lines = [json.loads(line) for line in next(out.glob("*.jsonl")).read_text().splitlines()]
    assert len(lines) == 10
    asked = {line["inputs"] for line in lines}
    assert asked <= {"\n\n".join(filter(None, (r["instruction"], r["input"]))) for r in ROWS}
    card = (out / "README.md").read_text()
    assert "# my.jsonl: prompts\n\n10 rendered prompts of 1 task, in 1 file. Mix" in card
    assert str(here) not in card


def messages(n):
    """Returns a conversation of the length that a row's number gives."""
    each = [("user", f"Add {n}."), ("assistant", str(n))] * (1 + n % 2)
    return [{"role": role, "content": content} for role, content in each]


@pytest.fixture
def talk(here):
    """Beside my.jsonl there is talk.jsonl, of conversations."""
    rows = [json.dumps({"messages": messages(n)}) + "\n" for n in range(12)]
    (here / "talk.jsonl").write_text("".join(rows))
    return here


def exported(capsys, out, *flags):
    printed(capsys, "export", *flags, "--processes", "1", "--out", str(out))
    [path] = out.glob("train-*")
    return list(files.read(path))


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_conversations_are_exported_as_messages(talk, capsys, format):
    lines = exported(capsys, talk / "out", "--mixture", "talk.jsonl", "--format", format)
    for line in lines:
        n = int(line["row_id"].partition("/")[2])
        assert line["messages"] == messages(n)
        assert line["targets"] == str(n)
    assert "also as the messages of a chat" in (talk / "out" / "README.md").read_text()
    assert json.loads((talk / "out" / "manifest.json").read_text())["recipe"]["chat"] is True


def test_instructions_are_exported_as_messages_where_it_is_asked(here, capsys):
    flags = ("--mixture", "my.jsonl", "--format", "jsonl")
    assert "messages" not in exported(capsys, here / "plain", *flags)[0]
    for line in exported(capsys, here / "out", *flags, "--chat"):
        user, assistant = line["messages"]
        assert user == {"role": "user", "content": line["inputs"]}
        assert assistant == {"role": "assistant", "content": line["targets"]}
    with pytest.raises(SystemExit):
        exported(capsys, here / "out", *flags)
    assert "another export (chat is False, in the manifest True)" in capsys.readouterr().err


def test_a_run_on_conversations_is_in_a_chat(talk):
    def in_chat(mixture, **settings):
        return recipe.in_chat(config.RunConfig(mixture=mixture, **settings)).chat

    assert in_chat("talk.jsonl")
    assert not in_chat("my.jsonl")
    assert in_chat("my.jsonl", chat=True)
    assert not in_chat("flan_core")
    assert in_chat("hub:me/talk", format="sharegpt")
    assert not in_chat("hub:me/talk")
    there, here = [
        run_folder.as_json(config.RunConfig(mixture="my.jsonl", **settings))
        for settings in ({}, {"chat": True})
    ]
    older = {key: value for key, value in there.items() if key not in ("chat", "answers")}
    assert run_folder.differences(older, there) == ""
    assert run_folder.differences(older, here) == "chat is True, there False"
    assert "answers is 'last'" in run_folder.differences(there, there | {"answers": "last"})


def test_a_mixture_may_name_the_file_of_a_user_by_its_folder(here, capsys, monkeypatch, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "  my    10" in printed(capsys, "mixture", "my.jsonl", "--data", str(here))


def test_a_module_may_have_a_files_task_beside_others(here, capsys):
    (here / "mine.py").write_text(
        "from flanlike import mixture\n"
        "from task_registry import instruction_files\n"
        "TASKS = [instruction_files.builder('my.jsonl', format='alpaca')]\n"
        "MIXTURES = [mixture.Mixture(name='both', entries=('my', ('sst2', 0.25)))]\n"
    )
    out = printed(capsys, "mixture", "both", "--tasks", "mine.py")
    assert re.search(r"^  my +10 +10  75.00%", out, re.M)
    assert "  sst2" in out
    assert "Add 1 and 1." in printed(capsys, "show", "my", "--tasks", "mine.py")


def test_a_run_trains_and_is_evaluated_on_the_file(here):
    found = task_registry.registry()
    flags = config.RunConfig(mixture="my.jsonl")
    assert flags.data == "file"
    assert flags.batch.max_input_tokens == config.INPUT_TOKENS
    composition = recipe.compose(recipe.of_run(flags), found)
    assert [(task.name, task.rows, task.share) for task in composition.tasks] == [("my", 10, 1.0)]
    assert composition.evaluated == ("my",)
    prompts = stream.Prompts(composition, found, data=flags.data, seed=0, style="instructions")
    asked = {prompts[index].inputs for index in range(40)}
    assert len(asked) == 10
    told = list(recipe.told(flags, composition, here))
    assert told[0] == TOLD.rstrip()
    assert not any("micro-world" in line for line in told)


def test_a_repository_of_the_hub_is_a_file_too(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FLANLIKE_HUB_ROOT", str(tmp_path))
    rows = [
        {"instruction": f"Say {n}.", "context": None, "response": str(n or ""), "category": "qa"}
        for n in range(410)
    ]
    (tmp_path / "me" / "my-dolly").mkdir(parents=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "me" / "my-dolly" / "train.jsonl").write_text(text)
    name = "hub:me/my-dolly"
    out = printed(capsys, "mixture", name)
    assert out.startswith(f"{name}: all rows of one repository; --data hub\n")
    assert re.search(r"^  my_dolly +\d+ +\d+ +100.00%", out, re.M)
    assert "Say " in printed(capsys, "show", name, "--n", "1", "--split", "test")
    flags = config.RunConfig(mixture=name)
    composition = recipe.compose(recipe.of_run(flags), task_registry.registry())
    assert (flags.data, composition.evaluated) == ("hub", ("my_dolly",))
    assert composition.tasks[0].rows + composition.dropped_rows.get("my_dolly", 0) == 10
    assert run_folder.default_folder(name, {}).name.startswith("my-dolly-")


def test_a_run_finds_its_file_from_anywhere(here):
    flags = run_folder.as_json(config.RunConfig(mixture="my.jsonl"))
    assert run_folder._located(flags)["mixture"] == str(here / "my.jsonl")
    assert run_folder.default_folder(str(here / "my.jsonl"), flags).name.startswith("my.jsonl-")
    assert not run_folder.differences(flags, run_folder._located(flags))


def test_the_default_data_of_a_file_is_the_file():
    assert config.data_of("my.csv.gz", "embedded") == "file"
    assert config.data_of("my.csv", "rows") == "rows"
    assert config.data_of("flan_core", "embedded") == "embedded"


def test_a_format_without_a_file_and_one_that_is_unknown_are_told(here, capsys):
    with pytest.raises(
        errors.UserError, match="--format is 'dolly': it must be left out, for --mi"
    ):
        config.RunConfig(format="dolly")
    assert config.RunConfig(mixture="my.jsonl", format="dolly").format == "dolly"
    with pytest.raises(SystemExit):
        command_line.main(["show", "my.jsonl", "--format", "alpacca"])
    assert "unknown format 'alpacca': did you mean 'alpaca'" in capsys.readouterr().err


def test_file_is_no_data_of_other_tasks(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["show", "sst2", "--data", "file"])
    assert "sst2' is not in --data file: its rows are in no file of" in capsys.readouterr().err
