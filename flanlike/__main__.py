"""`flanlike COMMAND ...`, the command line of an installed package (also `python -m flanlike`).

It knows where each command is and no more: modules that build on this package are named, and
imported only where they are asked for.
"""

import importlib
import sys
from collections.abc import Sequence

from flanlike import errors

# The command -> the module whose `main` gets the words after it, and what that does.
COMMANDS = {
    "train": ("train", "tunes a model and measures it on tasks that it never saw"),
    "eval": ("eval.__main__", "evaluates runs and models; reports, sweeps, robustness"),
    "tasks": ("task_registry.__main__", "lists, shows, checks and exports tasks; starts yours"),
    "ask": ("flanlike.ask", "puts questions to a model: on a terminal, one, or a file of them"),
    "plan": ("flanlike.training.plan_command", "memory a device and FLOPs of a training step"),
    "export": ("flanlike.runs.export", "writes a run's model for transformers"),
}
_HELP = ("-h", "--help")


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in _HELP:
        print(usage())
        raise SystemExit(0 if arguments else 2)
    word, *rest = arguments
    if word not in COMMANDS:
        raise errors.did_you_mean("command", word, COMMANDS)
    module = importlib.import_module(COMMANDS[word][0])
    if word == "train":  # the one that is no `python -m` of its own: what it says names it
        module.main(rest, command="flanlike train")
    else:
        module.main(rest)


def usage() -> str:
    """Returns a line on each command."""
    lines = [f"  {word:8} {what}" for word, (_, what) in COMMANDS.items()]
    return "\n".join(["usage: flanlike COMMAND ...   (COMMAND --help lists its flags)", *lines])


if __name__ == "__main__":
    main()
