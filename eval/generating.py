"""The half of an evaluation whose answers are written, and read from what was written.

All cells are written together, so that batches are full. A chain of thought is written `samples`
times where these are drawn, and its answer is that of most of them (`self_consistency`); one by
least-to-most prompting in rounds (`least_to_most`). What was written is kept a batch at a time: an
evaluation that was cut off goes on in the same batches.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from eval import answers, executing, least_to_most, metrics, pace, requests, self_consistency
from eval import questions as question_module
from flanlike import config as config_lib
from flanlike import seeding
from flanlike.batches import features, tokenizer
from flanlike.models import generate, sampling

if TYPE_CHECKING:
    from flax import nnx

_BATCH = 64
_RATIONALES = ("cot", least_to_most.KIND)  # kinds of cells whose answers have a rationale


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What was written to a cell's prompts, and read from it.

    `columns` are those of `predictions.Predictions` that only written answers have; its `texts` are
    those whose answers count.
    """

    answered: metrics.Answered
    scoring: str
    columns: dict[str, Any]

    @property
    def texts(self) -> Sequence[str]:
        return self.columns["texts"]


def write(
    model: "nnx.Module",
    words: tokenizer.Tokenizer,
    family: features.Family,
    cells: Sequence[question_module.Cell],
    settings: config_lib.EvalConfig,
    reporter: pace.Reporter,
    kept: requests.Kept | None = None,
) -> list[Answers]:
    """Returns the answers written to the prompts of each cell.

    A request whose answer is `kept`, or that occurs twice, is not put to the model again.
    """
    if not cells:
        return []
    writer = _Writer(model, words, family, settings, reporter, kept or requests.Nothing())
    copies = [settings.samples if cell.kind in _RATIONALES else 1 for cell in cells]
    slots = [
        _Slot(cell, row, sample)
        for cell, count in zip(cells, copies, strict=True)
        for row in range(len(cell.prompts))
        for sample in range(count)
    ]
    writer.write("writing answers", [s for s in slots if s.cell.kind != least_to_most.KIND])
    _by_smaller_questions(writer, [s for s in slots if s.cell.kind == least_to_most.KIND])
    rest = iter(slots)
    return [
        _answers(
            cell,
            [list(itertools.islice(rest, count)) for _ in cell.prompts],
            executes=settings.execute_code,
        )
        for cell, count in zip(cells, copies, strict=True)
    ]


@dataclass(slots=True)
class _Slot:
    """One text to be written: of a cell, a row of it and a sample of that."""

    cell: question_module.Cell
    row: int
    sample: int
    text: str = ""
    is_cut: bool = False
    steps: list[tuple[str, str]] = field(default_factory=list)  # smaller questions, answered
    open_questions: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> str:
        return self.cell.prompts[self.row].inputs

    def seed(self, stage: str, run_seed: int) -> int:
        cell = self.cell
        return seeding.key(
            *("writing", run_seed, cell.task.name, cell.template),
            *(cell.rows[self.row], self.sample, stage),
        )


class _Request(NamedTuple):
    """A prompt as the model reads it, with what is its own of how it is answered."""

    prompt: tuple[int, ...]
    max_new_tokens: int
    seed: int | None  # None where nothing is drawn


