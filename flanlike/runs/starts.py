"""Where a run's model comes from: what --init, --model and --tune mean together."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import jax
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import tokenizer, vocabulary
from flanlike.models import config as model_config
from flanlike.models import fused, presets, tuning
from flanlike.pretrained import hub, layout
from flanlike.runs import bases, loading, named
from flanlike.runs import folder as run_folder
from flanlike.training import optim, progress


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """Where a run's model comes from: a folder, or None for random parameters."""

    folder: Path | None
    init: str  # --init, a repository's id with the commit that it has now
    shape: model_config.ModelConfig
    changes: dict[str, Any]  # fields of the shape that the run sets itself


class Mixed(Protocol):
    """What config.json says of a run's mixture."""

    shares: Any
    rules: str

    @property
    def held_out(self) -> tuple[str, ...]: ...


def of_run(config: config_lib.RunConfig) -> Start:
    """Returns what a run starts from."""
    return starting_point(
        init_of(config.init, config.out, config.continued[0]),
        config.model,
        is_embedded=config.data == "embedded",
        tune=config.tune,
        attention=config.attention,
        dropout=config.dropout,
        dtype=config.dtype,
        remat=config.remat,
        attention_kernel=config.attention_kernel,
    )


def starting_point(
    init: str,
    preset: str | None,
    *,
    is_embedded: bool,
    tune: str = "full",
    **changes: Any | None,
) -> Start:
    """Returns what --init and --model mean: a folder to start from and the model's shape.

    "default" is the shipped base for a model of its shape on embedded data, else random parameters,
    beside which nothing but all of them can be tuned.
    `changes` are fields of the shape that leave the parameters as they are, None where not asked.
    """
    changes = {name: value for name, value in changes.items() if value is not None}
    folder = None
    if init == "default":
        folder = bases.SHIPPED if is_embedded and _is_shipped(preset) else None
    elif init != "none":
        found = named.find(init, flag="--init", also="'default', 'none'")
        init, folder = found.name, found.folder
    shape = presets.get(preset or "micro") if folder is None else loading.shape_of(folder)
    if folder is not None and preset is not None and (differing := _differing(preset, shape)):
        raise errors.UserError(
            f"--model {preset!r} has another shape than --init {init!r} "
            f"({', '.join(differing)} differ): leave out one of the two"
        )
    if folder is None and tune != "full":
        raise errors.UserError(
            f"--tune {tune!r} leaves the model as it is, and here that is random parameters: give "
            "--init, a folder with a model"
        )
    shape = dataclasses.replace(shape, **changes)
    if shape.attention_kernel == "cudnn":
        fused.kernel(shape)  # raises where it cannot be had
    return Start(folder=folder, init=init, shape=shape, changes=changes)


def _is_shipped(preset: str | None) -> bool:
    """Returns whether the shipped base has that preset's shape; it has where none is asked for."""
    return preset is None or not _differing(preset, loading.shape_of(bases.SHIPPED))


def _differing(preset: str, shape: model_config.ModelConfig) -> list[str]:
    """Returns the fields in which a preset is another shape; the vocabulary's size is no matter."""
    same = dataclasses.replace(presets.get(preset), vocab_size=shape.vocab_size)
    return sorted(name for name, value in vars(same).items() if value != getattr(shape, name))


def told(start: Start, config: config_lib.RunConfig) -> Iterator[str]:
    """Yields what is better told before training than after: of its warm-up, and of export.

    A decoder that sees its inputs both ways is of a published kind and cannot be written as one.
    """
    yield from optim.told(config.optim, config.steps)
    if start.shape.model_type:
        try:
            layout.to_published(start.shape)
        except errors.UserError as error:
            yield f"this run will not be exported: {error}"


def init_of(init: str, *folders: str | None) -> str:
    """Returns --init with the commit that the first run in `folders` began with, if by that id.

    So a run goes on from the same weights when its repository has a newer commit.
    """
    there = first_run(*folders)
    if there is None or not hub.is_id(init):
        return init
    began = run_folder.read_config(there).get("init", "")
    return began if "@" not in init and hub.is_commit_of(began, init) else init


