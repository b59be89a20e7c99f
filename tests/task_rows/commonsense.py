"""Made-up rows of the tasks of task_registry/commonsense.py."""

from task_rows.layouts import Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "copa": same(
        {
            "premise": "The lamp fell.",
            "relation": "effect",
            "options": ["It broke.", "It sang."],
            "label": 0,
        },
        {
            "premise": "The lamp fell.",
            "choice1": "It broke.",
            "choice2": "It sang.",
            "question": "effect",
            "label": 0,
        },
        ["choice1", "choice2"],
        idx=4,
    ),
}
