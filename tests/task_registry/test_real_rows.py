"""What rows of the published sets have that made-up ones lack, each with a row on which it shows.

Answers of several annotators in one list; signs by their names, text read in a wrong encoding,
tokens for answers; booleans as words; options and sentences that are there twice.
"""

import pytest
import source_toys
import task_rows

import task_registry
from flanlike.sources import opening
from flanlike.sources import rows as rows_module

REGISTRY = task_registry.registry()


def record(name, **changes):
    """Returns the record of a made-up row, class labels as names, some of its columns changed."""
    task = REGISTRY.task(name)
    row = {**task_rows.LAYOUTS[name].folder, **changes}
    labels = {c: rows_module.named(row[c], n) for c, n in task.label_columns.items() if c in row}
    return task.preprocess(row | labels)


def drop(spans, types=None):
    nested = {"spans": spans, "types": types or ["span"] * len(spans)}
    row = {"passage": "Leo ran, then Milo and Ada.", "question": "Who?", "answers_spans": nested}
    return REGISTRY.task("drop").preprocess(row)["references"]


@pytest.mark.parametrize(
    ("spans", "references"),
    [
        (["Leo"], ["Leo"]),
        (["Leo", "Leo"], ["Leo"]),
        (["Leo", "Milo"], ["Leo, Milo"]),  # one answer of two spans: all that train has
        (["Leo", "Leo", "Milo"], ["Leo", "Milo"]),
        (["Leo", "Milo", "Milo"], ["Leo", "Milo"]),
        (["Leo", "Leo Ode"], ["Leo", "Leo Ode"]),
        (["5-yard", "25-yard"], ["5-yard, 25-yard"]),
        (["Leo", "Milo", "Leo", "Milo"], ["Leo, Milo"]),
        (["Leo", "Milo", "Milo", "Leo"], ["Leo, Milo", "Milo, Leo"]),
        (["Leo", "Milo", "Ada", "Leo", "Milo", "Ada"], ["Leo, Milo, Ada"]),
    ],
)
def test_spans_of_drop_are_those_of_one_answer_or_of_several_annotators(spans, references):
    assert drop(spans) == references


def test_numbers_and_dates_of_drop_are_an_annotators_each():
    assert drop(["8", "9", "8"], ["number"] * 3) == ["8", "9"]
    assert drop(["8", "eight"], ["number", "span"]) == ["8", "eight"]
    assert drop(["5 May  1908", "May  1908"], ["date"] * 2) == ["5 May 1908", "May 1908"]


def test_annotators_of_drop_in_tfds_are_alternatives_too():
    answers = {"answer": "Leo", "validated_answers": ["Leo", "Leo Ode", ""]}
    assert record("drop", **answers)["references"] == ["Leo", "Leo Ode"]
    assert REGISTRY.task("drop").unlabelled == {"answer": ""}  # TFDS, of a date without a day


@pytest.mark.parametrize("value", ["Hugo", " Hugo "])
def test_the_value_of_trivia_qa_is_the_target_and_its_aliases_count(value):
    answer = {"value": value, "aliases": ["Hugo the Owl", "Hugo", ""], "type": "WikipediaEntity"}
    assert record("trivia_qa", answer=answer)["references"] == ["Hugo", "Hugo the Owl"]
    assert record("trivia_qa", answer={"value": "Hugo"})["references"] == ["Hugo"]


def test_answers_of_natural_questions_are_plain_text():
    tokens = ["March 4 , 2018", "Ada 's brother", "`` Low Tide ''", "Ida ( 1902 )"]
    plain = ["March 4, 2018", "Ada's brother", '"Low Tide"', "Ida (1902)"]
    assert record("natural_questions", answer=tokens)["references"] == plain


MISREAD = "\u00e2\u0080\u0099"  # an apostrophe of UTF-8, read as Latin-1
SIGNS = "he &quot;sells&quot; M&amp;M"


