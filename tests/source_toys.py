"""A toy task, and small datasets where the backends look for them."""

import contextlib
import json
import os

from flanlike import errors
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module
from task_registry import columns as row_module

os.environ["HF_HUB_OFFLINE"] = "1"  # read when `datasets` is imported

NAMES = ("no", "yes")
_MORE_ROWS = 5  # than the splits carve off


def task(names=NAMES, **changes):
    """Returns a task of one text and a label."""
    return task_module.Task(
        **{
            "name": "toy",
            "cluster": "sentiment",
            "fields": ("text",),
            "answers": task_module.Labels(names=names, words=names),
            "metrics": ("accuracy",),
            "templates": "toy",
            "microworld": "toy",
            "splits": {"train": "train[:-10]", "validation": "train[-10:]", "test": "test"},
            "preprocess": _Preprocess(names),
            "label_columns": {"label": names},
            "unlabelled": {"label": -1},
            **changes,
        }
    )


class _Preprocess:
    """A preprocess function with other label names, which pickles."""

    def __init__(self, names):
        self.names = names

    def __call__(self, row):
        text = row_module.text(row, "text")
        return {"text": text, "label": row_module.label(row, self.names, "label")}


def official_splits(task: task_module.Task) -> dict[str, int]:
    """Returns how many rows leave some for each of the task's splits, by official split."""
    counts: dict[str, int] = {}
    for expression in task.splits.values():
        split, part = rows_module.carve(expression, what=task.name)
        edges = [abs(edge) for edge in (part.start, part.stop) if edge is not None]
        counts[split] = max(counts.get(split, 0), *edges, 0) + _MORE_ROWS
    return counts


@contextlib.contextmanager
def tfds_rows(rows):
    """Makes every TFDS builder serve `rows`, through its own features' encoding."""
    import tensorflow_datasets as tfds

    def data_source(builder, split, **_):
        features = builder.info.features
        served = {}  # a row that is there many times is encoded once
        for row in rows:
            if id(row) not in served:
                encoded = features.serialize_example(features.encode_example(row))
                served[id(row)] = features.deserialize_example_np(encoded)
        return [served[id(row)] for row in rows]

    with tfds.testing.mock_data(as_data_source_fn=data_source):
        yield


def serve(monkeypatch, sizes, reasons=None, bad=None):
    """Makes the sources have these rows by task and split, and lack those with a reason."""

    def open_rows(task, data, split, *, skip_bad_rows):
        if split not in sizes[task.name]:
            raise errors.UserError(f"task {task.name!r}: no {split} there")
        return rows_module.Records(
            task=task,
            source=data,
            split=split,
            official_split=split,
            dropped=0,
            bad=(bad or {}).get(task.name, 0) if skip_bad_rows else 0,
            _rows=None,
            _indices=range(sizes[task.name][split]),
        )

    monkeypatch.setattr(opening, "availability", lambda task, data: (reasons or {}).get(task.name))
    monkeypatch.setattr(opening, "open_rows", open_rows)


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
