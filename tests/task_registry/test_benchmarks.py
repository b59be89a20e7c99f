"""MMLU and BIG-Bench Hard: their tasks, rows that are no questions, and exemplars as published."""

import pickle

import benchmark_toys
import pytest
import source_toys
import task_rows
from registry_toys import REGISTRY, prompt_of

from flanlike import errors
from flanlike.sources import exemplar_text, opening
from task_registry import bbh, exemplar_prompts, mmlu

PROMPT = """Do the sums.
-----
Say what comes out.

Q: 2 + 3 =
A: Let's think step by step.
The answer is not 4.
2 and 3 are 5. So the answer is 5.

Q: What flies?
Options:
(A) eel
(B) owl
A: Let\u2019s think step by step. Owls fly. The answer is (B).

Q: not True is
A: False
"""


def folder_of(name, folder, text=None, **files):
    """Returns --data of a folder that has the task's rows, and its exemplars as published."""
    source_toys.write_folder(folder, name, **files)
    if text is not None:
        (folder / name / "exemplars.txt").write_text(text, "utf-8")
    return str(folder)


def rendered(name, template, seed=0):
    """Returns the prompt of the task's made-up record."""
    record = dict(task_rows.LAYOUTS[name].record)
    return prompt_of(name, REGISTRY.templates(name).get(template), record, seed=seed)


def exemplars(name, data):
    records = opening.open_rows(REGISTRY.task(name), data, "exemplars")
    return [records[index] for index in range(len(records))]


def test_there_are_57_subjects_and_27_parts_of_23_tasks_and_they_are_only_evaluated():
    assert len(set(mmlu.SUBJECTS)) == 57 == len(REGISTRY.clusters["mmlu"])
    parts = [name.removeprefix("bbh_") for name in REGISTRY.clusters["bbh"]]
    assert len(parts) == 27 and parts == sorted(parts)
    sizes = ("_three_objects", "_five_objects", "_seven_objects")
    whole = {part.removesuffix(next(filter(part.endswith, sizes), "")) for part in parts}
    assert len(whole) == 23
    for name in benchmark_toys.TASKS:
        assert REGISTRY.task(name).is_evaluation_only, name


def test_their_builders_and_tasks_pickle_as_a_worker_needs_them():
    sent = pickle.loads(pickle.dumps(REGISTRY))
    for name in ("mmlu_anatomy", "bbh_navigate", "bbh_snarks"):
        task = pickle.loads(pickle.dumps(sent.task(name)))
        assert task.preprocess(task_rows.LAYOUTS[name].folder)["rationale"] == ""


def test_a_question_of_mmlu_is_listed_in_its_own_order_and_answered_by_a_letter():
    for seed in range(5):
        prompt = rendered("mmlu_elementary_mathematics", "plain", seed)
        assert prompt.inputs == "What is 2 + 3?\nA. 4\nB. 5\nC. 6\nD. 7\nAnswer:"
        assert (prompt.targets, prompt.options, prompt.gold) == ("B", ("A", "B", "C", "D"), 1)


@pytest.mark.parametrize(
    ("name", "asked", "target"),
    [
        ("bbh_snarks", "Q: Which is red?\nOptions:\n(A) ink\n(B) blood\n(C) milk\nA:", "(B)"),
        ("bbh_web_of_lies", "Does Ivo tell the truth?\nOptions:\n- Yes\n- No\nA:", "No"),
        ("bbh_formal_fallacies", "eels swim.\nOptions:\n- valid\n- invalid\nA:", "invalid"),
        ("bbh_word_sorting", "Q: Sort: owl eel\nA:", "eel owl"),
    ],
)
def test_a_question_of_bbh_is_listed_as_published(name, asked, target):
    for seed in range(3):
        prompt = rendered(name, "plain", seed)
        assert prompt.inputs.endswith(asked) and prompt.targets == target
    prompt = rendered(name, "plain_steps")
    assert asked in prompt.inputs and prompt.targets == f"So the answer is {target}."


def test_rows_with_nothing_to_choose_from_are_left_out_and_counted(tmp_path):
    good = {"question": "What is 2 + 3?", "choices": ["4", "5", "6", "7"], "answer": 1}
    rows = [
        good,
        good | {"choices": ["4", "4.", "4", "4"]},
        good | {"choices": ["4", "", "5", "6"]},
    ]
    data = folder_of("mmlu_anatomy", tmp_path, test=rows)
    records = opening.open_rows(REGISTRY.task("mmlu_anatomy"), data, "test")
    assert (len(records), records.dropped) == (1, 2)


def test_published_rows_without_an_answer_in_their_list_are_left_out_and_counted(tmp_path):
    good = task_rows.LAYOUTS["bbh_ruin_names"].folder
    rows = [
        good,
        {"input": "Which is a funny change of 'red eel'?", "target": "bed eel"},
        {"input": "Like Up, Monsters:\nOptions:\n(A) Heat\n(B) Seven", "target": "Monsters"},
        {"input": "Which?\nOptions:\n(A) You won.\n(B) You won", "target": "(A)"},
    ]
    data = folder_of("bbh_ruin_names", tmp_path, test=rows)
    records = opening.open_rows(REGISTRY.task("bbh_ruin_names"), data, "test")
    assert (len(records), records.dropped) == (1, 3)


