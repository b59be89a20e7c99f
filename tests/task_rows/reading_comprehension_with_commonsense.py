"""Made-up rows of the tasks of task_registry/reading_comprehension_with_commonsense.py."""

from task_rows.layouts import Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "cosmos_qa": same(
        {"context": "Greta packed.", "question": "Why?", "options": list("abcd"), "label": 2},
        {
            "id": "7",
            "context": "Greta packed.",
            "question": "Why?",
            **{f"answer{index}": letter for index, letter in enumerate("abcd")},
            "label": 2,
        },
    ),
}
