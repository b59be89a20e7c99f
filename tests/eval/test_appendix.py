"""The report's later sections: what is said of samples, and of how a run was asked."""

import dataclasses

import eval_toys
import pytest

from eval import appendix, evaluation, metrics, page, results, run_folder


def _asked(answered, *, sample, options=None, **changes):
    """Returns an evaluation of one row, and what is shown of it."""
    n = len(answered.predicted or answered.predicted_texts)
    cell = eval_toys.cell([0] * n, answered=answered, **changes)
    return evaluation.Evaluation(
        setting=results.Setting(run="toy", step=9, data="rows", seed=0),
        held_out=(),
        options=options or {},
        cells=[cell],
        given={},
        samples=[sample],
    )


def _written(text, references, metric, gold):
    sample = evaluation.Sample(
        task="sst2",
        template="opinion",
        row="test-0",
        inputs="How many?",
        options=(),
        probabilities=(),
        gold=gold,
        answer=text,
    )
    answered = metrics.Answered(predicted_texts=(text,), references=(references,))
    return _asked(answered, sample=sample, metrics=(metric,), scoring="generation")


def _run(tmp_path, after, before=None, **config):
    return run_folder.Run(
        folder=tmp_path, config=config, before=before, after=after, training=(), composition={}
    )


@pytest.mark.parametrize(
    ("text", "metric", "verdict"),
    [
        ("5.00", "number_match", "right"),
        ("six", "number_match", "wrong"),
        ("the five or 5", "squad_f1", "squad_f1 .500"),
        ("It is 5.", "bleu", None),  # which knows of no row alone
    ],
)
def test_a_sample_is_right_where_the_metric_says_so(text, metric, verdict, tmp_path):
    found = _written(text, ("5",), metric, "Two and three are 5. The answer is 5.")
    heading, fold = appendix.samples(_run(tmp_path, found))
    assert page.to_text(fold.hint) == (
        "opinion" if verdict is None else f"opinion \u00b7 {verdict}"
    )
    before = _written("4", ("5",), metric, "The answer is 5.")
    heading, fold = appendix.samples(_run(tmp_path, found, before))
    told = "opinion" if verdict is None else f"opinion \u00b7 before wrong, after {verdict}"
    assert page.to_text(fold.hint) == told


def test_a_ranked_sample_is_right_by_any_right_option(tmp_path):
    sample = evaluation.Sample(
        task="sst2",
        template="opinion",
        row="test-0",
        inputs="Which?",
        options=("a", "b", "c"),
        probabilities=(0.5, 0.3, 0.2),
        gold="a",
        answer="a",
    )
    answered = metrics.Answered(predicted=(0,), gold=(0,), also_right=((1,),))
    after = _asked(answered, sample=sample)
    earlier = dataclasses.replace(answered, predicted=(1,))
    before = _asked(earlier, sample=dataclasses.replace(sample, gold="b", answer="b"))
    _, fold = appendix.samples(_run(tmp_path, after, before))
    assert page.to_text(fold.hint) == "opinion \u00b7 before right, after right"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "(summed log-probability of each option), free"),
        ({"scoring": "per-token"}, "(log-probability of each option over its tokens), free"),
        ({"scoring": "pmi", "eos": False}, "less that without a question, without its end), free"),
        ({"per_token": True}, "over its tokens), free"),  # as older folders have it
    ],
)
def test_the_report_says_by_what_options_were_compared(options, said, tmp_path):
    sample = evaluation.Sample(
        **dict.fromkeys(("task", "template", "row", "inputs", "gold", "answer"), "x"),
        options=(),
        probabilities=(),
    )
    answered = metrics.Answered(predicted=(0,), gold=(0,))
    run = _run(tmp_path, _asked(answered, sample=sample, options=options), steps=9)
    heading, text, commands, config = appendix.how(run, "python train.py --steps 9")
    assert said in text.text
    assert commands.text == f"python train.py --steps 9\npython -m eval --run {tmp_path}"


@pytest.mark.parametrize(
    ("prompts", "options", "said"),
    [
        ("instructions", {}, ", under every forward template, no exemplars; answers"),
        ("inputs-only", {}, ", once each, without a template (inputs-only), no exemplars; answers"),
        ("instructions", {"shots": 2, "exemplars": "random"}, ", 2 exemplars; answers"),
        (
            "instructions",
            {"shots": 2, "exemplars": "similar", "demonstrations": "random-labels"},
            ", 2 exemplars (similar, random-labels); answers",
        ),
    ],
)
def test_the_report_says_what_stood_before_and_around_a_question(prompts, options, said, tmp_path):
    found = _written("5", ("5",), "number_match", "5")
    cells = [dataclasses.replace(cell, prompts=prompts) for cell in found.cells]
    found = dataclasses.replace(found, cells=cells, options=options)
    _, text, *_ = appendix.how(_run(tmp_path, found), "")
    assert said in page.to_text(text.text)


def test_a_model_that_no_run_has_made_is_asked_again_by_its_own_command(tmp_path):
    found = _written("5", ("5",), "number_match", "5")
    _, _, commands, _ = appendix.how(_run(tmp_path, found, steps=0), "python -m eval --model M")
    assert commands.text == "python -m eval --model M"
