"""Chance and majority on literal records, and answers read from text."""

import random

import pytest
import template_toys

from eval import answers, baselines, metrics
from flanlike.prompts import render
from flanlike.tasks import layouts
from flanlike.tasks import task as tasks


def _task(answers_, **changes):
    given = dict(
        name="toy",
        cluster="nli",
        fields=("sentence",),
        answers=answers_,
        metrics=("accuracy",),
        templates="toy",
        microworld="toy",
    )
    return tasks.Task(**(given | changes))


LABELS = _task(tasks.Labels(names=("negative", "positive"), words=("bad", "good")))
CHOICES = _task(tasks.Choices())
FREE = _task(tasks.FreeText(), metrics=("squad_f1",))


def test_chance_is_the_mean_of_one_over_the_options():
    assert baselines.chance([2, 4]) == 0.375
    assert baselines.chance([]) is None


def test_majority_label_comes_from_train_not_from_test():
    train = [{"sentence": "a", "label": 1}, {"sentence": "b", "label": 1}, {"label": 0}]
    test = [{"sentence": "c", "label": 0}, {"sentence": "d", "label": 0}, {"label": 1}]
    answered = baselines.majority(LABELS, train, test)
    assert answered.predicted == (1, 1, 1)
    assert metrics.compute("accuracy", answered) == pytest.approx(1 / 3)


def test_majority_of_choices_is_the_answer_most_often_right():
    train = [{"options": ["owl", "eel"], "label": 1}, {"options": ["eel", "ant"], "label": 0}]
    test = [{"options": ["ant", "eel"], "label": 0}, {"options": ["eel", "owl"], "label": 0}]
    assert baselines.majority(CHOICES, train, test).predicted == (1, 0)


def test_where_the_majority_answer_is_no_option_a_guess_takes_its_place():
    train = [{"options": ["owl", "eel"], "label": 0}]
    offered = [{"options": ["owl", f"x{row}"], "label": 0} for row in range(200)]
    others = [{"options": [f"x{row}", f"y{row}"], "label": 0} for row in range(200)]
    predicted = baselines.majority(CHOICES, train, offered + others).predicted
    assert sum(predicted[:200]) == 0
    assert 70 < sum(predicted[200:]) < 130
    assert predicted == baselines.majority(CHOICES, train, offered + others).predicted


def test_a_majority_answer_that_most_rows_do_not_offer_is_no_baseline():
    """Guesses alone would be called the majority, and may lie above chance or below by luck."""
    train = [{"sentence": "s", "options": ["owl", "eel"], "label": 0}]
    test = [{"sentence": "s", "options": [f"x{row}", f"y{row}"], "label": 0} for row in range(9)]
    assert baselines.majority(CHOICES, train, test) is None
    found = baselines.of(CHOICES, train, test)
    assert found.majority == {}
    assert found.heuristic


def test_majority_text_is_the_commonest_reference():
    train = [{"references": ["owl"]}, {"references": ["owl", "bird"]}, {"references": ["eel"]}]
    answered = baselines.majority(FREE, train, [{"references": ["an owl"]}])
    assert answered.predicted_texts == ("owl",)
    assert metrics.compute("squad_f1", answered) == 1.0


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        ("{answer}", "yes", "yes"),
        ("{rationale}\nSo it is {answer}.", "Eels are fish.\nSo it is yes.", "yes"),
        ("{rationale}\nSo it is {answer}.", "No idea.\nperhaps.", "perhaps"),
        ("{rationale} Answer: {answer}", "One. Answer: 3 Answer: 4", "4"),
        ("{answer}, because {rationale}", "yes", "yes"),
    ],
)
def test_the_answer_is_read_by_the_wording_of_the_target(target, text, expected):
    assert answers.after_rationale(target, text) == expected


