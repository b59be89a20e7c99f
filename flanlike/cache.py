"""The user's cache folder: what is kept there may be removed at any time, and is made again."""

import os
import pathlib

from flanlike import errors


def folder(kind: str) -> pathlib.Path:
    """Returns `flanlike/KIND` in the user's cache folder (XDG_CACHE_HOME, or ~/.cache)."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        home = pathlib.Path(cache).expanduser()
    except RuntimeError as error:  # in a container, a user may have none
        raise errors.UserError(
            f"{cache!r}, for what is kept between calls, is in a home folder that the system does "
            "not know: set HOME, or XDG_CACHE_HOME to a folder that can be written"
        ) from error
    return home / "flanlike" / kind
