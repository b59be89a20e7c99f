"""Options and questions that only make sense beside the list of options.

    options   "tea"   "coffee"   "both A and B"        point at options by letter: in this order
              "tea"   "coffee"   "none of the above"   point at the list: in this order
    question  "Which of the following boils first?"    asks about the list: with the list

Pure functions of short texts. They know wordings, not meanings: a set of options that points at
nothing and is taken for one that does is merely listed in its source's order.
"""

import functools
import re
from collections.abc import Sequence

_LONGEST_POINTER = 80  # characters of an option that is nothing but a pointer
_QUESTION_CHARACTERS = 600  # of a field that is all question; of a longer one, the end is looked at
_END_CHARACTERS = 200

# An option that is nothing but a pointer begins with a letter or number of the list, or with one of
# these; one that holds a pointer has one of those words. Looked for first, for it is quick.
_FIRST_WORDS = frozenset(
    form
    for word in re.findall(
        r"\S+",
        "all none both neither either any each some two three one at only more everything nothing "
        "no just option options choice choices answer answers statement statements item items "
        "ii ii, iii iii, iv iv, vi vi, vii vii, viii viii,",
    )
    for form in (word, word.capitalize(), word.upper())
)
_PLACE_WORDS = ("bove", "ollowing", "option", "choice", "answer")

_QUANTITY = (
    r"(?:all|none|both|neither|either|any|each|some|two|three|everything|nothing|"
    r"(?:at least |only |more than )?one)(?: one| two| three| four)?"
)
_NOUN = r"(?:options?|choices?|answers?|alternatives?|possibilities|statements?|responses?)"
_RIGHT = r"(?:correct|true|right|incorrect|false|wrong|possible|acceptable)"
_VERDICT = rf"(?: (?:are|is|were|was|may be|can be|could be)(?: both| all| equally)? {_RIGHT})"
_PLACE = r"(?:above|below|here|listed|given|provided|mentioned|stated)"

# The whole of an option.
_POINTER = re.compile(
    rf"{_QUANTITY}(?: of)? (?:these|those)(?: \w+)?(?: {_PLACE})?{_VERDICT}?"
    rf"|{_QUANTITY}(?: of)?(?: the)?(?: two| three)? {_NOUN}(?: {_PLACE})?{_VERDICT}?"
    rf"|{_QUANTITY}(?: of)? (?:above|following)(?: {_NOUN})?{_VERDICT}?"
    rf"|(?:all|none|both|neither|either|each)(?: of them)?{_VERDICT}"
    rf"|(?:all|both) {_RIGHT}"
    rf"|no(?: {_RIGHT})? (?:option|choice|answer|alternative)s?{_VERDICT}"
    rf"|no {_RIGHT} (?:option|choice|answer|alternative)s?"
)
# A part of it.
_POINTING = re.compile(
    rf"\b{_QUANTITY}(?: of)?(?: all)? (?:the|these|those) "
    r"(?:above|below|following|foregoing|preceding|aforementioned)\b(?![- ](?:ground|board|sea))"
    rf"|\b(?:the|these|those) (?:above|following|preceding|previous) {_NOUN}\b"
    r"|\bthe (?:first|second|third|last|former|latter|previous)(?: two| three)? "
    r"(?:options?|choices|answers?)\b"
)

_KINDS = r"(?:options?|choices?|answers?|statements?|items?)"
_LEAD = rf"(?:both|neither|either|all|none|any|only|just|{_KINDS})(?: of| the)*"
_BETWEEN = (
    r"(?:\s*,?\s*\b(?:and/or|and|or|nor|but not)\s+|\s*,?\s*[&/]\s*|\s*,\s*)"
    rf"(?:(?:both|only|not|{_KINDS}) )?"
)
_TAIL = rf"(?: (?:only|alone|both|together|{_PLACE})|,? but not both)?{_VERDICT}?"


def _list_of(item: str) -> re.Pattern[str]:
    """Returns a pattern for options that are items and little more: "Both A and B", "A only"."""
    return re.compile(
        rf"(?P<lead>(?:{_LEAD} )*)(?P<items>{item}(?:{_BETWEEN}{item})*)(?P<tail>{_TAIL})"
    )


_LETTERS = _list_of(r"\(?[A-Z]\)?(?![\w'])")
_SMALL_LETTERS = _list_of(r"\(?[a-z]\)?(?![\w'])")
_ROMANS = _list_of(r"\(?(?:i{1,3}|iv|vi{0,3})\)?(?!\w)")
_NUMBERS = _list_of(r"\(?[1-9]\)?(?!\w)")
_ITEM = re.compile(r"(?<![\w'])\(?([A-Za-z])\)?(?![\w'])")
_ONE_LETTER = re.compile(r"only|just|alone|option|choice|answer| is ")
_LETTER_NAMED = re.compile(
    r"\b(?:[Oo]ption|[Cc]hoice|[Aa]nswer)s?(?: is|:| =)? ?(?:\(?\b[A-H]\)?(?![\w'])|'[A-H]')"
)

