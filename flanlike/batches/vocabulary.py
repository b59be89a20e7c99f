"""Text to token ids and back, by SentencePiece with byte fallback.

Nothing is normalised away: `decode(encode(text)) == text` for every text without U+2581, the sign
that SentencePiece writes for a space. A newline is one piece, a digit is one piece, and what no
piece covers is spelt in bytes.

A line is encoded with a space before it, so that a word has the same ids wherever it stands:

```
encode("red or blue?")      _red _or _blue ?
encode("- red\\n- blue")     _- _red \\n _- _blue          an option in a list
encode("blue")              _blue                        the target, or an option to score
```

No piece reaches over the space before a word. Therefore `encode(inputs) + encode(targets)`, which
trains and scores, equals `encode(inputs + " " + targets)`, which is what pretraining on raw text
has seen; and a model copies an option by copying its ids.
"""

import hashlib
import io
import pathlib
import re
from collections.abc import Iterable

import sentencepiece

from flanlike import errors
from flanlike.batches import features

FILE_NAME = "sentencepiece.model"
UNK_ID = 2  # never produced by `encode`: bytes cover every text

_FIXED_PIECES = 3 + 1 + 256  # pad, eos, unk; the newline; bytes
_LINE_START = re.compile(r"(?m)^(?=[^\n])")
_LINE_START_SPACE = re.compile(r"(?m)^ ")


class Vocabulary:
    """A trained SentencePiece model. `fingerprint` names its content."""

    unknown_id = None  # no id stands for text that it does not know: bytes cover every text

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        self.fingerprint = hashlib.blake2b(model, digest_size=8).hexdigest()

    def __reduce__(self):
        return Vocabulary, (self._model,)

    @classmethod
    def load(cls, path: str | pathlib.Path) -> "Vocabulary":
        """Returns the vocabulary of a file, or of a folder that `save` has written."""
        path = pathlib.Path(path)
        file = path / FILE_NAME if path.is_dir() else path
        if not file.is_file():
            raise errors.UserError(
                f"no vocabulary at {str(file)!r}: expected a SentencePiece model or a folder with "
                f"a file {FILE_NAME!r}"
            )
        try:
            loaded = cls(file.read_bytes())
        except RuntimeError as error:
            raise errors.UserError(
                f"cannot read the vocabulary {str(file)!r}: not a SentencePiece model ({error})"
            ) from error
        loaded._check(str(file))
        return loaded

    @classmethod
    def train(
        cls, texts: Iterable[str], size: int, folder: str | pathlib.Path | None = None
    ) -> "Vocabulary":
        """Returns a vocabulary of at most `size` pieces, the same for the same texts and size.

        It has fewer pieces where the texts have fewer words and parts of words than that. Saves
        it into `folder` where one is named.
        """
        lines = (line for text in texts for line in _spaced(text).split("\n") if line)
        model = io.BytesIO()
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=lines,
                model_writer=model,
                vocab_size=size,
                model_type="unigram",
                normalization_rule_name="identity",
                add_dummy_prefix=False,  # `encode` puts one space before each line
                remove_extra_whitespaces=False,
                split_digits=True,
                byte_fallback=True,
                character_coverage=0.9999,
                user_defined_symbols=["\n"],
                pad_id=features.PAD_ID,
                eos_id=features.EOS_ID,
                unk_id=UNK_ID,
                bos_id=-1,
                hard_vocab_limit=False,
                max_sentence_length=1 << 20,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            raise errors.UserError(
                f"cannot train a vocabulary of {size!r} pieces: {error}; {_FIXED_PIECES} pieces "
                "are bytes and marks, and every character of the texts needs one more"
            ) from error
        trained = cls(model.getvalue())
        if folder is not None:
            trained.save(folder)
        return trained

    def save(self, folder: str | pathlib.Path) -> None:
        """Writes the vocabulary into a folder, which is made where it is missing."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).write_bytes(self._model)

    @property
    def size(self) -> int:
        return self._processor.vocab_size()

    @property
    def marks(self) -> features.Marks:
        return features.Marks()

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text, without EOS; of a target as of any other text."""
        return self._processor.encode(_spaced(text))

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of ids; pad and EOS are left out."""
        kept = [int(i) for i in ids if i not in (features.PAD_ID, features.EOS_ID)]
        return _LINE_START_SPACE.sub("", self._processor.decode(kept))

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Returns each id's piece, for people to look at."""
        return [self._processor.id_to_piece(int(i)) for i in ids]

    def _check(self, where: str) -> None:
        """Raises where a model of other makers lacks what training and scoring rely on."""
        processor = self._processor
        found = (processor.pad_id(), processor.eos_id(), processor.bos_id())
        if found != (features.PAD_ID, features.EOS_ID, -1):
            raise errors.UserError(
                f"vocabulary {where!r} has the ids {found!r} for pad, EOS and BOS; expected "
                f"{(features.PAD_ID, features.EOS_ID, -1)!r}: train one with Vocabulary.train"
            )
        if self.decode(self.encode("a b\nc 12")) != "a b\nc 12":
            raise errors.UserError(
                f"vocabulary {where!r} does not keep newlines and spaces: train one with "
                "Vocabulary.train"
            )


def _spaced(text: str) -> str:
    """Returns the text with a space before every line that is not empty; `decode` undoes it."""
    return _LINE_START.sub(" ", text)
