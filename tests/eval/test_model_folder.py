"""`python -m eval --model`: models that no run has made."""

import argparse
import json
import shlex

import chat_toys
import eval_toys
import published_toys
import pytest

import task_registry
from eval import __main__ as command
from eval import evaluation, model_folder, ranking
from flanlike import errors, models
from flanlike.batches import tokenizer
from flanlike.pretrained import weights
from flanlike.runs import bases

BASE = str(bases.SHIPPED)
FEW = ["--rows", "3", "--eval.validation-rows", "0", "--eval.max-input-tokens", "192"]


def asked(out):
    return {cell.task for cell in evaluation.read(out / "eval" / "0").cells}


def test_a_model_answers_what_a_mixture_holds_out(tmp_path, capsys):
    out = tmp_path / "out"
    flags = ["--model", BASE, "--mixture", "flan_core", "--hold-out", "rte", "--out", str(out)]
    command.main([*flags, *FEW])
    assert asked(out) == {"rte"}
    config = json.loads((out / "config.json").read_text())
    assert (config["init"], config["steps"], config["hold_out"]) == (BASE, 0, ["rte"])
    page = (out / "report.md").read_text()
    assert f"Zero-shot evaluation of {BASE} as it is on the mixture flan_core" in page.replace(
        "\\", ""
    )
    assert (
        "## Clusters\n" in page
        and "training saw" not in page
        and "before" not in page.split("##")[0]
    )
    assert "| task | sum | no eos | per token | per token no eos |" in page
    assert f"```\n{shlex.join(['python', '-m', 'eval', *flags, *FEW])}\n```" in page
    printed = capsys.readouterr().out
    assert "rte" in printed and f"written to {out / 'eval' / '0'}" in printed
    command.main([*flags, *FEW])  # its answers are there
    assert "scoring options" not in capsys.readouterr().out
    assert not list((out / "eval").glob(".*answers*"))
    command.main([*flags, *FEW, "--eval.no-eos", "--json"])
    printed = capsys.readouterr()
    assert json.loads(printed.out)["options"]["eos"] is False
    assert "prompts to" in printed.err and "scoring options" in printed.err
    with pytest.raises(SystemExit):
        command.main([*flags[:-4], "--hold-out", "cb", "--out", str(out), *FEW])
    assert "holds a run of another configuration (hold_out" in capsys.readouterr().err


def test_tasks_and_clusters_stand_for_a_mixture(tmp_path):
    out = tmp_path / "out"
    command.main(["--model", BASE, "--mixture", "rte", "sentiment", "--out", str(out), *FEW])
    found = asked(out)
    assert "rte" in found and "sst2" in found and "cb" not in found


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--model", "nowhere"], "--model 'nowhere' is no folder with a model"),
        (["--model", BASE, "--mixture", "rt"], "unknown mixture, cluster or task 'rt'"),
        (["--model", BASE, "--mixture", "rte", "flan_core"], "'flan_core' is a mixture, which"),
        (["--model", BASE, "--eval.scorin", "sum"], "unknown flag '--eval.scorin'"),
        (["--model", BASE, "--scoring", "sum"], "unknown flag '--scoring'"),
        (["--run", "x", "--mixture", "rte"], "--mixture, --tasks and --out are of --model"),
        (["--run", BASE], "is a bare model and no run: python -m eval --model"),
        (["sweeep"], "unknown command 'sweeep'"),
        ([], "one of the arguments --run --model is required"),
    ],
)
def test_what_cannot_be_asked_is_one_line(flags, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        command.main(flags)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())


def test_settings_of_old_runs_are_read():
    from flanlike import config

    assert config.eval_of({"per_token": True}).scoring == "per-token"
    assert config.eval_of({"per_token": False, "shots": 2}, shots=3).shots == 3
    with pytest.raises(errors.UserError):
        config.eval_of({"shots": -1})


def test_a_file_stands_for_a_mixture_of_its_rows():
    flags = argparse.Namespace(mixture=["my.jsonl"], hold_out=None)
    asked = model_folder.what_is_asked(flags, task_registry.registry())
    assert (asked.mixture.name, tuple(asked.names)) == ("my.jsonl", ("my",))


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """A small random Llama whose tokenizer brings a chat template."""
    folder = tmp_path_factory.mktemp("llama")
    published_toys.published_llama(folder)
    words = tokenizer.PublishedTokenizer(chat_toys.files("byte_level", chat_toys.CHATML))
    words.save(folder)
    shape = published_toys.shape_of("llama", vocab_size=words.size + 7)
    weights.save(folder, models.build(shape, seed=3), marks=words.marks)
    return folder


def test_a_model_is_asked_in_its_chat_template(llama, tmp_path, capsys):
    """And what is asked plainly, or in a chat, is another evaluation of another folder."""
    few = ["--mixture", "sst2", "--rows", "2", "--eval.validation-rows", "0"]
    flags = ["--model", str(llama), *few, "--eval.cache", str(tmp_path / "cache")]
    command.main([*flags, "--chat", "--out", str(tmp_path / "chat")])
    out = capsys.readouterr().out
    assert "prompts are turns of a conversation, by the model's own chat template" in out
    command.main([*flags, "--out", str(tmp_path / "plain")])
    assert "scoring options" in capsys.readouterr().out  # none of the chat's answers is taken
    assert json.loads((tmp_path / "chat" / "config.json").read_text())["chat"] is True
    with pytest.raises(SystemExit):
        command.main([*flags, "--out", str(tmp_path / "chat")])
    assert "another configuration (chat is False, there True)" in capsys.readouterr().err


def test_a_chat_reads_prompts_and_options_by_its_template():
    """Neither BOS nor a newline of ours is added, and what ends an answer is the template's."""
    talk = chat_toys.words()
    cell, *_ = eval_toys.collect("sst2", words=talk, max_input_tokens=900).cells
    assert cell.ids[0].tolist() == talk.asked(cell.prompts[0].inputs)
    row = next(ranking._rows(talk, "decoder", cell))
    assert row.asked.prompt == tuple(talk.asked(cell.prompts[0].inputs))
    assert row.asked.options == tuple(tuple(talk.encode(o)) for o in cell.prompts[0].options)
