"""Where an export goes: a folder, or an address of storage that Beam knows, as gs://BUCKET/NAME.

What lies at an address is made in a folder of this machine and sent there, file by file.
"""

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flanlike import errors

_SIGN = "://"


@dataclass(frozen=True)
class Place:
    """`folder` is the place itself; of an `address`, where this process has the files it needs."""

    folder: Path
    address: str = ""

    def __str__(self) -> str:
        return self.address or str(self.folder)

    @contextlib.contextmanager
    def here(self) -> Iterator["Place"]:
        """Yields the place with a folder of this process's own where it has an address."""
        if not self.address:
            yield self
            return
        with tempfile.TemporaryDirectory() as folder:
            try:
                yield dataclasses.replace(self, folder=Path(folder))
            except errors.UserError as error:
                raise errors.UserError(str(error).replace(folder, self.address)) from error

    def names(self) -> set[str]:
        """Returns the names of the files that are there."""
        if not self.address:
            return {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        with self._told("listed"):
            [found] = self._files.match([f"{self.address}/*"])
            return {metadata.path.rpartition("/")[2] for metadata in found.metadata_list}

    def fetch(self, name: str) -> bool:
        """Returns whether the file is there; it is in the folder then."""
        if not self.address:
            return (self.folder / name).is_file()
        with self._told("read"):
            if not self._files.exists(f"{self.address}/{name}"):
                return False
            with (
                self._files.open(f"{self.address}/{name}", self._bytes) as source,
                (self.folder / name).open("wb") as target,
            ):
                shutil.copyfileobj(source, target)
        return True

    def send(self, name: str) -> None:
        """Puts a file of the folder where it belongs, whole or not at all."""
        if not self.address:
            return
        whole, partial = f"{self.address}/{name}", f"{self.address}/.{name}.partial"
        with self._told("written"):
            with (
                (self.folder / name).open("rb") as source,
                self._files.create(partial, self._bytes) as target,
            ):
                shutil.copyfileobj(source, target)
            if self._files.exists(whole):
                self._files.delete([whole])
            self._files.rename([partial], [whole])

    def drop(self, name: str) -> None:
        """Removes a file, if it is there."""
        (self.folder / name).unlink(missing_ok=True)
        if self.address:
            with self._told("written"):
                if self._files.exists(f"{self.address}/{name}"):
                    self._files.delete([f"{self.address}/{name}"])

    @property
    def _files(self) -> type:
        from apache_beam.io import filesystems

        return filesystems.FileSystems

    @property
    def _bytes(self) -> str:
        return "application/octet-stream"  # as it is: by some names it would unpack

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # whatever a storage's client raises
            raise errors.UserError(
                f"--out {self.address!r} cannot be {what} ({errors.in_one_line(error)})"
            ) from error


@contextlib.contextmanager
def of(out: str, *, with_beam: bool) -> Iterator[Place]:
    """Yields the place that --out names."""
    if _SIGN not in out:
        yield Place(Path(out))
        return
    if not with_beam:
        raise errors.UserError(
            f"--out {out!r} is an address, and this machine's processes write to a folder: give "
            "one, or --runner"
        )
    with Place(Path(), out.rstrip("/")).here() as place:
        yield place
