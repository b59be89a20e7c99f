"""The benchmark of the train step: its batches, its peer's weights, and its mode for a card."""

import dataclasses
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import training_toys

from flanlike.batches import features

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


def test_the_mode_for_a_card_runs_small_without_one():
    """Ours alone; PyTorch's side of it needs minutes to compile."""
    command = [sys.executable, str(BENCH / "train_step.py"), "--gpu", "--tiny"]
    done = subprocess.run(
        [*command, "--side", "ours", "--shape", "decoder"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["peak"] > 0 and told["steps_per_s"] > 0
    assert told["tokens_per_s"] == pytest.approx(told["steps_per_s"] * 2 * (32 + 16))


def test_flops_on_a_card_count_the_head_at_targets_alone():
    import card

    shape = dataclasses.replace(training_toys.MODEL, remat="full")
    rows = training_toys.batch([[([5, 6, 7], [8])]] * 2, length=8)
    D, V, F, NH, T, tokens = 16, 32, 24, 16, 8, 16
    layer = 2 * tokens * (4 * D * NH + 3 * D * F) + 2 * 2 * 2 * T * T * NH
    assert card._flops(shape, rows, 4) == 3 * (layer + 2 * 4 * D * V)
    assert card._flops(shape, rows, tokens) == 3 * (layer + 2 * tokens * D * V)
