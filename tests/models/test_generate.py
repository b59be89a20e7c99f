"""Generation, against recomputation token by token."""

import dataclasses
from typing import Any

import decode_toys
import numpy as np
import pytest
from decode_toys import CONFIGS, DECODER, ENCODER_DECODER, PROMPTS
from flax import nnx

from flanlike import config as config_lib
from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import generate, sampling, tuning

WARM = sampling.Decoding(temperature=1.0, top_k=20, top_p=0.95)
FAMILIES = pytest.mark.parametrize(
    "config", [DECODER, ENCODER_DECODER], ids=["decoder", "encoder_decoder"]
)


@CONFIGS
def test_generation_equals_recomputation(config: model_config.ModelConfig) -> None:
    model = models.build(config, seed=1)
    prompts = PROMPTS[:3]
    expected = [decode_toys.naive_generation(model, prompt, 5) for prompt in prompts]
    assert len(set(map(tuple, expected))) > 1
    assert _ids(model, prompts, max_new_tokens=5, batch_size=2) == expected


def test_all_of_an_answer_is_turned_as_its_room_would_have_it() -> None:
    """By longrope: texts that stay within six tokens, that begin beyond them, and between."""
    lists = {"rope_short_factors": (1.0, 0.2, 3.0, 0.5), "rope_long_factors": (4.0, 9.0, 0.3, 2.0)}
    config = dataclasses.replace(
        DECODER, rope_scaling="longrope", rope_original_tokens=6, rope_magnitude=3.0, **lists
    )
    model = models.build(config, seed=1)
    within, beyond, between = [5, 6], [21, 22, 23, 9, 31, 8, 7], [11, 12, 13]
    expected = [decode_toys.naive_generation(model, prompt, 5) for prompt in (within, beyond)]
    all_long = dataclasses.replace(config, rope_short_factors=config.rope_long_factors)
    expected.append(decode_toys.naive_generation(models.build(all_long, seed=1), between, 5))
    prompts = [within, beyond, between]
    assert _ids(model, prompts, max_new_tokens=5) == expected
    assert decode_toys.naive_generation(model, between, 5) != expected[2]
    streamed = generate.stream(model, between, max_new_tokens=5)
    assert list(streamed) == expected[2]
    # Options of one prompt, alone in a row and beside others.
    options = [[[9], [4, 8]], [[3], [7, 7]], [[6, 2, 30, 1, 9], [5]]]
    together = decode_toys.option_scores(model, prompts, options)
    for prompt, own, found in zip(prompts, options, together, strict=True):
        [alone] = decode_toys.option_scores(model, [prompt], [own])
        np.testing.assert_allclose(found, alone, atol=1e-5)


def test_generation_stops_at_the_end_token() -> None:
    """A head with EOS above all other tokens, so that every prompt ends at once."""
    model = models.build(DECODER, seed=1)
    prompt = PROMPTS[0]
    first = decode_toys.naive_generation(model, prompt, 1)[0]
    head_DV = model.embedding.head[...]
    swapped = head_DV.at[:, features.EOS_ID].set(head_DV[:, first] * 2)
    model.embedding.head[...] = swapped
    assert generate.generate(model, [prompt], max_new_tokens=5) == [([], False)]


@CONFIGS
def test_the_end_token_is_the_words_own(config: model_config.ModelConfig) -> None:
    """A decoder's prompt is the same with any; an encoder's source ends in it."""
    model = models.build(config, seed=1)
    free = _ids(model, [PROMPTS[0]], max_new_tokens=5)[0]
    eos_id = free[2]
    if config.family == "decoder":
        expected = free[: free.index(eos_id)]
    else:
        expected = decode_toys.naive_generation(model, PROMPTS[0], 5, eos_id)
    assert _ids(model, [PROMPTS[0]], max_new_tokens=5, eos_id=eos_id) == [expected]


def test_generation_needs_room_and_a_prompt() -> None:
    model = models.build(DECODER, seed=1)
    assert generate.generate(model, [], max_new_tokens=3) == []
    with pytest.raises(ValueError, match="max_new_tokens 0 must be at least 1"):
        generate.generate(model, PROMPTS, max_new_tokens=0)
    with pytest.raises(ValueError, match="4 prompts need as many max_new_tokens: 2"):
        generate.generate(model, PROMPTS, max_new_tokens=[3, 3])
    with pytest.raises(ValueError, match="4 prompts need as many seeds: 1"):
        generate.generate(model, PROMPTS, max_new_tokens=3, decoding=WARM, seeds=[1])
    with pytest.raises(ValueError, match="prompt 1 is empty"):
        generate.generate(model, [[5], []], max_new_tokens=3)


def test_what_is_done_is_told_after_each_batch() -> None:
    model = models.build(DECODER, seed=0)
    told: list[tuple[int, float]] = []
    prompts = [[5] * 40, *PROMPTS[:2]]
    generate.generate(
        model, prompts, max_new_tokens=2, batch_size=2, done=lambda *done: told.append(done)
    )
    assert [prompts for prompts, _ in told] == [2, 1]
    assert [share for _, share in told] == pytest.approx([68 / 110, 42 / 110])


