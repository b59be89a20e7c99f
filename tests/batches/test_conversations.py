"""A file of conversations, from its rows to packed segments in which the answers are learned."""

import json

import chat_toys
import numpy as np
import published_toys
import pytest

import task_registry
from flanlike import config as config_lib
from flanlike import errors
from flanlike.batches import chat, pipeline, tokenizer
from flanlike.prompts import recipe

ROWS = [
    {
        "messages": [
            *([{"role": "system", "content": "so it is"}] if n % 2 else []),
            {"role": "user", "content": f"is it {n}?"},
            {"role": "assistant", "content": f"it is {n}"},
            {"role": "user", "content": "and not red?"},
            {"role": "assistant", "content": f"no, not red {n}"},
        ]
    }
    for n in range(9)
]


@pytest.fixture
def batches(tmp_path):
    path = tmp_path / "talk.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    config = recipe.in_chat(config_lib.RunConfig(mixture=str(path)))
    found = task_registry.registry().at(config.data)
    composition = recipe.compose(recipe.of_run(config), found)

    def of(words, **settings):
        settings = {"family": "decoder", "rows": 4, "max_input_tokens": 96} | settings
        return pipeline.batches(
            *(composition, found, words),
            **{"data": config.data, "seed": 0, "max_target_tokens": 32} | settings,
        )

    return of


def segments(batch):
    """Yields tokens, targets and weights of each segment of a batch of a decoder's."""
    for b, row in enumerate(batch.segment_ids_BT):
        for number in range(1, row.max() + 1):
            where = row == number
            arrays = (batch.tokens_BT[b], batch.targets_BT[b], batch.loss_weights_BT[b])
            yield [array[where].tolist() for array in arrays]


@pytest.mark.parametrize("answers", ["all", "last"])
def test_a_segment_is_a_conversation_in_which_answers_are_learned(batches, answers):
    talk = chat_toys.words()
    batch = next(batches(talk, answers=answers))
    assert batch.segment_ids_BT.max() > 1
    stop = "<|stop|>"
    for tokens, targets, weights in segments(batch):
        text = "".join(talk.pieces([*tokens, targets[-1]]))
        n = next(c for c in text if c.isdigit())
        has_system = int(n) % 2
        assert text.count("<|turn|>") == 4 + has_system
        assert text.count(stop) == 4 + has_system
        learned = [t for t, weight in zip(targets, weights, strict=True) if weight]
        assert set(weights) == {0, 1}
        texts = [f"it is {n}", f"no, not red {n}"][0 if answers == "all" else 1 :]
        expected = [[*talk.encode(text), talk.marks.eos_id] for text in texts]
        assert learned == sum(expected, [])


def test_old_turns_that_do_not_fit_are_dropped_and_counted(batches):
    talk = chat_toys.words()
    found = batches(talk, max_input_tokens=50)
    batch = next(found)
    short = [tokens for tokens, _, _ in segments(batch)]
    assert {talk.pieces(tokens).count("<|turn|>") for tokens in short} == {2, 3}
    assert found.counts.inputs_cut == found.counts.examples > 0
    [counts] = found.by_task
    assert counts.cut > 0 and counts.cut_tokens > counts.cut


def test_an_encoder_reads_all_but_the_last_answer(batches):
    talk = chat.Chat(tokenizer.PublishedTokenizer({"spiece.model": published_toys.pieces_model()}))
    batch = next(batches(talk, family="encoder_decoder"))
    row = batch.segment_ids_BT[0] == 1
    assert "no, not red" in talk.decode(batch.targets_BT[0][row].tolist())
    np.testing.assert_array_equal(batch.loss_weights_BT[0][row], 1)
    source = batch.source_tokens_BS[0][batch.source_segment_ids_BS[0] == 1].tolist()
    assert talk.decode(source).count("is it") == 1


def test_outside_a_chat_its_last_answer_is_learned_as_any_other(batches):
    words = chat_toys.words().words
    for tokens, targets, weights in segments(next(batches(words))):
        learned = [t for t, weight in zip(targets, weights, strict=True) if weight]
        assert words.decode(learned).startswith("no, not red")
        assert "User: is it" in words.decode(tokens)


def test_answers_that_a_template_hides_are_told_and_the_last_is_learned(batches):
    template = chat_toys.TEMPLATES["with tools, blocks on their own lines and a namespace (Qwen 3)"]
    talk = chat_toys.words(template.replace("</so>", "it"))
    with pytest.raises(errors.UserError, match="task 'talk', row train/.: the chat template does"):
        next(batches(talk))
    assert next(batches(talk, answers="last")).segment_ids_BT.max() > 0
