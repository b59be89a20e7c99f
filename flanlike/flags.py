"""Command-line flags, read into the dataclasses of `flanlike.config` by tyro.

A mistake is one line, without the box that tyro draws around it, and names near spellings.
"""

import contextlib
import difflib
import io
import itertools
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Annotated, Any, TypeVar

from flanlike import bounds, errors
from flanlike import config as config_lib

_T = TypeVar("_T")


def parse(
    arguments: Sequence[str] | None = None, *, command: str = "python train.py"
) -> config_lib.RunConfig:
    """Returns the configuration that command-line flags give; None reads those of the process.

    Help and mistakes call what was started `command`.
    """
    return of(config_lib.RunConfig, arguments, command=command)


def eval_flags(arguments: Sequence[str], *, command: str) -> dict[str, Any]:
    """Returns the settings of an evaluation that --eval.* flags give, by name."""
    # A number below 0 is a value.
    flags = [one.split("=")[0] for one in arguments if re.match("-+[a-zA-Z]", one)]
    if others := [flag for flag in flags if not flag.startswith("--eval.")]:
        raise errors.UserError(f"unknown flag {others[0]!r}: {command} --help lists all")
    found = of(config_lib.RunConfig, arguments, command=command).eval
    names = [flag.removeprefix("--eval.").replace("-", "_").removeprefix("no_") for flag in flags]
    return {name: getattr(found, name) for name in names}


def of(kind: type[_T], arguments: Sequence[str] | None, *, command: str) -> _T:
    """Returns a dataclass of knobs as flags give them; a mistake is a UserError naming the command.

    None reads the flags of the process.
    """
    import tyro

    said, mistakes = io.StringIO(), []
    told = {"args": arguments, "return_unknown_args": True, "registry": _rules(mistakes)}
    told["prog"] = command.removeprefix("python ")
    try:
        with contextlib.redirect_stderr(said):
            config, unknown = tyro.cli(kind, **told)
    except SystemExit as stop:
        if not stop.code:  # --help
            raise
        raise errors.UserError(*mistakes or [_one_line(said.getvalue())]) from None
    if unknown:
        flag = unknown[0].split("=")[0]
        near = difflib.get_close_matches(flag, _flags(kind), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise errors.UserError(f"unknown flag {flag!r}: {hint}{command} --help lists all")
    return config


def _rules(mistakes: list[str]) -> Any:
    """Returns a rule for tyro: the help shows the bounds of a number in place of its value.

    What a section says of its values goes to `mistakes`, for tyro draws a box around it.
    """
    import tyro

    registry = tyro.constructors.ConstructorRegistry()
    is_asking = False

    @registry.struct_rule
    def show(info: tyro.constructors.StructTypeInfo) -> Any:
        nonlocal is_asking
        if is_asking or not is_dataclass(info.type):
            return None
        is_asking = True
        try:
            spec = registry.get_struct_spec(info)  # as it would be without this rule
        finally:
            is_asking = False
        shown = [
            replace(one, type=Annotated[one.type, tyro.conf.arg(metavar=bounds.metavar(one.type))])
            for one in spec.fields
        ]

        def make(**values: Any) -> Any:
            try:
                return spec.instantiate(**values)
            except errors.UserError as error:
                mistakes.append(str(error))
                raise

        return replace(spec, instantiate=make, fields=tuple(shown))

    return registry


def _one_line(box: str) -> str:
    """Returns the message of a box that tyro draws: what stands above its first rule."""
    lines = [line.strip("│ ") for line in box.splitlines()[1:]]
    message = itertools.takewhile(lambda line: not line.startswith(("─", "╰")), lines)
    return f"{' '.join(message).removeprefix('Error parsing ')} (see --help)"


def _flags(section: type, prefix: str = "--") -> list[str]:
    """Returns the spelling of every flag."""
    names = []
    for one in fields(section):
        name = prefix + one.name.replace("_", "-")
        names += _flags(one.type, name + ".") if is_dataclass(one.type) else [name]
    return names
