"""The text of an answer while its tokens come: what was told of it is never taken back."""

from collections.abc import Sequence

from flanlike.batches import tokenizer
from flanlike.models import generate

_NO_CHARACTER = "\ufffd"  # in place of bytes that make no character, or not yet


class Text:
    """The text of tokens that come one by one.

    A character of several bytes may be spread over tokens, and a stop string may be: what could
    become either is held back until it is known.

        tokens     <0xE2>  <0x82>  <0xAC>  " or"  "\\n"   "Q"   ":"       stop "\\nQ:"
        told                       "€"     " or"
    """

    def __init__(self, words: tokenizer.Tokenizer, stop: Sequence[str] = ()) -> None:
        self._words, self._stop = words, tuple(stop)
        self._ids: list[int] = []
        self.told = ""
        self.is_stopped = False  # by a stop string: it is no part of the text, nor what follows

    @property
    def tokens(self) -> int:
        return len(self._ids)

    def add(self, token: int) -> str:
        """Returns what one more token adds to the text that is certain."""
        self._ids.append(token)
        text = self._words.decode(self._ids)
        if any(one in text for one in self._stop):
            self.is_stopped = True
            return self._tell(generate.before_stop(text, self._stop))
        return self._tell(self._certain(text))

    def end(self) -> str:
        """Returns what was held back, when no token comes after."""
        text = self._words.decode(self._ids)
        return self._tell(generate.before_stop(text, self._stop))

    def _tell(self, text: str) -> str:
        # Some tokenizers take a run of bytes for no characters at all until it is whole.
        if not text.startswith(self.told):
            return ""
        new, self.told = text[len(self.told) :], text
        return new

    def _certain(self, text: str) -> str:
        text = text.rstrip(_NO_CHARACTER)
        held = 0
        for stop in self._stop:
            most = min(len(stop) - 1, len(text))
            held = max(held, next((n for n in range(most, 0, -1) if text.endswith(stop[:n])), 0))
        return text[: len(text) - held]
