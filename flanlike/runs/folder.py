"""A run's folder: config.json says which run it holds, another is refused, its model is read."""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import shutil
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flanlike import atomic, errors, jsonl, sections
from flanlike import config as config_lib
from flanlike.batches import tokenizer
from flanlike.models import config as model_config
from flanlike.runs import locks
from flanlike.training import distributed

_CONFIG_FILE = "config.json"
_VOCABULARY = "vocabulary"
_TASKS = "tasks"  # a copy of the user's module, with its templates


# What may change between two calls of one run: none of it reaches the figures, but for rounding.
_FREE = (
    *("out", "workers", "mesh", "distributed", "checkpoint", "manifest", "base", "wandb"),
    *("profile", "attention_kernel"),
)

# What a run may go on with in its own folder: config.json then follows. Steps may only be raised.
_FOLLOWING = ("steps", "eval", "validation.every", "validation.patience")

# Settings that came later, and what runs from before did: a run that does so is the same run.
_LATER = {
    ("batch", "input_shards"): 1,
    ("eval", "at_start"): True,
    (None, "continue_from"): None,
    (None, "format"): None,
    (None, "freeze"): "none",
    (None, "drop_duplicates"): False,
    (None, "chat"): False,
    (None, "answers"): "all",
    ("shape", "attention_kernel"): "auto",
    ("shape", "rope_short_factors"): [],
    ("shape", "rope_long_factors"): [],
    ("mix", "templates"): None,
    ("shares", "templates"): None,
    ("mix", "clusters"): None,
    ("optim", "moments_dtype"): "float32",
    ("optim", "ema"): 0.0,
    (None, "dropout_keys"): "threefry",
    (None, "validation"): dataclasses.asdict(sections.ValidationConfig()),
    (None, "neftune_alpha"): 0.0,
    ("lora", "dropout"): 0.0,
    ("lora", "rank_stabilized"): False,
    ("lora", "dora"): False,
}


def default_folder(mixture: str, config: dict[str, Any]) -> Path:
    """Returns the folder for a run without --out: each configuration has its own."""
    text = json.dumps(_fixed(config), sort_keys=True)
    if config_lib.names_file(mixture) or mixture.startswith(config_lib.HUB_FILE):
        mixture = Path(mixture).name
    name = re.sub(r"[^\w.+-]+", "-", mixture)  # "niv2:task1*" names no folder
    return Path("runs") / f"{name}-{hashlib.blake2b(text.encode(), digest_size=3).hexdigest()}"


def check(out: Path, config: dict[str, Any]) -> None:
    """Raises unless the folder is free, or holds the run of this configuration.

    `config` is the whole resolved configuration as plain JSON values.
    """
    path = out / _CONFIG_FILE
    if path.is_file():
        there = read_config(out)
        free = [*_FOLLOWING]
        if config.get("steps", 0) < there.get("steps", 0):
            free.remove("steps")
        if lines := differences(there, config, free=free):
            raise errors.UserError(
                f"{str(out)!r} holds a run of another configuration ({lines}): give another --out, "
                "or the same flags to go on with that run (--steps may grow, --eval may change; "
                "--continue-from goes on from it by other flags elsewhere)"
            )
    elif out.exists() and not out.is_dir():
        raise errors.UserError(
            f"--out {str(out)!r} cannot be a run's folder (it is a file): give another"
        )
    elif out.is_dir() and not all(map(_is_left_over, out.iterdir())):
        raise errors.UserError(
            f"{str(out)!r} is not empty and holds no run (no {_CONFIG_FILE}): give another --out"
        )


def differences(there: dict[str, Any], here: dict[str, Any], *, free: Collection[str] = ()) -> str:
    """Returns in what configurations are of different runs: "seed is 1, there 0; ..." or "".

    `free` are dotted keys, of settings or whole sections, that may differ.
    """
    one, other = (_with_later_fields(_located(_fixed(config))) for config in (there, here))
    names = [
        key
        for key in _differing(one, other)
        if not any(key == name or key.startswith(f"{name}.") for name in free)
    ]
    return "; ".join(f"{key} is {_get(other, key)!r}, there {_get(one, key)!r}" for key in names)


@contextlib.contextmanager
def held(out: Path) -> Iterator[locks.Lock]:
    """Keeps other runs out of the folder while the block lasts, once it is there (`begin`)."""
    with locks.Lock(out) as lock:
        with distributed.together():
            if distributed.is_first() and out.is_dir():
                lock.take()
        yield lock


def begin(
    out: Path,
    config: dict[str, Any],
    words: tokenizer.Tokenizer,
    files: Mapping[str, Any],
    tasks: Sequence[Path],
    lock: locks.Lock,
) -> None:
    """Makes the folder this run's: the first process writes, and all must see it.

    `files` are the contents, as plain JSON values, of what else lies in it from the beginning, and
    `tasks` the files of the user's own tasks, of which it keeps a copy.
    """
    distributed.check_same(
        {"vocabulary": words.fingerprint, "base": json.dumps(config.get("base"))}
    )
    with distributed.together():
        if distributed.is_first():
            _make(out)
            lock.take()
            claim(out, config)
            for name, content in files.items():
                atomic.write_json(out / name, content)
            with atomic.folder(out / _VOCABULARY) as folder:
                words.save(folder)
            if tasks:
                with atomic.folder(out / _TASKS) as folder:
                    for path in tasks:
                        shutil.copyfile(path, folder / path.name)
    distributed.check_shared(out / _VOCABULARY)


