"""The protocol with a model that is told the answers: no parameters in a test of bookkeeping."""

import contextlib

import numpy as np
import pytest
from eval_toys import TINY, Letters, collect, scored_by, written_by

import task_registry
from eval import (
    evaluation,
    explorer,
    kept_prompts,
    lm_eval_export,
    predictions,
    protocol,
    questions,
    requests,
    results,
    scoring,
)
from flanlike import config as config_lib
from flanlike import errors, jsonl, models
from flanlike.batches import features
from flanlike.models import decode
from flanlike.models import generate as generate_module

SETTING = results.Setting(run="toy", step=0, data="embedded", seed=0)


@pytest.fixture
def knowing(monkeypatch):
    """Returns a function that makes decode know the right answers to some questions."""

    def teach(asked):
        gold = {p.inputs: p for cell in asked.cells for p in cell.prompts}

        def option_scores(
            model, prompts, options, *, max_tokens_per_batch, eos_id, ends_source, done
        ):
            words = Letters()
            found = []
            for prompt, choices in zip(prompts, options, strict=True):
                right = gold[words.decode(prompt).removesuffix("\n")].targets
                found.append(np.array([-1.0 - (words.decode(c) != right) for c in choices]))
            return found

        def generate(model, prompts, *, done, **how):
            words = Letters()
            found = [gold[words.decode(prompt).removesuffix("\n")].targets for prompt in prompts]
            return [generate_module.Written(words.encode(text), False) for text in found]

        monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))
        monkeypatch.setattr(generate_module, "written_in_batches", written_by(generate))

    return teach


def _evaluate(asked):
    return protocol.evaluate(None, Letters(), asked, setting=SETTING, held_out=("sentiment",))


def test_right_answers_are_right_by_every_metric(knowing):
    asked = collect("sst2", "cot_ecqa", "common_gen", "multirc")
    knowing(asked)
    found = _evaluate(asked)
    assert found.notes["truncated_prompts"] == 0
    assert {result.scoring for result in found.all_results()} == {"rank", "generation"}
    for result in found.all_results():
        assert result.value == pytest.approx(1.0), (result.task, result.template, result.metric)
    by_task = {item.task: item for item in found.tasks()}
    assert by_task["sst2"].best_on_validation == 1.0
    assert by_task["cot_ecqa"].with_rationale == 1.0


def test_an_evaluation_is_read_back_as_written(knowing, tmp_path):
    asked = collect("sst2", "common_gen")
    knowing(asked)
    found = _evaluate(asked)
    evaluation.write(tmp_path, found)
    again = evaluation.read(tmp_path / "eval" / "0")
    assert again.cells == found.cells
    assert [s.inputs for s in again.samples] == [s.inputs for s in found.samples]
    assert again.samples[0].probabilities == pytest.approx(found.samples[0].probabilities, 1e-5)
    assert again.all_results() == found.all_results()
    lines = jsonl.read(tmp_path / "eval" / "0" / "results.jsonl")
    assert len(list(lines)) == len(found.all_results())


def test_every_prompt_is_kept_with_its_options_and_what_is_right(knowing, tmp_path):
    asked = collect("sst2", "common_gen")
    knowing(asked)
    found = _evaluate(asked)
    kept = kept_prompts.read(evaluation.write(tmp_path, found))
    for cell, its_questions in zip(found.cells, _in_order(asked), strict=True):
        for place, prompt in enumerate(its_questions.prompts):
            own = kept.of(cell, place)
            assert own.inputs == prompt.inputs
            if its_questions.is_generated:
                assert (own.options, own.gold) == ((), prompt.targets)
            else:
                assert (own.options, own.gold) == (prompt.options, prompt.options[prompt.gold])
    texts = found.notes["templates"]["sst2"]
    assert set(texts) == {cell.template for cell in asked.cells if cell.task.name == "sst2"}
    assert all("{sentence}" in one["input"] and one["target"] for one in texts.values())


def _in_order(asked):
    """Returns the questions in the order in which they are answered."""
    return sorted(asked.cells, key=lambda cell: cell.is_generated)


def test_samples_show_options_with_probabilities(knowing):
    asked = collect("sst2", validation_rows=0)
    knowing(asked)
    sample = _evaluate(asked).samples[0]
    assert sample.answer == sample.gold
    assert sum(sample.probabilities) == pytest.approx(1.0)
    assert sample.inputs == asked.cells[0].prompts[0].inputs


