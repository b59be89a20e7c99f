"""The protocol with a model that is told the answers: no parameters in a test of bookkeeping."""

import contextlib

import numpy as np
import pytest
from eval_toys import Letters, collect

from eval import evaluation, protocol, results
from flanlike import jsonl
from flanlike.batches import features
from flanlike.models import decode
from flanlike.models import generate as generate_module

SETTING = results.Setting(run="toy", step=0, data="embedded", seed=0)


@pytest.fixture
def knowing(monkeypatch):
    """Returns a function that makes decode know the right answers to some questions."""

    def teach(asked):
        gold = {p.inputs: p for cell in asked.cells for p in cell.prompts}

        def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, done):
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

        monkeypatch.setattr(decode, "option_scores", option_scores)
        monkeypatch.setattr(generate_module, "generate", generate)

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

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, done):
        given.extend(map(Letters().decode, prompts))
        return [np.zeros(len(choices)) for choices in options]

    monkeypatch.setattr(decode, "option_scores", option_scores)
    _evaluate(asked)
    assert given == [prompt.inputs + end for cell in asked.cells for prompt in cell.prompts]


@pytest.mark.parametrize(("family", "start"), [("decoder", "^"), ("encoder_decoder", "")])
def test_the_words_marks_go_to_the_model(monkeypatch, family, start):
    """BOS before a decoder's prompt, however long, and the words' own EOS."""
    monkeypatch.setattr(Letters, "marks", features.Marks(eos_id=7, bos_id=ord("^")))
    asked = collect("sst2", validation_rows=0, family=family)
    given = []

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, done):
        assert eos_id == 7
        given.extend(map(Letters().decode, prompts))
        return [np.zeros(len(choices)) for choices in options]

    monkeypatch.setattr(decode, "option_scores", option_scores)
    _evaluate(asked)
    assert given and all(text.startswith(start) and "^" not in text[1:] for text in given)


def test_what_is_done_is_reported_by_phase(monkeypatch):
    asked = collect("sst2", "common_gen", validation_rows=0)
    said = []

    class Reporter:
        @contextlib.contextmanager
        def phase(self, what, prompts):
            yield lambda count, share: said.append((what, prompts, count, share))

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, done):
        done(len(prompts), 1.0)
        return [np.zeros(len(choices)) for choices in options]

    def generate(model, prompts, *, done, **how):
        done(len(prompts), 1.0)
        return [generate_module.Written([], True) for _ in prompts]

    monkeypatch.setattr(decode, "option_scores", option_scores)
    monkeypatch.setattr(generate_module, "generate", generate)
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

    def option_scores(model, prompts, options, *, max_tokens_per_batch, eos_id, done):
        given.extend(map(Letters().decode, prompts))
        return [np.zeros(len(choices)) for choices in options]

    monkeypatch.setattr(decode, "option_scores", option_scores)
    notes = _evaluate(asked).notes
    assert all(len(text) <= limit for text in given)
    assert given == [p.inputs + "\n" for cell in asked.cells for p in cell.prompts]
    assert 0 < notes["truncated_prompts"] < notes["prompts"] == len(given)
    assert notes["cuts"]["rte"]["cut"] == notes["truncated_prompts"]


def test_clusters_that_only_the_instruction_decides_are_named(knowing):
    asked = collect("pick_giver", validation_rows=0)
    knowing(asked)
    assert _evaluate(asked).open_clusters == ("role_questions",)
