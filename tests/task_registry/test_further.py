"""The datasets that came after flan_core's figures: what they share, and rows that are odd."""

import pytest
import source_toys

import task_registry
from flanlike.mixtures import compose, holdout
from flanlike.prompts import render
from flanlike.sources import opening
from task_registry import mgsm, mixtures

REGISTRY = task_registry.registry()


def record(name, **row):
    return REGISTRY.task(name).preprocess(row)


def test_they_are_mixed_by_a_mixture_of_their_own_and_by_their_cluster_s():
    further = REGISTRY.mixture("further")
    assert further.task_names == list(mixtures.FURTHER) and len(mixtures.FURTHER) == 24
    assert not set(mixtures.FURTHER) & set(REGISTRY.mixture("flan_core").task_names)
    assert "svamp" in REGISTRY.mixture("math").task_names
    split = compose.split_tasks(further, REGISTRY)
    assert sorted(split.evaluation) == sorted(
        ["flores200", *(f"mgsm_{code}" for code in mgsm.LANGUAGES)]
    )
    assert sorted(split.train) == sorted(set(mixtures.FURTHER) - set(split.evaluation))


@pytest.mark.parametrize(
    ("task", "other", "material"),
    [
        ("squad_v1", "adversarial_qa", "SQuAD's paragraphs and questions"),
        ("gsm8k", "mgsm_sw", "GSM8K's questions"),
        ("asdiv", "svamp", "word problems with other numbers"),
        ("scitail", "sciq", "SciQ's questions"),
        ("t0_sf", "dbpedia_14", "its rows"),
        ("natural_instructions_v2", "svamp", "its rows"),
    ],
)
def test_what_shares_material_is_not_trained_on_beside_them(task, other, material):
    clusters = {REGISTRY.task(name).cluster: [name] for name in (task, other)}
    if len(clusters) == 1:
        clusters = {"both": [task, other]}
    cluster_of = {name: cluster for cluster, names in clusters.items() for name in names}
    assert holdout.shared({task: cluster_of[task]}, {other: cluster_of[other]}) == {
        other: {task: material}
    }
    assert task in holdout.apply(clusters, [other]).dropped


def test_every_language_of_mgsm_shares_gsm8k_s_questions():
    (names,) = (names for what, names in holdout.SHARED_MATERIAL if what == "GSM8K's questions")
    assert names == {"gsm8k", "cot_gsm8k", *(f"mgsm_{code}" for code in mgsm.LANGUAGES)}


def test_a_question_without_its_two_options_is_no_row_of_quarel():
    with pytest.raises(ValueError, match=r"expected a question, '\(A\) ...' and '\(B\) ...'"):
        record("quarel", question="Who is faster? (A) Ada", answer_index=0)
    with pytest.raises(ValueError, match="unknown label 2 in column 'answer_index'"):
        record("quarel", question="Who? (A) Ada (B) Ben", answer_index=2)


def test_one_word_is_no_passage():
    with pytest.raises(ValueError, match="expected a passage of two words or more, got 'drum'"):
        record("lambada", text="drum")


@pytest.mark.parametrize(
    ("body", "question", "expected"),
    [
        ("He has 2.", "How many?", "He has 2. How many?"),
        ("If he has 2", "How many?", "If he has 2, how many?"),
        ("If he has 2", "Ada has 3. How many?", "If he has 2, Ada has 3. How many?"),
        ("If he has 2,", "How many?", "If he has 2, How many?"),
    ],
)
def test_a_sum_told_in_a_clause_goes_on(body, question, expected):
    found = record("svamp", Body=body, Question=question, Answer="0.5")
    assert found == {"question": expected, "references": ["0.5"]}


def test_a_sentence_of_flores_is_always_asked_in_the_same_language():
    row = {"sentence_eng_Latn": "It rains.", "sentence_fra_Latn": "Il pleut."}
    row |= {"sentence_deu_Latn": "Es regnet.", "sentence_ace_Arab": "?", "sentence_heb_Hebr": None}
    first, second = record("flores200", **row), record("flores200", **row)
    assert first == second
    assert {first["source_language"], first["target_language"]} <= {"English", "French", "German"}
    with pytest.raises(KeyError, match="sentence_arb_Arab or sentence_ben_Beng"):
        record("flores200", sentence_eng_Latn="It rains.", sentence_ace_Arab="?")


def test_only_the_word_of_an_exemplar_is_taken_off_a_sum():
    of = {word: record("mgsm_fr", question=word, answer_number=2)["question"] for word in (
        "Question : Combien ?", "Léo : combien ?", "Combien ?"
    )}  # fmt: skip
    assert list(of.values()) == ["Combien ?", "Léo : combien ?", "Combien ?"]


def test_a_text_that_lacks_falls_away_from_sciq_s_prompts():
    built = REGISTRY.task("sciq")
    template = next(t for t in REGISTRY.templates("sciq").templates if t.id == "read_first")
    fields = {"question": "What do ducks eat?", "options": ["snails", "hay"], "label": 0}
    prompt = render.render(
        built,
        template,
        {**fields, "passage": ""},
        layout=REGISTRY.templates("sciq").layout,
        source="made up",
        split="train",
        row_id="train/0",
        seed=0,
    )
    assert prompt.inputs == "Now for the question: What do ducks eat?"


def test_mgsm_s_exemplars_are_its_train_rows_without_their_reasons(tmp_path):
    test = {"question": "Wie viele?", "answer": None, "answer_number": 3}
    rows = [
        {"question": f"Frage: Leo hat {n}.", "answer": "Antwort: so.", "answer_number": n}
        for n in (2, 1)
    ]
    source_toys.write_folder(tmp_path, "mgsm_de", test=[test], exemplars=rows)
    records = opening.open_rows(REGISTRY.task("mgsm_de"), str(tmp_path), "exemplars")
    assert [(record["question"], record["references"]) for record in records] == [
        ("Leo hat 2.", ["2"]),
        ("Leo hat 1.", ["1"]),
    ]
