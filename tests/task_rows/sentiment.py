"""Made-up rows of the tasks of task_registry/sentiment.py."""

from task_rows.layouts import Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "sst2": same(
        {"sentence": "a warm tale", "label": 1},
        {"sentence": "a warm tale ", "label": 1},
        ["negative", "positive"],
        idx=4,
    ),
    "imdb_reviews": same(
        {"text": "Dull.\nI left.", "label": 0},
        {"text": "Dull.<br /><br />I left.", "label": 0},
        ["neg", "pos"],
    ),
    "sentiment140": Layouts(
        record={"text": "@mira late & wet", "label": 0},
        hub={
            "text": "@mira late &amp; wet ",
            "date": "Mon",
            "user": "leo",
            "sentiment": 0,
            "query": "NO_QUERY",
        },
        tfds={
            "text": "@mira late &amp; wet ",
            "date": "Mon",
            "user": "leo",
            "polarity": 0,
            "query": "NO_QUERY",
        },
        folder={"text": "@mira late &amp; wet ", "polarity": 0},
    ),
    "yelp_polarity_reviews": same(
        {"text": 'Cold soup.\n"Never" again.', "label": 0},
        {"text": r"Cold soup.\n\"Never\" again.", "label": 0},
        ["1", "2"],
    ),
    "tweet_eval_emotion": Layouts(
        record={"text": "we will win\n#soon", "label": 2},
        hub={"text": r"we will win\n#soon", "label": 2},
        folder={"text": r"we will win\n#soon", "label": 2},
        names={"label": ["anger", "joy", "optimism", "sadness"]},
        manifest=("label", ["anger", "joy", "optimism", "sadness"]),
    ),
    "tweet_eval_irony": Layouts(
        record={"text": "Late again. Lovely.", "label": 1},
        hub={"text": "Late again. Lovely.", "label": 1},
        folder={"text": "Late again. Lovely.", "label": 1},
        names={"label": ["non_irony", "irony"]},
        manifest=("label", ["non_irony", "irony"]),
    ),
}
