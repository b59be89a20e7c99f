"""The text of tokens as they come: nothing that is told is taken back."""

import pytest
from asking_toys import Bytes, Letters

from flanlike.asking import streamed

EURO = "€".encode()


def _told(words, ids, stop=()):
    """Returns what each token tells, and what the end does."""
    text = streamed.Text(words, stop)
    pieces = [text.add(one) for one in ids]
    pieces.append(text.end())
    assert "".join(pieces) == text.told
    return pieces


def test_a_character_of_several_bytes_is_told_when_it_is_whole():
    assert _told(Bytes(), b"a" + EURO + b"b") == ["a", "", "", "€", "b", ""]
    face = "🙂".encode()
    assert _told(Bytes(), face) == ["", "", "", "🙂", ""]


def test_bytes_that_never_make_a_character_are_told_at_last():
    assert _told(Bytes(), b"a" + EURO[:2]) == ["a", "", "", "\ufffd"]
    assert _told(Bytes(), EURO[:1] + b"a") == ["", "\ufffda", ""]


def test_what_a_tokenizer_takes_back_is_not_told_twice():
    """Some have a run of bytes stand for nothing, those of its whole characters too."""

    class Runs:
        def decode(self, ids):
            try:
                return bytes(ids).decode()
            except UnicodeDecodeError:
                return "\ufffd" * len(ids)

    assert _told(Runs(), EURO + EURO) == ["", "", "€", "", "", "€", ""]
    assert _told(Runs(), EURO + EURO[:2]) == ["", "", "€", "", "", ""]


@pytest.mark.parametrize(
    ("said", "stop", "pieces"),
    [
        ("5\nQ: 6", ["\nQ:"], ["5", "", "", "", "", "", ""]),
        ("5\nA", ["\nQ:"], ["5", "", "\nA", ""]),
        ("aab", ["ab"], ["", "a", "", ""]),
        ("xaa", ["aab"], ["x", "", "", "aa"]),  # the end gives back what was held
        ("ab", ["b", "ab"], ["", "", ""]),
    ],
)
def test_what_could_become_a_stop_string_is_held_back(said, stop, pieces):
    assert _told(Letters(), map(ord, said), stop) == pieces


def test_a_stop_string_is_noticed():
    text = streamed.Text(Letters(), ["."])
    text.add(ord("a"))
    assert not text.is_stopped
    text.add(ord("."))
    assert text.is_stopped and (text.told, text.tokens) == ("a", 2)


def test_our_own_vocabulary_streams_what_it_decodes(words):
    """Lines begin with a space that it takes away, and what it does not know is spelt in bytes."""
    said = "Is it so?\nyes €5\n no 🙂"
    ids = words.encode(said)
    text = streamed.Text(words)
    pieces = [text.add(one) for one in ids] + [text.end()]
    assert "".join(pieces) == words.decode(ids) == said
    assert sum(map(bool, pieces)) > 5 and "\ufffd" not in "".join(pieces)
