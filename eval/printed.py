"""An evaluation's figures on standard output."""

import json
import pathlib

from eval import evaluation, figures, results


def show(found: evaluation.Evaluation, folder: pathlib.Path, *, as_json: bool) -> None:
    """Prints the figures of an evaluation that lies in `folder`: a table, or one JSON object."""
    if as_json:
        print(json.dumps(evaluation.as_json(found), ensure_ascii=False))
        return
    if found.setting.data == "embedded":
        print(figures.MICRO_WORLD)
    tasks = found.tasks()
    lines = [
        *((item.task, item) for item in tasks),
        *((f"= {item.cluster}", item) for item in results.cluster_summaries(found.cells, tasks)),
    ]
    width = max(len(name) for name, _ in lines)
    print(f"{'':{width}}  value  95 %          chance  majority  heuristic  unparsed  cut")
    for name, item in lines:
        print(
            f"{name:{width}}  {figures.number(item.mean):>5}  {figures.ends_of(item.ci95):12}"
            f"  {figures.number(item.chance):>6}  {figures.number(item.majority):>8}"
            f"  {figures.number(item.heuristic):>9}  {figures.number(item.unparsed):>8}"
            f"  {figures.number(item.cut):>3} "
            f"{figures.below_chance(item.ci95[1], item.chance)}".rstrip()
        )
    print(f"written to {folder}")
