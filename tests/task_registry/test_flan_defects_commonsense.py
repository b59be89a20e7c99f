"""Defects of FLAN's commonsense and coreference tasks that ours must not have.

HellaSwag's texts with WikiHow's marks in them; WSC with a pronoun that comes up more than once and
nothing to say which; WSC's spans beside their index; WinoGrande and WSC273 with the rest of the
sentence in every option; WinoGrande without options as the same wording with a hole in it; Story
Cloze's and Social IQa's labels from 1 up; a tail of train that is trained on as well.
"""

import pytest
import task_rows

import task_registry
from flanlike.sources import rows as rows_module
from flanlike.tasks import template_files
from task_registry import commonsense, commonsense_further, coreference

SCHEMA = "Carl said that he thanked Dario because he helped."
SPANS = {"text": SCHEMA, "span1_text": "Dario", "span2_text": "he", "label": "True"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("[header] How to eat [title] Sit down. [step] Bite", "How to eat. Sit down. Bite"),
        ("Wash the pear. [substeps] Use cold water.", "Wash the pear. Use cold water."),
        ('Ask: [step] Is it "ripe?" [step] Then', 'Ask: Is it "ripe?" Then'),
        ("She laughs [to herself] and goes", "She laughs [to herself] and goes"),
    ],
)
def test_hellaswag_has_no_marks_and_loses_no_words(text, clean):
    row = {"ctx": text, "endings": ["a", "b", "c", f"{text} on"], "label": 3}
    record = commonsense.hellaswag().preprocess(row)
    assert record["context"] == clean
    assert record["options"][record["label"]] == f"{clean} on"


def test_the_unfinished_sentence_of_hellaswag_has_a_capital():
    row = {"endings": ["a", "b", "c", "d"], "label": "2"}
    for text, expected in (
        ("A man climbs. he", "A man climbs. He"),
        ("A man climbs", "A man climbs"),
        ("A man, e.g. Al, climbs. Then he", "A man, e.g. Al, climbs. Then he"),
    ):
        assert commonsense.hellaswag().preprocess(row | {"ctx": text})["context"] == expected


@pytest.mark.parametrize(
    ("index", "marked"),
    [
        (3, "Carl said that [he] thanked Dario because he helped."),
        (7, "Carl said that he thanked Dario because [he] helped."),
        (8, "Carl said that he thanked Dario because [he] helped."),  # one word too far
        (99, "Carl said that he thanked Dario because [he] helped."),
    ],
)
def test_wsc_says_which_of_several_pronouns_is_meant(index, marked):
    assert coreference.wsc().preprocess(SPANS | {"span2_index": index})["text"] == marked


def test_a_pronoun_is_a_word_and_not_a_part_of_one():
    record = coreference.wsc().preprocess(
        SPANS | {"text": "The thief thought he, too, was there.", "span2_index": 3}
    )
    assert record["text"] == "The thief thought [he], too, was there."
    with pytest.raises(ValueError, match="expected the word 'he' in the text, got 'The thief"):
        coreference.wsc().preprocess(SPANS | {"text": "The thief ran.", "span2_index": 1})


def test_wsc273_marks_the_pronoun_only_where_there_are_several():
    row = {"pronoun": "he", "options": ["Carl", "Dario"], "label": "1", "pronoun_loc": 27}
    plain = coreference.wsc273().preprocess(row | {"text": "Carl thanked Dario because he helped."})
    assert plain["sentence"] == "Carl thanked Dario because he helped."
    several = coreference.wsc273().preprocess(row | {"text": SCHEMA, "pronoun_loc": 15})
    assert several["sentence"] == "Carl said that [he] thanked Dario because he helped."


@pytest.mark.parametrize("name", ["winogrande", "wsc273"])
def test_options_are_the_candidates_alone(name):
    record = task_rows.LAYOUTS[name].record
    assert all(len(option.split()) <= 2 for option in record["options"])


def test_winogrande_without_options_is_worded_for_itself():
    found = task_registry.registry().task("winogrande")
    forward = template_files.load(task_registry.TEMPLATES / "winogrande.toml", found).forward
    wordings = {t.id: " ".join(t.input.replace("{options}", "").split()) for t in forward}
    bare = {wordings[t.id] for t in forward if t.shows_options}
    own = {wordings[t.id] for t in forward if not t.shows_options}
    assert len(own) >= 2 and not own & bare


@pytest.mark.parametrize("gold", [1, 2])
def test_labels_from_one_up_name_the_right_option(gold):
    story = {"context": "Ivo dug.", "endings": ["He sang.", "He ran."], "label": gold}
    assert commonsense.story_cloze().preprocess(story)["label"] == gold - 1
    row = {"context": "Ivo dug.", "question": "Why?", "label": str(gold)}
    row |= {"answerA": "to sow", "answerB": "to sing", "answerC": "to sleep"}
    assert commonsense_further.social_i_qa().preprocess(row)["label"] == gold - 1


@pytest.mark.parametrize("gold", [0, 3, -1])
def test_a_label_that_names_no_ending_is_an_error(gold):
    story = {"context": "Ivo dug.", "endings": ["He sang.", "He ran."], "label": gold}
    with pytest.raises(ValueError, match="unknown label"):
        commonsense.story_cloze().preprocess(story)


@pytest.mark.parametrize("builder", [*commonsense.TASKS, *coreference.TASKS])
def test_nothing_that_is_trained_on_is_validated_on(builder):
    splits = builder().splits
    if "train" in splits:
        train, held = (rows_module.carve(splits[s], what=s) for s in ("train", "validation"))
        rows = range(40_000)
        assert train[0] != held[0] or not set(rows[train[1]]) & set(rows[held[1]])


def test_two_names_that_are_both_meant_are_an_error():
    row = task_rows.LAYOUTS["gap"].folder
    with pytest.raises(ValueError, match="'A-coref' and 'B-coref' are both true"):
        coreference.gap().preprocess({**row, "A-coref": True, "B-coref": True})
    assert coreference.gap().preprocess({**row, "B-coref": True})["label"] == 1


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("ducks have wings", "Ducks have wings."),
        ("do ducks swim", "Do ducks swim?"),
        ("Do ducks swim?", "Do ducks swim?"),
    ],
)
def test_claims_and_questions_get_their_end_mark(said, question):
    record = commonsense_further.commonsense_qa_2().preprocess({"question": said, "answer": "yes"})
    assert record == {"question": question, "label": 1}
