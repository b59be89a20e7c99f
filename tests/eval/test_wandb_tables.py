"""What an evaluation tells Weights & Biases, by a stand-in for its package."""

import eval_toys
import fake_wandb

from eval import baselines, evaluation, measuring, protocol, results
from flanlike.training import wandb_log

RANKED = evaluation.Sample(
    task="sst2",
    template="opinion",
    row="test/3",
    inputs="Good?\n- no\n- yes",
    options=("no", "yes"),
    probabilities=(0.25, 0.75),
    gold="no",
    answer="yes",
)
FOUND = evaluation.Evaluation(
    setting=results.Setting(run="run", step=200, data="embedded", seed=0),
    held_out=("sentiment",),
    options={},
    cells=[eval_toys.cell([1, 1, 1, 0])],
    given={"sst2": baselines.Baselines(majority={}, heuristic={})},
    samples=[RANKED],
)


def told(tmp_path, monkeypatch, **settings):
    """Returns what W&B is told of that evaluation."""
    runs = fake_wandb.put(monkeypatch)
    monkeypatch.setattr(protocol, "evaluate", lambda *_, **__: FOUND)
    asked = eval_toys.collect("sst2", rows_per_task=1, validation_rows=0)
    settings |= {"config": {"data": "embedded", "seed": 0}, "held_out": (), "mesh": None}
    with wandb_log.board("flan", tmp_path, {}) as board:
        measuring.measure(None, None, asked, out=tmp_path, step=200, board=board, **settings)
    return runs[0].told


def test_figures_and_samples_are_told(tmp_path, monkeypatch):
    figures, samples = told(tmp_path, monkeypatch)
    assert figures == {"step": 200, "eval/sentiment": 0.75, "eval/sentiment/sst2": 0.75}
    assert samples["eval/samples"].data == [
        [200, "sst2", "opinion", "test/3", RANKED.inputs, "0.250  no\n0.750  yes", "yes", "no"]
    ]
    assert len(samples["eval/samples"].columns) == 8


def test_what_is_asked_otherwise_has_its_name(tmp_path, monkeypatch):
    figures, samples = told(tmp_path, monkeypatch, name="shots4")
    assert [*figures] == ["step", "eval-shots4/sentiment", "eval-shots4/sentiment/sst2"]
    assert "eval-shots4/samples" in samples
