"""What rows of different sources share: columns by any of their names, and the common shapes.

The hub, TFDS and a folder name and nest the same facts differently; a task's `preprocess` uses
these to read all three. All are pure; each error says what was expected, and the caller where.
"""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flanlike.tasks import task

_CALCULATOR = re.compile(r"<<[^<>]*>>")
_BLANKS = re.compile(r"(?<=\S)[ \t\xa0]{2,}(?=\S)")
_LAST_APART = re.compile(r"(?<=[a-z]) +([.?:!])\Z")
_NOTE = re.compile(r" ?\[[A-Za-z ]* needed\]")
# One of these is in every text that is in tokens.
_TOKENS = (" ,", " .", " ?", " !", " ;", " :", " '", " ’", " n't", "( ", "[ ", " )", " ]")
_TOKENS += ("$ ", "£ ", ' " ', "`", "''", "rb-", "RB-", "sb-", "SB-", "&")
_BRACKETS = {"-lrb-": "(", "-rrb-": ")", "-lsb-": "[", "-rsb-": "]", "-lcb-": "{", "-rcb-": "}"}
_BRACKET = re.compile("|".join(_BRACKETS), re.IGNORECASE)
_OPENED = re.compile(r"`` *|(?<!\S)''(?=\w)")
_QUOTED_ONCE = re.compile(r"(?<!\S)` *([^`]*?\S) +'(?!\S)")
_QUOTED = re.compile(r"(?<!\S)([\"']) ((?:(?!\1).)*\S) \1(?!\w)")
_QUOTE_APART = re.compile(r"(\S) '(?!\S)")
_MARKS_APART = re.compile(r" +([,.!?]+|[;:]+(?!\)))(?=[\s\"')]|$)")
_ENDINGS_APART = re.compile(r" +(n't|['’](?:s|t|re|ve|ll|d|m)\b)")
_ENDING_APART_TWICE = re.compile(r" +(['’]) (?=(?:[smdt]|re|ve|ll)(?![\w-]))")
_BRACKETS_APART = re.compile(r"(?<=[(\[]) +| +(?=[)\]])")
_CURRENCY_APART = re.compile(r"([$£]) +(?=\d)")
# UTF-8 that somebody once read as Windows-1252 or Latin-1, and Windows-1252 read as Latin-1.
_MISREAD = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u02c6\u02dc\u2013-\u2122]+|[\u0080-\u009f]"
)


def value(row: task.Row, *columns: str) -> Any:
    """Returns the value of the first of `columns` that the row has."""
    for column in columns:
        if column in row:
            return row[column]
    raise KeyError(" or ".join(columns))


def text(row: task.Row, *columns: str, exact: bool = False) -> str:
    """Returns the text of the first of `columns` that the row has, without outer white space.

    Of several blanks between words one is left, "No.  Not now." -> "No. Not now.", unless the text
    is code, a benchmark's, or other text that is to be asked exactly as it stands.
    """
    found = value(row, *columns)
    if not isinstance(found, str) or not found.strip():
        raise ValueError(
            f"column {' or '.join(columns)!r} is {found!r}; expected text that is not empty"
        )
    return found.strip() if exact else single_blanks(found.strip())


def question(row: task.Row, *columns: str) -> str:
    """Returns the text of a question that has one question mark, whatever the source gave it.

    "who sang" -> "who sang?"     "who sang??" -> "who sang?"     "Name it." -> "Name it."
    """
    found = text(row, *columns)
    bare = found.rstrip("? ")
    return found if bare == found and found[-1] in ".!:" else f"{bare}?"


def label(row: task.Row, names: Sequence[str], *columns: str, **aliases: str) -> int:
    """Returns the index into `names` of the label that stands in the first of `columns`.

    `aliases` maps what a source calls a label to our name: label(row, NAMES, "label",
    pos="positive").
    """
    found = value(row, *columns)
    name = aliases.get(found, found) if isinstance(found, str) else found
    if name not in names:
        known = [*names, *aliases]
        raise ValueError(
            f"unknown label {found!r} in column {' or '.join(columns)!r}; expected one of {known!r}"
        )
    return names.index(name)


def numbered(row: task.Row, names: Sequence[str], *columns: str) -> int:
    """Returns the index into `names` of a label that is a number, stored as such or as text.

    numbered({"label": 2}, ("1", "2"), "label")  ->  1          {"label": "2"}  ->  1
    """
    return label({columns[0]: str(value(row, *columns))}, names, *columns)


