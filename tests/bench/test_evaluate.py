"""The benchmark against lm-evaluation-harness: what both sides are asked, and how they agree."""

import pathlib
import subprocess
import sys

import pytest

SHORT = "--only t5 --tiny --rows 4 --rounds 1 --new-tokens 4 --batches 4"
BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(autouse=True)
def bench_modules(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


def test_a_work_has_as_many_options_as_it_says():
    import evaluate_work

    found = evaluate_work.works(
        ["2", "4", "10", "write"], "embedded", "decoder", rows=6, new_tokens=5
    )
    for name in ("2", "4", "10"):
        by_context = {}
        for context, continuation in found[name]:
            assert continuation.startswith("\n") and not context.endswith("\n")
            by_context.setdefault(context, set()).add(continuation)
        assert len(found[name]) == 6 * int(name)
        assert {len(options) for options in by_context.values()} == {int(name)}
    assert len(found["write"]) == 6
    assert all(text.endswith("\n") and more["max_gen_toks"] == 5 for text, more in found["write"])


def test_an_encoders_peer_is_told_what_it_may_write():
    import evaluate_work

    found = evaluate_work.works(["2", "write"], "embedded", "encoder_decoder", rows=2, new_tokens=5)
    assert not any(option.startswith("\n") for _, option in found["2"])
    assert found["write"][0][1] == {"until": [], "max_gen_toks": 5, "max_length": 6}


def test_too_few_rows_are_told(monkeypatch):
    import evaluate_work

    monkeypatch.setitem(evaluate_work._TASKS, "2", ("openbookqa",))  # of four options
    with pytest.raises(SystemExit, match="--data embedded has 0 such prompts, fewer than --rows 2"):
        evaluate_work.works(["2"], "embedded", "decoder", rows=2, new_tokens=1)


def test_scores_that_differ_stop_it():
    import evaluate

    near, far = [[-1.0, True], [-2.0, False]], [[-1.5, True], [-2.0, False]]
    assert "is_greedy is the same 2 times" in evaluate._agreement(near, near, is_written=False)
    with pytest.raises(SystemExit, match="log-probabilities differ by up to 0.5"):
        evaluate._agreement(near, far, is_written=False)
    with pytest.raises(SystemExit, match="differ by up to nan"):
        evaluate._agreement([[float("nan"), True]], [[-1.0, True]], is_written=False)
    assert evaluate._agreement(["a", "b"], ["a", "c"], is_written=True).startswith("1 of 2 texts")


def test_the_peers_batch_is_the_fastest_of_those_tried():
    import evaluate

    asked = []

    class Peer:
        def ask(self, *question):
            asked.append(question)
            return {"wall": {4: 2.0, 16: 1.0}[question[2]]}

    options = evaluate._parser().parse_args(["--batches", "4", "16"])
    assert evaluate._best_batch(options, Peer(), "2") == 16
    assert [batch for _, _, batch in asked] == [4, 4, 16, 16]  # the second time counts


@pytest.mark.slow
def test_both_sides_take_turns():
    pytest.importorskip("lm_eval", reason="the peer needs the extra 'parity'")
    pytest.importorskip("torch", reason="the peer needs the extra 'parity'")
    command = [sys.executable, BENCH / "evaluate.py", *SHORT.split()]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.count("x wall") == 4
    assert "4 of 4 texts are the same" in ran.stdout
    assert ran.stdout.count("peak memory") == 2
