"""Made-up rows of the tasks of task_registry/open_pairs.py, most of them those of other tasks."""

import dataclasses

from task_rows import commonsense_further, nli, struct_to_text
from task_rows.layouts import Layouts

REVIEW = {
    "template": "imdb_Sentiment_with_choices_",
    "prompt": "Dull.<br />I left early. \nIs this review positive or negative?",
    "completion": "negative",
}
_REVIEW = {"review": "Dull.\nI left early."}
_CAPTIONS = {"sentence1": nli.FOLLOWS["premise"], "sentence2": nli.FOLLOWS["hypothesis"]}
_NAMES = {"text": struct_to_text.EEL["target"], "options": ["The Eel", "Mill House"]}
_ANSWER = {
    "sentence": 'Ada ate a "pear".',
    "question": "When did she eat it?",
    "candidate": "at noon",
}


def _of(layouts: Layouts, record: dict, label: int) -> Layouts:
    return dataclasses.replace(layouts, record=record | {"label": label})


LAYOUTS: dict[str, Layouts] = {
    "review_pair_topic": Layouts(record=_REVIEW | {"label": 1}, folder=REVIEW),
    "review_pair_tone": Layouts(record=_REVIEW | {"label": 0}, folder=REVIEW),
    "caption_pair_follows": _of(nli.LAYOUTS["snli"], _CAPTIONS, 0),
    "caption_pair_conflicts": _of(nli.LAYOUTS["snli"], _CAPTIONS, 1),
    "restaurant_pair_name": _of(struct_to_text.LAYOUTS["e2e_nlg"], _NAMES, 0),
    "restaurant_pair_near": _of(struct_to_text.LAYOUTS["e2e_nlg"], _NAMES, 1),
    "answer_pair_likely": _of(commonsense_further.LAYOUTS["mc_taco"], _ANSWER, 1),
    "answer_pair_duration": _of(commonsense_further.LAYOUTS["mc_taco"], _ANSWER, 0),
}
