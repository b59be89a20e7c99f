"""Every metric against a second implementation, by its published behaviour, on nasty inputs.

The second ones are written here anew, as plainly as they can be. Where ours differs on purpose, the
test says on which inputs, and the metric's docstring why.
"""

import collections
import functools
import itertools
import math
import random
import re

import numpy as np
import pytest
import sacrebleu
from metric_toys import ROUNDS, WORDS, rows_of, value
from rouge_score import rouge_scorer

from eval import metrics

CYRILLIC = str.split("идёт дождь и ветер, город не спит. Дождь!")


def classes_of(seed, labels, with_unread=True):
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        gold = rng.choices(labels, k=rng.randint(1, 12))
        said = rng.choices([*labels, -1] if with_unread else labels, k=len(gold))
        yield said, gold


def score_of_class(said, gold, label):
    both = sum(s == label and g == label for s, g in zip(said, gold, strict=True))
    precision = both / said.count(label) if label in said else 0.0
    recall = both / gold.count(label) if label in gold else 0.0
    return 2 * precision * recall / (precision + recall) if both else 0.0


# Classes.


def test_accuracy_and_recall_by_class():
    for said, gold in classes_of(1, (0, 1, 2)):
        table = collections.Counter(zip(gold, said, strict=True))
        right = sum(n for (g, s), n in table.items() if g == s)
        assert metrics.accuracy(said, gold) == pytest.approx(right / len(gold))
        recalls = [table[g, g] / gold.count(g) for g in set(gold)]
        assert metrics.balanced_accuracy(said, gold) == pytest.approx(np.mean(recalls))


def test_f1_with_what_cannot_be_read_is_t5s():
    for said, gold in classes_of(2, (0, 1)):
        opposite = [1 - g if s not in (0, 1) else s for s, g in zip(said, gold, strict=True)]
        expected = score_of_class(opposite, gold, 1)
        assert metrics.f1(said, gold) == pytest.approx(expected)
        groups = tuple(map(str, range(len(gold))))
        assert metrics.multirc_f1a(said, gold, groups) == pytest.approx(expected)


def test_silence_on_a_negative_row_costs():
    assert metrics.f1((1, -1, 0, 0), (1, 0, 0, 1)) == 0.5  # .667 if it cost nothing
    assert metrics.f1((1, -1), (1, 0)) == metrics.f1((1, 1), (1, 0))


def test_f1_of_three_classes_and_of_all_that_come_up():
    for said, gold in classes_of(3, (0, 1, 2)):
        three = [score_of_class(said, gold, label) for label in (0, 1, 2)]
        assert metrics.mean_3class_f1(said, gold) == pytest.approx(np.mean(three))
        named = {*said, *gold} - {-1}  # scikit-learn's, where nothing is unread
        expected = np.mean([score_of_class(said, gold, label) for label in named])
        assert metrics.macro_f1(said, gold) == pytest.approx(expected)


def test_a_group_is_right_if_all_of_it_is():
    for said, gold in classes_of(4, (0, 1)):
        names = [f"q{place // 3}" for place in range(len(gold))]
        rights = [
            all(s == g for s, g, n in zip(said, gold, names, strict=True) if n == name)
            for name in dict.fromkeys(names)
        ]
        assert metrics.multirc_em(said, gold, names) == pytest.approx(np.mean(rights))


# Numbers and whole texts.


def last_number(text):
    """lm-evaluation-harness's flexible filter for GSM8K, with what its comparison lets go."""
    found = re.findall(r"-?[$0-9.,]{2,}|-?[0-9]+", text)
    return re.sub(r"[$,]", "", found[-1]).rstrip(".") if found else ""


def test_numbers_are_read_as_the_flexible_filter_reads_them():
    rng = random.Random(9)
    for _ in range(ROUNDS):
        number = rng.choice((0, 1, 1)) * rng.randint(1, 99_999)
        shown = rng.choice(
            (f"{number}", f"{number:,}", f"${number:,}", f"**{number}**", f"{number}.")
        )
        before = rng.choice(("", "It is ", "3 + 4 makes\n", "so -2 and then "))
        text = before + shown + rng.choice(("", " plums", " plums.", "\n"))
        for reference in (str(number), str(number + 1)):
            expected = last_number(text) == reference
            assert value("number_match", text, (reference,)) == expected, (text, reference)
            assert value("number_match", text, (f"{reference}.00",)) == expected


def test_exact_match_is_equality_but_for_outer_blanks():
    for text, references in rows_of(10):
        expected = any(text.strip() == reference.strip() for reference in references)
        assert value("exact_match", text, references) == expected


def test_edit_similarity_is_levenshteins():
    def distance(one, two):
        row = list(range(len(two) + 1))
        for i, first in enumerate(one, 1):
            previous, row[0] = row[0], i
            for j, second in enumerate(two, 1):
                cost = min(row[j] + 1, row[j - 1] + 1, previous + (first != second))
                previous, row[j] = row[j], cost
        return row[-1]

    for text, references in rows_of(11, longest=3):
        best = 0.0
        for reference in references:
            one, two = text.strip(), reference.strip()
            longer = max(len(one), len(two))
            best = max(best, 1 - distance(one, two) / longer if longer else 1.0)
        assert value("edit_similarity", text, references) == pytest.approx(best)


