"""Encoder-decoders whose positions turn: T5Gemma's and T5Gemma 2's layers."""

import dataclasses
import functools

import decode_toys
import jax
import numpy as np
import pytest
from flax import nnx
from model_toys import ENCODER_DECODER

from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import features
from flanlike.models import generate, tuning
from flanlike.training import loop

SEPARATE = dataclasses.replace(
    ENCODER_DECODER,
    **{"relative_buckets": 0, "window": 3, "layer_pattern": "lg", "norms_after": True},
    **{"encoder_before": 1, "encoder_after": 2, "start_id": 2, "attention_softcap": 3.0},
    **{"separate_tables": True, "encoder_model_size": 12, "encoder_query_heads": 2},
    **{"encoder_key_value_heads": 1, "encoder_hidden_size": 10, "scale_attention": True},
)
MERGED = dataclasses.replace(
    ENCODER_DECODER,
    **{"relative_buckets": 0, "window": 3, "layer_pattern": "lg", "norms_after": True},
    **{"encoder_before": 1, "encoder_after": 2, "start_id": 2, "merges_attention": True},
    **{"query_key_norms": True, "rope_local_theta": 50.0, "scale_attention": True},
)
CONFIGS = pytest.mark.parametrize("config", [SEPARATE, MERGED], ids=["separate", "merged"])
PROMPTS = decode_toys.PROMPTS[:3]
OPTIONS = [[[30], [31, 32, 33, 34]], [[35, 36]], [[37], []]]
EXAMPLES = [
    features.Example(inputs=[20, 21, 22, 23, 24, 25], targets=[5, 6, 7, 8, 9]),
    features.Example(inputs=[30, 31, 32], targets=[11, 12]),
]
FAMILY = {"family": "encoder_decoder"}
BATCH = features.assemble([EXAMPLES], (12, 9), **FAMILY)


@functools.cache
def built(config):
    return nnx.split(models.build(config, seed=1))


def model_of(config):
    """Returns a model of its own, whose arrays all the others share."""
    return nnx.merge(*built(config), copy=True)  # of the variables, not of their arrays


@CONFIGS
def test_generation_and_option_scores_equal_recomputation(config):
    """New tokens are more than the window, and options are branches of one segment."""
    model = model_of(config)
    expected = [decode_toys.naive_generation(model, prompt, 6) for prompt in PROMPTS]
    assert len(set(map(tuple, expected))) > 1
    found = generate.generate(model, PROMPTS, max_new_tokens=6)
    assert [ids for ids, _ in found] == expected
    scores = decode_toys.option_scores(model, PROMPTS, OPTIONS)
    for prompt, its_options, of_prompt in zip(PROMPTS, OPTIONS, scores, strict=True):
        for option, score in zip(its_options, of_prompt, strict=True):
            log_probs_TV = jax.nn.log_softmax(decode_toys.naive_logits(model, prompt, option))
            targets = [*option, features.EOS_ID]
            wanted = sum(log_probs_TV[t, token] for t, token in enumerate(targets))
            assert score == pytest.approx(float(wanted), abs=1e-4)


def test_gradients_show_windows_and_isolation():
    """One local layer a side: what it reads are the embeddings of what it sees."""
    config = dataclasses.replace(SEPARATE, layers=1, encoder_layers=1)
    graphdef, params = nnx.split(models.build(config, seed=0))

    @jax.jit
    def seen(params):
        def encoded(params, place):
            return nnx.merge(graphdef, params)._encode(BATCH, None)[0, place].std()

        def read(params, place):
            return nnx.merge(graphdef, params).hidden(BATCH)[0, place].std()

        own = jax.vmap(lambda place: jax.grad(encoded)(params, place))(np.array([2, 7]))
        return own, jax.vmap(lambda place: jax.grad(read)(params, place))(np.array([4, 6]))

    def ids_of(gradients, i, *tables):
        found = [np.abs(gradients[table].table[...][i]).sum(axis=1) for table in tables]
        return [set(np.flatnonzero(one).tolist()) for one in found]

    of_encoder, of_decoder = seen(params)
    table = "encoder_embedding"
    assert ids_of(of_encoder, 0, table) == [{21, 22, 23, 24}]
    assert ids_of(of_encoder, 1, table) == [{30, 31, 32}]
    # A window of three: a token and the two before it.
    assert ids_of(of_decoder, 0, "embedding", table) == [{6, 7, 8}, {20, 21, 22, 23, 24, 25}]
    assert ids_of(of_decoder, 1, "embedding", table) == [{2, 11}, {30, 31, 32}]


