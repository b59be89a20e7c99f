"""Puts questions to a model: python -m flanlike.ask RUN_OR_MODEL (see `asking.command`).

The one module of `flanlike` that brings in what builds on it, inside its function: the registry of
tasks, for /template, and what says how far it is.
"""

import sys
from collections.abc import Sequence

from flanlike import errors
from flanlike.asking import command
from flanlike.models import compile_cache


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    import task_registry
    from eval import pace

    compile_cache.keep()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command.main(arguments, task_registry.registry, pace.reporter(sys.stderr))


if __name__ == "__main__":
    main()