def resolve(config: config_lib.RunConfig, start: Start, mixed: Mixed) -> dict[str, Any]:
    """Returns a run's configuration with every default filled in, as config.json has it.

    `mixed` is its mixture, with what the configuration changes of shares and rates.
    """
    filled = dataclasses.replace(
        config,
        init=start.init,
        hold_out=mixed.held_out if config.hold_out is None else config.hold_out,
        hold_out_rules=config.hold_out_rules or mixed.rules,
    )
    return {
        **run_folder.as_json(filled),
        "shares": run_folder.as_json(mixed.shares),
        # Who reads the model elsewhere has the kernel that there is.
        "shape": run_folder.as_json(dataclasses.replace(start.shape, attention_kernel="auto")),
    }


def words(
    start: Start,
    config: config_lib.RunConfig,
    out: Path,
    text: Callable[[int], str],
    count: int,
) -> tokenizer.Tokenizer:
    """Returns the run's vocabulary: its own, that of --vocabulary or of its start, or a new one.

    That is trained on `count` texts, of which `text` returns the one of an index.
    """
    for folder in map(Path, filter(None, (out, config.continued[0]))):
        if run_folder.has_words(folder):
            return loading.words_of(folder)
    given, inherited = config.vocabulary, start.folder and loading.words_of(start.folder)
    if given is None and inherited:
        return inherited
    if given is None:
        progress.say(f"training a vocabulary on {count:,} training prompts")
        return vocabulary.Vocabulary.train(map(text, range(count)), config.vocabulary_size)
    found = vocabulary.Vocabulary.load(given)
    if inherited and found.fingerprint != inherited.fingerprint:
        raise errors.UserError(
            f"--vocabulary {given!r} is not the one that the model of --init {start.init!r} was "
            "trained with: leave out one of the two"
        )
    return found


def model(
    start: Start,
    config: config_lib.RunConfig,
    words: tokenizer.Tokenizer,
    *,
    mesh: jax.sharding.Mesh | None,
    out: Path,
) -> tuple[nnx.Module, bases.Base | None]:
    """Returns a run's model before its first step, and the base that few parameters learn beside.

    None: all parameters learn.
    """
    most = config.batch.max_input_tokens + config.batch.max_target_tokens
    what = "--batch.max-input-tokens and --batch.max-target-tokens together"
    start.shape.expect_positions(most, what)
    if config.tuning is None:
        built = build(start, words, seed=config.seed, mesh=mesh)
        if config.freeze != "none":
            _say_how_many_learn(built, config.freeze)
        return built, None
    began = first_run(out, config.continued[0])
    tuned, base = build_tuned(
        start, config.tuning, dtype=config.base_dtype, seed=config.seed, mesh=mesh, began=began
    )
    _say_how_many_learn(tuned)
    return tuned, base


def _say_how_many_learn(model: nnx.Module, freeze: str = "none") -> None:
    progress.say("learning {:,} of {:,} parameters".format(*tuning.count(model, freeze)))


def build(
    start: Start, words: tokenizer.Tokenizer, *, seed: int, mesh: jax.sharding.Mesh | None
) -> nnx.Module:
    """Returns the model with its first parameters."""
    if start.folder is not None:
        model = loading.load(start.folder, mesh=mesh, **start.changes).model
        tuning.merge(model)
        return model
    return models.build(loading.with_vocabulary(start.shape, words), seed=seed, mesh=mesh)


def first_run(*folders: str | Path | None) -> Path | None:
    """Returns the first of the folders that holds a run."""
    return next(filter(run_folder.has_config, map(Path, filter(None, folders))), None)


def build_tuned(
    start: Start,
    settings: config_lib.Tuning,
    *,
    dtype: str,
    seed: int,
    mesh: jax.sharding.Mesh | None,
    began: Path | None,
) -> tuple[nnx.Module, bases.Base]:
    """Returns the model of `start` with what is to learn beside it, and that base.

    `began` is the run that goes on: the base is the checkpoint that it began with, or an error.
    """
    recorded = {"step": None} if began is None else run_folder.read_config(began)["base"]
    base = loading.load_base(
        start.folder, step=recorded["step"], mesh=mesh, params_dtype=dtype, **start.changes
    )
    if began is not None:
        bases.expect(base.record(), recorded, where=began)
    tuning.attach(base.model, settings, seed=seed, mesh=mesh)
    return base.model, base
