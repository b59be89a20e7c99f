"""Many questions from a file of JSON lines, answered in batches into another.

    {"inputs": "Is it so?", "options": ["yes", "no"], "id": 7}
    {"inputs": "Is it so?", "options": ["yes", "no"], "id": 7,
     "answer": "yes", "is_cut": false, "probabilities": [0.83, 0.17], "choice": "yes"}

`options` may be missing; what else a line holds is kept as it is, in the order of the lines. What
was answered is kept beside the file, a batch at a time: called again after it was cut off, it goes
on. The file itself is there when it is whole.
"""

import contextlib
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from flanlike import atomic, errors, jsonl
from flanlike.asking import answering
from flanlike.asking import settings as settings_lib
from flanlike.models import predicted
from flanlike.runs import locks
from flanlike.tasks import texts

_INPUTS, _OPTIONS = "inputs", "options"
_ANSWERS = ("answer", "is_cut", "probabilities", "choice", "untuned")  # what an answered line gets
_KEPT = ".answered"  # ending of the file of what is answered so far

Line = dict[str, Any]


class Reporter(Protocol):
    """Says how far a phase is, as `eval.pace.Reporter` does."""

    def phase(self, what: str, prompts: int) -> contextlib.AbstractContextManager[predicted.Done]:
        """Returns a context for a phase of so many prompts, with what to call as some are done."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A file of questions: its lines, and what each asks."""

    lines: tuple[Line, ...]
    questions: tuple[answering.Question, ...]
    hash: str  # of the file, and of options that it does not hold


def read(path: Path, options: Sequence[str] = ()) -> Asked:
    """Returns the questions of a file; `options` are those of lines without their own.

    Raises UserError where a line is no question, with its number.
    """
    content, options = path.read_bytes(), tuple(options)
    lines, questions = [], []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        if not raw.strip():
            continue
        where = f"{path}, line {number}"
        try:
            line = jsonl.parsed(raw.decode("utf-8-sig"))
        except ValueError as error:  # UnicodeDecodeError is one
            raise errors.UserError(f"{where}: no JSON ({error}): mend the line") from None
        questions.append(_question(line, options, where))
        if not _can_be_written(line):
            raise errors.UserError(
                f"{where}: half of a surrogate pair stands in it, which is no character and cannot "
                "be written with the answer: mend the line"
            )
        lines.append(line)
    if not lines:
        raise errors.UserError(
            f"{path}: no question in it; expected lines of JSON with {_INPUTS!r}"
        )
    return Asked(
        lines=tuple(lines),
        questions=tuple(questions),
        hash=hashlib.blake2b(content + repr(options).encode(), digest_size=8).hexdigest(),
    )


def _question(line: Any, options: tuple[str, ...], where: str) -> answering.Question:
    if not isinstance(line, dict) or _INPUTS not in line:
        raise errors.UserError(f"{where}: expected an object with {_INPUTS!r}, the question's text")
    if wrong := texts.problem(line[_INPUTS]):
        raise errors.UserError(f"{where}: {_INPUTS!r} {wrong}")
    if taken := [name for name in _ANSWERS if name in line]:
        raise errors.UserError(
            f"{where}: has {taken[0]!r} already, which its answer would overwrite: rename it"
        )
    if line.get(_OPTIONS) not in (None, []):
        options = settings_lib.checked_options(line[_OPTIONS], where=f"{where}: {_OPTIONS!r}")
    return answering.Question(text=line[_INPUTS], options=options)