@pytest.mark.parametrize(
    ("name", "column", "given", "field", "text"),
    [
        ("drop", "passage", "Fort&#233; ran 34&#160;yards.", "passage", "Forté ran 34 yards."),
        ("drop", "answer", "Fort&#233;", "references", ["Forté"]),
        ("scitail", "premise", SIGNS, "premise", 'he "sells" M&M'),
        ("stsb", "sentence1", SIGNS, "sentence1", 'he "sells" M&M'),
        ("rte", "premise", f"Ena{MISREAD}s", "premise", "Ena’s"),
        ("stsb", "sentence2", f"Ena{MISREAD}s", "sentence2", "Ena’s"),
        ("multirc", "answer", f"Ena{MISREAD}s", "candidate", "Ena’s"),
        ("xsum", "document", "It cost Â£12.", "article", "It cost £12."),
        ("xsum", "summary", "It cost Â£12.", "references", ["It cost £12."]),
        ("multi_news", "document", "Enaâ€™s", "articles", "Article 1:\nEna’s"),
        ("imdb_reviews", "text", "Dull \u0096 very\u0085 so.", "text", "Dull – very… so."),
        ("imdb_reviews", "text", "by Alt&#305;n &lt;3", "text", "by Altın <3"),
        ("ag_news_subset", "title", "#39;Halo 2' sells", "title", "'Halo 2' sells"),
        ("ag_news_subset", "title", "US #36;5  #151; up", "title", "US$5 — up"),
        (
            "ag_news_subset",
            "description",
            "AT amp;T said  quot;yes quot; on &lt;b&gt;...&lt;/b&gt;",
            "description",
            'AT&T said "yes" on ...',
        ),
        (
            "ag_news_subset",
            "description",
            'It fell.&lt;br /&gt; &lt;A HREF="http://ena.com"&gt;ENA.O&lt;/A&gt; rose; &lt;a href=',
            "description",
            "It fell. ENA.O rose;",
        ),
        ("gap", "A", "William ``Bill'' Ode", "first", 'William "Bill" Ode'),
    ],
)
def test_signs_are_signs(name, column, given, field, text):
    assert record(name, **{column: given})[field] == text


@pytest.mark.parametrize(
    ("first", "second", "label"), [("T", "F", 0), ("F", "T", 1), ("F", "F", 2)]
)
def test_words_for_booleans_are_no_truth_of_their_own(first, second, label):
    words = {"T": "TRUE", "F": "FALSE"}
    bools = {"T": True, "F": False}
    for values in (words, bools):
        row = {"A-coref": values[first], "B-coref": values[second]}
        assert record("gap", **row)["label"] == label
    with pytest.raises(ValueError, match="unknown label 'No' in column 'A-coref'"):
        record("gap", **{"A-coref": "no"})


def test_two_sentences_that_are_the_same_are_no_question():
    lines = 'Which is wrong?\nOptions:\n- Sentence A: "{}"\n- Sentence B: "{}"'
    row = {"answer": "Sentence A", "rationale": "Eels swim."}
    made = [("Eels fly.", "Eels swim."), ("Eels fly.", "Eels fly.")]
    task = REGISTRY.task("cot_sensemaking")
    assert [task.unusable(row | {"question": lines.format(*pair)}) for pair in made] == [
        False,
        True,
    ]


def test_an_option_is_there_once_though_one_of_two_has_a_full_stop():
    question = "What do plants make?\nOptions:\n- (A) energy.\n- (B) salt\n- (C) energy"
    found = record("cot_qasc", question=question, answer="(C)")
    assert (found["options"], found["label"]) == (["energy.", "salt"], 0)


def test_drop_without_an_answer_is_left_out_and_counted(tmp_path):
    row = task_rows.LAYOUTS["drop"].folder
    rows = [row | {"answer": ""}, row, row]
    source_toys.write_folder(tmp_path, "drop", train=[row], test=rows)
    records = opening.open_rows(REGISTRY.task("drop"), str(tmp_path), "test")
    assert (len(records), records.dropped) == (2, 1)
