"""Written answers, with a model that is told what to write: this is about bookkeeping."""

import pytest
from eval_toys import Letters, collect

from eval import evaluation, generating, pace, protocol, results
from flanlike.models import generate as generate_module

SETTING = results.Setting(run="toy", step=0, data="embedded", seed=0)
DRAWN = {"temperature": 0.7, "samples": 3, "validation_rows": 0}


@pytest.fixture
def writing(monkeypatch):
    """Returns a function that makes models write what another says of each prompt and its place."""
    calls = []

    def teach(say):
        def generate(model, prompts, **how):
            calls.append((list(map(Letters().decode, prompts)), how))
            said = [say(calls[-1][0][i], i) for i in range(len(prompts))]
            return [
                generate_module.Written(Letters().encode(text), len(text) > 60) for text in said
            ]

        monkeypatch.setattr(generate_module, "generate", generate)
        return calls

    return teach


def evaluate(asked):
    return protocol.evaluate(None, Letters(), asked, setting=SETTING)


def test_texts_are_kept_and_those_cut_are_counted(writing, tmp_path):
    asked = collect("common_gen", validation_rows=0)
    writing(lambda prompt, i: "x" * 61 if i % 4 == 0 else "a dog runs")
    found = evaluate(asked)
    cells = [cell for cell in found.cells if cell.task == "common_gen"]
    assert {text for cell in cells for text in cell.texts} == {"x" * 61, "a dog runs"}
    for cell in cells:
        assert cell.is_cut == tuple(len(text) > 60 for text in cell.texts)
        assert cell.scoring == "generation" and not cell.samples and not cell.curve
    (summary,) = found.tasks()
    texts = [text for cell in cells for text in cell.texts]
    assert summary.cut == pytest.approx(sum(len(text) > 60 for text in texts) / len(texts))
    assert {result.cut for result in found.all_results()} <= {0.0, 0.5}
    evaluation.write(tmp_path, found)
    assert evaluation.read(tmp_path / "eval" / "0").cells == found.cells


def test_how_to_write_goes_to_the_model(writing):
    asked = collect("common_gen", validation_rows=0, temperature=0.7, top_k=40, stop=("\n\n",))
    calls = writing(lambda prompt, i: "a dog runs\n\nQ: more")
    found = evaluate(asked)
    assert {text for cell in found.cells for text in cell.texts} == {"a dog runs"}
    ((prompts, how),) = calls
    assert (how["decoding"].temperature, how["decoding"].top_k) == (0.7, 40)
    assert len(set(how["seeds"])) == len(prompts) == len(how["max_new_tokens"])
    stops = how["stops"]
    assert stops(Letters().encode("a\n\nb")) and not stops(Letters().encode("a\nb"))
    calls.clear()
    evaluate(collect("common_gen", validation_rows=0))
    assert (calls[0][1]["seeds"], calls[0][1]["stops"]) == ((), None)


def test_chains_of_thought_are_drawn_several_times_and_the_majority_counts(writing, tmp_path):
    """Of three samples two are right; what has no rationale is drawn once."""
    asked = collect("cot_gsm8k", **DRAWN)
    gold = {p.inputs: p.references[0] for cell in asked.cells for p in cell.prompts}

    def say(prompt, i):
        right = gold[prompt.removesuffix("\n")]
        place = sum(one == prompt for one in calls[-1][0][:i])
        return "Who knows? The answer is 77777." if place == 0 else f"The answer is {right}"

    calls = writing(say)
    found = evaluate(asked)
    cells = {kind: [c for c in found.cells if c.kind == kind] for kind in ("forward", "cot")}
    assert {cell.scoring for cell in cells["forward"]} == {"generation"}
    for cell in cells["cot"]:
        assert cell.scoring == "self_consistency" and cell.value() == 1.0
        assert {len(row) for row in cell.samples} == {3} == {len(row) for row in cell.votes}
        assert "77777" in cell.samples[0][0] and cell.texts[0] == cell.samples[0][1]
        assert cell.curve == pytest.approx([2 / 3, 1 / 3, 1.0])
        assert cell.cut == 0.0
    (summary,) = found.tasks()
    assert (summary.mean, summary.with_rationale) == (0.0, 1.0)
    evaluation.write(tmp_path, found)
    again = evaluation.read(tmp_path / "eval" / "0")
    assert again.cells == found.cells
    curves = [r for r in again.all_results() if r.curve]
    assert {r.kind for r in curves} == {"cot"} and curves[0].curve[-1] == curves[0].value


def test_least_to_most_asks_smaller_questions_first(writing):
    asked = collect("cot_gsm8k", least_to_most=True, validation_rows=0, generation_rows=1)
    gold = {p.inputs: p.references[0] for cell in asked.cells for p in cell.prompts}

    def say(prompt, i):
        prompt = prompt.removesuffix("\n")
        if prompt in gold:
            return "0"
        inputs = next(one for one in gold if prompt.startswith(one))
        if prompt.endswith("without its answer:"):
            return "1. How many?\n2. And then?"
        if prompt.endswith("A:"):
            return "Four.\n\nQ: else?" if "A: Four.\nQ: And then?" not in prompt else "Five."
        assert "Q: How many?\nA: Four.\nQ: And then?\nA: Five.\n" in prompt
        return f"So the answer is {gold[inputs]}"

    calls = writing(say)
    found = evaluate(asked)
    asked_twice = [cell for cell in found.cells if cell.kind == "cot"]
    cells = [cell for cell in found.cells if cell.kind == "least_to_most"]
    assert [c.template for c in cells] == [f"{c.template}:least_to_most" for c in asked_twice]
    for cell in cells:
        assert cell.steps == ((("How many?", "Four."), ("And then?", "Five.")),)
        assert cell.value() == 1.0 and cell.texts[0].startswith("So the answer")
    assert len(calls) == 5  # all else; then the list, two answers, the whole
    assert calls[1][1]["stops"] is None and calls[2][1]["stops"](Letters().encode("4\nQ: x"))
    (summary,) = found.tasks()
    assert (summary.mean, summary.with_rationale, summary.least_to_most) == (0.0, 0.0, 1.0)


def test_without_smaller_questions_the_prompt_is_asked_as_it_is(writing):
    asked = collect("cot_gsm8k", least_to_most=True, validation_rows=0, generation_rows=1)
    calls = writing(lambda prompt, i: "The answer is 3")
    found = evaluate(asked)
    chains = [cell.prompts[0].inputs + "\n" for cell in asked.cells if cell.kind == "cot"]
    assert len(calls) == 3 and calls[-1][0] == chains
    assert {c.steps for c in found.cells if c.kind == "least_to_most"} == {((),)}


def test_nothing_to_write_asks_no_model():
    settings = collect("sst2").settings
    assert generating.write(None, Letters(), "decoder", [], settings, pace.Silent()) == []