def _can_be_written(line: Line) -> bool:
    try:
        json.dumps(line, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def expect_new(out: Path) -> None:
    """Raises where the file of answers is there, or its folder is not."""
    if out.exists():
        raise errors.UserError(
            f"--out {str(out)!r} is there already: give another, or move it away"
        )
    if not out.parent.is_dir():
        raise errors.UserError(f"--out {str(out)!r}: there is no folder {str(out.parent)!r}")


def answer(
    asked: Asked,
    out: Path,
    answerers: Sequence[answering.Answerer],
    settings: settings_lib.Settings,
    *,
    models: Sequence[str],
    reporter: Reporter,
) -> None:
    """Answers the questions into `out`: by the first answerer, and beside it by a second.

    `models` says of each answerer which model it is: who goes on has to have the same.
    """
    for answerer in answerers:
        for number, question in enumerate(asked.questions, start=1):
            try:
                answerer.expect(question, settings)
            except errors.UserError as error:
                raise errors.UserError(f"question {number} of --in: {error}") from None
    what = {"questions": asked.hash, "models": [*models], **settings_lib.as_json(settings)}
    with _Kept.opened(out, what) as kept:
        columns = [
            _column(f"{place}", answerer, asked.questions, settings, kept, reporter)
            for place, answerer in enumerate(answerers)
        ]
        atomic.write(out, "".join(_lines(asked, columns)))
        kept.forget()


def _column(
    of: str,
    answerer: answering.Answerer,
    questions: Sequence[answering.Question],
    settings: settings_lib.Settings,
    kept: "_Kept",
    reporter: Reporter,
) -> list[Line]:
    """Returns what one model gives to each question."""
    written = kept.of(f"written {of}")
    left = [place for place in range(len(questions)) if place not in written]
    if left:
        with reporter.phase(f"writing answers ({answerer.name})", len(left)) as done:
            batches = answerer.written([questions[i] for i in left], settings, left, done=done)
            for batch in batches:
                kept.add(
                    f"written {of}",
                    {left[i]: {"answer": a.text, "is_cut": a.is_cut} for i, a in batch.items()},
                )
    scored = kept.of(f"scored {of}")
    left = [i for i, one in enumerate(questions) if one.options and i not in scored]
    if left:
        with reporter.phase(f"scoring options ({answerer.name})", len(left)) as done:
            for batch in answerer.scored([questions[i] for i in left], settings, done=done):
                kept.add(
                    f"scored {of}",
                    {left[i]: of_options(questions[left[i]], p) for i, p in batch.items()},
                )
    return [{**written[i], **scored.get(i, {})} for i in range(len(questions))]


def of_options(question: answering.Question, probabilities: Sequence[float]) -> Line:
    """Returns what a line gets of its options' probabilities."""
    rounded = [round(share, 6) for share in probabilities]
    best = max(range(len(rounded)), key=probabilities.__getitem__)
    return {"probabilities": rounded, "choice": question.options[best]}


def _lines(asked: Asked, columns: Sequence[Sequence[Line]]) -> Iterator[str]:
    for place, (line, question) in enumerate(zip(asked.lines, asked.questions, strict=True)):
        yield json.dumps(
            of_question(line, question, [c[place] for c in columns]), ensure_ascii=False
        )
        yield "\n"


def of_question(line: Line, question: answering.Question, found: Sequence[Line]) -> Line:
    """Returns a line with what the model gave to it, and beside it the untuned one."""
    listed = {_OPTIONS: list(question.options)} if question.options else {}
    return {**line, **listed, **found[0], **({"untuned": found[1]} if found[1:] else {})}


class _Kept:
    """What is answered so far, in a file of JSON lines; the first says what is asked."""

    def __init__(self, path: Path, file: IO[str], known: Mapping[str, dict[int, Line]]) -> None:
        self._path, self._file = path, file
        self._known: dict[str, dict[int, Line]] = {**known}

    @classmethod
    @contextlib.contextmanager
    def opened(cls, out: Path, what: Mapping[str, Any]) -> Iterator["_Kept"]:
        """Yields what is answered so far to the same questions; other ones are an error."""
        path = out.with_name(out.name + _KEPT)
        lock_name = f".{out.name}.lock"
        with locks.Lock(out.parent, name=lock_name) as lock:
            lock.take()
            expect_new(out)  # by another process, just now
            known, whole = _read(path, what) if path.is_file() else ({}, 0)
            with path.open("r+" if path.is_file() else "w", encoding="utf-8") as file:
                file.truncate(whole)  # without a line that was not written to its end
                file.seek(whole)
                if not whole:
                    file.write(json.dumps(what) + "\n")
                try:
                    yield cls(path, file, known)
                except KeyboardInterrupt:
                    raise KeyboardInterrupt(
                        f"interrupted: what is answered is in {path}; the same command goes on"
                    ) from None
                finally:
                    (out.parent / lock_name).unlink(missing_ok=True)

    def of(self, phase: str) -> dict[int, Line]:
        """Returns what is answered in a phase, by the question's place."""
        return self._known.setdefault(phase, {})

    def add(self, phase: str, found: Mapping[int, Line]) -> None:
        """Keeps the answers of a batch."""
        self.of(phase).update(found)
        for place, line in found.items():
            self._file.write(json.dumps([phase, place, line], ensure_ascii=False) + "\n")
        self._file.flush()

    def forget(self) -> None:
        """Deletes the file: all is where it belongs."""
        self._path.unlink()


def _read(path: Path, what: Mapping[str, Any]) -> tuple[dict[str, dict[int, Line]], int]:
    """Returns what a file holds, and how many bytes of it are whole lines."""
    known: dict[str, dict[int, Line]] = {}
    whole = 0
    for number, raw in enumerate(io.BytesIO(path.read_bytes())):
        if not raw.endswith(b"\n"):
            break
        try:
            found = json.loads(raw)
            if number == 0:
                _expect_same(path, found, what)
            else:
                phase, place, line = found
                known.setdefault(phase, {})[place] = line
        except (ValueError, TypeError) as error:
            if isinstance(error, errors.UserError):
                raise
            raise errors.UserError(
                f"{path}, line {number + 1}: damaged ({error}): delete the file to ask anew"
            ) from None
        whole += len(raw)
    return known, whole


def _expect_same(path: Path, there: Any, here: Mapping[str, Any]) -> None:
    if there != here:
        is_object = isinstance(there, dict)
        differing = [name for name in here if not is_object or there.get(name) != here[name]]
        raise errors.UserError(
            f"{path} holds answers of another call ({', '.join(differing)} differ): call as then "
            "to go on, give another --out, or delete it"
        )
