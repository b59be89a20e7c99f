"""Statements that the corpus compares stand to each other as it says: told by other rules here."""

import random
import re

import pytest

from flanlike.microworld import corpus_compare, corpus_pairs, corpus_retold
from flanlike.microworld import ontology as world

MEANINGS = {
    word: (number, end)
    for number, scale in enumerate(world.SCALES)
    for end, words in ((1, scale.low), (-1, scale.high))
    for word in words
}
SAME = {verb.synonym_past: verb.past for verb in world.VERBS}
SAME |= {pair[1]: pair[0] for scale in world.SCALES for pair in (scale.low, scale.high)}
CLAUSE = re.compile(
    r"(?P<subject>.+?) (is|was|looks|has become|has always been|stays) "
    r"(?P<no>not |by no means |anything but |never )?(?P<word>\w+)"
)


def _told(text):
    """Returns (subject, scale, end that it is on) for each clause."""
    found = []
    for clause in re.split(r" , and | , | ; ", text):
        parts = CLAUSE.fullmatch(clause)
        scale, end = MEANINGS[parts["word"]]
        found.append((parts["subject"], scale, -end if parts["no"] else end))
    return found


@pytest.mark.parametrize("draw", [corpus_pairs.quality, corpus_pairs.denial, corpus_pairs.several])
def test_synonyms_follow_antonyms_are_denied_and_the_rest_is_open(draw):
    seen = set()
    for seed in range(300):
        fact, claim, relation = draw(random.Random(seed))
        ((subject, scale, end),) = _told(claim)
        known = {told[:2]: told[2] for told in _told(fact)}
        if (subject, scale) not in known:
            expected = corpus_pairs.OPEN
        elif known[subject, scale] == end:
            expected = corpus_pairs.FOLLOWS
        else:
            expected = corpus_pairs.DENIED
        assert relation == expected, (fact, claim)
        seen.add(relation)
    assert seen == {0, 1, 2}


def test_a_bird_is_no_sparrow_for_certain_and_no_bird_is_no_sparrow():
    parents = {kind.name: kind.category for kind in world.KINDS}
    named = {*parents, *world.CATEGORIES}
    for seed in range(300):
        fact, claim, relation = corpus_pairs.family(random.Random(seed))
        (one, no_one), (other, no_other) = (
            (next(word for word in text.split() if word in named), "not" in text)
            for text in (fact, claim)  # "nothing that is a ...", "there is not a ..."
        )
        goes_up = parents.get(one) == other
        goes_down = parents.get(other) == one
        expected = corpus_pairs.OPEN
        if (goes_up and not no_one) or (goes_down and no_one):
            expected = corpus_pairs.FOLLOWS if no_one == no_other else corpus_pairs.DENIED
        assert relation == expected, (fact, claim)


def _content(text):
    words = [SAME.get(word, word) for word in re.findall(r"\w+", text)]
    names = {person.name for person in world.PEOPLE} | {kind.name for kind in world.KINDS}
    known = names | set(MEANINGS) | {verb.past for verb in world.VERBS} | set(world.PLACES)
    return sorted(set(words) & known)


@pytest.mark.parametrize("draw", [corpus_retold.retold, corpus_retold.alike])
def test_what_is_told_anew_is_the_same_if_its_words_are(draw):
    answers = []
    for seed in range(300):
        one, other, is_same = draw(random.Random(seed))
        if any(gave in one + other for pair in world.GIVING for gave in pair):
            continue  # who gives and who gets: told by order
        assert (_content(one) == _content(other)) == is_same, (one, other)
        answers.append(is_same)
    assert 0.4 < sum(answers) / len(answers) < 0.6


def test_crossed_pairs_have_the_same_words_whatever_the_answer():
    answers = []
    for seed in range(200):
        one, other, is_same = corpus_retold.crossed(random.Random(seed))
        assert _content(one) == _content(other)
        answers.append(is_same)
    assert 0.4 < sum(answers) / len(answers) < 0.6


def test_what_is_wrongly_said_denies_only_what_says_as_much():
    wrong = ("is in error to say", "was fooled to believe", "it is a lie of", "though it is not so")
    for draw, is_equal in ((corpus_pairs.quality, True), (corpus_pairs.sort, False)):
        texts = [corpus_compare._claimed(random.Random(seed), draw) for seed in range(400)]
        assert any(phrase in text for text in texts for phrase in wrong) == is_equal
    told = corpus_pairs.reported(random.Random(0), ("x", "y", 0), are_equal=False)
    assert told[2] in (corpus_pairs.FOLLOWS, corpus_pairs.OPEN)


def test_one_document_has_one_answer_of_the_sorts_it_names():
    for seed in range(300):
        for teller in (corpus_compare.following, corpus_compare.meaning, corpus_compare.answering):
            text, _, answer = teller(random.Random(seed)).partition("|")
            answer = answer.strip().removesuffix(" .")
            listed = re.findall(r"^[-*+] (.+)$", text, re.MULTILINE)
            assert answer and (not listed or answer in listed)
