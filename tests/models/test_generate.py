"""Generation, against recomputation token by token."""

import decode_toys
import pytest
from decode_toys import CONFIGS, DECODER, PROMPTS

from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import generate


@CONFIGS
def test_generation_equals_recomputation(config: model_config.ModelConfig) -> None:
    model = models.build(config, seed=1)
    prompts = PROMPTS[:3]
    expected = [decode_toys.naive_generation(model, prompt, 5) for prompt in prompts]
    assert len(set(map(tuple, expected))) > 1
    assert generate.generate(model, prompts, max_new_tokens=5, batch_size=2) == expected


def test_generation_stops_at_the_end_token() -> None:
    """A head with EOS above all other tokens, so that every prompt ends at once."""
    model = models.build(DECODER, seed=1)
    prompt = PROMPTS[0]
    first = decode_toys.naive_generation(model, prompt, 1)[0]
    head_DV = model.embedding.head[...]
    swapped = head_DV.at[:, features.EOS_ID].set(head_DV[:, first] * 2)
    model.embedding.head[...] = swapped
    assert generate.generate(model, [prompt], max_new_tokens=5) == [[]]


@CONFIGS
def test_the_end_token_is_the_words_own(config: model_config.ModelConfig) -> None:
    """A decoder's prompt is the same with any; an encoder's source ends in it."""
    model = models.build(config, seed=1)
    free = generate.generate(model, [PROMPTS[0]], max_new_tokens=5)[0]
    eos_id = free[2]
    if config.family == "decoder":
        expected = free[: free.index(eos_id)]
    else:
        expected = decode_toys.naive_generation(model, PROMPTS[0], 5, eos_id)
    assert generate.generate(model, [PROMPTS[0]], max_new_tokens=5, eos_id=eos_id) == [expected]


def test_generation_needs_room_and_a_prompt() -> None:
    model = models.build(DECODER, seed=1)
    assert generate.generate(model, [], max_new_tokens=3) == []
    with pytest.raises(ValueError, match="max_new_tokens 0 must be at least 1"):
        generate.generate(model, PROMPTS, max_new_tokens=0)
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