# ROUGE and BLEU.


@pytest.mark.parametrize("name", ["rouge1", "rouge2", "rougeL", "rougeLsum"])
def test_rouge_of_ascii_text_is_the_librarys(name):
    library = rouge_scorer.RougeScorer([name], use_stemmer=True)
    words = [word for word in WORDS if word.isascii()]
    for text, references in rows_of(12, words):
        text = text.replace(" ow", "\now")
        expected = max(library.score(reference, text)[name].fmeasure for reference in references)
        is_wordless = text.strip() and not re.search("[a-z0-9]", text.lower())
        if is_wordless and text.strip() in [one.strip() for one in references]:
            expected = 1.0  # without a word it is said or it is not
        assert value(name, text, references) == pytest.approx(expected)


@pytest.mark.parametrize(("name", "n"), [("rouge1", 1), ("rouge2", 2)])
def test_rouge_of_other_scripts_counts_their_words(name, n):
    def grams(text):
        words = re.findall(r"\w+", text.lower())
        return collections.Counter(zip(*(words[i:] for i in range(n)), strict=False))

    for text, references in rows_of(13, CYRILLIC):
        best = 0.0
        for reference in references:
            said, gold = grams(text), grams(reference)
            common = (said & gold).total()
            best = max(best, 2 * common / (said.total() + gold.total()) if common else 0.0)
        assert value(name, text, references) == pytest.approx(best)


CHINESE = str.split("今天 下大雨了 ， 街上 没有人 。 我们 明天 去山上 看日出 他 把书 放在 桌子")
JAPANESE = str.split("今日は 大雨が 降りました 。 明日は 山で 日の出を 見ます 彼は 本を")
THAI = str.split("วันนี้ ฝนตก หนัก ไม่มี คน บน ถนน พรุ่งนี้ เรา จะ ไป")


def sentence(rng, words, joint):
    return joint.join(rng.choices(words, k=rng.randint(1, 7)))


@pytest.mark.parametrize(
    ("words", "tokenizer", "joint"),
    [
        (WORDS, "13a", " "),
        (CYRILLIC, "13a", " "),
        (str.split("비가 온다 거리에 사람이 없다 우리는"), "13a", " "),
        (CHINESE, "zh", ""),
        (JAPANESE, "char", ""),
        (THAI, "char", ""),
    ],
)
def test_bleu_is_sacrebleus_corpus_bleu(words, tokenizer, joint):
    rng = random.Random(14)
    smoothed = 0
    for _ in range(ROUNDS // 6):
        size = rng.randint(1, 4)
        draw = functools.partial(sentence, rng, words, joint)
        references = [[draw() for _ in range(rng.randint(1, 3))] for _ in range(size)]
        texts = [rng.choice((draw(), row[0])) for row in references]
        streams = list(itertools.zip_longest(*references))
        expected = sacrebleu.corpus_bleu(texts, streams, tokenize=tokenizer)
        found = metrics.known("bleu").value(texts, references)
        assert found == pytest.approx(expected.score / 100, abs=1e-9)
        smoothed += found > 0 and 0 in expected.counts
    assert smoothed > 3  # the smoothing had something to do


# Correlations.


def test_correlations_are_those_of_the_formulas():
    def formula(one, two):
        one, two = one - one.mean(), two - two.mean()
        return (one * two).sum() / math.sqrt((one**2).sum() * (two**2).sum())

    def ranks(values):
        return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])

    rng = np.random.default_rng(15)
    for _ in range(ROUNDS):
        one = rng.integers(0, 6, size=rng.integers(2, 9)).astype(float)
        two = rng.normal(size=len(one)).round(1)
        if len(set(one)) < 2 or len(set(two)) < 2:  # no correlation: scipy says NaN, we say 0
            assert metrics.pearson(one, two) == metrics.spearman(one, two) == 0.0
            continue
        assert metrics.pearson(one, two) == pytest.approx(formula(one, two), abs=1e-9)
        expected = formula(ranks(one), ranks(two))
        assert metrics.spearman(one, two) == pytest.approx(expected, abs=1e-9)


def test_no_metric_is_without_its_second_implementation():
    compared = (
        "accuracy balanced_accuracy f1 mean_3class_f1 macro_f1 multirc_f1a multirc_em squad_em "
        "squad_f1 trivia_qa_em trivia_qa_f1 nq_em nq_f1 quac_f1 drop_em drop_f1 number_match "
        "exact_match niv2_em pass_at_1 edit_similarity rouge1 rouge2 rougeL rougeLsum bleu "
        "pearson spearman"
    )
    assert set(metrics.METRICS) == set(compared.split())
