"""Several runs in one page."""

import json

import eval_toys

from eval import baselines, compare, evaluation, results


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
