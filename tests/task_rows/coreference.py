"""Made-up rows of the tasks of task_registry/coreference.py."""

from task_rows.layouts import Layouts, same

BLANK = {"sentence": "As _ is big.", "option1": "the hat", "option2": "the box"}
THANKS = "Carl said that he thanked Dario because he helped."
NAMES = {
    "ID": "development-1",
    "Text": "Ada met Bela in her ``car''. Her hat was red.",
    "Pronoun": "Her",
    "Pronoun-offset": 29,
    "A": "Ada",
    "A-offset": 0,
    "B": "Bela",
    "B-offset": 8,
    "URL": "http://example.org/Ada",
}

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
    "wsc": same(
        {
            "text": "Carl said that he thanked Dario, because [he] helped.",
            "span1": "Dario",
            "span2": "he",
            "label": 1,
        },
        {
            "text": "Carl said that he thanked Dario, because he helped.",
            "span1_text": "Dario",
            "span1_index": 5,
            "span2_text": "he",
            "span2_index": 7,
            "label": 1,
        },
        ["False", "True"],
        idx=2,
    ),
    "wsc273": Layouts(
        record={
            "sentence": "Carl said that he thanked Dario because [he] helped.",
            "pronoun": "he",
            "options": ["Carl", "Dario"],
            "label": 1,
        },
        hub={
            "text": THANKS,
            "pronoun": "he",
            "pronoun_loc": 40,
            "quote": "he helped",
            "quote_loc": 40,
            "options": ["Carl", "Dario"],
            "label": 1,
            "source": "Hector",
        },
        tfds={
            "text": THANKS,
            "pronoun_text": "he",
            "pronoun_start": 40,
            "pronoun_end": 42,
            "option1": "Carl",
            "option1_normalized": "Carl",
            "option2": "Dario",
            "option2_normalized": "Dario",
            "label": 1,
            "idx": 3,
        },
        folder={
            "text": THANKS,
            "pronoun": "he",
            "pronoun_loc": 40,
            "options": ["Carl", "Dario"],
            "label": 1,
        },
        names={"label": ["0", "1"]},
    ),
    "gap": same(
        {
            "text": 'Ada met Bela in her "car". [Her] hat was red.',
            "pronoun": "Her",
            "first": "Ada",
            "second": "Bela",
            "options": ["Ada", "Bela", "neither of them"],
            "label": 2,
        },
        NAMES | {"A-coref": False, "B-coref": False},
    ),
}
