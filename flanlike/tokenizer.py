"""The tokenizer of a published model, with what training and evaluation ask of a vocabulary.

It is read from `tokenizer.json` (by the package `tokenizers`, extra `pretrained`), or where that is
missing from `spiece.model`. Unlike our own vocabulary it loses part of the text, as T5 has always
done:

```
"a\\nb", "a  b" and "a b" have the same ids     newlines and runs of spaces become one space
"{x}" has no piece for its braces              what no piece covers becomes <unk>
```

So a model that starts from T5 reads few-shot prompts and lists of options without their lines, as
Flan-T5 did, and can never write a newline.
"""

import hashlib
import pathlib
from collections.abc import Iterable, Mapping

import sentencepiece

from flanlike import errors, features, vocabulary

_JSON, _PIECES = "tokenizer.json", "spiece.model"
# The others are for transformers, when the model is exported.
FILES = (_JSON, _PIECES, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")


class Tokenizer:
    """A published tokenizer with pad 0 and EOS 1. `fingerprint` names its content."""

    def __init__(self, files: Mapping[str, bytes], where: str = "") -> None:
        self._files = dict(files)
        self._backend = (_Json if _JSON in files else _Pieces)(self._files, where)
        found = tuple(map(self._backend.id_of, ("<pad>", "</s>", "<unk>")))
        expected = (features.PAD_ID, features.EOS_ID, vocabulary.UNK_ID)
        if found != expected:
            raise errors.UserError(
                f"tokenizer {where!r} has the ids {found!r} for <pad>, </s> and <unk>; expected "
                f"{expected!r}, as every T5 has"
            )
        content = self._files[_JSON if _JSON in files else _PIECES]
        self.fingerprint = hashlib.blake2b(content, digest_size=8).hexdigest()

    def __reduce__(self):
        return Tokenizer, (self._files,)

    @property
    def size(self) -> int:
        return self._backend.size

    @property
    def marks(self) -> features.Marks:
        return features.Marks()

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text, without EOS; "</s>" and "<pad>" in it become <unk>."""
        marks = (features.PAD_ID, features.EOS_ID)
        return [vocabulary.UNK_ID if i in marks else i for i in self._backend.encode(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of ids without pad, EOS and ids of no piece (a table's spare rows)."""
        skipped = (features.PAD_ID, features.EOS_ID)
        return self._backend.decode([int(i) for i in ids if i not in skipped and i < self.size])

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Returns each id's piece, for people to look at."""
        return [self._backend.piece(int(i)) for i in ids]

    def save(self, folder: str | pathlib.Path) -> None:
        """Writes the tokenizer's files into a folder, which is made where it is missing."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self._files.items():
            (folder / name).write_bytes(content)


Words = vocabulary.Vocabulary | Tokenizer  # what the pipeline and the evaluation take


def load(folder: str | pathlib.Path) -> Words:
    """Returns the words in a folder: a published tokenizer, or a vocabulary of our own."""
    folder = pathlib.Path(folder)
    files = {name: (folder / name).read_bytes() for name in FILES if (folder / name).is_file()}
    if _JSON in files or _PIECES in files:
        return Tokenizer(files, str(folder))
    return vocabulary.Vocabulary.load(folder)


class _Json:
    """`tokenizer.json`, by the package `tokenizers`."""

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        try:
            import tokenizers
        except ImportError as error:
            raise errors.UserError(
                f"{where}/{_JSON} needs the package tokenizers: pip install -e '.[pretrained]'"
            ) from error
        try:
            self._tokenizer = tokenizers.Tokenizer.from_str(files[_JSON].decode("utf-8"))
        except Exception as error:  # tokenizers raises no other type
            raise errors.UserError(
                f"{where}/{_JSON}: no tokenizer ({error}): give the file as it was published"
            ) from error
        self._tokenizer.encode_special_tokens = True  # sentinels in a row's text are text
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.size = self._tokenizer.get_vocab_size(with_added_tokens=True)

    def id_of(self, piece: str) -> int | None:
        return self._tokenizer.token_to_id(piece)

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False)

    def piece(self, i: int) -> str:
        return self._tokenizer.id_to_token(i)


class _Pieces:
    """`spiece.model`, by SentencePiece; the ids of T5's sentinels are beyond its size."""

    def __init__(self, files: Mapping[str, bytes], where: str) -> None:
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=files[_PIECES])
        except RuntimeError as error:
            raise errors.UserError(
                f"{where}/{_PIECES}: no SentencePiece model ({error}): give the file as it was "
                "published"
            ) from error
        self.size = self._processor.vocab_size()

    def id_of(self, piece: str) -> int:
        return self._processor.piece_to_id(piece)

    def encode(self, text: str) -> list[int]:
        return self._processor.encode(text)

    def decode(self, ids: list[int]) -> str:
        return self._processor.decode(ids)

    def piece(self, i: int) -> str:
        return self._processor.id_to_piece(i)
