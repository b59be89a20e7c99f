"""The data of the table of predictions, and the sections that look into single answers."""

import base64
import dataclasses
import gzip
import html
import json
import re

import eval_toys
import explorer_toys as toys

from eval import evaluation, explorer, exploring, metrics, page, plots, run_folder


def _unpacked(packed):
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def test_a_prediction_has_its_prompt_options_and_probabilities():
    found = explorer.data([toys.version("after", toys.ranked([True, False]))])
    assert found["versions"] == ["after"]
    assert found["prompts"] == [
        ("Does it follow? Number 0.", ("yes", "no"), "yes"),
        ("Does it follow? Number 1.", ("yes", "no"), "yes"),
    ]
    (cell,) = found["cells"]
    assert (cell["task"], cell["template"], cell["metric"]) == ("rte", "entail", "right or wrong")
    assert cell["wording"]["target"] == "{answer}"
    assert found["predictions"] == [
        [0, "test-0", dict(score=1, choice=0, gold=0, probabilities=[0.745, 0.255], prompt=0)],
        [0, "test-1", dict(score=0, choice=1, gold=0, probabilities=[0.01, 0.99], prompt=1)],
    ]


def test_a_written_answer_has_its_text_and_what_is_wrong_with_it():
    found = explorer.data([toys.version("after", toys.written(["12", "none"], ["12", "7"]))])
    first, second = (answer for _, _, answer in found["predictions"])
    assert first == dict(score=1, text="12", read="12", prompt=0)
    assert second == dict(score=0, text="none", read="none", unread=1, cut=1, prompt=1)


def test_two_evaluations_are_in_line_by_row():
    first = toys.version("base", toys.ranked([True, False]))
    second = toys.version(
        "tuned", toys.ranked([True, True, True]), toys.ranked([True], template="other")
    )
    found = explorer.data([first, second])
    scores = [[one and one["score"] for one in answers] for _, _, *answers in found["predictions"]]
    assert scores == [[1, 1], [0, 1], [None, 1], [None, 1]]
    assert len(found["prompts"]) == 3  # equal ones are there once


def test_rows_of_another_source_are_not_in_line_though_they_bear_the_same_ids():
    first = toys.version("embedded", toys.written(["12", "7"], ["12", "7"]))
    second = toys.version("folder", toys.written(["12", "7"], ["12", "8"]))
    found = explorer.data([first, second, first])
    scores = [[one and one["score"] for one in answers] for _, _, *answers in found["predictions"]]
    assert scores == [[1, None, 1], [1, None, 1], [None, 1, None], [None, 0, None]]
    assert [cell["task"] for cell in found["cells"]] == ["gsm8k", "gsm8k"]


def test_what_templates_are_chosen_by_is_left_out_and_counted():
    cell, prompts = toys.ranked([True] * 3)
    chosen = toys.replaced(cell, is_choosing=True, split="validation")
    found = explorer.data([toys.version("after", (cell, prompts), (chosen, []))])
    assert (len(found["predictions"]), found["left_out"]) == (3, 3)


def test_prompts_that_have_no_room_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(explorer, "MOST_LETTERS", 50)
    found = explorer.data([toys.version("after", toys.ranked([True, False]))])
    (_, _, first), (_, _, second) = found["predictions"]
    assert first["prompt"] == 0 and "prompt" not in second
    assert (second["right"], found["without_prompt"]) == ("yes", 1)
    (block,) = exploring.of_run(_run(tmp_path, toys.ranked([True, False])))
    assert "Prompts of 1 answers are left out" in block.note


def test_an_evaluation_of_before_columns_were_kept_shows_what_there_is():
    found = explorer.data([toys.version("after", (eval_toys.cell([1, 0]), []))])
    assert found["predictions"][1] == [0, "test-1", dict(score=0, choice=0, gold=0)]


def test_every_right_option_is_told():
    cell, prompts = toys.ranked([True, False])
    answered = dataclasses.replace(cell.answered, also_right=((0,), ()))  # labels are shown as 1, 0
    found = explorer.data(
        [toys.version("after", (dataclasses.replace(cell, answered=answered), prompts))]
    )
    (_, _, first), (_, _, second) = found["predictions"]
    assert (first["gold"], first["also"]) == (0, [1])
    assert "also" not in second


def test_rows_without_a_verdict_of_their_own_have_none():
    numbers = metrics.Answered(predicted_numbers=(1.0, 2.0), gold_numbers=(1.0, 2.0))
    cell = eval_toys.cell([0, 0], answered=numbers, metrics=("pearson",))
    assert explorer.scores(cell) == ()


def test_data_within_a_page_ends_no_element(tmp_path):
    text = f"{toys.HOSTILE} \ud800"  # half a pair too
    packed = explorer.packed({"text": text})
    assert re.fullmatch("[A-Za-z0-9+/=]+", packed)
    assert _unpacked(packed) == {"text": text}
    for suffix, end in (("js", "</script"), ("css", "</style")):
        assert end not in page._asset(suffix).lower()
    text = page.to_html("", [page.Explorer(packed=packed, note=page.literal("<b>"))])
    assert text.count("<script") == text.count("</script>") == 2
    assert "&lt;b&gt;" in text
    assert "innerHTML" not in page._asset("js")


