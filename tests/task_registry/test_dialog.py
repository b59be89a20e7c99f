import pytest
import source_toys

import task_registry
from flanlike import errors
from flanlike.mixtures import compose
from flanlike.sources import opening
from task_registry import mixtures

REGISTRY = task_registry.registry()
TALK = {
    "title": "Duck",
    "utterances": [
        "What is it?",
        "A bird.",
        "What has it?",
        "Two  wings.",
        "Does it\nfly?",
        "Yes.",
    ],
    "author_num": [1, 0, 1, 0, 1, 0],
}


def dialog(**more):
    return REGISTRY.task("wiki_dialog").preprocess({**TALK, **more})


def test_any_answer_of_the_writer_may_be_asked_for_and_a_row_always_asks_for_the_same():
    seen = {}
    for number in range(40):
        said = [*TALK["utterances"][:-1], f"Yes, {number}."]
        record = dialog(utterances=said)
        assert record == dialog(utterances=said)
        seen[record["question"].split()[0]] = record
    assert set(seen) == {"What", "Does"}
    assert seen["Does"]["dialogue"] == (
        "Q: What is it?\nA: A bird.\nQ: What has it?\nA: Two wings."
    )
    assert seen["Does"]["references"][0].startswith("Yes")


def test_what_the_writer_says_first_is_no_answer():
    record = dialog(utterances=["Hello.", "What is it?", "A bird."], author_num=[0, 1, 0])
    assert (record["dialogue"], record["question"]) == ("", "What is it?")


@pytest.mark.parametrize(
    ("authors", "wrong"),
    [
        ([1, 1, 0, 0, 1, 0], "expected two who take turns"),
        ([0, 0, 0, 0, 0, 0], "expected two who take turns"),
        ([1, 0], "6 utterances and 2 numbers of authors"),
    ],
)
def test_authors_have_to_take_turns(authors, wrong):
    with pytest.raises(ValueError, match=wrong):
        dialog(author_num=authors)


def test_questions_without_an_answer_are_left_out_and_counted(tmp_path):
    row = {"Context": [], "Question": "Why?", "Answer": "So."}
    source_toys.write_folder(tmp_path, "qrecc", test=[row, {**row, "Answer": ""}])
    records = opening.open_rows(REGISTRY.task("qrecc"), str(tmp_path), "test")
    assert (len(records), records.dropped) == (1, 1)
    assert records[0] == {"dialogue": "", "question": "Why?", "references": ["So."]}


def test_dialog_and_code_are_clusters_and_no_part_of_flan_core():
    assert REGISTRY.mixture("dialog").task_names == ["wiki_dialog", "qrecc"]
    assert REGISTRY.mixture("code").task_names == ["mbpp", "human_eval"]
    assert not set(mixtures.OF_2022) & set(REGISTRY.mixture("flan_core").task_names)
    split = compose.split_tasks(REGISTRY.mixture("dialog"), REGISTRY, ["qrecc"])
    assert (split.train, split.evaluation) == (("wiki_dialog",), ("qrecc",))
    with pytest.raises(errors.UserError, match="no task left to train on"):
        compose.compose(REGISTRY.mixture("dialog"), REGISTRY, "embedded", ["dialog"])
