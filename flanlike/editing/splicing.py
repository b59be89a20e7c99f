"""Changes one template in the text of a TOML file and leaves every other letter as it is.

    old    [[template]]                    new    [[template]]
           id = "said"  # a comment               id = "said"  # a comment
           input = "{premise}?"                   input = "{premise}!"

Only the values that differ are written anew, so that comments and what stands around them stay.
What comes out is read again, and has to say what was meant: text that this module does not
understand is refused and never damaged. (A library that keeps comments would write the whole file
from its own model of it, and strings of several lines as one line of escapes.)
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flanlike import errors

KEYS = ("id", "kind", "input", "target", "answers")  # in the order in which a new one has them

_HEADER = re.compile(r"""\[\[[ \t]*(?:template|"template"|'template')[ \t]*\]\]""")
_KEY = re.compile(r"""([A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*([.=])""")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BREAK = re.compile(r"\r?\n")
_ENDING = re.compile(r'"(?=""|\Z)')  # a quote that would end a string of several lines
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
# What no string may hold as it is; "\n" is dealt with before.
_CONTROLS = re.compile("[\\\\\x00-\x09\x0b-\x1f\x7f]")


def edited(text: str, place: int, template: Mapping[str, Any], *, where: str) -> str:
    """Returns the text with the template number `place` (from 0) as it is to be.

    `template` has the keys of KEYS; an `answers` of None is left out. `where` names the file.
    """
    before = tomllib.loads(text)["template"]
    wanted = _without_none(template)

    def change() -> str:
        return _with_changes(text, _tables(text)[place], before[place], wanted)

    return _checked(change, [*before[:place], wanted, *before[place + 1 :]], where=where)


def appended(text: str, template: Mapping[str, Any], *, where: str) -> str:
    """Returns the text with one more template at its end."""
    before = tomllib.loads(text).get("template", [])
    wanted = _without_none(template)
    line_break = _line_break(text)
    parts = [text, "" if not text or text.endswith("\n") else line_break, line_break]
    parts += [f"{line}{line_break}" for line in ("[[template]]", *_lines(wanted, line_break))]
    return _checked(lambda: "".join(parts), [*before, wanted], where=where)


def spelt(value: str | Mapping[str, str], line_break: str = "\n") -> str:
    """Returns a text, or a table of texts, as TOML writes it.

    'a "b"'  ->  "a \\\\"b\\\\""        "a\\nb"  ->  \"\"\"\\na\\nb\"\"\"
    """
    if isinstance(value, Mapping):
        pairs = (f"{_spelt_key(key)} = {_in_one_line(word)}" for key, word in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if "\n" not in value:
        return _in_one_line(value)
    body = _ENDING.sub(r'\\"', _escaped(value))
    return f'"""\n{body}"""'.replace("\n", line_break)


@dataclass
class _Key:
    """Where a value stands in the text: text[value:end], on the line that begins at start."""

    start: int
    value: int
    end: int


@dataclass
class _Table:
    """One template's place: its keys, and where a further one would be put."""

    end: int
    keys: dict[str, _Key] = field(default_factory=dict)


def _checked(change: Callable[[], str], wanted: list[Mapping[str, Any]], *, where: str) -> str:
    """Returns the changed text; raises unless it says what is wanted."""
    try:
        found = change()
        is_right = tomllib.loads(found) == {"template": wanted}
    except (ValueError, IndexError):
        is_right = False
    if not is_right:
        raise errors.UserError(
            f"{where}: this template is written in a way that cannot be changed here (answers in a "
            "table or with dotted keys of their own?): edit the file by hand"
        )
    return found


def _with_changes(
    text: str, table: _Table, before: Mapping[str, Any], wanted: Mapping[str, Any]
) -> str:
    line_break = _line_break(text)
    changes: list[tuple[int, int, str]] = []
    for name in KEYS:
        old, new, at = before.get(name), wanted.get(name), table.keys.get(name)
        if old == new:
            continue
        if at is None:
            added = f"{name} = {spelt(new, line_break)}" if new is not None else ""
            changes.append((table.end, table.end, line_break + added))
        elif new is None:
            line_end = _BREAK.search(text, at.end)
            changes.append((at.start, line_end.end() if line_end else len(text), ""))
        else:
            changes.append((at.value, at.end, spelt(new, line_break)))
    for start, end, new_text in sorted(changes, reverse=True):
        text = text[:start] + new_text + text[end:]
    return text


def _tables(text: str) -> list[_Table]:
    """Returns the place of every template of a text that is valid TOML."""
    found: list[_Table] = []
    at, is_template = 0, False
    while at < len(text):
        if text[at] in " \t\r\n\ufeff":
            at += 1
        elif text[at] == "#":
            at = _line_end(text, at)
        elif text[at] == "[":
            header = _HEADER.match(text, at)
            is_template = header is not None
            at = header.end() if header else _line_end(text, at)
            if header:
                found.append(_Table(end=_line_end(text, at)))
        else:
            at = _read_key(text, at, found[-1] if is_template else None)
    return found


def _read_key(text: str, at: int, table: _Table | None) -> int:
    """Notes one `key = value` in the table and returns where it ends."""
    start, name = at, ""
    while key := _KEY.match(text, at):
        name += key[1].strip("\"'") + key[2]
        at = key.end()
        if key[2] == "=":
            break
        at = _skipped(text, at)
    else:
        raise ValueError("no key")
    value = _skipped(text, at)
    end = _value_end(text, value)
    if table is not None:
        line_start = text.rfind("\n", 0, start) + 1
        table.keys[name[:-1]] = _Key(start=line_start, value=value, end=end)
        table.end = _line_end(text, end)
    return end


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _value_end(text: str, at: int) -> int:
    """Returns where the value that begins at `at` ends."""
    if text[at] in "\"'":
        return _string_end(text, at)
    if text[at] not in "[{":
        return at + len(re.match(r"[^#\r\n]*", text[at:])[0].rstrip())
    depth = 0
    while True:
        letter = text[at]
        if letter in "\"'":
            at = _string_end(text, at)
            continue
        if letter == "#":
            at = _line_end(text, at)
            continue
        depth += (letter in "[{") - (letter in "]}")
        at += 1
        if not depth:
            return at


def _string_end(text: str, at: int) -> int:
    quote = text[at]
    mark = quote * 3 if text.startswith(quote * 3, at) else quote
    at += len(mark)
    while not text.startswith(mark, at):
        at += 2 if quote == '"' and text[at] == "\\" else 1
        if at >= len(text):
            raise ValueError("no end of a string")
    at += len(mark)
    for _ in range(2 if len(mark) == 3 else 0):  # quotes that are the string's own last letters
        at += text.startswith(quote, at)
    return at


def _line_end(text: str, at: int) -> int:
    found = _BREAK.search(text, at)
    return found.start() if found else len(text)


def _line_break(text: str) -> str:
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def _lines(template: Mapping[str, Any], line_break: str) -> list[str]:
    return [f"{key} = {spelt(template[key], line_break)}" for key in KEYS if key in template]


def _without_none(template: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in template.items() if value is not None}


def _spelt_key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _in_one_line(key)


def _in_one_line(value: str) -> str:
    escaped = _escaped(value).replace("\n", "\\n").replace('"', '\\"')
    return f'"{escaped}"'


def _escaped(value: str) -> str:
    return _CONTROLS.sub(lambda one: _ESCAPES.get(one[0], f"\\u{ord(one[0]):04x}"), value)