@pytest.mark.parametrize(("family", "end"), [("decoder", "\n"), ("encoder_decoder", "")])
def test_a_decoder_is_asked_as_it_was_trained_with_a_newline_at_the_end(monkeypatch, family, end):
    asked = collect("sst2", validation_rows=0, family=family)
    given = []

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, ends_source, done):
        given.extend(map(Letters().decode, prompts))
        return [np.zeros(len(choices)) for choices in options]

    monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))
    _evaluate(asked)
    assert given == [prompt.inputs + end for cell in asked.cells for prompt in cell.prompts]


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_the_words_marks_go_to_the_model(monkeypatch, family):
    """BOS before a prompt, however long, the words' own EOS, and whether it ends a source."""
    monkeypatch.setattr(Letters, "marks", features.Marks(7, ord("^"), ends_inputs=False))
    asked = collect("sst2", validation_rows=0, family=family)
    given = []

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, ends_source, done):
        assert eos_id == 7 and not ends_source
        given.extend(map(Letters().decode, prompts))
        return [np.zeros(len(choices)) for choices in options]

    monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))
    _evaluate(asked)
    assert given and all(text.startswith("^") and "^" not in text[1:] for text in given)


def test_what_is_done_is_reported_by_phase(monkeypatch):
    asked = collect("sst2", "common_gen", validation_rows=0)
    said = []

    class Reporter:
        @contextlib.contextmanager
        def phase(self, what, prompts):
            yield lambda count, share: said.append((what, prompts, count, share))

        def waiting(self, what):
            return contextlib.nullcontext()

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, ends_source, done):
        done(len(prompts), 1.0)
        return [np.zeros(len(choices)) for choices in options]

    def generate(model, prompts, *, done, **how):
        done(len(prompts), 1.0)
        return [generate_module.Written([], True) for _ in prompts]

    monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))
    monkeypatch.setattr(generate_module, "written_in_batches", written_by(generate))
    protocol.evaluate(None, Letters(), asked, setting=SETTING, reporter=Reporter())
    counts = [
        sum(len(c.prompts) for c in asked.cells if c.is_generated is g) for g in (False, True)
    ]
    assert said == [
        ("scoring options", counts[0], counts[0], 1.0),
        ("writing answers", counts[1], counts[1], 1.0),
    ]


def test_long_prompts_lose_text_of_the_row_alone_and_are_counted(monkeypatch):
    limit = 180
    asked = collect("rte", validation_rows=0, max_input_tokens=limit)
    given = []

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, ends_source, done):
        given.extend(map(Letters().decode, prompts))
        return [np.zeros(len(choices)) for choices in options]

    monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))
    notes = _evaluate(asked).notes
    assert all(len(text) <= limit for text in given)
    prompts = [p.inputs + "\n" for cell in asked.cells for p in cell.prompts]
    assert given == list(dict.fromkeys(prompts))  # what became the same is asked once
    assert 0 < notes["truncated_prompts"] < notes["prompts"] == len(prompts)
    assert notes["cuts"]["rte"]["cut"] == notes["truncated_prompts"]


def test_clusters_that_only_the_instruction_decides_are_named(knowing):
    asked = collect("pick_giver", validation_rows=0)
    knowing(asked)
    assert _evaluate(asked).open_clusters == ("role_questions",)


def test_a_row_keeps_what_every_scoring_needs(knowing, tmp_path):
    asked = collect("sst2", validation_rows=0, content_free=True)
    first = asked.cells[0]
    known = {p.inputs: p for p in first.prompts}

    def option_scores(model, prompts, options, **how):
        words = Letters()
        texts = [words.decode(prompt).removesuffix("\n") for prompt in prompts]
        return [
            np.array([-1.0 if text in known else -len(c) for c in choices])
            for text, choices in zip(texts, options, strict=True)
        ]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decode, "scored_options", scored_by(option_scores))
        found = _evaluate(asked)
    evaluation.write(tmp_path, found)
    cell = evaluation.read(tmp_path / "eval" / "0").cells[0]
    assert cell == found.cells[0]
    assert len(cell.prompt_hashes) == len(cell.scored) == len(cell.labels) == len(cell.rows)
    options, prompt = cell.scored[0], first.prompts[0]
    assert options.log_probs == (-1.0, -1.0)
    assert options.bytes == options.tokens == tuple(map(len, prompt.options))
    assert options.premise == tuple(-float(len(o)) for o in prompt.options)
    assert options.content_free == (options.premise,) * 3
    longest = max(range(2), key=lambda place: len(prompt.options[place]))
    rescored = predictions.rescored(cell, "pmi")
    assert rescored.scoring == "rank_pmi"
    assert rescored.shown_choice[0] == longest  # equally likely, and unlikely without the prompt
    assert rescored.answered.predicted[0] == prompt.label_of_option[longest]
    assert predictions.rescored(cell, "sum").answered == cell.answered


def test_prompts_without_content_have_no_word_of_the_row():
    asked = collect("sst2", validation_rows=0, rows_per_task=1, content_free=True)
    for cell in asked.cells:
        (texts,) = [[Letters().decode(ids) for ids in each] for each in cell.content_free]
        assert len(texts) == len(scoring.CONTENT_FREE)
        for text, without in zip(texts, scoring.CONTENT_FREE, strict=True):
            record = cell.records[0]
            shown = cell.prompts[0].inputs.replace(record["sentence"], without)
            assert text == shown + "\n"


