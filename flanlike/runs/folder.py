"""A run's folder: config.json says which run it holds, another is refused, its model is read."""

import contextlib
import dataclasses
import errno
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import tokenizer, vocabulary
from flanlike.models import config as model_config
from flanlike.models import tuning
from flanlike.pretrained import weights
from flanlike.runs import bases
from flanlike.training import checkpoint, distributed

BASE = bases.SHIPPED

_CONFIG_FILE = "config.json"
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model with its words, from a run's folder, a bare model's or a published one's."""

    model: nnx.Module
    words: tokenizer.Words
    step: int | None  # None: no run's


def load(
    folder: Path,
    *,
    step: int | None = None,
    mesh: jax.sharding.Mesh | None = None,
    base: Path | None = None,
    **changes: Any,
) -> Loaded:
    """Returns the model of a run (its newest checkpoint, or that of `step`) or of another folder.

    A run that tuned few parameters brings those alone: the others are read from its base, which
    config.json names, or from `base`, where that has moved. `changes` are fields of
    `models.config.ModelConfig` that leave the parameters as they are.
    """
    if is_tuned(Path(folder)):
        return _load_tuned(Path(folder), step, mesh, base, {}, changes)
    return _load_whole(Path(folder), step, mesh, changes)


def load_each(
    folders: Sequence[Path],
    *,
    mesh: jax.sharding.Mesh | None = None,
    base: Path | None = None,
) -> Iterator[Loaded]:
    """Yields the model of each run; runs next to each other that share a base share its arrays.

    Such a base is read and held once, and one compiled program serves all that have the same shape.
    """
    held: dict[Any, bases.Base] = {}
    for folder in map(Path, folders):
        if is_tuned(folder):
            yield _load_tuned(folder, None, mesh, base, held, {})
        else:
            held.clear()
            yield _load_whole(folder, None, mesh, {})


def _load_whole(
    folder: Path, step: int | None, mesh: jax.sharding.Mesh | None, changes: dict[str, Any]
) -> Loaded:
    """Returns the model of a folder that holds all of it."""
    words = words_of(folder)
    shape = with_vocabulary(dataclasses.replace(shape_of(folder), **changes), words)
    if weights.is_published(folder):
        return Loaded(model=weights.load(folder, mesh=mesh, **changes), words=words, step=None)
    model = models.build(shape, seed=0, mesh=mesh)
    if is_bare(folder):
        checkpoint.load_params(folder, model)
        return Loaded(model=model, words=words, step=None)
    return Loaded(model=model, words=words, step=_restore(folder, model, step))


def _restore(folder: Path, model: nnx.Module, step: int | None) -> int:
    """Fills the model with what the run trained, as of that step or its newest; returns which."""
    checkpoints = checkpoint.Checkpoints(folder / "checkpoints", read_only=True)
    if not checkpoints.steps:
        raise errors.UserError(
            f"run {str(folder)!r} has no checkpoint: let train.py go on until it saves one"
        )
    step = checkpoints.latest_step if step is None else step
    if step not in checkpoints.steps:
        raise errors.UserError(
            f"run {str(folder)!r} has no checkpoint of step {step!r}: it has {checkpoints.steps!r}"
        )
    checkpoints.restore_params(model, step)
    checkpoints.close()
    return step


def load_base(
    folder: Path,
    *,
    step: int | None = None,
    mesh: jax.sharding.Mesh | None = None,
    dtype: str = "float32",
    **changes: Any,
) -> bases.Base:
    """Returns the model of a folder as a base, its parameters of that type.

    The low-rank pairs of a run that was itself tuned are merged.
    """
    loaded = load(folder, step=step, mesh=mesh, **changes)
    fingerprint = tuning.fingerprint(loaded.model)
    tuning.merge(loaded.model)
    tuning.cast_base(loaded.model, dtype)
    return bases.Base(model=loaded.model, folder=folder, step=loaded.step, fingerprint=fingerprint)


def is_tuned(folder: Path) -> bool:
    """Returns whether a folder is a run's that holds few parameters, beside a base elsewhere."""
    is_run = not is_bare(folder) and not weights.is_published(folder)
    return is_run and read_config(folder).get("tune", "full") != "full"


def _load_tuned(
    folder: Path,
    step: int | None,
    mesh: jax.sharding.Mesh | None,
    base_folder: Path | None,
    held: dict[Any, bases.Base],
    changes: dict[str, Any],
) -> Loaded:
    """Returns the model of a run that holds few parameters, beside its base.

    `held` is the base that was loaded last: it serves this run too, where it is the same.
    """
    config = read_config(folder)
    there = bases.folder_of(folder, config, base_folder)
    shape = dataclasses.replace(shape_of(folder), **changes)
    changes = bases.changes(shape_of(there), shape, where=there)
    key = (there.resolve(), config["base"]["step"], config["base_dtype"], tuple(changes.items()))
    if key not in held:
        held.clear()  # two bases may not fit
        held[key] = load_base(
            there, step=config["base"]["step"], mesh=mesh, dtype=config["base_dtype"], **changes
        )
    bases.expect(held[key].record(), config["base"], where=folder)
    model = nnx.merge(*nnx.split(held[key].model), copy=True)  # of the variables, not the arrays
    tuning.attach(model, config_lib.tuning_of(config), seed=config["seed"], mesh=mesh)
    return Loaded(model=model, words=words_of(folder), step=_restore(folder, model, step))


def is_bare(folder: Path) -> bool:
    """Returns whether the folder is a bare model's, like the shipped base, and no run's."""
    return (folder / checkpoint.PARAMS_FILE).is_file()


def words_of(folder: Path) -> tokenizer.Words:
    """Returns the words of the model in a folder: a published one's lie beside its weights."""
    return tokenizer.load(folder if weights.is_published(folder) else folder / "vocabulary")


def with_vocabulary(
    shape: model_config.ModelConfig, words: tokenizer.Words
) -> model_config.ModelConfig:
    """Returns the shape with its `vocab_size`: the words', but for a published model.

    A published table mostly has rows to spare: T5's has 32,128 for 32,100 pieces.
    """
    if isinstance(words, vocabulary.Vocabulary) or not shape.vocab_size:
        return dataclasses.replace(shape, vocab_size=words.size)
    if shape.vocab_size < words.rows:
        raise errors.UserError(
            f"the tokenizer has {words.rows:,} pieces, the model {shape.vocab_size:,} rows for "
            "them: the two were not published together"
        )
    return shape


def shape_of(folder: Path) -> model_config.ModelConfig:
    """Returns the shape of the model in a run's folder, a bare model's or a published one's."""
    if is_bare(folder):
        return model_config.ModelConfig(**checkpoint.load_model_config(folder))
    if weights.is_published(folder):
        return weights.shape_of(folder)
    return model_config.ModelConfig(**read_config(folder)["shape"])


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
