"""What the page sends: JSON objects whose every value is looked at before it is used."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from flanlike import bounds, errors, knobs
from flanlike.asking import settings as settings_lib
from flanlike.editing import saving
from flanlike.tasks import texts

MOST_BYTES = 1 << 20  # of one request
MOST_LETTERS = 200_000  # of a prompt

_NAME, _PATTERN = 400, 50_000  # letters
Number = Annotated[int, bounds.Bounds(0, 10**12)]  # of a row or a model
Rows = Annotated[int, bounds.Bounds(1, 20)]  # shown at once
NewTokens = Annotated[int, bounds.Bounds(1, 1024)]  # a page waits for them


class Given:
    """The values of one request."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    @classmethod
    def of(cls, body: bytes) -> "Given":
        try:
            values = json.loads(body)
        except (ValueError, RecursionError):
            raise errors.UserError("the request is no JSON") from None
        if not isinstance(values, dict):
            raise errors.UserError("the request is no JSON object")
        return cls(values)

    def text(self, name: str, *, most: int = _NAME, default: str | None = None) -> str:
        value = self._values.get(name, default)
        if wrong := texts.problem(value, may_be_empty=True):
            raise errors.UserError(f"{name} {wrong}")
        if len(value) > most:
            raise errors.UserError(f"{name} has {len(value):,} letters: {most:,} at most")
        return value

    def whole(self, name: str, of: Any, default: int | None = None) -> int:
        """Returns a whole number within the bounds of the type `of`."""
        value, limits = self._values.get(name, default), bounds.of(of)
        if type(value) is not int or value not in limits:
            raise errors.UserError(f"{name} is {texts.shown(value)}: it must be {limits}")
        return value

    def number(self, name: str, default: float) -> float:
        value = self._values.get(name, default)
        if type(value) not in (int, float):
            raise errors.UserError(f"{name} is {texts.shown(value)}: expected a number")
        return value

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def within(self, name: str) -> "Given":
        """Returns the values of the object of that name."""
        value = self._values.get(name)
        if not isinstance(value, dict):
            raise errors.UserError(f"{name} is {texts.shown(value)}: expected an object")
        return Given(value)

    def listed(self, name: str) -> tuple[str, ...]:
        """Returns a list of texts, () where there is none."""
        value = self._values.get(name, [])
        if not isinstance(value, list) or len(value) > settings_lib.MOST_OPTIONS:
            most = settings_lib.MOST_OPTIONS
            raise errors.UserError(f"{name}: expected a list of at most {most} texts")
        one = [Given({name: each}).text(name, most=MOST_LETTERS) for each in value]
        return tuple(one)

    def draft(self) -> saving.Draft:
        """Returns the template that is to be, which may be wrong in any other way."""
        values: dict[str, Any] = {
            name: self.text(name, most=_PATTERN) for name in ("id", "kind", "input", "target")
        }
        values["answers"] = answers_of(self.text("answers", most=_PATTERN, default=""))
        return saving.Draft(original=self.text("original", default=""), values=values)

    def settings(self) -> settings_lib.Settings:
        """Returns how a question is to be answered."""
        return settings_lib.Settings(
            temperature=self.number("temperature", 0.0),
            max_new_tokens=self.whole("max_new_tokens", NewTokens, 64),
            seed=self.whole("seed", knobs.Seed, 0),
        )


def answers_of(said: str) -> dict[str, str] | None:
    """Returns the words of labels, one a line; None where none is there.

    "entailment = yes\\nneutral = maybe"  ->  {"entailment": "yes", "neutral": "maybe"}
    """
    found: dict[str, str] = {}
    for line in said.splitlines():
        if not line.strip():
            continue
        label, mark, word = (part.strip() for part in line.partition("="))
        if not (mark and label and word):
            raise errors.UserError(
                f"answers: {texts.shown(line)} says no word of a label: expected, a line each, "
                "LABEL = WORD"
            )
        if label in found:
            raise errors.UserError(f"answers: the label {label!r} is there twice")
        found[label] = word
    return found or None


def lines_of(answers: Mapping[str, str] | None) -> str:
    """Returns the words of labels as `answers_of` reads them."""
    return "\n".join(f"{label} = {word}" for label, word in (answers or {}).items())


def chosen(what: str, name: str, known: Sequence[str]) -> str:
    """Returns the name; raises where it is none of those known."""
    if name not in known:
        raise errors.did_you_mean(what, name, known)
    return name
