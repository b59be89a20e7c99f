import json

import pytest
import source_toys

from task_registry import __main__ as command_line
from task_registry import lint_check


@pytest.fixture
def flags(tmp_path):
    rows = [{"premise": f"P {n}.", "hypothesis": f"H {n}.", "label": n % 2} for n in range(60)]
    rows[1] |= {"premise": "Fine \ufffd dry."}
    rows[8] |= rows[6]
    source_toys.write_folder(tmp_path, "rte", train=rows)
    snli = [{"premise": f"S {n}.", "hypothesis": f"{n}.", "label": n % 3} for n in range(60)]
    source_toys.write_folder(tmp_path, "snli", train=snli)
    cb = [{"premise": f"P {n}.", "hypothesis": f"H {n}.", "label": 0} for n in range(60)]
    source_toys.write_folder(tmp_path, "cb", train=cb)
    return ["--mixture", "nli", "--hold-out", "--data", str(tmp_path), "--skip-missing"]


def said(capsys, *arguments):
    command_line.main(["lint", *arguments])
    return capsys.readouterr().out


def test_one_table_of_the_tasks_with_findings(flags, capsys):
    lines = said(capsys, *flags).splitlines()
    assert lines[0].split() == ["task", "rows", "same", "elsewhere", "damaged", "answers"]
    table = {line.split()[0]: line.split()[1:] for line in lines[1:3]}
    assert table == {
        "rte": ["54", "1", "1"],
        "cb": ["54", "26", "always", "'entailment'"],
    }
    assert "cb repeats rte: 26 rows the same, 0 nearly" in lines
    assert any(line.startswith("left out: ") and "mnli" in line for line in lines)
    assert lines[-2] == (
        "looked at 162 of 162 training rows of 3 tasks, at most 1,000 of each (--max-rows); 1 "
        "task without findings"
    )
    assert lines[-1] == "examples of each finding: --details"


def test_most_pairs_of_a_large_collection_are_only_counted(flags, capsys, monkeypatch):
    monkeypatch.setattr(lint_check, "_PAIRS", 0)
    text = said(capsys, *flags)
    assert "1 more pairs of tasks repeat each other in fewer rows (--json)" in text
    assert "cb repeats" not in text


def test_details_show_examples(flags, capsys):
    text = said(capsys, *flags, "--details")
    shown = "train/1, replacement character: Fine \ufffd dry."
    assert f"rte: damage from a wrong encoding (1)\n    {shown}" in text
    assert "rte: same as an earlier row of the task (1)\n    train/8, rte train/6: p 6." in text
    assert "--details" not in text


def test_json_has_all_of_it(flags, capsys):
    found = json.loads(said(capsys, *flags, "--json", "--max-rows", "20"))
    assert found["max_rows"] == 20 and found["tasks"]["rte"]["looked_at"] == 20
    assert found["tasks"]["rte"]["rows"] == 54
    assert found["tasks"]["cb"]["answers"] == 1 and found["tasks"]["cb"]["prompts"] is None
    assert "mnli_matched" in found["missing"]


def test_a_vocabulary_counts_what_it_cuts(flags, capsys, tmp_path):
    base = "flanlike/microworld/base/vocabulary"
    found = json.loads(said(capsys, *flags, "--json", "--vocabulary", base))
    assert found["max_input_tokens"] == 512  # as a run has it
    assert found["tasks"]["rte"]["prompts"] == {
        "prompts": 54, "cut": 0, "cut_tokens": 0, "left_out": 0, "unknown_targets": 0
    }  # fmt: skip
    lines = said(capsys, *flags, "--vocabulary", base, "--max-input-tokens", "8").splitlines()
    assert lines[0].split()[-4:] == ["cut", "left", "out", "answers"]
    assert f"by --max-input-tokens 8 of {base}" in lines[-2]


@pytest.mark.parametrize(
    "more, message",
    [
        (["--max-rows", "0"], "--max-rows"),
        (["--max-input-tokens", "8"], "--vocabulary go together"),
        (["--mixture", "nlli"], "did you mean 'nli'"),
    ],
)
def test_bad_input_is_one_line(flags, more, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["lint", *flags, *more])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
