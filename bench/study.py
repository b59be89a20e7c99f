"""What a sweep's models answer, beside how often it is right: the second table of docs/study.md.

    python bench/study.py OUT                 # OUT: the folder of a sweep, or of one run
    python bench/study.py OUT --by task       # a line a task in place of a line a cluster
    python bench/study.py OUT --plot FILE.svg --condition full    # the sweep's figures, by cluster

A model of few parameters may be right or wrong by answering one label whatever it is asked. So for
each condition, before and after tuning, each a mean over runs, tasks and templates of the headline:

    accuracy        as in the sweep's table
    one answer      share of rows given the label (or, where options differ from row to row, the
                    place) that the model gives most often under that template; chance is a little
                    above 1 / options
    less its bias   accuracy when each answer's probability is divided by its mean over the rows of
                    the template: batch calibration, Zhou et al. 2024, section 3, which uses no gold
    sure            mean probability of the option chosen: above the accuracy, it is too sure
    Brier           of the probabilities that options were chosen by (eval/calibration.py)
"""

import argparse
import json
import pathlib
import sys
from collections.abc import Callable, Sequence

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eval import calibration, plots, predictions, run_folder, scoring  # noqa: E402
from flanlike import atomic, errors  # noqa: E402

Cells = Sequence[predictions.Predictions]


@errors.exits_with_one_line
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path, help="folder of a sweep, or of one run")
    parser.add_argument("--by", choices=("cluster", "task"), default="cluster")
    parser.add_argument("--plot", type=pathlib.Path, help="SVG to write, of a sweep's clusters")
    parser.add_argument("--condition", help="of the plot; default: the sweep's first")
    given = parser.parse_args()
    found = conditions(given.out)
    if given.plot:
        condition = given.condition or next(iter(found))
        atomic.write(given.plot, plot(given.out, found, condition))
        print(given.plot)
        return
    print(table(found, given.by))


def conditions(out: pathlib.Path) -> dict[str, list[run_folder.Run]]:
    """Returns the finished runs below a folder by condition: their names without the seed."""
    folders = [out] if (out / "config.json").is_file() else sorted(out.iterdir())
    found: dict[str, list[run_folder.Run]] = {}
    for folder in folders:
        if len([*folder.glob("eval/[0-9]*")]) > 1:  # before the first step and after the last
            run = run_folder.read(folder)
            found.setdefault(run.name.rpartition("-")[0] or run.name, []).append(run)
    if not found:
        raise errors.UserError(f"{out} holds no finished run: give the --out of a sweep")
    return found


def table(found: dict[str, list[run_folder.Run]], by: str) -> str:
    """Returns the lines of a Markdown table: condition, cluster or task, before and after."""
    header = ("condition", by, "rows", *(name for name in _MEASURES))
    lines = [header, ("---", "---", *("---:" for _ in header[2:]))]
    for condition, runs in found.items():
        before = [cell for run in runs if run.before for cell in _ranked(run.before.cells)]
        after = [cell for run in runs for cell in _ranked(run.after.cells)]
        for name in ("", *dict.fromkeys(getattr(cell, by) for cell in after)):
            both = [
                [cell for cell in cells if name in ("", getattr(cell, by))]
                for cells in (before, after)
            ]
            rows = {(cell.task, row) for cell in both[1] for row in cell.rows}
            shown = [_before_after(of, *both) for of in _MEASURES.values()]
            lines.append((condition, name or "all", f"{len(rows):,}", *shown))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plot(out: pathlib.Path, found: dict[str, list[run_folder.Run]], condition: str) -> str:
    """Returns an SVG of a condition's clusters before and after, means over the sweep's runs.

    Baselines are of its first run: they belong to the rows, which all runs are asked.
    """
    path = out / "table.json"
    if condition not in found or not path.is_file():
        raise errors.UserError(f"{out} is no finished sweep with a condition {condition!r}")
    lines = json.loads(path.read_text())["lines"]
    of_cluster = {x["cluster"]: x for x in lines if x["condition"] == condition and x["cluster"]}
    bars = [
        plots.Bar(
            name=change.name,
            before=_ends(of_cluster[change.name]["untuned"]),
            after=_ends(of_cluster[change.name]["tuned"]),
            chance=change.chance,
            majority=change.majority,
            heuristic=change.heuristic,
        )
        for change in found[condition][0].changes
        if change.name in of_cluster
    ]
    return plots.standalone(plots.held_out(bars))


