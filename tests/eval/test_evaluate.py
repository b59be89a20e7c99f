"""`python -m eval --run`: names of what is asked, and one model in memory at a time."""

import json
import weakref

import pytest

from eval import __main__ as command
from eval import evaluate
from flanlike import config as config_lib
from flanlike import errors
from flanlike.runs import folder as run_folder
from flanlike.runs import loading


def _name(given, ema=0.0):
    config = {"data": "embedded", "hold_out": ["nli"], "eval": vars(config_lib.EvalConfig())}
    config["optim"] = {"ema": ema}
    flags, settings = evaluate._flags(["--run", ".", *given.split()])
    return evaluate._name(flags, settings, config)


def test_another_question_is_kept_apart_from_the_runs_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = config_lib.EvalConfig().rows_per_task
    for given, name in (
        ("", ""),
        (f"--data embedded --rows {rows} --eval.max-tokens-per-batch 64", ""),
        ("--data .", tmp_path.name),
        ("--hold-out rte --shots 3 --split validation", "rte-shots3-validation"),
        ("--rows 1 --eval.scoring per-byte --eval.no-eos", "per-byte-eos-off-rows1"),
        ("--eval.content-free --eval.option-style letters", "content-free-option-styleletters"),
    ):
        assert _name(given) == name


def test_weights_without_the_average_are_another_question_where_there_is_one():
    assert _name("--weights raw", ema=0.9) == "raw-weights"
    assert [_name(given, ema=0.9) for given in ("", "--weights average")] == ["", ""]
    assert _name("--weights raw") == ""
    with pytest.raises(errors.UserError, match="--weights is of --run"):
        evaluate._flags(["--model", "m", "--weights", "raw"])


def test_a_text_that_no_folder_can_be_named_by_is_told_apart_by_its_digest():
    names = [_name(f"--eval.stop={text}") for text in ("a/../b", "a?..?b", "a.b")]
    assert [name[:-6] for name in names] == ["stop_a_.._b_-", "stop_a_.._b_-", "stop_a.b_-"]
    assert len(set(names)) == 3
    assert names[0] == _name("--eval.stop=a/../b")


def test_an_evaluation_on_the_rows_of_another_folder_is_not_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run" / "eval" / "9-rows"
    evaluate._expect_rows_of(folder, str(tmp_path / "a" / "rows"))  # there is none
    folder.mkdir(parents=True)
    summary = {"options": {}, "setting": {"data": "a/rows"}}
    (folder / "summary.json").write_text(json.dumps(summary))
    evaluate._expect_rows_of(folder, str(tmp_path / "a" / "rows"))
    with pytest.raises(errors.UserError, match="9-rows' holds what was asked on the rows of 'a/r"):
        evaluate._expect_rows_of(folder, str(tmp_path / "b" / "rows"))


class Model:
    """What a weak reference can be made to."""


def test_one_models_memory_is_free_when_the_next_is_read(tmp_path, monkeypatch):
    config = {"data": "embedded", "hold_out": ["nli"], "eval": {}}
    refs, alive = [], []

    def load_each(runs, **_):
        for _ in runs:
            alive.append(sum(ref() is not None for ref in refs))
            model = Model()
            refs.append(weakref.ref(model))
            loaded = loading.Loaded(model=model, words=None, step=3)
            del model
            yield loaded
            del loaded

    def by_shots(flags, settings, ask, **_):
        assert refs[-1]() is not None

    monkeypatch.setattr(evaluate, "_by_shots", by_shots)
    monkeypatch.setattr(loading, "is_bare", lambda run: False)
    monkeypatch.setattr(run_folder, "read_config", lambda run: config)
    monkeypatch.setattr(loading, "load_each", load_each)
    command.main(["--run", *[str(tmp_path / name) for name in "abc"]])
    assert alive == [0, 0, 0]
