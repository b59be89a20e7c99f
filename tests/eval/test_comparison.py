"""Verdicts follow from intervals."""

import dataclasses

import eval_toys

from eval import baselines, comparison, predictions, results

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


def test_below_chance_is_said():
    changes, _ = _changes([1, 0] * 100, [0, 0, 0, 1] * 50)
    assert changes[0].is_below_chance
    assert changes[0].verdict == (
        "No: below chance and not above the majority, the heuristic or the base by more than its "
        "interval."
    )
    changes, _ = _changes([0] * 200, [0, 0, 0, 1] * 50)
    assert changes[0].verdict == (
        "In part: above the base, but below chance and not above the majority or the heuristic."
    )
    assert not _changes(None, [1, 0] * 100)[0][0].is_below_chance


def test_a_verdict_names_the_baselines_that_there_are():
    cells = [eval_toys.cell([1] * 200)]
    none = {"sst2": baselines.Baselines(majority={}, heuristic={})}
    (change,) = comparison.of_tasks(None, cells, results.task_summaries(cells, none))
    assert change.verdict == "Yes: above chance by more than its interval."


def test_what_has_nothing_to_compare_with_is_no_success():
    cells = [eval_toys.cell([1] * 200, option_counts=())]
    none = {"sst2": baselines.Baselines(majority={}, heuristic={})}
    (change,) = comparison.of_tasks(None, cells, results.task_summaries(cells, none))
    assert change.verdict.startswith("Nothing to compare with")
    assert not change.holds


def test_an_earlier_evaluation_on_other_rows_is_none():
    earlier = eval_toys.cell([1, 0] * 100, rows=tuple(f"other-{i}" for i in range(200)))
    later = eval_toys.cell([1, 0] * 100)
    (change,) = comparison.of_tasks([earlier], [later], results.task_summaries([later], GIVEN))
    assert change.before is None and change.difference is None


def test_rows_of_another_source_with_the_same_ids_are_other_rows():
    earlier, later = eval_toys.cell([1, 0] * 100, [1, 0] * 100), eval_toys.cell([1, 0] * 100)
    (change,) = comparison.of_tasks([earlier], [later], results.task_summaries([later], GIVEN))
    assert change.before is None and change.difference is None


def test_an_earlier_evaluation_is_drawn_as_the_later_one_is():
    """It may have been kept before rows of one passage were known to be one draw."""
    clusters = tuple(i // 4 for i in range(200))
    later = eval_toys.cell([1, 0] * 100, inputs=clusters)
    earlier = dataclasses.replace(later, inputs=tuple(range(200)))
    (change,) = comparison.of_tasks([earlier], [later], results.task_summaries([later], GIVEN))
    expected = predictions.estimate([later])
    assert change.before.interval == expected.interval
    assert not change.difference.samples.any()
