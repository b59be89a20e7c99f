"""Made-up rows of the tasks of task_registry/translation.py."""

from task_rows.layouts import Layouts

LAYOUTS: dict[str, Layouts] = {
    "multi30k": Layouts(
        record={"source": "A dog.", "language": "German", "references": ["Ein Hund."]},
        hub={"en": "A dog.", "de": "Ein Hund."},
        folder={"id": 7, "translation": {"en": "A dog.", "de": "Ein Hund.", "fr": "Un chien."}},
    ),
}
