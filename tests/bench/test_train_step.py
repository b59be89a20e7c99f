"""The benchmark of the train step: its batches, its peer's weights, and its mode for a card."""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest
import training_toys

from flanlike import config
from flanlike.batches import features
from flanlike.training import plan

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(autouse=True)
def bench_modules(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_both_sides_get_the_same_examples(family):
    import instructions

    limits = features.LengthLimits(max_input_tokens=64, max_target_tokens=16)
    work = instructions.work(family, steps=2, rows=2, limits=limits)
    useful = instructions.useful_tokens(work.examples, family)
    ours = sum(
        (batch.segment_ids_BT > 0).sum()
        + (0 if family == "decoder" else (batch.source_segment_ids_BS > 0).sum())
        for batch in work.packed
    )
    assert len(work.padded) == len(work.packed) == 2 and ours == useful
    theirs = [instructions.collated(batch, family) for batch in work.padded]
    labels = sum((batch["labels"] != instructions.IGNORED).sum() for batch in theirs)
    assert labels == sum((batch.loss_weights_BT > 0).sum() for batch in work.packed)
    equal = instructions.one_a_row(work.padded[0], family)
    assert equal.loss_weights_BT.sum() == (theirs[0]["labels"] != instructions.IGNORED).sum()


def test_padding_is_on_the_side_that_is_asked_for():
    import instructions

    rows = [[5, 6, 7], [8]]
    assert instructions.padded(rows, 0).tolist() == [[5, 6, 7], [8, 0, 0]]
    assert instructions.padded(rows, 0, on_left=True).tolist() == [[5, 6, 7], [0, 0, 8]]


def test_ratios_are_medians_of_windows_side_by_side():
    import train_step

    ours = [train_step.Spent(1.0, 2.0), train_step.Spent(2.0, 2.0), train_step.Spent(1.0, 1.0)]
    theirs = [train_step.Spent(3.0, 2.0), train_step.Spent(2.0, 6.0), train_step.Spent(2.0, 4.0)]
    assert train_step.ratio(theirs, ours) == " 2.00x wall [1.00, 3.00]   3.00x CPU"


def test_the_peer_has_our_decoders_weights():
    torch = pytest.importorskip("torch", reason="the peer needs the extra 'parity'")
    pytest.importorskip("transformers", reason="the peer needs the extra 'parity'")
    import peer

    settings = dict(model_type="llama", norm_eps=1e-2, max_positions=64)
    ours = training_toys.model(key_value_heads=1, **settings)
    theirs = peer.model_of(ours).eval()
    rows = training_toys.batch([[([5, 6, 7], [8])], [([9, 10, 3], [12])]], length=4)
    with torch.no_grad():
        expected = theirs(torch.as_tensor(rows.tokens_BT).long()).logits.numpy()
    np.testing.assert_allclose(ours(rows), expected, atol=1e-4)


def options(shape: str, side: str = "ours", **changes) -> argparse.Namespace:
    given = dict(tiny=True, remat="dots", divide_rows=1, threads=1, minutes=1.0, json=None)
    given["attention_kernel"] = "auto"
    return argparse.Namespace(shape=shape, side=side, only=["decoder", "t5"], **given | changes)


# What a card's machine need not have.
ABSENT = ["grain", "datasets", "seqio", "tensorflow", "tyro", "tensorboardX", "pyarrow"]


def test_our_side_of_a_card_needs_no_more_than_jax():
    script = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({ABSENT!r}))
sys.argv = ["train_step.py", "--gpu", "--tiny", "--side", "ours", "--shape", "gemma"]
runpy.run_path({str(BENCH / "train_step.py")!r}, run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] == 2 and 0 < told["tokens"] <= 2 * 48
    assert told["step_s"] > 0 and told["flops"] > 0 and told["loss"] > 0


@pytest.mark.parametrize("shape, side", [("t5", "padded"), ("decoder", "packed")])
def test_the_peers_side_of_a_card(shape, side):
    pytest.importorskip("torch", reason="the peer needs the extra 'parity'")
    pytest.importorskip("transformers", reason="the peer needs the extra 'parity'")
    import card_sides

    told = card_sides.measured(options(shape, side))
    assert told["step_s"] > 0 and told["loss"] > 0 and "torch" in told["version"]


