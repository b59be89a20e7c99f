"""Made-up rows of the tasks of task_registry/closed_book_qa.py."""

from task_rows.layouts import Layouts, same

MOON = {"question": "Which one has gills?", "options": ["trout", "owl", "fox"], "label": 2}
LETTERED = {"text": ["trout", "owl", "fox"], "label": ["A", "B", "C"]}

LAYOUTS: dict[str, Layouts] = {
    "natural_questions": same(
        {"question": "who painted the barn?", "references": ["Hugo", "Hugo Ena, Tarn"]},
        {"question": "who painted the barn", "answer": ["Hugo", "Hugo Ena , Tarn", "Hugo"]},
    ),
    "trivia_qa": same(
        {"question": "Who built it?", "references": ["Hugo", "Hugo the Owl"]},
        {
            "question": "Who built it?",
            "question_id": "7",
            "question_source": "x",
            "answer": {
                "aliases": ["Hugo the Owl", "Hugo"],
                "normalized_aliases": ["hugo owl", "hugo"],
                "matched_wiki_entity_name": "",
                "normalized_matched_wiki_entity_name": "",
                "normalized_value": "hugo",
                "type": "WikipediaEntity",
                "value": "Hugo",
            },
        },
        entity_pages=dict.fromkeys(("doc_source", "filename", "title", "wiki_context"), []),
        search_results=dict.fromkeys(
            ("description", "filename", "rank", "title", "url", "search_context"), []
        ),
    ),
    "web_questions": Layouts(
        record={"question": "who painted the barn?", "references": ["Hugo", "Lena"]},
        hub={"url": "x", "question": "who painted the barn?", "answers": ["Hugo", "Lena"]},
        tfds={"url": "x", "question": "who painted the barn?", "answers": ["Hugo", "Lena"]},
        folder={"qId": "7", "question": "who painted the barn?", "answers": ["Hugo", "Lena"]},
    ),
    "arc_easy": Layouts(
        record=MOON,
        hub={"id": "7", "question": MOON["question"], "choices": LETTERED, "answerKey": "C"},
        tfds={
            "id": "7",
            "question": MOON["question"],
            "choices": {"text": LETTERED["text"], "label": [0, 1, 2]},
            "answerKey": 2,
        },
        folder={"question": MOON["question"], "choices": LETTERED, "answerKey": "C"},
    ),
    "arc_challenge": Layouts(
        record=MOON,
        hub={
            "id": "7",
            "question": MOON["question"],
            "choices": {"text": LETTERED["text"], "label": ["1", "2", "3"]},
            "answerKey": "3",
        },
        tfds={
            "id": "7",
            "question": MOON["question"],
            "choices": {"text": LETTERED["text"], "label": [0, 1, 2]},
            "answerKey": 2,
        },
        folder={"question": MOON["question"], "choices": LETTERED, "answerKey": "C"},
    ),
}