def single_blanks(text: str) -> str:
    """Returns the text with one blank for several within a line; what a line begins with stays."""
    has_several = "  " in text or "\t" in text or "\xa0" in text
    return _BLANKS.sub(" ", text) if has_several else text


def plain_quotes(text: str) -> str:
    """Returns the text with plain quotation marks: "``Yes,'' she said" -> '"Yes," she said'."""
    return text.replace("``", '"').replace("''", '"')


def mended(text: str) -> str:
    """Returns the text with what was read in a wrong encoding put right, without soft hyphens.

    "3 Ã— 4" -> "3 × 4"     "Iraqâ\\x80\\x99s" -> "Iraq’s"     "dull \\x96 very" -> "dull – very"

    For English: two letters of another language may look like a misread one.
    """
    return text if text.isascii() else _MISREAD.sub(_reread, text).replace("\xad", "")


def without_notes(text: str) -> str:
    """Returns text of Wikipedia without notes of editors: "old.[citation needed]" -> "old."."""
    return _NOTE.sub("", text) if "needed]" in text else text


def choice(fields: Mapping[str, str], options: Sequence[str], gold: int) -> task.Record:
    """Returns a record of the options without repeats, labelled with the right one.

    Options that differ by their last full stop alone are one, as the first of them has it.

    choice({"question": "?"}, ["a.", "b", "a"], 2)
        -> {"question": "?", "options": ["a.", "b"], "label": 0}
    """
    options = [option.strip() for option in options]
    distinct: dict[str, str] = {}
    for option in options:
        distinct.setdefault(option.removesuffix("."), option)
    if len(distinct) < 2 or "" in distinct:
        raise ValueError(f"expected two options or more, none empty, got {options!r}")
    if len(distinct) < len(options):
        gold = list(distinct).index(options[gold].removesuffix("."))
        options = list(distinct.values())
    return {**fields, "options": options, "label": gold}


def choice_by_text(fields: Mapping[str, str], options: Sequence[str], answer: str) -> task.Record:
    """Returns a record of the options, labelled with the one that the answer repeats.

    choice_by_text({"question": "?"}, ["a", "b "], "b")
        -> {"question": "?", "options": ["a", "b"], "label": 1}
    """
    options, answer = [option.strip() for option in options], answer.strip()
    known, said = [single_blanks(option) for option in options], single_blanks(answer)
    if said not in known:
        raise ValueError(f"unknown label {answer!r} in the answer; expected one of {options!r}")
    return choice(fields, options, known.index(said))


def yes_or_no(row: task.Row, column: str) -> int:
    """Returns 0 for no and 1 for yes: {"answer": False} -> 0, {"answer": "yes"} -> 1."""
    found = value(row, column)
    return int(found) if isinstance(found, bool) else label(row, ("no", "yes"), column)


def languages(row: task.Row) -> Mapping[str, str]:
    """Returns the texts by language, which stand alone or in a column.

    {"translation": {"en": "It rains.", "da": "Det regner."}}     the hub
    {"en": "It rains.", "da": "Det regner."}                      TFDS
        -> {"en": "It rains.", "da": "Det regner."}
    """
    found = row.get("translation", row)
    if not isinstance(found, Mapping):
        raise ValueError(f"column 'translation' is {found!r}; expected an object of languages")
    return found


def lettered_choices(row: task.Row) -> tuple[list[str], int]:
    """Returns the options and the gold index of a row with an answer key.

    {"choices": {"text": ["red", "blue"], "label": ["A", "B"]}, "answerKey": "B"}   the hub
    {"question": {"choice_A": "red", "choice_B": "blue"}, "answerKey": "B"}         TFDS
        -> ["red", "blue"], 1
    """
    nested = row.get("question")
    if "choices" in row:
        choices = columns_of(row["choices"])
        letters, options = list(choices["label"]), list(choices["text"])
    elif isinstance(nested, Mapping):
        letters = [key[-1] for key in sorted(nested) if key.startswith("choice_")]
        options = [nested[f"choice_{letter}"] for letter in letters]
    else:
        raise KeyError("choices")
    key = value(row, "answerKey")
    if key not in letters:
        raise ValueError(f"unknown label {key!r} in column 'answerKey'; expected one of {letters}")
    return options, letters.index(key)


