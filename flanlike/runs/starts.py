"""Where a run's model comes from: what --init, --model and --tune mean together."""

import dataclasses
from pathlib import Path
from typing import Any

import jax
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import tokenizer
from flanlike.models import config as model_config
from flanlike.models import presets, tuning
from flanlike.pretrained import hub, layout
from flanlike.runs import bases, loading
from flanlike.runs import folder as run_folder
from flanlike.training import checkpoint


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """Where a run's model comes from: a folder, or None for random parameters."""

    folder: Path | None
    init: str  # --init, a repository's id with the commit that it has now
    shape: model_config.ModelConfig
    changes: dict[str, Any]  # fields of the shape that the run sets itself


def starting_point(
    init: str,
    preset: str | None,
    *,
    is_embedded: bool,
    tune: str = "full",
    **changes: Any | None,
) -> Start:
    """Returns what --init and --model mean: a folder to start from and the model's shape.

    "default" is the shipped base for a micro model on embedded data, else random parameters, beside
    which nothing but all of them can be tuned.
    `changes` are fields of the shape that leave the parameters as they are, None where not asked.
    """
    changes = {name: value for name, value in changes.items() if value is not None}
    folder = None
    if init == "default":
        folder = bases.SHIPPED if is_embedded and preset in (None, "micro") else None
    elif hub.is_id(init):
        fetched = hub.fetch(init)
        init, folder = fetched.pinned, fetched.folder
    elif init != "none":
        folder = Path(init)
        if not loading.is_bare(folder) and not run_folder.has_config(folder):
            raise errors.UserError(
                f"--init {init!r} is no folder with a model: expected a run's folder, a bare "
                f"model's (config.json, {checkpoint.PARAMS_FILE}, vocabulary/), a published "
                f"one's (config.json, safetensors, tokenizer), a repository of the hub "
                "(owner/model), 'default' or 'none'"
            )
    shape = presets.get(preset or "micro") if folder is None else loading.shape_of(folder)
    if folder is not None and preset is not None:
        same = dataclasses.replace(presets.get(preset), vocab_size=shape.vocab_size)
        if differing := sorted(k for k, v in vars(same).items() if v != getattr(shape, k)):
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
    return Start(folder=folder, init=init, shape=shape, changes=changes)


def why_no_export(start: Start) -> str | None:
    """Returns why a model of a published kind cannot be written as one, as the run has it; or None.

    A decoder that sees its inputs both ways cannot: better told before training than after.
    """
    if start.shape.model_type:
        try:
            layout.to_published(start.shape)
        except errors.UserError as error:
            return str(error)
    return None


def init_of(init: str, out: str | None) -> str:
    """Returns --init with the commit that the run in `out` began with, if it did with that id.

    So a run goes on from the same weights when its repository has a newer commit.
    """
    if out is None or not hub.is_id(init) or not run_folder.has_config(Path(out)):
        return init
    began = run_folder.read_config(Path(out)).get("init", "")
    return began if "@" not in init and hub.is_commit_of(began, init) else init


def build(
    start: Start, words: tokenizer.Tokenizer, *, seed: int, mesh: jax.sharding.Mesh | None
) -> nnx.Module:
    """Returns the model with its first parameters."""
    if start.folder is not None:
        model = loading.load(start.folder, mesh=mesh, **start.changes).model
        tuning.merge(model)
        return model
    return models.build(loading.with_vocabulary(start.shape, words), seed=seed, mesh=mesh)


def build_tuned(
    start: Start,
    settings: config_lib.Tuning,
    *,
    dtype: str,
    seed: int,
    mesh: jax.sharding.Mesh | None,
    out: Path,
) -> tuple[nnx.Module, bases.Base]:
    """Returns the model of `start` with what is to learn beside it, and that base.

    Where `out` holds the run already, the base is the checkpoint that it began with, or an error.
    """
    recorded = run_folder.read_config(out)["base"] if run_folder.has_config(out) else {"step": None}
    base = loading.load_base(
        start.folder, step=recorded["step"], mesh=mesh, params_dtype=dtype, **start.changes
    )
    if "fingerprint" in recorded:
        bases.expect(base.record(), recorded, where=out)
    tuning.attach(base.model, settings, seed=seed, mesh=mesh)
    return base.model, base
