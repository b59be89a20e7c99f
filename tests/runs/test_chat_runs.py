"""A file of conversations through a run of train.py to an exported model that speaks as it was."""

import json

import chat_toys
import published_toys as toys
import pytest

import train
from eval import __main__ as evaluation_command
from eval import evaluation
from flanlike import models
from flanlike.batches import chat, tokenizer
from flanlike.pretrained import layout, weights
from flanlike.runs import export

FLAGS = (
    "--steps 2 --batch.rows 2 --batch.max-input-tokens 64 --batch.max-target-tokens 24 "
    "--eval.rows-per-task 2 --eval.validation-rows 0 --eval.generation-rows 2 "
    "--eval.max-new-tokens 4 --eval.no-at-start"
)
SAID = ("is it {}?", "it is {}", "red?", "no, {}")


@pytest.fixture
def talk(tmp_path, monkeypatch):
    """The current folder, with conversations and a small Llama that has a chat template."""
    monkeypatch.chdir(tmp_path)
    names = ("user", "assistant") * 2
    rows = [
        {
            "messages": [
                {"role": r, "content": s.format(n)} for r, s in zip(names, SAID, strict=True)
            ]
        }
        for n in range(9)
    ]
    (tmp_path / "talk.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = tokenizer.PublishedTokenizer(chat_toys.files("byte_level", chat_toys.CHATML))
    shape = toys.shape_of("llama", vocab_size=words.size, max_position_embeddings=128)
    weights.save(tmp_path / "llama", models.build(shape, seed=3), marks=words.marks)
    words.save(tmp_path / "llama")
    return tmp_path


def test_a_run_speaks_by_its_models_template(talk, capsys):
    flags = [*FLAGS.split(), "--mixture", "talk.jsonl", "--init", "llama", "--out", "run"]
    train.main(flags)
    out = capsys.readouterr().out
    assert "prompts are turns of a conversation, by the model's own chat template" in out
    config = json.loads((talk / "run" / "config.json").read_text())
    assert (config["chat"], config["answers"]) == (True, "all")
    assert "asked in a chat" in (talk / "run" / "report.md").read_text()
    with pytest.raises(SystemExit):
        train.main([*flags, "--answers", "last"])
    assert "(answers is 'last', there 'all')" in capsys.readouterr().err
    export.main(["run", "--out", "exported"])
    there = chat.Chat.of(talk / "exported")
    assert there.is_own
    end = there.marks.eos_id
    assert end != there.words.marks.eos_id
    assert layout.read(talk / "exported")["eos_token_id"] == end
    evaluation_command.main(["--run", "run", "--no-chat"])
    plain, own = (
        evaluation.read(talk / "run" / "eval" / name).cells[0] for name in ("2-no-chat", "2")
    )
    assert plain.rows == own.rows
    assert set(plain.prompt_hashes).isdisjoint(own.prompt_hashes)
