"""Attention by cuDNN's fused kernel: who has it, what is lowered for a card, and what is asked.

No card is here. What is lowered for one is read, and the kernel's own numbers are stood in for by
jax's other implementation of the same function, which takes the same arguments.
"""

import dataclasses
import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import model_toys
import numpy as np
import pytest
from flax import nnx
from jax._src.cudnn import fused_attention_stablehlo  # asks which cuDNN there is, in lowering

from flanlike import config as config_lib
from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import continuation, fused, layers, positions
from flanlike.training import plan

HALF = dataclasses.replace(model_toys.DECODER, dtype="bfloat16")
PREFIX = dataclasses.replace(HALF, attention="prefix")
WINDOW = dataclasses.replace(HALF, window=4)
MIXED = dataclasses.replace(HALF, window=4, layer_pattern="lg")


@pytest.fixture
def card(monkeypatch):
    """Makes believe that the process has a Hopper card with its cuDNN."""
    monkeypatch.setattr(fused, "_capability", lambda: (9, 0))
    monkeypatch.setattr(fused_attention_stablehlo, "check_cudnn_version", lambda: 91000)


def _batch(config: model_config.ModelConfig, tokens: int = 8) -> features.Batch:
    """Returns two rows: a segment of five and one of two, and padding."""
    row = (0, tokens) if config.family == "decoder" else (tokens, tokens)
    batch = features.empty(2, row, family=config.family)
    batch.tokens_BT[:, :7] = [[5, 6, 7, 8, 9, 21, 22], [15, 16, 17, 18, 19, 31, 32]]
    batch.segment_ids_BT[:, :7] = [1] * 5 + [2] * 2
    batch.positions_BT[:, :7] = [0, 1, 2, 3, 4, 0, 1]
    batch.is_prefix_BT[:, :2] = True
    return batch


def _lowered(config: model_config.ModelConfig, platform: str) -> str:
    """Returns the program of a gradient for a platform that need not be here."""
    graphdef, params = nnx.split(models.abstract(config))

    def total(params, batch):
        return jnp.square(nnx.merge(graphdef, params).hidden(batch).astype(jnp.float32)).sum()

    traced = jax.jit(jax.grad(total)).trace(params, _batch(config))
    return traced.lower(lowering_platforms=(platform,)).as_text()


def _asked(program: str, what: str) -> set[str]:
    return set(re.findall(rf"\\22{what}\\22: (?:\\22)?(\w+)", program))


@pytest.mark.parametrize(
    ("config", "mask_type", "window"),
    [
        (HALF, "CAUSAL", "0"),
        (WINDOW, "CAUSAL", "4"),
        (MIXED, "CAUSAL", "0"),
        (PREFIX, "NO_MASK", "0"),
    ],
    ids=["causal", "window", "mixed", "prefix"],
)
def test_a_decoder_on_a_card_calls_the_fused_kernel(card, config, mask_type, window):
    program = _lowered(config, "cuda")
    calls = re.findall(r"@(__cudnn\S+?)\(.*?: \((.*?)\) ->", program)
    assert {name for name, _ in calls} == {
        "__cudnn$fmhaScaleBiasSoftmax",
        "__cudnn$fmhaScaleBiasSoftmaxBackward",
    }
    for _, operands in calls:
        assert "tensor<2x8x4x8xbf16>, tensor<2x8x2x8xbf16>" in operands  # grouped as they are
        assert "tensor<2x1x8x8xbf16>" in operands  # the mask
    assert _asked(program, "mask_type") == {mask_type}
    assert _asked(program, "sliding_window_length") == {window}
    assert _asked(program, "fmha_scale") == {"1"}
    assert not re.search(r"tensor<2x4x8x8xf32>|tensor<2x2x16x8xf32>", program)  # no logits


