"""The tokenizer of a published model, with what training and evaluation ask of a vocabulary.

It is read from `tokenizer.json` (by the package `tokenizers`, extra `pretrained`), or where that is
missing from `spiece.model`; ByT5 has neither, its ids are bytes and every text comes back. A
decoder's keeps the text, too, and its own files say what ends an example and what stands before its
inputs. T5's, unlike our own vocabulary, loses part of the text, as it has always done:

```
"a\\nb", "a  b" and "a b" have the same ids     newlines and runs of spaces become one space
"{x}" has no piece for its braces              what no piece covers becomes <unk>
```

So a model that starts from T5 reads few-shot prompts and lists of options without their lines, as
Flan-T5 did, and can never write a newline.
"""

import hashlib
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from flanlike import errors
from flanlike.batches import features, token_backends, vocabulary

# The others are for transformers, when the model is exported.
_CONFIG, _MAP, _MODEL = "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model"
CHAT_TEMPLATE = "chat_template.jinja"
FILES = (
    token_backends.JSON,
    token_backends.PIECES,
    _CONFIG,
    _MAP,
    _MODEL,
    "added_tokens.json",
    CHAT_TEMPLATE,
)
_BYTES_CLASS = "ByT5Tokenizer"


class PublishedTokenizer:
    """A published tokenizer: T5's with pad 0 and EOS 1, or a decoder's with marks of its own.

    `fingerprint` names its content, and `unknown_id` stands for text that no piece covers, where
    the tokenizer has such an id.
    """

    def __init__(self, files: Mapping[str, bytes], where: str = "") -> None:
        self._files = dict(files)
        backend = (
            token_backends.Json
            if token_backends.JSON in files
            else token_backends.Pieces
            if token_backends.PIECES in files
            else token_backends.Bytes
        )
        self._backend = backend(self._files, where)
        found = tuple(map(self._backend.id_of, ("<pad>", "</s>", "<unk>")))
        expected = (features.PAD_ID, features.EOS_ID)
        content = (
            self._files.get(token_backends.JSON)
            or self._files.get(token_backends.PIECES)
            or _BYTES_CLASS.encode()
        )
        self.unknown_id: int | None = found[2]
        self.marks = features.Marks()
        self._never_text = {features.PAD_ID, features.EOS_ID}
        if found[:2] != expected:
            settings = _settings(files, where)
            if token_backends.JSON not in files or not settings.get("eos_token"):
                raise errors.UserError(
                    f"tokenizer {where!r} has the ids {found[:2]!r} for <pad> and </s>; expected "
                    f"{expected!r}, as every T5 has, or an eos_token in {_CONFIG}"
                )
            self.marks = _declared_marks(self._backend, settings, where)
            eos_id, bos_id = self.marks[:2]
            content += f"Marks(eos_id={eos_id!r}, bos_id={bos_id!r})".encode()
            self._never_text = {i for i in (eos_id, bos_id) if i is not None}
            unknown_id = self._backend.id_of(settings.get("unk_token", ""))
            self.unknown_id = None if unknown_id in self._never_text else unknown_id
        self.fingerprint = hashlib.blake2b(content, digest_size=8).hexdigest()

    def __reduce__(self):
        return PublishedTokenizer, (self._files,)

    @property
    def size(self) -> int:
        return self._backend.size

    @property
    def rows(self) -> int:
        """Returns how many rows a model needs for texts and marks.

        Gemma 3's smallest lacks one for an image's token, which its tokenizer has and no text does.
        """
        return max(self._backend.text_size, *(i + 1 for i in self._never_text))

    def encode(self, text: str) -> list[int]:
        """Returns the ids of a text, without marks.

        What spells a mark in a text is text, or where the tokenizer knows no such spelling <unk>,
        or nothing where it has no <unk>.
        """
        ids = self._backend.encode(text)
        if self._never_text.isdisjoint(ids):
            return ids
        kept = [self.unknown_id if i in self._never_text else i for i in ids]
        return [i for i in kept if i is not None]

    def encode_spelt(self, text: str) -> list[int]:
        """Returns the ids of a text in which spelt marks are marks, as in a chat template's.

        Where the tokenizer knows no spelling of its marks they are text, as for `encode`.
        """
        return self._backend.encode_spelt(text)

    def places_spelt(self, text: str) -> tuple[list[int], list[int]] | None:
        """Returns the ids of `encode_spelt`, and the character at which each begins.

        None where the tokenizer does not tell.
        """
        return self._backend.places_spelt(text)

    @property
    def added(self) -> list[token_backends.Added]:
        """The tokens that were added to the pieces."""
        return self._backend.added()

    @property
    def first_id(self) -> int | None:
        """The id of the bos_token that its files name, whether or not inputs begin with it."""
        name = _settings(self._files, "").get("bos_token")
        return self._backend.id_of(name) if name else None

    @property
    def chat_template(self) -> str | None:
        """The Jinja template that makes a text of a conversation, where its files bring one."""
        try:
            if CHAT_TEMPLATE in self._files:
                return self._files[CHAT_TEMPLATE].decode("utf-8")
            found = _settings(self._files, "").get("chat_template")
            if isinstance(found, list):  # several, by name
                found = {one["name"]: one["template"] for one in found}["default"]
            return found if found is None else found + ""
        except (ValueError, KeyError, TypeError) as error:
            raise errors.UserError(
                f"the tokenizer's chat template cannot be read ({errors.in_one_line(error)}): "
                f"expected text in {CHAT_TEMPLATE}, or in {_CONFIG} text or a list with one "
                "named 'default'"
            ) from error

    @property
    def spelt_marks(self) -> dict[str, str]:
        """What the files call their marks, for the chat template: {"eos_token": "</s>", ...}."""
        said = _settings(self._files, "")
        return {k: v for k, v in said.items() if k.endswith("_token") and isinstance(v, str)}

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of ids without marks and ids of no piece (a table's spare rows)."""
        skipped = self._never_text
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


Tokenizer = vocabulary.Vocabulary | PublishedTokenizer  # what the pipeline and the evaluation take


def load_published(folder: str | pathlib.Path) -> Tokenizer:
    """Returns the words beside a published model; raises UserError where there are none."""
    folder = pathlib.Path(folder)
    data = (token_backends.JSON, token_backends.PIECES, _MODEL, vocabulary.FILE_NAME)
    has_data = any((folder / name).is_file() for name in data)
    if not has_data and not _is_of_bytes(folder, _files_in(folder)):
        raise errors.UserError(
            f"{str(folder)!r} has a published model and no tokenizer: expected "
            f"{token_backends.JSON} or {token_backends.PIECES} beside its weights, as they were "
            "published"
        )
    return load(folder)


def load(folder: str | pathlib.Path) -> Tokenizer:
    """Returns the words in a folder: a published tokenizer, or a vocabulary of our own."""
    folder = pathlib.Path(folder)
    files = _files_in(folder)
    if token_backends.JSON in files:
        _name_eos(folder, files)
    if (
        token_backends.JSON in files
        or token_backends.PIECES in files
        or _is_of_bytes(folder, files)
    ):
        return PublishedTokenizer(files, str(folder))
    if _MODEL in files:
        raise errors.UserError(
            f"{str(folder)!r} has {_MODEL} and no {token_backends.JSON}: have it written, by "
            "transformers.AutoTokenizer.from_pretrained and then save_pretrained"
        )
    return vocabulary.Vocabulary.load(folder)


def _files_in(folder: pathlib.Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).is_file()}