def test_texts_are_read_as_labels_by_the_words_of_their_prompt():
    template = template_toys.template_of(answers={"entailment": "true", "not_entailment": "false"})
    for seed in range(4):
        prompt = render.render(
            template_toys.task_of(),
            template,
            {"premise": "It rains.", "hypothesis": "It is dry.", "label": 0},
            layout=layouts.Layout(),
            source="folder",
            split="test",
            row_id="test/0",
            seed=seed,
        )
        words = {p.casefold(): answers.label_said(prompt, f"{p}.") for p in ("False", "True")}
        assert words["false"] != words["true"]
        assert words[prompt.targets] == 0
        assert answers.label_said(prompt, "so so") == answers.NO_ANSWER


def test_number_labels_give_numbers():
    task = _task(tasks.Labels(names=("0", "1"), words=("0", "1")))
    answered = answers.from_labels(task, [{"label": 1, "score": 0.8}], [0])
    assert (answered.predicted_numbers, answered.gold_numbers) == ((0.0,), (0.8,))


def test_baselines_hold_the_best_trivial_heuristic_beside_the_majority():
    train = [{"sentence": "x " * (1 + 9 * (i % 2)), "label": i % 2} for i in range(40)]
    train.append({"sentence": "x", "label": 0})
    found = baselines.of(LABELS, train, train[:20])
    assert found.majority == {"accuracy": 0.5}
    assert (found.heuristic_name, found.heuristic) == ("fitted length", {"accuracy": 1.0})


def test_the_heuristic_is_not_chosen_on_the_test_rows():
    """Of rules that know nothing the one that does best on sixty rows is .075 above chance."""
    values = []
    for seed in range(40):
        rng = random.Random(seed)
        records = [
            {"sentence": " ".join("x" * rng.randint(1, 9)), "label": rng.randint(0, 1)}
            for _ in range(360)
        ]
        found = baselines.of(LABELS, records[:300], records[300:])
        values.append(found.heuristic["accuracy"])
    assert abs(sum(values) / len(values) - 0.5) < 0.03


def test_metrics_that_no_heuristic_knows_have_none():
    task = _task(tasks.FreeText(), metrics=("rouge1", "squad_em"))
    record = {"sentence": "owl", "references": ["owl"]}
    found = baselines.of(task, [record], [record])
    assert found.heuristic == {"squad_em": 1.0}
    assert set(found.majority) == {"rouge1", "squad_em"}


def test_an_answer_that_cannot_be_read_counts_as_the_middle_number():
    scores = ("0", "1", "2")
    task = _task(tasks.Labels(names=scores, words=scores))
    records = [{"label": 2, "score": 1.8}, {"label": 0, "score": 0.1}]
    answered = answers.from_labels(task, records, [2, answers.NO_ANSWER])
    assert answered.predicted_numbers == (2.0, 1.0)


def test_guessing_is_likelier_to_be_right_where_several_options_are():
    assert baselines.chance([2, 4]) == 0.375
    assert baselines.chance([2, 4], [2, 1]) == 0.625


@pytest.mark.parametrize(
    ("metric", "references", "value"),
    [
        ("exact_match", ["negative"], 0.0),  # "negative?" is another text
        ("exact_match", ["negative?"], 1.0),
        ("squad_em", ["The negative"], 1.0),
        ("number_match", ["2"], 1.0),  # of all of the sentence its last number
    ],
)
def test_what_a_heuristic_writes_is_measured_as_what_a_model_does(metric, references, value):
    task = _task(tasks.FreeText(), metrics=(metric,))
    record = {"sentence": "2 texts: positive or negative?", "references": references}
    assert baselines.of(task, [record], [record]).heuristic == {metric: value}


def test_a_heuristic_is_chosen_by_the_metric_it_is_shown_for():
    """By words alone the last word of the first field would do as well, and its figure be 0."""
    task = _task(tasks.FreeText(), fields=("one", "two"), metrics=("exact_match",))
    record = {"one": "It is so!", "two": "Is it so", "references": ["so"]}
    found = baselines.of(task, [record] * 3, [record])
    assert (found.heuristic_name, found.heuristic) == ("last word of two", {"exact_match": 1.0})
