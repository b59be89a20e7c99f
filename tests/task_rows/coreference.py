"""Made-up rows of the tasks of task_registry/coreference.py."""

from task_rows.layouts import Layouts, same

BLANK = {"sentence": "As _ is big.", "option1": "the hat", "option2": "the box"}

LAYOUTS: dict[str, Layouts] = {
    "winogrande": Layouts(
        record={"sentence": "As _ is big.", "options": ["the hat", "the box"], "label": 1},
        hub=BLANK | {"answer": "2"},
        tfds=BLANK | {"label": 1},
        folder=BLANK | {"label": 1},
        manifest=("label", ["option1", "option2"]),
    ),
    "definite_pronoun_resolution": same(
        {
            "sentence": "Carl thanked Dario because he helped.",
            "pronoun": "he",
            "options": ["Carl", "Dario"],
            "label": 1,
        },
        {
            "sentence": "Carl thanked Dario because he helped.",
            "pronoun": "he",
            "candidates": ["Carl", "Dario"],
            "label": 1,
        },
        ["0", "1"],
    ),
}
