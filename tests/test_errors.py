"""A mistake of the user: one line on stderr, status 2."""

import errno

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


def ending(error: BaseException, capsys) -> tuple[int, str]:
    """Returns the status and the words with which a command ends that raises it."""

    @errors.exits_with_one_line
    def main():
        raise error

    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    "error, expected",
    [
        (PermissionError(errno.EACCES, "Permission denied", "/a"), "'/a': Permission denied: mend"),
        (OSError(errno.EROFS, "Read-only file system", "/a"), "'/a': Read-only file system: give"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "/a"), "'/a': Is a directory: a file"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/a"), "'/a': No such file: it was"),
        (OSError(errno.ENOSPC, "No space left on device", "/a"), "no space left on the disk"),
        (ValueError("RESOURCE_EXHAUSTED: No space left on device"), "no space left on the disk"),
    ],
)
def test_what_the_file_system_refuses_is_one_line(error, expected, capsys):
    status, said = ending(error, capsys)
    assert status == 2 and said.startswith(f"error: {expected}") and said.count("\n") == 1
    wrapped = RuntimeError("saving failed")
    wrapped.__cause__ = error
    assert ending(wrapped, capsys) == (status, said)


def test_other_errors_are_not_hidden():
    @errors.exits_with_one_line
    def main():
        try:
            raise FileNotFoundError(errno.ENOENT, "No such file", "/a")
        except FileNotFoundError:
            raise ZeroDivisionError("ours")  # noqa: B904

    with pytest.raises(ZeroDivisionError):
        main()
    assert errors.of_files(TimeoutError("of a network")) is None


def test_an_interruption_ends_without_a_traceback(capsys):
    assert ending(KeyboardInterrupt(), capsys) == (130, "")
