"""The tasks: one module a cluster (news apart), one builder function a dataset, and the mixtures.

Importing this package reads no file and builds no task.
"""

import functools
import itertools
import os

from flanlike.mixtures import mixture
from flanlike.tasks import instruction_rows, template_files
from flanlike.tasks import registry as registry_module
from task_registry import (
    bbh,
    chain_of_thought,
    closed_book_qa,
    commonsense,
    commonsense_further,
    conversational_qa,
    coreference,
    dialog,
    instruction_collections,
    instruction_files,
    linguistic_acceptability,
    math_problems,
    mgsm,
    mixtures,
    mmlu,
    niv2,
    nli,
    open_choice,
    open_pairs,
    p3,
    paraphrase,
    program_synthesis,
    question_classification,
    reading_comprehension,
    reading_comprehension_further,
    reading_comprehension_with_commonsense,
    sentiment,
    struct_to_text,
    summarization,
    summarization_news,
    text_formatting,
    topic_classification,
    translation,
    word_sense,
)

TEMPLATES = template_files.SHIPPED

TASKS = [
    *nli.TASKS,
    *paraphrase.TASKS,
    *reading_comprehension.TASKS,
    *reading_comprehension_further.TASKS,
    *reading_comprehension_with_commonsense.TASKS,
    *closed_book_qa.TASKS,
    *commonsense.TASKS,
    *commonsense_further.TASKS,
    *coreference.TASKS,
    *sentiment.TASKS,
    *question_classification.TASKS,
    *linguistic_acceptability.TASKS,
    *topic_classification.TASKS,
    *word_sense.TASKS,
    *struct_to_text.TASKS,
    *summarization.TASKS,
    *summarization_news.TASKS,
    *translation.TASKS,
    *math_problems.TASKS,
    *mgsm.TASKS,
    *conversational_qa.TASKS,
    *dialog.TASKS,
    *program_synthesis.TASKS,
    *text_formatting.TASKS,
    *chain_of_thought.TASKS,
    *instruction_collections.TASKS,
    *open_choice.TASKS,
    *open_pairs.TASKS,
]
FAMILIES = [niv2.FAMILY, p3.FAMILY]
BENCHMARKS = {"mmlu": mmlu.TASKS, "bbh": bbh.TASKS}  # by cluster; nothing is trained on them


def registry(
    user_module: str | os.PathLike[str] | None = None, *, format: str | None = None
) -> registry_module.Registry:
    """Returns all tasks and mixtures, with those of the Python file `user_module` added.

    A file of instructions that is asked for as a mixture is one too, of the `format`.
    """
    found = registry_module.Registry(
        [*TASKS, *itertools.chain(*BENCHMARKS.values())],
        mixtures.build(TASKS, BENCHMARKS),
        templates_folder=TEMPLATES,
        of_file=functools.partial(instruction_files.of, format=instruction_rows.checked(format)),
        its_families=FAMILIES,
        mixture_of=mixture.Mixture,
    )
    if user_module is not None:
        found.load_user_module(user_module)
    return found
