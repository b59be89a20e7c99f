import unicodedata

import pytest

from eval import metrics, scripts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The owl's 42 snake_case.", ["the", "owl", "s", "42", "snake", "case"]),
        ("Größe — Cafe\u0301", ["größe", "café"]),  # an accent of its own is the same letter
        ("Идёт дождь", ["идёт", "дождь"]),
        ("مطر اليوم", ["مطر", "اليوم"]),
        ("आज बारिश हुई", ["आज", "बारिश", "हुई"]),
        ("비가 온다", ["비가", "온다"]),
        ("今天下雨。", ["今", "天", "下", "雨"]),
        ("雨が2026年", ["雨", "が", "2026", "年"]),
        ("ที่บ้าน", ["ที่", "บ้", "า", "น"]),
        ("\u0301 …", []),
    ],
)
def test_words_of_any_script(text, words):
    assert scripts.words(text) == words


@pytest.mark.parametrize(
    ("text", "tokenizer"),
    [
        ("It rains.", "13a"),
        ("Идёт дождь", "13a"),
        ("비가 온다", "13a"),
        ("今天下大雨了。", "zh"),
        ("今天用GPU。", "zh"),
        ("今日は大雨が降りました。", "char"),
        ("ฝนตกหนัก", "char"),
        ("", "13a"),
    ],
)
def test_bleu_reads_by_the_script_of_the_references(text, tokenizer):
    assert scripts.bleu_tokenizer([text]) == tokenizer
    if text:
        answered = metrics.Answered(predicted_texts=(text,), references=((text,),))
        assert metrics.signature("bleu", answered) == f"tok:{tokenizer}|smooth:exp"


SAME = [
    "Идёт дождь и ветер",
    "مطر اليوم في المدينة",
    "आज बहुत बारिश हुई",
    "今天下大雨了",
    "今日は大雨が降りました",
    "วันนี้ฝนตกหนัก",
    "오늘 비가 많이 온다",
    "ວັນນີ້ຝົນຕົກໜັກ",
    "ថ្ងៃនេះភ្លៀងខ្លាំង",
    "ယနေ့မိုးသည်းတယ်",
]


@pytest.mark.parametrize("name", ["rouge1", "rouge2", "rougeLsum", "bleu"])
@pytest.mark.parametrize("text", SAME)
def test_the_same_text_is_worth_one_in_any_script_and_another_less(name, text):
    value = metrics.known(name).value
    assert value([text], [[text]]) == pytest.approx(1.0)
    assert value([text], [["Ein anderer Satz"]]) == 0.0
    # Of words without a common one; two texts without blanks may share a character.
    assert value([SAME[0]], [[SAME[1]]]) == 0.0


def test_words_that_differ_in_an_umlaut_are_two():
    assert metrics.known("rouge1").value(["Größe"], [["Gräße"]]) == 0.0
    assert metrics.known("rouge1").value(["die Größe"], [["die Gro\u0308ße"]]) == 1.0


SPANS = ["squad_em", "squad_f1", "trivia_qa_em", "nq_f1", "drop_em", "drop_f1", "niv2_em"]
EXACT = [*SPANS, "quac_f1", "exact_match", "edit_similarity", "number_match", "rougeL"]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("text", [*SAME, "Caf\u00e9 Z\u00fcrich", "vi\u1ec7t nam"])
def test_accents_set_apart_make_no_other_answer(name, text):
    value, apart = metrics.known(name).value, unicodedata.normalize("NFD", text)
    assert value([apart], [[text]]) == value([text], [[apart]]) == 1.0


def test_bleu_reads_accents_set_apart():
    text = "\u00dcber allen Gipfeln ist Ruh, in allen Wipfeln sp\u00fcrest du kaum einen Hauch"
    apart = unicodedata.normalize("NFD", text)
    assert metrics.known("bleu").value([apart], [[text]]) == pytest.approx(1.0)


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize(
    ("text", "reference"),
    [("北京。", "北京"), ("「東京」", "東京"), ("القاهرة؟", "القاهرة"), ("दिल्ली।", "दिल्ली")],
)
def test_marks_of_other_scripts_are_marks(name, text, reference):
    assert metrics.known(name).value([text], [[reference]]) == 1.0
    assert metrics.known(name).value([text], [["Москва"]]) == 0.0


def test_words_shared_in_a_script_without_blanks():
    value = metrics.known("squad_f1").value
    assert value(["東京都"], [["東京"]]) == pytest.approx(4 / 5)
    assert value(["iPhoneを買う"], [["iPhone"]]) == pytest.approx(2 / 5)
