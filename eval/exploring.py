"""The sections of a page that look into single answers: every prediction, what was taken for what,
votes of samples, and the texts of templates.
"""

from collections.abc import Sequence

import numpy as np

from eval import (
    evaluation,
    explorer,
    figures,
    kept_prompts,
    metrics,
    page,
    plots,
    predictions,
    results,
    run_folder,
)
from flanlike.tasks import texts

_MOST_LABELS = 20  # of a matrix that can still be read

_NOTE = (
    "Sure: the probability of the chosen option among the options, by the run's way of scoring. "
    "What the table shows stands in the page's address, which opens the same elsewhere."
)


def of_run(run: run_folder.Run) -> list[page.Block]:
    """Returns the table of a run's predictions, after tuning beside before."""
    named = [("before", run.before), ("after", run.after)]
    return _explorer(
        [_version(name, run, found) for name, found in named if found is not None],
        "Verdicts read before → after, and the other columns are those after tuning.",
    )


def of_runs(runs: Sequence[run_folder.Run]) -> list[page.Block]:
    """Returns the table of what runs answered after tuning, two of them side by side."""
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run.folder) for run in runs]
    versions = [_version(name, run, run.after) for name, run in zip(names, runs, strict=True)]
    shown = [page.literal(names[0]), page.literal(names[-1])]
    verdicts = (
        f"Verdicts read {shown[0]} → {shown[1]}, and the other columns are those of {shown[1]}."
    )
    if len(runs) > 2:
        verdicts = (
            "Two runs are compared, which you choose: verdicts read the first → the second, and "
            "the other columns are those of the second."
        )
    return _explorer(
        versions,
        f"{verdicts} Rows are side by side where the same row was asked by the same template.",
    )


def confusion(run: run_folder.Run) -> list[page.Block]:
    """Returns a matrix for each task whose rows all have the same labels: right by answered."""
    prompts = run.texts_asked(run.after)
    blocks: list[page.Block] = []
    for task, cells in results.grouped(run.after.cells, "task").items():
        main = predictions.headline(cells, prompts=run.prompts)
        if main and main[0].fixed_labels and main[0].answered.gold:
            blocks += _matrix(task, main, prompts)
    if not blocks:
        return []
    note = page.Text(
        text="A line is a right label, a column an answer; sums over the templates of the "
        f"headline, labels as the first of these calls them. Tasks of more than {_MOST_LABELS} "
        "labels have no matrix here.",
        role="note",
    )
    return [page.Fold(title="What was taken for what", hint="by label", blocks=[note, *blocks])]


def curves(run: run_folder.Run) -> list[page.Block]:
    """Returns how figures grow with the number of samples that vote."""
    voted = [cell for cell in run.after.cells if cell.curve and not cell.is_choosing]
    if not voted:
        return []
    lines = {
        task if kind == "cot" else f"{task}, {kind.replace('_', ' ')}": np.mean(
            [cell.curve for cell in cells], axis=0
        ).tolist()
        for (task, kind), cells in results.grouped(voted, "task", "kind").items()
    }
    most = max(len(cell.curve) for cell in voted)
    rows = [
        [
            page.literal(cell.task),
            page.literal(cell.template),
            *(figures.number(value) for value in cell.curve),
            *("–" for _ in range(most - len(cell.curve))),
        ]
        for cell in voted
    ]
    header = ("task", "template", *(str(count) for count in range(1, most + 1)))
    return [
        page.Heading(text="Votes of samples"),
        page.Figure(
            name="self_consistency",
            svg=plots.votes(lines),
            caption="The headline metric where the majority of so many chains of thought answers: "
            "means over templates and over subsets of the samples.",
        ),
        page.Table(header=header, rows=rows, words=(1,)),
    ]


def wordings(run: run_folder.Run) -> list[page.Block]:
    """Returns each template's text below its figure, a task to a fold."""
    kept = run.after.notes.get("templates", {})
    folds: list[page.Block] = []
    for task, cells in results.grouped(run.after.cells, "task").items():
        blocks: list[page.Block] = []
        for cell in cells:
            wording = kept.get(task, {}).get(cell.template)
            if wording and not cell.is_choosing:
                head = f"**{page.literal(cell.template)}** {figures.number(cell.value())}"
                text = f"{wording['input']}\n⟶ {wording['target']}"
                asked = {"task": task, "template": cell.template}
                blocks += [page.Text(text=head, predictions=asked), page.Code(text=text)]
        if blocks:
            count = texts.counted(len(blocks) // 2, "template")
            folds.append(page.Fold(title=page.literal(task), hint=count, blocks=blocks))
    return [page.Heading(text="Texts of the templates", level=3), *folds] if folds else []


def _version(name: str, run: run_folder.Run, found: evaluation.Evaluation) -> explorer.Version:
    return explorer.Version(name=name, found=found, prompts=run.texts_asked(found))


def _explorer(versions: Sequence[explorer.Version], note: str) -> list[page.Block]:
    data = explorer.data(versions)
    notes = [note] if len(versions) > 1 else []
    if any(not len(one.prompts) for one in versions):
        notes.append("Where an evaluation is from before prompts were kept, these are missing.")
    if data["without_prompt"]:
        notes.append(
            f"Prompts of {data['without_prompt']:,} answers are left out, for the page would be "
            f"too large with them: {kept_prompts.FILE} beside predictions.jsonl has them."
        )
    if data["left_out"]:
        notes.append(
            f"Left out: {data['left_out']:,} answers on validation rows, by which templates are "
            "chosen."
        )
    return [page.Explorer(packed=explorer.packed(data), note=" ".join([_NOTE, *notes]))]


def _matrix(
    task: str, cells: Sequence[predictions.Predictions], prompts: kept_prompts.Prompts
) -> list[page.Block]:
    pairs = [
        pair
        for cell in cells
        for pair in zip(cell.answered.judged, cell.answered.predicted, strict=True)
    ]
    names = _label_names(cells[0], prompts)
    labels = sorted({*names, *(label for pair in pairs for label in pair)} - {metrics.NO_ANSWER})
    if len(labels) > _MOST_LABELS:
        return []
    has_unread = any(answer == metrics.NO_ANSWER for _, answer in pairs)
    columns = [*labels, *([metrics.NO_ANSWER] if has_unread else [])]
    shown = [page.literal(names.get(label, f"label {label}")) for label in labels]
    counts = np.zeros((len(labels), len(columns)), int)
    for right, answer in pairs:
        counts[labels.index(right), columns.index(answer)] += 1
    rows = [
        [name, *(f"**{n}**" if i == j else str(n) for j, n in enumerate(line))]
        for i, (name, line) in enumerate(zip(shown, counts.tolist(), strict=True))
    ]
    name = page.literal(task)
    header = (f"{name}: right ↓ answer →", *shown, *(["not read"] if has_unread else []))
    about = f"{name}: what was taken for what"
    return [page.Table(header=header, rows=rows, is_small=True, about=about)]


def _label_names(cell: predictions.Predictions, prompts: kept_prompts.Prompts) -> dict[int, str]:
    """Returns what labels are called in a cell's options, as far as its prompts were kept."""
    found: dict[int, str] = {}
    for place, labels in enumerate(cell.labels):
        prompt = prompts.of(cell, place)
        if prompt is not None:
            for label, option in zip(labels, prompt.options, strict=True):
                found.setdefault(label, option)
    return found
