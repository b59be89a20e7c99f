"""Results and summaries of made-up predictions."""

import eval_toys
import pytest

from eval import baselines, metrics, results

GIVEN = {
    "sst2": baselines.Baselines(
        majority={"accuracy": 0.5}, heuristic={"accuracy": 0.6}, heuristic_name="length"
    ),
    "imdb_reviews": baselines.Baselines(majority={"accuracy": 0.7}, heuristic={}),
}
SETTING = results.Setting(run="toy", step=3, data="embedded", seed=0)


def test_a_result_has_the_promised_fields():
    (result,) = results.of([eval_toys.cell([1, 1, 1, 0])], GIVEN, SETTING)
    line = results.as_json(result)
    promised = (
        "run step data task cluster template kind shots options scoring metric n value "
        "standard_error chance majority heuristic balanced_accuracy distinct_inputs ci95 prompts "
        "split seed"
    )
    assert set(promised.split()) <= set(line)
    assert (line["n"], line["value"], line["chance"]) == (4, 0.75, 0.5)
    assert (line["majority"], line["heuristic"], line["heuristic_name"]) == (0.5, 0.6, "length")
    assert line["standard_error"] == 0.25


def test_validation_rows_give_no_results():
    assert (
        results.of([eval_toys.cell([1], split="validation", is_choosing=True)], GIVEN, SETTING)
        == []
    )


def test_a_task_summary_keeps_the_spread_over_templates():
    cells = [
        eval_toys.cell([1, 1, 1, 0], template="a"),
        eval_toys.cell([1, 0, 0, 0], template="b"),
        eval_toys.cell(
            [0, 0], template="a", split="validation", is_choosing=True, rows=("v0", "v1")
        ),
        eval_toys.cell(
            [1, 1], template="b", split="validation", is_choosing=True, rows=("v0", "v1")
        ),
        eval_toys.cell([0, 0, 0, 0], template="bare", options=False),
    ]
    (summary,) = results.task_summaries(cells, GIVEN)
    assert (summary.mean, summary.worst, summary.best) == (0.5, 0.25, 0.75)
    assert summary.sd == pytest.approx(0.35355, abs=1e-4)
    assert (summary.template_on_validation, summary.best_on_validation) == ("b", 0.25)
    assert (summary.without_options, summary.with_rationale) == (0.0, None)


def test_templates_that_are_equally_good_on_validation_are_all_named():
    cells = [
        eval_toys.cell([1, 1, 1, 0], template="a"),
        eval_toys.cell([1, 0, 0, 0], template="b"),
        eval_toys.cell([0, 0, 0, 0], template="c"),
    ]
    values = {"a": [1, 0], "b": [0, 1], "c": [0, 0]}
    cells += [
        eval_toys.cell(
            right, template=name, split="validation", is_choosing=True, rows=("v0", "v1")
        )
        for name, right in values.items()
    ]
    (summary,) = results.task_summaries(cells, GIVEN)
    assert (summary.template_on_validation, summary.tied_on_validation) == ("a, b", 2)
    assert summary.best_on_validation == 0.5


def test_a_metric_by_groups_counts_groups():
    answered = metrics.Answered(predicted=(1, 1, 0, 1), gold=(1,) * 4, groups=("a", "a", "b", "b"))
    cell = eval_toys.cell(
        [1] * 4, answered=answered, metrics=("accuracy", "multirc_em"), inputs=(0, 0, 1, 1)
    )
    rows, groups = results.of([cell], GIVEN, SETTING)
    assert (rows.n, rows.value, rows.distinct_inputs) == (4, 0.75, 2)
    assert (groups.n, groups.value, groups.distinct_inputs) == (2, 0.5, 2)


def test_balanced_accuracy_shows_a_model_of_one_answer():
    cell = eval_toys.cell([1, 1, 1, 1], [1, 1, 1, 0])
    (summary,) = results.task_summaries([cell], GIVEN)
    assert (summary.mean, summary.balanced_accuracy) == (0.75, 0.5)


def test_balanced_accuracy_of_own_options_goes_by_the_place_shown():
    cell = eval_toys.cell(
        [1, 0], [1, 1], fixed_labels=False, shown_choice=(0, 0), shown_gold=(0, 1)
    )
    (summary,) = results.task_summaries([cell], GIVEN)
    assert summary.balanced_accuracy == 0.5


def test_a_cluster_is_the_mean_of_its_datasets_whatever_their_size():
    cells = [eval_toys.cell([1] * 8), eval_toys.cell([0, 0], task="imdb_reviews")]
    (cluster,) = results.cluster_summaries(cells, results.task_summaries(cells, GIVEN))
    assert cluster.tasks == ("sst2", "imdb_reviews")
    assert (cluster.mean, cluster.majority, cluster.chance) == (0.5, pytest.approx(0.6), 0.5)
    assert cluster.heuristic is None  # one of the two has none


def test_generated_figures_say_how_many_answers_could_not_be_read():
    def generated(unparsed, **changes):
        predicted = [-1 if is_unread else 1 for is_unread in unparsed]
        answered = metrics.Answered(
            predicted=tuple(predicted), gold=(1,) * 4, unparsed=tuple(unparsed)
        )
        return eval_toys.cell(predicted, scoring="generation", answered=answered, **changes)

    cells = [
        eval_toys.cell([1, 1, 1, 0]),
        generated([True, False, False, False], kind="cot", template="why"),
        generated([True, True, False, False], kind="cot", template="reasons"),
    ]
    assert [r.unparsed for r in results.of(cells, GIVEN, SETTING)] == [None, 0.25, 0.5]
    (summary,) = results.task_summaries(cells, GIVEN)
    assert (summary.unparsed, summary.unparsed_with_rationale) == (None, 0.375)
    (summary,) = results.task_summaries(cells[1:], GIVEN)
    assert summary.unparsed == 0.375


def test_bleu_says_which_tokenizer_it_read_by():
    answered = metrics.Answered(predicted_texts=("今天下雨",), references=(("今天下雨",),))
    cell = eval_toys.cell(
        [1], metrics=("bleu",), answered=answered, option_counts=(), shown_choice=()
    )
    given = {"sst2": baselines.Baselines(majority={}, heuristic={})}
    (result,) = results.of([cell], given, SETTING)
    assert results.as_json(result)["signature"] == "tok:zh|smooth:exp"