# One of these is in every question that is about the options.
_QUESTION_WORDS = ("hich", "ollowing", "except", "excluding", "but not", "not including", "below")
_QUESTION_WORDS += ("listed", "option", "choice", "alternative", "answer", "statement", "sentence")
_QUESTION_WORDS += ("conclusion", "odd ", "choose", "select", "pick", "mark", "tick")
_ASKED_FOR = r"(?:statement|option|choice|answer|alternative|sentence|conclusion)s?"
# A part of a question's text, in lower case.
_QUESTION = re.compile(
    r"\b(?:what|whi\w+)\b[^.?!]{0,60}\bfollowings?\b"
    r"(?! (?:\w+ )?(?:series|sequence|data|equation|expression|day))"
    r"|\bfollowing\b[^.?!]{0,120}\b(?:except|not|but|excluding)\b"
    r"|\b(?:of|among|amongst|from|is|are|be) (?:all )?(?:the )?followings?\W*(?:$|[?:_])"
    r"|\bwhich (?:one |ones |two |\w+ )?(?:of|among|in|from) (?:all )?(?:these|those|them)\b"
    rf"|\bwhich (?:of the |of |one of the |one |two |\w+ )?{_ASKED_FOR}\b"
    rf"|\b(?:what|which)(?:'s| is| are| was)?(?: the)? (?:most |best )?(?:\w+ )?{_ASKED_FOR}\W*$"
    r"|\bwhich (?:one )?(?:is|are|was|of them is) (?:the )?(?:not |most |least )*"
    r"(?:true|false|correct|incorrect|right|wrong|untrue|mentioned|accurate)\b"
    r"|\b(?:except|but not|excluding|not including)(?: for)?[\W_]*$"
    rf"|\b(?:{_ASKED_FOR}|examples|ones|processes|items|words|those|list) "
    r"(?:listed |given )?(?:below|listed)\b"
    r"|\b(?:the|these|those|following|given|available|answer) (?:options|choices|alternatives)\b"
    r"|\b(?:choose|select|pick|mark|tick) (?:the |an? |one )*(?:most |best )?"
    r"(?:correct|right|best|odd|wrong|incorrect|appropriate|suitable|option|answer|alternative)\b"
    r"|\bodd (?:one|man) out\b"
)


def points_at_options(options: Sequence[str]) -> bool:
    """Returns whether one of the options says something of the others, or of where they stand.

    ("tea", "coffee", "both A and B"), ("1", "2", "none of these"), ("I only", "I and II") do;
    ("salt and pepper", "all liquids", "none of the other choices") do not: they mean the same in
    any order.
    """
    return listed(tuple(options))[0]


@functools.lru_cache(maxsize=1 << 12)
def listed(options: tuple[str, ...]) -> tuple[bool, bool]:
    """Returns whether the options keep their source's order, and whether the list needs letters.

    They do where one says something of the others; it does where this is said by letter.
    """
    whole = "\n".join(options)
    points = False
    for word in _PLACE_WORDS:
        if word in whole:
            points = _POINTING.search(whole.lower()) is not None
            break
    for option in options:
        head = option[:2]
        if option.partition(" ")[0] in _FIRST_WORDS if head.isalpha() else not head.isdigit():
            break
    else:
        return points, False
    short = [" ".join(option.split()).strip(" .;:!?\"'") for option in options]
    named = [_letters(option) for option in short]
    # Where what is named is itself such a name, letters are the question's: "(A) 2x  (B) 3x".
    is_name = [bool(letters) or len(text) < 2 for letters, text in zip(named, short, strict=True)]
    by_letter = False
    for place, letters in enumerate(named):
        if letters and all(at < len(options) and at != place for at in letters):
            points = True
            by_letter |= not any(is_name[at] for at in letters)
    return points or any(map(_is_pointer, short)), by_letter


def names_a_letter(text: str) -> bool:
    """Returns whether a rationale speaks of an option by its letter, as in "so choice (B) is"."""
    has_word = "hoice" in text or "ption" in text or "nswer" in text
    return has_word and _LETTER_NAMED.search(text) is not None


def needs_options(options: Sequence[str], texts: Sequence[str]) -> bool:
    """Returns whether a record cannot be asked about without the list of its options.

    `texts` are the record's fields: of a long one, the end is looked at.
    """
    if points_at_options(options):
        return True
    ends = [t if len(t) <= _QUESTION_CHARACTERS else t[-_END_CHARACTERS:] for t in texts]
    asked = "\n\n".join(ends).lower()
    for word in _QUESTION_WORDS:
        if word in asked:
            return any(_QUESTION.search(" ".join(end.lower().split())) for end in ends)
    return False


def _is_pointer(option: str) -> bool:
    """Returns whether an option is nothing but words for others of the list."""
    if len(option) > _LONGEST_POINTER:
        return False
    text = option.lower()
    return (
        _POINTER.fullmatch(text) is not None
        or _is_list(_ROMANS.fullmatch(text))
        or _is_list(_NUMBERS.fullmatch(text), is_plain=True)
    )


def _is_list(found: re.Match[str] | None, *, is_plain: bool = False) -> bool:
    """Returns whether a match names items of a list: several of them, or one and a word for it.

    Plain numbers are answers unless a word says otherwise: "both 1 and 2", "(1) and (2)".
    """
    if found is None:
        return False
    items, told = found["items"], found["lead"] or found["tail"]
    if is_plain:
        return ("(" in items or bool(told)) and len(items.split()) > 1
    return bool(told) or not items.strip("()").isalnum()


def _letters(option: str) -> list[int]:
    """Returns the places that an option names by letter: "Both A and C" -> [0, 2]."""
    if len(option) > _LONGEST_POINTER:
        return []
    text = option[:1].lower() + option[1:] if option[1:2].islower() else option
    found = _LETTERS.fullmatch(text)
    if found is None:
        found = _SMALL_LETTERS.fullmatch(text)
        if found is None or not (found["lead"] or "(" in found["items"]):
            return []
    named = [ord(letter.upper()) - ord("A") for letter in _ITEM.findall(found["items"])]
    is_told = len(named) > 1 or _ONE_LETTER.search(found["lead"] + found["tail"])
    return named if is_told else []
