"""Words in any script, for metrics that count words."""

import functools
import unicodedata
from collections.abc import Iterable

# Scripts that put no blanks between words, by block of Unicode: first and last character.
_HAN = (
    (0x2E80, 0x2FDF),
    (0x3005, 0x3007),
    (0x3021, 0x3029),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_OTHERS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1B7F),  # Balinese
    (0x3031, 0x3035),
    (0x3040, 0x312F),  # kana, Bopomofo
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0xA000, 0xA4CF),  # Yi
    (0xA980, 0xA9FF),  # Javanese, further Burmese
    (0xAA60, 0xAADF),
    (0xFF66, 0xFF9F),
    (0x1B000, 0x1B16F),
)
# Of a regular expression: what may stand before a number that begins there.
UNSPACED = "".join(f"{chr(first)}-{chr(last)}" for first, last in (*_HAN, *_OTHERS))
# So many letters of other scripts say as much as one of these characters.
_LETTERS_A_WORD = 4
_JOINERS = "\u200c\u200d"  # within words of Persian and of Indian scripts
# Of the letters of a Chinese text, those in other scripts without blanks that one may quote.
_MOST_QUOTED = 0.05


def words(text: str) -> list[str]:
    """Returns the runs of letters, combining marks and digits, in lower case.

    Scripts without blanks between words are split by character, each with its marks.

    Before: "Größe 42 — 大雨". After: ["größe", "42", "大", "雨"].
    """
    found: list[str] = []
    last = "other"
    for char in unicodedata.normalize("NFC", text.lower()):
        if char in _JOINERS:
            continue
        kind = _kind(char)
        if kind == "mark" and last != "other":
            found[-1] += char  # and what follows a letter with its mark follows the letter
            continue
        if kind == "letter" and last == "letter":
            found[-1] += char
        elif kind in ("letter", "han", "unspaced"):
            found.append(char)
        last = kind if kind != "mark" else "other"  # a mark on nothing is no word
    return found


def is_unspaced(text: str) -> bool:
    """Returns whether a text has characters of a script that puts no blanks between words."""
    return not text.isascii() and any(_kind(char) in ("han", "unspaced") for char in text)


def bleu_tokenizer(references: Iterable[str]) -> str:
    """Returns the name of the sacreBLEU tokenizer for the script of most words.

    "zh" for Chinese, "char" for other scripts without blanks between words (Japanese too: its own
    tokenizer needs a dictionary that sacreBLEU does not bring), else the default, "13a".
    """
    letters = han = unspaced = 0
    for text in references:
        counts = _counts(text)
        letters, han, unspaced = letters + counts[0], han + counts[1], unspaced + counts[2]
    if (han + unspaced) * _LETTERS_A_WORD <= letters:
        return "13a"
    return "zh" if unspaced <= _MOST_QUOTED * (han + unspaced) else "char"


@functools.lru_cache(maxsize=65536)
def _counts(text: str) -> tuple[int, int, int]:
    """Returns how many letters of scripts with blanks, Han characters and others a text has."""
    if text.isascii():
        return len(text), 0, 0
    kinds = [_kind(char) for char in text]
    return kinds.count("letter"), kinds.count("han"), kinds.count("unspaced")


@functools.lru_cache(maxsize=65536)
def _kind(char: str) -> str:
    """Returns "letter" (also for digits), "han", "unspaced", "mark" or "other"."""
    category = unicodedata.category(char)
    if category[0] == "M":
        return "mark"
    if category[0] != "L" and category not in ("Nd", "Nl"):
        return "other"
    code = ord(char)
    if _is_in(code, _HAN):
        return "han"
    return "unspaced" if category != "Nd" and _is_in(code, _OTHERS) else "letter"


def _is_in(code: int, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in blocks)
