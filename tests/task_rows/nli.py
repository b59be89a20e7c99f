"""Made-up rows of the tasks of task_registry/nli.py."""

from task_rows.layouts import SENTENCES, Layouts, same

RTE = ["entailment", "not_entailment"]
FOLLOWS = {"premise": "Mira sold her boat.", "hypothesis": "Mira had a boat."}

THREE_WAY = ["entailment", "neutral", "contradiction"]


def mnli() -> Layouts:
    return same(FOLLOWS | {"label": 1}, FOLLOWS | {"label": 1}, THREE_WAY, idx=4)


def anli(label: int) -> Layouts:
    """TFDS calls the premise "context" and has no reason."""
    row = FOLLOWS | {"uid": "a1", "label": label}
    hypothesis = FOLLOWS["hypothesis"]
    return Layouts(
        record=FOLLOWS | {"label": label},
        hub=row | {"reason": "One sells what one has."},
        tfds={"uid": "a1", "context": FOLLOWS["premise"], "hypothesis": hypothesis, "label": label},
        folder=row,
        names={"label": THREE_WAY},
        manifest=("label", THREE_WAY),
    )


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
    "mnli_matched": mnli(),
    "mnli_mismatched": mnli(),
    "anli_r1": anli(0),
    "anli_r2": anli(1),
    "anli_r3": anli(2),
    "scitail": Layouts(
        record=FOLLOWS | {"label": 1},
        hub=FOLLOWS | {"label": "neutral"},
        tfds=FOLLOWS | {"label": 1},
        folder=FOLLOWS | {"id": "dev_1", "label": 1},
        manifest=("label", ["entails", "neutral"]),
    ),
    "sick": Layouts(
        record=FOLLOWS | {"label": 2},
        hub={
            "id": "7",
            "sentence_A": "Mira sold her boat.",
            "sentence_B": "Mira had a boat.",
            "label": 2,
            "relatedness_score": 3.5,
            "entailment_AB": "A_contradicts_B",
            "entailment_BA": "B_contradicts_A",
            "sentence_A_original": "Mira sold her boat.",
            "sentence_B_original": "Mira had a boat.",
            "sentence_A_dataset": "X",
            "sentence_B_dataset": "X",
        },
        folder={
            "pair_ID": 7,
            "sentence_A": "Mira sold her boat.",
            "sentence_B": "Mira had a boat.",
            "relatedness_score": 3.5,
            "label": 2,
        },
        names={"label": THREE_WAY},
        manifest=("label", THREE_WAY),
    ),
}
