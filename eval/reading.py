"""Which of a prompt's options a generated text means, by what models really write.

A text is read in the places where answers stand, the surest first: where it is marked off, after
"the answer is", at its beginning and in its last sentence, then in all of it. The first place that
names an option decides; one that names two is not read at all.

    "yes", "Yes.", "yes, because ..."          at the beginning
    "(B)", "**B**", "B) 42", "b.", "42"        by letter, text or both, where these do not differ
    "... So the answer is (B).", "\\\\boxed{B}"   where it is marked off or led in
"""

import functools
import itertools
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from eval import normal_forms, numerals, wording

Places = frozenset[int]

_NONE: Places = frozenset()
_SO = re.compile(
    r"^(?:so|thus|hence|therefore|then|finally|overall|in (?:short|conclusion|sum))\b[\s,:]*"
    r"(?:(?:it|this|that) (?:is|must be|would be|means)\b[\s,:]*)?",
    re.IGNORECASE,
)
_CHOICE = re.compile(
    r"\bI(?:['\u2019]d|\s+would)?\s+(?:say|choose|pick|select|go\s+with)\b(?:\s+that\b)?:?",
    re.IGNORECASE,
)
# What may follow an answer that stands at the beginning of a text.
_STOP = r"(?=\s*(?:$|[.,;:!?)\]\n\u2013\u2014]|-\s)|\s+(?:because|since|as|is|was|for)\b)"
_SUM = re.compile(r"\s*[-+*/=\u00d7\u00f7]\s*[\d(]")  # behind a number: "7 - (2 * 3)"
_LETTER_FIRST = re.compile(r"\W*[A-Z][^\w\s]")
_IS_NOT_SO = (
    r"(?:(?:is|are|was|were|would be|must be|can|could|does|do)\s*"
    r"(?:not|wrong|incorrect|false|out|too|impossible)\b|(?:ca|wo|does|do|is|are)n['\u2019]t\b)"
    r"(?:\s+\w+)?"
)
_ASKS_FALSE = re.compile(
    r"\b(?i:which|what|who|all|each)\b[^.?!\n]*\b(?i:false|incorrect|wrong|untrue|except|not)\b"
    r"|\b(?:EXCEPT|NOT)\b"
)
_NO_SUCH = re.compile(r"\bno\s+(?!because\b|since\b|as\b|for\b|from\b)[a-z]", re.IGNORECASE)
_OPPOSITES = {"true": "false", "false": "true"}
_NOT_TRUE = re.compile(
    r"(?:\bnot|(?<=\w)n['\u2019]t)\s+(?:(?:really|entirely|quite)\s+)?(?P<word>true|false)\b",
    re.IGNORECASE,
)
_NEXT = re.compile(r"^[\s,;/&)\].]*(?:(?:and|or)\b(?:\s+also\b)?)?[\s(\[]*", re.IGNORECASE)


@dataclass(frozen=True)
class _Name:
    """What an option is called: by its text ("" where that is not known) and by its label.

    `is_shown` says whether the prompt shows the label; without it a letter goes by place alone.
    """

    text: str
    label: str
    is_shown: bool


def place(
    options: Sequence[str], text: str, *, shown: str = "", is_first: bool = False
) -> int | None:
    """Returns the place of the option that a text means; None where it means none or several.

    `shown` is the prompt's text, whose list says which letter stands for which option. Where an
    answer `is_first`, and asked for alone, what comes after a line that is one goes on from it.
    """
    names = _names(tuple(options), shown)
    answer = wording.before_follow_up(text)
    texts = [_without_denied(names, answer)]
    if _asks_false(names, shown):  # "(B) is false" may be the answer, where no other is
        texts.append(_without_denied(names, answer, leaves_false=True))
    read = (_read(tuple(options), names, one, is_first) for one in texts)
    for found in itertools.chain([_repeated(options, text)], *read):
        if found:
            return next(iter(found)) if len(found) == 1 else None
    return None


