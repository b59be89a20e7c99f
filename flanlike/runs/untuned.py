"""The model that a run began with: what may be asked beside the tuned one."""

from pathlib import Path

from flax import nnx

from flanlike import errors
from flanlike.models import tuning
from flanlike.pretrained import hub
from flanlike.runs import folder as run_folder
from flanlike.runs import loading, starts


def of(folder: Path, tuned: loading.Loaded, *, base: Path | None = None) -> loading.Loaded:
    """Returns the model that the run in `folder` began with, given what it is now.

    The base beside which few parameters learned shares its arrays with the tuned model; any other
    is read from where --init found it, or from `base`, where that has moved. Raises where there is
    none (`expect`).
    """
    start = expect(folder, base=base)
    if loading.is_tuned(folder):
        model = _beneath(tuned.model)
    else:
        model = starts.build(start, tuned.words, seed=0, mesh=None)
    return loading.Loaded(model=model, words=tuned.words, step=None)


def expect(folder: Path, *, base: Path | None = None) -> starts.Start:
    """Returns what the run in `folder` began with.

    Raises where the folder is no run's, or where the run began with random parameters or with a
    model that is not there now.
    """
    if not loading.is_run(folder):
        raise errors.UserError(
            f"{str(folder)!r} is no run of train.py: only a run has a model that it began with, to "
            "answer beside it"
        )
    config = run_folder.read_config(folder)
    init = config["init"]
    is_folder = init not in ("default", "none") and not hub.is_id(init)
    if base is None and is_folder and not Path(init).is_dir():
        raise errors.UserError(
            f"run {str(folder)!r} began with the model in {init!r}, which is not there: bring it "
            "back, or say where it is with --base"
        )
    start = starts.starting_point(
        init if base is None else str(base),
        config["model"] if base is None else None,
        is_embedded=config["data"] == "embedded",
        **{name: config.get(name) for name in ("attention", "dropout", "dtype", "remat")},
    )
    if start.folder is None:
        raise errors.UserError(
            f"run {str(folder)!r} began with random parameters: there is no model from before it "
            "that could answer"
        )
    return start


def _beneath(tuned: nnx.Module) -> nnx.Module:
    """Returns the model without what was tuned beside it."""
    base = nnx.merge(*nnx.split(tuned), copy=True)  # of the variables, not the arrays
    tuning.detach(base)
    return base
