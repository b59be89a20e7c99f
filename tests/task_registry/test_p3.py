import gzip
import json
import pickle

import p3_toys as toys
import pytest
import template_toys

import task_registry
from flanlike import errors
from flanlike.mixtures import compose, holdout, mixture, rates
from flanlike.prompts import checks
from flanlike.sources import opening
from task_registry import __main__ as command_line
from task_registry import p3, p3_datasets, p3_templates

IS_IT_SO = "p3/super_glue_rte/is_it_so"
BACKWARDS = "p3/super_glue_rte/make_one_up"


def at(folder):
    return task_registry.registry().at(str(folder))


def records(folder, name, split):
    return opening.open_rows(at(folder).task(name), str(folder), split)


@pytest.fixture(params=["beside", "in the folder of our task", "by the dataset's name"])
def promptsource(request, tmp_path):
    """A --data folder with templates, and rows of their dataset where they may be."""
    templates = tmp_path / "p3" / "promptsource" / "templates" / "super_glue" / "rte"
    toys.write_templates(templates, toys.IS_IT_SO, toys.BACKWARDS)
    where = {
        "beside": templates,
        "in the folder of our task": tmp_path / "rte",
        "by the dataset's name": tmp_path / "p3" / "super_glue_rte",
    }
    rows = {"train": toys.rows(40), "validation": toys.rows(5, "validation")}
    rows["validation"].append({**rows["validation"][0], "label": -1})
    toys.write_rows(where[request.param], **rows)
    return tmp_path


def test_a_template_of_promptsource_makes_a_task_of_the_rows_of_its_dataset(promptsource):
    found = at(promptsource)
    assert [name for name in found.task_names if "/" in name] == [IS_IT_SO, BACKWARDS]
    assert found.task(IS_IT_SO).cluster == "p3_nli"
    test = records(promptsource, IS_IT_SO, "test")
    assert test[1] == {
        "instruction": "Ivo has 1 hens in validation. Is it so that there are 1 hens.",
        "options": ["Yes", "No"],
        "label": 1,
    }
    assert (len(test), test.dropped) == (5, 1)  # the row without a label
    sizes = [len(records(promptsource, IS_IT_SO, split)) for split in ("train", "validation")]
    assert sizes == [36, 4]
    again = pickle.loads(pickle.dumps(test))  # as it goes to another process
    assert again[1] == test[1]
    turned = [records(promptsource, BACKWARDS, "train")[index] for index in range(20)]
    assert turned[3]["references"] == ["Ivo has 3 hens in train."]
    assert {record["instruction"].split()[-2] for record in turned} == {"follows", "comes"}
    assert turned == [records(promptsource, BACKWARDS, "train")[index] for index in range(20)]


def test_answers_are_listed_besides_where_the_prompt_does_not_name_them(promptsource):
    shown = toys.template("say yes", "{{premise}} Yes or no? ||| Yes", shown=True)
    toys.write_templates(promptsource / "p3" / "more", shown)
    toys.write_rows(promptsource / "p3" / "more", train=toys.rows(9))
    found = at(promptsource)
    rows = records(promptsource, IS_IT_SO, "test")
    prompts = template_toys.rendered(found.task(IS_IT_SO), found.templates(IS_IT_SO), rows)
    assert prompts[0] == [rows[0]["instruction"], "Yes"]
    assert prompts[1][0].startswith(rows[0]["instruction"] + "\n\nOptions:\n- ")
    forward = found.templates("p3/super_glue_rte/say_yes").forward
    assert [template.id for template in forward] == ["as_it_is"]


def test_another_template_is_other_content(promptsource):
    def content():
        p3._found.cache_clear()
        return records(promptsource, IS_IT_SO, "test").content(range(3))

    before = content()
    assert content() == before
    path = next(promptsource.rglob("templates.yaml"))
    path.write_text(path.read_text().replace("Is it so", "Can it be"))
    assert content() != before


def test_labels_are_numbered_as_on_the_hub_whatever_a_folder_calls_them(tmp_path):
    toys.write_templates(tmp_path / "p3" / "rte", toys.IS_IT_SO)
    rows = [{**toys.rows(2)[n], "label": label} for n, label in enumerate((0, "entailment"))]
    toys.write_rows(tmp_path / "rte", train=rows, validation=rows)
    other = {"name": "rte", "label_field": "label", "label_names": ["not_entailment", "entailment"]}
    (tmp_path / "manifest.json").write_text(json.dumps({"datasets": [other]}))
    test = records(tmp_path, IS_IT_SO, "test")
    assert [test[0]["label"], test[1]["label"]] == [1, 0]


