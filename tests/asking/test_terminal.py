"""What is typed at a terminal, by a pseudo-terminal; and Ctrl-C while something works."""

import io
import json
import os
import signal

import pytest
from terminal_toys import CTRL_C, CTRL_D, Typist

from flanlike.asking import terminal

# Reads questions and prints each as JSON, as `session` reads them.
_READER = """
import json, pathlib, sys
from flanlike.asking import terminal
path = pathlib.Path(sys.argv[1]) if sys.argv[1:] else None
history = terminal.History(path)
while (typed := terminal.read(history)) is not None:
    print("got", json.dumps(typed))
print("left")
"""


@pytest.fixture
def typist():
    return Typist(_READER)


def test_lines_go_on_after_a_backslash_and_between_quotes(typist):
    typist.until("> ")
    typist.type("one \\\n")
    typist.until(". ")
    typist.type("two\n")
    assert typist.until("> ").strip().endswith('got "one \\ntwo"')
    typist.type('"""\nfirst\n\n  second """\n')
    typist.until('got "first\\n\\n  second "')
    typist.type("\n")  # nothing is asked by an empty line
    typist.type("/help\n")
    typist.until('got "/help"')
    typist.until("> ")
    assert typist.leave() == 0


def test_what_is_pasted_is_one_question(typist):
    typist.until("> ")
    typist.type("\x1b[200~two\nlines\x1b[201~\n")
    typist.until('got "two\\nlines"')
    typist.until("> ")
    assert typist.leave() == 0


def test_ctrl_c_throws_away_what_was_typed_and_ctrl_d_leaves(typist):
    typist.until("> ")
    typist.type("never mind")
    typist.until("never mind")
    typist.insist(CTRL_C, "> ")
    typist.type("this\n")
    typist.until('got "this"')
    typist.until("> ")
    typist.type(CTRL_D)
    typist.until("left")


def test_questions_are_called_back_also_in_the_next_session(tmp_path):
    path = tmp_path / "state" / "asked.jsonl"
    for said in ("first", "second"):
        typist = Typist(_READER, str(path))
        typist.until("> ")
        typist.type(f"{said}\n")
        typist.until(f'got "{said}"')
        typist.until("> ")
        assert typist.leave() == 0
    typist = Typist(_READER, str(path))
    typist.until("> ")
    typist.type("\x1b[A\x1b[A\n")  # up, up
    typist.until('got "first"')
    typist.until("> ")
    assert typist.leave() == 0
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        *("first", "second", "first")
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_history_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(terminal, "_KEPT", 3)
    path = tmp_path / "asked.jsonl"
    path.write_text("".join(f'"{n}"\n' for n in range(7)))
    history = terminal.History(path)
    history.add("7\nand more")
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        *("4", "5", "6", "7\nand more")
    ]


def test_a_history_that_cannot_be_read_stays_as_it_is(tmp_path):
    path = tmp_path / "asked.jsonl"
    path.write_text("no JSON\n")
    history = terminal.History(path)
    history.add("a question")
    assert "are not kept" in history.note and path.read_text() == "no JSON\n"


def test_the_history_is_in_the_users_folder_of_states(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert terminal.history_file() == tmp_path / "flanlike" / "asked.jsonl"


def test_ctrl_c_is_noticed_once_and_interrupts_the_second_time():
    before = signal.getsignal(signal.SIGINT)
    with terminal.noticing_interrupts() as noticed:
        assert not noticed.is_pressed
        os.kill(os.getpid(), signal.SIGINT)
        assert noticed.is_pressed
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_an_answer_does_not_command_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = _Terminal()
    screen = terminal.Screen(file)
    screen.piece("a\x1b[2J\x07b\n\tc€\x9b")
    screen.note("note\x1b")
    assert file.getvalue() == "a\\x1b[2J\\x07b\n\tc€\\x9b\x1b[2mnote\\x1b\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    plain = _Terminal()
    terminal.Screen(plain).note("note")
    assert plain.getvalue() == "note\n"
    piped = io.StringIO()
    terminal.Screen(piped).piece("a\x1b[2J")  # a file has what was written
    assert piped.getvalue() == "a\x1b[2J"
