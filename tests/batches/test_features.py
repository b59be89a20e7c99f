import numpy as np
import pytest

from flanlike.batches import features

LIMITS = features.LengthLimits(max_input_tokens=5, max_target_tokens=4)


def test_decoder_rows():
    examples = [
        features.to_example([10, 11, 12], [20, 21], LIMITS, family="decoder"),
        features.to_example([13, 14], [22], LIMITS, family="decoder"),
    ]
    batch = features.assemble(
        [examples, examples[:1]], LIMITS.row_tokens("decoder"), family="decoder"
    )
    assert batch.tokens_BT.tolist() == [
        [10, 11, 12, 20, 21, 13, 14, 22, 0],
        [10, 11, 12, 20, 21, 0, 0, 0, 0],
    ]
    assert batch.targets_BT.tolist() == [
        [11, 12, 20, 21, 1, 14, 22, 1, 0],
        [11, 12, 20, 21, 1, 0, 0, 0, 0],
    ]
    assert batch.loss_weights_BT.tolist() == [
        [0, 0, 1, 1, 1, 0, 1, 1, 0],
        [0, 0, 1, 1, 1, 0, 0, 0, 0],
    ]
    assert batch.segment_ids_BT[0].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 0]
    assert batch.positions_BT[0].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 0]
    assert batch.is_prefix_BT[0].astype(int).tolist() == [1, 1, 1, 0, 0, 1, 1, 0, 0]
    assert batch.source_tokens_BS is None


def test_encoder_decoder_rows():
    examples = [
        features.to_example([7, 8], [5, 6], LIMITS, family="encoder_decoder"),
        features.to_example([9], [], LIMITS, family="encoder_decoder"),
    ]
    batch = features.assemble(
        [examples], LIMITS.row_tokens("encoder_decoder"), family="encoder_decoder"
    )
    assert batch.source_tokens_BS.tolist() == [[7, 8, 1, 9, 1]]
    assert batch.source_segment_ids_BS.tolist() == [[1, 1, 1, 2, 2]]
    assert batch.source_positions_BS.tolist() == [[0, 1, 2, 0, 1]]
    assert batch.tokens_BT.tolist() == [[0, 5, 6, 0]]
    assert batch.targets_BT.tolist() == [[5, 6, 1, 1]]
    assert batch.loss_weights_BT.tolist() == [[1, 1, 1, 1]]
    assert batch.segment_ids_BT.tolist() == [[1, 1, 1, 2]]
    assert batch.positions_BT.tolist() == [[0, 1, 2, 0]]
    assert not batch.is_prefix_BT.any()


def test_text_without_inputs_is_trained_on_whole():
    example = features.to_example([], [5, 6, 7], LIMITS, family="decoder")
    batch = features.assemble([[example]], (0, 4), family="decoder")
    assert batch.tokens_BT.tolist() == [[5, 6, 7, 0]]
    assert batch.targets_BT.tolist() == [[6, 7, 1, 0]]
    assert batch.loss_weights_BT.tolist() == [[1, 1, 1, 0]]


def test_targets_lose_their_end():
    limits = features.LengthLimits(max_input_tokens=3, max_target_tokens=2)
    decoder = features.to_example([4, 5], [8, 9], limits, family="decoder")
    assert (decoder.inputs, decoder.targets) == ([4, 5], [8, 9])
    assert decoder.is_target_cut
    encoder = features.to_example([4, 5], [8, 9], limits, family="encoder_decoder")
    assert (encoder.inputs, encoder.targets) == ([4, 5, 1], [8, 9])


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_inputs_that_are_too_long_are_refused_and_not_cut(family):
    limits = features.LengthLimits(max_input_tokens=3, max_target_tokens=2)
    with pytest.raises(ValueError, match="the limit is 3; render the prompt by fitting.fit"):
        features.to_example([4, 5, 6, 7], [8], limits, family=family)


class Spelling:
    """A vocabulary of one id per character, with the marks of a model that has BOS."""

    marks = features.Marks(eos_id=1, bos_id=2)

    def encode(self, text):
        return [ord(c) for c in text]


def test_the_room_is_what_the_marks_leave_of_the_limit():
    words = Spelling()
    decoder = features.room(words, 9, "decoder", first_ids=[30, 31])
    assert decoder.tokens == 6  # two of a soft prompt, BOS
    assert decoder.read("ab") == [97, 98, 10]
    encoder = features.room(words, 9, "encoder_decoder")
    assert encoder.tokens == 7  # BOS and EOS
    assert encoder.read("ab") == [97, 98]
    for family, room in (("decoder", decoder), ("encoder_decoder", encoder)):
        limits = features.LengthLimits(max_input_tokens=9, max_target_tokens=2)
        first_ids = [30, 31] if family == "decoder" else []
        example = features.to_example(
            range(3, 3 + room.tokens),
            [8],
            limits,
            family=family,
            marks=words.marks,
            first_ids=first_ids,
        )
        assert len(example.inputs) == 9


