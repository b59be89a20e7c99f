"""Made-up rows of the tasks of task_registry/commonsense.py."""

from task_rows.layouts import Layouts, same

WAYS = {"goal": "Dry a wet boot.", "sol1": "Fill it with tea.", "sol2": "Fill it with paper."}
ENDINGS = ["bite into it.", "paint it blue. [substeps] Use oil.", "sell it", "hang it up."]
MARKED = "[header] How to eat a pear [title] Wash it. [step] then"
STORY = ("Ivo dug.", "It grew dark.", "He had no lamp.", "He heard a wolf.")

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
    "piqa": Layouts(
        record={
            "goal": "Dry a wet boot.",
            "options": ["Fill it with tea.", "Fill it with paper."],
            "label": 1,
        },
        hub=WAYS | {"label": 1},
        tfds=WAYS | {"id": "7", "label": 1},
        folder=WAYS | {"label": 1},
        names={"label": ["0", "1"]},
    ),
    "hellaswag": Layouts(
        record={
            "context": "How to eat a pear. Wash it. Then",
            "options": ["bite into it.", "paint it blue. Use oil.", "sell it", "hang it up."],
            "label": 0,
        },
        hub={
            "ind": 4,
            "activity_label": "Food",
            "ctx_a": "[header] How to eat a pear [title] Wash it. [step]",
            "ctx_b": "then",
            "ctx": MARKED,
            "endings": ENDINGS,
            "source_id": "wikihow~4",
            "split": "val",
            "split_type": "indomain",
            "label": "0",
        },
        tfds={
            "context": MARKED,
            "endings": ENDINGS,
            "activity_label": "Food",
            "label": 0,
            "split_type": "indomain",
            "source_id": "wikihow~4",
        },
        folder={"ctx": MARKED, "endings": ENDINGS, "label": "0"},
    ),
    "story_cloze": Layouts(
        record={
            "story": "Ivo dug. It grew dark. He had no lamp. He heard a wolf.",
            "options": ["He sang a song.", "He ran home."],
            "label": 1,
        },
        tfds={
            "context": " ".join(STORY),
            "endings": ["He sang a song.", "He ran home."],
            "label": 2,
        },
        folder={
            "InputStoryid": "b1",
            **{f"InputSentence{number}": text for number, text in enumerate(STORY, 1)},
            "RandomFifthSentenceQuiz1": "He sang a song.",
            "RandomFifthSentenceQuiz2": "He ran home.",
            "AnswerRightEnding": 2,
        },
    ),
    "quarel": Layouts(
        record={
            "question": "Ada skates on ice. Who is faster?",
            "options": ["Ada", "Ben"],
            "label": 1,
        },
        hub={
            "id": "Q_7",
            "answer_index": 1,
            "logical_forms": ["(infer x)"],
            "logical_form_pretty": "x",
            "world_literals": {"world1": ["ice"], "world2": ["sand"]},
            "question": "Ada skates on ice. Who is faster? (A) Ada (B) Ben",
        },
        folder={
            "question": "Ada skates on ice. Who is faster? (A) Ada (B) Ben",
            "answer_index": 1,
        },
    ),
    "lambada": Layouts(
        record={"passage": """it's a duck, said ada. "no, 'tis a""", "references": ["drum"]},
        hub={"text": "it 's a duck , said ada . `` no , 'tis a drum", "domain": "Romance"},
        tfds={"passage": "it 's a duck , said ada . `` no , 'tis a drum\n"},
        folder={"text": "it 's a duck , said ada . `` no , 'tis a drum"},
    ),
}
