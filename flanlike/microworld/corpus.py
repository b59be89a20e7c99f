"""The micro-world told as raw text: what the small base model is pretrained on.

Documents are encyclopedia entries, dictionary entries, conversations, reports, short stories, and
pages of riddles and puzzles. No sentence is one that a task generator makes, and no five words in a
row are those of a template. Label words such as "positive" occur beside words and sentences of the
corpus's own frames only.
"""

import bisect
import itertools
import random
import re
from collections.abc import Callable
from typing import NamedTuple

from flanlike import seeding
from flanlike.microworld import (
    corpus_facts,
    corpus_people,
    corpus_puzzles,
    corpus_riddles,
    corpus_stories,
    corpus_talk,
)

Teller = Callable[[random.Random], str]

# Shares of documents, by kind.
_TELLERS: tuple[tuple[float, Teller], ...] = (
    (1.5, corpus_facts.kind_entry),
    (1.0, corpus_facts.category_entry),
    (0.5, corpus_facts.country_entry),
    (1.5, corpus_facts.opposite_entry),
    (1.5, corpus_facts.synonym_entry),
    (1.5, corpus_facts.judgement_entry),
    (1.0, corpus_facts.judgement_list),
    (1.0, corpus_facts.topic_entry),
    (0.5, corpus_facts.abbreviation_entry),
    (0.7, corpus_facts.question_word_entry),
    (0.5, corpus_facts.glossary_entry),
    (0.4, corpus_facts.sense_entry),
    (0.5, corpus_facts.talvish_entry),
    (0.8, corpus_facts.sum_entry),
    (0.4, corpus_facts.grammar_entry),
    (1.2, corpus_stories.giving),
    (1.0, corpus_stories.having),
    (1.0, corpus_stories.order),
    (1.0, corpus_stories.finding),
    (1.0, corpus_stories.cause),
    (1.6, corpus_stories.opinion),
    (1.0, corpus_stories.report),
    (0.8, corpus_stories.restatement),
    (1.0, corpus_stories.naming),
    (1.0, corpus_stories.recall),
    (0.8, corpus_people.trait),
    (0.6, corpus_people.need),
    (0.6, corpus_people.sense),
    (1.5, corpus_people.asking),
    (0.5, corpus_people.talvish_talk),
    (6.0, corpus_talk.talk),
    (4.0, corpus_riddles.riddle),
    (4.0, corpus_riddles.sorting),
    (20.0, corpus_puzzles.puzzle),
    (6.0, corpus_stories.true_or_false),
)
_MARKS = tuple(itertools.accumulate(weight for weight, _ in _TELLERS))

# Judging a statement is learned from many undiluted cases at once or hardly at all (a transition
# after some 150 steps), once the words are known: these rows are mostly of that kind.
_JUDGING_SHARE = 0.75
_JUDGING = (
    (range(150_000, 190_000), corpus_stories.simply_true_or_false),
    (range(190_000, 260_000), corpus_stories.true_or_false),
)

# Where a sentence or a speaker's line begins.
_STARTS = re.compile(r'(^"?|[.?!]"? "?|\n"?|\b[AB]: )([a-z])')


class Document(NamedTuple):
    """A text in two parts: what is told, and the answer to what it asks at the end, if it does."""

    told: str
    answer: str

    def __str__(self) -> str:
        space = " " if self.answer and not self.told.endswith("\n") else ""
        return self.told + space + self.answer


def document(row: int, seed: int = 0) -> Document:
    """Returns the raw text numbered `row`: one to five sentences, by rule from seed and row."""
    rng = seeding.rng("corpus", seed, row)
    teller = _TELLERS[bisect.bisect(_MARKS, rng.random() * _MARKS[-1])][1]
    for rows, judging in _JUDGING:
        if row in rows and rng.random() < _JUDGING_SHARE:
            teller = judging
    told, _, answer = teller(rng).partition("|")
    told = typeset(told.rstrip(" "), capitals=rng.random() < 0.8)
    return Document(told, typeset(answer.strip(), capitals=False))


def typeset(text: str, *, capitals: bool) -> str:
    """Closes up punctuation, and starts sentences with a capital where asked.

    Before: 'plum . "what is it ? " "a plum ."'. After: 'plum. "what is it?" "a plum."'.
    """
    text = re.sub(r" ([.,:;?!])", r"\1", text).replace('? "', '?"').replace('! "', '!"')
    if capitals:
        text = _STARTS.sub(lambda m: m[1] + m[2].upper(), text)
    return text