def _read(
    options: Sequence[str], names: Sequence[_Name], text: str, is_first: bool
) -> Iterator[Places]:
    """Yields the options named in each place where an answer may stand, the surest place first."""
    for part in wording.marked(text):
        yield _named(options, names, part)
    led = wording.after_lead_in(text)
    if led is not None:
        yield _named(options, names, wording.lines(led)[0])
    if chosen := _CHOICE.split(text)[1:]:
        yield _named(options, names, wording.lines(wording.plain(chosen[-1]))[0])
    text = wording.plain(text)
    line, sentences = wording.lines(text)[0], wording.sentences(text)
    last = _SO.sub("", sentences[-1])
    yield _repeated(options, text)
    alone = _alone(options, names, line)
    if (is_first and not _is_list(options, names, text)) or not _alone(options, names, last):
        yield alone  # what follows are the reasons
    found = _leading(names, line)
    if not found or last != sentences[-1] or _alone(options, names, last):
        found |= _whole(options, names, last)  # the first and the last word may differ
    yield found
    if "=" in last:  # of a sum, what it comes to
        yield _mentioned(names, last.rpartition("=")[2])
    yield _mentioned(names, last)
    yield _mentioned(names, sentences[0])
    yield _mentioned(names, text)


def _named(options: Sequence[str], names: Sequence[_Name], text: str) -> Places:
    return _whole(options, names, text) or _mentioned(names, text)


def _whole(options: Sequence[str], names: Sequence[_Name], text: str) -> Places:
    return _repeated(options, text) or _leading(names, text)


def _alone(options: Sequence[str], names: Sequence[_Name], text: str) -> Places:
    """Returns the option that a text names and says nothing else of: "(B)", "B) 42", not "B is"."""
    if found := _repeated(options, text):
        return found
    found, rest = _first(names, text)
    again, end = _first(names, rest.lstrip(").:]- "))
    rest = end if again and again <= found else rest
    return _NONE if re.search(r"\w", rest) else found


def _is_list(options: Sequence[str], names: Sequence[_Name], text: str) -> bool:
    """Returns whether a text begins with all options, one a line, and so says none of them."""
    begun = wording.lines(text)[: len(options)]
    named = frozenset().union(*(_alone(options, names, line) for line in begun))
    return len(options) > 1 and len(named) == len(options)


def _repeated(options: Sequence[str], text: str) -> Places:
    """Returns the option that the text is, to the letter or else but for marks and articles.

    The forms go from strict to lax, and the first by which one option alone is meant decides: of
    "-4" and "4", "4." is the second.
    """
    for form in _FORMS:
        said, words = form(text), [form(option) for option in options]
        if form is normal_forms.squad and _LETTER_FIRST.match(text):
            continue  # of "A, B" and "A. an eel" the letter A is no article
        if said and words.count(said) == 1:
            return frozenset({words.index(said)})
    return _NONE


def _leading(names: Sequence[_Name], text: str) -> Places:
    """Returns the options that the text begins with: "B) 42", "yes, for ..." or "A and B"."""
    found, rest = _first(names, text)
    if not found:
        return _NONE
    second, end = _first(names, _NEXT.sub("", rest, count=1))
    is_list = re.match(r"\s*(?:$|[,.;/&)]|and\b|or\b)", end) is not None
    has_joint = re.match(r"\W*\s*(?:and|or)\b|\s*[/&]", rest, re.IGNORECASE) is not None
    is_text_of_label = rest[:1] in set(").:]-") and second <= found
    is_sentence = re.match(r"[)\]]?[.!]\s", rest) and re.search(r"\w", end)  # "(B). (A) is ..."
    if second and not is_text_of_label and not is_sentence and (is_list or has_joint):
        return found | second
    return found


