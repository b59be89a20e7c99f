"""Published models and real rows for tests/real: where they are, and transformers beside ours.

FLANLIKE_REAL_MODELS names the folder of SmolLM2-135M-Instruct (`smollm2`) and Gemma 3 270M
(`gemma3`) in Hugging Face layout, FLANLIKE_REAL_ROWS that of rows; without, they are looked for in
`../models` and `../shared/data` beside the checkout. Where there are no such rows, the embedded
ones stand for them; where there is no such model, its tests are skipped, and say so.
"""

import os
import pathlib

import numpy as np
import pytest
from flax import nnx

import task_registry
from flanlike.batches import features, pipeline, tokenizer
from flanlike.mixtures import compose, mixture
from flanlike.runs import loading

BESIDE = pathlib.Path(__file__).resolve().parents[2]
NAMES = ("smollm2", "gemma3")
# Of a log-probability, in nats; of sums of 1 to 40 of them where options are scored.
TOLERANCE = 2e-4
ROW = {"max_input_tokens": 48, "max_target_tokens": 16}


def folder(name: str) -> pathlib.Path:
    """Returns the folder of a published model, or skips the test."""
    root = pathlib.Path(os.environ.get("FLANLIKE_REAL_MODELS") or BESIDE / "models")
    if not (root / name / "model.safetensors").is_file():
        pytest.skip(f"FLANLIKE_REAL_MODELS: {root / name} holds no published model")
    return root / name


def rows() -> str:
    """Returns what --data is: a folder of real rows where there is one."""
    given = os.environ.get("FLANLIKE_REAL_ROWS")
    found = pathlib.Path(given) if given else BESIDE / "shared" / "data"
    return str(found) if given or found.is_dir() else "embedded"


def batches(words: tokenizer.Tokenizer, count: int) -> list[features.Batch]:
    """Returns the first batches of one short packed row, of prompts of two tasks."""
    registry = task_registry.registry()
    mixed = mixture.Mixture(name="mixed", entries=("sst2", "cola"))
    composed = compose.compose(mixed, registry, rows(), ())
    drawn = {"data": rows(), "seed": 0, "family": "decoder", "rows": 1, **ROW}
    stream = pipeline.batches(composed, registry, words, **drawn)
    try:
        return [next(stream) for _ in range(count)]
    finally:
        stream.close()


def theirs_of(where: pathlib.Path):
    """Returns transformers' model of the folder, in float32; no tensor is missing or left over."""
    import torch
    import transformers

    torch.set_num_threads(2)
    model, told = transformers.AutoModelForCausalLM.from_pretrained(
        where, dtype=torch.float32, output_loading_info=True
    )
    assert not any(told.values()), told
    return model.eval()


def assert_transformers_computes_the_same(where: pathlib.Path, loaded: loading.Loaded) -> None:
    """Compares the log-probabilities of all tokens behind each of a text, by both."""
    import torch

    text = "Is it so that the boat was sold?\n\nOptions:\n- yes\n- no\n"
    limits = features.LengthLimits(**ROW)
    example = features.to_example(
        loaded.words.encode(text),
        loaded.words.encode("yes"),
        limits,
        family="decoder",
        marks=loaded.words.marks,
    )
    batch = features.assemble([[example]], limits.row_tokens("decoder"), family="decoder")
    ours_TV = np.asarray(nnx.jit(lambda model, batch: model(batch))(loaded.model, batch))[0]
    ids = batch.tokens_BT[0][batch.segment_ids_BT[0] > 0].tolist()
    with torch.inference_mode():
        theirs_TV = theirs_of(where)(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        ours_TV = torch.tensor(ours_TV[: len(ids)]).double().log_softmax(-1)
    difference = float((ours_TV - theirs_TV).abs().max())
    print(f"{len(ids)} tokens, log-probabilities differ by {difference:.1e}")
    assert difference < TOLERANCE
