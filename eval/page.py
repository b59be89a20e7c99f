"""A page as a list of blocks, written as Markdown or as one self-contained HTML file.

The text of a block knows three marks: **bold**, `code` and [low, high] for a range. What comes from
data (texts and labels of rows, names of tasks and runs) goes into it by `literal`, and is then
shown letter by letter, whatever it holds.
"""

import base64
import functools
import hashlib
import html
import pathlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib import parse

STYLE = """
:root { color-scheme: light dark; --paper: #fdfcf9; --ink: #1d1f24; --soft: #62666f;
  --line: #dedbd2; --wash: #f3f0e8; --before: #868a94; --after: #2563a8; --mark: #b4541a;
  --good: #2c7a4b; --bad: #a8442f; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171b; --ink: #e7e5df; --soft: #9b9fa9;
  --line: #33363d; --wash: #1e2126; --before: #80848e; --after: #6fb0f2; --mark: #f0965a;
  --good: #6cc48d; --bad: #ee8a74; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 74rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; overflow-wrap: break-word; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.015em; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 3rem 0 .6rem; padding-top: 1rem;
  border-top: 1px solid var(--line); letter-spacing: -.005em; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
p { margin: .6rem 0; max-width: 42rem; } a { color: var(--after); }
p.lead { font-size: 1.1rem; }
p.note { color: var(--soft); font-size: .9rem; }
p.banner { max-width: none; border-left: 4px solid var(--mark); background: var(--wash);
  padding: .7rem 1rem; margin: 1.2rem 0; }
ul { padding-left: 1.2rem; max-width: 42rem; } li { margin: .25rem 0; }
.scroll { overflow-x: auto; margin: 1rem 0; -webkit-overflow-scrolling: touch; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums;
  min-width: 100%; }
th, td { padding: .4rem .45rem; text-align: right; vertical-align: baseline; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); border-bottom-color: var(--soft); }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0;
  background: var(--paper); }
td:first-child { font-weight: 600; }
th.words, td.words { text-align: left; white-space: normal; }
td strong { color: var(--after); } td .range { color: var(--soft); font-size: .92em; }
.yes { color: var(--good); font-weight: 600; } .no { color: var(--bad); font-weight: 600; }
.part { color: var(--mark); font-weight: 600; }
.data { white-space: pre-wrap; }
.small { display: inline-block; max-width: 100%; vertical-align: top; margin-right: 3rem; }
.small table { min-width: 0; } .small :is(th, td):not(:first-child) { min-width: 4.5rem; }
figure { margin: 1.2rem 0; max-width: 36rem; } figure svg { width: 100%; height: auto; }
figcaption { color: var(--soft); font-size: .875rem; margin-top: .3rem; }
details { border-top: 1px solid var(--line); padding: .5rem 0; }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; font-weight: 600; }
summary span { color: var(--soft); font-weight: 400; }
pre { background: var(--wash); padding: .8rem 1rem; overflow-x: auto; border-radius: 4px;
  font: .82rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
code { font: .88em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
@media (max-width: 34rem) { main { padding: 1.5rem 1rem 4rem; } h1 { font-size: 1.45rem; }
  .small { margin-right: 0; }
  figure { margin-inline: -.5rem; } figcaption { margin-inline: .5rem; } }
@media print { details { display: block; } }
"""