def _first(names: Sequence[_Name], text: str) -> tuple[Places, str]:
    """Returns the option named at the very beginning of a text, and what follows it."""
    text = text.lstrip(" \t\"'([\u201c\u2018-")
    by_text = [
        (match.end(), index)
        for index, name in enumerate(names)
        if name.text and (match := re.match(_pattern(name.text) + _STOP, text, re.IGNORECASE))
        if not (_SUM.match(text, match.end()) and numerals.is_one(name.text))
    ]
    by_label = [
        (match.end(), index)
        for index, name in enumerate(names)
        if name.label and (match := re.match(_label_first(name.label), text))
    ]
    if by_text:
        end, index = max(by_text)
        return frozenset({index}), text[end:]
    if not by_label:
        return _NONE, text
    end, index = by_label[0]
    if names[index].is_shown:
        return frozenset({index}), text[end:]
    # A letter that no prompt has shown goes by place, unless words after it say what is meant.
    behind, rest = _first(
        [_Name(name.text, "", False) for name in names], text[end:].lstrip(".): ")
    )
    return (behind, rest) if behind else (frozenset({index}), text[end:])


def _mentioned(names: Sequence[_Name], text: str) -> Places:
    """Returns the options named anywhere in a text, but for those after "not"."""
    found, rest = set(), " ".join(text.split())
    for name in sorted(names, key=lambda name: -len(name.text)):
        if name.text:
            pattern = re.compile(_pattern(name.text), re.IGNORECASE)
            for match in pattern.finditer(rest):
                if not re.search(r"\bnot\s+(?:an?\s+|the\s+)?$", rest[: match.start()], re.I):
                    found.add(names.index(name))
            rest = pattern.sub(lambda match: " " * (len(match[0]) - 1) + "\u0000", rest)
    by_label = {
        index
        for index, name in enumerate(names)
        if name.label and re.search(_label_anywhere(name.label), text)
    }
    if by_label and (not found or all(name.is_shown for name in names)):
        # A letter shown says which is meant; the rest of the words tell why.
        return frozenset(by_label | found if len(by_label) > 1 else by_label)
    if len(found) > 1 and _NO_SUCH.search(text):
        # "There is no doubt, so yes" answers with the other word.
        rest = {index for index in found if names[index].text.casefold() != "no"}
        found = rest if not _named_no(text) else found
    if found:
        return frozenset(found)
    return _by_number(names, text)


def _named_no(text: str) -> bool:
    """Returns whether "no" is said other than of a thing that there is none of."""
    return re.search(r"\bno\b", _NO_SUCH.sub("", text), re.IGNORECASE) is not None


def _asks_false(names: Sequence[_Name], shown: str) -> bool:
    """Returns whether a prompt asks what is false: "Which is not so?", "All are birds EXCEPT"."""
    for name in names:
        shown = shown.replace(name.text or "\n", " ")
    return _ASKS_FALSE.search(shown) is not None


def _without_denied(names: Sequence[_Name], text: str, *, leaves_false: bool = False) -> str:
    """Returns a text without the options that it denies or weighs by their letters.

    "not true" is "false". With `leaves_false` an option that is called so stays.
    Before: "(A) is wrong, so it is (B), not C." After: ", so it is (B), ."
    """
    if {name.text.casefold() for name in names} == set(_OPPOSITES):
        text = _NOT_TRUE.sub(lambda match: f" {_OPPOSITES[match['word'].lower()]}", text)
    labels = "|".join(name.label for name in names if name.is_shown and name.label.isalpha())
    if not labels:
        return text
    one = rf"(?:[(\[](?:{labels})[)\]]|\b(?:{labels})\b)"
    each = rf"(?:\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer)s?\s+)?{one}(?:\s*(?:,|and|or|nor)\s*{one})*"
    denied = rf"\b(?:[Nn]ot|[Nn]either)\s+{each}|{each}\?\s*[Nn]o\b"
    denied += rf"|\b(?:[Ee]ither|[Bb]etween)\s+{one}\s*(?:and|or)\s*{one}"
    is_worded_so = any(re.match(_IS_NOT_SO, name.text, re.IGNORECASE) for name in names)
    if not is_worded_so and not leaves_false:
        denied += rf"|{each}\s+{_IS_NOT_SO}"
    return re.sub(denied, "", text)


