"""Metrics of text: what a model wrote against a row's references, of which the best one counts.

Each is a function of all rows that returns what each row gives, but for BLEU, which is no mean.
Texts that Unicode says are the same, with accents set apart or not, are the same to all of them;
to most published scripts they are not.
"""

import collections
import functools
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from eval import normal_forms, numerals, scripts

QUAC_NO_ANSWER = ("CANNOTANSWER", "unanswerable")  # as the dataset says it, and as our prompts do


def em(
    form: Callable[[str], str], texts: Sequence[str], references: Sequence[Sequence[str]]
) -> list[float]:
    """Returns 1.0 where the text is a reference, both in a dataset's normal form."""
    return _best(lambda a, b: float(form(a) == form(b)), texts, references)


def token_f1(
    form: Callable[[str], str], texts: Sequence[str], references: Sequence[Sequence[str]]
) -> list[float]:
    """Returns the F1 of the words that text and reference share, in a dataset's normal form.

    The words of a script without blanks between them are its characters, where SQuAD's script takes
    a sentence for one word. Where text or reference has no words it is 1.0 if neither has, as in
    SQuAD 2.0's script (that of 1.1 and TriviaQA's give 0.0 to the perfect answer then).
    """
    return _best(functools.partial(_token_f1, form), texts, references)


