"""One made-up row of every task as the hub, TFDS and a folder store it, and its record.

Class ids are stored as integers. `names` are the hub's ClassLabel names, by column; the folder
gives those of `manifest` in its manifest. TFDS brings its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Layouts:
    record: Row
    hub: Row
    tfds: Row | None = None  # None: no builder
    folder: Row
    names: Mapping[str, list[str]] = field(default_factory=dict)
    manifest: tuple[str, list[str]] | None = None


def _same(record: Row, row: Row, label: list[str] | None = None, **extra: Any) -> Layouts:
    """Returns layouts that agree; TFDS and the folder have the columns of `row` alone."""
    names = {"label": label} if label else {}
    manifest = ("label", label) if label else None
    hub = {**row, **extra}
    return Layouts(record=record, hub=hub, tfds=hub, folder=row, names=names, manifest=manifest)


RTE = ["entailment", "not_entailment"]
FOLLOWS = {"premise": "Mira sold her boat.", "hypothesis": "Mira had a boat."}
SENTENCES = {"sentence1": "Lena sold it.", "sentence2": "It was sold by Lena."}
MOON = {"question": "Which one has gills?", "options": ["trout", "owl", "fox"], "label": 2}
LETTERED = {"text": ["trout", "owl", "fox"], "label": ["A", "B", "C"]}
BLANK = {"sentence": "As _ is big.", "option1": "the hat", "option2": "the box"}
FACTS = {"references": ["Ivo rules Port Ena.", "Port Ena has Ivo."]}
SUM = {"question": "Leo has 600 plums and buys as many. How many now?"}
WORKED = SUM | {"answer": "He has 600+600=<<600+600=1200>>1,200.\n#### 1,200"}
TOPICS = ["World", "Sports", "Business", "Sci/Tech"]

LAYOUTS: dict[str, Layouts] = {
    "rte": _same(FOLLOWS | {"label": 1}, FOLLOWS | {"label": 1}, RTE, idx=4),
    "cb": _same(
        FOLLOWS | {"label": 2},
        FOLLOWS | {"label": 2},
        ["entailment", "contradiction", "neutral"],
        idx=4,
    ),
    "snli": _same(
        FOLLOWS | {"label": 2},
        FOLLOWS | {"label": 2},
        ["entailment", "neutral", "contradiction"],
    ),
    "qnli": _same(
        {"question": "Who mended it?", "sentence": "Emil did.", "label": 0},
        {"question": "Who mended it?", "sentence": " Emil did. ", "label": 0},
        RTE,
        idx=4,
    ),
    "wnli": _same(
        {"premise": "Lena sold it.", "hypothesis": "It was sold by Lena.", "label": 1},
        SENTENCES | {"label": 1},
        ["not_entailment", "entailment"],
        idx=4,
    ),
    "glue_mrpc": _same(
        SENTENCES | {"label": 1}, SENTENCES | {"label": 1}, ["not_equivalent", "equivalent"], idx=4
    ),
    "stsb": _same(SENTENCES | {"label": 3, "score": 2.5}, SENTENCES | {"label": 2.5}, idx=4),
    "openbookqa": Layouts(
        record={"question": "A duck has", "options": ["a", "b", "c", "d"], "label": 3},
        hub={
            "id": "7",
            "question_stem": "A duck has",
            "choices": {"text": ["a", "b", "c", "d"], "label": ["A", "B", "C", "D"]},
            "answerKey": "D",
        },
        tfds={
            "question": {
                "stem": "A duck has",
                **{f"choice_{key}": key.lower() for key in "ABCD"},
            },
            "fact1": "x",
            "humanScore": 1.0,
            "clarity": 1.0,
            "turkIdAnonymized": "x",
            "answerKey": 3,
        },
        folder={
            "question_stem": "A duck has",
            "choices": {"text": ["a", "b", "c", "d"], "label": ["A", "B", "C", "D"]},
            "answerKey": "D",
        },
    ),
    "squad_v1": _same(
        {
            "title": "Port Ena",
            "context": "Ducks eat snails.",
            "question": "What do ducks eat?",
            "references": ["snails"],
        },
        {
            "id": "7",
            "title": "Port_Ena",
            "context": "Ducks eat snails.",
            "question": "What do ducks eat?",
            "answers": {"text": ["snails", "snails"], "answer_start": [10, 10]},
        },
    ),
    "multirc": _same(
        {
            "paragraph": "Ivo baked a pie.",
            "question": "What did Ivo bake?",
            "candidate": "a pie",
            "label": 1,
            "group": "3/5",
        },
        {
            "paragraph": "Ivo baked a pie.",
            "question": "What did Ivo bake?",
            "answer": "a pie",
            "label": 1,
            "idx": {"paragraph": 3, "question": 5, "answer": 0},
        },
        ["False", "True"],
    ),
    "drop": Layouts(
        record={"passage": "Leo ran.", "question": "Who?", "references": ["Leo, Milo"]},
        hub={
            "passage": "Leo ran.",
            "question": "Who?",
            "answers_spans": {"spans": ["Leo", "Milo"], "types": ["span", "span"]},
        },
        tfds={
            "passage": "Leo ran.",
            "question": "Who?",
            "answer": "Leo, Milo",
            "validated_answers": ["Leo, Milo"],
            "query_id": "7",
        },
        folder={"passage": "Leo ran.", "question": "Who?", "answer": "Leo, Milo"},
    ),
    "cosmos_qa": _same(
        {"context": "Greta packed.", "question": "Why?", "options": list("abcd"), "label": 2},
        {
            "id": "7",
            "context": "Greta packed.",
            "question": "Why?",
            **{f"answer{index}": letter for index, letter in enumerate("abcd")},
            "label": 2,
        },
    ),
    "natural_questions": _same(
        {"question": "who painted the barn?", "references": ["Hugo", "Hugo Ena"]},
        {"question": "who painted the barn", "answer": ["Hugo", "Hugo Ena", "Hugo"]},
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
    "copa": _same(
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
    "commonsense_qa": Layouts(
        record={"question": "Where do you sleep?", "options": ["oven", "bed"], "label": 1},
        hub={
            "question": "Where do you sleep?",
            "question_concept": "sleep",
            "choices": {"label": ["A", "B", "C"], "text": ["oven", "bed", "oven"]},
            "answerKey": "B",
        },
        folder={
            "question": "Where do you sleep?",
            "choices": {"label": ["A", "B", "C"], "text": ["oven", "bed", "oven"]},
            "answerKey": "B",
        },
    ),
    "winogrande": Layouts(
        record={"sentence": "As _ is big.", "options": ["the hat", "the box"], "label": 1},
        hub=BLANK | {"answer": "2"},
        tfds=BLANK | {"label": 1},
        folder=BLANK | {"label": 1},
        manifest=("label", ["option1", "option2"]),
    ),
    "definite_pronoun_resolution": _same(
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
    "sst2": _same(
        {"sentence": "a warm tale", "label": 1},
        {"sentence": "a warm tale ", "label": 1},
        ["negative", "positive"],
        idx=4,
    ),
    "imdb_reviews": _same(
        {"text": "Dull.\nI left.", "label": 0},
        {"text": "Dull.<br /><br />I left.", "label": 0},
        ["neg", "pos"],
    ),
    "trec": Layouts(
        record={"question": "Where is the harbour ?", "label": 4},
        hub={"text": "Where is the harbour ?", "coarse_label": 4},
        tfds={"text": "Where is the harbour ?", "label-coarse": 5, "label-fine": 0},
        folder={"text": "Where is the harbour ?", "coarse_label": "LOC"},
        names={"coarse_label": ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"]},
    ),
    "cola": _same(
        {"sentence": "Jonas the bread has.", "label": 0},
        {"sentence": "Jonas the bread has.", "label": 0},
        ["unacceptable", "acceptable"],
        idx=4,
    ),
    "wic": _same(
        SENTENCES | {"word": "sell", "label": 1},
        SENTENCES | {"word": "sell", "label": 1},
        ["False", "True"],
        **{"start1": 0, "end1": 0, "start2": 0, "end2": 0, "idx": 0},
    ),
    "common_gen": Layouts(
        record={"concepts": "dog, catch", "references": ["The dog catches.", "A dog may catch."]},
        hub={"concept_set_idx": 1, "concepts": ["dog", "catch"], "target": "The dog catches."},
        tfds={
            "gem_id": "x",
            "gem_parent_id": "x",
            "concept_set_id": 1,
            "concepts": ["dog", "catch"],
            "target": "The dog catches.",
            "references": ["The dog catches.", "A dog may catch."],
        },
        folder={
            "concepts": ["dog", "catch"],
            "target": "The dog catches.",
            "references": ["The dog catches.", "A dog may catch."],
        },
    ),
    "web_nlg_en": Layouts(
        record=FACTS | {"triples": "Port Ena | mayor | Ivo\nIvo | age | 40"},
        hub={
            "input": ['Port_Ena | mayor | "Ivo"', "Ivo | age | 40"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        tfds={
            "gem_id": "x",
            "gem_parent_id": "x",
            "category": "City",
            "webnlg_id": "x",
            "input": ['Port_Ena | mayor | "Ivo"', "Ivo | age | 40"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        folder={
            "input": ['Port_Ena | mayor | "Ivo"', "Ivo | age | 40"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
    ),
    "dart": Layouts(
        record=FACTS | {"triples": "Port Ena | mayor | Ivo\nIvo | age | 40"},
        hub={
            "tripleset": [["Port Ena", "mayor", "Ivo"], ["Ivo", "age", "40"]],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        tfds={
            "dart_id": 1,
            "gem_id": "x",
            "gem_parent_id": "x",
            "tripleset": ["Port Ena mayor Ivo", "Ivo age 40"],
            "subtree_was_extended": False,
            "target_sources": ["x"],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
        folder={
            "tripleset": [["Port Ena", "mayor", "Ivo"], ["Ivo", "age", "40"]],
            "target": FACTS["references"][0],
            "references": FACTS["references"],
        },
    ),
    "aeslc": _same(
        {"email": "Send the figures.", "references": ["June figures"]},
        {"email_body": "Send the figures.\n", "subject_line": "June figures"},
    ),
    "ag_news_subset": Layouts(
        record={"title": "Ivo's win", "description": "Up 5 percent to $9.", "label": 1},
        hub={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 2},
        tfds={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        folder={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        manifest=("label", TOPICS),
    ),
    "samsum": _same(
        {"dialogue": "Ada: tea? <file_gif>\nHugo: <3", "references": ["Hugo wants tea."]},
        {"id": "7", "dialogue": "Ada: tea? <file_gif>\r\nHugo: <3", "summary": "Hugo wants tea."},
    ),
    "multi30k": Layouts(
        record={"source": "A dog.", "language": "German", "references": ["Ein Hund."]},
        hub={"en": "A dog.", "de": "Ein Hund."},
        folder={"id": 7, "translation": {"en": "A dog.", "de": "Ein Hund.", "fr": "Un chien."}},
    ),
    "gsm8k": Layouts(
        record=SUM | {"references": ["1200"]},
        hub=WORKED,
        tfds=WORKED | {"annotation": "x", "short_answer": "x"},
        folder=WORKED,
    ),
    "cot_gsm8k": Layouts(
        record=SUM | {"rationale": "He has 600+600=1,200.", "references": ["1200"]},
        hub=WORKED,
        tfds=WORKED | {"annotation": "x", "short_answer": "x"},
        folder=SUM | {"rationale": "He has 600+600=1,200.", "answer": "1200"},
    ),
    "cot_ecqa": Layouts(
        record={
            "question": "Where do you sleep?",
            "rationale": "Beds are made for it.",
            "options": ["oven", "bed", "sea", "lamp", "cake"],
            "label": 1,
        },
        hub={
            "q_text": "Where do you sleep?",
            **{"q_op1": "oven", "q_op2": "bed", "q_op3": "sea", "q_op4": "lamp", "q_op5": "cake"},
            "q_ans": "bed",
            "taskB": "Beds are made for it.",
        },
        folder={
            "question": "Where do you sleep?\nOptions:\n- oven\n- bed\n- sea\n- lamp\n- cake",
            "answer": "bed",
            "rationale": "Beds are made for it.",
        },
    ),
    "cot_strategyqa": Layouts(
        record={"question": "Can trout drum?", "rationale": "They have no hands.", "label": 0},
        hub={"question": "Can trout drum?", "answer": False, "facts": "They have no hands."},
        folder={"question": "Can trout drum?", "answer": "no", "rationale": "They have no hands."},
    ),
}
