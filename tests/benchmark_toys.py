"""One task of each shape that the benchmarks have; the others of a shape differ in words alone."""

from task_registry import bbh, mgsm, mmlu

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
    "mgsm_zh",
)
TASKS = tuple(builder.__name__ for builder in (*mmlu.TASKS, *bbh.TASKS))


def one_a_shape(names):
    """Returns the names without the tasks that come by the dozen, but for one of each shape."""
    many = {*TASKS, *(builder.__name__ for builder in mgsm.TASKS)}
    return [name for name in names if name not in many or name in SHAPES]
