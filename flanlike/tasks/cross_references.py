"""Options that point at other options of their row: "both A and B", "all of the above".

They mean something in the order, and under the letters, in which their source lists them:

    ["in May", "in June", "both A and B"]          points
    ["in May", "in June", "neither of them"]       does not: it is as true in any other place
"""

import re
from collections.abc import Sequence

_OPTIONS = r"(?:options?|choices?|answers?)"
_QUANTITY = r"(?:all|none|both|neither|either|any|some|one|two)"
_IS = r"(?:are|is|apply|applies)"
_ONE = r"\(?[A-E]\)?"
_SMALL = r"\([a-e]\)"
_LETTERS = "|".join(
    rf"{one}(?:\s*,\s*{one})*\s*,?\s*(?:and|or|nor|&)\s*{one}" for one in (_ONE, _SMALL)
)
# Such an option says nothing else: "A and C", "Both (A) or (B) only", "none of these".
_WHOLE = re.compile(
    rf"(?i:(?:(?:only|both|either|neither|{_OPTIONS})\s+)*)(?:{_LETTERS})"
    r"(?i:(?:\s+(?:above|only|both|alone|together))*)"
    rf"|(?i:(?:both|either|neither|{_OPTIONS})\s+[a-e]\s+(?:and|or|nor|&)\s+[a-e])"
    r"|(?i:(?:none|all|both|neither|either)(?:\s+one)?)"
    rf"|(?i:{_QUANTITY}(?:\s+of)?\s+(?:these|those)(?:\s+(?:{_OPTIONS}|{_IS}\s+\w+))?)"
    r"|(?i:(?:all|none)\s+of\s+them)"
    rf"|(?i:{_QUANTITY}\s+{_IS}\s+(?:right|correct|true|wrong|false|possible))"
    rf"|(?i:{_QUANTITY}(?:\s+of)?\s+(?:the\s+)?(?:(?:mentioned|given|listed)\s+)?{_OPTIONS})"
)
# Here it may stand among other words: "(two of them are in the above answers twice)".
_PART = re.compile(
    rf"(?i:\b{_QUANTITY}(?:\s+of)?(?:\s+(?:the|these|those))?\s+"
    rf"(?:above|below|following|foregoing|preceding)(?:\s+(?:{_OPTIONS}|{_IS}|values?)\b|\W*\Z))"
    rf"|(?i:\b(?:above|previous|preceding)\s+(?:mentioned\s+)?{_OPTIONS}\b)"
    rf"|(?i:\b{_OPTIONS})\s+(?:[A-E]|\([A-E]\))(?!\w)"
)
_END = " .,;:!?"
_LONGEST = 48  # of an option that says nothing else


def points_at_options(options: Sequence[str]) -> bool:
    """Returns whether one of the options points at others, so that all keep order and letters."""
    for option in options:
        if len(option) <= _LONGEST and _WHOLE.fullmatch(option.strip(_END)):
            return True
    text = "\n".join(options).lower()  # few have one of these words, and rows are many
    if (
        "above" in text
        or "below" in text
        or "following" in text
        or "foregoing" in text
        or "preceding" in text
        or "option" in text
        or "choice" in text
        or "answer" in text
    ):
        return any(_PART.search(option.strip(_END)) for option in options)
    return False
