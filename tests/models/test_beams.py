"""Beam search, against one in plain Python with every token computed anew."""

import decode_toys
import jax
import numpy as np
import pytest
from decode_toys import CONFIGS, DECODER, PROMPTS
from flax import nnx

from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import generate, sampling

NEW_TOKENS = 4


def slow_search(
    model: nnx.Module, prompt: list[int], beams: int, penalty: float
) -> tuple[list[int], bool]:
    """Returns the best continuation of all that ended and all beams, and whether it is one."""
    live, ended = [(0.0, [])], []
    for tokens in range(1, NEW_TOKENS + 1):
        candidates = []
        for total, ids in live:
            logits_V = decode_toys.naive_logits(model, prompt, ids)[-1]
            for token, log_prob in enumerate(np.asarray(jax.nn.log_softmax(logits_V))):
                candidates.append((total + float(log_prob), [*ids, token]))
        best = sorted(candidates, reverse=True)[: 2 * beams]
        is_end = [ids[-1] == features.EOS_ID for _, ids in best]
        ended += [
            (total / tokens**penalty, ids[:-1], False)
            for (total, ids), ends in zip(best, is_end, strict=True)
            if ends
        ]
        live = [one for one, ends in zip(best, is_end, strict=True) if not ends][:beams]
    ended += [(total / NEW_TOKENS**penalty, ids, True) for total, ids in live]
    _, ids, is_cut = max(ended)
    return ids, is_cut


def likely_to_end(config: model_config.ModelConfig) -> nnx.Module:
    """Returns a model that now and then ends: at random it would go on to any limit."""
    model = models.build(config, seed=1)
    head_DV = model.embedding.head[...]
    model.embedding.head[...] = 4 * head_DV.at[:, features.EOS_ID].multiply(2)
    return model


@CONFIGS
def test_it_finds_what_the_slow_search_finds(config: model_config.ModelConfig) -> None:
    assert_same(config, beams=3, penalty=1.0)


@pytest.mark.parametrize(("beams", "penalty"), [(2, 0.0), (3, 2.0)])
def test_it_does_so_with_other_beams_and_penalties(beams: int, penalty: float) -> None:
    assert_same(DECODER, beams, penalty)


def assert_same(config: model_config.ModelConfig, beams: int, penalty: float) -> None:
    model = likely_to_end(config)
    decoding = sampling.Decoding(beams=beams, length_penalty=penalty)
    expected = [slow_search(model, prompt, beams, penalty) for prompt in PROMPTS]
    found = generate.generate(
        model, PROMPTS, max_new_tokens=NEW_TOKENS, decoding=decoding, batch_size=3 * beams
    )
    assert found == expected


def test_a_heavier_penalty_makes_longer_texts_and_some_end() -> None:
    model = likely_to_end(DECODER)
    lengths = []
    for penalty in (0.0, 1.0, 4.0):
        decoding = sampling.Decoding(beams=3, length_penalty=penalty)
        found = generate.generate(model, PROMPTS, max_new_tokens=12, decoding=decoding)
        lengths.append(sum(len(one.ids) for one in found))
    assert lengths[0] < lengths[-1] and lengths == sorted(lengths)


def test_more_beams_find_no_less_likely_texts_than_greedy() -> None:
    model = models.build(DECODER, seed=2)

    def log_prob(prompt: list[int], ids: list[int]) -> float:
        logits_TV = decode_toys.naive_logits(model, prompt, ids)[len(prompt) - 1 :]
        log_probs_TV = np.asarray(jax.nn.log_softmax(logits_TV))
        return float(sum(log_probs_TV[t, token] for t, token in enumerate(ids)))

    greedy = generate.generate(model, PROMPTS, max_new_tokens=5)
    wide = sampling.Decoding(beams=8, length_penalty=0.0)
    searched = generate.generate(model, PROMPTS, max_new_tokens=5, decoding=wide)
    sums = [
        [log_prob(prompt, one.ids) for prompt, one in zip(PROMPTS, found, strict=True)]
        for found in (greedy, searched)
    ]
    assert all(b >= a - 1e-4 for a, b in zip(*sums, strict=True)) and sums[0] != sums[1]
