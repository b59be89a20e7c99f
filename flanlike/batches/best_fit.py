"""Best-fit packing of sizes into rows: longest first, each into the row that it fits best."""

import bisect
from collections.abc import Sequence

import numpy as np


def pack(sizes: Sequence[tuple[int, int]], capacity: tuple[int, int]) -> list[list[int]]:
    """Returns rows of indices into `sizes`, the largest first, each row within the capacity.

    A size is (source tokens, decoder tokens). A decoder's goes into the row that has the least
    room for it. Where both count, the row's room has to be most like the example, by their inner
    product: the one with the least room is 1 % worse there.

    pack([(0, 6), (0, 3), (0, 4), (0, 7)], (0, 10))  ->  [[3, 1], [0, 2]]
    """
    if capacity[0] == 0:
        return _best_fit_of_one([size for _, size in sizes], capacity[1])
    return _best_fit_of_two(sizes, capacity)


def _best_fit_of_one(sizes: Sequence[int], capacity: int) -> list[list[int]]:
    rows: list[list[int]] = []
    open_rows: list[tuple[int, int]] = []  # (room, row), sorted: the tightest fit by bisection
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        size = sizes[index]
        _check_size((0, size), (0, capacity))
        place = bisect.bisect_left(open_rows, (size, -1))
        if place < len(open_rows):
            room, row = open_rows.pop(place)
            rows[row].append(index)
        else:
            room, row = capacity, len(rows)
            rows.append([index])
        if room > size:
            bisect.insort(open_rows, (room - size, row))
    return rows


def _best_fit_of_two(
    sizes: Sequence[tuple[int, int]], capacity: tuple[int, int]
) -> list[list[int]]:
    limit = np.asarray(capacity)
    relative = np.asarray(sizes).reshape(-1, 2) / limit
    room = np.zeros((len(sizes), 2))  # of each row, as a share of the capacity
    rows: list[list[int]] = []
    for index in np.argsort(-relative.max(axis=1), kind="stable").tolist():
        _check_size(sizes[index], capacity)
        left = room[: len(rows)] - relative[index]
        fits = left.min(axis=1) >= -1e-9
        if fits.any():
            likeness = room[: len(rows)] @ relative[index]
            row = int(np.where(fits, likeness, -1.0).argmax())
            rows[row].append(index)
        else:
            row = len(rows)
            rows.append([index])
            room[row] = 1.0
        room[row] -= relative[index]
    return rows


def _check_size(size: tuple[int, int], capacity: tuple[int, int]) -> None:
    if size[0] > capacity[0] or size[1] > capacity[1]:
        raise ValueError(
            f"an example of {size!r} (source, decoder) tokens is longer than a row of "
            f"{capacity!r}; cut it with features.to_example"
        )
