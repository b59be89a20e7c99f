"""The model in a folder: a run's, a bare model's or a published one's."""

import contextlib
import dataclasses
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import tokenizer, vocabulary
from flanlike.models import checksums, tuning
from flanlike.models import config as model_config
from flanlike.pretrained import weights as published
from flanlike.runs import bases, kept
from flanlike.runs import folder as run_folder
from flanlike.training import bare_model, checkpoint, progress


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model with its words, from a run's folder, a bare model's or a published one's."""

    model: nnx.Module
    words: tokenizer.Tokenizer
    step: int | None  # None: no run's
    weights: checkpoint.Weights = "raw"  # average: that of a run's weights over its steps


def load(
    folder: Path,
    *,
    step: int | None = None,
    mesh: jax.sharding.Mesh | None = None,
    base: Path | None = None,
    weights: checkpoint.Weights | None = None,
    **changes: Any,
) -> Loaded:
    """Returns the model of a run (its checkpoint by `kept`, or of `step`) or of another folder.

    Of a run that averaged its weights it has the average, or with `weights` "raw" what they were.

    A run that tuned few parameters brings those alone: the others are read from its base, which
    config.json names, or from `base`, where that has moved. `changes` are fields of
    `models.config.ModelConfig` that leave the parameters as they are. A model that is no run's has
    no steps, and one kind of weights: to ask for them raises UserError.
    """
    folder = Path(folder)
    if is_tuned(folder):
        return _load_tuned(folder, step, mesh, base, {}, changes, weights)
    return _load_whole(folder, step, mesh, changes, asked=weights)


def load_each(
    folders: Sequence[Path],
    *,
    mesh: jax.sharding.Mesh | None = None,
    base: Path | None = None,
    weights: checkpoint.Weights | None = None,
) -> Iterator[Loaded]:
    """Yields the model of each run; runs next to each other that share a base share its arrays.

    Such a base is read and held once, and one compiled program serves all that have the same shape.
    """
    held: dict[Any, bases.Base] = {}
    for folder in map(Path, folders):
        if is_tuned(folder):
            yield _load_tuned(folder, None, mesh, base, held, {}, weights)
        else:
            held.clear()
            yield _load_whole(folder, None, mesh, {}, asked=weights)


def _load_whole(
    folder: Path,
    step: int | None,
    mesh: jax.sharding.Mesh | None,
    changes: dict[str, Any],
    *,
    params_dtype: str = "float32",
    prints: checksums.Fingerprint | None = None,
    asked: checkpoint.Weights | None = None,
) -> Loaded:
    """Returns the model of a folder that holds all of it, its parameters of that type.

    Each is taken up by `prints` before it is cast, one after another.
    """
    if (step, asked) != (None, None) and not is_run(folder):
        raise errors.UserError(
            f"{str(folder)!r} is no run of train.py: it has one set of weights, so leave out "
            f"{'--step' if asked is None else '--weights'}"
        )
    words = words_of(folder)
    shape = with_vocabulary(dataclasses.replace(shape_of(folder), **changes), words, where=folder)
    if published.is_published(folder):
        model = published.load(
            folder, mesh=mesh, params_dtype=params_dtype, prints=prints, **changes
        )
        if left := published.unread(folder):
            progress.say(left)
        return Loaded(model=model, words=words, step=None)
    model = models.shapes(shape, mesh=mesh, dtype=params_dtype)
    if is_bare(folder):
        bare_model.load(folder, model, prints=prints)
        return Loaded(model=model, words=words, step=None)
    step, which = _restore(folder, model, step, asked, prints=prints)
    return Loaded(model=model, words=words, step=step, weights=which)


def _restore(
    folder: Path,
    model: nnx.Module,
    step: int | None,
    weights: checkpoint.Weights | None,
    *,
    prints: checksums.Fingerprint | None = None,
) -> tuple[int, checkpoint.Weights]:
    """Fills the model with what the run trained, as of that step; returns step and weights."""
    place = kept.of_step(folder, run_folder.read_config(folder), step)
    with contextlib.closing(checkpoint.Checkpoints(place.folder, read_only=True)) as checkpoints:
        step = checkpoints.restore_params(
            model, place.step, weights=weights or "average", prints=prints
        )
        has_average = checkpoints.has_average(step)
    if weights == "average" and not has_average:
        raise errors.UserError(
            f"run {str(folder)!r} has no average of its weights at step {step} (--optim.ema keeps "
            "one): leave out --weights average"
        )
    return step, "average" if has_average and weights != "raw" else "raw"


def load_base(
    folder: Path,
    *,
    step: int | None = None,
    mesh: jax.sharding.Mesh | None = None,
    params_dtype: str = "float32",
    **changes: Any,
) -> bases.Base:
    """Returns the model of a folder as a base, its parameters of that type.

    Each is cast as it is read, so that one alone is held in float32. The low-rank pairs of a run
    that was itself tuned are merged.
    """
    if is_tuned(folder):
        loaded = load(folder, step=step, mesh=mesh, **changes)
        fingerprint = checksums.fingerprint(loaded.model)
        tuning.merge(loaded.model, params_dtype)
    else:
        prints = checksums.Fingerprint()
        loaded = _load_whole(folder, step, mesh, changes, params_dtype=params_dtype, prints=prints)
        fingerprint = prints.of(loaded.model)
    return bases.Base(model=loaded.model, folder=folder, step=loaded.step, fingerprint=fingerprint)


