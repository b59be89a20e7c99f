"""One task of each shape that the benchmarks have; the others of a shape differ in words alone."""

from task_registry import bbh, mmlu

SHAPES = (
    "mmlu_anatomy",
    "bbh_boolean_expressions",
    "bbh_date_understanding",
    "bbh_dyck_languages",
    "bbh_formal_fallacies",
    "bbh_multistep_arithmetic_two",
    "bbh_navigate",
    "bbh_object_counting",
    "bbh_word_sorting",
)
TASKS = tuple(builder.__name__ for builder in (*mmlu.TASKS, *bbh.TASKS))


def one_a_shape(names):
    """Returns the names without the benchmarks' tasks, but for one of each shape."""
    return [name for name in names if name not in TASKS or name in SHAPES]