def columns_of(nested: Any) -> Mapping[str, Sequence[Any]]:
    """Returns a list of structs as a struct of lists; what is one already stays.

    [{"text": "a"}, {"text": "b"}] -> {"text": ["a", "b"]}
    """
    if isinstance(nested, Mapping):
        return nested
    return {key: [item[key] for item in nested] for key in (nested[0] if nested else ())}


def references(*groups: str | Sequence[str] | None, exact: bool = False) -> list[str]:
    """Returns all texts of the groups once each, in order, without empty ones; blanks as `text`."""
    texts: list[str] = []
    for group in groups:
        texts += [group] if isinstance(group, str) else list(group or ())
    texts = [text.strip() for text in texts]
    found = list(dict.fromkeys(filter(None, texts if exact else map(single_blanks, texts))))
    if not found:
        raise ValueError(f"expected at least one answer, got {groups!r}")
    return found


def carved(rows: int, *, test: str) -> dict[str, str]:
    """Returns splits whose validation is the last `rows` of train, as FLAN carves them.

    carved(200, test="validation")
        -> {"train": "train[:-200]", "validation": "train[-200:]", "test": "validation"}
    """
    return {"train": f"train[:-{rows}]", "validation": f"train[-{rows}:]", "test": test}


def worked_solution(row: task.Row) -> tuple[str, str]:
    """Returns the working without calculator marks and the final number of a GSM8K answer.

    {"answer": "2*600=<<2*600=1200>>1,200\\n#### 1,200"}  ->  "2*600=1,200", "1200"
    """
    answer = text(row, "answer")
    working, mark, number = answer.rpartition("####")
    if not mark or not number.strip():
        raise ValueError(f"column 'answer' is {answer!r}; expected '#### ' before the final number")
    return _CALCULATOR.sub("", working).strip(), number.strip().replace(",", "")


def untokenized(text: str) -> str:
    """Returns tokens as plain text: entities as signs, marks and endings joined to their words.

    Before: "Ada 's &quot; new &quot; hat ( so she says ) cost $ 5 ." After: 'Ada's "new" hat
    (so she says) cost $5.' Those of a treebank too: "`` No -lrb- ever -rrb- , '' the cooks ' boy
    said ." -> '"No (ever)," the cooks' boy said.' Plain text stays as it is.
    """
    if not any(map(text.__contains__, _TOKENS)) and not text.startswith('" '):
        return text
    text = with_brackets(html.unescape(text))
    if "`" in text or "''" in text:
        text = _OPENED.sub('"', _QUOTED_ONCE.sub(r"'\1'", text))
        text = re.sub(r"(?<=\S) *''", '"', text).replace("''", '"')
    text = _ENDING_APART_TWICE.sub(r"\1", text)
    if " '" in text:
        ends = set(_QUOTE_APART.findall(text))
        if ends and ends <= {"s", "S"}:  # not quotation marks: "the cooks ' hats"
            text = _QUOTE_APART.sub(r"\1'", text)
    text = _BRACKETS_APART.sub("", _QUOTED.sub(r"\1\2\1", text))
    text = _ENDINGS_APART.sub(r"\1", _MARKS_APART.sub(r"\1", text))
    return _CURRENCY_APART.sub(r"\1", text)


def closed(text: str) -> str:
    """Returns the text with its last mark joined to its word: "how many ?" -> "how many?".

    For sums, whose other blanks mean something: "Which is next: 2 : 4 : ?" stays as it is.
    """
    return _LAST_APART.sub(r"\1", text)


def with_brackets(text: str) -> str:
    """Returns the text with a treebank's brackets as signs: "-lrb- n -rrb-" -> "( n )"."""
    return _BRACKET.sub(lambda found: _BRACKETS[found[0].lower()], text)


def prose(row: task.Row, *columns: str) -> str:
    """Returns the text of the first of `columns` that the row has, of which sources give tokens."""
    return untokenized(text(row, *columns))


def _reread(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) == 1:
        return found.encode("latin-1").decode("cp1252", "ignore") or found
    try:
        read = [c.encode("latin-1" if c < "\u0100" else "cp1252") for c in found]
        return b"".join(read).decode("utf-8")
    except UnicodeError:
        return found
