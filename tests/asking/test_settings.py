"""How questions are answered: flags and commands, each number within its bounds."""

import pytest

from flanlike import errors
from flanlike.asking import settings
from flanlike.models import sampling


def _of(*arguments):
    parser = errors.Parser()
    settings.add_flags(parser)
    return settings.of_flags(parser.parse_args(arguments))


def test_flags_and_commands_set_the_same():
    flags = ("--temperature", "0.7", "--top-k", "40", "--top-p", "0.9", "--stop", "\nQ:", "END")
    by_flags = _of(*flags, "--repetition-penalty", "1.2", "--seed", "5", "--shots", "2")
    said = settings.Settings()
    for name, value in {
        "temperature": "0.7",
        "top_k": "40",
        "top_p": "0.9",
        "stop": "\\nQ:|END",
        "repetition_penalty": "1.2",
        "seed": "5",
        "shots": "2",
    }.items():
        said = said.changed(name, value)
    assert by_flags == said
    assert said.decoding == sampling.Decoding(
        temperature=0.7, top_k=40, top_p=0.9, repetition_penalty=1.2
    )
    assert said.changed("stop", "off").stop == ()
    assert _of() == settings.Settings() and _of().decoding == sampling.GREEDY


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--temperature", "1e9"], "--temperature is 1000000000.0: it must be 0.01 or more, or 0"),
        (["--top-p", "0"], "--top-p is 0.0: it must be more than 0 and at most 1"),
        (["--repetition-penalty", "0"], "--repetition-penalty is 0.0: it must be 0.1 or more"),
        (["--max-new-tokens", "0"], "--max-new-tokens is 0: it must be 1 or more"),
        (["--max-input-tokens", "9999999"], "--max-input-tokens is 9999999: it must be 2 or more"),
        (["--seed", "-1"], "--seed is -1: it must be 0 or more"),
        (["--shots", "65"], "--shots is 65: it must be 0 or more and at most 64"),
        (["--stop", ""], "--stop is ('',): it must be texts that are not empty"),
        (["--top-k", "5"], "--top-k says which tokens are drawn, and without --temperature"),
        (["--top-k", "x"], "invalid int value: 'x'"),
    ],
)
def test_flags_that_make_no_sense_are_refused(arguments, said):
    with pytest.raises(errors.UserError) as error:
        _of(*arguments)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("temperature", "hot", "/temperature 'hot': expected a number"),
        ("top_k", "1.5", "/top-k '1.5': expected a whole number"),
        ("temperature", "nan", "--temperature is nan: it must be 0.01 or more"),
        ("max_new_tokens", "999999999", "--max-new-tokens is 999999999"),
    ],
)
def test_commands_that_make_no_sense_are_refused(name, value, said):
    with pytest.raises(errors.UserError) as error:
        settings.Settings().changed(name, value)
    assert said in str(error.value)


def test_what_is_not_heeded_while_nothing_is_drawn_is_known():
    cold = settings.Settings(top_k=5)
    assert cold.unheeded == ("--top-k",) and cold.decoding == sampling.GREEDY
    assert cold.changed("temperature", "0.5").unheeded == ()


def test_options_are_two_or_more_and_different():
    assert settings.options_of(" yes|no ", where="/options") == ("yes", "no")
    for said in ("yes", "yes | yes", "yes | ", "|".join(map(str, range(257)))):
        with pytest.raises(errors.UserError, match="/options .*expected 2 to 256 texts"):
            settings.options_of(said, where="/options")
    with pytest.raises(errors.UserError, match="expected 2 to 256 texts"):
        settings.checked_options(["yes", 5], where="line 3")
