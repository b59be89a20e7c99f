"""Which records of a task may be drawn, and as which row numbers.

records    0 1 2 3 4 5 6 7         of a task with max_examples 5
sample     6 1 3 0 7               five of them, the same in every run
left out     1                     a place in the sample (see `overlap`)
rows       0 -> 6   1 -> 3   2 -> 0   3 -> 7
"""

import bisect
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from flanlike import seeding

_ROUNDS = 4
_MASK = (1 << 64) - 1


@dataclass(frozen=True, kw_only=True)
class Drawable(Sequence[int]):
    """The record of each drawable row; `left_out` are ascending places in the task's sample."""

    task: str
    rows: int  # that may be drawn, left-out ones not counted
    total: int  # records there are
    left_out: tuple[int, ...] = ()

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, row: int) -> int:
        if not 0 <= row < self.rows:  # also ends an iteration
            raise IndexError(f"task {self.task!r}: row {row!r} of {self.rows} drawable rows")
        place = row + bisect.bisect_right(self._gaps, row) if self.left_out else row
        if self.rows + len(self.left_out) >= self.total:
            return place
        return shuffled(place, self.total, self._seed)

    @functools.cached_property
    def _gaps(self) -> list[int]:
        """Returns how many kept places stand before each one that is left out."""
        return [place - number for number, place in enumerate(self.left_out)]

    @functools.cached_property
    def _seed(self) -> int:
        return seeding.key(self.task)


def shuffled(place: int, size: int, seed: int) -> int:
    """Returns where `place` of range(size) comes to stand in an order drawn by the seed.

    A Feistel network over two digits whose ranges multiply to `size` or little more; what falls
    beyond `size` goes round again. Grain's index_shuffle takes thirty times as long, for it works
    on at least 65,536 places.
    """
    left_size = math.isqrt(size - 1) + 1 if size > 1 else 1
    right_size = -(-size // left_size)
    while True:
        left, right = divmod(place, right_size)
        state = seed
        for _ in range(_ROUNDS):
            state = (state + 0x9E3779B97F4A7C15) & _MASK
            mixed = ((right + 1) * 0xD6E8FEB86659FD93 ^ state) & _MASK
            mixed = (mixed ^ (mixed >> 32)) * 0xBF58476D1CE4E5B9 & _MASK
            left = (left + (mixed >> 32)) % left_size
            mixed = ((left + 1) * 0x94D049BB133111EB ^ state) & _MASK
            mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93 & _MASK
            right = (right + (mixed >> 32)) % right_size
        place = left * right_size + right
        if place < size:
            return place