def test_each_round_of_anli_has_the_templates(tmp_path):
    toys.write_templates(tmp_path / "p3", toys.IS_IT_SO, dataset="anli", subset="")
    for number in (1, 3):
        toys.write_rows(tmp_path / f"anli_r{number}", test=toys.rows(number))
    assert at(tmp_path).select("p3:eval") == ["p3/anli/is_it_so_r1", "p3/anli/is_it_so_r3"]
    assert len(records(tmp_path, "p3/anli/is_it_so_r3", "test")) == 3


def test_a_configuration_of_the_hub_is_a_task(tmp_path):
    toys.write_rows(
        tmp_path / "p3" / "super_glue_rte_is_it_so",
        train=toys.rendered(30),
        validation=toys.rendered(4, "validation"),
    )
    toys.write_rows(
        tmp_path / "p3" / "wiki_bio_who", train=toys.rendered(30, choices=()), test=[{"x": 1}]
    )
    assert at(tmp_path).select("p3:*") == [IS_IT_SO, "p3/wiki_bio/who"]
    test = records(tmp_path, IS_IT_SO, "test")
    assert (len(test), test[1]["options"], test[1]["label"]) == (4, ["Yes", "No"], 1)
    train = records(tmp_path, "p3/wiki_bio/who", "train")
    assert train[0] == {
        "instruction": "Ivo has 0 hens in train. Is it so that There are 0 hens.",
        "references": ["Yes"],
    }


def test_choices_that_have_a_row_each_are_one_row(tmp_path):
    folder = tmp_path / "p3" / "super_glue_rte_is_it_so"
    toys.write_rows(folder, train=toys.rendered(30, choices=()))
    toys.write_rows(folder.with_name(f"{folder.name}_score_eval"), validation=toys.scored(3))
    assert at(tmp_path).select("p3:*") == [IS_IT_SO]
    task = at(tmp_path).task(IS_IT_SO)
    test = records(tmp_path, IS_IT_SO, "test")
    assert [test[n]["label"] for n in range(len(test))] == [0, 1, 0]
    assert test[0]["options"] == ["Yes", "No"]
    assert checks.check_task(task, at(tmp_path).templates(IS_IT_SO), [test[0], test[1]]) == []
    assert [template.id for template in at(tmp_path).templates(IS_IT_SO).forward] == [
        "as_it_is",
        "answers_below",
    ]
    why = "all are kept to evaluate it by"
    assert why in opening.lacks_training(task, str(tmp_path))


@pytest.mark.parametrize("folder", ["p3", "t0_sf"])
def test_lines_of_all_prompts_make_a_task_of_each(tmp_path, folder):
    asked = toys.lines(glue_mrpc_same_thing=20, cnn_dailymail_3_0_0_sum_in_brief=3, made_up_one=2)
    toys.write_rows(tmp_path / folder, train=asked, validation=toys.lines(glue_mrpc_same_thing=4))
    mrpc, news = "p3/glue_mrpc/same_thing", "p3/cnn_dailymail_3.0.0/sum_in_brief"
    assert at(tmp_path).select("p3:*") == [mrpc, news, "p3/made_up_one"]
    assert at(tmp_path).select("p3:train") == [mrpc, news]
    assert at(tmp_path).select("p3:other") == ["p3/made_up_one"]
    sizes = [
        [len(records(tmp_path, name, split)) for split in ("train", "validation", "test")]
        for name in (mrpc, news)
    ]
    assert sizes == [[18, 2, 4], [1, 1, 1]]
    first = records(tmp_path, mrpc, "train")[0]
    assert first["instruction"] == 'glue_mrpc_same_thing "template": "x" 0?'
    assert first["references"] == ["it is 0"]


