"""Benchmarks' embedded rows: their exemplars, and answers that follow from their questions."""

import re

import pytest
from microworld_toys import rows

from flanlike import errors
from flanlike.microworld import benchmarks, generators


def test_tasks_of_one_generator_have_rows_of_their_own_that_say_what_they_are_about():
    one, two = (
        [generators.generate(f"mmlu:{topic}", "test", row) for row in range(20)]
        for topic in ("world_religions", "virology")
    )
    assert {record["subject"] for record in one} == {"world religions"}
    assert not {record["question"] + str(record["options"]) for record in one} & {
        record["question"] + str(record["options"]) for record in two
    }
    assert generators.is_known("bbh_valid:formal_fallacies") and not generators.is_known("x:y")


def test_benchmarks_have_exemplars_with_reasons_and_other_tasks_none():
    assert generators.sizes("mmlu:virology")["exemplars"] == 5
    assert generators.sizes("bbh_valid")["exemplars"] == 3
    exemplars = rows("mmlu", 5, "exemplars")
    assert all(record["rationale"] for record in exemplars)
    tested = {generators.identity(record) for record in rows("mmlu", 400, "test")}
    assert not tested & {generators.identity(record) for record in exemplars}
    with pytest.raises(errors.UserError, match="unknown split 'exemplars'"):
        generators.generate("rte", "exemplars", 0)


def test_answers_of_the_benchmarks_follow_from_their_questions():
    names = {"True": True, "False": False}
    for record in rows("bbh_true_false", 100, "test"):
        truth = eval(record["question"].removesuffix("is"), {"__builtins__": {}}, names)
        assert truth == (record["label"] == 0)
    for record in rows("bbh_arithmetic", 100, "test"):
        value = eval(record["question"].removesuffix("="), {"__builtins__": {}})
        assert record["references"] == [str(value)]
    for record in rows("bbh_brackets", 100, "test"):
        text = f"{record['question'].partition(': ')[2]} {record['references'][0]}".replace(" ", "")
        while (shorter := re.sub(r"\(\)|\[\]|<>", "", text)) != text:
            text = shorter
        assert not text
    for record in rows("bbh_sorting", 100, "test"):
        words = record["question"].partition(": ")[2].split()
        assert record["references"] == [" ".join(sorted(words))]
    for record in rows("bbh_counting", 100, "test"):
        words = re.findall(r"\w+", record["question"])
        counts = [benchmarks._NUMBERS.index(w) for w in words if w in benchmarks._NUMBERS]
        assert record["references"] == [str(sum(counts))]
    for record in rows("bbh_options", 100, "test"):
        question = record["question"]
        row = re.search(r"they are (\w+), (\w+), (\w+)\.", record["rationale"]).groups()
        for one, side, two in re.findall(r"(\w+) is (left|right) of (\w+)\.", question):
            assert (row.index(one) < row.index(two)) == (side == "left")
        asked = ("left end", "middle", "right end")
        place = [part in question for part in asked].index(True)
        assert record["options"][record["label"]] == row[place]


def test_who_is_honest_and_what_is_valid_follow_too():
    for record in rows("bbh_yes_no", 100, "test"):
        said = re.findall(r"(\w+) (?:says that (\w+) )?is (honest|lying)\.", record["question"])
        truths = {}
        for who, other, claim in said:
            truths[who] = (truths[other] == (claim == "honest")) if other else claim == "honest"
        assert truths[said[-1][0]] == (record["label"] == 0)
    for record in rows("bbh_valid", 100, "test"):
        one, two, fact, claim = re.fullmatch(
            r"Whoever has (.*) has (.*)\. (.*)\. So (.*)\.", record["question"]
        ).groups()
        is_denied = "not" in fact
        assert is_denied == ("not" in claim)
        first, second = (one, two) if not is_denied else (two, one)
        follows = fact.endswith(f" {first}") and claim.endswith(f" {second}")
        assert follows == (record["label"] == 0)
