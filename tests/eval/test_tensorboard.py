"""What an evaluation leaves in TensorBoard's folder, read back from its event files."""

import dataclasses
import struct

import eval_toys
from tensorboardX.proto import event_pb2

from eval import baselines, evaluation, measuring, protocol, results, tensorboard

SAMPLE = evaluation.Sample(
    task="sst2",
    template="opinion",
    row="test/3",
    inputs="Good?\n- no\n- yes",
    options=("no", "yes"),
    probabilities=(0.25, 0.75),
    gold="no",
    answer="yes",
)


def events(folder):
    """Yields (step, tag, value) of every scalar and text."""
    for path in sorted(folder.glob("events.*")):
        content, at = path.read_bytes(), 0
        while at < len(content):  # length, its check, the record, its check
            (size,) = struct.unpack_from("<Q", content, at)
            event = event_pb2.Event.FromString(content[at + 12 : at + 12 + size])
            at += 16 + size
            for value in event.summary.value:
                text = b"".join(value.tensor.string_val).decode()
                yield event.step, value.tag, text or value.simple_value


def made(*samples):
    """Returns an evaluation after 200 steps in which three of four answers are right."""
    return evaluation.Evaluation(
        setting=results.Setting(run="run", step=200, data="embedded", seed=0),
        held_out=("sentiment",),
        options={},
        cells=[eval_toys.cell([1, 1, 1, 0])],
        given={"sst2": baselines.Baselines(majority={}, heuristic={})},
        samples=samples,
    )


def test_figures_prompts_and_writing_are_at_their_step(tmp_path):
    written = dataclasses.replace(SAMPLE, options=(), probabilities=())
    tensorboard.write(tmp_path, made(SAMPLE, written))
    told = {tag: (step, value) for step, tag, value in events(tmp_path / "tensorboard")}
    assert told["eval/sentiment"] == told["eval/sentiment/sst2"] == (200, 0.75)
    [(tag, (step, text))] = [one for one in told.items() if one[0].startswith("samples/")]
    assert tag.startswith("samples/sst2/opinion") and step == 200
    ranked, free = text.split("\n\n---\n\n")
    assert ranked.splitlines()[:4] == ["test/3", "", "    Good?", "    - no"]
    assert "    0.250  no\n    0.750  yes\n    \n    answer: yes" in ranked
    assert "0.750" not in free and free.endswith("    right:  no")


def test_only_what_the_run_itself_asks_is_a_curve_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "evaluate", lambda *_, **__: made())
    settings = dict(config={"data": "embedded", "seed": 0}, held_out=(), mesh=None, step=200)
    asked = eval_toys.collect("sst2", rows_per_task=1, validation_rows=0)
    measuring.measure(None, None, asked, out=tmp_path, name="shots3", **settings)
    assert not (tmp_path / "tensorboard").exists()
    measuring.measure(None, None, asked, out=tmp_path, **settings)
    assert [tag for _, tag, _ in events(tmp_path / "tensorboard")][0] == "eval/sentiment"