def test_groups_are_what_t0_was_trained_and_asked_on(tmp_path):
    for name in ("glue_qqp_same", "hellaswag_end_it", "super_glue_cb_so", "race_high_pick",
                 "super_glue_axg_who", "qasc_one", "something_else"):  # fmt: skip
        toys.write_rows(tmp_path / "p3" / name, train=toys.rendered(3))
    select = at(tmp_path).select
    assert {group: select(f"p3:{group}") for group in p3.Members("", {}).groups} == {
        "train": ["p3/glue_qqp/same", "p3/qasc/one"],
        "train_plus": ["p3/glue_qqp/same", "p3/hellaswag/end_it", "p3/qasc/one",
                       "p3/race_high/pick"],
        "train_plus_plus": ["p3/glue_qqp/same", "p3/hellaswag/end_it", "p3/qasc/one",
                            "p3/race_high/pick"],
        "eval": ["p3/hellaswag/end_it", "p3/super_glue_cb/so"],
        "bias": ["p3/super_glue_axg/who"],
        "flan2022": ["p3/qasc/one", "p3/race_high/pick"],
    }  # fmt: skip
    assert select("p3:nli") == ["p3/super_glue_cb/so"]
    assert select("p3:super_glue_*") == ["p3/super_glue_axg/who", "p3/super_glue_cb/so"]


def test_only_what_a_dataset_was_made_for_is_asked(promptsource):
    assert at(promptsource).select("p3:eval") == [IS_IT_SO]


def test_datasets_are_known_by_the_longest_name():
    assert p3_datasets.divided("race_middle_pick") == ("race_middle", "pick")
    assert p3_datasets.divided("cos_e_v1.11_why") == ("cos_e_v1.11", "why")
    assert p3_datasets.divided("race_of_ducks") == ("race_of_ducks", "")
    assert len(p3_datasets.known()) == 67


@pytest.mark.parametrize(("rows", "expected"), [(500_000, 500_000), (500_001, 125_000), (9, 9)])
def test_a_large_dataset_counts_as_half_a_million_rows_among_its_prompts(rows, expected):
    assert p3.counts_as(rows, prompts=4) == expected


def test_what_a_task_counts_as_is_its_rate():
    mixed = mixture.Mixture(name="m", entries=("a", "b", "c"), rate_cap=400, max_examples=None)
    parts = rates.divide(mixed, {"a": 900, "b": 900, "c": 300}, 1.0, counted={"a": 100})
    assert {name: (part.rows, part.rate) for name, part in parts.items()} == {
        "a": (900, 100.0), "b": (900, 400.0), "c": (300, 300.0),
    }  # fmt: skip
    assert parts["a"].derivation == "900 rows, counts as 100"
    nested = mixture.Mixture(name="outer", entries=((mixed, 1.0),))
    assert rates.divide(nested, {"a": 900, "b": 900}, 1.0, counted={"a": 100})["a"].share == 0.2


def test_a_mixture_reckons_with_the_rule(tmp_path, monkeypatch):
    monkeypatch.setattr(p3, "MOST_ROWS", 20)
    for prompt in ("one", "two"):
        toys.write_rows(tmp_path / "p3" / f"qasc_{prompt}", train=toys.rendered(50))
    found = at(tmp_path)
    composition = compose.compose(found.mixture("t0"), found, str(tmp_path), held_out=())
    assert [share.rate for share in composition.tasks] == [10.0, 10.0]


def test_prompts_of_one_dataset_leave_training_together_and_so_does_our_task_of_it(tmp_path):
    for name in ("super_glue_rte_a", "super_glue_rte_b", "glue_mrpc_a"):
        toys.write_rows(tmp_path / "p3" / name, train=toys.rendered(3))
    found = at(tmp_path)
    mixed = mixture.Mixture(name="m", entries=("p3:*", "rte", "sst2"))
    split = compose.split_tasks(mixed.expanded(found.select), found, ["p3/super_glue_rte/a"])
    assert split.train == ("p3/glue_mrpc/a", "sst2")
    assert split.dropped == {
        "p3/super_glue_rte/b": "it shares rows of p3/super_glue_rte with p3/super_glue_rte/a, "
        "held out",
        "rte": "it shares its rows with p3/super_glue_rte, held out",
    }
    assert holdout.shared({"p3/super_glue_rte/a": "p3_nli"}, {"rte": "nli", "cb": "nli"}) == {
        "rte": {"p3/super_glue_rte/a": "its rows"}
    }


