"""The labels of pairs of texts, and of posts, are right by the world's own words."""

import random
import re

import pytest
from microworld_toys import OPPOSITE, SAME, rows

from flanlike.microworld import draws, feelings, ontology, opinions, paraphrase

KINDS = {kind.name: kind for kind in ontology.KINDS}
SINGULAR = {plural: name for name, plural in draws.PLURAL.items()}
ENTAILMENT, NEUTRAL, CONTRADICTION = range(3)


def relation(fact: str, claim: str, *, is_denied: bool) -> int:
    if claim in SAME[fact]:
        return CONTRADICTION if is_denied else ENTAILMENT
    if claim in OPPOSITE[fact]:
        return ENTAILMENT if is_denied else CONTRADICTION
    return NEUTRAL


@pytest.mark.parametrize(("name", "count"), [("anli_r1", 2), ("anli_r2", 3), ("anli_r3", 4)])
def test_a_claim_among_facts_is_judged_by_the_fact_of_its_own_thing(name, count):
    for record in rows(name, 400):
        text = record["premise"].removesuffix(".").lower()
        facts = dict(part.split(" is ") for part in re.split(", | and ", text))
        assert len(facts) == count
        subject, claim = record["hypothesis"].removesuffix(".").lower().split(" is ")
        word = claim.removeprefix("not ")
        expected = relation(facts[subject], word, is_denied=word != claim)
        assert record["label"] == expected
        if expected == NEUTRAL:  # it is about what the premise tells of something else
            others = [fact for thing, fact in facts.items() if thing != subject]
            assert any(word in SAME[fact] + OPPOSITE[fact] for fact in others)


def test_the_premise_of_mnli_holds_its_statement_whole():
    for name in ("mnli_matched", "mnli_mismatched"):
        judged = 0
        for record in rows(name, 400):
            found = re.search(
                r"(the|what) [^:,]* (is|was) (\w+)(?=[,.])", record["premise"].lower()
            )
            claim = re.fullmatch(r"(.*) (is|was) (\w+)\.", record["hypothesis"].lower())
            if not found or not claim or " and " in found[0] or found[3] not in SAME:
                continue
            if claim[3] in SAME and found[0].removesuffix(found[3]) in claim[0]:
                expected = relation(found[3], claim[3], is_denied=False)
                assert record["label"] == expected, record
                judged += 1
        assert judged > 100


def test_the_premise_of_scitail_tells_the_claim_of_the_thing_it_is_about_or_of_another():
    for record in rows("scitail", 400):
        claimed = _kinds(record["hypothesis"])
        assert len(claimed) == 1  # and the claim is true of it
        (kind,) = claimed
        shared = [kind.habitat, kind.category]
        (attribute,) = [word for word in shared if f" {word}" in record["hypothesis"]]
        clauses = record["premise"].lower().removesuffix(".").split(", and ")
        (telling,) = [text for text in clauses if re.search(rf"\b{attribute}\b", text)]
        assert (kind in _kinds(telling)) == (record["label"] == 0), record
        assert kind in _kinds(record["premise"])


def test_captions_of_sick_are_related_by_quality_and_by_sort():
    for record in rows("sick", 400):
        one, two = record["premise"].lower(), record["hypothesis"].lower()
        is_denied = " not " in two
        if one.split()[-1] in SAME:
            subject = one.rsplit(" ", 1)[0]
            assert two.startswith(subject)
            expected = relation(one.split()[-1], two.split()[-1], is_denied=is_denied)
        else:
            expected = _of_sorts(one, two)
        assert record["label"] == expected, record


def test_similarity_counts_the_details_in_common():
    rng = random.Random(8)
    for label in range(6):
        record = paraphrase.stsb(rng, label)
        one, two = (record[f"sentence{i}"].rstrip(".").split() for i in (1, 2))
        assert record["score"] == float(label)
        assert sum(a != b for a, b in zip(one, two, strict=True)) == 5


