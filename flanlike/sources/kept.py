"""Numbers about a large file, such as where its rows begin: on the disk, and mapped from there.

They are made once and kept in the user's cache folder for the next process, which takes them where
the file has the size and the time of its last change that it had. Of a small file, whose numbers
are made faster than looked up, they are in memory. Where the cache folder cannot be written they
are in a temporary file without a name, and made anew by each process.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import IO, Any

from flanlike import atomic, cache
from flanlike.sources import opened

LEAST = 1 << 28  # bytes of a file whose numbers are kept on the disk
LEAST_PARSED = 1 << 23  # the same, of a format whose rows are parsed to find them
KIND = "indexes"  # the folder's name

_HEAD = 4  # numbers: which version of this, the file's time and size, how many numbers follow
_VERSION = 1

Parts = Iterator[tuple[Any, ...]]  # int64 arrays, one for each name


def numbers(
    file: opened.OpenedFile,
    names: Sequence[str],
    make: Callable[[], Parts],
    *,
    is_parsed: bool = False,
) -> tuple[Any, ...]:
    """Returns an int64 array for each name: all parts that `make` yields, one after the other."""
    import numpy as np  # not where tasks are only listed

    if file.size < (LEAST_PARSED if is_parsed else LEAST):
        columns = [[np.zeros(0, np.int64)] for _ in names]
        for parts in make():
            for column, part in zip(columns, parts, strict=True):
                column.append(np.asarray(part, np.int64))
        return tuple(map(np.concatenate, columns))
    paths = [_path(file, name) for name in names]
    if file.is_as_named and (found := [_read(path, file) for path in paths]):
        if all(array is not None for array in found):
            return tuple(found)
        with contextlib.suppress(OSError):
            cache.folder(KIND).mkdir(parents=True, exist_ok=True)
            return _kept(file, paths, make)
    return _unnamed(file, names, make)


def rows_with(
    file: opened.OpenedFile,
    values: Mapping[str, Any],
    find: Callable[[], Collection[int]],
    *,
    is_parsed: bool = False,
) -> set[int]:
    """Returns the rows that `find` finds to have one of the values in its column."""
    name = f"rows with {json.dumps(values, sort_keys=True)}"
    [found] = numbers(file, [name], lambda: iter([(sorted(find()),)]), is_parsed=is_parsed)
    return set(found.tolist())


def _path(file: opened.OpenedFile, name: str) -> pathlib.Path:
    told = f"{os.path.abspath(file.path)}\n{name}".encode("utf-8", "surrogateescape")
    return cache.folder(KIND) / hashlib.blake2b(told, digest_size=16).hexdigest()


def _kept(file: opened.OpenedFile, paths: Sequence[pathlib.Path], make: Callable) -> tuple:
    """Returns the numbers, which are moved to their places when they are whole."""
    with contextlib.ExitStack() as stack:
        made = [tempfile.mkstemp(dir=path.parent, suffix=".partial") for path in paths]
        for _, name in made:
            stack.callback(pathlib.Path(name).unlink, missing_ok=True)
        sinks = [stack.enter_context(open(descriptor, "wb")) for descriptor, _ in made]
        counts = _write(file, sinks, make)
        for (_, name), path in zip(made, paths, strict=True):
            atomic.as_others(name)
            os.replace(name, path)
        return tuple(_mapped(path, count) for path, count in zip(paths, counts, strict=True))


def _unnamed(file: opened.OpenedFile, names: Sequence[str], make: Callable) -> tuple:
    with contextlib.ExitStack() as stack:
        sinks = [stack.enter_context(tempfile.NamedTemporaryFile()) for _ in names]
        counts = _write(file, sinks, make)
        return tuple(_mapped(sink.name, count) for sink, count in zip(sinks, counts, strict=True))


def _write(file: opened.OpenedFile, sinks: Sequence[IO[bytes]], make: Callable) -> list[int]:
    import numpy as np

    counts = [0] * len(sinks)
    for sink in sinks:
        sink.write(bytes(8 * _HEAD))
    for parts in make():
        for at, part in enumerate(parts):
            sinks[at].write(np.asarray(part, np.int64).tobytes())
            counts[at] += len(part)
    file.check_unchanged()
    for sink, count in zip(sinks, counts, strict=True):
        sink.seek(0)
        sink.write(np.array([_VERSION, *file.stamp, count], np.int64).tobytes())
        sink.flush()
    return counts


def _read(path: pathlib.Path, file: opened.OpenedFile) -> Any:
    """Returns the numbers that are kept there; None where there are none, or of another file."""
    import numpy as np

    try:
        with path.open("rb") as found:
            head = np.frombuffer(found.read(8 * _HEAD), np.int64).tolist()
            size = os.fstat(found.fileno()).st_size
    except (OSError, ValueError):
        return None
    if head[:-1] != [_VERSION, *file.stamp] or size != 8 * (_HEAD + head[-1]):
        return None
    return _mapped(path, head[-1])


def _mapped(path: str | pathlib.Path, count: int) -> Any:
    import numpy as np

    if not count:
        return np.zeros(0, np.int64)
    return np.memmap(path, np.int64, "r", offset=8 * _HEAD, shape=(count,)).view(np.ndarray)
