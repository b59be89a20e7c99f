"""A page in the browser, on this machine alone: python -m flanlike.workbench (see `editing`).

Like `flanlike.ask` it brings in what builds on `flanlike` inside its function: the registry of
tasks, and the style of a report.
"""

import sys
from collections.abc import Sequence

from flanlike import errors
from flanlike.editing import command
from flanlike.models import compile_cache


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    import task_registry
    from eval import page

    compile_cache.keep()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command.main(arguments, task_registry.registry, style=page.STYLE, tell=_say)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
