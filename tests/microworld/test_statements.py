"""What is said of qualities and of giving is related as the world's lists of words say."""

import random
import re

import pytest
from microworld_toys import OPPOSITE, SAME, rows

from flanlike.microworld import draws, ontology, statements


@pytest.mark.parametrize("relation", [statements.ENTAILED, statements.DENIED, statements.OPEN])
def test_qualities_are_related_as_the_scales_say(relation):
    rng = random.Random(3)
    for _ in range(300):
        one, two = (text.split()[-1] for text in statements.quality(rng, relation))
        expected = {
            statements.ENTAILED: two in SAME[one] and two != one,
            statements.DENIED: two in OPPOSITE[one],
            statements.OPEN: two not in SAME[one] + OPPOSITE[one],
        }
        assert expected[relation]


@pytest.mark.parametrize("relation", [statements.ENTAILED, statements.DENIED, statements.OPEN])
def test_one_of_two_is_judged_by_its_own_fact(relation):
    rng = random.Random(4)
    for _ in range(200):
        said, claimed = statements.one_of_two(rng, relation)
        facts_said = dict(part.split(" is ") for part in said.split(" and "))
        subject, word = claimed.split(" is ")
        own = facts_said[subject]
        if relation == statements.ENTAILED:
            assert word in SAME[own]
        elif relation == statements.DENIED:
            assert word in OPPOSITE[own]
        else:
            assert word not in SAME[own] + OPPOSITE[own]


def test_giving_is_entailed_by_its_converse_and_denied_by_swapped_roles():
    rng = random.Random(5)
    for relation in (statements.ENTAILED, statements.DENIED):
        for _ in range(200):
            roles = [_giver_and_taker(text) for text in statements.giving(rng, relation)]
            assert (roles[0] == roles[1]) == (relation == statements.ENTAILED)


def test_giver_and_receiver_are_read_off_the_verb():
    for record in rows("pick_giver", 200):
        text = record["passage"].removesuffix(".")
        text = re.sub(r"^On \w+ ", "", text)
        giver, taker = _giver_and_taker(text)
        assert record["options"][record["label"]] == giver
        assert record["options"][1 - record["label"]] == taker


def _giver_and_taker(text: str) -> tuple[str, str]:
    people = [word for word in re.findall(r"\w+", text) if word in draws.NAMES]
    assert len(people) == 2
    takes = any(f" {got} " in f" {text} " and " from " in text for _, got in ontology.GIVING)
    return (people[1], people[0]) if takes else (people[0], people[1])
