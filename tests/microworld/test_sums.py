"""Tests for the equations and word sums of flanlike/microworld/sums.py."""

import re

from microworld_toys import rows


def test_equations_are_solved_by_their_answers():
    for record in rows("math_dataset"):
        equation, unknown = re.fullmatch(r"Solve (.+) for (\w)\.", record["question"]).groups()
        left, right = equation.replace(unknown, record["references"][0]).split(" = ")
        assert _value_of(left) == _value_of(right)


def test_word_sums_are_right():
    for record in rows("aqua_rat"):
        answer = int(record["options"][record["label"]])
        numbers = [int(number) for number in re.findall(r"\d+", record["question"])]
        results = {numbers[0] * 2} if len(numbers) == 1 else {sum(numbers), numbers[0] - numbers[1]}
        assert answer in results
    for name in ("mawps", "asdiv"):
        for record in rows(name):
            one, two = (int(number) for number in re.findall(r"\d+", record["question"]))
            answer = int(record["references"][0])
            assert answer in {one + two, abs(one - two), one * two, one / two} and answer <= 20


def _value_of(side: str) -> int:
    for sign, apply in (("*", int.__mul__), (" + ", int.__add__), (" - ", int.__sub__)):
        if sign in side:
            return apply(*map(int, side.split(sign)))
    return int(side)
