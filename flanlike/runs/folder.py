"""A run's folder: config.json says which run it holds, another is refused, its model is read."""

import contextlib
import dataclasses
import errno
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flanlike import config as config_lib
from flanlike import errors
from flanlike.batches import packing, tokenizer
from flanlike.models import config as model_config
from flanlike.training import distributed

_CONFIG_FILE = "config.json"
_VOCABULARY = "vocabulary"
_PARTIAL = "config.json.partial"  # being written


# What may change between two calls of one run: none of it reaches the figures, but for rounding.
_FREE = ("out", "workers", "mesh", "distributed", "checkpoint", "manifest", "base")

# Settings that came later, and what runs from before did: a run that does so is the same run.
_LATER = {("batch", "input_shards"): 1}


def default_folder(mixture: str, config: dict[str, Any]) -> Path:
    """Returns the folder for a run without --out: each configuration has its own."""
    text = json.dumps(_fixed(config), sort_keys=True)
    return Path("runs") / f"{mixture}-{hashlib.blake2b(text.encode(), digest_size=3).hexdigest()}"


def check(out: Path, config: dict[str, Any]) -> None:
    """Raises unless the folder is free, or holds the run of this configuration.

    `config` is the whole resolved configuration as plain JSON values.
    """
    path = out / _CONFIG_FILE
    if path.is_file():
        there, here = map(_with_whole_shape, (_fixed(read_config(out)), _fixed(config)))
        if differing := _differing(there, here):
            lines = "; ".join(
                f"{key} is {_get(here, key)!r}, there {_get(there, key)!r}" for key in differing
            )
            raise errors.UserError(
                f"{str(out)!r} holds a run of another configuration ({lines}): give another "
                "--out, or the same flags to go on with that run"
            )
    elif out.exists() and not out.is_dir():
        raise errors.UserError(
            f"--out {str(out)!r} cannot be a run's folder (it is a file): give another"
        )
    elif out.is_dir() and any(left.name != _PARTIAL for left in out.iterdir()):
        raise errors.UserError(
            f"{str(out)!r} is not empty and holds no run (no {_CONFIG_FILE}): give another --out"
        )


def begin(
    out: Path, config: dict[str, Any], words: tokenizer.Tokenizer, files: Mapping[str, Any]
) -> None:
    """Makes the folder this run's: the first process writes, and all must see it.

    `files` are the contents, as plain JSON values, of what else lies in it from the beginning.
    """
    distributed.check_same(
        {"vocabulary": words.fingerprint, "base": json.dumps(config.get("base"))}
    )
    with distributed.together():
        if distributed.is_first():
            claim(out, config)
            for name, content in files.items():
                write_json(out / name, content)
            words.save(out / _VOCABULARY)
    distributed.check_shared(out / _VOCABULARY)


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def claim(out: Path, config: dict[str, Any]) -> None:
    """Makes the folder this run's, by writing config.json; does nothing if it is already."""
    check(out, config)
    if has_config(out):
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / _PARTIAL).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise errors.UserError(
            f"--out {str(out)!r} cannot be a run's folder ({error.strerror}): give another"
        ) from error
    (out / _PARTIAL).replace(out / _CONFIG_FILE)


def agree_on(out: Path, config: dict[str, Any], *, manifest: dict[str, Any]) -> None:
    """Raises unless every process of the run does the same, with the same rows, into `out`."""
    own = ("workers", "distributed")
    shared = {name: value for name, value in config.items() if name not in own}
    distributed.check_same(
        {
            "configuration": json.dumps(shared, sort_keys=True),
            "manifest": json.dumps(manifest, sort_keys=True),
            "--out": str(out.absolute()),
        }
    )


def has_words(out: Path) -> bool:
    """Returns whether the run's vocabulary is there."""
    return (out / _VOCABULARY).is_dir()


def is_trained(out: Path, steps: int) -> bool:
    """Returns whether the state after so many steps was kept."""
    return (out / "checkpoints" / str(steps)).is_dir()


def write_composition(out: Path, composition: Mapping[str, Any], counts: packing.Counts) -> None:
    """Writes composition.json: what was trained on, and what was left out and why."""
    if distributed.is_first():
        write_json(
            out / "composition.json",
            {
                **composition,
                "dropped_exemplars": counts.exemplars_dropped,
                "truncated": {"inputs": counts.inputs_cut, "targets": counts.targets_cut},
            },
        )


def has_config(folder: Path) -> bool:
    """Returns whether the folder has the file that a run or a published model has."""
    return (folder / _CONFIG_FILE).is_file()


def read_config(out: Path) -> dict[str, Any]:
    """Returns the resolved configuration of the run in that folder."""
    path = Path(out) / _CONFIG_FILE
    if not path.is_file():
        raise errors.UserError(
            f"{str(out)!r} is no run's folder: it has no {_CONFIG_FILE}; expected the --out folder "
            "of train.py"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise errors.UserError(
            f"{path}: not JSON ({error}); expected the file that train.py wrote: give another "
            "folder, or bring the file back"
        ) from error
    if not isinstance(config, dict) or not isinstance(config.get("shape"), dict):
        raise errors.UserError(
            f"{path}: not the configuration of a run (it has no 'shape' of a model); expected the "
            "file that train.py wrote: give another folder"
        )
    return config


def as_json(config: Any) -> dict[str, Any]:
    """Returns a configuration as it reads back from JSON: tuples are lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


@contextlib.contextmanager
def no_space_is_a_user_error() -> Iterator[None]:
    """Turns a full disk, told by whichever library met it, into one clear line."""
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            is_full = isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
            if is_full or "No space left on device" in str(cause):
                raise errors.UserError(
                    "no space left on the disk: what was saved is whole; make room and run the "
                    "same command again to go on"
                ) from error
            cause = cause.__cause__ or cause.__context__
        raise


def _fixed(config: dict[str, Any]) -> dict[str, Any]:
    """Returns what tells one run from another: not the sections of a --tune that is not used."""
    used = config.get("tune", "full")
    idle = {section for kind, section in config_lib.TUNE_SECTIONS.items() if kind != used}
    idle |= {"tune", "base_dtype"} if used == "full" else set()
    fixed = {key: value for key, value in config.items() if key not in (*_FREE, *idle)}
    for (section, name), value in _LATER.items():
        settings = fixed.get(section)
        if settings and settings.get(name) == value:
            fixed[section] = {key: value for key, value in settings.items() if key != name}
    return fixed


def _with_whole_shape(config: dict[str, Any]) -> dict[str, Any]:
    """Returns the configuration with the defaults of what its shape lacks.

    A run from before a field of the shape was there computed as its default does.
    """
    fields = dataclasses.fields(model_config.ModelConfig)
    defaults = {one.name: one.default for one in fields if one.default is not dataclasses.MISSING}
    return {**config, "shape": {**defaults, **config.get("shape", {})}}


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
