"""Each metric on a perfect and a wrong prediction, with values worked out by hand."""

import random

import pytest
import sacrebleu

from eval import metrics, text_metrics
from flanlike import errors


def _value(name, **columns):
    return metrics.compute(name, metrics.Answered(**columns))


GOLD = (0, 1, 1, 2)


@pytest.mark.parametrize(
    "name", ["accuracy", "balanced_accuracy", "f1", "mean_3class_f1", "macro_f1"]
)
def test_class_metrics_give_one_to_the_perfect_prediction(name):
    assert _value(name, predicted=GOLD, gold=GOLD) == 1.0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 0.25),
        ("balanced_accuracy", (1 + 0 + 0) / 3),  # class 0 is right, 1 and 2 are not
        ("f1", 0.0),
        ("mean_3class_f1", (2 / 5) / 3),  # class 0: 1 hit, 4 named, 1 there
        ("macro_f1", (2 / 5) / 3),
    ],
)
def test_class_metrics_of_one_answer_only(name, expected):
    assert _value(name, predicted=(0, 0, 0, 0), gold=GOLD) == pytest.approx(expected)


def test_f1_counts_the_positive_class():
    # 1 hit, 2 named positive, 2 positive: precision 1/2, recall 1/2
    assert _value("f1", predicted=(1, 1, 0), gold=(1, 0, 1)) == 0.5


def test_macro_f1_knows_no_class_that_never_comes_up_and_no_class_of_the_unreadable():
    assert _value("macro_f1", predicted=(1, 3), gold=(1, 3)) == 1.0
    # class 1: 1 hit, 1 named, 1 there; class 3: no hit
    assert _value("macro_f1", predicted=(1, -1), gold=(1, 3)) == 0.5


def test_an_unreadable_answer_is_wrong():
    assert _value("accuracy", predicted=(-1, 1), gold=(0, 1)) == 0.5


def test_multirc_counts_candidates_and_whole_questions():
    columns = {"gold": (1, 0, 1, 1), "groups": ("q1", "q1", "q2", "q2")}
    assert _value("multirc_em", predicted=(1, 0, 1, 1), **columns) == 1.0
    assert _value("multirc_f1a", predicted=(1, 0, 1, 1), **columns) == 1.0
    assert _value("multirc_em", predicted=(1, 0, 0, 1), **columns) == 0.5
    assert _value("multirc_f1a", predicted=(1, 0, 0, 1), **columns) == pytest.approx(0.8)


REFERENCES = (("the grey owl", "an owl"), ("in the barn",))


@pytest.mark.parametrize(
    "name",
    ["squad_em", "squad_f1", "exact_match", "rouge1", "rouge2", "rougeL", "rougeLsum", "niv2_em"],
)
def test_text_metrics_give_one_to_a_reference_and_nothing_to_other_words(name):
    perfect, wrong = ("the grey owl", "in the barn"), ("two trout", "nowhere")
    assert _value(name, predicted_texts=perfect, references=REFERENCES) == pytest.approx(1.0)
    assert _value(name, predicted_texts=wrong, references=REFERENCES) == 0.0


@pytest.mark.parametrize(
    ("name", "text", "references", "expected"),
    [
        ("squad_em", "The owl!", ("an eel", "Owl"), 1.0),  # case, article, mark; best reference
        ("exact_match", "The owl!", ("an eel", "Owl"), 0.0),
        ("exact_match", " owl\n", ("owl",), 1.0),
        ("squad_f1", "a grey owl", ("the owl",), 2 / 3),  # 1 of 2 words, 1 of 1
        ("squad_f1", "", ("the",), 1.0),  # both normalise to nothing
        ("squad_f1", "", ("owl",), 0.0),
        ("edit_similarity", "the owl sat", ("an eel", "the owl sat"), 1.0),
        ("edit_similarity", " owl\n", ("owl",), 1.0),
        ("edit_similarity", "cat", ("Cats",), 0.5),  # one replaced, one inserted, of four
        ("edit_similarity", "theowl", ("the owl",), 6 / 7),  # a blank counts
        ("edit_similarity", "kitten", ("sitting",), 4 / 7),  # 3 edits
        ("edit_similarity", "Café", ("Caf",), 3 / 4),
        ("edit_similarity", "", ("owl",), 0.0),
        ("rouge1", "grey owl", ("old owl",), 0.5),
        ("rouge2", "the grey owl", ("the grey eel",), 0.5),
        ("rougeL", "owls fly\neels swim", ("eels swim\nowls fly",), 0.5),  # one sentence
        ("rougeL", " ★★★", ("★★★",), 1.0),  # no word in it
        ("rougeL", "★★", ("★★★",), 0.0),
        ("rouge2", "owls", ("owls",), 0.0),  # as rouge_score has it
        ("rougeL", "the owls flew", ("a", "an owl flew"), 2 / 3),  # stems, best reference
        ("niv2_em", "The  Owl!", ("an eel", "the owl"), 1.0),  # case, marks, blanks
        ("niv2_em", "owl", ("the owl",), 0.0),  # articles stay
        ("niv2_em", "1.5", ("15",), 0.0),
        ("rougeLsum", "owls fly\neels swim", ("eels swim\nowls fly",), 1.0),
    ],
)
def test_text_metrics_by_hand(name, text, references, expected):
    value = _value(name, predicted_texts=(text,), references=(references,))
    assert value == pytest.approx(expected)


