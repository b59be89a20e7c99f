"""What numbers may be: a knob declares its bounds with its type, and they are checked in one place.

    Shots = Annotated[int, bounds.Bounds(0, 64)]

    @dataclass(frozen=True)
    class Section:
        shots: Shots = 0

        def __post_init__(self) -> None:
            bounds.check(self, "section.")  # --section.shots is 65: it must be 0 or more and ...

    parser.add_argument("--shots", **bounds.argument(Shots))

No bound is infinite, so that no number is.
"""

import argparse
import functools
import numbers
import typing
from dataclasses import dataclass
from typing import Any

from flanlike import errors

_SHOWN_DIGITS = 24  # of a number that is out of all proportion


@dataclass(frozen=True)
class Bounds:
    """The least and the most that a number may be: themselves allowed, or `above` and `below`."""

    least: float
    most: float
    above: bool = False  # more than the least
    below: bool = False  # less than the most
    also: int | None = None  # one more value, which means something else
    why: str = ""  # the most is what it is, and how to do with it

    def __post_init__(self) -> None:
        assert float("-inf") < self.least < self.most < float("inf"), self

    def __contains__(self, value: float) -> bool:
        is_enough = self.least < value if self.above else self.least <= value
        is_little = value < self.most if self.below else value <= self.most
        return (is_enough and is_little) or (self.also is not None and value == self.also)

    def __str__(self) -> str:
        least = f"more than {_shown(self.least)}" if self.above else f"{_shown(self.least)} or more"
        also = "" if self.also is None else f", or {self.also},"
        most = f"less than {_shown(self.most)}" if self.below else f"at most {_shown(self.most)}"
        return f"{least}{also} and {most}" + (f" ({self.why})" if self.why else "")

    @property
    def span(self) -> str:
        """Returns them in one word, for the help: "1..64", or "0..<1" where 1 is too much."""
        also = "" if self.also is None else f"|{self.also}"
        least, most = (
            f"{'>' * self.above}{_shown(self.least)}",
            f"{'<' * self.below}{_shown(self.most)}",
        )
        return f"{least}..{most}{also}"

    def expect(self, flag: str, value: float) -> None:
        """Raises unless the value of that flag is within them."""
        if not isinstance(value, numbers.Real) or value not in self:
            raise errors.UserError(f"{flag} is {_shortened(value)}: it must be {self}")


def of(annotation: Any) -> Bounds | None:
    """Returns the bounds that come with a type, or with a member of a union; None without."""
    for one in (*getattr(annotation, "__metadata__", ()), *typing.get_args(annotation)):
        found = one if isinstance(one, Bounds) else of(one)
        if found is not None:
            return found
    return None


@functools.cache
def declared(section: type) -> dict[str, Bounds]:
    """Returns the bounds of a dataclass's fields, by name, of those that have any."""
    hints = typing.get_type_hints(section, include_extras=True)
    return {name: found for name, hint in hints.items() if (found := of(hint)) is not None}


def check(section: Any, prefix: str = "") -> None:
    """Raises unless every number of a dataclass is within its bounds; None is no number.

    Nor may a text be empty: --out "$UNSET" is no way to leave it out. `prefix` is that of its
    flags: "batch." for --batch.rows.
    """
    limits = declared(type(section))
    for name, value in vars(section).items():
        flag = f"--{prefix}{name}".replace("_", "-")
        if value == "":
            raise errors.UserError(f"{flag} is '': it must be a text that is not empty")
        if name in limits and value is not None:
            limits[name].expect(flag, value)


def argument(annotation: Any) -> dict[str, Any]:
    """Returns `type` and `metavar` of a flag of argparse whose number has these bounds."""
    limits, kind = of(annotation), _kind(annotation)

    def read(text: str) -> float:
        value = kind(text)
        if value not in limits:
            raise argparse.ArgumentTypeError(f"it is {_shortened(value)}: it must be {limits}")
        return value

    read.__name__ = kind.__name__  # argparse: "invalid int value: 'x'"
    return {"type": read, "metavar": limits.span}


def metavar(annotation: Any) -> str | None:
    """Returns what the help says in place of the value, "INT 1..64"; None without bounds."""
    limits = of(annotation)
    if limits is None:
        return None
    none = "{None}|" if type(None) in typing.get_args(annotation) else ""
    return f"{none}{_kind(annotation).__name__.upper()} {limits.span}"


def _kind(annotation: Any) -> type:
    """Returns int or float: what is annotated, alone or in a union."""
    members = typing.get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return members[0]
    return next(_kind(member) for member in members if of(member) is not None)


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def _shortened(value: float) -> str:
    text = repr(value)
    if len(text) <= _SHOWN_DIGITS:
        return text
    return f"{text[:_SHOWN_DIGITS]}... ({len(text)} digits)"
