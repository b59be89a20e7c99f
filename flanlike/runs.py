"""A run's folder: config.json says which run it holds, and another one is refused."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from flanlike import errors

_CONFIG_FILE = "config.json"


def claim(out: Path, config: dict[str, Any]) -> bool:
    """Makes the folder this run's; returns True if it was already, and the run goes on.

    `config` is the whole resolved configuration as plain JSON values. A folder of another
    configuration, or one with other things in it, is an error and is left as it is.
    """
    path = out / _CONFIG_FILE
    if path.is_file():
        stored = read_config(out)
        if differing := _differing(stored, config):
            lines = "; ".join(
                f"{key} is {_get(config, key)!r}, there {_get(stored, key)!r}" for key in differing
            )
            raise errors.UserError(
                f"{str(out)!r} holds a run of another configuration ({lines}): give another "
                "--out, or the same flags to go on with that run"
            )
        return True
    if out.is_dir() and any(left.name != "config.partial" for left in out.iterdir()):
        raise errors.UserError(
            f"{str(out)!r} is not empty and holds no run (no {_CONFIG_FILE}): give another --out"
        )
    if out.exists() and not out.is_dir():
        raise errors.UserError(f"--out {str(out)!r} is a file: give a folder")
    out.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
    return False


def read_config(out: Path) -> dict[str, Any]:
    """Returns the resolved configuration of the run in that folder."""
    path = Path(out) / _CONFIG_FILE
    if not path.is_file():
        raise errors.UserError(f"{str(out)!r} is no run's folder: it has no {_CONFIG_FILE}")
    return json.loads(path.read_text(encoding="utf-8"))


def as_json(config: Any) -> dict[str, Any]:
    """Returns a configuration as it reads back from JSON: tuples are lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def _differing(a: dict[str, Any], b: dict[str, Any], prefix: str = "") -> list[str]:
    """Returns the dotted keys whose values differ or that only one of the two has."""
    differing = []
    for key in sorted(a.keys() | b.keys()):
        left, right = a.get(key), b.get(key)
        if isinstance(left, dict) and isinstance(right, dict):
            differing += _differing(left, right, f"{prefix}{key}.")
        elif left != right:
            differing.append(prefix + key)
    return differing


def _get(config: dict[str, Any], dotted: str) -> Any:
    value: Any = config
    for key in dotted.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
