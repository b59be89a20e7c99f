"""Numbers in text: what they are worth, however they are written, and which one is the answer.

1,200   $1,200   1200.00   1200.   **1200**   \\$1,200   Rs 1200   are all "1200"
3/4   \\frac{3}{4}   are "3/4", and 4:3 is "4:3", but 6/2 = 3 is a sum
"""

import re
import unicodedata

from eval import scripts, wording

# Not behind a letter or a digit; a letter of a script without blanks between words ends a word.
_BEGINS = rf"(?<!\d)(?<![^\W{scripts.UNSPACED}])"
_SIGN = rf"(?:{_BEGINS}(?<![)\]}}])[-\u2212]|(?i:negative)\s+)?"
_CURRENCY = r"(?:(?:[$\u00a3\u20ac\u00a5\u20b9]|(?i:rs|usd|eur|gbp|inr)\b\.?|(?i:rs))\s?)?"
NUMBER = re.compile(
    # No part of a word, of a longer number or of a range such as 3-4, whose hyphen is no sign.
    rf"{_BEGINS}(?<!\d\.)(?P<sign>{_SIGN}){_CURRENCY}(?P<late_sign>[-\u2212]?)"
    r"(?:(?P<whole>\d{1,3}(?:[,'\u2019\u00a0\u2009\u202f]\d{3})+(?![\d])|\d+)(?P<part>\.\d+)?"
    r"|(?P<bare_part>\.\d+))"
)
_END = re.compile(r"[\s.,;:!?]+$")
# A comma before decimals, where it can be nothing else: 1.200,50 or, in euros, 12,50.
_DECIMAL_COMMA = re.compile(
    r"(?<![\w.,])(?P<dots>\d{1,3}(?:\.\d{3})+),(?P<many>\d+)(?![\d,.]\d)"
    r"|(?:(?<=\u20ac)|(?<=\u20ac\s))(?P<whole>\d+),(?P<cents>\d\d)(?![\d,])"
    r"|(?<![\w.,])(?P<euros>\d+),(?P<rest>\d\d)(?=\s?(?:\u20ac|EUR\b|euros?\b))"
)
# Points between thousands: of one alone nobody knows, 1.200 may be 1.2.
_DOTTED = re.compile(r"(?<![\w.,])\d{1,3}(?:\.\d{3}){2,}(?![\w]|[.,]\d)")
# What is written wide in East Asia, and Arabic marks in numbers. A wide comma between narrow digits
# parts sentences more often than thousands.
_WIDE_COMMA = re.compile(r"(?<=[\uff10-\uff19])\uff0c(?=[\uff10-\uff19]{3})")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if code != 0xFF0C}
_NARROW |= {0x066A: "%", 0x066B: ".", 0x066C: ","}
_PERCENT = re.compile(r"(?<=\d)\s?(?:%|percent\b)")
_FRACTION = re.compile(  # or a ratio, or a time of day
    rf"{_BEGINS}(?<![/:.,])(?P<top>{_SIGN}\d+)(?P<between>[/:])(?P<bottom>\d+)"
    rf"(?![/:\d]|[^\W{scripts.UNSPACED}]|[.,]\d|\s*[-+*/^\u00d7\u00f7\u00b7=])"
)
# What is no answer: "not 41", and in a bracket at the end the numbers that it comes from.
_DENIED = re.compile(rf"\bnot\s+{NUMBER.pattern.replace('?P<', '?P<n_')}", re.IGNORECASE)
_SOURCES = re.compile(r"\s*\(([^()=]{1,120})\)\W*$")
_CHECKED = re.compile(  # on a line of its own, after the answer
    r"\n\s*\W{0,4}(?:note|check|verification|(?:let me|let['\u2019]s|to)\s+(?:double[- ])?(?:check|"
    r"verify))\b",
    re.IGNORECASE,
)
_BECAUSE = re.compile(  # in the last sentence
    r"(?:,\s+(?:because|since|as)|(?<!and)\s+because)\s(?:(?![.!?]\s)[^,\n])*$", re.IGNORECASE
)
_WORKING = re.compile(
    rf"(?:\s*[-+*/^\u00d7\u00f7\u00b7x=]\s*{re.sub(r'[?]P<', '?P<w_', NUMBER.pattern)})+"
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
    text = _plain_decimals(text)
    fractions = {match.start(): match for match in _FRACTION.finditer(text)}
    found, end = [], 0
    for match in NUMBER.finditer(text):
        if match.start() < end:
            continue  # the lower half of a fraction
        fraction = fractions.get(match.start())
        end = fraction.end() if fraction else match.end()
        found.append(_fraction(fraction) if fraction else canonical(match))
    return found


def form(text: str) -> str:
    """Returns a text whose numbers are written in one way, marks at its end aside.

    Before: "$1,200.00." or "1200". After: "1200". Before: "28; 21". After: "28; 21".
    """
    text = _PERCENT.sub("", _plain(text).casefold())
    return " ".join(_END.sub("", NUMBER.sub(canonical, text)).split())


def is_one(text: str) -> bool:
    """Returns whether a text is one number and nothing else: "$1,200.00", not "3 plums"."""
    match = NUMBER.fullmatch(_END.sub("", _PERCENT.sub("", _plain(text))).strip())
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
        if found := leading(part):
            return found
    led = wording.after_lead_in(text)
    if led is not None and (found := leading(led)):
        return found
    text = _plain(text)
    if found := _EXPLAINED.match(text):
        return canonical(found)
    rest = _DENIED.sub("", text)
    for shorten in (_without_check, _without_reason, _without_sources):
        shorter = shorten(rest)
        rest = shorter if values(wording.sentences(shorter)[-1]) else rest
    found = values(rest) or values(text)
    return found[-1] if found else None


def leading(text: str) -> str | None:
    """Returns the number that a text begins with, or what its sum comes to, or its last number.

    "5 plums, for 7 - 2 = 5" -> "5"      "2 + 3 = 5 plums" -> "5"      "he has 5" -> "5"
    """
    text = _plain(text)
    first = NUMBER.search(text)
    if first is None:
        return None
    if re.search(r"\w", text[: first.start()]):
        return values(text)[-1]
    working = _WORKING.match(text, first.end())
    if not working or "=" not in working[0]:
        return values(text)[0]
    # Where one sum follows another, they are the way to the answer, at the end.
    return values(text if "=" in text[working.end() :] else working[0])[-1]


def _without_check(text: str) -> str:
    return _CHECKED.split(text)[0]


def _without_reason(text: str) -> str:
    return _BECAUSE.sub("", text)


def _without_sources(text: str) -> str:
    """Returns a text without the numbers that it comes from: "42 hats (6 on each of 7 days)"."""
    found = _SOURCES.search(text)
    return text[: found.start()] if found and len(values(found[1])) > 1 else text


def _plain(text: str) -> str:
    return _plain_decimals(wording.plain(text))


def _plain_decimals(text: str) -> str:
    """Returns a text with points before decimals alone: "1.200,50" -> "1200.50"."""
    if not text.isascii():
        text = _WIDE_COMMA.sub(",", text).translate(_NARROW)
    text = _DOTTED.sub(lambda match: match[0].replace(".", ""), text)
    return _DECIMAL_COMMA.sub(_with_point, text)


def _with_point(match: re.Match[str]) -> str:
    whole, _, part = match[0].rpartition(",")
    return f"{whole.replace('.', '')}.{part}"


def _fraction(match: re.Match[str]) -> str:
    top, bottom = (NUMBER.fullmatch(match[half]) for half in ("top", "bottom"))
    return f"{canonical(top)}{match['between']}{canonical(bottom)}"


def _digits(text: str) -> str:
    """Returns the digits of a text, whatever the script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())