def test_each_prompt_has_its_own_limit_and_says_whether_it_was_cut() -> None:
    model = models.build(DECODER, seed=1)
    free = _ids(model, PROMPTS, max_new_tokens=6)
    eos_id = free[0][3]
    limits = [6, 2, 6, 1]
    found = generate.generate(model, PROMPTS, max_new_tokens=limits)
    assert [one.ids for one in found] == [ids[:n] for ids, n in zip(free, limits, strict=True)]
    assert all(one.is_cut for one in found)
    ended = generate.generate(model, PROMPTS, max_new_tokens=6, eos_id=eos_id)[0]
    assert ended == (free[0][: free[0].index(eos_id)], False)


@FAMILIES
def test_a_draw_depends_on_its_prompt_and_seed_alone(config: model_config.ModelConfig) -> None:
    """The same in other batches, in another order, and beside a long prompt that pads it."""
    model = models.build(config, seed=1)
    prompts, seeds = [*PROMPTS, [5] * 40], [3, 1 << 40, 7, 1 << 63, 9]
    drawn = _ids(model, prompts, max_new_tokens=8, decoding=WARM, seeds=seeds)
    assert drawn != _ids(model, prompts, max_new_tokens=8)
    order = [4, 2, 0, 3, 1]
    again = _ids(
        model,
        [prompts[i] for i in order],
        max_new_tokens=8,
        decoding=WARM,
        seeds=[seeds[i] for i in order],
        batch_size=2,
    )
    assert again == [drawn[i] for i in order]
    same_low_bits = [seed + (1 << 32) for seed in seeds]
    other = _ids(model, prompts, max_new_tokens=8, decoding=WARM, seeds=same_low_bits)
    assert all(a != b for a, b in zip(drawn, other, strict=True))


def test_without_the_first_batches_the_others_are_the_same() -> None:
    """So that what goes on after it was cut off writes what it would have written."""
    model = models.build(DECODER, seed=1)
    prompts = [[5 + i] * (1 + i * 3 % 7) for i in range(7)]
    limits = [3, 2, 3, 3, 2, 3, 3]
    how = {"batch_size": 2}
    whole = list(generate.written_in_batches(model, prompts, max_new_tokens=limits, **how))
    assert [len(batch) for batch in whole] == [2, 2, 2, 1]
    for number in (1, 2, 3):
        done = set().union(*whole[:number])
        left = [i for i in range(7) if i not in done]
        rest = generate.written_in_batches(
            model, [prompts[i] for i in left], max_new_tokens=[limits[i] for i in left], **how
        )
        named = [{left[place]: one for place, one in batch.items()} for batch in rest]
        assert named == whole[number:]


