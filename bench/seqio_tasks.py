"""The synthetic tasks of `synthetic` as SeqIO tasks in one mixture, as FLAN's code makes them.

A task draws one of its templates for each example. They are cut into literals and fields here,
once, where FLAN's code replaces by regular expression in every example.
"""

import functools
import itertools
import pathlib
import re

import seqio
import synthetic
import tensorflow as tf

from flanlike import jsonl
from flanlike.batches import vocabulary
from flanlike.tasks import task as task_module
from flanlike.tasks import templates

_FIELD = re.compile(r"\{([a-z0-9_]+)\}")


def add(folder: pathlib.Path, tasks: int) -> str:
    """Registers the tasks and returns the name of their mixture."""
    found = synthetic.build_registry(tasks, folder)
    words = seqio.SentencePieceVocabulary(str(folder / vocabulary.FILE_NAME))
    features = {
        "inputs": seqio.Feature(vocabulary=words, add_eos=True),
        "targets": seqio.Feature(vocabulary=words, add_eos=True),
    }
    for name in found.task_names:
        seqio.TaskRegistry.add(
            name,
            source=seqio.FunctionDataSource(
                functools.partial(_rows, folder, found.task(name), found.templates(name)),
                splits=("train",),
                num_input_examples={"train": synthetic.ROWS},
            ),
            preprocessors=[
                functools.partial(_render, template_set=found.templates(name)),
                seqio.preprocessors.tokenize,
                seqio.preprocessors.append_eos_after_trim,
            ],
            output_features=features,
        )
    seqio.MixtureRegistry.add(synthetic.MIXTURE, found.task_names, default_rate=1.0)
    return synthetic.MIXTURE


def _rows(
    folder: pathlib.Path,
    task: task_module.Task,
    template_set: templates.TemplateSet,
    split: str,
    shuffle_files: bool,
    seed: int | None = None,
) -> tf.data.Dataset:
    """Returns the rows in memory, with answer and options of every template worked out."""
    del split, shuffle_files, seed
    rows = jsonl.read(folder / task.name / "train.jsonl")
    columns: dict[str, list] = {key: [] for key in (*task.fields, "answer", "options")}
    for record in itertools.islice(rows, synthetic.ROWS):
        answers, blocks = [], []
        for template in _direct(template_set):
            if isinstance(task.answers, task_module.Labels):
                options = template.words(task.answers)
            else:
                options = tuple(record.get("options", ()))
            answers.append(options[record["label"]] if options else record["references"][0])
            blocks.append(template_set.layout.plain.block(options) if options else "")
        for key in task.fields:
            columns[key].append(record[key])
        columns["answer"].append(answers)
        columns["options"].append(blocks)
    return tf.data.Dataset.from_tensor_slices(columns)


def _render(dataset: tf.data.Dataset, template_set: templates.TemplateSet) -> tf.data.Dataset:
    direct = _direct(template_set)

    def fill(text: str, number: int, row: dict[str, tf.Tensor]) -> tf.Tensor:
        parts = []
        for place, part in enumerate(_FIELD.split(text)):
            if place % 2 == 0:
                parts.append(tf.constant(part))
            else:
                parts.append(row[part][number] if part in ("answer", "options") else row[part])
        return tf.strings.join([" ", *parts])

    @seqio.map_over_dataset(num_seeds=1)
    def render(row: dict[str, tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
        drawn = tf.random.stateless_uniform([], seed, 0, len(direct), tf.int32)
        branches = [
            functools.partial(
                lambda number, template: (
                    fill(template.input, number, row),
                    fill(template.target, number, row),
                ),
                number,
                template,
            )
            for number, template in enumerate(direct)
        ]
        inputs, targets = tf.switch_case(drawn, branches)
        return {"inputs": inputs, "targets": targets}

    return render(dataset)


def _direct(template_set: templates.TemplateSet) -> tuple[templates.Template, ...]:
    return template_set.forward or template_set.cot
