"""The forms in which datasets' own scripts compare answers: case, marks, articles, numbers.

Those know the marks of ASCII; here those of other scripts are marks too: "北京。" is "北京".
"""

import re
import string
import unicodedata

from eval import numerals

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = re.escape(string.punctuation)
# A point or a sign that makes another number of the digits behind it.
_POINT_OR_SIGN = r"(?<![^\W\d])\.(?=\d)|(?<![\w\-])-(?=[$\u00a3\u20ac]?\.?\d)"
_MARK_OR_KEPT = re.compile(rf"({_POINT_OR_SIGN})|[{_MARKS}]")
_TRIVIA_MARKS = str.maketrans(dict.fromkeys(string.punctuation + "\u2018\u2019\u00b4`", " "))


def squad(text: str) -> str:
    """Returns SQuAD's form: lower case, no punctuation, no articles, single blanks.

    Unlike SQuAD's script it keeps the point of 1.5 and the sign of -4, without which 15 would be
    right for the one and 4 for the other.
    Before: "The  Owl, and an eel: 1.5." After: "owl and eel 1.5".
    """
    return _without_articles(_without_marks(_plain_minus(text.lower())))


def natural_questions(text: str) -> str:
    """Returns the form of the open Natural Questions: SQuAD's, with accents set apart.

    The accents stay: that "Café" is one letter or a letter and an accent makes no difference.
    """
    return squad(unicodedata.normalize("NFD", text))


def trivia_qa(text: str) -> str:
    """Returns TriviaQA's form: as SQuAD's, but that marks part words, curly quotes among them.

    Before: "The Spider-Man’s_web". After: "spider man s web". So 1.5 is "1 5", and no 15.
    """
    return _without_articles(_without_others(text.lower(), " ").translate(_TRIVIA_MARKS))


def drop(text: str) -> str:
    """Returns DROP's form: word by word, also at hyphens, numbers by what they are worth.

    Unlike DROP's script it reads "$1.50" and "1.5%" as 1.5, where the script takes out the point
    with the marks, and keeps the sign of -4, which the script takes for a hyphen.
    Before: "The 1,200.0-metre run." After: "1200 metre run".
    """
    words = []
    for word in re.split(r"\s+|(?<=\w)-", _plain_minus(text.lower())):
        if numerals.is_one(word):
            words.append(numerals.form(word))
        else:
            words.append(_without_articles(_without_marks(word)))
    return " ".join(" ".join(words).split())


def natural_instructions(text: str) -> str:
    """Returns the form in which Tk-Instruct compares answers: lower case, no punctuation.

    Unlike its script it keeps the point of 1.5 and the sign of -4, as `squad` does; both keep the
    articles. Before: "The  Owl: 1.5." After: "the owl 1.5".
    """
    return " ".join(_without_marks(_plain_minus(text.lower())).split())


def _without_articles(text: str) -> str:
    return " ".join(_ARTICLES.sub(" ", text).split())


def _without_marks(text: str) -> str:
    return _without_others(_MARK_OR_KEPT.sub(_kept, text))


def _without_others(text: str, by: str = "") -> str:
    """Returns a text without the marks of other scripts, which no dataset's own script knows.

    Curly quotes, dashes and Latin-1's stay: they come up in English sets, whose scripts keep them.
    """
    if text.isascii():
        return text
    return "".join(by if _is_other_mark(char) else char for char in text)


def _is_other_mark(char: str) -> bool:
    is_latin = char < "\u0100" or "\u2010" <= char <= "\u205e"
    return not is_latin and unicodedata.category(char)[0] == "P"


def _kept(match: re.Match[str]) -> str:
    return match[1] or ""


def _plain_minus(text: str) -> str:
    return text.replace("\u2212", "-")
