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
    "quartz": Layouts(
        record={
            "paragraph": "The more salt, the sooner ice melts.",
            "question": "Ben took away the salt. The ice melts",
            "options": ["sooner", "later"],
            "label": 1,
        },
        hub={
            "id": "QRQA-7",
            "question": "Ben took away the salt. The ice melts",
            "choices": {"text": ["sooner", "later"], "label": ["A", "B"]},
            "answerKey": "B",
            "para": "The more salt, the sooner ice melts.",
            "para_id": "QRSent-7",
            "para_anno": {"effect_prop": "x"},
            "question_anno": {"more_effect_dir": "x"},
        },
        folder={
            "question": "Ben took away the salt. The ice melts",
            "choices": [{"text": "sooner", "label": "A"}, {"text": "later", "label": "B"}],
            "answerKey": "B",
            "para": "The more salt, the sooner ice melts.",
        },
    ),
    "wiqa": Layouts(
        record={
            "process": "Rain falls.\nGrass grows.",
            "question": "Suppose it rains less happens, how will it affect more grass?",
            "label": 1,
        },
        hub={
            "question_stem": "suppose it rains less happens, how will it affect more grass.",
            "question_para_step": ["Rain falls.", " ", "Grass grows. "],
            "answer_label": "less",
            "answer_label_as_choice": "B",
            "choices": {"text": ["more", "less", "no effect"], "label": ["A", "B", "C"]},
            "metadata_path_len": 2,
        },
        folder={
            "question_stem": "suppose it rains less happens, how will it affect more grass.",
            "question_para_step": ["Rain falls.", "Grass grows."],
            "answer_label": "less",
        },
    ),
}
