"""One made-up row of every task as the hub, TFDS and a folder store it, and its record.

Class ids are stored as integers. `names` are the hub's ClassLabel names, by column; the folder
gives those of `manifest` in its manifest. TFDS brings its own. `hub_record` and `tfds_record` stand
where that copy of the dataset says less than the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Layouts:
    record: Row
    hub: Row | None = None  # None: no repository
    tfds: Row | None = None  # None: no builder
    folder: Row
    names: Mapping[str, list[str]] = field(default_factory=dict)
    manifest: tuple[str, list[str]] | None = None
    hub_record: Row | None = None
    tfds_record: Row | None = None


def same(record: Row, row: Row, label: list[str] | None = None, **extra: Any) -> Layouts:
    """Returns layouts that agree; TFDS and the folder have the columns of `row` alone."""
    names = {"label": label} if label else {}
    manifest = ("label", label) if label else None
    hub = {**row, **extra}
    return Layouts(record=record, hub=hub, tfds=hub, folder=row, names=names, manifest=manifest)


SENTENCES = {"sentence1": "Lena sold it.", "sentence2": "It was sold by Lena."}
SUM = {"question": "Leo has 600 plums and buys as many. How many now?"}
WORKED = SUM | {"answer": "He has 600+600=<<600+600=1200>>1,200.\n#### 1,200"}
