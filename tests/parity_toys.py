"""What tests against transformers share."""

from collections.abc import Sequence

import jax
import numpy as np
import pytest
from flax import nnx

from flanlike import config
from flanlike.batches import features
from flanlike.models import generate
from flanlike.pretrained import weights
from flanlike.training import loop, optim


def ours_of(model, folder):
    model.save_pretrained(folder)
    return weights.load(folder)


def assert_close_params(a: nnx.Module, b: nnx.Module, *, atol: float) -> None:
    jax.tree.map_with_path(
        lambda path, x, y: np.testing.assert_allclose(
            x, y, atol=atol, rtol=0, err_msg=jax.tree_util.keystr(path)
        ),
        loop.params_of(a),
        loop.params_of(b),
    )


def seq2seq_inputs(examples: Sequence[features.Example]):
    """Returns an encoder-decoder's examples as transformers takes them: one a row, padded."""
    import torch

    def padded(rows, fill):
        longest = max(map(len, rows))
        return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])

    return {
        "input_ids": padded([one.inputs for one in examples], 0),
        "attention_mask": padded([[1] * len(one.inputs) for one in examples], 0),
        "labels": padded([one.targets for one in examples], -100),
    }


def seq2seq_batch(examples: Sequence[features.Example], *, is_packed: bool) -> features.Batch:
    rows = [list(examples)] if is_packed else [[example] for example in examples]
    return features.assemble(rows, (48, 28), family="encoder_decoder")


def assert_same_seq2seq_logits(ours, model, examples: Sequence[features.Example]) -> None:
    """Compares every target token's logits, padded (one example a row) and packed (one row)."""
    import torch

    with torch.no_grad():
        expected = model(**seq2seq_inputs(examples)).logits.numpy()
    wanted = [expected[b, : len(one.targets)] for b, one in enumerate(examples)]
    padded = np.asarray(_logits_of(ours, seq2seq_batch(examples, is_packed=False)))
    packed = np.asarray(_logits_of(ours, seq2seq_batch(examples, is_packed=True)))[0]
    start = 0
    for b, logits_TV in enumerate(wanted):
        end = start + len(logits_TV)
        np.testing.assert_allclose(padded[b, : len(logits_TV)], logits_TV, atol=1e-4, rtol=0)
        np.testing.assert_allclose(packed[start:end], logits_TV, atol=1e-4, rtol=0)
        start = end


_logits_of = nnx.jit(lambda model, batch: model(batch))  # compiled once for models of a shape


def assert_same_greedy_tokens(
    ours, model, prompts, examples: Sequence[features.Example], *, ends_source=True, **theirs
) -> None:
    """Compares greedy texts; `prompts` are the examples' inputs without EOS."""
    import torch

    inputs = seq2seq_inputs(examples)
    with torch.no_grad():
        expected = model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            max_new_tokens=24,
            do_sample=False,
            num_beams=1,
            **theirs,
        ).tolist()
    generated = generate.generate(ours, prompts, max_new_tokens=24, ends_source=ends_source)
    for (ids, _), row in zip(generated, expected, strict=True):
        row = row[1:]  # the start token
        wanted = row[: row.index(features.EOS_ID)] if features.EOS_ID in row else row
        assert ids == wanted
    assert any(len(set(ids)) > 2 for ids, _ in generated)


def assert_same_seq2seq_step(ours, model, examples: Sequence[features.Example], folder) -> None:
    """Compares the loss of packed examples, and all parameters after a step of AdamW."""
    import torch

    eps = (
        1e-5  # far below most gradients, above those that are rounding: a step is nearly their sign
    )
    settings = config.OptimConfig(
        peak_lr=1e-2, schedule="constant", warmup_steps=0, b2=0.999, eps=eps, max_gradient_norm=0
    )
    optimizer = optim.build(settings, 1)
    step = loop.make_train_step(ours, optimizer, optim.schedule(settings, 1))
    batch = seq2seq_batch(examples, is_packed=True)
    state, metrics = step(loop.init_state(ours, optimizer), batch)
    loop.write_params(ours, state.params)

    torch_optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, eps=eps, weight_decay=0.0)
    loss = model(**seq2seq_inputs(examples)).loss
    loss.backward()
    torch_optimizer.step()
    assert float(metrics.loss) == pytest.approx(loss.item(), abs=1e-4)
    assert_close_params(ours, ours_of(model, folder), atol=1e-4)
