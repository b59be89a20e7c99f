"""One model that answers: text in, text out, and how probable each of several options is.

answerer = Answerer(loaded, "runs/mine")
answer = answerer.answer(Question(text="Is it so?"), settings, number=0, tell=print)
answerer.probabilities(Question(text="Is it so?", options=("yes", "no")), settings)

In a chat a question may stand behind what was said `before` it, the system's turn first.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flanlike import errors, seeding
from flanlike.asking import settings as settings_lib
from flanlike.asking import streamed
from flanlike.batches import features
from flanlike.models import decode, generate, predicted, tuning
from flanlike.pretrained import weights
from flanlike.prompts import fitting
from flanlike.runs import loading, named
from flanlike.tasks import task as task_module
from flanlike.tasks import texts

_BATCH = 32  # questions that are answered at once
_TOKENS_A_BATCH = 4096  # of questions whose options are scored


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a model is asked: `options` are scored by the text that would be written for each.

    `before` it comes what was said in a conversation so far, where the model is asked in a chat.
    """

    text: str
    options: tuple[str, ...] = ()
    written: tuple[str, ...] = ()  # for each option; (): the options themselves
    before: tuple[task_module.Turn, ...] = ()

    @property
    def turns(self) -> tuple[task_module.Turn, ...]:
        return (*self.before, ("user", self.text))

    @property
    def completions(self) -> tuple[str, ...]:
        return self.written or self.options

    def with_options(self, options: tuple[str, ...]) -> "Question":
        """Returns the question with these options where it brings none."""
        return self if self.options else dataclasses.replace(self, options=options)


class Answer(NamedTuple):
    """What a model wrote; `is_cut` says that it would have gone on, and was stopped."""

    text: str
    tokens: int
    is_cut: bool


