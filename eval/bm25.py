"""How alike texts are in their words: BM25, with no model and no library.

A word that both texts have counts by how rare it is in the collection, and by how often the found
text has it, with less for each further time and less in a long text:

    idf(w) = ln(1 + (N - n_w + .5) / (n_w + .5))
    score  = sum over the words w of the query of
             idf(w) f_w (k1 + 1) / (f_w + k1 (1 - b + b L / mean L))

with N texts, of which n_w have w, f_w times w in a text of L words (Robertson and Zaragoza 2009,
"The Probabilistic Relevance Framework: BM25 and Beyond", section 3; idf never below 0).
"""

import collections
import math
import re
from collections.abc import Sequence

import numpy as np

K1, B = 1.2, 0.75

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Returns what of a text is compared: "Ada's 2 cats!" is ["ada", "s", "2", "cats"]."""
    return _WORD.findall(text.casefold())


class Index:
    """A collection of texts to be searched."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = len(texts)
        lengths = np.zeros(len(texts))
        found: dict[str, list[tuple[int, int]]] = collections.defaultdict(list)
        for place, text in enumerate(texts):
            its_words = words(text)
            lengths[place] = len(its_words)
            for word, times in collections.Counter(its_words).items():
                found[word].append((place, times))
        self._mean_length = float(lengths.mean()) if len(texts) else 0.0
        self._norms = self._norm(lengths)
        self._found = {word: np.asarray(pairs, np.int64).T for word, pairs in found.items()}

    def scores(self, query: str) -> np.ndarray:
        """Returns the score of every text of the collection, in its order: float (texts,)."""
        scores = np.zeros(self._texts)
        for word, wanted in collections.Counter(words(query)).items():
            if word in self._found:
                places, times = self._found[word]
                gain = times * (K1 + 1) / (times + self._norms[places])
                scores[places] += wanted * self._idf(word) * gain
        return scores

    def score(self, query: str, text: str) -> float:
        """Returns the score of one text, which need not be of the collection."""
        its_words = words(text)
        times, norm = collections.Counter(its_words), self._norm(len(its_words))
        return sum(
            wanted * self._idf(word) * times[word] * (K1 + 1) / (times[word] + norm)
            for word, wanted in collections.Counter(words(query)).items()
            if word in times
        )

    def _norm(self, length):
        return K1 * (1 - B + B * length / (self._mean_length or 1.0))

    def _idf(self, word: str) -> float:
        having = self._found[word].shape[1] if word in self._found else 0
        return math.log(1 + (self._texts - having + 0.5) / (having + 0.5))
