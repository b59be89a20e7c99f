"""The half of an evaluation whose options are ranked: a prompt is read once, for all scorings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from eval import pace, requests, scoring
from eval import questions as question_module
from flanlike.batches import features, tokenizer
from flanlike.models import decode, predicted

if TYPE_CHECKING:
    from flax import nnx

Ids = tuple[int, ...]


class _Request(NamedTuple):
    """A prompt and its options, as the model reads them."""

    prompt: Ids
    options: tuple[Ids, ...]


_Values = tuple[list[float], list[float]]  # of the options' tokens, and of EOS after them


class _Row(NamedTuple):
    """All that is asked about one row under one template."""

    options: tuple[str, ...]  # as they would be written
    asked: _Request
    premise: _Request | None  # where questions without content are asked too
    content_free: tuple[_Request, ...]


def options(
    model: "nnx.Module",
    words: tokenizer.Tokenizer,
    family: features.Family,
    cells: Sequence[question_module.Cell],
    *,
    max_tokens_per_batch: int,
    reporter: pace.Reporter,
    kept: requests.Kept | None = None,
) -> list[list[scoring.Options]]:
    """Returns what each prompt of each cell gives to its options.

    A request that occurs twice, or whose answer is `kept`, is not put to the model again.
    """
    if not cells:
        return []
    kept = kept or requests.Nothing()
    rows = [list(_rows(words, family, cell)) for cell in cells]
    keys = {
        request: kept.key("options", request.prompt, request.options)
        for its_rows in rows
        for row in its_rows
        for request in (row.asked, *([row.premise] if row.premise else ()), *row.content_free)
    }
    known = kept.get(list(keys.values()))
    found = {request: known[key] for request, key in keys.items() if key in known}
    unasked = {request: key for request, key in keys.items() if key not in known}
    if unasked:
        with reporter.phase("scoring options", len(unasked)) as done:
            found.update(_asked(model, unasked, kept, max_tokens_per_batch, words.marks, done))
    return [[_of_row(row, found) for row in its_rows] for its_rows in rows]


def _asked(
    model: "nnx.Module",
    unasked: Mapping[_Request, bytes],
    kept: requests.Kept,
    max_tokens_per_batch: int,
    marks: features.Marks,
    done: predicted.Done,
) -> dict[_Request, _Values]:
    """Returns the model's answers to the requests; each batch of them is kept at once, by key."""
    asked, found = list(unasked), {}
    batches = decode.scored_options(
        model,
        [request.prompt for request in asked],
        [request.options for request in asked],
        max_tokens_per_batch=max_tokens_per_batch,
        eos_id=marks.eos_id,
        ends_source=marks.ends_inputs,
        done=done,
    )
    for batch in batches:
        new = {
            asked[scored.prompt]: (_short(scored.of_tokens), _short(scored.of_eos))
            for scored in batch
        }
        kept.put({unasked[request]: values for request, values in new.items()})
        found.update(new)
    return found


def _rows(
    words: tokenizer.Tokenizer, family: features.Family, cell: question_module.Cell
) -> Iterator[_Row]:
    before = features.before_inputs(words.marks, family)
    encoded: dict[str, Ids] = {}

    def ids_of(text: str) -> Ids:
        if text not in encoded:
            encoded[text] = tuple(words.encode(text))
        return encoded[text]

    for place, (prompt, record) in enumerate(zip(cell.prompts, cell.records, strict=True)):
        texts = tuple(question_module.completed(cell, record, o) for o in prompt.options)
        choices = tuple(map(ids_of, texts))

        def request(ids: Sequence[int], choices: tuple[Ids, ...] = choices) -> _Request:
            return _Request((*before, *ids), choices)

        without = cell.content_free[place] if cell.content_free else ()
        premise = features.inputs_ids(words, family, scoring.PREMISE) if without else ()
        yield _Row(
            options=texts,
            asked=request(cell.ids[place]),
            premise=request(premise) if without else None,
            content_free=tuple(map(request, without)),
        )


def _of_row(row: _Row, found: Mapping[_Request, _Values]) -> scoring.Options:
    def values(request: _Request) -> tuple[scoring.Values, scoring.Values]:
        of_tokens, of_eos = found[request]
        return tuple(of_tokens), tuple(of_eos)

    log_probs, eos = values(row.asked)
    premise, premise_eos = values(row.premise) if row.premise else ((), ())
    without = [values(request) for request in row.content_free]
    return scoring.Options(
        log_probs=log_probs,
        eos=eos,
        tokens=tuple(map(len, row.asked.options)),
        bytes=tuple(len(text.encode()) for text in row.options),
        premise=premise,
        premise_eos=premise_eos,
        content_free=tuple(of_tokens for of_tokens, _ in without),
        content_free_eos=tuple(of_eos for _, of_eos in without),
    )


def _short(values: Sequence[float]) -> list[float]:
    """Returns log-probabilities as they are kept: float32 has no more than six digits of them."""
    return [round(float(value), 6) for value in values]
