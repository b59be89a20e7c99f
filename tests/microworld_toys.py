"""Rows and words of the micro-world, for tests that look into many of them."""

from flanlike.microworld import generators, ontology
from flanlike.tasks import task

# The words that mean the same as a word, itself among them, and those that mean the contrary.
SAME = {
    word: same for scale in ontology.SCALES for same in (scale.low, scale.high) for word in same
}
OPPOSITE = {
    word: opposite
    for scale in ontology.SCALES
    for same, opposite in ((scale.low, scale.high), (scale.high, scale.low))
    for word in same
}


def rows(name: str, count: int = 300, split: str = "train") -> list[task.Record]:
    """Returns the first rows of a task's generator."""
    return [generators.generate(name, split, row) for row in range(count)]
