"""An evaluation in Weights & Biases: the figures that TensorBoard gets, and a table of its samples.

eval/nli        a cluster's headline mean; eval/nli/rte a task's
eval/samples    the prompts of `samples.jsonl`, with what was answered or written

What is asked otherwise than by the run itself has its name there: eval-shots4/nli.
"""

from eval import evaluation, tensorboard
from flanlike.training import wandb_log

COLUMNS = ("step", "task", "template", "row", "prompt", "options", "answer", "right")


def write(board: wandb_log.Board, found: evaluation.Evaluation, *, name: str = "") -> None:
    step = found.setting.step
    top = f"eval-{name}" if name else "eval"
    board.scalars(step, tensorboard.scalars(found, top=top))
    if found.samples:
        rows = [_row(step, sample) for sample in found.samples]
        board.table(step, f"{top}/samples", COLUMNS, rows)


def _row(step: int, sample: evaluation.Sample) -> tuple[object, ...]:
    return (
        step,
        sample.task,
        sample.template,
        sample.row,
        sample.inputs,
        tensorboard.options(sample),
        sample.answer,
        sample.gold,
    )