def _by_number(names: Sequence[_Name], text: str) -> Places:
    """Returns the option whose number the text says, where each with numbers has one of its own."""
    each = [numerals.values(name.text) for name in names]
    worth = [numbers[0] if numbers else None for numbers in each]  # None: "none of these"
    there = [value for value in worth if value is not None]
    if max(map(len, each)) > 1 or len(set(there)) < len(there):
        return _NONE
    said = {worth.index(value) for value in numerals.values(text) if value in worth}
    return frozenset(said)


@functools.lru_cache(maxsize=256)
def _names(options: tuple[str, ...], shown: str) -> tuple[_Name, ...]:
    """Returns what the options are called, by the list in the text that shows them."""
    bare = [option.strip(string.punctuation + " ") for option in options]
    for labels in _LABELS:
        if len(bare) > 1 and bare == labels[: len(bare)]:
            texts = _listed(labels[: len(bare)], shown)
            return tuple(
                _Name(text, label, True)
                for text, label in zip(texts or [""] * len(bare), bare, strict=True)
            )
    for labels in _LABELS:
        if list(options) == _listed(labels[: len(options)], shown):
            return tuple(
                _Name(text, label, True) for text, label in zip(options, labels, strict=False)
            )
    is_shown = len(options) > 1 and all(option in shown for option in options)
    letters = _LABELS[0] if is_shown else [""] * len(options)
    return tuple(_Name(text, label, False) for text, label in zip(options, letters, strict=False))


def _listed(labels: Sequence[str], shown: str) -> list[str]:
    """Returns the texts of the last list under these labels: "(A) 7\\n(B) 5" -> ["7", "5"]."""
    items = [rf"[(\[]?{label}[)\].:]+[ ]*([^\n]+?)" for label in labels]
    pattern = r"(?:^|(?<=[\n:/]))[ ]*" + r"(?:\n| / )[ ]*".join(items) + r"[ ]*(?=\n|$)"
    found = re.findall(pattern, shown) if len(labels) > 1 else []
    return [text.strip() for text in found[-1]] if found else []


def _pattern(text: str) -> str:
    """Returns the expression for a text as words of its own, blanks in it as they come."""
    words = r"\s+".join(map(re.escape, text.split()))
    before = r"(?<![\w\u0000])(?<!\d[.,])" + (r"(?<![-\u2212])" if text[:1].isdigit() else "")
    return f"{before}{words}" + r"(?![\w\u0000])(?![.,]\d)"


def _label_first(label: str) -> str:
    """Returns the expression for a label at the beginning of an answer: "B)", "B: ", "option B"."""
    small = label.lower()
    before = r"(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s+[(\[]?)?"
    return rf"{before}(?:{label}(?:{_STOP})|{small}(?=[)\].]|\s*$))"


def _label_anywhere(label: str) -> str:
    """Returns the expression for a label within a text: "(B)", "option B", or "... is B."."""
    alone = rf"(?<![\w'\u2019]){label}(?:\W*$|(?=\s+(?:and|or|is)\b|\s*[,/&]))"
    ends = f"|{alone}" if label.isalpha() else ""
    return (
        rf"[(\[]{label}[)\]]|^{label}[).:\]]|(?:\s){label}\)"
        rf"|\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s+[(\[]?{label}\b{ends}"
    )


def _without_end(text: str) -> str:
    return text.strip().rstrip(".,;:!?").casefold()


def _without_marks(text: str) -> str:
    return " ".join("".join(c for c in text.casefold() if c not in string.punctuation).split())


_FORMS: tuple[Callable[[str], str], ...] = (
    str.strip,
    _without_end,
    _without_marks,
    normal_forms.squad,
)
_LABELS = (list(string.ascii_uppercase), [str(number) for number in range(1, 100)])