def _is_of_bytes(folder: pathlib.Path, files: dict[str, bytes]) -> bool:
    """Returns whether a folder without a tokenizer's data is ByT5's; its files then say so.

    The class stands in tokenizer_config.json or, in older folders, in config.json alone.
    """
    beside = folder / "config.json"
    settings = _object(files.get(_CONFIG))
    of_model = _object(beside.read_bytes() if beside.is_file() else None)
    if settings.get("tokenizer_class", of_model.get("tokenizer_class")) != _BYTES_CLASS:
        return False
    if "tokenizer_class" not in settings:
        settings = {**settings, "tokenizer_class": _BYTES_CLASS}
        files[_CONFIG] = json.dumps(settings, indent=2).encode()
    return True


def _name_eos(folder: pathlib.Path, files: dict[str, bytes]) -> None:
    """Lets the files say which token ends a text, where config.json alone does.

    The first GPT-2's leave it to their class in transformers.
    """
    beside = folder / "config.json"
    of_model = _object(beside.read_bytes() if beside.is_file() else None)
    settings = _object(files.get(_CONFIG))
    if settings.get("eos_token") or _object(files.get(_MAP)).get("eos_token"):
        return
    eos_id = None if of_model.get("is_encoder_decoder") else of_model.get("eos_token_id")
    for token in _object(files[token_backends.JSON]).get("added_tokens", []):
        if token["id"] == eos_id:
            files[_CONFIG] = json.dumps({**settings, "eos_token": token["content"]}).encode()


def _object(content: bytes | None) -> dict[str, Any]:
    """Returns a JSON object; an empty one for what is none, and so of no tokenizer known here."""
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _settings(files: Mapping[str, bytes], where: str) -> dict[str, Any]:
    """Returns what the small files say, tokens by their text."""
    said: dict[str, Any] = {}
    for name in (_MAP, _CONFIG):
        try:
            said |= json.loads(files.get(name, b"{}"))
        except (ValueError, TypeError) as error:
            raise errors.UserError(
                f"{where}/{name}: no JSON object ({error}): give the file as it was published"
            ) from error
    return {
        k: v["content"] if isinstance(v, dict) and "content" in v else v for k, v in said.items()
    }


def _declared_marks(
    backend: token_backends.Json, settings: Mapping[str, Any], where: str
) -> features.Marks:
    """Returns the marks of a decoder's tokenizer, which an encoder-decoder may have (T5Gemma's).

    BOS stands before inputs where the tokenizer puts it before a text, and EOS behind an encoder's
    where it puts that there, unless tokenizer_config.json says otherwise: transformers heeds the
    two in the same order.
    """

    def id_of(name: str) -> int:
        found = backend.id_of(settings.get(name) or "")
        if found is None:
            raise errors.UserError(
                f"tokenizer {where!r} has no piece {settings.get(name)!r}, its {name}: give its "
                "files as they were published"
            )
        return found

    eos_id = id_of("eos_token")
    before, after = backend.around_a_text()
    ends = settings.get("add_eos_token")
    ends = eos_id in after if ends is None else bool(ends)
    if settings.get("add_bos_token") is not None:
        bos_id = id_of("bos_token") if settings["add_bos_token"] else None
        return features.Marks(eos_id, bos_id, ends)
    if len(before) > 1:
        raise errors.UserError(
            f"tokenizer {where!r} puts {[backend.piece(i) for i in before]!r} before a text; "
            "expected one token or none"
        )
    return features.Marks(eos_id, before[0] if before else None, ends)
