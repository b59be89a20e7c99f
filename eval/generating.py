"""The half of an evaluation whose answers are written, and read from what was written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eval import answers, metrics, pace
from eval import questions as question_module
from flanlike import config as config_lib
from flanlike.batches import features, tokenizer
from flanlike.models import generate

if TYPE_CHECKING:
    from flax import nnx

_BATCH = 64


def texts(
    model: "nnx.Module",
    words: tokenizer.Tokenizer,
    family: features.Family,
    cells: Sequence[question_module.Cell],
    settings: config_lib.EvalConfig,
    reporter: pace.Reporter,
) -> list[list[str]]:
    """Returns the text written for every prompt of each cell."""
    before = features.before_inputs(words.marks, family)
    prompts = [[*before, *ids] for cell in cells for ids in cell.ids]
    if not prompts:
        return [[] for _ in cells]
    with reporter.phase("writing answers", len(prompts)) as done:
        written = generate.generate(
            model,
            prompts,
            max_new_tokens=settings.max_new_tokens,
            batch_size=_BATCH,
            eos_id=words.marks.eos_id,
            done=done,
        )
    rest = (words.decode(one.ids) for one in written)
    return [[next(rest) for _ in cell.prompts] for cell in cells]


def answered(cell: question_module.Cell, texts: Sequence[str]) -> metrics.Answered:
    """Returns what those texts answer to the cell's prompts."""
    return answers.from_generated(cell.task, cell.records, cell.prompts, cell.target, texts)
