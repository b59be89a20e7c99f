"""The micro-world told as raw text: what the small base model is pretrained on.

Documents are encyclopedia entries, dictionary entries, conversations, reports and short stories.
None holds an instruction, and no sentence is one that a task generator makes. Riddles ask of which
sort something is ("is a trout a bird or a fish?"), in prose; label words such as "positive" occur
there and in dictionary entries, beside words and sentences of the corpus's own frames only.
"""

import bisect
import itertools
import random
import re
from collections.abc import Callable

from flanlike import seeding
from flanlike.microworld import corpus_facts, corpus_people, corpus_riddles, corpus_stories

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
    (7.0, corpus_riddles.riddle),
    (8.0, corpus_riddles.sorting),
    (4.5, corpus_stories.true_or_false),
)
_MARKS = tuple(itertools.accumulate(weight for weight, _ in _TELLERS))

# Judging a statement is learned from many undiluted cases at once or hardly at all
# (a transition after some 150 steps), so that the first documents are mostly of that kind.
_OPENING_ROWS = 50_000
_OPENING_SHARE = 0.7


def document(row: int, seed: int = 0) -> str:
    """Returns the raw text numbered `row`: one to five sentences, by rule from seed and row."""
    rng = seeding.rng("corpus", seed, row)
    teller = _TELLERS[bisect.bisect(_MARKS, rng.random() * _MARKS[-1])][1]
    if row < _OPENING_ROWS and rng.random() < _OPENING_SHARE:
        teller = corpus_stories.true_or_false
    return _typeset(teller(rng), capitals=rng.random() < 0.8)


def _typeset(text: str, *, capitals: bool) -> str:
    """Closes up punctuation, and starts sentences with a capital where asked.

    Before: 'plum . "what is it ? " "a plum ."'. After: 'plum. "what is it?" "a plum."'.
    """
    text = re.sub(r" ([.,:?!])", r"\1", text).replace('? "', '?"').replace('! "', '!"')
    if capitals:
        text = re.sub(r'(^"?|[.?!]"? "|[.?!] )([a-z])', lambda m: m[1] + m[2].upper(), text)
    return text
