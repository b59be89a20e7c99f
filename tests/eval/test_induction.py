"""Scores of heads that are known, for their weights are made by hand."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import training_toys
from flax import nnx

import task_registry
from eval import __main__ as command
from eval import induction, induction_command
from flanlike import config, errors, models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import tuning
from flanlike.runs import loading, named

V = 32
PERIOD, REPEATS = 8, 3
# Two query heads on one key head. Streams have the token's vector, that of the token before, a
# constant, and what the head reads.
TOKEN, BEFORE, ONE, SAID = slice(0, V), slice(V, 2 * V), 2 * V, slice(2 * V + 1, 3 * V + 1)
PAIRS = 2 * V  # pair 0 turns a radian a token; those from V on all but stand still
SHAPE = model_config.ModelConfig(
    family="decoder",
    model_size=3 * V + 1,
    layers=2,
    query_heads=2,
    key_value_heads=1,
    head_size=2 * PAIRS,
    hidden_size=2,
    vocab_size=V,
    rope_theta=1e30,
    scale_attention=False,
)
MATCHING = (1, 1)  # layer and head of the induction head
STRENGTH = 3e3


class Pairs:
    """A vocabulary of which every id is a word of two letters, but for the first three: marks."""

    marks = features.Marks(eos_id=1, bos_id=2)
    unknown_id = None
    size = V

    def decode(self, ids):
        return "".join("" if i < 3 else "abcdefgh"[i % 8] + "xyzw"[i // 8] for i in ids)


def _made(**changes) -> nnx.Module:
    """Returns a model whose head 0.0 looks one back and whose head 1.1 is an induction head.

    Head 0.1 and head 1.0 look at all tokens alike and say nothing.
    """
    model = models.build(dataclasses.replace(SHAPE, **changes), seed=0)
    zero = lambda leaf: jnp.zeros_like(leaf)  # noqa: E731
    nnx.update(model, jax.tree.map(zero, nnx.state(model)))
    for norm in (model.blocks.attention_norm, model.blocks.hidden_norm, model.final_norm):
        norm.scale[...] = jnp.ones_like(norm.scale[...])
    table = np.zeros((V, 3 * V + 1), np.float32)
    table[:, TOKEN], table[:, ONE] = np.eye(V), 1.0
    model.embedding.table[...] = jnp.asarray(table)
    head = np.zeros((3 * V + 1, V), np.float32)
    head[SAID] = np.eye(V)
    model.embedding.head[...] = jnp.asarray(head)
    attention = model.blocks.attention
    q, k, v, out = (
        np.zeros(getattr(attention, name)[...].shape, np.float32) for name in ("q", "k", "v", "out")
    )
    q[0, ONE, 0, 0] = STRENGTH  # the same for all tokens, and turned by their places:
    k[0, ONE, 0, 0], k[0, ONE, 0, PAIRS] = np.cos(1), np.sin(1)  # the key of the one before fits
    still = slice(PAIRS - V, PAIRS)
    q[1, TOKEN, 1, still] = STRENGTH * np.eye(V)
    k[1, BEFORE, 0, still] = np.eye(V)
    v[:, TOKEN, 0, :V] = np.eye(V)
    out[0, 0, :V, BEFORE] = np.eye(V)
    out[1, 1, :V, SAID] = np.eye(V)
    for name, value in {"q": q, "k": k, "v": v, "out": out}.items():
        getattr(attention, name)[...] = jnp.asarray(value)
    return model


def _probe(model, *, seeds=3, words=None):
    return induction.probe(
        model, words or Pairs(), seeds=range(seeds), period=PERIOD, repeats=REPEATS
    )


@pytest.fixture(scope="module")
def found():
    return _probe(_made())


def test_the_induction_head_is_found(found):
    assert found.top(1) == [MATCHING]
    assert found.prefix_matching_LN[MATCHING] == pytest.approx(1.0, abs=1e-3)
    assert found.control_LN[MATCHING] == pytest.approx(0.0, abs=1e-3)
    assert found.copying_LN[MATCHING] == pytest.approx(1.0, abs=1e-3)
    assert found.prefix_matching_sd_LN[MATCHING] == pytest.approx(0.0, abs=1e-3)


def test_a_head_that_looks_one_back_matches_nothing_and_says_nothing(found):
    assert found.prefix_matching_LN[0, 0] == pytest.approx(0.0, abs=1e-3)
    assert found.copying_LN[0, 0] == 0.0


def test_a_head_that_looks_at_all_alike_has_their_share(found):
    """Of t + 2 places that token t sees, BOS among them, one counts for each repetition before."""
    counted = [t // PERIOD / (t + 2) for t in range(PERIOD, PERIOD * REPEATS)]
    for scores_LN in (found.prefix_matching_LN, found.control_LN):
        assert scores_LN[0, 1] == pytest.approx(np.mean(counted), rel=1e-4)
        assert scores_LN[1, 0] == pytest.approx(np.mean(counted), rel=1e-4)


def test_without_bos_the_first_token_looks_as_if_it_followed_itself():
    """It sees itself alone, which is what the made head 0.0 then takes for the one before."""

    class NoBos(Pairs):
        marks = features.Marks()

    found = _probe(_made(), words=NoBos())
    others = PERIOD * (REPEATS - 1) - 2
    assert found.prefix_matching_LN[MATCHING] == pytest.approx(
        (others + 1 / 2 + 2 / 3) / (others + 2), abs=1e-3
    )


def test_a_window_that_ends_before_what_followed_hides_it():
    """It is seven tokens back, and in the repetition before that, fifteen."""
    assert _probe(_made(window=7)).prefix_matching_LN[MATCHING] == 0.0
    found = _probe(_made(window=8))
    assert found.prefix_matching_LN[MATCHING] == pytest.approx(1.0, abs=1e-3)
    assert (found.window, found.local_layers) == (8, (0, 1))


def test_losses_are_of_first_and_later_occurrences(found):
    # The made head raises one logit by a little: enough to be seen where it is right.
    assert found.repeated_loss < found.shuffled_loss - 0.1
    assert found.repeated_loss < found.first_loss - 0.1


def test_shuffled_repetitions_have_nothing_where_it_stood():
    drawn = induction.sequences(_made(), Pairs(), seeds=range(4), period=8, repeats=8)
    assert drawn.start == 1
    for repeated, shuffled in zip(drawn.repeated_BT[:, 1:], drawn.shuffled_BT[:, 1:], strict=True):
        assert len(set(repeated[:8])) == 8 and min(repeated) >= 3  # the first ids are no words
        assert (repeated.reshape(8, 8) == repeated[:8]).all()
        columns = shuffled.reshape(8, 8).T
        assert all(len(set(column)) == 8 for column in columns)
        assert all(set(row) == set(repeated[:8]) for row in columns.T)
    assert len({tuple(row) for row in drawn.repeated_BT}) == 4


def test_marks_and_a_soft_prompt_stand_before_the_sequence():
    model = _made()
    tuning.attach(model, config.SoftPromptConfig(tokens=2), seed=0)
    vectors = model.embedding.soft_prompt.vectors
    vectors[...] = jnp.zeros_like(vectors[...])  # like no token
    drawn = induction.sequences(model, Pairs(), seeds=[0], period=8, repeats=2)
    assert drawn.start == 3 and drawn.repeated_BT[0, :3].tolist() == [V, V + 1, 2]
    found = _probe(model)
    assert found.prefix_matching_LN[MATCHING] == pytest.approx(1.0, abs=1e-3)
    assert found.repeated_loss == pytest.approx(_probe(_made()).repeated_loss, abs=1e-2)


def test_scores_of_one_seed_have_no_deviation():
    found = _probe(_made(), seeds=1)
    assert not found.prefix_matching_sd_LN.any() and not found.copying_sd_LN.any()


def test_copying_is_of_what_is_looked_at():
    """Two tokens: the first is raised alone when looked at; the second raises the first."""
    effects_BNSM = jnp.asarray([[[[2.0, 0.0], [1.0, 0.0], [2.0, 0.0], [1.0, 0.0]]]])
    weights_BNTS = jnp.zeros((1, 1, 4, 4)).at[0, 0, 2].set(jnp.asarray([0.5, 0.0, 0.25, 0.0]))
    assert float(induction.copying(weights_BNTS, effects_BNSM, 2)[0, 0]) == 1.0
    weights_BNTS = weights_BNTS.at[0, 0, 3, 1].set(0.25)
    assert float(induction.copying(weights_BNTS, effects_BNSM, 2)[0, 0]) == 0.75


def test_what_cannot_be_probed_is_one_line():
    with pytest.raises(errors.UserError, match="29 pieces of 2 letters .* --tokens 40"):
        induction.sequences(_made(), Pairs(), seeds=[0], period=40, repeats=2)
    shape = dataclasses.replace(training_toys.MODEL, family="encoder_decoder", encoder_layers=1)
    with pytest.raises(errors.UserError, match="the induction probe needs a decoder"):
        induction.expect(shape)


@pytest.fixture
def there(monkeypatch, tmp_path):
    """Lets the command load the made model."""
    loaded = loading.Loaded(model=_made(window=10, layer_pattern="gl"), words=Pairs(), step=7)
    monkeypatch.setattr(named, "find", lambda name, flag: named.Named(folder=tmp_path, name=name))
    monkeypatch.setattr(loading, "shape_of", lambda folder: loaded.model.config)
    monkeypatch.setattr(loading, "load", lambda folder: loaded)


def test_the_command_draws_and_keeps_the_figures(there, tmp_path, capsys):
    out = tmp_path / "out"
    flags = ["--model", "<made>", "--seeds", "2", "--tokens", "10", "--repeats", "2"]
    command.main(["induction", *flags, "--out", str(out)])
    said = capsys.readouterr()
    best = next(line for line in said.out.splitlines() if line.split()[:2] == ["1", "1"])
    assert best == said.out.splitlines()[2]
    kept = json.loads((out / "induction.json").read_text())
    assert (kept["model"], kept["step"], kept["seeds"], kept["local_layers"]) == (
        *("<made>", 7, 2),
        [1],
    )
    assert kept["prefix_matching"][1][1] == pytest.approx(1.0, abs=1e-3)
    assert "layers 1 see" not in said.err
    page = (out / "induction.html").read_text()
    assert "&lt;made&gt;" in page and "<made>" not in page
    assert page.count("layer 1, head 1: ") == 2  # a square of each map
    svg = (out / "induction.svg").read_text()
    assert svg.startswith("<svg") and "var(--" not in svg


def test_the_command_says_why_local_layers_match_nothing(there, tmp_path, capsys):
    flags = ["--model", "made", "--seeds", "1", "--tokens", "11", "--repeats", "2"]
    command.main(["induction", *flags, "--out", str(tmp_path)])
    assert "layers 1 see 10 tokens, and what followed is 10 away" in capsys.readouterr().err
    kept = json.loads((tmp_path / "induction.json").read_text())
    assert kept["prefix_matching"][1][1] == pytest.approx(0.0, abs=1e-3)


def test_the_command_refuses_what_is_no_model(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["induction", "--model", str(tmp_path)])
    assert stop.value.code == 2
    assert "is no folder with a model" in capsys.readouterr().err
    with pytest.raises(errors.UserError, match="--repeats is 9: it must be 2 or more"):
        induction_command.main(["--model", "m", "--repeats", "9"], task_registry.registry)
