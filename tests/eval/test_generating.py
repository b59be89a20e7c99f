"""Written answers, with a model that is told what to write: this is about bookkeeping."""

import sqlite3

import pytest
from eval_toys import TINY, Letters, collect, written_by

from eval import evaluation, executing, generating, pace, protocol, requests, results
from flanlike import errors, models
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

        monkeypatch.setattr(generate_module, "written_in_batches", written_by(generate))
        return calls

    return teach


def evaluate(asked, model=None, cache=None):
    return protocol.evaluate(model, Letters(), asked, setting=SETTING, cache=cache)


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


class Killed:
    """Writes texts in batches of four, and may die after one of them."""

    def __init__(self):
        self.real = generate_module.written_in_batches
        self.is_real = False
        self.dies_after = None
        self.seen = []  # how many prompts it was asked, call by call

    def written_in_batches(self, model, prompts, **how):
        self.seen.append(len(prompts))
        batches = self.real(model, prompts, **how) if self.is_real else self._say(prompts, **how)
        for number, batch in enumerate(batches, 1):
            yield batch
            if number == self.dies_after:
                raise KeyboardInterrupt

    def _say(self, prompts, *, seeds, batch_size, **how):
        """Writes another text to another prompt, and with another seed."""
        for first in range(0, len(prompts), batch_size):
            places = range(first, min(len(prompts), first + batch_size))
            texts = {i: f"{sum(prompts[i])}? {seeds[i] if seeds else 0}?" for i in places}
            encode = Letters().encode
            yield {i: generate_module.Written(encode(t), i % 2 == 0) for i, t in texts.items()}


@pytest.fixture
def killed(monkeypatch):
    found = Killed()
    monkeypatch.setattr(generating, "_BATCH", 4)
    monkeypatch.setattr(generate_module, "written_in_batches", found.written_in_batches)
    return found


@pytest.mark.parametrize(
    ("is_real", "way"),
    [
        (True, {"temperature": 0.9, "stop": ("\n", "e"), "generation_rows": 1}),
        (False, {}),
        (False, {"temperature": 0.9, "samples": 2}),
        (False, {"beams": 2}),
    ],
    ids=str,
)
def test_what_was_written_is_not_written_again(killed, tmp_path, is_real, way):
    killed.is_real, seen = is_real, killed.seen
    model = models.build(TINY, seed=0)
    asked = collect("cot_gsm8k", **{"validation_rows": 0, "max_new_tokens": 6} | way)
    whole = evaluate(asked, model, tmp_path / "whole")
    rows = seen.pop()
    killed.dies_after = 1
    with pytest.raises(KeyboardInterrupt):
        evaluate(asked, model, tmp_path / "cut")
    killed.dies_after = None
    found = evaluate(asked, model, tmp_path / "cut")
    assert seen == [rows, rows - 4] and rows > 4
    assert found.cells == whole.cells
    evaluate(asked, model, tmp_path / "cut")
    assert len(seen) == 2  # nothing is asked that is known
    evaluate(asked, models.build(TINY, seed=1), tmp_path / "cut")
    assert seen[2] == rows  # another model's texts are its own


def test_texts_are_of_all_that_they_were_written_with(killed, tmp_path):
    seen = killed.seen
    model = models.build(TINY, seed=0)
    ways = [
        {},
        {"max_new_tokens": 4},
        {"stop": ("e",)},
        {"beams": 2},
        {"beams": 2, "length_penalty": 0.5},
        {"temperature": 0.5},
        {"temperature": 0.6},
        {"temperature": 0.6, "top_k": 2},
        {"temperature": 0.6, "top_p": 0.5},
    ]
    few = {"validation_rows": 0, "generation_rows": 1, "max_new_tokens": 3}
    for way in ways:
        evaluate(collect("common_gen", **few | way), model, tmp_path)
    assert len(seen) == len(ways) and len(set(seen)) == 1
    evaluate(collect("common_gen", **few | {"temperature": 0.6, "samples": 2}), model, tmp_path)
    assert len(seen) == len(ways)  # the first sample is the one there is; no chain of thought


def test_a_sample_is_drawn_beside_those_that_are_kept(killed, tmp_path):
    """A sweep over the number of samples draws only what is new."""
    seen = killed.seen
    model = models.build(TINY, seed=0)
    few = {"validation_rows": 0, "generation_rows": 1, "max_new_tokens": 3, "temperature": 0.6}
    evaluate(collect("cot_gsm8k", **few, samples=2), model, tmp_path)
    evaluate(collect("cot_gsm8k", **few, samples=3), model, tmp_path)
    chains = sum(cell.kind == "cot" for cell in collect("cot_gsm8k", **few).cells)
    assert seen[1] == chains


def test_least_to_most_goes_on_in_the_round_where_it_was_cut_off(killed, tmp_path):
    """Each round asks what the last one wrote: none of it may differ from one time to the other."""
    seen = killed.seen
    model = models.build(TINY, seed=0)
    asked = collect("cot_gsm8k", validation_rows=0, max_new_tokens=5, least_to_most=True)
    whole = evaluate(asked, model, tmp_path / "whole")
    rounds, seen[:] = list(seen), []
    killed.dies_after = 1
    calls = 0
    found = None
    while found is None:
        try:
            found = evaluate(asked, model, tmp_path / "cut")
        except KeyboardInterrupt:
            calls += 1
    assert found.cells == whole.cells
    assert calls == sum(-(-count // 4) for count in rounds)


def test_a_damaged_cache_of_texts_is_told_and_left_as_it_is(killed, tmp_path):
    model = models.build(TINY, seed=0)
    asked = collect("common_gen", validation_rows=0, max_new_tokens=3)
    evaluate(asked, model, tmp_path)
    path = tmp_path / requests.FILE
    with sqlite3.connect(path) as database:
        database.execute("UPDATE answers SET answer = substr(answer, 1, 5)")
    database.close()
    before = path.read_bytes()
    with pytest.raises(errors.UserError, match="requests.sqlite: cannot be read or written"):
        evaluate(asked, model, tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("executes", [False, True])
def test_programs_are_run_only_where_that_is_allowed(writing, monkeypatch, executes):
    ran = []

    def passed(programs):
        ran.extend(programs)
        return ["return x" in program for program in programs]

    monkeypatch.setattr(executing, "passed", passed)
    asked = collect("mbpp", validation_rows=0, execute_code=executes)
    writing(lambda prompt, i: "```python\ndef f(x):\n    return x\n```" if i % 2 else "no idea")
    found = evaluate(asked)
    (summary,) = found.tasks()
    assert (summary.metric, bool(ran)) == (
        ("pass_at_1", True) if executes else ("edit_similarity", False)
    )
    assert found.notes["not_executed"] == ([] if executes else ["mbpp"])
    if executes:
        assert summary.mean == pytest.approx(0.5, abs=0.1)
        assert all("assert " in program for program in ran)
        assert any(program.startswith("def f(x):\n    return x\n\nassert ") for program in ran)
