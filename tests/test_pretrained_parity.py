"""Parity with transformers on the CPU: the same weights give the same logits, text and update.

Needs the extra `parity` (torch and transformers); skipped without it.
"""

import jax
import numpy as np
import pytest
from flax import nnx

from flanlike import config, decode, features, models, optim, training
from flanlike.models import positions
from flanlike.pretrained import weights

torch = pytest.importorskip("torch", reason="parity with transformers needs the extra 'parity'")
transformers = pytest.importorskip(
    "transformers", reason="parity with transformers needs the extra 'parity'"
)

# What transformers calls the kinds of T5; `head` is whether the head is its own.
KINDS = {
    "v1.1": {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "head": True},
    "original": {"feed_forward_proj": "relu", "head": False},
    "gated-tied": {"feed_forward_proj": "gated-gelu", "head": False},
    "tied-unscaled": {"feed_forward_proj": "relu", "tie_word_embeddings": False, "head": False},
    "ul2": {"feed_forward_proj": "gated-silu", "tie_word_embeddings": False, "head": True},
}
ALL_KINDS = pytest.mark.parametrize("kind", KINDS)
# Long enough for the buckets of far distances, and of unequal lengths.
SOURCES = [[*range(5, 35)], [9, 3, 17], [30, 31, 8, 8, 2, 40]]
TARGETS = [[*range(20, 3, -1)], [7], [12, 12, 5]]


def theirs(kind: str, *, seed: int = 0):
    """Returns a random small T5 of transformers, with a dropout of 0."""
    settings = dict(KINDS[kind])
    has_head = settings.pop("head")
    torch.manual_seed(seed)
    published = transformers.T5Config(
        vocab_size=48,
        d_model=16,
        d_kv=8,
        d_ff=24,
        num_layers=2,
        num_decoder_layers=3,
        num_heads=4,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=16,
        dropout_rate=0.0,
        decoder_start_token_id=0,
        **settings,
    )
    model = transformers.T5ForConditionalGeneration(published).eval()
    if has_head:
        model.lm_head.weight = torch.nn.Parameter(torch.randn(48, 16))
    for name, parameter in model.named_parameters():
        if "layer_norm" in name:  # ones hide a norm in the wrong place
            parameter.data.uniform_(0.5, 1.5)
    return model


def ours_of(model, folder):
    model.save_pretrained(folder)
    return weights.load(folder)


def theirs_of(folder):
    """Returns transformers' model of the folder; nothing may be missing or left over."""
    model, told = transformers.T5ForConditionalGeneration.from_pretrained(
        folder, output_loading_info=True
    )
    assert not any(told[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def their_inputs():
    """Returns the examples as transformers takes them: one a row, padded on the right."""

    def padded(rows, fill):
        longest = max(map(len, rows))
        return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])

    sources = [[*ids, features.EOS_ID] for ids in SOURCES]
    return {
        "input_ids": padded(sources, 0),
        "attention_mask": padded([[1] * len(ids) for ids in sources], 0),
        "labels": padded([[*ids, features.EOS_ID] for ids in TARGETS], -100),
    }


def our_batch(*, is_packed: bool) -> features.Batch:
    examples = [
        features.Example(inputs=[*s, features.EOS_ID], targets=[*t, features.EOS_ID])
        for s, t in zip(SOURCES, TARGETS, strict=True)
    ]
    rows = [examples] if is_packed else [[example] for example in examples]
    return features.assemble(rows, (48, 28), family="encoder_decoder")


def assert_same_logits(ours, model) -> None:
    """Compares every target token's logits, padded (one example a row) and packed (one row)."""
    with torch.no_grad():
        expected = model(**their_inputs()).logits.numpy()
    wanted = [expected[b, : len(ids) + 1] for b, ids in enumerate(TARGETS)]
    run = nnx.jit(lambda model, batch: model(batch))
    padded = np.asarray(run(ours, our_batch(is_packed=False)))
    packed = np.asarray(run(ours, our_batch(is_packed=True)))[0]
    start = 0
    for b, logits_TV in enumerate(wanted):
        end = start + len(logits_TV)
        np.testing.assert_allclose(padded[b, : len(logits_TV)], logits_TV, atol=1e-4, rtol=0)
        np.testing.assert_allclose(packed[start:end], logits_TV, atol=1e-4, rtol=0)
        start = end


@ALL_KINDS
def test_logits_agree_after_loading(kind, tmp_path):
    model = theirs(kind)
    ours = ours_of(model, tmp_path)
    assert ours.config.tied_embeddings == (not KINDS[kind]["head"])
    assert ours.config.scale_head == (KINDS[kind].get("tie_word_embeddings") is None)
    assert_same_logits(ours, model)


