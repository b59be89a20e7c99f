import numpy as np
import pytest
from stream_toys import NAMES, composed, prompts_of

import task_registry
from flanlike.batches import features, pipeline, vocabulary
from flanlike.microworld import corpus
from flanlike.mixtures import mixture


@pytest.fixture(scope="module")
def registry():
    return task_registry.registry()


@pytest.fixture(scope="module")
def words(registry) -> vocabulary.Vocabulary:
    prompts = prompts_of(registry, composed(registry))
    texts = [text for i in range(300) for text in (prompts[i].inputs, prompts[i].targets)]
    return vocabulary.Vocabulary.train(texts, 600)


def _batches(registry, composition, words, **settings):
    defaults = {
        "data": "embedded",
        "seed": 0,
        "family": "decoder",
        "rows": 8,
        "max_input_tokens": 200,
        "max_target_tokens": 56,
    }
    return pipeline.batches(composition, registry, words, **{**defaults, **settings})


def _same(some, others) -> bool:
    return all(
        np.array_equal(a, b)
        for one, other in zip(some, others, strict=True)
        for a, b in zip(one, other, strict=True)
        if a is not None
    )


def test_exemplars_that_do_not_fit_are_dropped_and_counted(registry, words):
    shares = mixture.Shares(few_shot=1.0, max_shots=3)
    composition = composed(registry, shares=shares)
    roomy = _batches(registry, composition, words, max_input_tokens=2000)
    tight = _batches(registry, composition, words, max_input_tokens=100)
    next(roomy), next(tight)
    assert roomy.counts.exemplars_dropped == 0
    assert tight.counts.exemplars_dropped > tight.counts.examples / 2


def test_cut_inputs_and_targets_are_counted(registry, words):
    composition = composed(registry)
    batches = _batches(registry, composition, words, max_input_tokens=40, max_target_tokens=2)
    for _ in range(20):
        next(batches)
    by_task = dict(zip(NAMES, batches.by_task, strict=True))
    assert batches.counts.inputs_cut == sum(counts.cut for counts in by_task.values()) > 0
    assert batches.counts.targets_cut > 0
    assert sum(counts.prompts for counts in by_task.values()) == batches.counts.examples
    assert by_task["rte"].cut_tokens > by_task["rte"].cut > 0  # premises are long
    assert by_task["cot_gsm8k"].left_out > 0  # half a problem has another answer
    assert by_task["cot_gsm8k"].unknown_targets == 0  # bytes know every text


def test_targets_that_the_words_do_not_know_are_counted(registry, words):
    forgetful = vocabulary.Vocabulary(words.__reduce__()[1][0])
    forgetful.unknown_id = forgetful.encode("positive")[0]
    batches = _batches(registry, composed(registry), forgetful)
    for _ in range(20):
        next(batches)
    by_task = dict(zip(NAMES, batches.by_task, strict=True))
    assert by_task["sst2"].unknown_targets > 0
    assert by_task["common_gen"].unknown_targets == 0


def test_tasks_that_lose_much_are_told(registry, words):
    def told(limit):
        return pipeline.told_of_losses(
            composed(registry),
            registry,
            words,
            data="embedded",
            seed=0,
            family="decoder",
            max_input_tokens=limit,
        )

    assert told(2000) == []
    (line,) = told(40)
    assert line.startswith("at 40 input tokens these tasks lose more than a tenth of their text")
    assert "cot_gsm8k" in line and "rte" in line


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_rows_hold_the_rendered_prompts(registry, words, family):
    composition = composed(registry)
    batches = _batches(registry, composition, words, family=family, max_target_tokens=96)
    batch = next(batches)
    prompts = prompts_of(registry, composition, room=features.room(words, 200, family))
    rendered = {
        (features.inputs_text(p.inputs, family), p.targets)
        for p in (prompts[i] for i in range(1024))
    }
    for row in range(8):
        for segment in range(1, batch.segment_ids_BT[row].max() + 1):
            where = batch.segment_ids_BT[row] == segment
            is_target = batch.loss_weights_BT[row][where] > 0
            targets = words.decode(batch.targets_BT[row][where][is_target].tolist())
            if family == "decoder":
                is_prefix = batch.is_prefix_BT[row][where]
                inputs = batch.tokens_BT[row][where][is_prefix]
            else:
                inputs = batch.source_tokens_BS[row][batch.source_segment_ids_BS[row] == segment]
            assert (words.decode(inputs.tolist()), targets) in rendered


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_a_soft_prompt_begins_every_example_of_a_packed_row(registry, words, family):
    first_ids = (600, 601, 602)
    settings = {"family": family, "rows": 4, "max_input_tokens": 120}
    batch = next(_batches(registry, composed(registry), words, first_ids=first_ids, **settings))
    tokens, segments, positions = (
        (batch.tokens_BT, batch.segment_ids_BT, batch.positions_BT)
        if family == "decoder"
        else (batch.source_tokens_BS, batch.source_segment_ids_BS, batch.source_positions_BS)
    )
    assert segments.max() > 1  # more examples than one in some row
    begins = (segments > 0) & (positions < 3)
    np.testing.assert_array_equal(begins, tokens >= 600)
    np.testing.assert_array_equal(tokens[begins], 600 + positions[begins])
    assert batch.targets_BT.max() < 600


