import collections
import dataclasses

import numpy as np
import pytest

import task_registry
from flanlike import features, mixture, pipeline, sources, vocabulary
from flanlike.microworld import corpus

_NAMES = ("rte", "sst2", "openbookqa", "common_gen", "cot_gsm8k")


@pytest.fixture(scope="module")
def registry():
    return task_registry.registry()


def _compose(registry, names=_NAMES, **settings) -> mixture.Composition:
    mixed = mixture.Mixture(name="mixed", entries=names, **settings)
    counts = {
        name: len(sources.open_rows(registry.task(name), "embedded", "train")) for name in names
    }
    return mixture.resolve(mixed, registry, counts)


def _prompts(registry, composition, **settings) -> pipeline.Prompts:
    return pipeline.Prompts(composition, registry, **{"data": "embedded", "seed": 0, **settings})


@pytest.fixture(scope="module")
def words(registry) -> vocabulary.Vocabulary:
    prompts = _prompts(registry, _compose(registry))
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


def test_order_draws_every_task_by_its_share():
    order = pipeline.Order([0.5, 0.25, 0.25], seed=0)
    block = [order[i] for i in range(64)]
    assert collections.Counter(task for task, _ in block) == {0: 32, 1: 16, 2: 16}
    for task, count in ((0, 32), (1, 16)):
        assert sorted(nth for t, nth in block if t == task) == list(range(count))
    following = [order[64 + i] for i in range(64)]
    assert sorted(nth for task, nth in following if task == 1) == list(range(16, 32))
    assert [task for task, _ in following] != [task for task, _ in block]


def test_order_of_many_tasks_is_no_slower():
    order = pipeline.Order([1.0] * 2000, seed=0)
    assert order.counts == [16] * 2000
    assert len({order[i][0] for i in range(500)}) > 400


def test_a_rare_task_is_never_lost():
    order = pipeline.Order([1.0, 1e-9], seed=0)
    assert order.counts[1] == 1 and sum(order.counts) < 1 << 19


def test_prompts_are_a_function_of_seed_and_index(registry):
    composition = _compose(registry)
    some, others = _prompts(registry, composition), _prompts(registry, composition)
    forward = [some[i] for i in range(40)]
    backward = [others[i] for i in reversed(range(40))][::-1]
    assert forward == backward
    assert forward != [_prompts(registry, composition, seed=1)[i] for i in range(40)]


def test_an_epoch_has_every_row_once_and_the_next_renders_it_anew(registry):
    composition = _compose(registry, ("rte",), max_examples=40)
    prompts = _prompts(registry, composition)
    epochs = [[prompts[40 * epoch + i] for i in range(40)] for epoch in (0, 1)]
    # One task alone: blocks of 16 shuffle within and across epochs, so compare 80 as a whole.
    rows = collections.Counter(p.provenance.row_id for epoch in epochs for p in epoch)
    assert len(rows) == 40 and set(rows.values()) == {2}
    texts = {p.inputs for epoch in epochs for p in epoch}
    assert len(texts) > 70


def test_the_cap_on_examples_keeps_the_same_rows_for_every_seed(registry):
    composition = _compose(registry, ("rte",), max_examples=20)
    drawn = [
        {_prompts(registry, composition, seed=seed)[i].provenance.row_id for i in range(64)}
        for seed in (0, 1)
    ]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 20
    assert drawn[0] != {f"train/{i}" for i in range(20)}


def test_tasks_are_opened_when_first_drawn(registry):
    prompts = _prompts(registry, _compose(registry))
    assert prompts._opened == {}
    prompts[0]
    assert len(prompts._opened) == 1


def test_exemplars_that_do_not_fit_are_dropped_and_counted(registry, words):
    shares = mixture.Shares(few_shot=1.0, max_shots=3)
    composition = _compose(registry, shares=shares)
    roomy = _batches(registry, composition, words, max_input_tokens=2000)
    tight = _batches(registry, composition, words, max_input_tokens=100)
    next(roomy), next(tight)
    assert roomy.counts.exemplars_dropped == 0
    assert tight.counts.exemplars_dropped > tight.counts.examples / 2


def test_cut_inputs_and_targets_are_counted(registry, words):
    batches = _batches(
        registry, _compose(registry), words, max_input_tokens=30, max_target_tokens=2
    )
    next(batches)
    assert batches.counts.inputs_cut > 0 and batches.counts.targets_cut > 0


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_rows_hold_the_rendered_prompts(registry, words, family):
    composition = _compose(registry)
    batches = _batches(registry, composition, words, family=family)
    batch = next(batches)
    prompts = _prompts(registry, composition, max_input_tokens=200, words=words)
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


def test_resumed_batches_are_the_same(registry, words):
    composition = _compose(registry)
    batches = _batches(registry, composition, words, rows=24)
    for _ in range(3):
        next(batches)
    state = batches.get_state()
    expected = [next(batches) for _ in range(4)]
    resumed = _batches(registry, composition, words, rows=24)
    resumed.set_state(state)
    assert _same([next(resumed) for _ in range(4)], expected)


@pytest.mark.slow
def test_eight_workers_change_nothing(registry, words):
    _check_workers(registry, words, 8)


def test_a_worker_changes_nothing(registry, words):
    _check_workers(registry, words, 1)


def _check_workers(registry, words, workers):
    composition = _compose(registry)
    with_workers = _batches(registry, composition, words, rows=64, workers=workers)
    expected = _batches(registry, composition, words, rows=64)
    assert _same([next(with_workers) for _ in range(8)], [next(expected) for _ in range(8)])
    assert with_workers.get_state() == expected.get_state()
    with_workers.close()


def test_styles_change_inputs_and_keep_rows(registry):
    composition = _compose(registry, ("rte",))
    plain = _prompts(registry, composition)
    bare = _prompts(registry, composition, style="inputs-only")
    for i in range(20):
        assert plain[i].provenance.row_id == bare[i].provenance.row_id
        assert "Options" not in bare[i].inputs


def test_shares_may_be_overridden(registry):
    composition = _compose(registry)
    shares = dataclasses.replace(composition.shares, few_shot=0.0, inverted=1.0)
    prompts = _prompts(registry, composition, shares=shares)
    kinds = {prompts[i].provenance.kind for i in range(100)}
    assert kinds <= {"inverted", "cot_inverted"}


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