def test_edit_distance_is_that_of_the_textbook():
    rng = random.Random(1)
    for _ in range(200):
        one, two = ("".join(rng.choices("ab ", k=rng.randrange(8))) for _ in range(2))
        assert text_metrics._edit_distance(one, two) == _textbook_distance(one, two)


def test_bleu_is_one_for_a_reference_and_takes_rows_of_unequal_references():
    sentences = ("Ada gave the old lamp to Boris", "the fox sleeps in the dark barn")
    references = ((sentences[0], "Boris got the old lamp"), (sentences[1],))
    assert _value("bleu", predicted_texts=sentences, references=references) == pytest.approx(1.0)
    # unigrams 4/5, bigrams 3/4, trigrams 2/3, 4-grams 1/2: (4/5 * 3/4 * 2/3 * 1/2) ** .25
    value = _value("bleu", predicted_texts=("a b c d x",), references=(("a b c d e",),))
    assert value == pytest.approx(0.2**0.25)


def test_bleu_is_the_librarys_corpus_bleu():
    texts = ("the old fox sleeps in a barn", "Ada gave a lamp to Boris today", "no")
    references = (("the old fox sleeps in the barn",), ("Ada gave Boris a lamp today",), ("yes",))
    expected = sacrebleu.corpus_bleu(list(texts), [[row[0] for row in references]]).score / 100
    assert _value("bleu", predicted_texts=texts, references=references) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_correlations(name):
    gold = (0.0, 1.0, 3.0)
    assert _value(name, predicted_numbers=gold, gold_numbers=gold) == pytest.approx(1.0)
    reverse = (0.0, -1.0, -3.0)
    assert _value(name, predicted_numbers=reverse, gold_numbers=gold) == pytest.approx(-1.0)
    assert _value(name, predicted_numbers=(2.0, 2.0, 2.0), gold_numbers=gold) == 0.0


def test_spearman_reads_ranks_and_pearson_values():
    columns = {"predicted_numbers": (1.0, 2.0, 30.0), "gold_numbers": (1.0, 2.0, 3.0)}
    assert _value("spearman", **columns) == pytest.approx(1.0)
    assert _value("pearson", **columns) == pytest.approx(0.8808, abs=1e-4)  # 29 / sqrt(542 * 2)


def test_means_over_rows_say_what_each_row_gives_and_others_do_not():
    answered = metrics.Answered(predicted=(0, 1), gold=(0, 0))
    assert metrics.per_row("accuracy", answered).tolist() == [1.0, 0.0]
    assert metrics.per_row("f1", answered) is None


def test_take_keeps_columns_aligned():
    answered = metrics.Answered(predicted=(0, 1, 2), gold=(2, 1, 0))
    assert answered.take([2, 0]) == metrics.Answered(predicted=(2, 0), gold=(0, 2))


def test_unknown_metric_lists_near_matches():
    with pytest.raises(errors.UserError, match="unknown metric 'acuracy': did you mean 'accuracy'"):
        metrics.known("acuracy")


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="'pearson' needs the column 'predicted_numbers'"):
        _value("pearson", predicted=(0,), gold=(0,))


def _textbook_distance(one, two):
    if not one or not two:
        return len(one) + len(two)
    return min(
        _textbook_distance(one[1:], two) + 1,
        _textbook_distance(one, two[1:]) + 1,
        _textbook_distance(one[1:], two[1:]) + (one[0] != two[0]),
    )


def test_any_of_several_right_classes_is_right():
    answered = metrics.Answered(
        predicted=(0, 1, 2, 2), gold=(1, 1, 0, 0), also_right=((0,), (), (1,), (1, 2))
    )
    assert answered.judged == (0, 1, 0, 2)
    assert metrics.per_row("accuracy", answered).tolist() == [1, 1, 0, 1]
    assert metrics.compute("accuracy", answered.take([0, 2])) == 0.5
    assert metrics.compute("balanced_accuracy", answered) == pytest.approx((0.5 + 1 + 1) / 3)
    assert metrics.compute("macro_f1", answered) == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