class _Writer:
    """Has a model write texts, as the settings say."""

    def __init__(
        self,
        model: "nnx.Module",
        words: tokenizer.Tokenizer,
        family: features.Family,
        settings: config_lib.EvalConfig,
        reporter: pace.Reporter,
        kept: requests.Kept,
    ) -> None:
        self._model, self._words, self._family = model, words, family
        self._settings, self._reporter, self._kept = settings, reporter, kept
        self._before = features.before_inputs(words.marks, family)
        self._decoding = sampling.Decoding(
            temperature=settings.temperature,
            top_k=settings.top_k,
            top_p=settings.top_p,
            beams=settings.beams,
            length_penalty=settings.length_penalty,
        )

    def write(
        self,
        what: str,
        slots: Sequence[_Slot],
        inputs: Sequence[str] | None = None,
        *,
        stop: Sequence[str] = (),
    ) -> None:
        """Fills each slot with what is written to its prompt, or to the `inputs` given for it."""
        if not slots:
            return
        stop = (*self._settings.stop, *stop)
        ids = [slot.cell.ids[slot.row] for slot in slots]
        if inputs is not None:
            ids = [features.inputs_ids(self._words, self._family, one) for one in inputs]
        asked = [
            _Request(
                (*self._before, *its_ids),
                slot.cell.max_new_tokens,
                slot.seed(what, self._settings.seed) if self._decoding.draws else None,
            )
            for slot, its_ids in zip(slots, ids, strict=True)
        ]
        written = self._written(what, dict.fromkeys(asked), stop)
        for slot, request in zip(slots, asked, strict=True):
            one = written[request]
            slot.text = generate.before_stop(self._words.decode(one.ids), stop)
            slot.is_cut = one.is_cut

    def _written(
        self, what: str, asked: Iterable[_Request], stop: Sequence[str]
    ) -> dict[_Request, generate.Written]:
        """Returns what is written to each request: what is kept, and the rest by the model."""
        how = dataclasses.asdict(self._decoding)
        keys = {request: self._kept.key("text", *request, how, stop) for request in asked}
        known = self._kept.get(list(keys.values()))
        found = {r: generate.Written(*known[key]) for r, key in keys.items() if key in known}
        unasked = [request for request in keys if request not in found]
        if not unasked:
            return found
        with self._reporter.phase(what, len(unasked)) as done:
            batches = generate.written_in_batches(
                self._model,
                [request.prompt for request in unasked],
                max_new_tokens=[request.max_new_tokens for request in unasked],
                decoding=self._decoding,
                seeds=[request.seed for request in unasked] if self._decoding.draws else (),
                stops=self._stops(stop),
                batch_size=_BATCH,
                eos_id=self._words.marks.eos_id,
                ends_source=self._words.marks.ends_inputs,
                done=done,
            )
            for batch in batches:
                new = {unasked[place]: one for place, one in batch.items()}
                self._kept.put({keys[request]: one for request, one in new.items()})
                found.update(new)
        return found

    def _stops(self, stop: Sequence[str]) -> generate.Stops | None:
        if not stop:
            return None
        return lambda ids: any(one in self._words.decode(ids) for one in stop)


def _by_smaller_questions(writer: _Writer, slots: Sequence[_Slot]) -> None:
    """Fills the slots by least-to-most prompting: all of them at one stage, then at the next."""
    texts = [least_to_most.listing(slot.inputs) for slot in slots]
    writer.write("writing smaller questions", slots, texts)
    for slot in slots:
        slot.open_questions = least_to_most.questions_in(slot.text)
    for number in itertools.count(1):
        waiting = [slot for slot in slots if slot.open_questions]
        if not waiting:
            break
        texts = [
            least_to_most.step(slot.inputs, slot.steps, slot.open_questions[0]) for slot in waiting
        ]
        what = f"answering smaller question {number}"
        writer.write(what, waiting, texts, stop=least_to_most.STOP)
        for slot in waiting:
            question, answer = slot.open_questions.pop(0), least_to_most.answer_in(slot.text)
            if answer:
                slot.steps.append((question, answer))
    texts = [least_to_most.whole(slot.inputs, slot.steps) for slot in slots]
    writer.write("answering whole questions", slots, texts)


def _answers(
    cell: question_module.Cell, slots: Sequence[Sequence[_Slot]], *, executes: bool
) -> Answers:
    """Returns a cell's answers from its rows' slots, one for each sample.

    Programs are run where it `executes` them.
    """
    samples = len(slots[0])
    each = [
        answers.from_generated(
            cell.task, cell.records, cell.prompts, cell.target, [row[k].text for row in slots]
        )
        for k in range(samples)
    ]
    if executes and executing.METRIC in cell.task.metrics:
        each = [
            dataclasses.replace(found, passed=_passed(cell.records, [row[k].text for row in slots]))
            for k, found in enumerate(each)
        ]
    votes = self_consistency.votes(cell.task, each)
    winners = [self_consistency.winner(vote) for vote in votes]
    chosen = [row[k] for row, k in zip(slots, winners, strict=True)]
    columns: dict[str, Any] = {
        "texts": tuple(slot.text for slot in chosen),
        "is_cut": tuple(slot.is_cut for slot in chosen),
    }
    if cell.kind == least_to_most.KIND:
        columns["steps"] = tuple(tuple(slot.steps) for slot in chosen)
    if samples == 1:
        return Answers(answered=each[0], scoring="generation", columns=columns)
    columns |= {
        "samples": tuple(tuple(slot.text for slot in row) for row in slots),
        "is_sample_cut": tuple(tuple(slot.is_cut for slot in row) for row in slots),
        "votes": tuple(votes),
        "curve": self_consistency.curve(cell.task.metrics[0], votes, each),
    }
    return Answers(
        answered=self_consistency.picked(each, winners), scoring="self_consistency", columns=columns
    )


def _passed(records: Sequence[Any], texts: Sequence[str]) -> tuple[bool, ...]:
    programs = [executing.program(*one) for one in zip(records, texts, strict=True)]
    return tuple(executing.passed(programs))
