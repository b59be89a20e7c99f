"""Made-up rows of the tasks of task_registry/paraphrase.py."""

from task_rows.layouts import SENTENCES, Layouts, same

QUESTIONS = {"question1": "Why is it cold?", "question2": "What makes it cold?"}
TOKENIZED = {"sentence1": "Lena 's cart , sold .", "sentence2": "Sold , Lena 's cart ."}

LAYOUTS: dict[str, Layouts] = {
    "glue_mrpc": same(
        SENTENCES | {"label": 1}, SENTENCES | {"label": 1}, ["not_equivalent", "equivalent"], idx=4
    ),
    "stsb": same(SENTENCES | {"label": 3, "score": 2.5}, SENTENCES | {"label": 2.5}, idx=4),
    "glue_qqp": same(
        QUESTIONS | {"label": 1}, QUESTIONS | {"label": 1}, ["not_duplicate", "duplicate"], idx=4
    ),
    "paws_wiki": Layouts(
        record={"sentence1": "Lena's cart, sold.", "sentence2": "Sold, Lena's cart.", "label": 1},
        hub=TOKENIZED | {"id": 1, "label": 1},
        tfds=TOKENIZED | {"label": 1},
        folder=TOKENIZED | {"label": 1},
        names={"label": ["0", "1"]},
        manifest=("label", ["different_meaning", "paraphrase"]),
    ),
}
