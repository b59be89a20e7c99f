"""What a user may give that cannot be: one line, exit status 2, and no file is changed."""

import json
import shutil

import published_toys
import pytest
from eval_toys import cell

from eval import __main__ as command
from eval import baselines, evaluation, kept_prompts, requests, results
from flanlike import errors
from flanlike.runs import bases

BASE = str(bases.SHIPPED)
FEW = ["--rows", "1", "--eval.validation-rows", "0", "--eval.max-input-tokens", "192"]
ROW = {"premise": "A man sat.", "hypothesis": "He rests.", "label": 0, "idx": 0}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Returns what gives the one line that a command says."""
    monkeypatch.chdir(tmp_path)

    def files():
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def line_of(*arguments):
        before = files()
        with pytest.raises(SystemExit) as stopped:
            command.main([*map(str, arguments)])
        assert stopped.value.code == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        after = files()
        assert {path: after.get(path) for path in before} == before
        return line

    return line_of


@pytest.fixture
def by_rows_of_rte(tmp_path):
    folder = tmp_path / "rows" / "rte"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text(json.dumps(ROW) + "\n")
    return ["--data", tmp_path / "rows"]


COMMANDS = {
    "--model": lambda model: ["--model", model, "--mixture", "rte", "--rows", "2", "--out", "out"],
    "robustness": lambda model: ["robustness", "--model", model, "--mixture", "rte"],
    "prompts": lambda model: ["prompts", "--model", model, "--task", "rte"],
    "induction": lambda model: ["induction", "--model", model],
    "export-lm-eval": lambda like: [
        *("export-lm-eval", "--like", like, "--hold-out", "rte", "--rows", "2", "--out", "out")
    ],
}
BY_COMMAND = pytest.mark.parametrize("name", COMMANDS)


@BY_COMMAND
def test_a_model_without_tokenizer(name, told, tmp_path):
    published_toys.published_llama(tmp_path / "model")
    for path in (tmp_path / "model").glob("*token*"):
        path.unlink()
    line = told(*COMMANDS[name](tmp_path / "model"))
    assert "/model' has a published model and no tokenizer: expected tokenizer.json" in line
    assert not (tmp_path / "out").exists()


@BY_COMMAND
def test_a_tokenizer_that_does_not_fit(name, told, tmp_path):
    published_toys.published_llama(tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"vocab_size": 9}))
    line = told(*COMMANDS[name](tmp_path / "model"))
    assert "/model': the tokenizer has " in line and "the model 9 rows for them" in line
    assert not (tmp_path / "out").exists()


@BY_COMMAND
def test_what_is_no_model(name, told, tmp_path):
    line = told(*COMMANDS[name](tmp_path / "none"))
    flag = "--like" if name == "export-lm-eval" else "--model"
    assert f"error: {flag} '{tmp_path / 'none'}' is no folder with a model: expected" in line


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "induction"])
def test_a_task_without_rows_for_the_split(name, told, by_rows_of_rte):
    line = told(*COMMANDS[name](BASE), *by_rows_of_rte)
    assert "/rows/rte' has no test.jsonl" in line


def test_robustness_of_written_answers(told):
    line = told("robustness", "--model", BASE, "--mixture", "common_gen")
    assert "the answers to common_gen are all written, and robustness is of options" in line


@pytest.mark.parametrize("name", ["--model", "robustness"])
def test_a_damaged_cache(name, told, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / requests.FILE).write_bytes(b"no database " * 100)
    line = told(*COMMANDS[name](BASE), "--eval.cache", tmp_path / "cache", *FEW)
    assert "/cache/requests.sqlite: cannot be read or written as a cache of answers" in line


@pytest.fixture
def evaluated(tmp_path):
    """Returns the folder of an evaluation, as a report reads it."""
    run = tmp_path / "run"
    found = evaluation.Evaluation(
        setting=results.Setting(run="run", step=0, data="embedded", seed=0),
        held_out=(),
        options={},
        cells=[cell([1, 0])],
        given={"sst2": baselines.Baselines(majority={}, heuristic={})},
        samples=[
            evaluation.Sample(
                task="sst2",
                template="opinion",
                row="test-0",
                inputs="Good?",
                options=("no", "yes"),
                probabilities=(0.5, 0.5),
                gold="yes",
                answer="yes",
            )
        ],
    )
    evaluation.write(run, found)
    (run / "config.json").write_text("{}")
    return run / "eval" / "0"


@pytest.mark.parametrize("name", ["predictions.jsonl", "samples.jsonl", "summary.json"])
@pytest.mark.parametrize("damage", ["cut", "other", "list"])
def test_a_damaged_file_of_an_evaluation(name, damage, told, evaluated):
    whole = (evaluated / name).read_bytes()
    (evaluated / name).write_bytes(
        {"cut": whole[: len(whole) // 2], "other": b'{"a": 1}\n', "list": b"[1, 2]\n"}[damage]
    )
    line = told("report", evaluated.parents[1])
    assert f"error: {evaluated / name}: damaged (" in line
    assert line.endswith(f"or move {str(evaluated)!r} away and make it again")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": ["test-0"]}, "has 1 rows and 2 of inputs"),
        ({"answered": {"predicted": [1], "gold": [1, 0]}}, "has 2 rows and 1 of predicted"),
        ({"answered": {}}, "has no predicted"),
        ({"metrics": ["acuracy"]}, "unknown metric 'acuracy'"),
        ({"task": "sst3"}, "it knows no sst3, of which predictions are"),
    ],
)
def test_predictions_that_somebody_changed(changes, said, told, evaluated):
    path = evaluated / "predictions.jsonl"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes) + "\n")
    line = told("report", evaluated.parents[1])
    assert "damaged (" in line and said in line


def test_an_evaluation_without_predictions(told, evaluated):
    (evaluated / "predictions.jsonl").write_bytes(b"")
    line = told("report", evaluated.parents[1])
    assert "has no predictions: move" in line


def test_damaged_files_beside_the_evaluation(told, evaluated):
    run = evaluated.parents[1]
    for name in ("config.json", "composition.json", "metrics.jsonl"):
        there = (run / name).read_bytes() if (run / name).is_file() else b""
        (run / name).write_bytes(b"{\n")
        assert f"error: {run / name}: damaged (JSONDecodeError" in told("report", run)
        for content in (b"[" * 99_999 + b"\n", b"[5]\n", b"5\n"):
            (run / name).write_bytes(content)
            assert f"error: {run / name}: damaged (" in told("report", run)
        (run / name).write_bytes(there or b"{}")


def test_what_a_run_trained_on_is_told_or_damaged(tmp_path):
    assert evaluation.composition(tmp_path) == {}
    path = tmp_path / "composition.json"
    for content in ("", "[]", '{"tasks": 5}', '{"tasks": [{"task": "rte"}]}', '{"origins": 5}'):
        path.write_text(content)
        with pytest.raises(errors.UserError, match="composition.json: damaged"):
            evaluation.composition(tmp_path)
    path.write_text('{"tasks": [{"task": "rte", "cluster": "nli"}]}')
    assert evaluation.trained(evaluation.composition(tmp_path)) == {"rte": "nli"}


def test_damaged_prompts(told, evaluated):
    (evaluated / kept_prompts.FILE).write_bytes(b"no gzip")
    line = told("report", evaluated.parents[1])
    assert "prompts.jsonl.gz: cannot be read as an evaluation's prompts" in line


@pytest.mark.parametrize("step", ["0", "9"])
def test_a_damaged_evaluation_has_no_other_in_its_place(step, told, evaluated):
    """Else the untuned model's figures would stand for the tuned one's, without a word."""
    run = evaluated.parents[1]
    shutil.copytree(evaluated, run / "eval" / "9")
    (run / "eval" / step / "summary.json").write_text("[]")
    line = told("report", run)
    assert f"/run/eval/{step}/summary.json: damaged (ValueError: no summary" in line


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.jsonl", '{"loss": 1.5}\n'),
        ("metrics.jsonl", '{"step": 1, "loss": "low"}\n'),
        ("composition.json", '{"tasks": 3}'),
        ("composition.json", '{"tasks": [{"task": "rte"}]}'),
        ("composition.json", '{"cuts": {"rte": {"cut": 3}}}'),
        ("composition.json", '{"bad_rows": {"rte": []}}'),
    ],
)
def test_a_damaged_file_of_a_run(name, content, told, evaluated):
    run = evaluated.parents[1]
    (run / name).write_text(content)
    assert f"/run/{name}: damaged (" in told("report", run)


def test_damaged_curves_by_number_of_exemplars(told, evaluated):
    folder = evaluated.with_name("0-by-shots")
    folder.mkdir()
    (folder / "by_shots.json").write_text('{"curves": []}')
    assert "by_shots.json: not the curves that" in told("report", evaluated.parents[1])
