"""`python -m flanlike.ask`: one model, and what is asked of it.

python -m flanlike.ask RUN_OR_MODEL                          a prompt on the terminal
python -m flanlike.ask RUN_OR_MODEL "Is it so?"              one question; or from standard input
python -m flanlike.ask RUN_OR_MODEL --in Q.jsonl --out A.jsonl
"""

import argparse
import contextlib
import dataclasses
import functools
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from flanlike import bounds, errors, knobs
from flanlike.asking import answering, many, session, templated, terminal
from flanlike.asking import settings as settings_lib
from flanlike.batches import chat
from flanlike.models import checksums, predicted
from flanlike.runs import loading, named, untuned
from flanlike.tasks import registry as registries
from flanlike.tasks import texts

_FLAG = "RUN_OR_MODEL"
_TEMPLATE = "/template"  # the one command that a command line knows


class Reporter(Protocol):
    """Says what goes on, as `eval.pace.Reporter` does."""

    def waiting(self, what: str) -> contextlib.AbstractContextManager[None]: ...

    def phase(
        self, what: str, prompts: int
    ) -> contextlib.AbstractContextManager[predicted.Done]: ...


def main(arguments: Sequence[str], registry: registries.Opener, reporter: Reporter) -> None:
    """Runs the command; `reporter` speaks to standard error."""
    flags = _parser().parse_intermixed_args(arguments)  # a question may stand behind flags
    settings = settings_lib.of_flags(flags)
    options = settings_lib.options_of(flags.options, where="--options") if flags.options else ()
    _check_sense(flags)
    asked = None
    if flags.out is not None:
        many.expect_new(flags.out)
        asked = many.read(flags.input, options)
    there = named.find(flags.model, flag=_FLAG)
    if flags.untuned:
        untuned.expect(there.folder, base=flags.base)
    both = _Both(there, flags, reporter)
    if asked is not None:
        answerers = both.answerers
        with reporter.waiting("looking which model it is"):
            how = " in a chat" if both.is_chat else ""
            prints = [f"{checksums.fingerprint(one.model)}{how}" for one in both.loaded]
        many.answer(asked, flags.out, answerers, settings, models=prints, reporter=reporter)
        print(f"{len(asked.lines):,} answers in {flags.out}")
        return
    question = _question(flags)
    templates = templated.Templates(registry=registry(flags.tasks).at(flags.data), data=flags.data)
    if question is None:
        _talk(both, templates, settings, options, reporter, flags)
    else:
        _ask_once(question, both, templates, settings, options, flags)


def _parser() -> errors.Parser:
    parser = errors.Parser(
        prog="python -m flanlike.ask", description="Puts questions to a run's or another model."
    )
    parser.add_argument(
        "model", metavar=_FLAG, help="a run's folder, a published model's, or an id of the hub"
    )
    parser.add_argument(
        "question",
        nargs="?",
        help="or a command (/template ...); none: a prompt, or standard input",
    )
    parser.add_argument(
        "--in", type=Path, dest="input", metavar="FILE", help='JSON lines, {"inputs": ...} each'
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="of answers to those of --in")
    parser.add_argument("--options", metavar="A|B", help="texts whose probability is asked too")
    parser.add_argument(
        "--untuned", action="store_true", help="answer by the model that the run began with, too"
    )
    settings_lib.add_flags(parser)
    parser.add_argument(
        "--step", **bounds.argument(knobs.Steps), help="of the run's checkpoint (the newest)"
    )
    which = "of a run with --optim.ema: the average of its weights (default), or as they are"
    parser.add_argument("--weights", choices=("average", "raw"), help=which)
    parser.add_argument("--base", type=Path, help="the model a run began with, where it has moved")
    parser.add_argument(
        "--data", default="embedded", help="of solved rows: embedded | hub | tfds | a folder"
    )
    parser.add_argument(
        "--chat",
        action=argparse.BooleanOptionalAction,
        help="ask in the model's chat template; default: as the run was trained, and of other "
        "models where they bring one",
    )
    parser.add_argument("--tasks", help="Python file with TASKS of your own, for /template")
    parser.add_argument("--json", action="store_true", help="print one question as a JSON object")
    parser.add_argument("--no-history", action="store_true", help="keep no file of questions")
    return parser


def _check_sense(flags: argparse.Namespace) -> None:
    """Raises where one flag leaves another nothing to say."""
    if (flags.input is None) != (flags.out is None):
        raise errors.UserError(
            "--in and --out go together: questions from one, answers to the other"
        )
    if flags.input is not None and flags.question is not None:
        raise errors.UserError("a question and --in: give one of the two")
    if flags.input is not None and flags.json:
        raise errors.UserError("--json is for one question: the answers to --in are JSON lines")


