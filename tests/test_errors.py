"""A mistake of the user: one line on stderr, status 2."""

import errno
import io
import pathlib
import shlex
import subprocess
import sys

import pytest

from flanlike import errors

ROOT = pathlib.Path(__file__).resolve().parents[1]


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


def end_of(main, capsys) -> tuple[int, str]:
    """Returns the status with which a command ends, and what it says on stderr."""
    with pytest.raises(SystemExit) as stop:
        errors.exits_with_one_line(main)()
    return stop.value.code, capsys.readouterr().err


def ending(error: BaseException, capsys) -> tuple[int, str]:
    """Returns the status and the words with which a command ends that raises it."""

    def main():
        raise error

    return end_of(main, capsys)


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


def test_an_interruption_is_one_line(capsys):
    def main(*said):
        raise KeyboardInterrupt(*said)

    assert end_of(main, capsys) == (130, "interrupted\n")
    assert end_of(lambda: main("interrupted: go on"), capsys) == (130, "interrupted: go on\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_output_of_any_encoding_takes_any_text(encoding, monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    errors.exits_with_one_line(lambda: print("a\u2588\ud800"))()
    block = "\u2588" if encoding == "utf-8" else "\\u2588"
    assert written.getvalue() == f"a{block}\\ud800\n".encode()


@pytest.mark.parametrize("last", ["", "raise SystemExit(0)"])
def test_a_reader_that_leaves_ends_the_command_without_a_word(last):
    code = (
        "from flanlike import errors\n"
        "@errors.exits_with_one_line\n"
        f"def main():\n    for i in range(20_000): print(i)\n    {last}\n"
        "main()"
    )
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
    line = f"({command}; echo status $? >&2) | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=ROOT, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "status 141\n")


@pytest.mark.parametrize(
    "redirected, expected",
    [
        ("<&- >&-", 0),
        ("<&- >&- 2>&-", 0),
        (">/dev/full", 2),
        ("fail 2>/dev/full", 2),
        ("rich | head -1", 141),
    ],
)
def test_streams_that_are_closed_full_or_left_change_no_status(redirected, expected, tmp_path):
    code = (
        "import sys\n"
        "from rich import console\n"
        "from flanlike import errors\n"
        "@errors.exits_with_one_line\n"
        "def main():\n"
        "    sys.stdin.read(0), sys.stdout.isatty(), print('said')\n"
        "    if 'fail' in sys.argv: raise errors.UserError('a mistake')\n"
        "    if 'rich' in sys.argv: [console.Console().print('a' * 99) for _ in range(2000)]\n"
        f"    open({str(tmp_path / 'made')!r}, 'w').write('whole')\n"
        "main()"
    )
    words, bar, reader = redirected.partition("|")
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)} {words}"
    line = f"({command}; echo $? >{shlex.quote(str(tmp_path / 'status'))}) {bar} {reader}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, cwd=ROOT)
    assert (tmp_path / "status").read_text() == f"{expected}\n" and "Traceback" not in done.stderr
    if not expected:
        assert (tmp_path / "made").read_text() == "whole"


@pytest.mark.parametrize("given", [["--out", ""], ["--out="], ["--rows", ""]])
def test_an_empty_text_is_no_way_to_leave_a_flag_out(given):
    parser = errors.Parser(prog="it")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("question", nargs="?")
    flag = given[0].rstrip("=")
    with pytest.raises(errors.UserError, match=f"{flag} is '': it must be a text that is not em"):
        parser.parse_args(given)
    assert parser.parse_args([""]).question == ""