@CONFIGS
def test_packed_examples_compute_what_they_do_alone(config):
    """In rows of the same shape, so that all is compiled once."""
    packed, first, second = (
        np.asarray(decode_toys._logits(*built(config), batch))[0]
        for batch in (BATCH, *(features.assemble([[e]], (12, 9), **FAMILY) for e in EXAMPLES))
    )
    assert np.isfinite(packed).all()
    np.testing.assert_allclose(packed[:5], first[:5], atol=1e-5)
    np.testing.assert_allclose(packed[5:7], second[:2], atol=1e-5)


def test_what_ends_a_source_is_asked_of_the_words():
    """A source that ends in EOS by itself is the same as one that is ended."""
    model = model_of(MERGED)
    ended = [[*prompt, features.EOS_ID] for prompt in PROMPTS]
    found = generate.generate(model, ended, max_new_tokens=6, ends_source=False)
    assert found == generate.generate(model, PROMPTS, max_new_tokens=6)
    scores = decode_toys.option_scores(model, ended, OPTIONS, ends_source=False)
    for one, other in zip(scores, decode_toys.option_scores(model, PROMPTS, OPTIONS), strict=True):
        np.testing.assert_array_equal(one, other)
    for refused in (
        lambda: generate.generate(model, [[]], max_new_tokens=3, ends_source=False),
        lambda: decode_toys.option_scores(model, [[]], [[[30]]], ends_source=False),
    ):
        with pytest.raises(ValueError, match="prompt 0 is empty"):
            refused()


def test_tuning_takes_each_side_as_it_is():
    """The soft prompt is in the encoder's table, and adapters have each side's size."""
    model = model_of(SEPARATE)
    tuning.attach(model, config_lib.AdapterConfig(size=3), seed=0)
    assert model.encoder.hidden.adapter.up[...].shape == (2, 3, 12)
    assert model.decoder.cross.adapter.up[...].shape == (2, 3, 16)
    model = model_of(SEPARATE)
    tuning.attach(model, config_lib.SoftPromptConfig(tokens=2), seed=0)
    assert model.encoder_embedding.soft_prompt.vectors[...].shape == (2, 12)
    assert tuning.soft_prompt_ids(model) == (40, 41)
    params = loop.params_of(model_of(SEPARATE))
    learning, still = tuning.apart(params, "embeddings")
    assert {name: set(one) for name, one in still.items()} == {
        "embedding": {"table"},
        "encoder_embedding": {"table"},
    }
    assert set(learning["embedding"]) == {"head"} and "encoder_embedding" not in learning
    jax.tree.map(np.testing.assert_array_equal, tuning.together(learning, still), params)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"family": "decoder", "encoder_layers": 0}, "separate_tables and merges_attention are"),
        ({"separate_tables": False}, "encoder_model_size 12 with model_size 16"),
        ({"merges_attention": True}, "an attention over the source that has kernels of its own"),
        ({"head_size": 7}, "rotary positions turn pairs"),
        ({"window": 0}, "a window where layers are local"),
    ],
)
def test_what_does_not_go_together_is_told(changes, expected):
    with pytest.raises(errors.UserError, match=expected):
        dataclasses.replace(SEPARATE, **changes)
