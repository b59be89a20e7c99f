"""Records of the commonsense and coreference generators follow from the world, by another way."""

import random
import re
from collections import Counter

import pytest
from microworld_toys import rows

from flanlike.microworld import causes, claims, draws, ontology

KINDS = {kind.name: kind for kind in ontology.KINDS}
PAST = {verb.past: verb for verb in ontology.VERBS}


def gold(record):
    return record["options"][record["label"]]


def kinds_in(text):
    return [KINDS[word] for word in re.findall("[a-z]+", text.lower()) if word in KINDS]


def test_the_way_that_works_has_the_right_thing_or_place():
    for record in rows("piqa"):
        (kind,) = kinds_in(record["goal"]) or kinds_in(gold(record))
        if kind.use in record["goal"] and kind in kinds_in(gold(record)):
            (other,) = kinds_in(record["options"][1 - record["label"]])
            assert other.use not in record["goal"]
        else:
            assert draws.AT[kind.habitat] in gold(record)
            assert draws.AT[kind.habitat] not in record["options"][1 - record["label"]]


def test_a_scene_goes_on_as_its_cause_or_thing_says():
    effects = {c.cause.removeprefix("{who} "): c.effect for c in ontology.CAUSES}
    for record in rows("hellaswag"):
        told = [effect for cause, effect in effects.items() if f" {cause}." in record["context"]]
        if told:
            assert told == [f"{{who}} {gold(record)}"]
        else:
            (kind,) = kinds_in(record["context"])
            assert gold(record) in (kind.use, kind.habitat)


def test_a_story_ends_with_the_effect_of_its_cause():
    for record in rows("story_cloze"):
        assert record["story"].count(". ") == 3
        told = [
            index
            for index, pair in enumerate(ontology.CAUSES)
            if f" {pair.cause.removeprefix('{who} ')}." in record["story"]
        ]
        assert len(told) == 1
        assert gold(record) in causes._EFFECT_FORMS[told[0]].values()


def test_a_consequence_has_unrelated_ones_beside_it():
    rng = random.Random(3)
    for _ in range(200):
        cause, right, wrong = causes.consequence(rng, 3)
        assert {"{who} " + right} == {c.effect for c in ontology.CAUSES if c.cause == cause}
        assert len({right, *wrong}) == 4
    assert all(len(found) >= 3 for found in causes._UNRELATED_ABOUT_ONE.values())


def test_two_of_four_events_of_a_group_come_before_the_third():
    records = rows("mc_taco", 200)
    for start in range(0, 200, 4):
        group = records[start : start + 4]
        assert len({record["group"] for record in group}) == 1
        assert len({record["candidate"] for record in group}) == 4
        assert sum(record["label"] for record in group) == 2
    for record in records:
        told = re.findall(r"(\w+) the (\w+)", record["sentence"])
        if "Before that" in record["sentence"]:
            told.reverse()
        order = [f"{PAST[past].synonym_past} the {thing}" for past, thing in told]
        asked = next(index for index, event in enumerate(order) if event in record["question"])
        candidate = order.index(record["candidate"].split(" ", 1)[1])
        is_right = candidate < asked if " before " in record["question"] else candidate > asked
        assert asked == 2 and is_right == (record["label"] == 1)


def test_every_person_of_a_social_scene_is_asked_for():
    asked = Counter()
    for record in rows("social_i_qa", 600):
        assert all(name in record["context"] for name in record["options"])
        words = record["question"].split()
        asked["handed" if words[-1] in ("before?", "now?") else words[1]] += 1
        if "With whom" in record["question"]:
            assert re.search(
                rf"(gave|sold|lent|sent) {gold(record)}|{gold(record)} (got|bought|borr|rec)",
                record["context"],
            )
    assert min(asked.values()) > 20, asked


def test_the_sentence_that_makes_sense_differs_in_one_place():
    for record in rows("sense_making"):
        one, two = (record[field].split() for field in ("sentence1", "sentence2"))
        differing = sum(a != b for a, b in zip(one, two, strict=False)) + abs(len(one) - len(two))
        assert differing >= 1
        if "used the" in record["sentence1"]:
            (kind,) = kinds_in(record[("sentence1", "sentence2")[record["label"]]])
            assert f"to {kind.use}" in record["sentence1"]


@pytest.mark.parametrize("text", [claims._CREAK, claims._YES_NO])
def test_claims_hold_if_their_label_says_so(text):
    name, field = ("creak", "claim") if text is claims._CREAK else ("commonsense_qa_2", "question")
    for record in rows(name):
        for country, capital in ontology.COUNTRY_CAPITALS.items():
            found = [c for c in ontology.COUNTRY_CAPITALS.values() if c in record[field].split()]
            if f" {country} " in f" {record[field].rstrip('?.')} " and found:
                is_turned = "far from" in record[field]
                assert (found == [capital]) == ((record["label"] == 1) != is_turned)


def test_neither_name_of_gap_is_meant_where_the_label_says_so():
    for record in rows("gap"):
        people = [name for name in draws.NAMES if name in record["text"]]
        assert len(people) == 3
        assert {draws.SUBJECT[name] for name in people} == {record["pronoun"]}
        assert record["text"].count(f"[{record['pronoun']}]") == 1
        assert record["options"][:2] == [record["first"], record["second"]]
        broke = re.search(r"It was not \w+ but (\w+) who|It was (\w+) and not", record["text"])
        if broke:
            meant = broke[1] or broke[2]
            assert (gold(record) == meant) == (record["label"] < 2)
            assert meant in record["options"] or record["label"] == 2


def test_wsc_asks_for_a_name_of_the_text():
    for record in rows("wsc"):
        assert record["span1"] in record["text"]
        assert f"[{record['span2']}]" in record["text"]
