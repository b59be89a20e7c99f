"""Which rows are drawn, and which of them are one draw."""

from collections import Counter

import task_registry
from eval import sampling
from flanlike.sources import opening
from flanlike.tasks import task as tasks


def _task(*fields, rows=(), name="toy"):
    return tasks.Task(
        name=name,
        cluster="reading_comprehension",
        fields=fields,
        answers=tasks.Labels(names=("no", "yes"), words=("no", "yes")),
        metrics=("accuracy", "multirc_em"),
        templates="toy",
        rows=lambda split: rows,
        preprocess=dict,
    )


def _groups(sizes):
    """Returns rows of groups of these sizes, those of one group far from each other."""
    members = [(group, i) for group, size in enumerate(sizes) for i in range(size)]
    members.sort(key=lambda member: member[1])
    return [{"text": f"{group} {i}", "label": 1, "group": f"q{group}"} for group, i in members]


def _sample(rows, seed=0):
    return sampling.sample(opening.open_rows(_task("text", rows=rows), "embedded", "test"), seed)


def test_groups_are_drawn_whole():
    sizes = [2, 3, 4, 7] * 5
    for seed in range(5):
        drawn = _sample(_groups(sizes), seed).first(30)
        found = Counter(record["group"] for _, record in drawn)
        assert len(found) == 7  # 30 of 80 rows: seven of twenty groups
        assert all(count == sizes[int(group[1:])] for group, count in found.items())
        assert len({row for row, _ in drawn}) == len(drawn)


def test_more_than_there_is_are_all_and_none_is_one_group():
    sample = _sample(_groups([2, 3]))
    assert len(sample.first(1000)) == 5
    assert len({record["group"] for _, record in sample.first(1)}) == 1


def test_fewer_rows_are_the_first_of_more():
    sample = _sample([{"text": str(i), "label": 1} for i in range(20)])
    assert len(sample.first(7)) == 7
    assert sample.first(7) == sample.first(12)[:7]


def test_large_groups_are_drawn_as_often_as_small_ones():
    sample_of = [_sample(_groups([1, 9] * 10), seed).first(20) for seed in range(200)]
    sizes = [Counter(Counter(r["group"] for _, r in rows).values()) for rows in sample_of]
    total = sum(sizes, Counter())
    assert 0.45 < total[9] / (total[1] + total[9]) < 0.55


def test_the_question_sets_of_the_registry_are_drawn_by_question():
    for name in ("multirc", "mc_taco"):
        task = task_registry.registry().task(name)
        drawn = sampling.sample(opening.open_rows(task, "embedded", "test"), 0).first(24)
        assert set(Counter(record["group"] for _, record in drawn).values()) == {4}


def test_questions_on_one_passage_are_one_cluster():
    passages = ["A long text on owls.", "A long text on eels."]
    records = [
        {"title": "Animals", "context": passages[i % 2], "question": f"What {i}?"} for i in range(4)
    ]
    assert sampling.clusters(_task("title", "context", "question"), records) == (0, 1, 0, 1)


def test_a_group_and_a_text_make_one_cluster_together():
    records = [
        {"text": "a passage", "group": "1"},
        {"text": "a passage", "group": "2"},
        {"text": "some other passage", "group": "2"},
        {"text": "a third passage", "group": "3"},
    ]
    assert sampling.clusters(_task("text"), records) == (0, 0, 0, 1)


def test_what_is_the_same_in_all_records_makes_no_cluster():
    asked = "Say in one word whether the sentence is good or bad."
    records = [{"instruction": asked, "input": text} for text in ("owls", "eels", "owls")]
    assert sampling.clusters(_task("instruction", "input"), records) == (0, 1, 0)
    assert sampling.clusters(_task("instruction", "input"), records[::2]) == (0, 0)
    assert sampling.clusters(_task("input"), records[:1]) == (0,)
