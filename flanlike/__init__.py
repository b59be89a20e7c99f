"""Instruction tuning in the manner of FLAN, in JAX.

A module of your own tasks names the modules of the data half without their packages, and none is
loaded before it is used:

    from flanlike import mixture, task
"""

import importlib
from typing import Any

_PACKAGES = {
    "tasks": ("task", "templates", "layouts", "registry"),
    "mixtures": ("mixture", "holdout"),
    "prompts": ("render", "recipe", "manifest", "overlap", "checks"),
    "batches": ("vocabulary", "tokenizer", "features", "packing", "pipeline", "seqio_adapter"),
}
_PLACES = {name: package for package, names in _PACKAGES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'flanlike' has no attribute {name!r}")
    return importlib.import_module(f"flanlike.{_PLACES[name]}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
