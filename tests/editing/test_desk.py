"""What the page is told of tasks and rows, and how a template is edited on them."""

import editing_toys as toys
import niv2_toys
import pytest

import task_registry
from flanlike import errors
from flanlike.editing import desk, saving
from flanlike.editing import given as given_lib
from flanlike.prompts import shown
from flanlike.sources import opening

RTE = {"task": "rte", "data": "embedded"}


def given(**values):
    return given_lib.Given({"data": "embedded", **values})


@pytest.fixture
def lying(tmp_path):
    return toys.laid(tmp_path)


def test_all_there_is_is_listed(lying):
    found = lying.catalogue(given())
    assert found["clusters"] == {"nli": ["rte", "cb", "qnli", "bare"]}
    assert found["mixtures"] == [{"name": "two", "description": "Two tasks."}]
    assert found["kinds"] == ["forward", "inverted", "cot", "cot_inverted"]
    assert {"name": "dashes", "drawn": True} in found["styles"]
    assert {"name": "exam", "drawn": False} in found["styles"]


def test_a_task_is_told_with_its_file(lying, tmp_path):
    found = lying.task(given(**RTE))
    assert (found["cluster"], found["answers"], found["split"]) == ("nli", "Labels", "train")
    assert found["labels"][0] == {"name": "entailment", "word": "yes"}
    file = found["file"]
    assert (file["name"], file["tasks"], file["why_not"]) == ("nli.toml", "rte, cb", "")
    assert file["version"] == saving.version_of((tmp_path / "nli.toml").read_bytes())
    first = found["templates"][0]
    assert first["id"] == "is_this_true"
    assert first["answers"].startswith("entailment = yes\n")
    assert toys.laid(tmp_path, place=saving.Place(None)).task(given(**RTE))["file"]["why_not"]


def test_a_row_is_shown_by_every_template_as_show_does(lying):
    found = lying.render(given(**RTE, at=2, shots=1, option_style="letters"))
    registry = task_registry.registry()
    task, template_set = registry.task("rte"), registry.templates("rte")
    records = opening.open_rows(task, "embedded", "train")
    assert found["total"] == len(records) and found["problems"] == []
    assert len(found["prompts"]) == len(template_set.templates)
    for template, prompt in zip(template_set.templates, found["prompts"], strict=True):
        style = "letters" if template.lists_options else None
        same = shown.prompt(
            task, registry.layout, template, records, 2,
            solved=records, shots=1, option_style=style,
        )  # fmt: skip
        assert (prompt["inputs"], prompt["targets"]) == (same.inputs, same.targets)
        assert (prompt["template"], prompt["shots"]) == (template.id, 1)
    fields = {one["name"]: one["value"] for one in found["record"]}
    assert fields["premise"] == records[2]["premise"]


def test_several_rows_by_one_template(lying):
    found = lying.render(given(**RTE, at=4, count=2, template="is_this_true", split="test"))
    assert [one["row_id"] for one in found["prompts"]] == ["test/4", "test/5"]
    assert {one["template"] for one in found["prompts"]} == {"is_this_true"}


def test_what_a_model_would_write_for_an_option_comes_with_it(lying):
    draft = {**DRAFT, "target": "It is {answer}."}
    [prompt] = lying.render(given(**RTE, draft=draft, option_style="dashes"))["prompts"]
    assert sorted(prompt["options"]) == ["no", "yes"]
    assert sorted(prompt["written"]) == ["It is no.", "It is yes."]
    assert prompt["written"][prompt["gold"]] == prompt["targets"]


DRAFT = {
    **{"original": "is_this_true", "id": "is_this_true", "kind": "forward"},
    **{"input": "{premise} So {hypothesis}?\n{options}", "target": "{answer}", "answers": ""},
}


def test_a_draft_is_shown_on_rows_and_checked(lying):
    found = lying.render(given(**RTE, at=1, count=3, draft=DRAFT))
    assert found["problems"] == [] and len(found["prompts"]) == 3
    assert " So " in found["prompts"][0]["inputs"]
    wrong = lying.render(given(**RTE, draft={**DRAFT, "input": "{premis}"}))
    assert len(wrong["problems"]) == 1 and wrong["prompts"] == []
    assert "did you mean 'premise'" in wrong["problems"][0]
    unread = lying.render(given(**RTE, draft={**DRAFT, "answers": "yes"}))
    assert "LABEL = WORD" in unread["problems"][0] and unread["prompts"] == []
    alike = lying.render(given(**RTE, draft={**DRAFT, "original": "", "id": "new"}))
    assert alike["problems"] == [] and alike["prompts"][0]["template"] == "new"
    todo = lying.render(given(**RTE, draft={**DRAFT, "input": "TODO {premise}"}))
    assert "still says TODO" in todo["problems"][0] and len(todo["prompts"]) == 1


