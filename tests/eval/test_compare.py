"""Pages of several runs: grouped, compared row by row and over seeds."""

import json

import report_toys

from eval import compare, run_folder


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
