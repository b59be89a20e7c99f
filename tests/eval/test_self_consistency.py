"""Votes of several samples, and what more of them change."""

import pytest

import task_registry
from eval import answers, metrics, self_consistency


def labels(*predicted):
    """Returns one sample's answers to rows that are all of class 1; -1 is unreadable."""
    return metrics.Answered(
        predicted=predicted,
        gold=(1,) * len(predicted),
        unparsed=tuple(label == metrics.NO_ANSWER for label in predicted),
    )


@pytest.mark.parametrize(
    ("votes", "winner"),
    [
        ("abb", 1),
        ("abab", 0),  # a has two votes first
        ("abba", 1),  # b has
        ("aab", 0),
        ((None, "b", None, None), 1),  # what cannot be read has no vote, however often
        ((None, None), 0),
        ("c", 0),
    ],
)
def test_the_answer_with_most_votes_wins_and_ties_go_to_the_first_to_have_so_many(votes, winner):
    assert self_consistency.winner(tuple(votes)) == winner


def test_labels_vote_and_the_winners_columns_are_kept():
    task = task_registry.registry().task("cot_strategyqa")
    each = [labels(0, -1, 1), labels(1, -1, 0), labels(1, 1, 0)]
    votes = self_consistency.votes(task, each)
    assert votes == [("0", "1", "1"), (None, None, "1"), ("1", "0", "0")]
    winners = [self_consistency.winner(vote) for vote in votes]
    assert winners == [1, 2, 1]
    assert self_consistency.picked(each, winners) == labels(1, 1, 0)


@pytest.mark.parametrize(
    ("name", "texts", "expected"),
    [
        ("cot_gsm8k", ["The answer is $1,200.00.", "So 1200", "no idea"], ("1200", "1200", None)),
        ("cot_qed", ["Answer: The Moon.", "Answer: moon", ""], ("moon", "moon", None)),
    ],
)
def test_texts_vote_with_what_makes_no_difference_set_aside(name, texts, expected):
    task = task_registry.registry().task(name)
    records = [{"references": ["1"]}]
    target = "{rationale}\nThe answer is {answer}"
    each = [answers.from_generated(task, records, [None], target, [text]) for text in texts]
    assert self_consistency.votes(task, each) == [expected]


def test_the_curve_is_the_mean_over_subsets_and_ends_at_all_samples():
    """One row, two of three samples right: 2/3 alone; of pairs ab, ac and bc the first counts."""
    task = task_registry.registry().task("cot_strategyqa")
    each = [labels(0), labels(1), labels(1)]
    votes = self_consistency.votes(task, each)
    found = self_consistency.curve("accuracy", votes, each)
    assert found == pytest.approx([2 / 3, 1 / 3, 1.0])
    assert self_consistency.curve("f1", votes, each) == ()  # no mean over rows


def test_many_samples_take_random_subsets_the_same_each_time():
    task = task_registry.registry().task("cot_strategyqa")
    each = [labels(int(k % 3 > 0), int(k % 3 == 0)) for k in range(24)]
    votes = self_consistency.votes(task, each)
    found = self_consistency.curve("accuracy", votes, each)
    assert found == self_consistency.curve("accuracy", votes, each)
    assert len(found) == 24 and found[0] == 0.5 and found[-1] == 0.5
    assert len(self_consistency._subsets(24, 12)) == 200
    right = [labels(int(k % 3 > 0)) for k in range(24)]
    rising = self_consistency.curve("accuracy", self_consistency.votes(task, right), right)
    assert rising[0] == pytest.approx(2 / 3) and rising[8] > 0.8 and rising[-1] == 1.0
