from eval import evaluate
from flanlike import config as config_lib


def _name(given):
    config = {"data": "embedded", "hold_out": ["nli"], "eval": vars(config_lib.EvalConfig())}
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


def test_a_text_that_no_folder_can_be_named_by_is_told_apart_by_its_digest():
    names = [_name(f"--eval.stop={text}") for text in ("a/../b", "a?..?b", "a.b")]
    assert [name[:-6] for name in names] == ["stop_a_.._b_-", "stop_a_.._b_-", "stop_a.b_-"]
    assert len(set(names)) == 3
    assert names[0] == _name("--eval.stop=a/../b")
