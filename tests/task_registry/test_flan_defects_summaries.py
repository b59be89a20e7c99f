"""Defects of FLAN's data in summarization and struct to text, each with a row on which it shows.

cnn_dailymail kept what stands before ") -- ", so that an article became "(CNN"; samsum lost all
text between the first "<" and the last ">" of a line; a template of e2e_nlg asked for the data and
wanted the text; multi_news left its bars and NEWLINE_CHAR in the text; gigaword left out rows
without saying how many.
"""

import json
import pathlib

import pytest
import source_toys

import task_registry
from eval import metrics
from flanlike import errors
from flanlike.sources import opening

REGISTRY = task_registry.registry()


def record(name, **row):
    return REGISTRY.task(name).preprocess(row)


def article(text):
    return record("cnn_dailymail", article=text, highlights="A boat sank .")["article"]


@pytest.mark.parametrize(
    "dateline",
    [
        "(CNN) -- ",
        "(CNN)  -- ",
        "(CNN)",
        "London (CNN) -- ",
        "London (CNN)",
        "PORT ENA, Elbonar (CNN) -- ",
        "PORT ENA, Elbonar (CNN)      -- ",
        "ST. ENA, New Elbonar (Wire) -- ",
        "(Some Magazine) -- ",
        "(Magazine.com) -- ",
        "PORT ENA, Elbonar -- ",
        "ENA. Elbonar -- ",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "A boat sank on Monday.",
        "The Ida -- an old boat (built in 1902) -- sank. (CNN) -- as one says.",
        '"We saw it," said Ivo (left) -- and so it was.',
    ],
)
def test_an_article_loses_its_dateline_and_nothing_else(dateline, text):
    assert article(dateline + text) == text
    assert article(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "(CNN) -- ",
        "(CNN)",
        "Ivo Ena (CNN) told us of the boat.",
        "Ivo Ena (left) -- whom all know -- sank it.",
        "The captain (Wire) -- a friend -- sank it.",
        "NASA -- the agency -- lost a boat.",
        "Editor's note: a boat sank. PORT ENA (CNN) -- It was old.",
    ],
)
def test_what_is_no_dateline_stays_and_no_article_is_lost(text):
    assert article(text) == text.strip()


def test_highlights_keep_their_lines():
    found = record("cnn_dailymail", article="x", highlights="Boat sinks .\n\nIs it old ?\nNo . 7 .")
    assert found["references"] == ["Boat sinks.\nIs it old?\nNo . 7."]


def test_an_article_loses_the_stops_of_its_lines():
    text = "By . Ivo Ena . PUBLISHED: . 05:33 EST, 27 August 2013 . A boat sank . It was old ."
    assert article(text) == (
        "By Ivo Ena. PUBLISHED: 05:33 EST, 27 August 2013. A boat sank. It was old."
    )


def test_an_article_loses_the_mark_of_a_link_to_a_film():
    assert (
        article("Watch how it sank » . No one was hurt.") == "Watch how it sank. No one was hurt."
    )


@pytest.mark.parametrize(
    "stored, clean",
    [
        ("We hope it wil= l=20 go out.", "We hope it will go out."),
        ("Dear all, =20 Ena is late.\n=20", "Dear all, Ena is late."),
        ("Ena=01,s plan= s are=  on the =01&list=018.", 'Ena\'s plans are on the "list".'),
        ("If x = 3 and y=2001, write = here.", "If x = 3 and y=2001, write = here."),
    ],
)
def test_a_mail_loses_the_marks_of_its_transfer(stored, clean):
    assert record("aeslc", email_body=stored, subject_line="x")["email"] == clean


def test_dart_has_signs_for_entities():
    found = record("dart", tripleset=[["Ena", "owner", "Ada &amp; Ivo"]], target="Ena &amp; Ivo.")
    assert found == {"triples": "Ena | owner | Ada & Ivo", "references": ["Ena & Ivo."]}


