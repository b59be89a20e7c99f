"""Weights & Biases, where --wandb names a project: it gets what TensorBoard gets.

Steps are a figure that all others are drawn over, for W&B's own count never goes back, and an
evaluation comes before the metrics of the step that it follows.
"""

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flanlike import atomic, errors
from flanlike.training import distributed

_ID = "wandb_id.txt"  # by which a run that goes on finds what it began there


def expect(project: str | None) -> None:
    """Raises UserError where a project is named and the package wandb is not installed."""
    if project is not None:
        _package()


@contextlib.contextmanager
def board(project: str | None, out: Path, config: Mapping[str, Any]) -> Iterator["Board | None"]:
    """Yields the W&B run of a run's folder, begun or gone on with, and finishes it.

    `project` is its name, or owner/name. None without one, and in all processes but the first.
    """
    run = None
    with distributed.together():
        if project is not None and distributed.is_first():
            run = _begun(project, out, config)
    if run is None:
        yield None
        return
    try:
        yield Board(run)
    except BaseException:
        run.finish(exit_code=1)  # W&B calls it failed
        raise
    run.finish()


class Board:
    """What a run tells W&B."""

    def __init__(self, run: Any) -> None:
        self._run = run

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log({"step": step, **values})

    def table(
        self, step: int, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        table = _package().Table(columns=list(columns), data=[list(row) for row in rows])
        self._run.log({"step": step, name: table})


def _begun(project: str, out: Path, config: Mapping[str, Any]) -> Any:
    wandb = _package()
    owner, _, name = project.rpartition("/")
    kept = out / _ID
    if not kept.is_file():
        atomic.write(kept, secrets.token_hex(8) + "\n")
    try:
        run = wandb.init(
            entity=owner or None,
            project=name,
            id=kept.read_text(encoding="utf-8").strip(),
            name=out.resolve().name,
            dir=str(out),
            config=dict(config),
            resume="allow",
            settings=wandb.Settings(console="off"),  # the terminal has a bar of ours
        )
    except wandb.errors.Error as error:
        said = " ".join(str(error).split())
        raise errors.UserError(
            f"--wandb {project!r}: W&B begins no run ({said}); expected a project that you may "
            "write to: log in by `wandb login`, or set WANDB_MODE=offline and `wandb sync` later"
        ) from error
    run.define_metric("step", hidden=True)
    run.define_metric("*", step_metric="step")
    return run


def _package() -> Any:
    try:
        import wandb
    except ImportError as error:
        raise errors.UserError(
            "--wandb needs the package wandb, which is not installed: pip install "
            "'flanlike[wandb]', or leave the flag out (TensorBoard has the same)"
        ) from error
    return wandb