def test_tokens_one_by_one_are_for_xla(card):
    graphdef, params = nnx.split(models.abstract(HALF))

    def write(params, batch):
        model = nnx.merge(graphdef, params)
        read = continuation.read(model, batch, 2)
        one, i = jnp.ones(2, jnp.int32), jnp.int32(0)
        return continuation.one_more(
            model, one, i, read.lengths_B, read.cache, prompt_slots=8, max_new_tokens=2
        )

    traced = jax.jit(write).trace(params, _batch(HALF))
    program = traced.lower(lowering_platforms=("cuda",)).as_text()
    assert re.findall(r"@__cudnn\$(\w+)", program) == ["fmhaScaleBiasSoftmax"]  # the prompts' read


@pytest.mark.parametrize(
    "config",
    [
        model_toys.DECODER,
        dataclasses.replace(HALF, attention_kernel="xla"),
        dataclasses.replace(HALF, attention_softcap=5.0),
        dataclasses.replace(model_toys.ENCODER_DECODER, dtype="bfloat16"),
    ],
    ids=["float32", "xla", "cap", "encoder_decoder"],
)
def test_the_rest_stays_with_xla_on_a_card(card, config):
    assert fused.kernel(config) == "xla"
    assert "cudnn" not in _lowered(config, "cuda")


def test_without_a_card_nothing_is_fused():
    assert fused.kernel(HALF) == "xla"
    assert "cudnn" not in _lowered(HALF, "cpu")


@pytest.mark.parametrize(
    ("changes", "capability", "why"),
    [
        ({"attention_softcap": 5.0}, (9, 0), "it has no cap on logits, as this model has"),
        ({"dtype": "float32"}, (9, 0), "it computes in bfloat16, and --dtype is float32"),
        ({}, None, "it needs a CUDA device of compute capability 8.0 or more, and there is none"),
        ({}, (7, 5), "it needs a CUDA device of compute capability 8.0 or more, and there is none"),
        ({"head_size": 12}, (9, 0), "heads have to be a multiple of 8 up to 256: 12"),
        ({"head_size": 256}, (8, 9), "heads have to be a multiple of 8 up to 128: 256"),
        (
            {"family": "encoder_decoder", "encoder_layers": 2},
            (9, 0),
            "it is for decoders, and this is an encoder-decoder",
        ),
    ],
)
def test_what_is_asked_for_and_cannot_be_had(monkeypatch, changes, capability, why):
    monkeypatch.setattr(fused, "_capability", lambda: capability)
    config = dataclasses.replace(HALF, **changes)
    assert fused.kernel(config) == "xla"
    with pytest.raises(ValueError, match=f"'cudnn' cannot be had: .*{why}.*; give 'auto' or 'xla'"):
        fused.kernel(dataclasses.replace(config, attention_kernel="cudnn"))


def test_a_model_refuses_the_kernel_that_it_cannot_have():
    config = dataclasses.replace(HALF, attention_kernel="cudnn")
    graphdef, params = nnx.split(models.abstract(config))
    with pytest.raises(ValueError, match="there is none here; give 'auto' or 'xla'"):
        jax.eval_shape(lambda p: nnx.merge(graphdef, p).hidden(_batch(config)), params)


def stand_in(monkeypatch):
    """Puts jax's own XLA attention in the kernel's place, and lets a CPU and float32 have it."""
    real = jax.nn.dot_product_attention

    def attention(*arrays, implementation, **how):
        assert implementation == "cudnn"
        return real(*arrays, implementation="xla", **how)

    monkeypatch.setattr(jax.nn, "dot_product_attention", attention)
    monkeypatch.setattr(fused, "_obstacle", lambda config: None)


def hidden(config: model_config.ModelConfig, batch: features.Batch, branch_ids_BT) -> np.ndarray:
    graphdef, params = nnx.split(models.build(config, seed=0))
    stream = jax.jit(lambda p: nnx.merge(graphdef, p).hidden(batch, branch_ids_BT=branch_ids_BT))
    return np.asarray(stream(params))


def gradients(config: model_config.ModelConfig, batch: features.Batch) -> list[np.ndarray]:
    """Returns the gradient by every parameter of what all tokens but padding come to."""
    graphdef, params = nnx.split(models.build(config, seed=0))
    kept_BT1 = (batch.segment_ids_BT != 0)[:, :, None]

    def total(params):
        return (jnp.square(nnx.merge(graphdef, params).hidden(batch) - 0.5) * kept_BT1).sum()

    return [np.asarray(one) for one in jax.tree.leaves(jax.jit(jax.grad(total))(params))]