def test_a_batch_with_stops_waits_for_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else who is cut off in the second batch loses the first."""
    begun: list[int] = []
    begin = generate._begin
    monkeypatch.setattr(generate, "_begin", lambda *of: (begun.append(1), begin(*of))[1])
    model = models.build(DECODER, seed=1)
    batches = generate.written_in_batches(
        model, PROMPTS, max_new_tokens=3, batch_size=2, stops=lambda ids: False
    )
    next(batches)
    assert len(begun) == 1


def test_the_coldest_and_the_narrowest_draws_are_greedy() -> None:
    model = models.build(DECODER, seed=1)
    greedy = _ids(model, PROMPTS, max_new_tokens=5)
    for changes in ({"temperature": 0.001}, {"top_k": 1}, {"top_p": 1e-6}):
        decoding = sampling.Decoding(**{"temperature": 1.0} | changes)
        assert _ids(model, PROMPTS, max_new_tokens=5, decoding=decoding, seeds=[1] * 4) == greedy


@FAMILIES
def test_what_stops_is_the_last_token_and_ends_the_work(config: model_config.ModelConfig) -> None:
    model = models.build(config, seed=1)
    free = _ids(model, PROMPTS, max_new_tokens=40)
    unwanted = free[0][2]
    asked: list[int] = []

    def stops(ids: list[int]) -> bool:
        asked.append(len(ids))
        return unwanted in ids

    found = generate.generate(model, PROMPTS, max_new_tokens=40, stops=stops)
    for ids, one in zip(free, found, strict=True):
        place = ids.index(unwanted) if unwanted in ids else None
        assert one == ((ids, True) if place is None else (ids[: place + 1], False))
    asked.clear()
    generate.generate(model, [PROMPTS[0]] * 4, max_new_tokens=40, stops=stops)
    assert max(asked) == 16  # of 40: after the first look there was nothing left to write


def test_a_text_ends_before_the_first_stop_string() -> None:
    assert generate.before_stop("5\nQ: 6\n\nA: 7", ["\n\n", "\nQ:"]) == "5"
    assert generate.before_stop("5", ["Q:"]) == generate.before_stop("5Q:", ["Q:"]) == "5"
    assert generate.before_stop("5", []) == "5"


def test_writing_again_compiles_nothing() -> None:
    generate.generate(models.build(DECODER, seed=0), PROMPTS, max_new_tokens=5)
    compiled = generate._begin._cache_size(), generate._go_on._cache_size()
    generate.generate(models.build(DECODER, seed=1), PROMPTS, max_new_tokens=5)
    assert compiled == (generate._begin._cache_size(), generate._go_on._cache_size())


@CONFIGS
def test_a_stream_is_what_is_written_at_once(config: model_config.ModelConfig) -> None:
    model = models.build(config, seed=1)
    for prompt in PROMPTS[:2]:
        expected = _ids(model, [prompt], max_new_tokens=5)[0]
        assert list(generate.stream(model, prompt, max_new_tokens=5)) == expected
    eos_id = expected[-1]
    written = generate.generate(model, [prompt], max_new_tokens=5, eos_id=eos_id)[0]
    streamed = list(generate.stream(model, prompt, max_new_tokens=5, eos_id=eos_id))
    assert streamed == written.ids
    if config.family == "decoder":  # an encoder's source ends in it
        assert streamed == expected[: expected.index(eos_id)]


@FAMILIES
def test_a_stream_draws_and_penalizes_as_what_is_written_at_once(
    config: model_config.ModelConfig,
) -> None:
    model = models.build(config, seed=1)
    for changes in ({"top_k": 20}, {"top_p": 0.9, "repetition_penalty": 1.3}):
        how = {"decoding": sampling.Decoding(temperature=0.8, **changes), "max_new_tokens": 6}
        expected = _ids(model, PROMPTS[:1], seeds=[7 << 40], **how)[0]
        assert list(generate.stream(model, PROMPTS[0], seed=7 << 40, **how)) == expected


def test_a_stream_compiles_once_for_prompts_of_like_length_and_decodings_of_one_kind() -> None:
    def streamed(length: int, **changes: float) -> None:
        decoding = sampling.Decoding(**{"temperature": 0.5, "top_p": 0.9} | changes)
        prompt = [5 + i % 30 for i in range(length)]
        how = {"max_new_tokens": 4, "decoding": decoding, "seed": 3}
        list(generate.stream(models.build(DECODER, seed=length), prompt, **how))

    streamed(3)
    compiled = [each._cache_size() for each in (generate._begin, generate._go_on, generate._token)]
    streamed(64, temperature=0.7, top_p=0.5)
    again = [each._cache_size() for each in (generate._begin, generate._go_on, generate._token)]
    assert compiled == again
    streamed(65)
    assert generate._go_on._cache_size() == compiled[1] + 1
    assert [generate.streamed_tokens(n) for n in (1, 64, 65, 129)] == [64, 64, 128, 256]


def test_a_stream_needs_a_prompt_a_seed_and_no_beams() -> None:
    model = models.build(DECODER, seed=1)
    for prompt, how, said in (
        ([], {}, "prompt 0 is empty"),
        ([5], {"decoding": WARM}, "1 prompts need as many seeds: 0"),
        ([5], {"decoding": sampling.Decoding(beams=2)}, "known at its end alone"),
    ):
        with pytest.raises(ValueError, match=said):
            next(generate.stream(model, prompt, max_new_tokens=3, **how))


@FAMILIES
def test_a_penalty_is_for_a_decoders_prompt_and_for_what_is_written(
    config: model_config.ModelConfig,
) -> None:
    """Against every token computed anew; an encoder's source is not repeated by a decoder."""
    model = models.build(config, seed=1)
    for prompt in PROMPTS[:2]:
        expected: list[int] = []
        for _ in range(6):
            logits = decode_toys.naive_logits(model, prompt, expected)[-1].copy()
            first = prompt if config.family == "decoder" else [features.PAD_ID]
            for token in {*first, *expected}:
                logits[token] *= 0.5 if logits[token] > 0 else 2.0
            if (token := int(logits.argmax())) == features.EOS_ID:
                break
            expected.append(token)
        how = {"decoding": sampling.Decoding(repetition_penalty=2.0), "max_new_tokens": 6}
        assert _ids(model, [prompt, [7]], **how)[0] == expected
        assert expected != _ids(model, [prompt], max_new_tokens=6)[0]


def test_a_penalty_leaves_a_soft_prompt_alone() -> None:
    model = models.build(DECODER, seed=1)
    tuning.attach(model, config_lib.SoftPromptConfig(tokens=3), seed=0)
    how = {"decoding": sampling.Decoding(repetition_penalty=1.5), "max_new_tokens": 4}
    assert list(generate.stream(model, PROMPTS[0], **how)) == _ids(model, PROMPTS[:1], **how)[0]


def _ids(model: nnx.Module, prompts: list[list[int]], **how: Any) -> list[list[int]]:
    return [one.ids for one in generate.generate(model, prompts, **how)]
