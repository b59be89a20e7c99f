"""Pages of several runs: grouped, compared row by row and over seeds."""

import json

import eval_toys
import report_toys

from eval import baselines, compare, evaluation, results, run_folder


def test_runs_are_grouped_by_what_differs_but_the_seed(tmp_path):
    runs = [
        report_toys.make_run(
            tmp_path / f"{prompts}-{seed}", seed=seed, prompts=prompts, right=right
        )
        for prompts, right in (("instructions", 180), ("inputs-only", 120))
        for seed in (0, 1)
    ]
    groups = compare.grouped([run_folder.read(run) for run in runs])
    assert [(group.name, len(group.runs)) for group in groups] == [
        ("instructions", 2),
        ("inputs-only", 2),
    ]
    markdown, as_html = compare.write(runs, tmp_path / "page")
    row = "| sentiment | .500 → **.900** [.900, .900] | .500 → **.600** [.600, .600] |"
    assert row in markdown.read_text()
    assert as_html.read_text().count("<svg") == 1


def test_two_runs_are_compared_row_by_row_and_groups_over_seeds(tmp_path):
    runs = [
        report_toys.make_run(tmp_path / f"{right}-{seed}", seed=seed, prompts=prompts, right=right)
        for prompts, right in (("instructions", 180), ("inputs-only", 120))
        for seed in (0, 1)
    ]

    def text(chosen):
        return compare.write(chosen, tmp_path / "page")[0].read_text()

    assert "| sst2 | .900 | .600 | 0 | 60 | −.300 [−" in text([runs[0], runs[2]])
    assert "| sst2 | .900 | .900 | 0 | 0 | +.000 [" in text(runs[:2])
    assert "| sentiment | 1 | −.300 [−" in text(runs)
    assert "## Every prediction" in text([runs[0], runs[2]])
    assert "## Every prediction" in text(runs)
    alone = text(runs[:1])
    assert "Row by row" not in alone and "Differences over seeds" not in alone


def test_groups_whose_differences_are_long_have_short_names(tmp_path):
    long = "a_folder_of_rows_with_a_name_that_is_long"
    runs = [report_toys.make_run(tmp_path / name, right=150) for name in ("one", "two", "three")]
    for run, init in zip(runs, ("default", long, long), strict=True):
        config = json.loads((run / "config.json").read_text())
        (run / "config.json").write_text(json.dumps({**config, "init": init}))
    text = compare.write(runs[:2], tmp_path / "page")[0].read_text()
    assert (
        f"- **two**: init {long}" in text.replace("\\", "") and "|  | one (1) | two (1) |" in text
    )
    text = compare.write(runs, tmp_path / "page")[0].read_text()
    assert "|  | group 1 (1) | group 2 (2) |" in text and "- **group 2**: init" in text


def _run_on_a_file(folder, *, seed, right):
    """Writes a run on a file of one's own, whose task and cluster have one name."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"mixture": "my_notes.jsonl", "seed": seed}))
    evaluation.write(
        folder,
        evaluation.Evaluation(
            setting=results.Setting(run=folder.name, step=9, data="file", seed=seed),
            held_out=(),
            options={},
            cells=[
                eval_toys.cell(
                    [1] * right + [0] * (10 - right), task="my_notes", cluster="my_notes"
                )
            ],
            given={"my_notes": baselines.Baselines(majority={}, heuristic={})},
        ),
    )
    return folder


def test_a_task_and_a_cluster_of_one_name_are_two_things(tmp_path):
    """Else a single run would have a range over seeds, and every seed would count twice."""
    one = _run_on_a_file(tmp_path / "one", seed=1, right=5)
    two = _run_on_a_file(tmp_path / "two", seed=2, right=9)

    def text(runs):
        return compare.write(runs, tmp_path / "page")[0].read_text().replace("\\", "")

    alone = text([one])
    assert "| my notes | **.500** | .500 |" in alone and "| my_notes | **.500** | .500 |" in alone
    both = text([one, two])
    assert "| my notes | **.700** [.500, .900] |" in both
    assert "| my_notes | **.700** [.500, .900] |" in both
