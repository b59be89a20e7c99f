"""The reasons are true of the world, and the answers follow from them."""

import re

import pytest
from microworld_toys import rows

from flanlike.microworld import draws, instructions, ontology

KIND_OF = {draws.A[kind.name]: kind for kind in ontology.KINDS}
CAPITAL = {capital: land for land, capital in ontology.COUNTRY_CAPITALS.items()}
RIVER = {river: land for land, river in ontology.COUNTRY_RIVERS.items()}


def is_true(fact):
    """Says if a sentence about one thing, one country or one sum is true."""
    fact = fact[0].lower() + fact[1:]
    if found := re.fullmatch(r"(.+) is found (.+)", fact):
        return draws.AT[KIND_OF[found[1]].habitat] == found[2]
    if found := re.fullmatch(r"(?:people use )?(.+?)(?: is used)? to (.+)", fact):
        return KIND_OF[found[1]].use == found[2]
    if found := re.fullmatch(r"(.+) (?:has|comes with) (\w+)", fact):
        return KIND_OF[found[1]].part == found[2]
    if found := re.fullmatch(r"(.+) is a kind of (\w+)", fact):
        return KIND_OF[found[1]].category == found[2]
    if found := re.fullmatch(r"(.+) belongs (.+)", fact):
        return draws.AT[KIND_OF[found[1]].habitat] == found[2]
    if found := re.fullmatch(r"(\d+) ([+-]) (\d+) = (\d+)", fact):
        one, two, total = (int(found[group]) for group in (1, 3, 4))
        return (one + two if found[2] == "+" else one - two) == total
    raise AssertionError(fact)


def facts_of(record):
    return record["rationale"].removesuffix(".").split(". ")


def test_a_claim_is_true_if_it_says_of_a_thing_what_its_fact_says():
    for record in rows("cot_creak"):
        assert all(map(is_true, facts_of(record))), record
        assert len(facts_of(record)) == (1 if record["label"] else 2)
        own = facts_of(record)[0].split()[-1]
        claimed = re.findall(r"\w+", record["claim"])
        assert (own in claimed) == bool(record["label"]), record


def test_two_facts_come_to_the_answer():
    for record in rows("cot_qasc"):
        first, second, last = facts_of(record)
        right = record["options"][record["label"]]
        assert right in last.split() and len(record["options"]) == 8
        if "capital" in record["rationale"]:
            lands = {CAPITAL.get(word) or RIVER.get(word) for word in re.findall(r"\w+", last)}
            assert len(lands - {None}) == 1
        else:
            assert is_true(first) and is_true(second)
            assert right in second.split()


SCALE = {
    word: (number, end)
    for number, scale in enumerate(ontology.SCALES)
    for end, words in enumerate((scale.low, scale.high))
    for word in words
}


def test_what_two_words_mean_decides_inference():
    for record in rows("cot_esnli"):
        words = [
            [word for word in re.findall(r"\w+", text) if word in SCALE]
            for text in (record["premise"], record["hypothesis"])
        ]
        (first,), (second,) = words
        assert first != second and first in record["rationale"].lower()
        scales = SCALE[first], SCALE[second]
        related = 1 if scales[0][0] != scales[1][0] else 0 if scales[0] == scales[1] else 2
        assert related == record["label"]


def test_the_sentence_that_makes_no_sense_is_the_one_whose_fact_differs():
    for record in rows("cot_sensemaking"):
        wrong, right = facts_of(record)
        assert is_true(wrong) and is_true(right)
        thing = re.match(r"(.+?) (?:is|has) ", wrong)[1]
        nonsense = record[("sentence1", "sentence2")[record["label"]]]
        assert thing.lower() in nonsense.lower()
        fact = re.search(r" (?:is found|is used to|has) (.+)", right)[1].lower()
        assert all(fact in record[field].lower() for field in ("sentence1", "sentence2"))


def test_sums_come_to_the_right_option():
    for record in rows("cot_aqua"):
        assert all(map(is_true, facts_of(record)))
        right = record["options"][record["label"]]
        assert facts_of(record)[-1].split()[-1] == right
        numbers = sorted(map(int, record["options"]))
        assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_the_sentence_quoted_is_in_the_text_and_has_the_answer():
    for record in rows("cot_qed"):
        quoted, word, meant = re.findall(r'"([^"]+)"', record["rationale"])
        assert quoted in record["passage"] and word in quoted
        assert record["references"][0] in quoted
        assert meant in record["question"]


def test_an_everyday_answer_is_what_its_reason_says():
    for record in rows("cos_e"):
        (fact,) = facts_of(record)
        assert is_true(fact)
        assert record["options"][record["label"]] in fact.lower()


def test_the_same_input_may_ask_for_anything_an_instruction_says():
    answers = {}
    for record in rows("natural_instructions_v2", 2000):
        if "," in record["input"]:
            things = record["input"].split(", ")
            answers[record["instruction"]] = record["references"][0], things
    for wording, expected in {
        "Name the thing that comes first.": lambda things: things[0],
        "Name the thing that comes last.": lambda things: things[-1],
        "Turn the order of the things.": lambda things: ", ".join(things[::-1]),
        "Write all things but the first.": lambda things: ", ".join(things[1:]),
    }.items():
        answer, things = answers[wording]
        assert answer == expected(things)


@pytest.mark.parametrize("name", ["natural_instructions_v2", "t0_sf"])
def test_all_wordings_are_drawn(name):
    seen = " ".join(record["instruction"] for record in rows(name, 3000))
    table = instructions._INSTRUCTIONS if name != "t0_sf" else instructions._PROMPTS
    for row in table:
        wordings = row[0] if name != "t0_sf" else row[1]
        for wording in wordings:
            assert max(re.split(r"\{\w+\}", wording), key=len) in seen