def test_a_row_of_another_shape_says_what_was_expected(tmp_path):
    rows = [{"input": "Which?\nOptions:\n(B) ink\nor blood", "target": "(B)"}]
    data = folder_of("bbh_snarks", tmp_path, test=rows)
    with pytest.raises(errors.UserError, match=r"the options are .*; expected lines like '\(A\) r"):
        opening.open_rows(REGISTRY.task("bbh_snarks"), data, "test")


def test_published_prompts_are_read_as_questions_reasons_and_answers():
    assert exemplar_prompts.read(PROMPT) == [
        ("2 + 3 =", "The answer is not 4.\n2 and 3 are 5.", "5"),
        ("What flies?\nOptions:\n(A) eel\n(B) owl", "Owls fly.", "(B)"),
        ("not True is", "", "False"),
    ]
    with pytest.raises(ValueError, match="no line that begins with 'Q:'"):
        exemplar_prompts.read("Sums.\nA: 5")
    with pytest.raises(ValueError, match=r"the exemplar '2 \+ 3' has no answer"):
        exemplar_prompts.read("Q: 2 + 3\n\nQ: 2 + 4\nA: 6")


def test_bbh_takes_its_exemplars_from_the_text_of_its_makers(tmp_path):
    text = "Find it.\n\n" + PROMPT[PROMPT.index("Q: What") : PROMPT.index("Q: not")]
    row = task_rows.LAYOUTS["bbh_snarks"].folder
    data = folder_of("bbh_snarks", tmp_path, text=text, test=[row])
    assert exemplars("bbh_snarks", data) == [
        {
            "instruction": bbh.OPTIONS["snarks"],
            "question": "What flies?",
            "rationale": "Owls fly.",
            "options": ["eel", "owl"],
            "label": 1,
        }
    ]


def test_mmlu_takes_its_exemplars_from_rows_or_from_a_prompt_with_reasons(tmp_path):
    row = dict(task_rows.LAYOUTS["mmlu_anatomy"].folder)
    rows = [row | {"question": f"What is {n} + 3?"} for n in range(5)]
    data = folder_of("mmlu_anatomy", tmp_path / "rows", test=[row], exemplars=rows)
    found = exemplars("mmlu_anatomy", data)
    assert [one["question"] for one in found] == [one["question"] for one in rows]
    text = (
        "These are about anatomy.\n\nQ: Where is the ulna?\n(A) leg (B) arm (C) head (D) hip\n"
        "A: Let's think step by step. It lies beside the radius. The answer is (B).\n"
    )
    data = folder_of("mmlu_anatomy", tmp_path / "text", text=text, test=[row])
    assert exemplars("mmlu_anatomy", data) == [
        {
            "subject": "anatomy",
            "question": "Where is the ulna?",
            "rationale": "It lies beside the radius.",
            "options": ["leg", "arm", "head", "hip"],
            "label": 1,
        }
    ]
    wrong = text.replace("(D) hip", "hip")
    data = folder_of("mmlu_anatomy", tmp_path / "wrong", text=wrong, test=[row])
    with pytest.raises(errors.UserError, match=r"has the options .*; expected \(A\) to \(D\)"):
        exemplars("mmlu_anatomy", data)


def test_exemplars_that_a_task_cannot_read_are_one_line(tmp_path):
    (tmp_path / "exemplars.txt").write_text("Q: 2 + 3 =")
    with pytest.raises(errors.UserError, match=r"exemplars.txt: IndexError: .* range; give the fi"):
        exemplar_text.Rows(lambda text: [text.split("A:")[1]], tmp_path / "exemplars.txt")


def test_exemplars_that_are_not_there_are_one_line_that_says_where_they_are_published(tmp_path):
    row = task_rows.LAYOUTS["bbh_snarks"].folder
    data = folder_of("bbh_snarks", tmp_path, test=[row])
    with pytest.raises(errors.UserError, match=r"no exemplars.jsonl or .* or exemplars.txt that"):
        exemplars("bbh_snarks", data)
    with pytest.raises(errors.UserError, match=r"save cot-prompts/snarks.txt .* as FOLDER/bbh_sna"):
        exemplars("bbh_snarks", "hub")
    for text in ("no exemplar", b"\xff"):
        (tmp_path / "bbh_snarks" / "exemplars.txt").write_bytes(
            text if isinstance(text, bytes) else text.encode()
        )
        with pytest.raises(errors.UserError, match=r"exemplars.txt: .*give the file as its makers"):
            exemplars("bbh_snarks", data)
    source_toys.write_folder(tmp_path, "bbh_snarks", exemplars=[row])
    with pytest.raises(errors.UserError, match=r"has exemplars.txt and exemplars.jsonl: expected"):
        exemplars("bbh_snarks", data)
