"""Verdicts follow from intervals."""

import eval_toys

from eval import baselines, comparison, results

GIVEN = {"sst2": baselines.Baselines(majority={"accuracy": 0.55}, heuristic={"accuracy": 0.6})}


def _changes(before, after):
    cells = [eval_toys.cell(after)]
    summaries = results.task_summaries(cells, GIVEN)
    changes = comparison.of_tasks(before and [eval_toys.cell(before)], cells, summaries)
    return changes, results.cluster_summaries(cells, summaries)


def test_above_everything():
    changes, clusters = _changes([1, 0] * 100, [1, 1, 1, 1, 0] * 40)
    (cluster,) = comparison.of_clusters(changes, clusters)
    assert cluster.holds
    expected = "Yes: above chance, the majority, the heuristic and the base by more than its"
    assert cluster.verdict.startswith(expected)


def test_above_a_baseline_within_the_interval_is_not_above():
    changes, _ = _changes([0] * 200, [1, 0, 1, 0, 1] * 40)  # .60, the heuristic's value
    assert changes[0].beaten == {
        "chance": True,
        "majority": False,
        "heuristic": False,
        "base": True,
    }
    expected = "In part: above chance and the base, but not above the majority or the heuristic."
    assert changes[0].verdict == expected


def test_a_base_as_good_is_not_beaten():
    changes, _ = _changes([1, 1, 1, 1, 0] * 40, [1, 1, 1, 1, 0] * 40)
    assert changes[0].beaten["base"] is False
    assert changes[0].verdict.endswith("but not above the base.")


def test_without_an_earlier_evaluation_only_baselines_are_compared():
    changes, clusters = _changes(None, [0, 1] * 100)
    (cluster,) = comparison.of_clusters(changes, clusters)
    assert cluster.difference is None
    assert cluster.verdict == (
        "No: not above chance, the majority or the heuristic by more than its interval."
    )