def test_a_padded_batch_has_examples_of_the_packed_rows_in_as_many_places():
    import card_cases

    for shape in ("t5", "decoder"):
        given = options(shape, tiny=False)
        of = dataclasses.replace(card_cases.shape_of(given), vocab_size=100)
        packed, padded = card_cases.packed(given, of), card_cases.padded(given, of)

        def places(batch):
            source = batch.source_tokens_BS
            return batch.tokens_BT.size + (0 if source is None else source.size)

        assert 0.8 * places(packed) < places(padded) <= places(packed)
        assert card_cases.real_tokens(packed) > 0.7 * places(packed)
        assert card_cases.real_tokens(padded) < 0.6 * places(padded)
        assert len(padded.tokens_BT) > len(packed.tokens_BT) == card_cases.CASES[shape].rows
        assert padded.segment_ids_BT.max() == 1 < packed.segment_ids_BT.max()
        fewer = card_cases.packed(options(shape, tiny=False, divide_rows=4), of)
        assert len(fewer.tokens_BT) == len(packed.tokens_BT) // 4


def test_flops_by_formula_are_those_of_the_program():
    import card_cases

    for family, layers in (("decoder", 0), ("encoder_decoder", 2)):
        shape = dataclasses.replace(
            training_toys.MODEL, family=family, encoder_layers=layers, layers=2, is_gated=not layers
        )
        settings = config.BatchConfig(rows=2, max_input_tokens=10, max_target_tokens=8)
        planned = plan.make(shape, config.MeshConfig(data=1), settings, config.OptimConfig())
        row_tokens = (10, 8) if layers else (0, 18)
        rows = features.empty(2, row_tokens, family=family)
        positions = rows.tokens_BT.size
        assert card_cases.flops(shape, rows, positions) == planned.flops
        head = 3 * 2 * 16 * 32  # a position's
        assert card_cases.flops(shape, rows, 3) == planned.flops - head * (positions - 3)


PEAK = {"device": "a card", "peak": 100e12, "memory_gib": 24.0, "version": "jax 1"}
STEP = {"step_s": 0.5, "first_s": 9.0, "rows": 4, "tokens": 1000, "flops": 25e12, "loss": 1.0}
STEP |= {"memory_gib": 10.0, "version": "jax 1"}


def test_a_failure_on_a_card_leaves_the_others(tmp_path, monkeypatch, capsys):
    import card

    tried = []

    def of_process(options, side, name, divided, limit_s):
        tried.append((side, name, divided))
        if side == "peak":
            return PEAK
        if (side, name) == ("packed", "t5"):
            return {"failed": "torch.OutOfMemoryError: CUDA out of memory"}
        if (side, name) == ("padded", "t5"):
            return {"failed": "it took longer than 150 s"}
        return STEP | ({"step_s": 1.0} if side != "ours" else {})

    monkeypatch.setattr(card, "_of_process", of_process)
    file = tmp_path / "card.json"
    card.main(options("t5", side=None, json=str(file)))
    # A card of 24 GiB begins with a quarter of the rows; where memory lacks, they are halved.
    asked = [divided for side, name, divided in tried if (side, name) == ("packed", "t5")]
    assert asked == [4, 8, 16] and tried.count(("padded", "t5", 4)) == 1
    page = capsys.readouterr().out
    assert "| T5-large | ours, packed | 4 | 2,000 | 50.0 | 50.0% | 10.0 |  |" in page
    assert "| 1B decoder | torch, packed | 4 | 1,000 | 25.0 | 25.0% | 10.0 | 2.00x |" in page
    assert "* T5-large, torch, packed: torch.OutOfMemoryError: CUDA out of memory" in page
    told = json.loads(file.read_text())
    assert told["peak"] == PEAK and len(told["found"]) == 6


def test_a_process_that_fails_or_takes_too_long_is_told():
    import card

    given = options("t5")
    assert "no time is left" in card._run(given, "ours", "t5", 1, time.monotonic())["failed"]
    assert "longer than" in card._of_process(given, "ours", "t5", 1, 0.01)["failed"]
    told = card._of_process(given, "ours", "nothing", 1, 60.0)
    assert told["failed"].startswith("train_step.py: error: argument --shape: invalid choice")
    assert card._reason("a\nRESOURCE_EXHAUSTED: no\nlast\n") == "RESOURCE_EXHAUSTED: no"
    assert card._reason("first\nlast\n") == "last" and card._reason("") != ""


@pytest.mark.parametrize(
    "flags, message",
    [
        ("--gpu --only compile", "--only compile is no row with --gpu"),
        ("--only gemma", "--only gemma is no row without --gpu"),
        ("--gpu --minutes 0", "--minutes is 0: it must be in"),
    ],
)
def test_what_the_benchmark_cannot_do_is_told(flags, message):
    import train_step

    with pytest.raises(SystemExit, match=message):
        train_step.main(flags.split())
