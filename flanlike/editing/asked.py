"""The models of the page: each is read when it is first asked; questions wait in line."""

import collections
import dataclasses
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.asking import answering
from flanlike.asking import settings as settings_lib
from flanlike.batches import chat
from flanlike.editing import given as given_lib
from flanlike.runs import loading, named

MOST = 16  # models to choose from

_KEPT = 2  # in memory: those that are asked side by side
_REPORT = "report.html"
_LOOK_S = 0.1  # between looks at whether somebody still waits

# What goes on while a question is answered: ("state", "reading runs/mine"), then ("piece", "Yes").
Tell = Callable[[str, str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wanted:
    """A question to the model of a place, as it is to be answered."""

    place: int
    question: answering.Question
    settings: settings_lib.Settings


class Models:
    """Models by their place on the command line."""

    def __init__(
        self,
        there: Sequence[named.Named],
        *,
        load: Callable[[named.Named], answering.Answerer] | None = None,
    ) -> None:
        self._there = list(there)
        self._load = load or answerer_of
        self._lock = threading.Lock()
        self._loaded: collections.OrderedDict[int, answering.Answerer] = collections.OrderedDict()

    def listed(self) -> list[dict[str, Any]]:
        return [
            {"name": one.name, "report": self.report(place) is not None}
            for place, one in enumerate(self._there)
        ]

    def report(self, place: int) -> Path | None:
        """Returns the page of a run, None where there is none."""
        if not 0 <= place < len(self._there):
            return None
        path = self._there[place].folder / _REPORT
        return path if path.is_file() else None

    def wanted(self, given: given_lib.Given) -> Wanted:
        """Returns what the page asks; raises UserError where that is no question to a model."""
        place = given.whole("model", given_lib.Number)
        if place >= len(self._there):
            raise errors.UserError(f"no model number {place}: {len(self._there)} were given")
        settings = given.settings()
        text = given.text("text", most=given_lib.MOST_LETTERS)
        options = given.listed("options")
        if options:
            options = settings_lib.checked_options(options, where="options")
        written = given.listed("written") or options
        if len(written) != len(options):
            raise errors.UserError("written: expected a text for each option, or none")
        if not text.strip():
            raise errors.UserError("the question is empty")
        question = answering.Question(text=text, options=options, written=written)
        return Wanted(place=place, question=question, settings=settings)

    def ask(self, wanted: Wanted, *, tell: Tell, goes_on: Callable[[], bool]) -> dict[str, Any]:
        """Returns what a model writes and the probability of each option, while it `goes_on`.

        Meanwhile it tells the pieces of the answer, and what is done before them. Questions wait
        for one another, also where they are put to two models.
        """
        if not self._lock.acquire(blocking=False):
            tell("state", "waiting for the question before it")
            while not self._lock.acquire(timeout=_LOOK_S):
                _expect_waiting(goes_on)
        try:
            return self._asked(wanted, tell, goes_on)
        finally:
            self._lock.release()

    def _asked(self, wanted: Wanted, tell: Tell, goes_on: Callable[[], bool]) -> dict[str, Any]:
        question, settings = wanted.question, wanted.settings
        answerer = self._answerer(wanted.place, tell)
        _expect_waiting(goes_on)
        if answerer.is_new(question, settings):
            tell("state", "compiling for questions of this length")
        started_s = time.monotonic()
        answer = answerer.answer(
            question,
            settings,
            number=0,
            tell=lambda text: tell("piece", text) if text else None,
            goes_on=goes_on,
        )
        shares: Sequence[float] = ()
        if question.options and goes_on():
            tell("state", "scoring the options")
            shares = answerer.probabilities(question, settings)
        return {
            "model": answerer.name,
            "answer": answer.text,
            "tokens": answer.tokens,
            "is_cut": answer.is_cut,
            "seconds": round(time.monotonic() - started_s, 2),
            "probabilities": [float(share) for share in shares],
        }

    def _answerer(self, place: int, tell: Tell) -> answering.Answerer:
        if place not in self._loaded:
            tell("state", f"reading {self._there[place].name}")
            while len(self._loaded) >= _KEPT:  # before the next is read: memory for two
                self._loaded.popitem(last=False)
            self._loaded[place] = self._load(self._there[place])
        self._loaded.move_to_end(place)
        return self._loaded[place]


def answerer_of(there: named.Named) -> answering.Answerer:
    """Returns the model of a folder, asked as `python -m flanlike.ask` asks it."""
    found = loading.load(there.folder)
    words = chat.spoken(found.words, answering.is_asked_in_a_chat(there.folder), there.name)
    return answering.Answerer(dataclasses.replace(found, words=words), there.name)


def _expect_waiting(goes_on: Callable[[], bool]) -> None:
    if not goes_on():
        raise errors.UserError("stopped before it was asked")