def claim(out: Path, config: dict[str, Any]) -> None:
    """Makes the folder this run's, by writing config.json; in its own, what may change follows."""
    check(out, config)
    if not has_config(out):
        _make(out)
        atomic.write_json(out / _CONFIG_FILE, _located(config), indent=2)
        return
    there = read_config(out)
    names = {key.partition(".")[0] for key in _FOLLOWING}
    followed = {**there, **{key: config[key] for key in sorted(names & config.keys())}}
    if followed != there:
        atomic.write_json(out / _CONFIG_FILE, followed, indent=2)


def _make(out: Path) -> None:
    atomic.make_folder(out, what="a run's folder")


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
    """Returns whether the state after so many steps was kept; after none there is none to keep."""
    return steps == 0 or (out / "checkpoints" / str(steps)).is_dir()


def write_composition(out: Path, composition: Mapping[str, Any]) -> None:
    """Writes composition.json: what was trained on, and what was left out or cut, and why."""
    if distributed.is_first():
        atomic.write_json(out / "composition.json", composition)


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
        config = jsonl.parsed(path.read_text(encoding="utf-8"))
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
    if wrong := _wrong_kinds(config):
        raise errors.UserError(
            f"{path}: not as train.py wrote it ({', '.join(wrong)}): bring it back from a copy"
        )
    return config


def as_json(config: Any) -> dict[str, Any]:
    """Returns a configuration as it reads back from JSON: tuples are lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def tasks_of(out: Path, config: dict[str, Any]) -> str | None:
    """Returns the Python file of the user's own tasks: as recorded, or the copy in the folder.

    The file itself comes first, for it may need what lies beside it.
    """
    path = config.get("tasks")
    kept = None if path is None else Path(out) / _TASKS / Path(path).name
    return str(kept) if kept and kept.is_file() and not Path(path).is_file() else path


def place_of(data: str) -> str:
    """Returns --data as it is found from any working directory."""
    return data if data in config_lib.DATA else os.path.abspath(data)


def _wrong_kinds(config: dict[str, Any]) -> list[str]:
    """Returns what of a config.json is no value of its setting, which somebody has changed.

    Settings that came later may be missing; which choices there are is for who reads them.
    """
    hints = typing.get_type_hints(config_lib.RunConfig)
    wrong = [
        f"{name} is {config[name]!r}"
        for name in hints.keys() & config.keys()
        if not _is_of(config[name], hints[name])
    ]
    if not wrong and (tune := config.get("tune", "full")) != "full":
        base = config.get("base")
        if tune not in sections.TUNE_SECTIONS:
            wrong = [f"tune is {tune!r}"]
        elif not isinstance(base, dict) or not base.keys() >= {"folder", "step", "fingerprint"}:
            wrong = [f"base is {base!r}"]
        elif sections.TUNE_SECTIONS[tune] not in config:
            wrong = [f"no {sections.TUNE_SECTIONS[tune]}"]
    return sorted(wrong)


def _is_of(value: Any, hint: Any) -> bool:
    """Returns whether a value of JSON is one of a setting of that type."""
    kind, members = typing.get_origin(hint), typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        return any(_is_of(value, member) for member in members)
    if kind is typing.Literal:
        return isinstance(value, str)
    if kind is tuple:
        return isinstance(value, list)
    if dataclasses.is_dataclass(hint):
        return isinstance(value, dict)
    if hint is float:
        return type(value) in (int, float)
    return type(value) is hint


def _located(config: dict[str, Any]) -> dict[str, Any]:
    """Returns the configuration with its paths as they are found from any working directory."""
    found = dict(config)
    for name in ("tasks", "vocabulary", "continue_from"):
        if found.get(name) is not None:
            found[name] = os.path.abspath(found[name])
    if "data" in found:
        found["data"] = place_of(found["data"])
    if config_lib.names_file(found.get("mixture", "")) and os.path.isfile(found["mixture"]):
        found["mixture"] = os.path.abspath(found["mixture"])
    if os.path.isdir(found.get("init", "")) and found["init"] not in ("default", "none"):
        found["init"] = os.path.abspath(found["init"])
    return found


def _is_left_over(path: Path) -> bool:
    return atomic.is_left_over(path) or path.name == locks.FILE


def _fixed(config: dict[str, Any]) -> dict[str, Any]:
    """Returns what tells one run from another: not the sections of a --tune that is not used."""
    used = config.get("tune", "full")
    idle = {section for kind, section in sections.TUNE_SECTIONS.items() if kind != used}
    idle |= {"tune", "base_dtype"} if used == "full" else set()
    fixed = {key: value for key, value in config.items() if key not in (*_FREE, *idle)}
    for (section, name), value in _LATER.items():
        settings = fixed if section is None else fixed.get(section)
        if settings and settings.get(name) == value:
            kept = {key: value for key, value in settings.items() if key != name}
            fixed = kept if section is None else {**fixed, section: kept}
    return fixed


def _with_later_fields(config: dict[str, Any]) -> dict[str, Any]:
    """Returns the configuration with the defaults of what its shape lacks, and its validation.

    A run from before a field of the shape was there computed as its default does.
    """
    validation = dataclasses.asdict(sections.ValidationConfig())
    config = {**config, "validation": {**validation, **config.get("validation", {})}}
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
    """Returns a setting by its dotted key; one that came later is what runs from before did."""
    value: Any = config
    *sections, name = dotted.split(".")
    for key in sections:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict) and name in value:
        return value[name]
    return _LATER.get((".".join(sections) or None, name))
