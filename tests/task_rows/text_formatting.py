"""Made-up rows of the tasks of task_registry/text_formatting.py."""

from task_rows.layouts import Layouts

PAIR = {"en": "Well, Café Åre isn't open:  50% off!", "da": "Nå, cafeen er lukket."}
TEXT = "Well, Café Åre isn't open: 50% off!"


def _layouts(text: str) -> Layouts:
    return Layouts(
        record={"text": text, "references": [TEXT]},
        hub={"translation": PAIR},
        tfds=PAIR,
        folder={"translation": PAIR},
    )


LAYOUTS: dict[str, Layouts] = {
    "true_case": _layouts("well, café åre isn't open: 50% off!"),
    "fix_punct": _layouts("Well Café Åre isn't open 50% off"),
    "word_segment": _layouts("Well,CaféÅreisn'topen:50%off!"),
}