def _ends(estimate: dict[str, float]) -> tuple[float, float, float]:
    return estimate["value"], estimate["low"], estimate["high"]


def most_given(cell: predictions.Predictions) -> float:
    """Returns the share of rows that are given the answer given most often."""
    return float(np.bincount(_answers(cell)).max() / len(cell.rows))


def less_its_bias(cell: predictions.Predictions) -> float:
    """Returns the accuracy with each answer's mean probability over the rows divided out."""
    scores = _scores(cell)
    # Probabilities [rows, answers]; an answer that a row lacks has none.
    shares_RA = np.zeros((len(scores), 1 + max(map(max, _names(cell)))))
    for row, (names, score) in enumerate(zip(_names(cell), scores, strict=True)):
        shares_RA[row, list(names)] = score.probabilities
    shares_RA /= np.maximum(shares_RA.mean(axis=0), np.finfo(float).tiny)
    chosen_R = shares_RA.argmax(axis=1)
    right = [
        any(names[place] == chosen for place in places)
        for names, places, chosen in zip(_names(cell), cell.shown_right, chosen_R, strict=True)
    ]
    return float(np.mean(right))


def _names(cell: predictions.Predictions) -> Sequence[Sequence[int]]:
    """Returns what each option shown is called by: its label, or else its place."""
    if cell.fixed_labels:
        return cell.labels
    return [range(count) for count in cell.option_counts]


def _answers(cell: predictions.Predictions) -> list[int]:
    names = zip(_names(cell), cell.shown_choice, strict=True)
    return [labels[choice] for labels, choice in names]


def _ranked(cells: Cells) -> Cells:
    """Returns the headline cells whose options were ranked and are counted as right or wrong."""
    chosen = []
    for task in dict.fromkeys(cell.task for cell in cells):
        own = [cell for cell in cells if cell.task == task]
        chosen += predictions.headline(own, prompts=own[0].prompts)
    return [cell for cell in chosen if cell.scored and cell.labels and "accuracy" in cell.metrics]


def _before_after(
    measure: Callable[[predictions.Predictions], float], before: Cells, after: Cells
) -> str:
    shown = [_mean(measure, cells) for cells in (before, after) if cells]
    return " → ".join(f"{value:.3f}".removeprefix("0") for value in shown)


def _mean(measure: Callable[[predictions.Predictions], float], cells: Cells) -> float:
    """Returns the mean over tasks of the mean over a task's templates and runs."""
    by_task: dict[str, list[float]] = {}
    for cell in cells:
        by_task.setdefault(cell.task, []).append(measure(cell))
    return float(np.mean([np.mean(values) for values in by_task.values()]))


def sure(cell: predictions.Predictions) -> float:
    """Returns the mean over rows of the chosen option's probability among the row's options."""
    return float(np.mean([max(score.probabilities) for score in _scores(cell)]))


def brier(cell: predictions.Predictions) -> float:
    found = calibration.of_cell(cell)
    assert found is not None, "only ranked cells are measured"
    return found.brier


def _scores(cell: predictions.Predictions) -> list[scoring.Score]:
    way, eos = scoring.WAYS[cell.scoring]
    return scoring.scores(cell.scored, way, eos=eos)


_MEASURES: dict[str, Callable[[predictions.Predictions], float]] = {
    "accuracy": lambda cell: cell.value("accuracy"),
    "one answer": most_given,
    "less its bias": less_its_bias,
    "sure": sure,
    "Brier": brier,
}


if __name__ == "__main__":
    main()