def quac_f1(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns QuAC's F1: where as many people say that there is no answer as give one, of that.

    Where more give one, only their answers count. Unlike QuAC's script it takes the best of all
    references; the script leaves out each in turn and takes the mean of the bests, as for the
    people whom it compares with a model, by which the answer of one person is not quite right.
    """
    return token_f1(normal_forms.squad, texts, [_quac_references(row) for row in references])


def drop_em(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns 1.0 where the text has the spans of a reference, in any order."""
    return _best(lambda a, b: float(_same_spans(*_drop_spans(a, b))), texts, references)


def drop_f1(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns DROP's F1: spans paired for the best, a pair without a common number being worth 0.

    Spans are what commas part in the reference; DROP's script gets them as lists, and rounds to
    two digits, which we do not.
    """
    return _best(lambda a, b: _aligned_f1(*_drop_spans(a, b)), texts, references)


def number_match(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns 1.0 where the text gives the number of a reference, however both are written.

    "1,200", "$1,200.00" and "It is 1200." are 1200, as lm-evaluation-harness's flexible filter for
    GSM8K reads them (which takes the last number always). A reference that is more than a number
    ("28; 21") is compared whole, with its numbers in one form.
    """
    return _best(_same_number, texts, references)


def exact_match(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns 1.0 where the text is a reference, blanks at both ends aside."""
    return _best(lambda a, b: float(a.strip() == b.strip()), texts, references)


def rouge(name: str, texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns each row's ROUGE F-measure; rougeLsum reads one sentence a line.

    Words are those of `scripts.words`, where rouge_score knows a to z and 0 to 9 alone. On text of
    these its values are the same: it reads them, and stems them by Porter's rules. A reference
    without a word ("\u2605\u2605\u2605") is what is said or it is not: 1 or 0.
    """
    scorer = _rouge_scorer(name)

    def measure(text: str, reference: str) -> float:
        is_said = text.strip() == reference.strip() != ""
        if is_said and not scripts.words(reference):
            return 1.0
        return scorer.score(reference, text)[name].fmeasure

    return _best(measure, texts, references)


def edit_similarity(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns 1 - (Levenshtein distance / length of the longer text), in characters.

    Blanks at both ends aside; case, marks and blanks inside count: ("cat", "Cats") -> 0.5.
    """
    return _best(_edit_similarity, texts, references)


def bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Returns sacreBLEU's corpus BLEU in its default settings, smoothing among them, over 100.

    The tokenizer goes by the script of the references, as `scripts.bleu_tokenizer` says, for
    sacreBLEU's default takes a Chinese sentence for one word. The counts of each sentence are
    kept: a bootstrap asks for many corpora of the same sentences.
    """
    library = _bleu_library(_bleu_tokenizer(references))
    counts = [
        _bleu_counts(library.tokenizer_signature, _composed(text), tuple(map(_composed, row)))
        for text, row in zip(texts, references, strict=True)
    ]
    matches, totals, lengths = (np.sum(column, axis=0) for column in zip(*counts, strict=True))
    found = library.compute_bleu(
        matches.tolist(),
        totals.tolist(),
        int(lengths[0]),
        int(lengths[1]),
        smooth_method=library.smooth_method,
        smooth_value=library.smooth_value,
        effective_order=library.effective_order,
        max_ngram_order=library.max_ngram_order,
    )
    return found.score / 100


def bleu_signature(texts: Sequence[str], references: Sequence[Sequence[str]]) -> str:
    """Returns the part of sacreBLEU's signature that tells what `bleu` is: "tok:zh|smooth:exp"."""
    library = _bleu_library(_bleu_tokenizer(references))
    return f"tok:{library.tokenizer_signature}|smooth:{library.smooth_method}"


def _best(
    score: Callable[[str, str], float], texts: Sequence[str], references: Sequence[Sequence[str]]
) -> list[float]:
    return [
        max((score(_composed(text), _composed(reference)) for reference in row), default=0.0)
        for text, row in zip(texts, references, strict=True)
    ]


def _composed(text: str) -> str:
    """Returns the text with letters and their accents as one: "e\u0301" is "\u00e9"."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _token_f1(form: Callable[[str], str], text: str, reference: str) -> float:
    predicted, gold = _words(form(text)), _words(form(reference))
    if not predicted or not gold:
        return float(predicted == gold)
    hits = (collections.Counter(predicted) & collections.Counter(gold)).total()
    return 2 * hits / (len(predicted) + len(gold))


def _words(text: str) -> list[str]:
    """Returns what blanks part, and of scripts without blanks the characters."""
    parts = text.split()
    if not scripts.is_unspaced(text):
        return parts
    split = (scripts.words(part) if scripts.is_unspaced(part) else [part] for part in parts)
    return [word for each in split for word in each]


def _quac_references(row: Sequence[str]) -> Sequence[str]:
    none = [text for text in row if text in QUAC_NO_ANSWER]
    given = [text for text in row if text not in QUAC_NO_ANSWER]
    return none[:1] if len(none) >= len(given) else given


def _drop_spans(text: str, reference: str) -> tuple[list[frozenset[str]], list[frozenset[str]]]:
    """Returns the words of each span; a text is parted only where the reference is."""
    spans = reference.split(", ")
    parts = text.split(", ") if len(spans) > 1 else [text]
    return tuple(
        [frozenset(normal_forms.drop(part).split()) for part in of] for of in (parts, spans)
    )


def _same_spans(predicted: Sequence[frozenset[str]], gold: Sequence[frozenset[str]]) -> bool:
    return collections.Counter(predicted) == collections.Counter(gold)


def _aligned_f1(predicted: Sequence[frozenset[str]], gold: Sequence[frozenset[str]]) -> float:
    import scipy.optimize

    each = np.array([[_bag_f1(p, g) for p in predicted] for g in gold])
    pairs = scipy.optimize.linear_sum_assignment(each, maximize=True)
    return float(each[pairs].sum() / max(each.shape))


def _bag_f1(predicted: frozenset[str], gold: frozenset[str]) -> float:
    numbers = set(filter(numerals.is_one, gold))
    if numbers and not numbers & predicted:
        return 0.0
    if not predicted or not gold:
        return float(predicted == gold)
    return 2 * len(predicted & gold) / (len(predicted) + len(gold))


def _same_number(text: str, reference: str) -> float:
    wanted = numerals.form(reference)
    if numerals.form(text) == wanted:
        return 1.0
    return float(numerals.is_one(reference) and numerals.said(text) == wanted)


def _edit_similarity(text: str, reference: str) -> float:
    text, reference = text.strip(), reference.strip()
    longer = max(len(text), len(reference))
    return 1.0 - _edit_distance(text, reference) / longer if longer else 1.0


def _edit_distance(one: str, two: str) -> int:
    """Returns the least number of characters to insert, delete or replace."""
    if one == two:
        return 0
    codes = np.array([ord(char) for char in two], np.int64)
    places = np.arange(len(two) + 1)
    distances = places  # from the part of `one` read so far to each beginning of `two`
    for char in one:
        longer = distances + 1
        replaced = distances[:-1] + (codes != ord(char))
        longer[1:] = np.minimum(longer[1:], replaced)
        # Inserting adds one a place: a running minimum of what is left without that.
        distances = np.minimum.accumulate(longer - places) + places
    return int(distances[-1])


@functools.cache
def _rouge_scorer(name: str) -> Any:
    from rouge_score import rouge_scorer, tokenizers

    class Tokenizer(tokenizers.Tokenizer):
        """Splits any script; the words of a to z and 0 to 9 are the library's own."""

        _plain = tokenizers.DefaultTokenizer(use_stemmer=True)

        def tokenize(self, text: str) -> list[str]:
            if text.isascii():
                return self._plain.tokenize(text)
            found = []
            for word in scripts.words(text):
                found += self._plain.tokenize(word) if word.isascii() else [word]
            return found

    return rouge_scorer.RougeScorer([name], tokenizer=Tokenizer())


def _bleu_tokenizer(references: Sequence[Sequence[str]]) -> str:
    return scripts.bleu_tokenizer(text for row in references for text in row)


@functools.cache
def _bleu_library(tokenizer: str) -> Any:
    from sacrebleu.metrics import bleu as library

    return library.BLEU(tokenize=tokenizer)


@functools.lru_cache(maxsize=65536)
def _bleu_counts(
    tokenizer: str, text: str, references: tuple[str, ...]
) -> tuple[list[int], list[int], list[int]]:
    """Returns n-gram matches, n-gram totals, and the lengths of text and nearest reference."""
    import sacrebleu

    found = sacrebleu.sentence_bleu(text, list(references), tokenize=tokenizer)
    return found.counts, found.totals, [found.sys_len, found.ref_len]
