"""Made-up rows of the tasks of task_registry/summarization.py."""

from task_rows.layouts import Layouts, same

TEA = {"dialogue": "#Person1#: Tea?\n#Person2#: Yes.", "summary": "#Person2# wants tea."}
FILM = {
    "_movie_name": "Low Tide",
    "_movie_id": "7",
    "_critic_consensus": "Slow, but well played.",
    "_critics": {"key": ["1", "2", "3"], "value": ["It drags.", " ", "A fine\ncast."]},
}
DEBATE = {
    "_debate_name": "This House would ban cars",
    "_claim_id": "7",
    "_claim": "Cars are loud.",
    "_argument_sentences": {"key": ["1"], "value": ["One hears a car from afar."]},
}
GUIDE = {
    "source": "Fill a pot with water.\nWait until it boils.",
    "target": "Boil water.",
    "references": ["Boil water.", "Heat water."],
}

LAYOUTS: dict[str, Layouts] = {
    "aeslc": same(
        {"email": "Send the figures.", "references": ["June figures"]},
        {"email_body": "Send the figures.\n", "subject_line": "June figures"},
    ),
    "samsum": same(
        {"dialogue": "Ada: tea? <file_gif>\nHugo: <3", "references": ["Hugo wants tea."]},
        {"id": "7", "dialogue": "Ada: tea? <file_gif>\r\nHugo: <3", "summary": "Hugo wants tea."},
    ),
    "dialogsum": Layouts(
        record={"dialogue": TEA["dialogue"], "references": ["#Person2# wants tea."]},
        hub={"id": "test_0_1", **TEA, "topic": "tea"},
        folder={"fname": "test_0_1", **TEA, "topic": "tea"},
    ),
    "opinion_abstracts_rotten_tomatoes": Layouts(
        record={
            "movie": "Low Tide",
            "reviews": "- It drags.\n- A fine cast.",
            "references": ["Slow, but well played."],
        },
        tfds=FILM,
        folder=FILM
        | {"_critics": [{"key": "1", "value": "It drags."}, {"key": "2", "value": "A fine cast."}]},
    ),
    "opinion_abstracts_idebate": Layouts(
        record={
            "debate": "This House would ban cars",
            "arguments": "- One hears a car from afar.",
            "references": ["Cars are loud."],
        },
        tfds=DEBATE,
        folder=DEBATE,
    ),
    "wiki_lingua_english_en": Layouts(
        record={"guide": GUIDE["source"], "references": ["Boil water.", "Heat water."]},
        hub={"gem_id": "x", "source_language": "en", "target_language": "en", **GUIDE},
        tfds={
            "gem_id": "x",
            "gem_parent_id": "x",
            "source_aligned": {"en": GUIDE["source"]},
            "target_aligned": {"en": GUIDE["target"]},
            **GUIDE,
        },
        folder=GUIDE,
    ),
    "scitldr": Layouts(
        record={
            "abstract": "We mend boats with rope. It works.",
            "references": ["Rope mends boats.", "Boats can be mended."],
        },
        hub={
            "source": ["We mend boats\n", "with rope.", " ", "It works."],
            "source_labels": [0, 0, 0, 1],
            "rouge_scores": [0.5, 0.0, 0.0, 1.0],
            "paper_id": "7",
            "target": ["Rope mends boats.", "Boats can be mended."],
        },
        folder={
            "source": ["We mend boats\n", "with rope.", " ", "It works."],
            "paper_id": "7",
            "target": ["Rope mends boats.", "Boats can be mended."],
        },
    ),
}