def test_markdown_says_where_the_table_is():
    text = page.to_markdown([page.Explorer(packed="", note="A note.")])
    assert text == "## Every prediction\n\nThe HTML page has the table. A note.\n"


def _run(tmp_path, *pairs):
    """Returns a run of one evaluation, as its folder has it."""
    made = toys.version("run", *pairs)
    prompts = [prompt for _, each in pairs for prompt in each]
    folder = evaluation.write(tmp_path, toys.replaced(made.found, prompts=prompts))
    return run_folder.Run(
        folder=tmp_path,
        config={},
        before=None,
        after=evaluation.read(folder),
        training=[],
        composition={},
    )


def test_a_run_has_its_predictions_as_it_keeps_them(tmp_path):
    (block,) = exploring.of_run(_run(tmp_path, toys.ranked([True, False])))
    found = _unpacked(block.packed)
    assert found["versions"] == ["after"]
    assert found["prompts"][0] == ["Does it follow? Number 0.", ["yes", "no"], "yes"]
    assert "missing" not in block.note


def test_two_runs_of_one_name_are_told_apart(tmp_path):
    runs = [_run(tmp_path / part / "run", toys.ranked([True])) for part in "ab"]
    (block,) = exploring.of_runs(runs)
    assert _unpacked(block.packed)["versions"] == [str(run.folder) for run in runs]


def test_of_more_than_two_runs_a_reader_chooses(tmp_path):
    runs = [_run(tmp_path / name, toys.ranked([True])) for name in "abc"]
    (block,) = exploring.of_runs(runs)
    found = _unpacked(block.packed)
    assert found["versions"] == ["a", "b", "c"]
    assert [len(answers) for _, _, *answers in found["predictions"]] == [3]
    assert "which you choose" in block.note
    assert "which you choose" not in exploring.of_runs(runs[:2])[0].note


def test_rows_are_in_line_after_other_exemplars_too():
    cell, prompts = toys.ranked([True])
    two = toys.version("two", (toys.replaced(cell, shots=2), prompts))
    found = explorer.data([toys.version("zero", (cell, prompts)), two])
    assert [cell["shots"] for cell in found["cells"]] == [[0, 2]]
    assert len(found["predictions"]) == 1
    alone = explorer.data([two, toys.version("other", toys.ranked([True], task="cb"))])
    assert [cell["shots"] for cell in alone["cells"]] == [[2, None], [None, 0]]


def test_a_matrix_says_what_was_taken_for_what(tmp_path):
    cell, prompts = toys.ranked([True, True, False])
    unread = metrics.Answered(
        predicted=(1, 0, metrics.NO_ANSWER), gold=(1, 1, 0), unparsed=(False, False, True)
    )
    pairs = (toys.replaced(cell, answered=unread), prompts)
    (fold,) = exploring.confusion(_run(tmp_path, pairs))
    text = page.to_markdown([fold])
    assert "| rte: right ↓ answer → | no | yes | not read |" in text
    assert 'aria-label="rte: what was taken for what"' in page.to_html("", [fold])
    assert "| no | **0** | 0 | 1 |" in text and "| yes | 1 | **1** | 0 |" in text
    own = toys.replaced(cell, fixed_labels=False)
    assert exploring.confusion(_run(tmp_path / "own", (own, prompts))) == []


def test_votes_are_drawn_by_their_number(tmp_path):
    cell, prompts = toys.ranked([True])
    voted = dict(curve=(0.5, 0.75), kind="cot")
    steps = dict(curve=(0.5,), kind="least_to_most", template="entail:least_to_most")
    run = _run(tmp_path, *((toys.replaced(cell, **one), prompts) for one in (voted, steps)))
    text = page.to_markdown(exploring.curves(run))
    assert "| task | template | 1 | 2 |" in text and "| rte | entail | .500 | .750 |" in text
    assert "| rte | entail:least_to_most | .500 | – |" in text
    as_html = page.to_html("", exploring.curves(run))
    assert ">rte</text>" in as_html and ">rte, least to most</text>" in as_html
    assert exploring.curves(_run(tmp_path / "none", (cell, prompts))) == []


def test_a_share_is_not_drawn_below_zero():
    assert "−" not in plots.votes({"gsm8k": [0.0, 0.0]})
    assert "−" not in plots.by_shots({"gsm8k": [(0, 0.0, 0.0, 0.1), (1, 0.0, 0.0, 0.1)]})
    assert "−" in plots.votes({"sts": [-0.1, 0.2]})


def test_the_text_of_a_template_stands_with_its_figure(tmp_path):
    blocks = exploring.wordings(_run(tmp_path, toys.ranked([True, False])))
    text = page.to_html("", blocks)
    link = '<a href="#task=rte&amp;template=entail">predictions</a>'
    assert f"<strong>entail</strong> .500 {link}" in text
    assert f"{{premise}} {toys.HOSTILE}\n⟶ {{answer}}" in html.unescape(text)
