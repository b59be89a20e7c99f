"""What numbers may be, said once with their type."""

import dataclasses
import math
from typing import Annotated, get_args

import pytest

from flanlike import bounds, config, errors
from flanlike.bounds import Bounds


@pytest.mark.parametrize(
    "limits, within, without",
    [
        (Bounds(1, 3), [1, 2, 3], [0, 4, -1, math.nan, math.inf, -math.inf, 10**400]),
        (Bounds(0, 1, above=True), [1e-9, 1.0], [0, 1.1]),
        (Bounds(0, 1, below=True), [0, 0.999], [1]),
        (Bounds(1, 3, also=-1), [-1, 1], [0, -2]),
    ],
)
def test_what_is_within(limits, within, without):
    assert all(value in limits for value in within)
    assert not any(value in limits for value in without)


def test_how_they_are_told():
    told = {
        Bounds(1, 3): ("1 or more and at most 3", "1..3"),
        Bounds(0, 10, above=True): ("more than 0 and at most 10", ">0..10"),
        Bounds(0, 1, below=True): ("0 or more and less than 1", "0..<1"),
        Bounds(1, 4, also=-1): ("1 or more, or -1, and at most 4", "1..4|-1"),
        Bounds(0, 8, why="two cores"): ("0 or more and at most 8 (two cores)", "0..8"),
    }
    assert {limits: (str(limits), limits.span) for limits in told} == told


@pytest.mark.parametrize("value", ["3", None, [1]])
def test_what_is_no_number_is_out_of_bounds(value):
    with pytest.raises(errors.UserError, match="--n is .*: it must be 1 or more and at most 9"):
        Bounds(1, 9).expect("--n", value)


def test_a_number_out_of_all_proportion_is_told_shortly():
    with pytest.raises(errors.UserError) as raised:
        Bounds(1, 9).expect("--n", 10**3000)
    assert len(str(raised.value)) < 100 and "(3001 digits)" in str(raised.value)


def test_a_flag_of_argparse_has_them():
    parser = errors.Parser(prog="it")
    parser.add_argument("--n", **bounds.argument(Annotated[int, Bounds(1, 9)] | None))
    assert parser.parse_args(["--n", "9"]).n == 9
    assert "--n 1..9" in parser.format_help()
    for text, expected in (("10", "--n is 10: it must be 1 or"), ("x", "invalid int")):
        with pytest.raises(errors.UserError, match=expected):
            parser.parse_args(["--n", text])


def numbers(section: type, prefix: str = "--") -> list[tuple[str, type, dataclasses.Field]]:
    """Returns all numbers of a section and of those within: flag, section and field."""
    found = []
    for one in dataclasses.fields(section):
        flag = f"{prefix}{one.name}".replace("_", "-")
        if dataclasses.is_dataclass(one.type):
            found += numbers(one.type, flag + ".")
        elif {int, float} & {one.type, *get_args(one.type)} or bounds.of(one.type):
            found.append((flag, section, one))
    return found


NUMBERS = numbers(config.RunConfig)


def test_no_number_of_a_run_is_without_bounds():
    assert len(NUMBERS) > 45
    assert [flag for flag, _, one in NUMBERS if bounds.of(one.type) is None] == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39, 10**13, -(10**13)])
def test_none_is_infinite_or_without_end(value):
    for flag, section, one in NUMBERS:
        with pytest.raises(errors.UserError, match=f"^{flag} is .*: it must be "):
            section(**{one.name: value})
