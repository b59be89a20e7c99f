"""`python -m eval --model`: models that no run has made."""

import argparse
import json

import pytest

import task_registry
from eval import __main__ as command
from eval import evaluation, model_folder
from flanlike import errors
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
