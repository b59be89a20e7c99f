"""A mistake of the user: one line on stderr, status 2."""

import pytest

from flanlike import errors


def test_a_message_of_several_lines_is_printed_as_one(capsys):
    @errors.exits_with_one_line
    def main():
        raise errors.UserError("no rows:\na library\nsaid so")

    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: no rows: a library said so\n"


def test_near_names_come_first():
    assert str(errors.did_you_mean("task", "rtee", ["snli", "rte"])) == (
        "unknown task 'rtee': did you mean 'rte'? known: rte, snli"
    )
