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
    "record": same(
        {
            "passage": "Mira Ode won in Kasel.\nOde wins",
            "query": "It was the first gold for @placeholder.",
            "options": ["Kasel", "Mira Ode"],
            "label": 1,
        },
        {
            "passage": "Mira Ode won in Kasel.\n@highlight\nOde wins",
            "query": "It was the first gold for @placeholder.",
            "entities": ["Kasel", "Mira Ode", "Ode", "Kasel"],
            "answers": ["Mira Ode", "Ode"],
            "idx": {"passage": 3, "query": 5},
        },
    ),
}