def test_what_is_saved_is_what_is_shown_next(lying, tmp_path):
    version = lying.task(given(**RTE))["file"]["version"]
    saved = lying.save(given(**RTE, draft=DRAFT, version=version))
    assert saved["id"] == "is_this_true"
    found = lying.task(given(**RTE))
    assert found["file"]["version"] == saved["version"] != version
    assert found["templates"][0]["input"] == DRAFT["input"]
    [prompt] = lying.render(given(**RTE, template="is_this_true"))["prompts"]
    assert " So " in prompt["inputs"]
    with pytest.raises(saving.Changed):
        lying.save(given(**RTE, draft=DRAFT, version=version))


def test_a_task_without_rows_has_its_templates_checked_all_the_same(lying):
    bare = {"task": "bare", "data": "embedded"}
    assert lying.task(given(**bare))["absent"]
    draft = {**DRAFT, "original": "is_it_true"}
    assert lying.render(given(**bare, draft=draft)) == {"problems": [], "prompts": []}
    with pytest.raises(errors.UserError, match="bare"):
        lying.render(given(**bare))
    version = lying.task(given(**bare))["file"]["version"]
    assert lying.save(given(**bare, draft=draft, version=version))["id"] == "is_this_true"


def test_a_mixture_is_resolved_when_asked(lying):
    found = lying.mixture(given(name="two"))
    assert [one["name"] for one in found["tasks"]] == ["rte", "qnli"]
    assert found["clusters"] == {"nli": pytest.approx(1)}


def test_files_of_instructions_are_tasks_with_rows_of_their_own(tmp_path):
    path = tmp_path / "mine.jsonl"
    row = '{{"instruction": "Say {0}.", "output": "{0}"}}\n'
    path.write_text("".join(row.format(n) for n in range(40)))
    lying = desk.Desk(
        task_registry.registry(), data=["embedded"], place=saving.Place(None), files=[str(path)]
    )
    found = lying.render(given(task="mine"))
    assert found["prompts"] and "Say " in found["prompts"][0]["inputs"]
    for name, message in (
        ("rte", "--file 'rte' is no file of instructions"),
        ("no.csv", "--file 'no.csv': there is no file 'no.csv'"),
    ):
        with pytest.raises(errors.UserError, match=message):
            desk.Desk(
                task_registry.registry(), data=["embedded"], place=saving.Place(None), files=[name]
            )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"task": "rtee"}, "unknown task 'rtee': did you mean 'rte'"),
        ({"data": "/etc"}, "unknown data '/etc'"),
        ({"at": 10**9}, "no row 1,000,000,000: the split 'train' of task 'rte' has"),
        ({"at": -1}, "at is -1: it must be"),
        ({"count": 1000}, "count is 1000: it must be 1 or more and at most 20"),
        ({"shots": 1000}, "shots is 1000: it must be"),
        ({"split": "trian"}, "trian"),
        ({"option_style": "letter"}, "unknown option style 'letter': did you mean 'letters'"),
        ({"template": "x"}, "unknown template 'x'"),
    ],
)
def test_a_mistake_is_one_line(lying, values, said):
    with pytest.raises(errors.UserError) as wrong:
        lying.render(given_lib.Given({**RTE, **values}))
    assert said in str(wrong.value)


def test_rows_that_were_opened_are_kept_but_not_all(lying, monkeypatch):
    monkeypatch.setattr(desk, "_OPENED", 1)
    opened = []
    real = opening.open_rows
    monkeypatch.setattr(
        opening,
        "open_rows",
        lambda task, data, split: opened.append(split) or real(task, data, split),
    )
    for split in ("train", "train", "test", "train"):
        lying.render(given(**RTE, split=split, template="is_this_true"))
    assert opened == ["train", "test", "train"]


def test_one_member_of_a_family_stands_for_all(tmp_path):
    niv2_toys.write_json(tmp_path / "niv2")
    data = str(tmp_path)
    lying = desk.Desk(task_registry.registry(), data=[data], place=saving.Place(None))
    name = f"niv2/{niv2_toys.LOUDER}"
    found = lying.task(given(data=data, task=name))
    assert (found["file"]["tasks"], found["file"]["several"]) == (name, False)
    draft = {**found["templates"][0], "original": found["templates"][0]["id"]}
    shown_ = lying.render(given(data=data, task=name, draft=draft))
    assert shown_["problems"] == [] and "of 2" in shown_["prompts"][0]["inputs"]
    assert name in lying.catalogue(given(data=data))["clusters"]["niv2_text_to_text"]
