import collections
import dataclasses

import pytest
from stream_toys import composed, prompts_of

import task_registry
from flanlike.mixtures import mixture
from flanlike.prompts import stream as prompt_stream


@pytest.fixture(scope="module")
def registry():
    return task_registry.registry()


def test_order_draws_every_task_by_its_share():
    order = prompt_stream.Order([0.5, 0.25, 0.25], seed=0)
    block = [order[i] for i in range(64)]
    assert collections.Counter(task for task, _ in block) == {0: 32, 1: 16, 2: 16}
    for task, count in ((0, 32), (1, 16)):
        assert sorted(nth for t, nth in block if t == task) == list(range(count))
    following = [order[64 + i] for i in range(64)]
    assert sorted(nth for task, nth in following if task == 1) == list(range(16, 32))
    assert [task for task, _ in following] != [task for task, _ in block]


def test_order_of_many_tasks_is_no_slower():
    order = prompt_stream.Order([1.0] * 2000, seed=0)
    assert order.counts == [16] * 2000
    assert len({order[i][0] for i in range(500)}) > 400


def test_a_rare_task_is_never_lost():
    order = prompt_stream.Order([1.0, 1e-9], seed=0)
    assert order.counts[1] == 1 and sum(order.counts) < 1 << 19


def test_prompts_are_a_function_of_seed_and_index(registry):
    composition = composed(registry)
    some, others = (
        prompts_of(registry, composition),
        prompts_of(registry, composition),
    )
    forward = [some[i] for i in range(40)]
    backward = [others[i] for i in reversed(range(40))][::-1]
    assert forward == backward
    assert forward != [prompts_of(registry, composition, seed=1)[i] for i in range(40)]


def test_an_epoch_has_every_row_once_and_the_next_renders_it_anew(registry):
    composition = composed(registry, ("rte",), max_examples=40)
    stream = prompts_of(registry, composition)
    epochs = [[stream[40 * epoch + i] for i in range(40)] for epoch in (0, 1)]
    # One task alone: blocks of 16 shuffle within and across epochs, so compare 80 as a whole.
    rows = collections.Counter(p.provenance.row_id for epoch in epochs for p in epoch)
    assert len(rows) == 40 and set(rows.values()) == {2}
    texts = {p.inputs for epoch in epochs for p in epoch}
    assert len(texts) > 70


def test_the_cap_on_examples_keeps_the_same_rows_for_every_seed(registry):
    composition = composed(registry, ("rte",), max_examples=20)
    drawn = [
        {prompts_of(registry, composition, seed=seed)[i].provenance.row_id for i in range(64)}
        for seed in (0, 1)
    ]
    assert drawn[0] == drawn[1] and len(drawn[0]) == 20
    assert drawn[0] != {f"train/{i}" for i in range(20)}


def test_tasks_are_opened_when_first_drawn(registry):
    stream = prompts_of(registry, composed(registry))
    assert stream._opened == {}
    stream[0]
    assert len(stream._opened) == 1


def test_styles_change_inputs_and_keep_rows(registry):
    composition = composed(registry, ("rte",))
    plain = prompts_of(registry, composition)
    bare = prompts_of(registry, composition, style="inputs-only")
    for i in range(20):
        assert plain[i].provenance.row_id == bare[i].provenance.row_id
        assert "Options" not in bare[i].inputs


def test_shares_may_be_overridden(registry):
    composition = composed(registry)
    shares = dataclasses.replace(composition.shares, few_shot=0.0, inverted=1.0)
    stream = prompts_of(registry, composition, shares=shares)
    kinds = {stream[i].provenance.kind for i in range(100)}
    assert kinds <= {"inverted", "cot_inverted"}


def test_exemplars_that_are_not_to_be_had_count_as_wanted(registry):
    shares = mixture.Shares(few_shot=1.0, min_shots=5, max_shots=5)
    composition = composed(registry, ("rte",), max_examples=4)
    drawn = prompts_of(registry, composition, shares=shares).draw(0)
    assert (drawn.prompt.provenance.shots, drawn.wanted_shots) == (3, 5)


def test_a_record_that_asks_about_its_options_is_never_drawn_without_them(registry):
    shares = mixture.Shares(few_shot=0.5, no_options=0.5, inverted=0.2)
    stream = prompts_of(registry, composed(registry, ("arc_easy",)), shares=shares)
    drawn = [stream[i] for i in range(300)]
    bare = [p for p in drawn if not p.provenance.shows_options]
    assert len(bare) > 60
    assert not any("which of these" in f"{p.inputs}{p.targets}".casefold() for p in bare)
    assert any("which of these" in p.inputs.casefold() for p in drawn)


def test_a_task_may_be_trained_by_few_templates(registry):
    def drawn(most, seed):
        shares = mixture.Shares(few_shot=0.0, inverted=0.3, no_options=0.5, templates=most)
        stream = prompts_of(registry, composed(registry, ("rte",)), shares=shares, seed=seed)
        told = [stream[i].provenance for i in range(300)]
        forward, inverted = (
            {p.template for p in told if p.kind == kind} for kind in ("forward", "inverted")
        )
        return forward, inverted, any(p.shows_options for p in told)

    everything = drawn(None, 0)
    assert drawn(1000, 0) == everything and len(everything[0]) > 3
    by_seed = {seed: [drawn(most, seed) for most in (1, 2)] for seed in range(4)}
    for one, two in by_seed.values():
        assert (len(one[0]), len(one[1]), len(two[0])) == (1, 1, 2)
        assert one[0] < two[0] < everything[0] and one[2]  # of one template, one with options
    assert len(set.union(*(one[0] for one, _ in by_seed.values()))) > 1
