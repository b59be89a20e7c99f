"""A session: questions and commands in, answers out."""

import contextlib
import dataclasses
import difflib
import sys
import time
from collections.abc import Callable, Sequence

from flanlike import errors
from flanlike.asking import answering, templated, terminal
from flanlike.asking import settings as settings_lib

_COMMANDS = {
    "template": "TASK FIELD=TEXT ...  ask in the words of a task's template (template=ID: which)",
    "options": "A | B ...  the probability of each, of the last question and the next; off",
    "untuned": "answer the last question and the next by the base too; again, or off: no more",
    **{name.replace("_", "-"): said for name, said in settings_lib.HELP.items()},
    "help": "this list",
    "quit": "leave, as Ctrl-D does",
}
_ENDS = ("quit", "exit")


class Session:
    """What was asked, how it is to be answered, and by whom."""

    def __init__(
        self,
        answerer: answering.Answerer,
        templates: templated.Templates,
        settings: settings_lib.Settings,
        *,
        untuned: Callable[[], answering.Answerer],
        screen: terminal.Screen,
        waiting: terminal.Waiting,
    ) -> None:
        self._answerers = [answerer]
        self._templates, self._settings = templates, settings
        self._untuned, self._screen, self._waiting = untuned, screen, waiting
        self._options: tuple[str, ...] = ()
        self._last: answering.Question | None = None
        self._number, self._next = 0, 0  # of the last question: the draws of each differ

    def run(self, history: terminal.History) -> None:
        """Asks until the user leaves; a mistake is one line, and the session goes on."""
        while (typed := terminal.read(history)) is not None:
            try:
                if not self.take(typed):
                    return
            except errors.UserError as error:
                print("error:", " ".join(str(error).splitlines()), file=sys.stderr, flush=True)
            except KeyboardInterrupt:
                self._screen.line()
                self._screen.note("(stopped)")

    def take(self, typed: str) -> bool:
        """Answers a question or follows a command; returns whether the session goes on.

        What begins with a slash is a command, and with two of them a question with one.
        """
        if not typed.startswith("/") or typed.startswith("//"):
            text = typed.removeprefix("/")
            self._ask(answering.Question(text=text, options=self._options))
            return True
        word, rest = [*typed[1:].split(maxsplit=1), "", ""][:2]
        rest = rest.strip()
        if word in _ENDS:
            return False
        if word not in _COMMANDS:
            raise _unknown(word)
        if word == "help":
            self._help()
        elif word == "template":
            self.template(rest)
        elif word == "options":
            self.options(rest)
        elif word == "untuned":
            self.untuned(is_on=len(self._answerers) == 1 and rest != "off")
        else:
            self._set(word.replace("-", "_"), rest)
        return True

    def template(self, said: str) -> None:
        """Shows and asks the question that a task's template makes of the fields."""
        rendered = self._templates.rendered(said, self._answerers[0], self._settings)
        self._screen.note(rendered.question.text)
        for note in rendered.notes:
            self._screen.note(f"({note})")
        self._ask(rendered.question.with_options(self._options))

    def options(self, said: str) -> None:
        """Sets the options of questions to come, and shows those of the last question."""
        if said == "off":
            self._options = ()
            return
        self._options = settings_lib.options_of(said, where="/options")
        if self._last is None:
            self._screen.note("(of the next question, and of all that follow)")
            return
        self._last = dataclasses.replace(self._last, options=self._options, written=())
        self._show_options(self._last, self._answerers)

    def untuned(self, *, is_on: bool) -> None:
        """Has the base answer beside the tuned model, the last question at once."""
        if not is_on:
            del self._answerers[1:]
            return
        if len(self._answerers) > 1:
            return
        self._answerers.append(self._untuned())
        if self._last is not None:
            self._answer(self._last, self._answerers[1:])

    def _ask(self, question: answering.Question) -> None:
        for answerer in self._answerers:
            answerer.ids(question.text, self._settings)  # too long: before anything is answered
        self._last = question
        self._number = self._next
        self._next += 1
        self._answer(question, self._answerers)

    def _answer(
        self, question: answering.Question, answerers: Sequence[answering.Answerer]
    ) -> None:
        with terminal.noticing_interrupts() as noticed:
            for answerer in answerers:
                if len(self._answerers) > 1:
                    self._screen.note(f"{answerer.name}:")
                self._write(answerer, question, noticed)
                if noticed.is_pressed:
                    return
        if question.options:
            self._show_options(question, answerers)

    def _write(
        self,
        answerer: answering.Answerer,
        question: answering.Question,
        noticed: terminal.Noticed,
    ) -> None:
        started_s = time.monotonic()
        pieces = _Pieces(self._screen)
        if answerer.is_new(question.text, self._settings):
            pieces.wait(self._waiting.waiting("compiling for questions of this length"))
        try:
            answer = answerer.answer(
                question.text,
                self._settings,
                number=self._number,
                tell=pieces,
                goes_on=lambda: not noticed.is_pressed,
            )
        finally:
            pieces.begun()
        seconds = time.monotonic() - (pieces.begun_s or started_s)
        if not answer.text.endswith("\n"):
            self._screen.line()
        self._screen.note(f"({_told(answer, seconds, noticed.is_pressed, self._settings)})")

    def _show_options(
        self, question: answering.Question, answerers: Sequence[answering.Answerer]
    ) -> None:
        columns = [one.probabilities(question, self._settings) for one in answerers]
        show_options(self._screen, question.options, columns)

    def _set(self, name: str, value: str) -> None:
        if value:
            self._settings = self._settings.changed(name, value)
            if name == "seed":
                self._next = 0
        said = getattr(self._settings, name)
        self._screen.note(f"({name.replace('_', '-')} {said!r})")
        if f"--{name}".replace("_", "-") in self._settings.unheeded:
            self._screen.note("(nothing is drawn while the temperature is 0: /temperature N)")

    def _help(self) -> None:
        for word, said in _COMMANDS.items():
            name = word.replace("-", "_")
            now = f"  [{getattr(self._settings, name)!r}]" if name in settings_lib.HELP else ""
            self._screen.line(f"/{word:20}{said}{now}")
        self._screen.line("a line that ends in \\ goes on; so do those between two of " + '"""')
        self._screen.line("Ctrl-C stops an answer")


