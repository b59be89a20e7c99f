"""Words in a conversation: a model's chat template in the ids of its own tokenizer.

    talk = chat.Chat(words)
    talk.prompt([{"role": "user", "content": "Hi"}])    <|user|> Hi <|end|> <|assistant|>
    talk.encode("Hello"), talk.marks.eos_id             Hello        <|end|>
    talk.decode(ids)                                    "Hello"

The template is the tokenizer's own, or `chat_template.plain` where its files bring none. What it
spells (`<|end|>`) is a mark, and the same letters in a message are text: no row can end a turn.
Where a template begins with BOS it is there once, and an answer ends with what the template ends
it with, which need not be the tokenizer's EOS.

A `Chat` is a tokenizer for all that asks and trains: `asked` puts a prompt's inputs into a user's
turn, and `encode` gives the ids of an answer as they stand behind the opening of an assistant's.
"""

import bisect
import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flanlike import errors
from flanlike.batches import features, tokenizer
from flanlike.prompts import chat_template, fitting
from flanlike.tasks import task as task_module

# Where a tokenizer has no letters for its marks: these stand for BOS and EOS in a text.
_OWN_MARKS = ("\U0010f000b", "\U0010f000e")
_SIGNS = range(0x100000, 0x10F000)  # characters that no one has given a meaning
_USER, _ANSWER, _SYSTEM = "\U0010f001u", "\U0010f001a", "\U0010f001s"  # to see what a template does
_ROLE = {"user": _USER, "assistant": _ANSWER, "system": _SYSTEM}


