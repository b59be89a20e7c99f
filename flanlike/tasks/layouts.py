"""How prompts list options and join exemplars: one file, `_layout.toml`, for a folder of templates.

[[options]]
name = "letters"
header = "Options:\\n"
item = "({label}) {text}"          # {label} needs `labels`
between = "\\n"
labels = "letters"                 # letters (A, B) | small (a, b) | late (P, Q) | numbers (1, 2)
answer = "{label}"                 # what the target says: {label}, {text} or both

[[asked_options]]                  # the same, for styles that training never draws
name = "exam"

[[few_shot]]
between = "\\n"
after = "\\n\\n"
"""

import functools
import os
import re
import string
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flanlike import errors
from flanlike.tasks import texts as texts_lib

FILE = "_layout.toml"
LABELS = ("", "letters", "small", "late", "numbers")

_PARTS = re.compile(r"\{(label|text)\}")
_EXPECTED = (
    "expected [[options]] tables with name, header, item and, if wanted, between, labels and "
    "answer, and [[few_shot]] tables with between and after"
)


# Above the classes that ask it: a style is made as this module is read.
def _expect_texts(section: Any) -> None:
    """Raises unless all values of a dataclass are texts."""
    for name, value in vars(section).items():
        if wrong := texts_lib.problem(value, may_be_empty=True):
            raise errors.UserError(f"{name} {wrong}")


@dataclass(frozen=True, kw_only=True)
class Delimiters:
    """What stands between an exemplar's input and its target, and after the target."""

    between: str = "\n"
    after: str = "\n\n"

    def __post_init__(self) -> None:
        _expect_texts(self)


@dataclass(frozen=True, kw_only=True)
class OptionStyle:
    """One way to list options, and what the target then says: the text of one, or its label.

    "({label}) {text}" with letters    Options:\\n(A) yes\\n(B) no     answer "{label}" -> B
    """

    name: str = "dashes"
    header: str = "Options:\n"
    item: str = "- {text}"
    between: str = "\n"
    labels: str = ""
    answer: str = "{text}"

    def __post_init__(self) -> None:
        _expect_texts(self)
        if self.labels not in LABELS:
            raise errors.did_you_mean("labels", self.labels, LABELS)
        for key in ("item", "answer"):
            pattern = getattr(self, key)
            parts = _PARTS.findall(pattern)
            if not parts or set("{}") & set(_PARTS.sub("", pattern)):
                raise errors.UserError(
                    f"{key} is {pattern!r}; expected {{text}}, {{label}} or both, no other brace"
                )
            if "label" in parts and not self.labels:
                raise errors.UserError(f"{key} is {pattern!r}, but labels is empty; give labels")
        if "text" not in _PARTS.findall(self.item):
            raise errors.UserError(f"item is {self.item!r}; expected {{text}} in it")

    def block(self, texts: Sequence[str]) -> str:
        """Returns the list that stands for `{options}`: "Options:\\n- yes\\n- no"."""
        if not self.labels:  # the commonest, and rendering is counted in microseconds
            item = self.item
            return self.header + self.between.join([item.replace("{text}", t) for t in texts])
        return self.header + self.between.join(self._filled(self.item, texts))

    def answers(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Returns what a target says for each option: ("yes", "no") -> ("(A)", "(B)")."""
        return tuple(texts) if self.answer == "{text}" else tuple(self._filled(self.answer, texts))

    def _filled(self, pattern: str, texts: Sequence[str]) -> list[str]:
        labels = _labels(self.labels, len(texts))
        return [
            _PARTS.sub(lambda part, each=each: each[part[1]], pattern)
            for each in (
                {"label": label, "text": text} for label, text in zip(labels, texts, strict=True)
            )
        ]


# For options that name each other by letter, where a layout has no letters.
_LETTERED = OptionStyle(name="lettered", item="({label}) {text}", labels="letters")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How options are listed and exemplars joined. The first style is the plain one: evaluation
    uses it unless told otherwise. `asked_styles` are drawn for no prompt, only named."""

    option_styles: tuple[OptionStyle, ...] = (OptionStyle(),)
    asked_styles: tuple[OptionStyle, ...] = ()
    few_shot: tuple[Delimiters, ...] = (Delimiters(),)

    def __post_init__(self) -> None:
        names = [style.name for style in (*self.option_styles, *self.asked_styles)]
        if not self.option_styles or not self.few_shot or len(set(names)) != len(names):
            raise errors.UserError(f"option styles {names!r} have to differ in name; {_EXPECTED}")

    @property
    def plain(self) -> OptionStyle:
        return self.option_styles[0]

    def style(self, name: str) -> OptionStyle:
        known = (*self.option_styles, *self.asked_styles)
        for style in known:
            if style.name == name:
                return style
        if name == _LETTERED.name:
            return _LETTERED
        raise errors.did_you_mean("option style", name, [style.name for style in known])

    def lettered(self, style: OptionStyle) -> OptionStyle:
        """Returns the style that has letters and is most like this one; it itself if it has them.

        What the target says stays what it was, the option's text or its label, if it can.
        """
        if style.labels == "letters":
            return style
        with_letters = [each for each in self.option_styles if each.labels == "letters"]
        says_text = style.answer == "{text}"
        return max(
            with_letters or [_LETTERED],
            key=lambda each: (
                (each.answer == "{text}") is says_text,
                each.between == style.between,
            ),
        )


def load(path: str | os.PathLike[str]) -> Layout:
    """Returns the layout in a file such as templates/_layout.toml."""
    path = os.fspath(path)
    data = read_toml(path)
    try:
        styles = tuple(OptionStyle(**table) for table in data.pop("options"))
        asked = tuple(OptionStyle(**table) for table in data.pop("asked_options", ()))
        few_shot = tuple(Delimiters(**table) for table in data.pop("few_shot"))
        if data:
            raise TypeError(f"unknown keys {sorted(data)!r}")
        return Layout(option_styles=styles, asked_styles=asked, few_shot=few_shot)
    except errors.UserError as error:
        raise errors.UserError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.UserError(
            f"{path}: cannot read the layout ({type(error).__name__}: {error}); {_EXPECTED}"
        ) from None


def read_toml(path: str) -> dict[str, Any]:
    """Returns the tables of a TOML file; an error names the file."""
    return parse_toml(path, read_bytes(path))


def parse_toml(path: str, content: bytes) -> dict[str, Any]:
    """Returns the tables of what is, or is to be, in a TOML file; an error names the file."""
    try:
        text = content.decode("utf-8-sig")  # some editors write a byte order mark
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.UserError(f"{path}: not valid TOML: {error}") from None


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Returns what is in a file of templates or of their layout; an error names the file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise errors.UserError(f"no file {str(path)!r}; expected a TOML file there") from None
    except OSError as error:  # a folder, or one that must not be read
        raise errors.UserError(
            f"{path}: cannot be read ({error.strerror}); expected a TOML file there"
        ) from None


@functools.cache
def _labels(kind: str, count: int) -> tuple[str, ...]:
    """Returns A, B, ... Z, AA, ... ZZ, AAA, ..., the same small, or from P on; or 1, 2, ..."""
    if kind == "numbers":
        return tuple(map(str, range(1, count + 1)))
    letters = string.ascii_lowercase if kind == "small" else string.ascii_uppercase
    first = letters.index("P") if kind == "late" else 0

    def label(n: int) -> str:
        return letters[n] if n < 26 else label(n // 26 - 1) + letters[n % 26]

    return tuple(map(label, range(first, first + count)))