def test_repeated_questions_ask_for_the_same_thing_in_every_part():
    verbs = {past: verb for verb in ontology.VERBS for past in (verb.past, verb.synonym_past)}
    forms = {form: number for number, pair in enumerate(paraphrase._ASKS) for form in pair}
    leads = "|".join(paraphrase._LEADS)
    pattern = rf"(?:{leads}) ({'|'.join(forms)}) (\w+) (\w+) the (\w+) (\w+ .*)\?"
    for record in rows("glue_qqp", 400):
        parts = []
        for field in ("question1", "question2"):
            asked, who, past, word, rest = re.fullmatch(
                pattern, record[field], re.IGNORECASE
            ).groups()
            parts.append((forms[asked], who, verbs[past], SAME[word], rest))
        assert (parts[0] == parts[1]) == (record["label"] == 1), record
        assert sum(a != b for a, b in zip(*parts, strict=True)) <= 1


def test_the_sentences_of_paws_have_the_same_words():
    for record in rows("paws_wiki", 400):
        one, two = (record[f"sentence{i}"].lower().removesuffix(".").split() for i in (1, 2))
        assert one != two
        assert sorted(one) == sorted(two)


def test_paraphrases_of_paws_keep_what_belongs_together():
    for record in rows("paws_wiki", 400):
        told = []
        for i in (1, 2):
            pattern = r"(\w+) was ((?:in|at|on) the \w+) and (\w+) was ((?:in|at|on) the \w+)"
            if found := re.search(pattern, record[f"sentence{i}"]):
                told.append({(found[1], found[2]), (found[3], found[4])})
        if told:
            assert (told[0] == told[1]) == (record["label"] == 1), record


def test_posts_and_reviews_praise_or_blame_as_their_label_says():
    denials = ("not", "never", "who said", "who calls")
    for name in ("sentiment140", "yelp_polarity_reviews"):
        for record in rows(name, 400):
            for part in re.split(r"[.!]", record["text"].lower()):
                words = set(re.findall(r"\w+", part))
                for label, found in enumerate(opinions._WORDS):
                    if words & set(found):
                        is_denied = any(re.search(rf"\b{mark}\b", part) for mark in denials)
                        assert record["label"] == (1 - label if is_denied else label), record


def test_irony_is_praise_of_what_is_bad_or_blame_of_what_is_good():
    bad = tuple(re.compile(_shape(text)) for text in feelings._BAD)
    for record in rows("tweet_eval_irony", 400):
        is_bad = any(shape.search(record["text"]) for shape in bad)
        praises = bool(set(re.findall(r"\w+", record["text"])) & set(feelings._PRAISE))
        assert (is_bad == praises) == (record["label"] == 1), record


def test_emotions_are_told_apart_by_what_happened_and_by_whom():
    of_label = {
        feelings.ANGER: feelings._WRONGS,
        feelings.JOY: [past for past, _ in feelings._GOOD],
        feelings.OPTIMISM: [
            hope.format(f=f) for hope in feelings._HOPES for _, f in feelings._GOOD
        ],
        feelings.SADNESS: feelings._BAD,
    }
    shapes = {
        label: [re.compile(_shape(text)) for text in texts] for label, texts in of_label.items()
    }
    for record in rows("tweet_eval_emotion", 400):
        fits = [label for label in shapes if any(s.search(record["text"]) for s in shapes[label])]
        assert fits == [record["label"]], record


def test_rounds_and_genres_have_rows_of_their_own():
    for names in (("anli_r1", "anli_r2", "anli_r3"), ("mnli_matched", "mnli_mismatched")):
        told = [{record["premise"] for record in rows(name, 400)} for name in names]
        assert not set.intersection(*told)


def _kinds(text: str) -> set[ontology.Kind]:
    words = re.findall("[a-z]+", text.lower())
    return {KINDS[SINGULAR.get(w, w)] for w in words if SINGULAR.get(w, w) in KINDS}


def _of_sorts(one: str, two: str) -> int:
    """Returns what "the man is holding an owl" has to do with "the man is not holding a bird"."""
    has_one, has_two = " not " not in one, " not " not in two
    nouns = [text.split()[-1] for text in (one, two)]
    is_named_first = nouns[0] in KINDS
    name, sort = nouns if is_named_first else nouns[::-1]
    if KINDS[name].category != sort or has_one != is_named_first:
        return NEUTRAL
    return ENTAILMENT if has_one == has_two else CONTRADICTION


def _shape(text: str) -> str:
    return re.sub(r"\\\{\w+\\\}", ".+", re.escape(text))
