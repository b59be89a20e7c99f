"""Numbers in text: what they are worth, however they are written, and which one is the answer.

1,200   $1,200   1200.00   1200.   **1200**   \\$1,200   are all "1200"
"""

import re
import unicodedata

from eval import wording

_SIGN = r"(?:(?<![\w)\]}])[-\u2212])?"
_CURRENCY = r"(?:[$\u00a3\u20ac\u00a5\u20b9]\s?)?"
NUMBER = re.compile(
    # No part of a word, of a longer number or of a range such as 3-4, whose hyphen is no sign.
    rf"(?<!\w)(?<!\d\.)(?P<sign>{_SIGN}){_CURRENCY}(?P<late_sign>[-\u2212]?)"
    r"(?:(?P<whole>\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?![\d])|\d+)(?P<part>\.\d+)?"
    r"|(?P<bare_part>\.\d+))"
)
_END = re.compile(r"[\s.,;:!?]+$")
_PERCENT = re.compile(r"(?<=\d)\s?(?:%|percent\b)")
_WORKING = re.compile(
    rf"(?:\s*[-+*/^\u00d7\u00f7x=]\s*{re.sub(r'[?]P<', '?P<w_', NUMBER.pattern)})+"
)

# A number, then the reasons for it.
_EXPLAINED = re.compile(
    rf"{NUMBER.pattern}\s*\w*[.,]?(?:\s*\n\s*\n|\s+(?:because|since)\b|\s*\([^=]*\)\W*$)"
)


def canonical(match: re.Match[str]) -> str:
    """Returns one way to write what a match of NUMBER is worth: "-1,200.50" -> "-1200.5"."""
    whole = _digits(match["whole"] or "").lstrip("0") or "0"
    part = _digits(match["part"] or match["bare_part"] or "").rstrip("0")
    value = f"{whole}.{part}" if part else whole
    has_sign = bool(match["sign"]) != bool(match["late_sign"])
    return f"-{value}" if has_sign and value != "0" else value


def values(text: str) -> list[str]:
    """Returns all numbers in a text: "3 of 1,200 for $5.00" -> ["3", "1200", "5"]."""
    return [canonical(match) for match in NUMBER.finditer(text)]


def form(text: str) -> str:
    """Returns a text whose numbers are written in one way, marks at its end aside.

    Before: "$1,200.00." or "1200". After: "1200". Before: "28; 21". After: "28; 21".
    """
    text = _PERCENT.sub("", wording.plain(text).casefold())
    return " ".join(_END.sub("", NUMBER.sub(canonical, text)).split())


def is_one(text: str) -> bool:
    """Returns whether a text is one number and nothing else: "$1,200.00", not "3 plums"."""
    match = NUMBER.fullmatch(_END.sub("", _PERCENT.sub("", wording.plain(text))).strip())
    return match is not None


def are_several(text: str) -> bool:
    """Returns whether a text is a list of numbers and nothing else: "28; 21", not "2 + 3"."""
    parts = re.split(r"[;,]\s", text)
    return len(parts) > 1 and all(map(is_one, parts))


def said(text: str) -> str | None:
    """Returns the number that a text gives for its answer, None where there is none.

    That is the one in \\boxed{} or after "####", the one that follows "the answer is" or the
    like, the one at the beginning that reasons follow, or else the last one; a question appended
    after the answer is not read.
    Before: "2 + 3 = 5, so he has 5 plums.\\n\\nQ: Lena has 7". After: "5".
    """
    text = wording.before_follow_up(text)
    for part in wording.marked(text):
        if found := values(part):
            return found[0]
    led = wording.after_lead_in(text)
    if led is not None and (found := leading(led)):
        return found
    text = wording.plain(text)
    if found := _EXPLAINED.match(text):
        return canonical(found)
    found = values(text)
    return found[-1] if found else None


def leading(text: str) -> str | None:
    """Returns the number that a text begins with, or what its sum comes to, or its last number.

    "5 plums, for 7 - 2 = 5" -> "5"      "2 + 3 = 5 plums" -> "5"      "he has 5" -> "5"
    """
    text = wording.plain(text)
    first = NUMBER.search(text)
    if first is None:
        return None
    if re.search(r"\w", text[: first.start()]):
        return values(text)[-1]
    working = _WORKING.match(text, first.end())
    if not working or "=" not in working[0]:
        return canonical(first)
    # Where one sum follows another, they are the way to the answer, at the end.
    return values(text if "=" in text[working.end() :] else working[0])[-1]


def _digits(text: str) -> str:
    """Returns the digits of a text, whatever the script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())
