"""How questions are answered: every knob with its bounds, as flags and as commands set them."""

import argparse
import dataclasses
from dataclasses import dataclass, fields
from typing import Annotated, Any

from flanlike import bounds, errors, knobs
from flanlike.models import sampling
from flanlike.tasks import texts

MOST_OPTIONS = 256
_SEPARATOR = "|"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one question is answered; greedily, unless the temperature is above 0."""

    temperature: Annotated[float, bounds.Bounds(0.01, 100, also=0)] = 0.0
    top_k: Annotated[int, bounds.Bounds(0, 1 << 20)] = 0
    top_p: Annotated[float, bounds.Bounds(0, 1, above=True)] = 1.0
    repetition_penalty: Annotated[float, bounds.Bounds(0.1, 10)] = 1.0
    max_new_tokens: knobs.NewTokens = 256
    max_input_tokens: knobs.Tokens = 4096
    seed: knobs.Seed = 0
    shots: knobs.Shots = 0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bounds.check(self)
        if not all(self.stop):
            raise errors.UserError(f"--stop is {self.stop!r}: it must be texts that are not empty")

    @property
    def decoding(self) -> sampling.Decoding:
        is_drawn = self.temperature > 0
        return sampling.Decoding(
            temperature=self.temperature,
            top_k=self.top_k if is_drawn else 0,
            top_p=self.top_p if is_drawn else 1.0,
            repetition_penalty=self.repetition_penalty,
        )

    @property
    def unheeded(self) -> tuple[str, ...]:
        """Returns the flags that say nothing while the temperature is 0."""
        if self.temperature:
            return ()
        default = Settings()
        return tuple(
            f"--{name}".replace("_", "-")
            for name in ("top_k", "top_p")
            if getattr(self, name) != getattr(default, name)
        )

    def changed(self, name: str, value: str) -> "Settings":
        """Returns the settings with one changed as a command says it: "top_p", "0.9".

        The texts that stop an answer are said as options are, with \\\\n for a newline.
        """
        if name == "stop":
            stops = () if value == "off" else split(value.replace("\\n", "\n"), strip=False)
            return dataclasses.replace(self, stop=tuple(stops))
        kind = type(getattr(self, name))
        try:
            number = kind(value)
        except ValueError:
            expected = "a whole number" if kind is int else "a number"
            raise errors.UserError(f"/{_spelt(name)} {value!r}: expected {expected}") from None
        return dataclasses.replace(self, **{name: number})


# What each is, for --help and /help.
HELP = {
    "temperature": "0: the likeliest token; above it, tokens are drawn",
    "top_k": "likeliest tokens that are drawn from; 0: all",
    "top_p": "probability that is drawn from",
    "repetition_penalty": "above 1: less of what is there already",
    "max_new_tokens": "an answer may have",
    "max_input_tokens": "a question may have, with what is read before it",
    "seed": "of what is drawn",
    "shots": "solved rows before a question of /template",
    "stop": "texts that end an answer, and are no part of it",
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds a flag for each setting."""
    declared = {one.name: one for one in fields(Settings)}
    for name, said in HELP.items():
        flag, default = f"--{_spelt(name)}", declared[name].default
        if name == "stop":
            parser.add_argument(flag, nargs="+", default=(), metavar="TEXT", help=said)
        else:
            of_type = bounds.argument(declared[name].type)
            parser.add_argument(flag, default=default, **of_type, help=f"{said} ({default})")


def of_flags(flags: argparse.Namespace) -> Settings:
    """Returns the settings that flags give; raises where one leaves another nothing to say."""
    found = Settings(**{**{name: getattr(flags, name) for name in HELP}, "stop": tuple(flags.stop)})
    if found.unheeded:
        raise errors.UserError(
            f"{found.unheeded[0]} says which tokens are drawn, and without --temperature above 0 "
            "none are: give it, or leave this out"
        )
    return found


def options_of(said: str, *, where: str) -> tuple[str, ...]:
    """Returns the options that "yes | no" names: two or more, all different."""
    return checked_options(split(said), where=where)


def checked_options(options: Any, *, where: str) -> tuple[str, ...]:
    """Returns options as a tuple; raises where they are not two or more different texts."""
    is_list = isinstance(options, (list, tuple)) and not any(map(texts.problem, options))
    is_right = is_list and len(set(options)) == len(options)
    if not is_right or not 2 <= len(options) <= MOST_OPTIONS:
        raise errors.UserError(
            f"{where} {str(options)[:80]!r}: expected 2 to {MOST_OPTIONS} texts, all different: "
            "yes | no"
        )
    return tuple(options)


def split(said: str, *, strip: bool = True) -> list[str]:
    """Returns the texts between the bars: "yes | no" -> ["yes", "no"]."""
    parts = said.split(_SEPARATOR)
    return [part.strip() for part in parts] if strip else parts


def as_json(settings: Settings) -> dict[str, Any]:
    return {**dataclasses.asdict(settings), "stop": list(settings.stop)}


def _spelt(name: str) -> str:
    return name.replace("_", "-")