def is_tuned(folder: Path) -> bool:
    """Returns whether a folder is a run's that holds few parameters, beside a base elsewhere."""
    return is_run(folder) and run_folder.read_config(folder).get("tune", "full") != "full"


def is_run(folder: Path) -> bool:
    """Returns whether what a folder holds is to be a run: no bare model and no published one."""
    return not is_bare(folder) and not published.is_published(folder)


def _load_tuned(
    folder: Path,
    step: int | None,
    mesh: jax.sharding.Mesh | None,
    base_folder: Path | None,
    held: dict[Any, bases.Base],
    changes: dict[str, Any],
    weights: checkpoint.Weights | None = None,
) -> Loaded:
    """Returns the model of a run that holds few parameters, beside its base.

    `held` is the base that was loaded last: it serves this run too, where it is the same.
    """
    config = run_folder.read_config(folder)
    there = bases.folder_of(folder, config, base_folder)
    shape = dataclasses.replace(shape_of(folder), **changes)
    changes = bases.changes(shape_of(there), shape, where=there)
    key = (there.resolve(), config["base"]["step"], config["base_dtype"], tuple(changes.items()))
    if key not in held:
        held.clear()  # two bases may not fit
        held[key] = load_base(
            there,
            step=config["base"]["step"],
            mesh=mesh,
            params_dtype=config["base_dtype"],
            **changes,
        )
    bases.expect(held[key].record(), config["base"], where=folder)
    model = nnx.merge(*nnx.split(held[key].model), copy=True)  # of the variables, not the arrays
    tuning.attach(model, config_lib.tuning_of(config), seed=config["seed"], mesh=mesh)
    step, which = _restore(folder, model, step, weights)
    return Loaded(model=model, words=words_of(folder), step=step, weights=which)


def is_bare(folder: Path) -> bool:
    """Returns whether the folder is a bare model's, like the shipped base, and no run's."""
    return (folder / bare_model.PARAMS_FILE).is_file()


def words_of(folder: Path) -> tokenizer.Tokenizer:
    """Returns the words of the model in a folder: a published one's lie beside its weights."""
    if published.is_published(folder):
        return tokenizer.load_published(folder)
    return tokenizer.load(folder / "vocabulary")


def with_vocabulary(
    shape: model_config.ModelConfig, words: tokenizer.Tokenizer, *, where: Path | None = None
) -> model_config.ModelConfig:
    """Returns the shape with its `vocab_size`: the words', but for a published model, from `where`.

    A published table mostly has rows to spare: T5's has 32,128 for 32,100 pieces.
    """
    if isinstance(words, vocabulary.Vocabulary) or not shape.vocab_size:
        return dataclasses.replace(shape, vocab_size=words.size)
    if shape.vocab_size < words.rows:
        raise errors.UserError(
            f"{'' if where is None else f'{str(where)!r}: '}the tokenizer has {words.rows:,} "
            f"pieces, the model {shape.vocab_size:,} rows for them: the two were not published "
            "together; give the folder as it was published"
        )
    return shape


def shape_of(folder: Path) -> model_config.ModelConfig:
    """Returns the shape of the model in a run's folder, a bare model's or a published one's."""
    if is_bare(folder):
        return _shape(bare_model.load_config(folder), folder)
    if published.is_published(folder):
        return published.shape_of(folder)
    return _shape(run_folder.read_config(folder)["shape"], folder)


def _shape(fields: dict[str, Any], folder: Path) -> model_config.ModelConfig:
    """Returns the shape that config.json holds; raises where somebody or something changed it."""
    kinds = typing.get_type_hints(model_config.ModelConfig)
    wrong = [
        f"{name} {value!r}"
        for name, value in fields.items()
        if name not in kinds or not _is_of(value, kinds[name])
    ]
    try:
        if not wrong:
            lists = {k: tuple(v) for k, v in fields.items() if isinstance(v, list)}
            return model_config.ModelConfig(**{**fields, **lists})
    except (TypeError, errors.UserError) as error:  # a field is missing, or does not fit others
        wrong = [str(error)]
    raise errors.UserError(
        f"{folder / 'config.json'}: no shape of a model ({', '.join(wrong)}): bring the file back "
        "from a copy"
    )


def _is_of(value: Any, kind: Any) -> bool:
    if typing.get_origin(kind) is tuple:  # of as many as there are, which JSON has as a list
        return type(value) is list and all(_is_of(one, typing.get_args(kind)[0]) for one in value)
    if allowed := typing.get_args(kind):
        return value in allowed
    return type(value) in ((int, float) if kind is float else (kind,))
