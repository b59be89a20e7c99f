"""A file of instructions, and its rows as the source gives them."""

import task_registry
from flanlike.sources import opening

SPLITS = ("train", "validation", "test")


def opened(path, split="train", *, format=None, data="file", **flags):
    """Returns the records of a split of the file."""
    found = task_registry.registry(format=format).tasks_of(str(path))[0]
    return opening.open_rows(found, data, split, **flags)


def every(path, **flags):
    """Returns the records of all splits, in the order of the file's rows."""
    found = {}
    for split in SPLITS:
        records = opened(path, split, **flags)
        for index in range(len(records)):
            found[int(records.row_id(index).partition("/")[2])] = records[index]
    return [found[number] for number in sorted(found)]
