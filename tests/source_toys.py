"""Writes small datasets where the backends look for them."""

import json
import os

os.environ["HF_HUB_OFFLINE"] = "1"  # read when `datasets` is imported


def write_hub(root, task, split, rows, names):
    """Writes rows as Parquet as the task's repository has them, with `names` as ClassLabels."""
    import datasets

    folder = root / task.hub.repo / (task.hub.data_dir or task.hub.config or "")
    # Only files of such a name keep a split's own name, whatever it is ("test_r1").
    file = "0000.parquet" if task.hub.revision else f"{split}-00000-of-00001.parquet"
    folder /= split if task.hub.revision else "data"
    folder.mkdir(parents=True)
    dataset = datasets.Dataset.from_list([dict(row) for row in rows])
    for column, labels in names.items():
        dataset = dataset.cast_column(column, datasets.ClassLabel(names=list(labels)))
    dataset.to_parquet(folder / file)


def write_folder(root, name, *, manifest=None, **files):
    """Writes `<root>/<name>/<split>.jsonl` for each split=rows; bytes are written as they are."""
    (root / name).mkdir(parents=True, exist_ok=True)
    for split, rows in files.items():
        lines = rows if isinstance(rows, bytes) else _lines(rows)
        (root / name / f"{split}.jsonl").write_bytes(lines)
    if manifest:
        column, names = manifest
        entry = {"name": name, "label_field": column, "label_names": names}
        (root / "manifest.json").write_text(json.dumps({"datasets": [entry]}), "utf-8")


def _lines(rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
