"""What a page shows of every prediction: the data of some evaluations, for explorer.js.

    {"versions": ["before", "after"],
     "cells": [{"task": "rte", "template": "entail", "shots": [0, 0], "wording": {...}, ...}],
     "prompts": [["Is this good? ...", ["yes", "no"], "yes"]],
     "predictions": [[0, "test-0", {"prompt": 0, "score": 1, ...}, {...}]]}

Of a prediction the first number is its cell's, the last its answers by version (null where one was
not asked). Fields that an answer lacks are left out, as its probabilities where it was written.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval import evaluation, kept_prompts, metrics, predictions
from eval import scoring as scorings

# Letters of the prompts in one page; a browser takes some seconds to unpack more.
MOST_LETTERS = 60_000_000

Place = tuple[str, ...]  # of a cell, by what two evaluations have in common


@dataclass(frozen=True, kw_only=True)
class Version:
    """One evaluation, and what the page calls it."""

    name: str
    found: evaluation.Evaluation
    prompts: kept_prompts.Prompts


def data(versions: Sequence[Version]) -> dict[str, Any]:
    """Returns what the page shows: every prediction but those that templates are chosen by.

    Rows are in line where task, template, kind, prompts, split and row are the same, also where
    they stand after other exemplars: a cell has their number by version. Rows of two sources may
    bear the same ids: where something else is right of one of a cell's rows, it is another cell.
    `left_out` counts those that templates are chosen by, `without_prompt` those whose prompt is
    left out for the page's size.
    """
    prompts = _Prompts()
    answers: dict[Place, dict[str, dict[int, dict[str, Any]]]] = {}
    cells: dict[Place, dict[str, Any]] = {}
    rights: dict[Place, dict[str, Any]] = {}
    for number, version in enumerate(versions):
        for cell in version.found.cells:
            if cell.is_choosing:
                continue
            own = dict(zip(cell.rows, _right(cell), strict=True))
            place = (cell.task, cell.template, cell.kind, cell.prompts, cell.split)
            while any(rights.get(place, own).get(row, one) != one for row, one in own.items()):
                place = (*place, "of other rows")
            rights.setdefault(place, {}).update(own)
            said = cells.setdefault(place, _cell(cell, version.found, len(versions)))
            said["shots"][number] = cell.shots
            by_row = answers.setdefault(place, {})
            for row, answer in zip(
                cell.rows, _answers(cell, version.prompts, prompts), strict=True
            ):
                by_row.setdefault(row, {})[number] = answer
    return {
        "versions": [version.name for version in versions],
        "cells": list(cells.values()),
        "prompts": prompts.listed,
        "predictions": [
            [number, row, *(of_row.get(version) for version in range(len(versions)))]
            for number, place in enumerate(cells)
            for row, of_row in answers[place].items()
        ],
        "left_out": sum(
            len(cell.rows) for one in versions for cell in one.found.cells if cell.is_choosing
        ),
        "without_prompt": prompts.refused,
    }


def packed(found: Mapping[str, Any]) -> str:
    """Returns data compressed, in letters that end no element of a page."""
    text = json.dumps(found, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


class _Prompts:
    """Numbers prompts, equal ones alike, as long as there is room."""

    def __init__(self) -> None:
        self.listed: list[tuple[Any, ...]] = []
        self.refused = 0
        self._letters = 0
        self._numbers: dict[tuple[Any, ...], int] = {}

    def number(self, prompt: kept_prompts.Prompt) -> int | None:
        said = (prompt.inputs, prompt.options, prompt.gold)
        if said not in self._numbers:
            letters = sum(map(len, (prompt.inputs, *prompt.options, prompt.gold)))
            if self._letters + letters > MOST_LETTERS:
                self.refused += 1
                return None
            self._letters += letters
            self._numbers[said] = len(self.listed)
            self.listed.append(said)
        return self._numbers[said]


def _right(cell: predictions.Predictions) -> Iterator[tuple[Any, ...]]:
    """Yields what is right of each row, by all that tells it."""
    answered = cell.answered
    columns = (answered.gold, answered.also_right, answered.references, answered.gold_numbers)
    there = [column for column in columns if column]
    return zip(*there, strict=True) if there else iter([()] * len(cell.rows))


def _cell(
    cell: predictions.Predictions, found: evaluation.Evaluation, versions: int
) -> dict[str, Any]:
    wording = found.notes.get("templates", {}).get(cell.task, {}).get(cell.template)
    said = {
        "task": cell.task,
        "template": cell.template,
        "cluster": cell.cluster,
        "kind": cell.kind,
        "asked": cell.prompts,
        "shots": [None] * versions,
        "split": cell.split,
        "metric": "right or wrong" if cell.answered.gold else cell.metric,
    }
    return said | ({"wording": wording} if wording else {})


def _answers(
    cell: predictions.Predictions, prompts: kept_prompts.Prompts, numbered: _Prompts
) -> Iterator[dict[str, Any]]:
    """Yields what there is of each row, under the names that explorer.js reads."""
    columns = _columns(cell)
    for place in range(len(cell.rows)):
        answer = {name: column[place] for name, column in columns.items()}
        prompt = prompts.of(cell, place)
        if prompt is not None:
            answer["prompt"] = numbered.number(prompt)
            if answer["prompt"] is None:
                answer["right"] = prompt.gold
        elif cell.answered.references:
            answer["right"] = cell.answered.references[place][0]
        yield {name: value for name, value in answer.items() if value is not None}


def _columns(cell: predictions.Predictions) -> dict[str, Sequence[Any]]:
    """Returns the columns of a cell that are there."""
    answered = cell.answered
    chosen = zip(cell.shown_choice or cell.shown_gold, cell.shown_right, strict=True)
    golds = [choice if choice in right else right[0] for choice, right in chosen]
    others = [
        [place for place in right if place != gold] or None
        for gold, right in zip(golds, cell.shown_right, strict=True)
    ]
    found: dict[str, Sequence[Any]] = {
        "score": scores(cell),
        "choice": cell.shown_choice,
        "gold": golds,
        "also": others,  # further right options
        "text": cell.texts or (() if cell.shown_choice else answered.predicted_texts),
        "read": answered.predicted_texts if cell.texts else (),
        "unread": [int(one) or None for one in answered.unparsed],
        "cut": [int(one) or None for one in cell.is_cut],
        "samples": cell.samples,
        "votes": cell.votes,
        "steps": cell.steps,
    }
    if cell.scored and cell.scoring in scorings.WAYS:
        way, eos = scorings.WAYS[cell.scoring]
        found["probabilities"] = [
            [round(share, 4) for share in one.probabilities]
            for one in scorings.scores(cell.scored, way, eos=eos)
        ]
    return {name: column for name, column in found.items() if column}


def scores(cell: predictions.Predictions) -> Sequence[float]:
    """Returns of each row 1 where it is right and 0 where it is wrong, or its part of the metric.

    Empty where neither is known of a row alone, as of correlations and BLEU.
    """
    answered = cell.answered
    if answered.gold:
        return [int(value) for value in metrics.right_answers(answered.predicted, answered.judged)]
    by_row = metrics.per_row(cell.metric, answered)
    return () if by_row is None else [round(float(value), 4) for value in by_row]
