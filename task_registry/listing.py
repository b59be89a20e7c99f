"""What `python -m task_registry list` says of each task."""

from collections.abc import Sequence
from typing import Any

from flanlike.sources import opening
from flanlike.tasks import families, registry, templates
from flanlike.tasks import task as task_module

_COLUMNS = (
    "task", "cluster", "fwd", "inv", "cot", "metrics", "rows", "licence", "availability",
)  # fmt: skip
_MAX_WIDTH = {"cluster": 22, "metrics": 18, "licence": 20, "availability": 40}


def describe(found: registry.Registry, name: str) -> dict[str, Any]:
    """Returns what there is to know of a task, as plain JSON values."""
    task = found.task(name)
    template_set = found.templates(name)
    if families.family_of(name):
        reasons = dict.fromkeys(task_module.BACKENDS, "its rows are in a folder") | {"folder": None}
    else:
        reasons = {name: opening.availability(task, name) for name in task_module.BACKENDS}
    hub = task.hub and task.hub.repo + (f"/{task.hub.config}" if task.hub.config else "")
    return {
        "name": name,
        "cluster": task.cluster,
        "paper_cluster": task.paper_cluster,
        "flan_dataset": task.flan_dataset,
        "templates": {kind: len(getattr(template_set, kind)) for kind in templates.KINDS},
        "metrics": list(task.metrics),
        "sources": {"hub": hub, "tfds": task.tfds and task.tfds.name, "embedded": task.microworld},
        "availability": {backend: reason or "available" for backend, reason in reasons.items()},
        "note": _note(task),
        "licence": task.licence,
        "homepage": task.homepage,
    }


def table(described: Sequence[dict[str, Any]], width: int) -> list[str]:
    """Returns the heading and a line for each task, as long as `width` at most.

    What is too long for its column ends in an ellipsis. (rich's table, which measures every cell
    several times, took half of the command's time.)
    """
    rows = [_COLUMNS]
    for task in described:
        counts = task["templates"]
        rows.append(
            (
                task["name"],
                task["cluster"],
                str(counts["forward"]),
                str(counts["inverted"] + counts["cot_inverted"]),
                str(counts["cot"]),
                ", ".join(task["metrics"]),
                " ".join(b for b, state in task["availability"].items() if state == "available"),
                task["licence"],
                task["note"],
            )
        )
    lengths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths = [
        min(length, _MAX_WIDTH.get(name, length))
        for name, length in zip(_COLUMNS, lengths, strict=True)
    ]
    lines = []
    for row in rows:
        cells = [_cut(cell, limit).ljust(limit) for cell, limit in zip(row, widths, strict=True)]
        lines.append(_cut("  ".join(cells).rstrip(), width))
    return lines


def totals(described: Sequence[dict[str, Any]]) -> str:
    """Returns how many tasks there are, and how many datasets and clusters of the paper's."""
    of_paper = [task for task in described if task["flan_dataset"]]
    datasets = {task["flan_dataset"] for task in of_paper}
    clusters = {task["paper_cluster"] for task in of_paper}
    return (
        f"{len(described)} tasks; of the FLAN 2021 paper: {len(datasets)} datasets in "
        f"{len(clusters)} clusters ({len(of_paper)} tasks)"
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "\u2026"


def _note(task: task_module.Task) -> str:
    """Returns what stands in the way of the rows, and what of their sources was never checked."""
    notes = [task.how_to_get]
    if task.tfds and task.tfds.manual:
        notes.append(f"TFDS by hand: {task.tfds.manual}")
    if task.hub and task.hub.unverified:
        notes.append(f"hub from memory: {task.hub.unverified}")
    return "; ".join(note for note in notes if note)
