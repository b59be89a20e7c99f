"""An evaluation in the run's TensorBoard folder, beside the curves of training.

eval/nli                     scalar: a cluster's headline mean; eval/nli/rte a task's
samples/rte/<template>       text: some prompts, with the answers that were chosen or written
"""

import pathlib

from eval import evaluation


def write(run: pathlib.Path, found: evaluation.Evaluation) -> None:
    """Adds the figures and samples of an evaluation, at its step, to <run>/tensorboard."""
    import tensorboardX

    step = found.setting.step
    with tensorboardX.SummaryWriter(str(pathlib.Path(run) / "tensorboard")) as writer:
        for tag, value in scalars(found).items():
            writer.add_scalar(tag, value, step)
        of_template: dict[str, list[evaluation.Sample]] = {}
        for sample in found.samples:
            tag = f"samples/{sample.task}/{sample.template}"
            of_template.setdefault(tag, []).append(sample)
        for tag, samples in of_template.items():
            writer.add_text(tag, "\n\n---\n\n".join(map(as_markdown, samples)), step)


def scalars(found: evaluation.Evaluation, *, top: str = "eval") -> dict[str, float]:
    """Returns the headline means of clusters and tasks by tag, as above."""
    clusters = {f"{top}/{item.cluster}": item.mean for item in found.clusters()}
    tasks = {f"{top}/{item.cluster}/{item.task}": item.mean for item in found.tasks()}
    return clusters | tasks


def as_markdown(sample: evaluation.Sample) -> str:
    """Returns a prompt as it was read, and under it the answer and the right one.

    Where options were ranked, each stands with its probability. All text is a code block, so that
    nothing in it is markup.
    """
    listed = options(sample)
    parts = [sample.inputs, *([listed] if listed else [])]
    parts += [f"answer: {sample.answer}", f"right:  {sample.gold}"]
    lines = "\n\n".join(parts).split("\n")
    return f"{sample.row}\n\n" + "\n".join(f"    {line}" for line in lines)


def options(sample: evaluation.Sample) -> str:
    """Returns a line "0.750  yes" an option; "" where the answer was written."""
    return "\n".join(
        f"{probability:.3f}  {option}"
        for option, probability in zip(sample.options, sample.probabilities, strict=True)
    )
