"""Made-up rows of the tasks of task_registry/summarization_news.py."""

from task_rows.layouts import Layouts, same

TOPICS = ["World", "Sports", "Business", "Sci/Tech"]

LAYOUTS: dict[str, Layouts] = {
    "ag_news_subset": Layouts(
        record={"title": "Ivo's win", "description": "Up 5 percent to $9.", "label": 1},
        hub={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 2},
        tfds={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        folder={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        manifest=("label", TOPICS),
    ),
    "cnn_dailymail": Layouts(
        record={
            "article": "A boat -- the Ida -- sank.",
            "references": ["Boat sinks.\nNobody was hurt."],
        },
        hub={
            "article": "PORT ENA, Elbonar (CNN)  -- A boat -- the Ida -- sank.",
            "highlights": "Boat sinks .\nNobody was hurt .",
            "id": "7",
        },
        tfds={
            "article": "PORT ENA, Elbonar (CNN)  -- A boat -- the Ida -- sank.",
            "highlights": "Boat sinks .\nNobody was hurt .",
            "id": "7",
            "publisher": "cnn",
        },
        folder={
            "article": "PORT ENA, Elbonar (CNN)  -- A boat -- the Ida -- sank.",
            "highlights": "Boat sinks .\nNobody was hurt .",
        },
    ),
    "gigaword": same(
        {"sentence": "a boat of UNK sank on june #.", "references": ["boat sinks"]},
        {"document": "a boat of UNK sank on june # .", "summary": "boat sinks"},
    ),
    "multi_news": same(
        {
            "articles": "Article 1:\nA boat sank.\n\nIt is old.\n\nArticle 2:\nNone\nwas hurt.",
            "references": ["A boat sank, but nobody was hurt."],
        },
        {
            "document": "A boat sank. \n \n \n It is old. ||||| None NEWLINE_CHAR was hurt. |||||",
            "summary": "– A boat sank, but nobody was hurt.",
        },
    ),
    "newsroom": Layouts(
        record={"article": "A boat sank off Port Ena.", "references": ["A boat sank."]},
        tfds={
            "text": "A boat sank off Port Ena.",
            "summary": "A boat sank.",
            "title": "Boat sinks",
            **{"url": "x", "date": "x", "density_bin": "x", "coverage_bin": "x"},
            **{"compression_bin": "x", "density": 1.0, "coverage": 1.0, "compression": 1.0},
        },
        folder={"text": "A boat sank off Port Ena.", "summary": "A boat sank.", "title": "x"},
    ),
    "xsum": Layouts(
        record={
            "article": "It sank at noon.\nNobody was hurt.",
            "references": ["A boat has sunk."],
        },
        hub={
            "document": "It sank at noon.\nNobody was hurt.",
            "summary": "A boat has sunk.",
            "id": "7",
        },
        tfds={"document": "It sank at noon.\nNobody was hurt.", "summary": "A boat has sunk."},
        folder={
            "id": "7",
            "document": "It sank at noon.\nNobody was hurt.",
            "summary": "A boat has sunk.",
        },
    ),
}