class _Pieces:
    """Shows the pieces of an answer; what says that one waits is gone before the first."""

    def __init__(self, screen: terminal.Screen) -> None:
        self._screen = screen
        self._waiting: contextlib.AbstractContextManager[None] | None = None
        self.begun_s: float | None = None

    def wait(self, waiting: contextlib.AbstractContextManager[None]) -> None:
        waiting.__enter__()
        self._waiting = waiting

    def begun(self) -> None:
        """Says that the first token is there."""
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.__exit__(None, None, None)
        if self.begun_s is None:
            self.begun_s = time.monotonic()

    def __call__(self, text: str) -> None:
        self.begun()
        self._screen.piece(text)


def show_options(
    screen: terminal.Screen, options: Sequence[str], columns: Sequence[Sequence[float]]
) -> None:
    """Shows the probability of each option, by one model or by the tuned one and its base."""
    width = max(map(len, options))
    if len(columns) > 1:
        screen.note(f"{'':{width}}  {'tuned':>7} {'untuned':>7}")
    for option, *shares in zip(options, *columns, strict=True):
        listed = " ".join(f"{share:7.3f}" for share in shares)
        screen.line(f"{option:{width}}  {listed}")


def _told(
    answer: answering.Answer,
    seconds: float,
    is_stopped: bool,
    settings: settings_lib.Settings,
) -> str:
    """Returns what is said below an answer; its first token, which compiles, sets the clock."""
    said = f"{answer.tokens} token{'s' * (answer.tokens != 1)}"
    if answer.tokens > 1:
        said += f", {(answer.tokens - 1) / max(seconds, 1e-9):,.0f} a second"
    if is_stopped:
        return f"{said}; stopped"
    cut = f"; cut: /max-new-tokens is {settings.max_new_tokens:,}" if answer.is_cut else ""
    return said + cut


def _unknown(word: str) -> errors.UserError:
    near = difflib.get_close_matches(word, _COMMANDS, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(f'/{one}' for one in near)}? " if near else ""
    return errors.UserError(
        f"unknown command /{word}: {hint}/help lists all; a question that begins with a slash "
        "begins with two"
    )
