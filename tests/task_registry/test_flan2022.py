"""The mixture flan2022: its five parts, each with its own settings, and what a machine lacks."""

import json

import niv2_toys
import p3_toys
import pytest
import source_toys

import task_registry
from flanlike.mixtures import compose
from task_registry import __main__ as command_line
from task_registry import flan2022, parts

REGISTRY = task_registry.registry()
PARTS = {part.name: part for part, _ in REGISTRY.mixture("flan2022").weighted()}


@pytest.fixture
def data(tmp_path):
    """A folder with some of each part but dialog."""
    niv2_toys.write_json(tmp_path / "niv2")
    for name in ("qasc_one", "qasc_two", "glue_mrpc_one"):
        p3_toys.write_rows(tmp_path / "p3" / name, train=p3_toys.rendered(6))
    rte = {"premise": "It rains.", "hypothesis": "It is wet.", "label": "entailment"}
    source_toys.write_folder(tmp_path, "rte", train=[rte] * 30)
    sum_ = {"question": "1 + 1?", "answer": "1 + 1 = 2.\n#### 2"}
    source_toys.write_folder(tmp_path, "cot_gsm8k", train=[sum_] * 30)
    return str(tmp_path)


def composed(data):
    found = task_registry.registry().at(data)
    return compose.compose(
        found.mixture("flan2022"), found, data, skip_missing=True, is_trained=False
    )


def test_parts_have_the_published_weights_caps_and_settings():
    weights = [weight for _, weight in REGISTRY.mixture("flan2022").weighted()]
    assert list(zip(PARTS, weights, strict=True)) == [
        ("flan2021", 0.40), ("t0", 0.32), ("niv2", 0.20), ("cot", 0.05), ("dialog", 0.03),
    ]  # fmt: skip
    assert [part.rate_cap for part in PARTS.values()] == [30_000, 20_000, 5_000, 100_000, 200_000]
    shares = [part.shares for part in PARTS.values()]
    assert {(each.few_shot, each.no_options) for each in shares} == {(0.5, 0.5)}
    inverted = {name: round(part.shares.inverted, 3) for name, part in PARTS.items()}
    assert inverted == {"flan2021": 0.14, "t0": 0, "niv2": 0, "cot": 0.231, "dialog": 0.231}
    assert (PARTS["niv2"].shares.min_shots, PARTS["niv2"].shares.max_shots) == (2, 2)


def test_it_names_every_dataset_once_and_none_that_is_only_asked():
    names = REGISTRY.mixture("flan2022").task_names
    assert len(names) == len(set(names)) == 70 + 1 + 1 + 9 + 2
    assert not any(REGISTRY.task(name).is_evaluation_only for name in names if ":" not in name)
    assert "lambada" in names and "wsc273" not in names


def test_every_part_keeps_its_rule_and_its_settings_in_the_whole(data):
    composition = composed(data)
    of = {task.name: task for task in composition.tasks}
    niv2 = "niv2/task1_made_up_naming"
    assert {name: round(task.share, 3) for name, task in of.items()} == {
        "rte": 0.412, "p3/qasc/one": 0.165, "p3/qasc/two": 0.165, niv2: 0.206, "cot_gsm8k": 0.052,
    }  # fmt: skip
    assert of["cot_gsm8k"].shares.cot == 1.0 and of["rte"].shares.cot == 0.5
    assert of[niv2].shares.max_shots == 2 and of["p3/qasc/one"].shares.max_shots == 5
    assert (composition.rules, composition.evaluation) == ("flan", ("niv2/task2_made_up_louder",))


def test_every_part_tells_what_it_holds_and_what_is_missing_and_why(data):
    told = {part.name: part for part in parts.of(composed(data))}
    assert (told["t0"].tasks, told["t0"].rows, told["t0"].missing) == (2, 8, {})
    assert told["niv2"].held_out == 1 and told["flan2021"].held_out == 0
    assert (told["dialog"].share, set(told["dialog"].missing)) == (0, {"wiki_dialog", "qrecc"})
    assert "has no train.jsonl" in told["dialog"].missing["qrecc"]
    assert len(told["flan2021"].missing) == 69
    listed = parts.lines(told["dialog"])
    assert listed[1].startswith("  0.0% of the prompts, 3% where nothing is missing; 0 tasks; 0 ro")
    assert listed[2].startswith("  missing: wiki_dialog, qrecc: its folder in ")


def test_the_command_tells_of_it_where_families_are_missing_and_where_they_are(capsys, data):
    command_line.main(["mixture", "flan2022"])
    out = capsys.readouterr().out
    assert "missing: p3:flan2022: --data embedded holds no tasks of the family 'p3'" in out
    assert "missing: niv2:flan2022: --data embedded holds no tasks of the family 'niv2'" in out
    command_line.main(["mixture", "flan2022", "--data", data, "--json"])
    told = json.loads(capsys.readouterr().out)["parts"]
    assert [part["name"] for part in told] == list(PARTS)
    command_line.main(["mixture", "flan_core"])
    assert "missing" not in capsys.readouterr().out


def test_questions_of_mmlu_and_what_is_asked_are_not_trained_on(tmp_path):
    categories = {
        "task1_some_mmmlu_answer_generation": ("Question Answering", "mmlu"),
        "task2_ends": ("Text Completion", "tales"),
        "task3_tales": ("Story Composition", "tales"),
        "task4_news": ("Story Composition", "news"),
        "task5_says": ("Title Generation", "news"),
    }
    folder = tmp_path / "niv2"
    folder.mkdir()
    for name, (category, source) in categories.items():
        told = {**niv2_toys.task(niv2_toys.NAMING), "Categories": [category], "Source": [source]}
        (folder / f"{name}.json").write_text(json.dumps(told))
    (tmp_path / "niv2" / "splits" / "default").mkdir(parents=True)
    for split, numbers in (("train", "1234"), ("test", "5")):
        names = [name for name in categories if name[4] in numbers]
        path = tmp_path / "niv2" / "splits" / "default" / f"{split}_tasks.txt"
        path.write_text("\n".join(names))
    select = task_registry.registry().at(str(tmp_path)).select
    assert select("niv2:flan2022") == ["niv2/task4_news"]
    assert select("niv2:flan2022_test") == ["niv2/task2_ends", "niv2/task5_says"]


def test_chains_are_those_of_the_collection():
    assert {REGISTRY.task(name).cluster for name in flan2022.CHAINS} == {"chain_of_thought"}
