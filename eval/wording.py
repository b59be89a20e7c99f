"""How models word their answers: lead-in words, emphasis, and what follows the answer."""

import re

_FOLLOW_UP = re.compile(
    r"\n{3,}"
    r"|\n\s*\W{0,4}(?:(?:next|new|another|second|follow-up)\s+)?"
    r"(?:Q|question|problem|exercise|human|user|input|instruction)\s*\d*\s*\W{0,4}[:.]"
    r"|\n\s*\W{0,4}(?:question|problem|exercise|human|user)\s*\d*[ \t*_]*\n"
    r"|<\|?(?:end\w*|eot\w*|eos|im_end|im_start|start_of_turn|end_of_turn|/s)\|?>|</s>",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"\b(?:answer|choice|option)\b"
    r"(?:\s+(?:to|for)\s[^.:\n]{0,80}?)?"
    r"(?:\s*(?:is|was|would\s+be|will\s+be|must\s+be|should\s+be)\b(?:\s+that\b|\s+option\b)?"
    r"\s*:?|\s*[:=\u2192]|\s*-+>|\s+-)"
    r"|^\s*(?:A|Ans)\s*:"
    r"|^[#\s]*(?:final\s+|correct\s+)?answer\s*\n",  # a heading
    re.IGNORECASE | re.MULTILINE,
)
_TAGGED = re.compile(r"<answer>(.*?)(?:</answer>|$)", re.IGNORECASE | re.DOTALL)
_HASHES = re.compile(r"####\s*(.*)")
_HEADING = re.compile(
    r"(?:\d+[.)]\s+[a-z]|(?:step|part|solution|explanation|reason\w*)\b|(?:final\s+)?answer\W*$)",
    re.IGNORECASE,
)
_THOUGHT = re.compile(r"^.*</think>", re.DOTALL)
_LATEX = re.compile(r"\\(?:text\w*|math\w+|boxed|mbox)\s*\{([^{}]*)\}")
_LATEX_MARKS = re.compile(r"\\[()\[\],;!]|\\(?=[$%#&_ ])")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_LATEX_OPERATORS = {r"\times": "\u00d7", r"\cdot": "\u00b7", r"\div": "\u00f7"}


def before_follow_up(text: str) -> str:
    """Returns a text up to what a model appends after its answer: a next question, an end mark.

    What it thought aloud between <think> tags, before the answer, is left out too.
    Before: "5\\n\\nQ: How many now?\\nA: 7". After: "5".
    """
    text = _THOUGHT.sub("", text)
    begun = len(text) - len(text.lstrip())
    found = _FOLLOW_UP.search(text, begun + 1)
    return (text[: found.start()] if found else text).strip()


def plain(text: str) -> str:
    """Returns a text without the marks of Markdown and LaTeX that stress or set an answer.

    Before: "**(B)**", "\\\\boxed{120}" or "$\\\\text{yes}$". After: "(B)", "120" or "yes".
    """
    text = re.sub(r"\*{2,}|`+|(?<!\w)__|__(?!\w)", "", text)
    text = text.replace("{,}", ",")
    text = _LATEX_FRACTION.sub(r"\1/\2", text)
    for command, sign in _LATEX_OPERATORS.items():
        text = text.replace(command, sign)
    while (found := _LATEX.sub(r"\1", text)) != text:
        text = found
    text = re.sub(r"(?<!\w)\*(\w[^*\n]*?)\*(?!\w)", r"\1", text)
    text = re.sub(r"(?<!\w)_(\w[^_\n]*?)_(?!\w)", r"\1", text)
    text = re.sub(r"\$([^$\s][^$\n]*?)\$(?!\d)", r"\1", text)
    return _LATEX_MARKS.sub("", text)


def marked(text: str) -> list[str]:
    """Returns what stands where an answer is marked off, the surest first.

    "so \\\\boxed{5}" -> ["5"]      "2 + 3 = 5\\n#### 5" -> ["5"]      "<answer>5</answer>" -> ["5"]
    """
    boxed = text.rpartition("\\boxed")[2] if "\\boxed" in text else ""
    tagged = _TAGGED.findall(text)
    # Behind the first such mark a text may go on with questions of its own.
    hashes = [part for part in _HASHES.findall(text) if not _HEADING.match(plain(part))]
    found = [_braced(boxed), *tagged[-1:], *hashes[:1]]
    return [plain(part).strip() for part in found if part.strip()]


def after_lead_in(text: str) -> str | None:
    """Returns what follows the last "the answer is", "Answer:" or the like; None without such.

    Before: "Eels are fish. So the answer is (B), as fish swim." After: "(B), as fish swim."
    """
    text = plain(text)
    found = None
    for match in _LEAD_IN.finditer(text):
        if text[match.end() :].strip(" \n:*"):
            found = match
    return None if found is None else text[found.end() :].strip(" \n:")


def lines(text: str) -> list[str]:
    """Returns the lines that say something, without outer blanks."""
    return [line.strip() for line in text.split("\n") if re.search(r"\w", line)] or [text.strip()]


def sentences(text: str) -> list[str]:
    """Returns the sentences that say something: "Yes. It is." -> ["Yes.", "It is."]."""
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    return [part.strip() for part in parts if re.search(r"\w", part)] or [text.strip()]


def _braced(text: str) -> str:
    """Returns what stands in the braces that a text begins with: "{a{b}} c" -> "a{b}"."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return text[1:place] if place else text.split("\n")[0].strip(" $.")
    return text[1:]
