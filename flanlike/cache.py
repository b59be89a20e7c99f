"""The user's cache folder: what is kept there may be removed at any time, and is made again."""

import os
import pathlib


def folder(kind: str) -> pathlib.Path:
    """Returns `flanlike/KIND` in the user's cache folder (XDG_CACHE_HOME, or ~/.cache)."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return pathlib.Path(cache).expanduser() / "flanlike" / kind
