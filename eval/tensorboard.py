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
    tasks = found.tasks()
    with tensorboardX.SummaryWriter(str(pathlib.Path(run) / "tensorboard")) as writer:
        for cluster in found.clusters():
            writer.add_scalar(f"eval/{cluster.cluster}", cluster.mean, step)
        for task in tasks:
            writer.add_scalar(f"eval/{task.cluster}/{task.task}", task.mean, step)
        of_template: dict[str, list[evaluation.Sample]] = {}
        for sample in found.samples:
            tag = f"samples/{sample.task}/{sample.template}"
            of_template.setdefault(tag, []).append(sample)
        for tag, samples in of_template.items():
            writer.add_text(tag, "\n\n---\n\n".join(map(as_markdown, samples)), step)


def as_markdown(sample: evaluation.Sample) -> str:
    """Returns a prompt as it was read, and under it the answer and the right one.

    Where options were ranked, each stands with its probability. All text is a code block, so that
    nothing in it is markup.
    """
    options = [
        f"{probability:.3f}  {option}"
        for option, probability in zip(sample.options, sample.probabilities, strict=True)
    ]
    parts = [sample.inputs, *(["\n".join(options)] if options else [])]
    parts += [f"answer: {sample.answer}", f"right:  {sample.gold}"]
    lines = "\n\n".join(parts).split("\n")
    return f"{sample.row}\n\n" + "\n".join(f"    {line}" for line in lines)