@ALL_KINDS
def test_logits_agree_after_saving(kind, tmp_path):
    shape = ours_of(theirs(kind), tmp_path / "theirs").config
    ours = models.build(shape, seed=5)
    weights.save(tmp_path / "ours", ours)
    model = theirs_of(tmp_path / "ours")
    assert model.config.scale_decoder_outputs == shape.scale_head
    assert (model.lm_head.weight is model.shared.weight) == shape.tied_embeddings
    assert_same_logits(ours, model)


@ALL_KINDS
def test_there_and_back_is_bit_exact(kind, tmp_path):
    model = theirs(kind)
    weights.save(tmp_path / "ours", ours_of(model, tmp_path / "theirs"), max_shard_bytes=6000)
    assert (tmp_path / "ours" / "model.safetensors.index.json").is_file()
    back = theirs_of(tmp_path / "ours")
    assert back.config.to_diff_dict().keys() == model.config.to_diff_dict().keys() | {"dtype"}
    for (name, before), (_, after) in zip(
        model.state_dict().items(), back.state_dict().items(), strict=True
    ):
        assert torch.equal(before, after), name


@ALL_KINDS
def test_greedy_generations_are_the_same_tokens(kind, tmp_path):
    model = theirs(kind)
    model.shared.weight.data.mul_(0.1)  # or a tied head says the start token for ever
    ours = ours_of(model, tmp_path)
    inputs = their_inputs()
    with torch.no_grad():
        expected = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=24,
            do_sample=False,
            num_beams=1,
            use_cache=False,  # transformers 5.23.0 counts its cache's layers by the encoder's
        ).tolist()
    generated = decode.generate(ours, SOURCES, max_new_tokens=24)
    for ids, row in zip(generated, expected, strict=True):
        row = row[1:]  # the start token
        wanted = row[: row.index(features.EOS_ID)] if features.EOS_ID in row else row
        assert ids == wanted
    assert any(len(set(ids)) > 2 for ids in generated)


@pytest.mark.parametrize("kind", ["v1.1", "original", "gated-tied"])
def test_one_adamw_step_is_the_same(kind, tmp_path):
    model = theirs(kind)
    ours = ours_of(model, tmp_path / "theirs")
    settings = config.OptimConfig(
        peak_lr=1e-2, schedule="constant", warmup_steps=0, b2=0.999, max_gradient_norm=0
    )
    optimizer = optim.build(settings, 1)
    step = training.make_train_step(ours, optimizer, optim.schedule(settings, 1))
    state, metrics = step(training.init_state(ours, optimizer), our_batch(is_packed=True))
    training.write_params(ours, state.params)

    torch_optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    loss = model(**their_inputs()).loss
    loss.backward()
    torch_optimizer.step()
    assert float(metrics.loss) == pytest.approx(loss.item(), abs=1e-4)
    updated = ours_of(model, tmp_path / "updated")
    assert_close_params(ours, updated, atol=1e-4)


def assert_close_params(a: nnx.Module, b: nnx.Module, *, atol: float) -> None:
    jax.tree.map_with_path(
        lambda path, x, y: np.testing.assert_allclose(
            x, y, atol=atol, rtol=0, err_msg=jax.tree_util.keystr(path)
        ),
        training.params_of(a),
        training.params_of(b),
    )


@pytest.mark.parametrize("is_bidirectional", [True, False])
def test_relative_buckets_are_the_same_at_every_distance(is_bidirectional):
    from transformers.models.t5 import modeling_t5

    distances = np.arange(-2000, 2000)
    expected = modeling_t5.T5Attention._relative_position_bucket(
        torch.tensor(distances), bidirectional=is_bidirectional, num_buckets=32, max_distance=128
    )
    found = jax.jit(
        lambda d: positions.relative_buckets(
            d, is_bidirectional=is_bidirectional, buckets=32, max_distance=128
        )
    )(distances)
    np.testing.assert_array_equal(found, expected.numpy())


def test_mt5_is_never_scaled(tmp_path):
    settings = theirs("gated-tied").config.to_dict()
    settings = {k: v for k, v in settings.items() if k not in ("model_type", "architectures")}
    torch.manual_seed(0)
    model = transformers.MT5ForConditionalGeneration(transformers.MT5Config(**settings)).eval()
    ours = ours_of(model, tmp_path)
    assert not ours.config.scale_head
    assert_same_logits(ours, model)


def test_bfloat16_files_load_exactly(tmp_path):
    model = theirs("v1.1").to(torch.bfloat16)
    ours = ours_of(model, tmp_path)
    head_VD = model.lm_head.weight.detach().float().numpy()
    np.testing.assert_array_equal(np.asarray(ours.embedding.head[...]).T, head_VD)