class _Both:
    """The model, and the one that its run began with: each is read when it is first asked."""

    def __init__(self, there: named.Named, flags: argparse.Namespace, reporter: Reporter) -> None:
        self._there, self._flags, self._reporter = there, flags, reporter

    @property
    def loaded(self) -> list[loading.Loaded]:
        return [self._tuned, self._untuned] if self._flags.untuned else [self._tuned]

    @property
    def answerers(self) -> list[answering.Answerer]:
        """Returns those that are asked by the flags."""
        return [self.tuned, self.untuned()] if self._flags.untuned else [self.tuned]

    @functools.cached_property
    def tuned(self) -> answering.Answerer:
        return answering.Answerer(self._tuned, self._there.name)

    @functools.cache  # noqa: B019 (there is one of these)
    def untuned(self) -> answering.Answerer:
        return answering.Answerer(self._untuned, "untuned")

    @functools.cached_property
    def _tuned(self) -> loading.Loaded:
        with self._reporter.waiting(f"loading {self._there.name}"):
            flags = self._flags
            found = loading.load(
                self._there.folder, step=flags.step, base=flags.base, weights=flags.weights
            )
            words = chat.spoken(found.words, self.is_chat, self._there.name)
            return dataclasses.replace(found, words=words)

    @functools.cached_property
    def is_chat(self) -> bool:
        """Whether questions are turns of a conversation: as flags say, or as the run was trained,
        or where a model that is no run's brings a chat template."""
        if self._flags.chat is not None:
            return self._flags.chat
        return answering.is_asked_in_a_chat(self._there.folder)

    @functools.cached_property
    def _untuned(self) -> loading.Loaded:
        untuned.expect(self._there.folder, base=self._flags.base)
        with self._reporter.waiting("loading the model that it began with"):
            return untuned.of(self._there.folder, self._tuned, base=self._flags.base)


def _question(flags: argparse.Namespace) -> str | None:
    """Returns the question of the command line or of standard input; None: there is a terminal."""
    if flags.question is not None:
        question = flags.question
    elif sys.stdin.isatty():
        if flags.json:
            raise errors.UserError("--json is for one question: give it behind the model")
        return None
    else:
        try:
            question = sys.stdin.buffer.read().decode("utf-8").removesuffix("\n")
        except UnicodeDecodeError as error:
            raise errors.UserError(f"standard input is no UTF-8 text ({error})") from None
    is_command = flags.question is not None and question.startswith("/")
    word = question.split(maxsplit=1)[0] if is_command else _TEMPLATE
    if word != _TEMPLATE and not word.startswith("//"):
        raise errors.UserError(
            f"{word}: of the commands a command line knows {_TEMPLATE}; a question that begins "
            "with a slash begins with two"
        )
    if not question.strip():
        raise errors.UserError("the question is empty: give one behind the model, or by a pipe")
    if wrong := texts.problem(question):  # of a command line that is no UTF-8
        raise errors.UserError(f"the question {wrong}")
    return question


def _talk(
    both: _Both,
    templates: templated.Templates,
    settings: settings_lib.Settings,
    options: tuple[str, ...],
    reporter: Reporter,
    flags: argparse.Namespace,
) -> None:
    screen = terminal.Screen(sys.stdout)
    tuned = both.tuned
    loaded = both.loaded[0]
    of = f" of step {loaded.step}" if loaded.step is not None else ""
    of += ", the average of its weights" if loaded.weights == "average" else ""
    screen.note(f"{tuned.name}{of}: {tuned.family}, {tuned.parameters:,} parameters")
    for line in chat.told(loaded.words):
        screen.note(line)
    if tuned.is_chat:
        screen.note("a question is read behind those before it: /new begins another conversation")
    screen.note("/help lists commands; Ctrl-C stops an answer, Ctrl-D leaves")
    history = terminal.History(None if flags.no_history else terminal.history_file())
    if history.note:
        screen.note(history.note)
    talk = session.Session(
        tuned,
        templates,
        settings,
        untuned=both.untuned,
        screen=screen,
        waiting=reporter,
    )
    if options:
        talk.options(flags.options)
    if flags.untuned:
        talk.untuned(is_on=True)
    talk.run(history)


def _ask_once(
    said: str,
    both: _Both,
    templates: templated.Templates,
    settings: settings_lib.Settings,
    options: tuple[str, ...],
    flags: argparse.Namespace,
) -> None:
    """Answers one question, or one of /template, on standard output."""
    question = answering.Question(text=said)
    if flags.question is not None and said.startswith("/"):  # what is piped is text alone
        question = answering.Question(text=said[1:])
        if not said.startswith("//"):
            rendered = templates.rendered(said.removeprefix(_TEMPLATE), both.tuned, settings)
            question = rendered.question
            for note in rendered.notes:
                print(f"({note})", file=sys.stderr)
    question = question.with_options(options)
    screen = terminal.Screen(sys.stdout)
    found = []
    for answerer in both.answerers:
        if flags.untuned and not flags.json:
            screen.note(f"{answerer.name}:")
        tell = (lambda text: None) if flags.json else screen.piece
        answer = answerer.answer(question, settings, number=0, tell=tell)
        if not flags.json and not answer.text.endswith("\n"):
            screen.line()
        if answer.is_cut:
            print(f"(cut: --max-new-tokens is {settings.max_new_tokens:,})", file=sys.stderr)
        found.append({"answer": answer.text, "is_cut": answer.is_cut})
        if question.options:
            probabilities = answerer.probabilities(question, settings)
            found[-1] |= many.of_options(question, probabilities)
            if not flags.json:
                session.show_options(screen, question.options, [probabilities])
    if flags.json:
        line = many.of_question({"inputs": question.text}, question, found)
        print(json.dumps(line, ensure_ascii=False))
