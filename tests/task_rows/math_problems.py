"""Made-up rows of the tasks of task_registry/math_problems.py."""

from task_rows.layouts import SUM, WORKED, Layouts

LAYOUTS: dict[str, Layouts] = {
    "gsm8k": Layouts(
        record=SUM | {"references": ["1200"]},
        hub=WORKED,
        tfds=WORKED | {"annotation": "x", "short_answer": "x"},
        folder=WORKED,
    ),
}