def test_a_soft_prompt_stands_before_all_and_is_never_predicted():
    limits = features.LengthLimits(max_input_tokens=3, max_target_tokens=2)
    decoder, encoder = (
        features.to_example([4], [8, 9], limits, family=family, first_ids=[30])
        for family in ("decoder", "encoder_decoder")
    )
    assert (decoder.inputs, encoder.inputs) == ([30, 4], [30, 4, 1])
    marks = features.Marks(eos_id=1, bos_id=2)
    example = features.to_example(
        [4], [8], LIMITS, family="decoder", marks=marks, first_ids=[30, 31]
    )
    batch = features.assemble([[example]], (0, 6), family="decoder")
    assert batch.tokens_BT[0].tolist() == [30, 31, 2, 4, 8, 0]
    assert batch.targets_BT[0].tolist() == [0, 2, 4, 8, 1, 0]
    assert batch.loss_weights_BT[0].tolist() == [0, 0, 0, 1, 1, 0]


def test_what_just_fits_is_not_cut():
    limits = features.LengthLimits(max_input_tokens=3, max_target_tokens=2)
    decoder = features.to_example([4, 5, 6], [8], limits, family="decoder")
    assert (decoder.inputs, decoder.targets) == ([4, 5, 6], [8, 1])
    assert not decoder.is_target_cut
    assert features.to_example([4, 5], [8], limits, family="encoder_decoder").inputs == [4, 5, 1]


def test_an_example_begins_and_ends_with_the_marks_of_its_words():
    """BOS counts in the limit; an encoder's inputs end in EOS unless its words put none there."""
    limits = features.LengthLimits(max_input_tokens=3, max_target_tokens=2)
    marks = features.Marks(eos_id=9, bos_id=8)
    decoder = features.to_example([4, 5], [6], limits, family="decoder", marks=marks)
    assert (decoder.inputs, decoder.targets) == ([8, 4, 5], [6, 9])
    with pytest.raises(ValueError, match="inputs have 4 tokens with their marks"):
        features.to_example([3, 4, 5], [6], limits, family="decoder", marks=marks)
    encoder = features.to_example([4], [6], limits, family="encoder_decoder", marks=marks)
    assert (encoder.inputs, encoder.targets) == ([8, 4, 9], [6, 9])
    marks = marks._replace(ends_inputs=False)  # T5Gemma's
    encoder = features.to_example([4, 5], [6], limits, family="encoder_decoder", marks=marks)
    assert (encoder.inputs, encoder.targets) == ([8, 4, 5], [6, 9])


@pytest.mark.parametrize("marks", [features.Marks(), features.Marks(eos_id=2, bos_id=1)])
@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_an_example_at_the_limits_fits_a_row(family, marks):
    room = LIMITS.max_input_tokens - (family != "decoder") - (marks.bos_id is not None)
    inputs = range(3, 3 + room)
    example = features.to_example(inputs, range(3, 20), LIMITS, family=family, marks=marks)
    source, decoder = example.size(family)
    row = LIMITS.row_tokens(family)
    assert source <= row[0] and decoder <= row[1]
    batch = features.assemble([[example]], row, family=family)
    assert batch.loss_weights_BT.sum() == len(example.targets)


def test_types_are_what_the_model_half_expects():
    batch = features.empty(2, (3, 4), family="encoder_decoder")
    kinds = {name: array.dtype for name, array in batch._asdict().items()}
    assert kinds.pop("loss_weights_BT") == np.float32
    assert kinds.pop("is_prefix_BT") == np.bool_
    assert set(kinds.values()) == {np.dtype(np.int32)}


def test_limits_are_checked():
    with pytest.raises(ValueError, match="max_target_tokens is 1; expected 2 or more"):
        features.LengthLimits(max_input_tokens=5, max_target_tokens=1)


def test_a_decoders_inputs_end_in_one_newline_and_an_encoders_as_they_are():
    assert features.inputs_text("Answer:", "decoder") == "Answer:\n"
    assert features.inputs_text("Answer:\n", "decoder") == "Answer:\n"
    assert features.inputs_text("Answer:", "encoder_decoder") == "Answer:"


def test_earlier_answers_are_learned_where_they_stand():
    """inputs 4 5 6 7 8, of which 6 is an answer; the target is 9."""
    answers, limits = (
        [0.0, 0.0, 1.0, 0.0, 0.0],
        features.LengthLimits(max_input_tokens=7, max_target_tokens=3),
    )
    example = features.to_example(
        [4, 5, 6, 7, 8], [9], limits, family="decoder", answers=answers, first_ids=[30]
    )
    assert (example.inputs, example.targets) == ([30, 4, 5], [6, 7, 8, 9, 1])
    assert example.target_weights == [1, 0, 0, 1, 1]
    batch = features.assemble([[example]], (0, 10), family="decoder")
    assert batch.tokens_BT.tolist() == [[30, 4, 5, 6, 7, 8, 9, 0, 0, 0]]
    assert batch.targets_BT.tolist() == [[4, 5, 6, 7, 8, 9, 1, 0, 0, 0]]
    assert batch.loss_weights_BT.tolist() == [[0, 0, 1, 0, 0, 1, 1, 0, 0, 0]]
    assert batch.is_prefix_BT[0].tolist() == [True] * 3 + [False] * 7
    encoder = features.to_example(
        [4, 5, 6, 7, 8], [9], limits, family="encoder_decoder", answers=answers
    )
    assert (encoder.inputs, encoder.targets) == ([4, 5, 6, 7, 8, 1], [9, 1])
    assert encoder.target_weights is None
    long = features.to_example([4, 6], [9, 10, 11], limits, family="decoder", answers=[0, 1])
    assert (long.targets, long.target_weights) == ([6, 9, 10, 11], [1, 1, 1, 1])
    assert long.is_target_cut
