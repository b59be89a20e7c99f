"""Option scores, against one row an option."""

import dataclasses

import decode_toys
import jax
import numpy as np
import pytest
from decode_toys import CONFIGS, DECODER, PROMPTS

from flanlike import errors, models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import decode, generate, option_rows, predicted

OPTIONS = [[[30], [31, 32, 33]], [[30, 31], [34], [35, 36]], [], [[37, 38, 39], []]]


@pytest.mark.parametrize("eos_id", [features.EOS_ID, 29])
@CONFIGS
def test_option_scores_equal_one_row_an_option(
    config: model_config.ModelConfig, eos_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of 16 tokens and batches of 32: prompts share rows, and rows a batch."""
    monkeypatch.setattr(option_rows, "_MIN_ROW_TOKENS", 16)
    model = models.build(config, seed=0)
    scores = decode_toys.option_scores(
        model, PROMPTS, OPTIONS, max_tokens_per_batch=32, eos_id=eos_id
    )
    assert [len(of_prompt) for of_prompt in scores] == [2, 3, 0, 2]
    for prompt, options, of_prompt in zip(PROMPTS, OPTIONS, scores, strict=True):
        for option, score in zip(options, of_prompt, strict=True):
            targets = [*option, eos_id]
            log_probs_TV = jax.nn.log_softmax(
                decode_toys.naive_logits(model, prompt, option, eos_id)
            )
            start = len(prompt) - 1 if config.family == "decoder" else 0
            expected = sum(log_probs_TV[start + t, token] for t, token in enumerate(targets))
            assert score == pytest.approx(float(expected), abs=1e-4)


def test_option_scores_refuse_what_they_cannot_score() -> None:
    model = models.build(DECODER, seed=1)
    assert decode_toys.option_scores(model, [], []) == []
    with pytest.raises(ValueError, match="2 prompts need as many option lists: 1"):
        decode_toys.option_scores(model, [[5], [6]], [[[7]]])
    with pytest.raises(ValueError, match="prompt 0 is empty"):
        decode_toys.option_scores(model, [[]], [[[7]]])


def test_tokens_and_eos_are_told_apart() -> None:
    model = models.build(DECODER, seed=1)
    (batch,) = decode.scored_options(model, PROMPTS[:1], [[[7, 8], [9]]])
    (found,) = batch
    (longer,) = decode_toys.option_scores(model, PROMPTS[:1], [[[7, 8, 9], [9, 1]]])
    assert found.prompt == 0
    whole = found.of_tokens + found.of_eos
    assert whole == pytest.approx(decode_toys.option_scores(model, PROMPTS[:1], [[[7, 8], [9]]])[0])
    assert (found.of_eos < 0).all() and (found.of_tokens < 0).all()
    # EOS is id 1: an option that spells it out has it among its tokens.
    (spelt,) = next(iter(decode.scored_options(model, PROMPTS[:1], [[[9, 1]]])))
    assert spelt.of_tokens[0] == pytest.approx(whole[1], abs=1e-5)
    assert longer[0] < found.of_tokens[0]


@pytest.mark.parametrize("most_logits", [2**25, 40 * 5])
@CONFIGS
def test_options_without_eos_and_whether_each_is_greedy(config, most_logits, monkeypatch):
    """Logits in one piece, and five places at a time."""
    monkeypatch.setattr(option_rows, "_MIN_ROW_TOKENS", 16)
    monkeypatch.setattr(predicted, "_MAX_LOGITS", most_logits)
    predicted._found.clear_cache()
    model = models.build(config, seed=0)
    likeliest = [int(decode_toys.naive_logits(model, p, [])[-1].argmax()) for p in PROMPTS]
    options = [[[30], [31, 32, 33], [first], [first, 3], []] for first in likeliest]
    found = {
        one.prompt: one
        for batch in decode.scored_options(
            model, PROMPTS, options, max_tokens_per_batch=64, asks_eos=False
        )
        for one in batch
    }
    for i, prompt in enumerate(PROMPTS):
        assert np.isnan(found[i].of_eos).all()
        for o, option in enumerate(options[i]):
            logits_TV = decode_toys.naive_logits(model, prompt, option)
            start = len(prompt) - 1 if config.family == "decoder" else 0
            logits_TV = logits_TV[start : start + len(option)]
            log_probs_TV = jax.nn.log_softmax(logits_TV)
            expected = sum(float(log_probs_TV[t, token]) for t, token in enumerate(option))
            assert found[i].of_tokens[o] == pytest.approx(expected, abs=1e-4)
            assert found[i].are_greedy[o] == (logits_TV.argmax(axis=1) == option).all()
        assert found[i].are_greedy[2]
        assert found[i].are_greedy[4] and found[i].of_tokens[4] == 0  # nothing is certain


def test_scoring_again_compiles_nothing() -> None:
    model = models.build(DECODER, seed=0)
    decode_toys.option_scores(model, PROMPTS, OPTIONS)
    compiled = predicted._found._cache_size()
    decode_toys.option_scores(models.build(DECODER, seed=1), PROMPTS, OPTIONS)
    assert predicted._found._cache_size() == compiled


def test_what_is_done_is_told_after_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(option_rows, "_MIN_ROW_TOKENS", 16)
    model = models.build(DECODER, seed=0)
    told: list[tuple[int, float]] = []
    found = decode.scored_options(
        model,
        PROMPTS * 8,
        OPTIONS * 8,
        max_tokens_per_batch=16,
        done=lambda *done: told.append(done),
    )
    batches = list(found)
    assert len(told) == len(batches) > 1
    assert [len(batch) for batch in batches] == [prompts for prompts, _ in told]
    assert sum(prompts for prompts, _ in told) == 24  # one of four has no options
    assert sum(share for _, share in told) == pytest.approx(1.0)


def test_no_more_tokens_than_positions_were_learned() -> None:
    model = models.abstract(dataclasses.replace(DECODER, learned_positions=True, max_positions=8))
    told = "tokens: this model has learned 8 positions and can read no more"
    with pytest.raises(errors.UserError, match=f"a prompt and its answer are 9 {told}"):
        list(decode.scored_options(model, [[3] * 6, [4]], [[[5, 6, 7]], [[5]]]))
    with pytest.raises(errors.UserError, match=f"a prompt and its new tokens are 9 {told}"):
        generate.generate(model, [[3] * 6, [4]], max_new_tokens=3)
    with pytest.raises(errors.UserError, match=f"a prompt and its new tokens are 9 {told}"):
        next(generate.stream(model, [3] * 6, max_new_tokens=3))