def test_resumed_batches_are_the_same(registry, words):
    composition = composed(registry)
    tight = {"rows": 24, "max_input_tokens": 60}
    batches = _batches(registry, composition, words, **tight)
    for _ in range(3):
        next(batches)
    state = batches.get_state()
    expected = [next(batches) for _ in range(4)]
    resumed = _batches(registry, composition, words, **tight)
    resumed.set_state(state)
    assert _same([next(resumed) for _ in range(4)], expected)
    assert resumed.get_state() == batches.get_state()


@pytest.mark.slow
def test_eight_workers_change_nothing(registry, words):
    _check_workers(registry, words, 8)


def test_a_worker_changes_nothing(registry, words):
    _check_workers(registry, words, 1)


def _check_workers(registry, words, workers):
    composition = composed(registry)
    tight = {"rows": 64, "max_input_tokens": 60}  # prompts are cut and left out
    with_workers = _batches(registry, composition, words, **tight, workers=workers)
    expected = _batches(registry, composition, words, **tight)
    assert _same([next(with_workers) for _ in range(8)], [next(expected) for _ in range(8)])
    assert with_workers.get_state() == expected.get_state()
    assert sum(counts.left_out for counts in expected.by_task) > 0 < expected.counts.inputs_cut
    with_workers.close()


def test_text_batches_of_a_decoder(words):
    batches = pipeline.text_batches(
        corpus.document, words, family="decoder", rows=4, max_tokens=96, seed=0
    )
    batch = next(batches)
    assert batch.tokens_BT.shape == (4, 96)
    assert np.array_equal(batch.loss_weights_BT > 0, batch.segment_ids_BT > 0)
    documents = {str(corpus.document(i)) for i in range(1024)}
    first = batch.tokens_BT[0][batch.segment_ids_BT[0] == 1]
    assert words.decode(first.tolist()) in documents
    assert batch.targets_BT[0][len(first) - 1] == features.EOS_ID


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_answers_of_documents_weigh_more(words, family):
    def documents(row):
        return "who has the plum?", "Ada."

    batch = next(
        pipeline.text_batches(
            documents, words, family=family, rows=1, max_tokens=96, seed=0, answer_weight=5.0
        )
    )
    told, answer = map(words.encode, documents(0))
    expected = [1.0] * len(told) + [5.0] * len(answer) + [1.0]  # the last is EOS
    is_first = batch.segment_ids_BT[0] == 1
    targets = batch.targets_BT[0][is_first].tolist()
    assert targets == [*told, *answer, features.EOS_ID][-len(targets) :]
    assert batch.loss_weights_BT[0][is_first].tolist() == expected[-len(targets) :]


def test_text_batches_of_an_encoder_decoder(words):
    batches = pipeline.text_batches(
        corpus.document, words, family="encoder_decoder", rows=4, max_tokens=96, seed=0
    )
    batch = next(batches)
    documents = {str(corpus.document(i)) for i in range(1024)}
    source = batch.source_tokens_BS[0][batch.source_segment_ids_BS[0] == 1].tolist()
    rest = batch.targets_BT[0][batch.segment_ids_BT[0] == 1].tolist()
    assert source[-1] == rest[-1] == features.EOS_ID
    assert words.decode(source[:-1] + rest) in documents
