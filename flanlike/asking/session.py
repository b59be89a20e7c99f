"""A session: questions and commands in, answers out.

In a chat a question is the next turn of a conversation: its answer is to all that was said so far,
as far as there is room (`Answerer.fitted`). Else each question stands alone.
"""

import contextlib
import dataclasses
import difflib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flanlike import errors
from flanlike.asking import answering, templated, terminal
from flanlike.asking import settings as settings_lib
from flanlike.tasks import task as task_module
from flanlike.tasks import texts

_COMMANDS = {
    "template": "TASK FIELD=TEXT ...  ask in the words of a task's template (template=ID: which)",
    "options": "A | B ...  the probability of each, of the last question and the next; off",
    "new": "begin another conversation; only of a model that is asked in a chat",
    "system": "TEXT  what the system says before a conversation, which begins anew; off",
    "untuned": "answer the last question and the next by the base too; again, or off: no more",
    **{name.replace("_", "-"): said for name, said in settings_lib.HELP.items()},
    "help": "this list",
    "quit": "leave, as Ctrl-D does",
}
_ENDS = ("quit", "exit")


@dataclass
class _Talk:
    """What one model was asked and has said: each has a conversation of its own."""

    answerer: answering.Answerer
    asked: answering.Question | None = None  # the last question, behind what was read before it
    before: tuple[task_module.Turn, ...] = ()  # all that was said before it
    answered: str | None = None

    @property
    def said(self) -> tuple[task_module.Turn, ...]:
        """Returns all turns so far; a question that has no answer was never asked."""
        if self.asked is None or self.answered is None or not self.answerer.is_chat:
            return self.before
        return (*self.before, ("user", self.asked.text), ("assistant", self.answered))

    def begin(self) -> None:
        self.asked, self.before, self.answered = None, (), None


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
        self._talks = [_Talk(answerer)]
        self._templates, self._settings = templates, settings
        self._untuned, self._screen, self._waiting = untuned, screen, waiting
        self._options: tuple[str, ...] = ()
        self._system = ""
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
        elif word == "new":
            self.new()
        elif word == "system":
            self.system(rest)
        elif word == "untuned":
            self.untuned(is_on=len(self._talks) == 1 and rest != "off")
        else:
            self._set(word.replace("-", "_"), rest)
        return True

    def template(self, said: str) -> None:
        """Shows and asks the question that a task's template makes of the fields.

        As in an evaluation nothing was said before it but what the system says; a conversation may
        go on from there.
        """
        talk = self._talks[0]
        rendered = self._templates.rendered(said, talk.answerer, self._settings)
        self._screen.note(rendered.question.text)
        for note in rendered.notes:
            self._screen.note(f"({note})")
        if talk.said:
            self._screen.note("(another conversation begins)")
        self._ask(rendered.question.with_options(self._options), is_new=True)

    def options(self, said: str) -> None:
        """Sets the options of questions to come, and shows those of the last question."""
        if said == "off":
            self._options = ()
            return
        self._options = settings_lib.options_of(said, where="/options")
        if self._talks[0].asked is None:
            self._screen.note("(of the next question, and of all that follow)")
            return
        for talk in self._talks:
            talk.asked = dataclasses.replace(talk.asked, options=self._options, written=())
        self._show_options()

    def new(self) -> None:
        """Begins another conversation."""
        self._expect_chat("new")
        for talk in self._talks:
            talk.begin()
        self._screen.note("(another conversation begins)")

    def system(self, said: str) -> None:
        """Sets what the system says, before another conversation; shows it where nothing is given.

        What its template says by itself where there is no such turn, a model says then.
        """
        self._expect_chat("system")
        if said:
            if wrong := texts.problem(said):
                raise errors.UserError(f"/system {wrong}")
            self._system = "" if said == "off" else said
            self.new()
        self._screen.note(f"(system {self._system!r})" if self._system else "(no system turn)")

    def untuned(self, *, is_on: bool) -> None:
        """Has the base answer beside the tuned model, the last question at once.

        It is asked that behind what the tuned model has said, and goes on by itself from there.
        """
        if not is_on:
            del self._talks[1:]
            return
        if len(self._talks) > 1:
            return
        base, tuned = _Talk(self._untuned()), self._talks[0]
        self._talks.append(base)
        if tuned.asked is not None:
            base.before = tuned.before
            base.asked = self._behind(base, tuned.asked, base.before)
            self._answer([base])

    def _expect_chat(self, word: str) -> None:
        if not self._talks[0].answerer.is_chat:
            raise errors.UserError(
                f"/{word} is for a model that is asked in a chat, and this one is asked plainly: "
                "each question stands alone; start with --chat"
            )

    def _ask(self, question: answering.Question, *, is_new: bool = False) -> None:
        before = [() if is_new else talk.said for talk in self._talks]
        asked = []
        for talk, said in zip(self._talks, before, strict=True):
            asked.append(self._behind(talk, question, said))
            talk.answerer.ids(asked[-1], self._settings)  # too long: before anything is answered
        for talk, said, one in zip(self._talks, before, asked, strict=True):
            talk.before, talk.asked, talk.answered = said, one, None
        self._number = self._next
        self._next += 1
        self._answer(self._talks)

    def _behind(
        self,
        talk: _Talk,
        question: answering.Question,
        said: Sequence[task_module.Turn],
    ) -> answering.Question:
        """Returns the question behind what was said, and tells what of it is no longer read."""
        system = [("system", self._system)] if self._system else []
        whole = dataclasses.replace(question, before=(*system, *said))
        fitted = talk.answerer.fitted(whole, self._settings)
        if lost := len(whole.before) - len(fitted.before):
            self._screen.note(
                f"(no longer read, for want of room: the first {lost // 2:,} of this "
                "conversation's questions, with their answers)"
            )
        return fitted

    def _answer(self, talks: Sequence[_Talk]) -> None:
        with terminal.noticing_interrupts() as noticed:
            for talk in talks:
                if len(self._talks) > 1:
                    self._screen.note(f"{talk.answerer.name}:")
                talk.answered = self._write(talk.answerer, talk.asked, noticed)
                if noticed.is_pressed:
                    return
        if talks[0].asked.options:
            self._show_options(talks)

    def _write(
        self,
        answerer: answering.Answerer,
        question: answering.Question,
        noticed: terminal.Noticed,
    ) -> str:
        """Shows the answer as it is written, and returns it."""
        started_s = time.monotonic()
        pieces = _Pieces(self._screen)
        if answerer.is_new(question, self._settings):
            pieces.wait(self._waiting.waiting("compiling for questions of this length"))
        try:
            answer = answerer.answer(
                question,
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
        return answer.text

    def _show_options(self, talks: Sequence[_Talk] = ()) -> None:
        """Shows the options of the last question, by all models or by some."""
        talks = talks or self._talks
        columns = [one.answerer.probabilities(one.asked, self._settings) for one in talks]
        show_options(self._screen, talks[0].asked.options, columns)

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