def test_a_chat_keeps_the_text_between_two_tags():
    dialogue = "Ada: <file_gif> look at this <file_photo>\nHugo: 3 < 4 and 4 > 3"
    assert record("samsum", dialogue=dialogue, summary="x")["dialogue"] == dialogue


def test_forward_templates_of_e2e_write_text_and_inverted_ones_data():
    templates = REGISTRY.templates("e2e_nlg")
    assert templates.forward and templates.inverted
    for template in templates.forward:
        assert (template.input_fields, template.target_fields) == ({"attributes"}, {"answer"})
    for template in templates.inverted:
        assert (template.input_fields, template.target_fields) == ({"answer"}, {"attributes"})


def test_a_meaning_representation_is_read_as_a_whole():
    found = record(
        "e2e_nlg",
        meaning_representation="name[The Café Eel], priceRange[£20-25], familyFriendly[no]",
        target="x",
        references=["x", "y"],
    )
    assert found["attributes"] == "name: The Café Eel, price range: £20-25, family friendly: no"
    assert found["references"] == ["x", "y"]
    with pytest.raises(ValueError, match=r"cannot read 'name\[The Eel\], cheap'; expected"):
        record("e2e_nlg", meaning_representation="name[The Eel], cheap", target="x")


def test_several_articles_are_told_apart_without_marks():
    found = record(
        "multi_news",
        document="||||| One. \n \n \n Two. ||||| \n ||||| 3.NEWLINE_CHAR NEWLINE_CHAR 4. |||||",
        summary="– A. \n \n B – C.",
    )
    assert found == {
        "articles": "Article 1:\nOne.\n\nTwo.\n\nArticle 2:\n3.\n\n4.",
        "references": ["A.\n\nB – C."],
    }
    with pytest.raises(ValueError, match="has no article in it"):
        record("multi_news", document=" ||||| |||||", summary="x")


def test_gigaword_counts_empty_rows_and_keeps_the_masks_of_the_others(tmp_path):
    rows = [
        {"document": "UNK sank on june # .", "summary": "UNK sinks"},
        {"document": "", "summary": "boat sinks"},
        {"document": "a boat sank .", "summary": ""},
        {"document": ".", "summary": "-"},
    ]
    source_toys.write_folder(tmp_path, "gigaword", train=rows, test=rows)
    records = opening.open_rows(REGISTRY.task("gigaword"), str(tmp_path), "test")
    assert [dict(found) for found in records] == [
        {"sentence": "UNK sank on june #.", "references": ["UNK sinks"]},
        {"sentence": ".", "references": ["-"]},
    ]
    assert records.dropped == 2
    source_toys.write_folder(
        tmp_path, "gigaword", test=[rows[0], {"document": " ", "summary": "x"}]
    )
    records = opening.open_rows(REGISTRY.task("gigaword"), str(tmp_path), "test")
    with pytest.raises(errors.UserError, match="'document' is ' '; expected text"):
        records[1]


def test_a_paper_s_sentences_are_joined_where_they_were_cut():
    found = record("scitldr", source=["We mend\n", "boats.", " "], target=["x", "y", "x"])
    assert found == {"abstract": "We mend boats.", "references": ["x", "y"]}
    with pytest.raises(ValueError, match="expected sentences"):
        record("scitldr", source=[" "], target=["x"])


def test_opinions_without_text_are_an_error():
    with pytest.raises(ValueError, match="at least one text among the values"):
        record("opinion_abstracts_idebate", _debate_name="x", _argument_sentences=[], _claim="y")


@pytest.mark.parametrize("name", REGISTRY.clusters["summarization"] + ["e2e_nlg"])
def test_each_of_the_right_answers_scores_one(name):
    built = REGISTRY.task(name)
    path = pathlib.Path(__file__).parents[1] / "golden" / "records" / f"{name}.json"
    references = json.loads(path.read_text("utf-8")).get("references")
    if references is None:
        return  # ag_news_subset has labels
    for reference in references:
        answered = metrics.Answered(
            predicted_texts=(reference,), references=(("something else", *references),)
        )
        for metric in built.metrics:
            assert metrics.compute(metric, answered) == pytest.approx(1.0)
