"""train.py on one file of a user's own: trained on, evaluated, gone on with, asked again."""

import json

import pytest
import training_toys

import train
from eval import __main__ as eval_command
from flanlike import jsonl
from flanlike.models import presets

FLAGS = [
    *("--mixture", "my.jsonl", "--out", "run"),
    *training_toys.FLAGS.removeprefix("--mixture some ").split(),
]


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "tiny", training_toys.MODEL)
    monkeypatch.setattr(train, "VOCABULARY_PROMPTS", 50)


def test_a_file_is_trained_on_evaluated_and_asked_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Say {n}."},
                {"role": "assistant", "content": n},
            ]
        }
        for n in map(str, range(30))
    ]
    (tmp_path / "my.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    train.main(FLAGS)
    said = capsys.readouterr().out
    assert said.startswith("my.jsonl: 30 rows of the format messages (by its columns messages)\n")
    assert "held out: nothing (trained tasks are evaluated)" in said
    assert "micro-world" not in said + (tmp_path / "run/report.md").read_text()
    answered = jsonl.read(tmp_path / "run/eval/2/predictions.jsonl")
    asked = {line["split"]: line["rows"] for line in answered}
    assert [len(asked[split]) for split in ("test", "validation")] == [2, 2]
    assert set(asked["test"]).isdisjoint(asked["validation"])
    train.main([*FLAGS, "--steps", "3", "--workers", "1"])  # a worker opens the file by itself
    assert "step 3/3  loss" in capsys.readouterr().out
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    eval_command.main(["--run", str(tmp_path / "run"), "--rows", "3"])
    assert (tmp_path / "run/eval/3-rows3/predictions.jsonl").is_file()