class Answerer:
    """A model with its words, and what it is called."""

    def __init__(self, loaded: loading.Loaded, name: str) -> None:
        self._model, self._words, self.name = loaded.model, loaded.words, name
        self._compiled: set[tuple[object, ...]] = set()

    @property
    def family(self) -> features.Family:
        return self._model.config.family

    @property
    def is_chat(self) -> bool:
        """Whether a question is a turn of a conversation, which may go on."""
        return isinstance(self._words, features.Speaker)

    @property
    def parameters(self) -> int:
        return tuning.count(self._model)[1]

    def room(self, settings: settings_lib.Settings) -> int:
        """Returns how many tokens a question may have, all marks counted."""
        most = self._model.config.max_positions if self.family == "decoder" else 0
        left = most - settings.max_new_tokens if most else settings.max_input_tokens
        return max(0, min(left, settings.max_input_tokens))

    def room_for_text(self, settings: settings_lib.Settings) -> fitting.Room:
        """Returns the same room without the marks, as `fitting.fit` takes it."""
        first_ids = tuning.soft_prompt_ids(self._model)
        return features.room(self._words, self.room(settings), self.family, first_ids)

    def fitted(self, question: Question, settings: settings_lib.Settings) -> Question:
        """Returns the question behind as much of what was said before as there is room for.

        Whole turns go, the oldest first; what the system says stays, as long as anything fits.
        """
        if not question.before:
            return question
        _expect_text(question)
        fitted = fitting.fit_turns(self.room_for_text(settings), question.turns)
        return dataclasses.replace(question, before=fitted.turns[:-1])

    def ids(self, question: Question, settings: settings_lib.Settings) -> list[int]:
        """Returns a question as the model reads it; raises UserError where it is too long.

        As an evaluation asks it, in a chat where the words are: an encoder's EOS and a soft prompt
        come where it is read.
        """
        _expect_text(question)
        ids = features.before_inputs(self._words.marks, self.family)
        if question.before:
            ids += self._words.read_turns(question.turns).ids
        else:
            ids += features.inputs_ids(self._words, self.family, question.text)
        if (count := self._read(ids)) > self.room(settings):
            raise errors.UserError(self._too_long(count, settings, is_behind=bool(question.before)))
        return ids

    def expect(self, question: Question, settings: settings_lib.Settings) -> None:
        """Raises UserError where the question is too long, or its options cannot be told apart."""
        self.ids(question, settings)
        self._options(question)

    def is_new(self, question: Question, settings: settings_lib.Settings) -> bool:
        """Returns whether something is compiled before a question like this one is answered."""
        return self._program(self.ids(question, settings), settings) not in self._compiled

    def answer(
        self,
        question: Question,
        settings: settings_lib.Settings,
        *,
        number: int,
        tell: Callable[[str], None] = lambda text: None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> Answer:
        """Returns the answer, and meanwhile tells it piece by piece, for as long as it `goes_on`.

        `number` is that of the question: where tokens are drawn, it and the seed say which.
        """
        ids = self.ids(question, settings)
        self._compiled.add(self._program(ids, settings))
        said = streamed.Text(self._words, settings.stop)
        stream = generate.stream(
            self._model,
            ids,
            max_new_tokens=settings.max_new_tokens,
            decoding=settings.decoding,
            seed=_seed(settings, number) if settings.decoding.draws else None,
            eos_id=self._words.marks.eos_id,
            ends_source=self._words.marks.ends_inputs,
        )
        is_whole = True
        for token in stream:
            tell(said.add(token))
            if said.is_stopped or not goes_on():
                is_whole = said.is_stopped
                break
        tell(said.end())
        is_full = said.tokens == settings.max_new_tokens and not said.is_stopped
        return Answer(said.told, said.tokens, is_full or not is_whole)

    def probabilities(self, question: Question, settings: settings_lib.Settings) -> list[float]:
        """Returns the probability of each option among all of them, as an evaluation has it."""
        return next(self.scored([question], settings))[0]

    def scored(
        self,
        questions: Sequence[Question],
        settings: settings_lib.Settings,
        *,
        done: predicted.Done | None = None,
    ) -> Iterator[dict[int, list[float]]]:
        """Yields the options' probabilities of many questions, a batch at a time, by place."""
        batches = decode.scored_options(
            self._model,
            [self.ids(question, settings) for question in questions],
            [self._options(question) for question in questions],
            max_tokens_per_batch=_TOKENS_A_BATCH,
            eos_id=self._words.marks.eos_id,
            ends_source=self._words.marks.ends_inputs,
            done=done,
        )
        for batch in batches:
            found = {one.prompt: one.probabilities.tolist() for one in batch}
            if not all(math.isfinite(share) for shares in found.values() for share in shares):
                raise errors.NotFinite(
                    f"{self.name}: an option's probability is no number: the model's parameters "
                    "are none to compute with"
                )
            yield found

    def written(
        self,
        questions: Sequence[Question],
        settings: settings_lib.Settings,
        numbers: Sequence[int],
        *,
        done: predicted.Done | None = None,
    ) -> Iterator[dict[int, Answer]]:
        """Yields the answers to many questions, a batch at a time, by place.

        Each is that of `answer` to the question of that number, up to rounding.
        """
        stop, decoding = settings.stop, settings.decoding
        batches = generate.written_in_batches(
            self._model,
            [self.ids(question, settings) for question in questions],
            max_new_tokens=settings.max_new_tokens,
            decoding=decoding,
            seeds=[_seed(settings, n) for n in numbers] if decoding.draws else (),
            stops=(lambda ids: any(o in self._words.decode(ids) for o in stop)) if stop else None,
            batch_size=_BATCH,
            eos_id=self._words.marks.eos_id,
            ends_source=self._words.marks.ends_inputs,
            done=done,
        )
        for batch in batches:
            yield {
                place: Answer(
                    generate.before_stop(self._words.decode(one.ids), stop),
                    len(one.ids),
                    one.is_cut,
                )
                for place, one in batch.items()
            }

    def _read(self, ids: Sequence[int]) -> int:
        """Returns how many tokens are read of a question of these ids."""
        after = features.after_inputs(self._words.marks, self.family)
        return len(tuning.soft_prompt_ids(self._model)) + len(ids) + len(after)

    def _program(self, ids: Sequence[int], settings: settings_lib.Settings) -> tuple[object, ...]:
        tokens = generate.streamed_tokens(self._read(ids))
        return tokens, settings.max_new_tokens, settings.decoding.kind

    def _options(self, question: Question) -> list[list[int]]:
        found = [self._words.encode(text) for text in question.completions]
        for a, b in itertools.combinations(range(len(found)), 2):
            if found[a] == found[b]:
                raise errors.UserError(
                    f"options {question.options[a]!r} and {question.options[b]!r} are the same "
                    "tokens to this model: no score can tell them apart; leave one out"
                )
        return found

    def _too_long(self, count: int, settings: settings_lib.Settings, *, is_behind: bool) -> str:
        said = f"the question has {count:,} tokens"
        if is_behind:
            said += " with what is said before it"
        if self.room(settings) == settings.max_input_tokens:
            return f"{said}, and --max-input-tokens is {settings.max_input_tokens:,}: shorten it"
        return (
            f"{said}, and with --max-new-tokens {settings.max_new_tokens:,} the model, which is "
            f"made to read {self._model.config.max_positions:,}, has room for "
            f"{self.room(settings):,}: shorten it, or ask for a shorter answer"
        )


def is_asked_in_a_chat(folder: Path) -> bool:
    """Returns whether questions to the model of a folder are turns of a conversation.

    As its run was trained, or where a model that is no run's brings a chat template.
    """
    if loading.is_bare(folder) or weights.is_published(folder):
        return bool(getattr(loading.words_of(folder), "chat_template", None))
    return named.was_in_chat(folder)


def _expect_text(question: Question) -> None:
    if wrong := texts.problem(question.text):
        raise errors.UserError(f"the question {wrong}")


def _seed(settings: settings_lib.Settings, number: int) -> int:
    return seeding.key("ask", settings.seed, number)
