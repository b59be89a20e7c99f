"""What turns text into ids and back, by the file that a published tokenizer comes in."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import sentencepiece

from flanlike import errors

JSON, PIECES = "tokenizer.json", "spiece.model"


class Added(NamedTuple):
    """A token beside the pieces: what spells it, its id, and whether it is a mark or text."""

    spelt: str
    id: int
    is_mark: bool


class Json:
    """`tokenizer.json`, by the package `tokenizers`."""

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        try:
            import tokenizers
        except ImportError as error:
            raise errors.UserError(
                f"{where}/{JSON} needs the package tokenizers: pip install -e '.[pretrained]'"
            ) from error
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(files[JSON].decode("utf-8"))
        except Exception as error:  # tokenizers raises no other type
            raise errors.UserError(
                f"{where}/{JSON}: no tokenizer ({error}): give the file as it was published"
            ) from error
        self._tokenizer.encode_special_tokens = True  # sentinels in a row's text are text
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # Some have ids that no piece has.
        self.size = 1 + max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
        added = self._tokenizer.get_added_tokens_decoder()
        of_texts = [i for i, token in added.items() if not token.special]
        of_texts += self._tokenizer.get_vocab(with_added_tokens=False).values()
        self.text_size = 1 + max(of_texts, default=-1)

    def id_of(self, piece: str) -> int | None:
        return self._tokenizer.token_to_id(piece)

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def encode_spelt(self, text: str) -> list[int]:
        return self._spelt(text).ids

    def places_spelt(self, text: str) -> tuple[list[int], list[int]]:
        found = self._spelt(text)
        return found.ids, [start for start, _ in found.offsets]

    def _spelt(self, text: str) -> Any:
        self._tokenizer.encode_special_tokens = False
        try:
            return self._tokenizer.encode(text, add_special_tokens=False)
        finally:
            self._tokenizer.encode_special_tokens = True

    def added(self) -> list[Added]:
        each = self._tokenizer.get_added_tokens_decoder().items()
        return [Added(token.content, i, token.special) for i, token in each]

    def around_a_text(self) -> tuple[list[int], list[int]]:
        """Returns the ids that it puts before every text, and those that it puts behind it."""
        bare, whole = self.encode("a"), self._tokenizer.encode("a").ids
        starts = range(len(whole) - len(bare) + 1)
        start = next(i for i in starts if whole[i : i + len(bare)] == bare)
        return whole[:start], whole[start + len(bare) :]

    def decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False)

    def piece(self, i: int) -> str:
        return self._tokenizer.id_to_token(i)


class Pieces:
    """`spiece.model`, by SentencePiece; the ids of T5's sentinels are beyond its size."""

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=files[PIECES])
        except RuntimeError as error:
            raise errors.UserError(
                f"{where}/{PIECES}: no SentencePiece model ({error}): give the file as it was "
                "published"
            ) from error
        self.size = self.text_size = self._processor.vocab_size()

    def id_of(self, piece: str) -> int:
        return self._processor.piece_to_id(piece)

    def encode(self, text: str) -> list[int]:
        return self._processor.encode(text)

    encode_spelt = encode

    def places_spelt(self, text: str) -> None:
        return None

    def added(self) -> list[Added]:
        return []

    def decode(self, ids: list[int]) -> str:
        return self._processor.decode(ids)

    def piece(self, i: int) -> str:
        return self._processor.id_to_piece(i)


class Bytes:
    """ByT5's: a byte's id is its value and 3; the ids of the 125 sentinels are beyond its size."""

    _MARKS = ("<pad>", "</s>", "<unk>")

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        self.size = self.text_size = len(self._MARKS) + 256

    def id_of(self, piece: str) -> int:
        return self._MARKS.index(piece)

    def encode(self, text: str) -> list[int]:
        return [byte + len(self._MARKS) for byte in text.encode("utf-8")]

    encode_spelt = encode

    def places_spelt(self, text: str) -> None:
        return None

    def added(self) -> list[Added]:
        return []

    def decode(self, ids: list[int]) -> str:
        """Returns the text, without the bytes of characters that are not whole."""
        content = bytes(i - len(self._MARKS) for i in ids if i >= len(self._MARKS))
        return content.decode("utf-8", errors="ignore")

    def piece(self, i: int) -> str:
        if i < len(self._MARKS):
            return self._MARKS[i]
        if i >= self.size:
            return f"<extra_id_{i - self.size}>"
        byte = i - len(self._MARKS)
        return chr(byte) if 32 < byte < 127 else f"<0x{byte:02X}>"