@dataclass(frozen=True, kw_only=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph; `role` is "", "lead", "note" or "banner". `predictions` are what the HTML page
    links in its `Explorer`, as its address has them: {"task": "rte"}.
    """

    text: str
    role: str = ""
    predictions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Bullets:
    items: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells are text; `words` are the numbers of columns of prose, the others are figures.

    One that `is_small` takes the width that it needs, beside its like. `about` names it for those
    who do not see it, where the heading above does not.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: Sequence[int] = ()
    is_small: bool = False
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A plot as an SVG element; `name` is its file's name beside a Markdown page."""

    name: str
    svg: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class Code:
    text: str


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Blocks that open on demand."""

    title: str
    hint: str
    blocks: Sequence["Block"]


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """A table of predictions to sort, filter and search, of what `explorer.packed` gives; one a
    page. The Markdown page has the note alone.
    """

    packed: str
    note: str


_CLASSES = {"Yes": "yes", "No": "no", "In part": "part"}

Block = Heading | Text | Bullets | Table | Figure | Code | Fold | Explorer


# A literal travels within a block's text as its letters' codes between two noncharacters, out of
# reach of all marks.
_LITERAL = re.compile("\ufdd0([0-9a-f]*)\ufdd1")
_MARKDOWN_MARKS = re.compile(
    r"[\\`*\[\]<>|~$&#]"  # wherever they stand
    r"|(?<![^\W_])_|_(?![^\W_])"  # not within a word
    r"|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]"  # at the start, where a list may begin
)
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s\s|[^\S ]|^\s|\s$")  # that HTML would not show


def literal(text: str) -> str:
    """Returns text for a block that is shown as it is: no character of it is a mark."""
    return f"\ufdd0{text.encode('utf-16-be', 'surrogatepass').hex()}\ufdd1"


def to_text(text: str) -> str:
    """Returns a block's text for a terminal: without marks, and literals on one line."""
    text = re.sub(r"\*\*|`", "", text)
    return _LITERAL.sub(lambda found: " ".join(_letters(found).split()), text)


def to_html(title: str, blocks: Sequence[Block]) -> str:
    """Returns a whole page that needs no other file and no network, and may use neither."""
    body = _html_all(blocks, about=html.escape(title, quote=False))
    digest = base64.b64encode(hashlib.sha256(_asset("js").encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def to_markdown(blocks: Sequence[Block]) -> str:
    """Returns the same page as Markdown; figures are linked as `plots/<name>.svg`."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def _html_all(blocks: Sequence[Block], *, about: str) -> str:
    """Returns blocks in turn; tables and plots are named by what they are about, for those who do
    not see the heading above them.
    """
    found = []
    for block in blocks:
        if isinstance(block, Heading):
            about = _inline(block.text)
        found.append(_html(block, about))
    return "\n".join(found)


def _html(block: Block, about: str) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"<h{level}>{_inline(text)}</h{level}>"
        case Text(text=text, role=role, predictions=asked):
            link = f' <a href="#{html.escape(parse.urlencode(asked))}">predictions</a>'
            mark = f' class="{role}"' if role else ""
            return f"<p{mark}>{_inline(text)}{link if asked else ''}</p>"
        case Bullets(items=items):
            return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"
        case Table():
            return _html_table(block, about)
        case Figure(svg=svg, caption=caption):
            if "role=" not in svg.partition(">")[0]:
                svg = svg.replace("<svg", f'<svg role="img" aria-label="{_attribute(about)}"', 1)
            return f"<figure>{svg}<figcaption>{_inline(caption)}</figcaption></figure>"
        case Code(text=text):
            # A line break right after the tag is the tag's.
            return f"<pre>\n{html.escape(text, quote=False)}</pre>"
        case Fold(title=title, hint=hint, blocks=blocks):
            inner = _html_all(blocks, about=_inline(title))
            head = f"<summary>{_inline(title)} <span>{_inline(hint)}</span></summary>"
            return f"<details>{head}\n{inner}</details>"
        case Explorer():
            return _html_explorer(block)


def _html_explorer(block: Explorer) -> str:
    return (
        '<section id="predictions" aria-labelledby="predictions-title">\n'
        '<h2 id="predictions-title">Every prediction</h2>\n'
        f'<p id="predictions-note" class="note">{_inline(block.note)}</p>\n'
        f"<style>{_asset('css')}</style>\n{_asset('html')}"
        f'<script type="text/plain" id="predictions-data">{block.packed}</script>\n'
        f"<script>{_asset('js')}</script>\n</section>"
    )


@functools.cache
def _asset(suffix: str) -> str:
    """Returns a file of the explorer, which lies beside this module."""
    return pathlib.Path(__file__).with_name(f"explorer.{suffix}").read_text(encoding="utf-8")


def _attribute(inline: str) -> str:
    """Returns what `_inline` gives as an attribute's value: its text alone."""
    return re.sub("<[^>]*>", "", inline).replace('"', "&quot;")


def _html_table(table: Table, about: str) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        marks = [' class="words"' if i in table.words else "" for i in range(len(cells))]
        columns = zip(cells, marks, strict=True)
        inner = "".join(f"<{tag}{scope}{mark}>{_inline(cell)}</{tag}>" for cell, mark in columns)
        return f"<tr>{inner}</tr>"

    body = "\n".join(row("td", cells) for cells in table.rows)
    kind = "scroll small" if table.is_small else "scroll"
    about = _inline(table.about) or about
    return (
        f'<div class="{kind}" role="region" tabindex="0" aria-label="{_attribute(about)}">'
        f"<table><thead>{row('th', table.header)}</thead>\n"
        f"<tbody>{body}</tbody></table></div>"
    )


def _inline(text: str) -> str:
    """Returns escaped text with **bold**, `code`, [low, high] ranges and coloured verdicts."""
    text = html.escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"(\[[-+−.\d]+, [-+−.\d]+\])", r'<span class="range">\1</span>', text)
    text = re.sub(
        r"((?:^|</strong> ))(Yes|No|In part)\b",
        lambda found: f'{found[1]}<span class="{_CLASSES[found[2]]}">{found[2]}</span>',
        text,
    )
    return _LITERAL.sub(lambda found: _html_literal(_letters(found)), text)


def _html_literal(text: str) -> str:
    escaped = html.escape(text, quote=False)
    return f'<span class="data">{escaped}</span>' if _BLANKS.search(text) else escaped


def _letters(found: re.Match[str]) -> str:
    return bytes.fromhex(found[1]).decode("utf-16-be", "surrogatepass")


def _markdown(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"{'#' * level} {_plain(text)}"
        case Text(text=text, role=role):
            return f"> **{_plain(text)}**" if role == "banner" else _plain(text)
        case Bullets(items=items):
            return "\n".join(f"- {_plain(item)}" for item in items)
        case Table(header=header, rows=rows, words=words):
            rule = ["---" if i in words or i == 0 else "---:" for i in range(len(header))]
            cells = [[_plain(cell.replace("|", "\\|")) for cell in row] for row in (header, *rows)]
            lines = [cells[0], rule, *cells[1:]]
            return "\n".join(f"| {' | '.join(line)} |" for line in lines)
        case Figure(name=name, caption=caption):
            return f"![{_plain(caption)}](plots/{name}.svg)\n\n*{_plain(caption)}*"
        case Code(text=text):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
            return f"{fence}\n{text}\n{fence}"
        case Fold(title=title, hint=hint, blocks=blocks):
            inner = "\n\n".join(map(_markdown, blocks))
            return f"**{_plain(title)}** {_plain(hint)}\n\n{inner}"
        case Explorer(note=note):
            return f"## Every prediction\n\nThe HTML page has the table. {_plain(note)}"


def _plain(text: str) -> str:
    """Returns a block's text as Markdown: marks as they are, literals on one line and escaped."""
    return _LITERAL.sub(lambda found: _markdown_literal(_letters(found)), text)


def _markdown_literal(text: str) -> str:
    return _LINE_BREAK.sub("<br>", _MARKDOWN_MARKS.sub(r"\\\g<0>", text))
