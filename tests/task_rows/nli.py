"""Made-up rows of the tasks of task_registry/nli.py."""

from task_rows.layouts import SENTENCES, Layouts, same

RTE = ["entailment", "not_entailment"]
FOLLOWS = {"premise": "Mira sold her boat.", "hypothesis": "Mira had a boat."}

LAYOUTS: dict[str, Layouts] = {
    "rte": same(FOLLOWS | {"label": 1}, FOLLOWS | {"label": 1}, RTE, idx=4),
    "cb": same(
        FOLLOWS | {"label": 2},
        FOLLOWS | {"label": 2},
        ["entailment", "contradiction", "neutral"],
        idx=4,
    ),
    "snli": same(
        FOLLOWS | {"label": 2},
        FOLLOWS | {"label": 2},
        ["entailment", "neutral", "contradiction"],
    ),
    "qnli": same(
        {"question": "Who mended it?", "sentence": "Emil did.", "label": 0},
        {"question": "Who mended it?", "sentence": " Emil did. ", "label": 0},
        RTE,
        idx=4,
    ),
    "wnli": same(
        {"premise": "Lena sold it.", "hypothesis": "It was sold by Lena.", "label": 1},
        SENTENCES | {"label": 1},
        ["not_entailment", "entailment"],
        idx=4,
    ),
}
