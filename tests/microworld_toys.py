"""Rows of the micro-world, for tests that look into many of them."""

from flanlike.microworld import generators
from flanlike.tasks import task


def rows(name: str, count: int = 300, split: str = "train") -> list[task.Record]:
    """Returns the first rows of a task's generator."""
    return [generators.generate(name, split, row) for row in range(count)]
