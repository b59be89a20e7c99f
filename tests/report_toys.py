"""Runs that are made up, for the tests of what is reported of them."""

import json

import eval_toys

from eval import baselines, evaluation, results

GIVEN = {"sst2": baselines.Baselines(majority={"accuracy": 0.5}, heuristic={"accuracy": 0.55})}


def make_run(folder, *, seed=0, prompts="instructions", data="embedded", right=180):
    """Writes a finished run in which so many of 200 rows are right; returns its folder."""
    folder.mkdir(parents=True)
    config = {"mixture": "toy", "seed": seed, "prompts": prompts, "optim": {"peak_lr": 0.001}}
    (folder / "config.json").write_text(json.dumps(config))
    for step, count in ((0, 100), (9, right)):
        cell = eval_toys.cell([1] * count + [0] * (200 - count), prompts=prompts)
        sample = evaluation.Sample(
            task="sst2",
            template="opinion",
            row="test-0",
            inputs="Is <this> good?",
            options=("yes", "no"),
            probabilities=(0.75, 0.25),
            gold="yes",
            answer="yes",
            prompts=prompts,
        )
        evaluation.write(
            folder,
            evaluation.Evaluation(
                setting=results.Setting(run=folder.name, step=step, data=data, seed=seed),
                held_out=("sentiment",),
                options={},
                cells=[cell],
                given=GIVEN,
                samples=[sample],
            ),
        )
    return folder
