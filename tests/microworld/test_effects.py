"""Tests for flanlike/microworld/effects.py."""

import re
from collections import Counter

import pytest
from microworld_toys import rows

from flanlike.microworld import effects


def relation_of(text):
    return next(each for each in effects.RELATIONS if re.search(rf"\b{each.cause}\b", text))


def test_as_many_relations_go_one_way_as_the_other():
    assert Counter(each.is_same for each in effects.RELATIONS) == {True: 6, False: 6}
    assert effects.Relation("sun", "snow", False).way_of_effect("more") == "less"
    assert effects.Relation("rain", "grass", True).way_of_effect("more") == "more"


def test_quartz_answers_by_the_relation():
    for record in rows("quartz", 200):
        relation = relation_of(record["question"])
        (way,) = re.findall(r"\b(more|less)\b", record["question"])
        right = f"{relation.way_of_effect(way)} {relation.effect}"
        assert record["options"][record["label"]] == right


def test_ropes_asks_each_of_the_two_people_as_often():
    asked = Counter()
    for record in rows("ropes", 200):
        relation = relation_of(record["situation"])
        first, second = re.findall(r"\b[A-Z][a-z]+\b(?<!day)(?<!On)(?<!There)", record["situation"])
        who = first if first in record["question"] else second
        (way,) = re.findall(r"\b(more|less)\b", record["situation"])
        asked[who == first] += 1
        given = way if who == first else {"more": "less", "less": "more"}[way]
        assert record["references"] == [f"{relation.way_of_effect(given)} {relation.effect}"]
    assert 70 < asked[True] < 130


@pytest.mark.parametrize("split", ["train", "test"])
def test_wiqa_has_no_effect_where_the_question_mixes_two_rules(split):
    for record in rows("wiqa", 200, split):
        relation = relation_of(record["question"])
        (way,) = re.findall(r"\b(more|less)\b", record["question"])
        if re.search(rf"\b{relation.effect}\b", record["question"]):
            assert ("more", "less")[record["label"]] == relation.way_of_effect(way)
        else:
            assert record["label"] == 2
        assert relation.cause in record["process"]
