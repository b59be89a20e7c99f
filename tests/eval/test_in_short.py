"""The report's first screen: three sentences and a picture, from made-up runs."""

import dataclasses
import json
import re

import eval_toys
import pytest

from eval import baselines, evaluation, in_short, page, report, results, run_folder

# Cluster: its task, and how many of 200 rows are right before and after.
SOME = {
    "nli": ("rte", 101, 70),
    "sentiment": ("sst2", 118, 160),
    "paraphrase": ("glue_mrpc", 100, 104),
}


def _run(folder, figures, *, data="embedded", steps=(0, 9), config=None, tasks=None):
    """Writes a run: of each cluster so many of the first rows are right, and 100 by guessing."""
    folder.mkdir(parents=True)
    config = {"mixture": "toy", "prompts": "instructions", **(config or {})}
    (folder / "config.json").write_text(json.dumps(config))
    if tasks:
        shares = [{"task": t, "cluster": c, "rows": 9, "share": s} for t, c, s in tasks]
        (folder / "composition.json").write_text(json.dumps({"mixture": "toy", "tasks": shares}))
    for step in steps:
        cells = [
            eval_toys.cell(
                [int(row < (after if step else before)) for row in range(200)],
                task=task,
                cluster=cluster,
            )
            for cluster, (task, before, after) in figures.items()
        ]
        given = baselines.Baselines(majority={"accuracy": 0.45}, heuristic={"accuracy": 0.48})
        evaluation.write(
            folder,
            evaluation.Evaluation(
                setting=results.Setting(run=folder.name, step=step, data=data, seed=0),
                held_out=tuple(figures),
                options={},
                cells=cells,
                given={task: given for task, _, _ in figures.values()},
                samples=[],
            ),
        )
    return folder


def _sentences(folder):
    return [page.to_text(one) for one in in_short.sentences(run_folder.read(folder))]


def test_what_was_learned_is_told_in_three_sentences(tmp_path):
    tasks = [("xsum", "summarization", 0.4), ("drop", "reading_comprehension", 0.6)]
    assert _sentences(_run(tmp_path / "run", SOME, tasks=tasks)) == [
        "A language model practised 2 sorts of exercises (reading comprehension, summarization) in "
        "a small made-up world, each put to it in plain English.",
        "Then it was asked 3 sorts that it had never practised, with no example shown.",
        "At 1 of 3 it now does better than before, guessing and simple tricks, by more than luck "
        "explains: sentiment (59 → 80 of 100); at the others that cannot be said, and at nli it "
        "does worse than before.",
    ]


def test_where_nothing_was_learned_nothing_is_claimed(tmp_path):
    none = {"sentiment": ("sst2", 118, 119), "nli": ("rte", 101, 102)}
    (*_, found) = _sentences(_run(tmp_path / "run", none, data="rows"))
    assert found == (
        "At 0 of 2 it now does better than before, guessing and simple tricks, by more than luck "
        "explains: that it learned anything cannot be said."
    )
    assert "made-up" not in " ".join(_sentences(tmp_path / "run"))


def test_without_a_before_none_is_compared_with(tmp_path):
    (*_, found) = _sentences(_run(tmp_path / "run", SOME, steps=(9,)))
    assert "better than guessing and simple tricks" in found and "sentiment (80 of 100)" in found


def test_a_model_that_was_only_asked_has_no_such_screen(tmp_path):
    folder = _run(tmp_path / "run", SOME, steps=(0,), config={"steps": 0, "init": "some"})
    assert _sentences(folder) == [] and in_short.blocks(run_folder.read(folder)) == []


def test_the_screen_stands_first_on_both_pages_with_a_picture_that_says_what_it_shows(tmp_path):
    markdown, as_html = report.write(_run(tmp_path / "run", SOME))
    first, second, third = markdown.read_text().split("\n\n")[:3]
    assert first == "# run" and second.startswith("A language model practised")
    assert third.startswith("![How many of 100 answers are right")
    assert "plots/in_short.svg" in third and (tmp_path / "run/plots/in_short.svg").is_file()
    svg = as_html.read_text().partition("<figure>")[2].partition("</figure>")[0]
    label = re.search(r'aria-label="([^"]+)"', svg)[1]
    assert "sentiment: 59 → 80 of 100, learned; paraphrase" in label and "nli: " in label
    assert ">praise or blame?<" in svg and ">worse<" in svg  # in words that need no paper
    assert svg.index("praise or blame?") > svg.index("does it follow?")  # drawn from below


def test_texts_for_a_terminal_have_no_marks():
    nasty = page.literal("word\n**x**")
    assert page.to_text(f"**2 of 6**: `a` {nasty}") == "2 of 6: a word **x**"


@pytest.mark.parametrize(
    ("metric", "shown"),
    [
        ("accuracy", "80 of 100"),
        ("accuracy, squad_em", "80 of 100"),
        ("number_match", "80 of 100"),
        ("squad_f1", ".800"),
        ("accuracy, quac_f1, squad_em", ".800"),
    ],
)
def test_only_what_is_a_share_of_all_rows_is_so_many_of_100(metric, shown, tmp_path):
    run = run_folder.read(_run(tmp_path / "run", SOME))
    change = next(one for one in run.changes if one.name == "sentiment")
    told = in_short._change(dataclasses.replace(change, metric=metric, before=None))
    assert told == shown
