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