@pytest.mark.parametrize(
    ("config", "tokens"),  # an odd length is padded by one
    [(WINDOW, 9), (MIXED, 8), (PREFIX, 9)],
    ids=["window", "mixed", "prefix"],
)
def test_the_kernel_is_asked_for_what_xla_computes(monkeypatch, config, tokens):
    config = dataclasses.replace(config, dtype="float32")
    batch = _batch(config, tokens)
    expected = gradients(dataclasses.replace(config, attention_kernel="xla"), batch)
    stand_in(monkeypatch)
    for found, want in zip(gradients(config, batch), expected, strict=True):
        np.testing.assert_allclose(found, want, atol=1e-4, rtol=1e-4)


def test_options_after_a_prompt_are_near_by_position(monkeypatch):
    """Two options of three tokens each: the second's are farther in the row than the window."""
    config = dataclasses.replace(WINDOW, dtype="float32")
    batch = _batch(config)
    batch.segment_ids_BT[:] = 1
    batch.positions_BT[:] = [0, 1, 2, 3, 4, 2, 3, 4]
    branch_ids_BT = np.array([[0, 0, 1, 1, 1, 2, 2, 2]] * 2, np.int32)
    expected = hidden(dataclasses.replace(config, attention_kernel="xla"), batch, branch_ids_BT)
    stand_in(monkeypatch)
    found = hidden(config, batch, branch_ids_BT)
    np.testing.assert_allclose(found, expected, atol=1e-5)


# Prints nothing if all holds.
EIGHT_DEVICES = """
import dataclasses
import jax, numpy as np, pytest
import model_toys, test_fused as toys
from flanlike.models import sharding

batch = toys._batch(model_toys.DECODER)
batch = jax.tree.map(lambda a: np.concatenate([a] * 4), batch)
for heads in (2, 1):  # which the axis tensor divides, or not
    config = dataclasses.replace(model_toys.DECODER, key_value_heads=heads)
    expected = toys.gradients(dataclasses.replace(config, attention_kernel="xla"), batch)
    mesh = sharding.mesh(data=2, fsdp=2, tensor=2)
    with pytest.MonkeyPatch.context() as patch, jax.set_mesh(mesh):
        toys.stand_in(patch)
        for found, want in zip(toys.gradients(config, batch), expected, strict=True):
            np.testing.assert_allclose(found, want, atol=1e-4, rtol=1e-4)
"""


def test_on_a_mesh_each_device_has_its_rows_and_heads():
    environment = dict(os.environ, XLA_FLAGS="--xla_force_host_platform_device_count=8")
    environment["PYTHONPATH"] = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", EIGHT_DEVICES], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_window_in_the_mask_says_what_the_kernels_window_says():
    """Places back, itself among them: `Skips.window` and jax's own mask for it are the same."""
    x = jax.random.normal(jax.random.key(0), (3, 1, 6, 2, 8))
    earlier_BTS = jnp.tril(jnp.ones((1, 6, 6), bool))
    near_BTS = earlier_BTS & positions.is_near(jnp.arange(6)[None], 3)
    ours = layers.attention(*x, near_BTS)
    theirs = jax.nn.dot_product_attention(
        *x, scale=1.0, is_causal=True, local_window_size=(3 - 1, 0), implementation="xla"
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_plan_counts_the_products_of_attention_on_a_card_too(card):
    """The kernel is a call without products, which `plan.flops` would not see."""
    settings = config_lib.BatchConfig(rows=2, max_input_tokens=12, max_target_tokens=4)
    mesh = config_lib.MeshConfig(data=1)
    flops = [
        plan.make(shape, mesh, settings, config_lib.OptimConfig()).flops
        for shape in (HALF, dataclasses.replace(HALF, attention_kernel="xla"))
    ]
    assert flops[0] == flops[1]