class Chat(features.Speaker):
    """A tokenizer that speaks by a chat template; `where` says in errors whose it is."""

    def __init__(self, words: tokenizer.Tokenizer, where: str = "the tokenizer") -> None:
        self._words, self._where = words, where
        published = words if isinstance(words, tokenizer.PublishedTokenizer) else None
        own = published and published.chat_template
        self.is_own = bool(own)
        spelt = dict(published.spelt_marks) if published else {}
        self._own_marks: dict[str, int] = {}
        marks = {"bos_token": words.marks.bos_id, "eos_token": words.marks.eos_id}
        for sign, (name, mark) in zip(_OWN_MARKS, marks.items(), strict=True):
            if mark is None:
                if not self.is_own:
                    spelt.pop(name, None)
            elif not published or published.encode_spelt(spelt.get(name, "")) != [mark]:
                spelt[name] = sign
                self._own_marks[sign] = mark
        self._read = published.encode_spelt if published else words.encode
        self._source = own or chat_template.plain(has_bos=words.marks.bos_id is not None)
        self._template = chat_template.ChatTemplate(self._source, marks=spelt, where=where)
        added = published.added if published else ()
        are_marks = [one for one in added if one.is_mark or one.spelt in self._source]
        self._controls = _Controls({one.spelt: one.id for one in are_marks} | self._own_marks)
        self._learn_of_template()

    def __reduce__(self):
        return Chat, (self._words, self._where)

    @classmethod
    def of(cls, folder: Path) -> "Chat":
        """Returns the chat of a published tokenizer, or a vocabulary of ours, in a folder."""
        return cls(tokenizer.load(folder), str(folder))

    @property
    def words(self) -> tokenizer.Tokenizer:
        return self._words

    @property
    def marks(self) -> features.Marks:
        """An answer's end; nothing stands before a prompt that the template does not put there."""
        return self._words.marks._replace(eos_id=self._end_id, bos_id=None)

    @property
    def size(self) -> int:
        return self._words.size

    @property
    def rows(self) -> int:
        return max(self._end_id + 1, getattr(self._words, "rows", self._words.size))

    @property
    def fingerprint(self) -> str:
        return self._words.fingerprint

    @property
    def unknown_id(self) -> int | None:
        return self._words.unknown_id

    def prompt(
        self, messages: Sequence[chat_template.Message], *, generation: bool = True
    ) -> list[int]:
        """Returns the ids of a conversation, up to where the assistant's next answer begins.

        Those that `apply_chat_template` gives, but that a mark's letters in a message are text.
        Without `generation` the conversation is whole.
        """
        text = self._text(messages, generation=generation)
        return [i for piece in text.pieces for i in self._ids(piece)]

    def asked(self, text: str) -> list[int]:
        """Returns the ids of a prompt's inputs as one user's turn."""
        return self.prompt([{"role": "user", "content": text}])

    def read_turns(self, turns: Sequence[task_module.Turn]) -> fitting.Read:
        """Returns the prompt of turns that a user's is the last of, and what of it are answers.

        Where the template does not show each of these as it is, that is not known.
        """
        messages = [{"role": role, "content": content} for role, content in turns]
        text = self._text(messages, generation=True, with_answers=True)
        said = [content for role, content in turns if role == "assistant"]
        if len(text.answers) != len(said):
            return fitting.Read([i for piece in text.pieces for i in self._ids(piece)], None)
        spans = [
            self._with_ends(text.whole, content, *place)
            for content, place in zip(said, text.answers, strict=True)
        ]
        edges = [edge for span in spans for edge in span]
        ids: list[int] = []
        weights: list[float] = []
        for start, piece in text.pieces_at():
            for new_ids, starts in self._places(start, piece, edges):
                ids += new_ids
                weights += [float(bisect.bisect_right(edges, at) % 2) for at in starts]
        return fitting.Read(ids, weights)

    def encode(self, text: str) -> list[int]:
        """Returns the ids of an answer, without the mark that ends it."""
        lead, context = self._lead, self._context
        pieces = self._controls.pieces(text)
        pieces = [lead + pieces[0], *pieces[1:]]
        pieces[-1] += self._tail
        after = [i for piece in pieces[1:] for i in self._ids(piece)]
        whole = self._ids(context + pieces[0])
        if whole[: len(self._context_ids)] == self._context_ids:
            return whole[len(self._context_ids) :] + after
        return self._ids(pieces[0]) + after

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of an answer, without marks."""
        text = self._words.decode(i for i in ids if i not in self._controls.ids)
        return text.removeprefix(self._lead).removesuffix(self._tail)

    def pieces(self, ids: Iterable[int]) -> list[str]:
        return self._words.pieces(ids)

    def save(self, folder: str | Path) -> None:
        """Writes the tokenizer, with the plain template beside it where it has none of its own."""
        self._words.save(folder)
        if not self.is_own and isinstance(self._words, tokenizer.PublishedTokenizer):
            file = Path(folder) / tokenizer.CHAT_TEMPLATE
            file.write_text(self._source, encoding="utf-8")

    def _learn_of_template(self) -> None:
        """Finds out what the template puts around a question and an answer."""
        self.takes_system = True
        self._opening = ""
        try:
            self.takes_system = _SYSTEM in self._probe("system", "user", generation=True)
        except errors.UserError:
            self.takes_system = False  # it refuses them
        asked = self._probe("user", generation=True)
        whole = self._probe("user", "assistant", generation=False)
        if _USER not in asked or _ANSWER not in whole:
            raise errors.UserError(
                f"{self._where}: the chat template does not show what is said in a user's turn and "
                "an assistant's: nothing can be asked by it"
            )
        before, _, after = whole.partition(_ANSWER)
        lead = before.removeprefix(asked) if before.startswith(asked) else ""
        if self._controls.first_in(lead):  # no model writes this itself
            self._opening, lead = lead, ""
        self._lead = lead
        self._context = asked.partition(_USER)[2] + self._opening
        self._context_ids = self._ids(self._context)
        found = self._controls.first_in(after)
        self._tail = after[: found.start] if found else ""
        self._end = found.mark if found else ""
        self._end_id = self._controls.ids_of[found.mark] if found else self._words.marks.eos_id

    def _probe(self, *roles: str, generation: bool) -> str:
        messages = [{"role": role, "content": _ROLE[role]} for role in roles]
        return self._template.render(messages, generation=generation)

    def _text(
        self,
        messages: Sequence[chat_template.Message],
        *,
        generation: bool,
        with_answers: bool = False,
    ) -> "_Text":
        """Returns a conversation as a text, with the places that its messages are cut at."""
        said = [(message["role"], message["content"]) for message in messages]
        if not self.takes_system and len(said) > 1 and said[0][0] == "system":
            said[:2] = [(said[1][0], f"{said[0][1]}\n\n{said[1][1]}")]
        signs = _free_signs([content for _, content in said])
        written = []
        for role, content in said:
            content = signs.cut.join(self._controls.pieces(content))
            if with_answers and role == "assistant":
                content = _marked(content, signs)
            written.append({"role": role, "content": content})
        text = self._template.render(written, generation=generation)
        return _text_of(text + (self._opening if generation else ""), signs)

    def _ids(self, text: str) -> list[int]:
        """Returns the ids of a text, the marks that it spells among them."""
        if not self._own_marks:
            return self._read(text)
        ids: list[int] = []
        for part in re.split(f"({'|'.join(self._own_marks)})", text):
            mark = self._own_marks.get(part)
            ids += self._read(part) if mark is None else [mark]
        return ids

    def _with_ends(self, text: str, content: str, start: int, end: int) -> tuple[int, int]:
        """Returns an answer's place with what leads in to it, and what ends it.

        White space at its own ends is part of it where the template leaves it there.
        """
        core = content.strip()
        before, _, after = content.partition(core) if core else ("", "", content)
        for lead in (before, self._lead):
            if text.endswith(lead, 0, start):
                start -= len(lead)
        for tail in (after, self._tail + self._end):
            if text.startswith(tail, end):
                end += len(tail)
        return start, end

    def _places(
        self, start: int, text: str, edges: Sequence[int]
    ) -> Iterator[tuple[list[int], list[int]]]:
        """Yields ids of a text that begins at `start`, and the character at which each does."""
        found = None if self._own_marks else self._words.places_spelt(text)
        if found is not None:
            yield found[0], [start + at for at in found[1]]
            return
        inner = [edge for edge in edges if start < edge < start + len(text)]
        for first, last in itertools.pairwise([start, *inner, start + len(text)]):
            ids = self._ids(text[first - start : last - start])
            yield ids, [first] * len(ids)


Words = tokenizer.Tokenizer | Chat  # what the pipeline and the evaluation take


def spoken(words: tokenizer.Tokenizer, is_chat: bool, where: str = "the tokenizer") -> Words:
    """Returns the words as they are, or in a chat."""
    return Chat(words, where) if is_chat else words


def told(words: Words) -> Iterator[str]:
    """Yields what a run says of the chat that it is in; nothing where it is in none."""
    if isinstance(words, Chat):
        known = (
            "the model's own chat template"
            if words.is_own
            else ("a plain chat template, for the model's files bring none")
        )
        yield f"prompts are turns of a conversation, by {known}"
        if not words.takes_system:
            yield "its chat template has no system turn: what it says is in the first user's"


class _Signs(NamedTuple):
    """Characters that no message has: where one is cut, and where an answer begins and ends."""

    cut: str
    begin: str
    end: str


class _Found(NamedTuple):
    start: int
    mark: str


class _Controls:
    """What spells a mark, and its id. White space does not, nor does a single character."""

    def __init__(self, ids_of: dict[str, int]) -> None:
        self.ids_of = {s: i for s, i in ids_of.items() if len(s) > 1 and not s.isspace()}
        self.ids = frozenset(self.ids_of.values())
        self._lengths = sorted({len(spelt) for spelt in self.ids_of}, reverse=True)
        first = {re.escape(spelt[0]) for spelt in self.ids_of}
        self._first = re.compile(f"[{''.join(sorted(first))}]" if first else "(?!)")

    def pieces(self, text: str) -> list[str]:
        """Returns a text in pieces of which none spells a mark: "a</s>" -> "a<", "/s>"."""
        cuts = [found.start + 1 for found in self._in(text)]
        if not cuts:
            return [text]
        return [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]

    def first_in(self, text: str) -> _Found | None:
        return next(self._in(text), None)

    def _in(self, text: str) -> Iterator[_Found]:
        """Yields the marks that a text spells, wherever one begins, the longest of each place."""
        for place in self._first.finditer(text):
            start = place.start()
            for length in self._lengths:
                if (spelt := text[start : start + length]) in self.ids_of:
                    yield _Found(start, spelt)
                    break


class _Text(NamedTuple):
    """A rendered conversation: its text, where it is cut, and where its answers stand in it."""

    whole: str
    cuts: list[int]
    answers: list[tuple[int, int]]

    @property
    def pieces(self) -> list[str]:
        return [piece for _, piece in self.pieces_at()]

    def pieces_at(self) -> Iterator[tuple[int, str]]:
        """Yields what stands between the cuts, each with the place where it begins."""
        for start, end in itertools.pairwise([0, *self.cuts, len(self.whole)]):
            yield start, self.whole[start:end]


def _free_signs(texts: Sequence[str]) -> _Signs:
    used = {c for text in texts if not text.isascii() for c in text if ord(c) >= _SIGNS.start}
    return _Signs(*itertools.islice((c for c in map(chr, _SIGNS) if c not in used), 3))


def _marked(content: str, signs: _Signs) -> str:
    """Returns an answer between signs, which stand within what a template may trim."""
    core = content.strip()
    start = content.index(core)
    end = start + len(core)
    return f"{content[:start]}{signs.begin}{core}{signs.end}{content[end:]}"


def _text_of(text: str, signs: _Signs) -> _Text:
    """Returns a text without its signs, and where they were."""
    parts: list[str] = []
    cuts: list[int] = []
    answers: list[tuple[int, int]] = []
    at, begun = 0, None
    for part in _parted(signs).split(text):
        if part == signs.cut:
            cuts.append(at)
        elif part == signs.begin:
            begun = at
        elif part == signs.end:
            if begun is not None:  # else the template has left out its beginning
                answers.append((begun, at))
            begun = None
        else:
            parts.append(part)
            at += len(part)
    return _Text("".join(parts), cuts, answers)


@functools.cache
def _parted(signs: _Signs) -> re.Pattern[str]:
    return re.compile(f"([{''.join(signs)}])")
