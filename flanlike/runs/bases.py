"""The base of a run that tunes few parameters: which one it is, where it lies, whether it is it."""

import dataclasses
from pathlib import Path
from typing import Any

from flax import nnx

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import hub

SHIPPED = Path(__file__).parent.parent / "microworld" / "base"  # a bare model
_FREE = {
    "attention",
    "attention_kernel",
    "dropout",
    "dtype",
    "remat",
}  # what a run may set itself of its model's shape


@dataclasses.dataclass(frozen=True, kw_only=True)
class Base:
    """The model that a run tunes few parameters beside, and what says which one it is."""

    model: nnx.Module
    folder: Path
    step: int | None  # None: no run's
    fingerprint: str  # of its parameters, before they are cast

    def record(self) -> dict[str, Any]:
        """Returns what config.json says of it: enough to find it again, and to know it."""
        folder = "default" if self.folder == SHIPPED else str(self.folder.resolve())
        return {"folder": folder, "step": self.step, "fingerprint": self.fingerprint}


def changes(
    there: model_config.ModelConfig, here: model_config.ModelConfig, *, where: Path
) -> dict[str, Any]:
    """Returns the fields by which a run's model computes otherwise than its base in `where`."""
    differing = {
        name: value
        for name, value in vars(here).items()
        if value != getattr(there, name) and name != "vocab_size"
    }
    if wrong := sorted(differing.keys() - _FREE):
        raise errors.UserError(
            f"the model in {str(where)!r} is not the one that the run was tuned beside: "
            f"{', '.join(wrong)} differ"
        )
    return differing


def folder_of(folder: Path, config: dict[str, Any], given: Path | None) -> Path:
    """Returns where the base of a tuned run is: as given, as recorded, or as its --init said.

    A repository of the hub is fetched again where it is no more in the cache.
    """
    if given is not None:
        return given
    recorded = config["base"]["folder"]
    if recorded == "default":
        return SHIPPED
    for place in (Path(recorded), Path(config["init"])):
        if place.is_dir():
            return place
    if published := repository_of(config):
        return hub.fetch(published).folder
    raise errors.UserError(
        f"{str(folder)!r} holds what was tuned beside the model in {recorded!r}, which is not "
        "there: bring it back, or say where it is with --base"
    )


def repository_of(config: dict[str, Any]) -> str | None:
    """Returns the repository, with its commit, that a run began with, if it began with one."""
    init = config["init"]
    return init if "@" in init and hub.is_id(init) else None


def expect(here: dict[str, Any], recorded: dict[str, Any], *, where: Path) -> None:
    if here["fingerprint"] != recorded["fingerprint"]:
        raise errors.UserError(
            f"{str(where)!r} was tuned beside another model than {here['folder']!r} is now "
            f"(fingerprint {here['fingerprint']}, there {recorded['fingerprint']}): give the one "
            f"that {recorded['folder']!r} was then"
        )