def test_commands_work_on_a_prompt_and_on_a_group(capsys, promptsource):
    data = ["--data", str(promptsource)]
    command_line.main(["show", IS_IT_SO, "--n", "1", *data])
    assert "Is it so that there are 0 hens." in capsys.readouterr().out
    command_line.main(["check", IS_IT_SO, BACKWARDS, *data])
    assert "2 tasks checked, nothing wrong" in capsys.readouterr().out
    command_line.main(["mixture", "p3:eval", "--json", *data])
    assert [each["name"] for each in json.loads(capsys.readouterr().out)["tasks"]] == [IS_IT_SO]


@pytest.mark.parametrize(
    ("jinja", "wrong"),
    [
        ("{{premisses}} ||| Yes", r"'premisses' is undefined; the row has \['hypothesis', 'idx'"),
        ("{{premise}} ||| Perhaps", "unknown label 'Perhaps' in the answer"),
        ("{{premise}} ||| Yes ||| No", "3 parts between"),
        ("{{premise.__class__}} ||| Yes", "unsafe"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_with_its_file(tmp_path, jinja, wrong):
    toys.write_templates(tmp_path / "p3", toys.template("is it so", jinja))
    toys.write_rows(tmp_path / "p3", train=toys.rows(3))
    with pytest.raises(errors.UserError, match=wrong):
        records(tmp_path, IS_IT_SO, "train")


def test_a_separator_in_a_row_divides_nothing(tmp_path):
    toys.write_templates(tmp_path / "p3", toys.IS_IT_SO)
    toys.write_rows(tmp_path / "p3", train=[{**toys.rows(1)[0], "premise": "a ||| b"}] * 3)
    assert records(tmp_path, IS_IT_SO, "train")[0]["instruction"].startswith("a ||| b Is it so")


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("a: [", "not valid YAML"),
        ("- 1", "expected a mapping"),
        ("dataset: x\ntemplates: {}", "expected 'dataset' and 'templates'"),
        ("dataset: x\ntemplates:\n  a: !Template\n    name: x\n", "with 'name' and 'jinja'"),
        (
            "dataset: x\ntemplates:\n  a: !Template\n    name: x\n    jinja: y\n"
            "    answer_choices: [1]\n",
            "answer_choices is",
        ),
        ("dataset: !!python/object/apply:os.getcwd []\ntemplates: {}", "not valid YAML"),
    ],
)
def test_a_file_of_templates_that_cannot_be_read_is_named(tmp_path, content, wrong):
    path = tmp_path / "templates.yaml"
    path.write_text(content)
    with pytest.raises(errors.UserError, match=f"templates.yaml.*{wrong}"):
        p3_templates.read(path)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"targets_pretokenized": "<NO LABEL>", "answer_choices": ["Yes", "No"]}, "NO LABEL"),
        ({"targets_pretokenized": "Yes", "answer_choices": ["No", "Maybe"]}, "unknown label 'Yes'"),
        ({}, "missing column 'targets_pretokenized or completion'"),
    ],
)
def test_a_rendered_row_without_an_answer_is_told(tmp_path, row, wrong):
    row = {"inputs_pretokenized": "Is it?", **row}
    toys.write_rows(tmp_path / "p3" / "super_glue_rte_is_it_so", train=[row, row])
    with pytest.raises(errors.UserError, match=wrong):
        records(tmp_path, IS_IT_SO, "train")


def test_lines_without_a_template_are_told(tmp_path):
    toys.write_rows(tmp_path / "p3", train=[*toys.lines(a_b=1), {"prompt": "x"}])
    with pytest.raises(errors.UserError, match=r"train\.jsonl:2: expected a row with 'template'"):
        at(tmp_path).select("p3:*")


@pytest.mark.parametrize("name", ["train.jsonl.gz", "super_glue_rte_is_it_so/train.jsonl.gz"])
def test_a_damaged_file_is_told(tmp_path, name):
    path = tmp_path / "p3" / name
    path.parent.mkdir(parents=True)
    rows = toys.lines(qasc_one=99) if path.parent.name == "p3" else toys.rendered(99)
    whole = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(errors.UserError, match=f"{name}.*(damaged|cut|end)"):
        for task in at(tmp_path).select("p3:*"):
            records(tmp_path, task, "train")


def test_no_copy_of_it_is_told_with_how_to_get_one(tmp_path):
    with pytest.raises(errors.UserError, match="holds no tasks of the family 'p3': put config"):
        compose.compose(at(tmp_path).mixture("p3:train"), at(tmp_path), str(tmp_path))