def test_an_evaluation_that_is_cut_off_goes_on_where_it_was(monkeypatch, tmp_path):
    asked = collect("sst2", validation_rows=0)
    model = models.build(TINY, seed=0)
    expected = _evaluate_for_real(model, asked, tmp_path / "whole")
    real, seen = decode.scored_options, []

    def until_killed(model, prompts, options, **how):
        seen.append(len(prompts))
        for number, batch in enumerate(real(model, prompts, options, **how)):
            if number == killed_at:
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(decode, "scored_options", until_killed)
    for killed_at in (1, 2, None):
        if killed_at is None:
            found = _evaluate_for_real(model, asked, tmp_path / "cut")
        else:
            with pytest.raises(KeyboardInterrupt):
                _evaluate_for_real(model, asked, tmp_path / "cut")
    assert seen[0] > seen[1] > seen[2] > 0
    assert [c.answered for c in found.cells] == [c.answered for c in expected.cells]
    killed_at = None
    again = _evaluate_for_real(model, asked, tmp_path / "cut")
    assert len(seen) == 3  # nothing is asked that is known
    assert again.cells == found.cells
    other = models.build(TINY, seed=1)
    _evaluate_for_real(other, asked, tmp_path / "cut")
    assert seen[3] == seen[0]  # another model's answers are its own


def test_a_damaged_cache_is_told_and_left_as_it_is(tmp_path):
    asked = collect("sst2", validation_rows=0)
    (tmp_path / requests.FILE).write_bytes(b"no database " * 100)
    with pytest.raises(errors.UserError, match="requests.sqlite: cannot be read or written"):
        _evaluate_for_real(models.build(TINY, seed=0), asked, tmp_path)
    assert (tmp_path / requests.FILE).read_bytes() == b"no database " * 100


def _evaluate_for_real(model, asked, cache):
    return protocol.evaluate(model, Letters(), asked, setting=SETTING, cache=cache)


SEVERAL = """
from flanlike import task

OPTIONS = ["an owl", "an eel", "a wren"]


def flyers() -> task.Task:
    return task.Task(
        name="flyers", cluster="commonsense", fields=("question",), answers=task.Choices(),
        metrics=("accuracy",), templates="flyers",
        rows=lambda split: [{"number": i} for i in range(12)],
        preprocess=lambda row: {
            "question": f"What flies? ({row['number']})", "options": OPTIONS, "label": 0,
            **({"also_right": [2]} if row["number"] % 2 else {}),
        },
    )


TASKS = [flyers]
"""
ASKED = """
[[template]]
id = "ask"
kind = "forward"
input = "{question}\\n\\n{options}"
target = "{answer}"
"""


@pytest.mark.parametrize("likeliest", ["an owl", "a wren", "an eel"])
def test_any_of_a_rows_right_options_is_right(monkeypatch, tmp_path, likeliest):
    (tmp_path / "mine.py").write_text(SEVERAL)
    (tmp_path / "flyers.toml").write_text(ASKED)
    asked = questions.collect(
        ["flyers"],
        task_registry.registry(str(tmp_path / "mine.py")),
        Letters(),
        data="embedded",
        family="decoder",
        settings=config_lib.EvalConfig(rows_per_task=8, validation_rows=0, max_input_tokens=400),
    )

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, ends_source, done):
        words = Letters()
        is_likeliest = [[words.decode(one) == likeliest for one in row] for row in options]
        return [np.where(row, -1.0, -3.0) for row in is_likeliest]

    monkeypatch.setattr(decode, "scored_options", scored_by(option_scores))
    found = _evaluate(asked)
    path = tmp_path / "predictions.jsonl"
    predictions.write(path, found.cells)
    (cell,) = predictions.read(path)
    assert (cell,) == tuple(found.cells)
    is_odd = [bool(also) for also in cell.answered.also_right]
    share = sum(is_odd) / len(is_odd)
    assert 0 < share < 1
    expected = {"an owl": 1, "a wren": share, "an eel": 0}[likeliest]
    assert cell.value() == predictions.rescored(cell, "per-byte").value() == expected
    (result,) = [one for one in found.all_results() if one.metric == "accuracy"]
    assert result.value == expected and result.chance == pytest.approx((1 + share) / 3)
    for places, odd in zip(cell.shown_right, is_odd, strict=True):
        assert len(places) == 1 + odd
    rows = lm_eval_export.rows(asked.cells[0])
    assert [tuple(row["gold"]) for row in rows] == list(cell.shown_right)
    assert all(sample.gold == sample.answer for sample in found.samples) == (likeliest == "an owl")
    scored = [row["score"] for row in explorer._answers(cell, kept_prompts.Prompts(), None)]
    assert scored == [int(expected == 1 or (expected > 0 and odd)) for odd in is_odd]
