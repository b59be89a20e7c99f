"""What sources left in their text, and prompts must not show: a row on which each shows.

Tokens with blanks between them, treebanks' brackets and quotation marks, several blanks for one,
names of databases, entities and tags, reasons that were given for any question.
"""

import json
import pathlib

import pytest
from registry_toys import REGISTRY, prompt_of

RECORDS = pathlib.Path(__file__).parents[1] / "golden" / "records"
TOKENS = "`` No , '' said Ada 's boy -lrb- he did n't stay -rrb- ."
PLAIN = "\"No,\" said Ada's boy (he didn't stay)."
ANSWERS = {"answer0": "a ?", "answer1": "b .", "answer2": "c .", "answer3": "d ."}


def record(name, **row):
    return REGISTRY.task(name).preprocess(row)


@pytest.mark.parametrize(
    ("name", "row", "fields"),
    [
        ("snli", {"premise": TOKENS, "hypothesis": TOKENS, "label": 0}, "premise hypothesis"),
        ("paws_wiki", {"sentence1": TOKENS, "sentence2": TOKENS, "label": 1}, "sentence1"),
        ("wic", {"word": "boy", "sentence1": TOKENS, "sentence2": TOKENS, "label": 0}, "sentence2"),
        ("sst2", {"sentence": TOKENS, "label": 0}, "sentence"),
        ("trec", {"text": TOKENS, "coarse_label": 0}, "question"),
        ("gigaword", {"document": TOKENS, "summary": TOKENS}, "sentence references"),
        ("common_gen", {"concepts": ["boy"], "target": TOKENS}, "references"),
        ("cosmos_qa", {"context": TOKENS, "question": "Why ?", "label": 0, **ANSWERS}, "context"),
        ("natural_questions", {"question": "x", "answer": [TOKENS]}, "references"),
    ],
)
def test_tokens_are_printed_as_plain_text(name, row, fields):
    task = REGISTRY.task(name)
    for column, names in task.label_columns.items():
        row = row | {column: names[row[column]]} if column in row else row
    found = task.preprocess(row)
    for field in fields.split():
        assert found[field] in (PLAIN, [PLAIN])


def test_the_options_of_cosmos_are_plain_too():
    found = record("cosmos_qa", context="x", question="Why ?", label="0", **ANSWERS)
    assert (found["question"], found["options"]) == ("Why?", ["a?", "b.", "c.", "d."])


def test_the_pronoun_of_wsc_is_marked_before_its_text_is_printed():
    text = "Ada 's cat , which Ada loves , saw her and then her boat ."
    row = {"text": text, "span1_text": "Ada", "span2_text": "her", "span2_index": 11}
    assert record("wsc", **row, label="True")["text"] == (
        "Ada's cat, which Ada loves, saw her and then [her] boat."
    )


def test_several_blanks_are_one_in_prose_but_code_and_benchmarks_keep_theirs():
    found = record("gsm8k", question="It  rained.", answer="x #### 4")
    assert found["question"] == "It rained."
    code = "def f(x):\n    return x  # x\n"
    row = {"text": "Give  x.", "code": code, "test_list": ["assert f(1) == 1"]}
    found = record("mbpp", **row)
    assert (found["question"], found["references"]) == ("Give  x.", [code.strip()])
    row = {"question": "2  + 3?", "choices": ["4", "5", "6", "7"], "answer": "B"}
    assert record("mmlu_anatomy", **row)["question"] == "2  + 3?"
    assert record("bbh_word_sorting", input="b  a", target="a b")["question"] == "b  a"


def test_marks_of_race_stand_where_they_belong():
    row = {"article": "I left ,it was  late . He came\n,.", "options": ["a  b .", "c", "d", "e"]}
    found = record("race_middle", **row, question="He   _  .", answer="A")
    assert found["passage"] == "I left, it was late. He came"
    assert (found["question"], found["options"][0]) == ("He _.", "a b.")


def test_relations_of_databases_are_in_words():
    row = {"input": ["Port_Ena | cityServed | Ena", "Ena | areaCode | N0"], "target": "x"}
    found = record("web_nlg_en", **row)
    assert found["triples"] == "Port Ena | city served | Ena\nEna | area code | N0"
    row = {"tripleset": [["Eel", "eatType", "pub"], ["Eel", "LAND ( SQMI )", "4"]], "target": "x"}
    assert record("dart", **row)["triples"] == "Eel | type | pub\nEel | LAND (SQMI) | 4"


def test_a_collection_loses_entities_tags_and_blank_lines():
    prompt = "A &#x27;doped&#x27; layer<br /><br />-lrb- n -rrb-\r\n \n\n\nSum it up."
    found = record("t0_sf", template="x", prompt=prompt, completion="- a \n\n\n\n- b")
    assert found["instruction"] == "A 'doped' layer\n( n )\n\nSum it up."
    assert found["references"] == ["- a\n\n- b"]


@pytest.mark.parametrize(
    ("reason", "says_nothing"),
    [
        ("Rivers flow trough valleys", True),
        ("this word was most relevant.", True),
        ("this option is better to this task", True),
        ("military base - wikipedia", True),
        ("a word is what people say", False),
        ("rivers flow through valleys and so does a boat", False),
        ("the zoo is the only option with owls", False),
    ],
)
def test_reasons_for_any_question_are_left_out_of_cos_e(reason, says_nothing):
    assert REGISTRY.task("cos_e").unusable({"abstractive_explanation": reason}) is says_nothing


@pytest.mark.parametrize("kind", ["forward", "inverted"])
def test_what_human_eval_asks_for_is_what_its_target_is(kind):
    """The head of a function is no exercise in words: what is asked for is that head, or all."""
    found = json.loads((RECORDS / "human_eval.json").read_text())
    for template in getattr(REGISTRY.templates("human_eval"), kind):
        prompt = prompt_of("human_eval", template, found)
        assert "exercise" not in prompt.inputs and "note" not in prompt.inputs
        head, whole = found["question"], found["references"][0]
        assert prompt.targets == (whole if kind == "forward" else head)


def test_notes_of_editors_are_left_out_of_wikipedia():
    text = "It is old.[citation needed] It is [as some say] white [by whom? needed]."
    found = record("qnli", question="Is it?", sentence=text, label="entailment")
    assert found["sentence"] == "It is old. It is [as some say] white [by whom? needed]."
    answers = {"text": ["It is old.[citation needed]"], "answer_start": [0]}
    found = record("squad_v1", title="x", context=text, question="Is it?", answers=answers)
    assert (found["references"], found["context"][:13]) == (["It is old."], "It is old. It")


def test_an_apostrophe_of_mrpc_is_put_back():
    row = {"sentence1": "Ada\x12s boat .", "sentence2": "3 \u00c3\u2014 4", "label": "equivalent"}
    found = record("glue_mrpc", **row)
    assert (found["sentence1"], found["sentence2"]) == ("Ada's boat.", "3 \u00d7 4")


def test_subjects_of_mmlu_are_named_as_in_a_sentence():
    row = {"question": "x", "choices": ["4", "5", "6", "7"], "answer": "B"}
    assert record("mmlu_us_foreign_policy", **row)["subject"] == "US foreign policy"
    assert record("mmlu_miscellaneous", **row)["subject"] == "general knowledge"
    assert record("mmlu_college_biology", **row)["subject"] == "college biology"
