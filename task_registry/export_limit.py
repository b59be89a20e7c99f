"""How long the prompts of an export may be: as in a training run with the same limit and words."""

import argparse
import functools
from dataclasses import dataclass
from typing import Any

from flanlike import errors
from flanlike.batches import chat, features, tokenizer
from flanlike.prompts import fitting


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How long inputs may be, in tokens of which words: those of a training run, marks included."""

    max_input_tokens: int
    vocabulary: str

    def __post_init__(self) -> None:
        if self.max_input_tokens < 2:
            raise errors.UserError(
                f"--max-input-tokens is {self.max_input_tokens!r}; expected 2 or more"
            )

    @functools.cached_property
    def words(self) -> tokenizer.Tokenizer:
        return tokenizer.load(self.vocabulary)

    def room(self, *, is_chat: bool) -> fitting.Room:
        # A published T5's are an encoder's words; all others, ours too, are mostly a decoder's.
        is_published = isinstance(self.words, tokenizer.PublishedTokenizer)
        is_t5 = is_published and self.words.marks == features.Marks()
        family = "encoder_decoder" if is_t5 else "decoder"
        words = chat.spoken(self.words, is_chat, self.vocabulary)
        return features.room(words, self.max_input_tokens, family)

    def as_json(self) -> dict[str, Any]:
        return {
            "max_input_tokens": self.max_input_tokens,
            "vocabulary": self.words.fingerprint,
        }


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags of a limit."""
    command.add_argument(
        "--max-input-tokens",
        type=int,
        metavar="N",
        help="cut inputs as train.py does, and leave out what cannot fit; needs --vocabulary",
    )
    command.add_argument(
        "--vocabulary",
        metavar="DIR",
        help="of a run or a published model: whose tokens are counted",
    )


def of(options: argparse.Namespace) -> Limit | None:
    """Returns how long inputs may be; None where they are not to be cut."""
    given = (options.max_input_tokens, options.vocabulary)
    if given == (None, None):
        return None
    if None in given:
        raise errors.UserError(
            "--max-input-tokens and --vocabulary go together: tokens are counted by a vocabulary; "
            "give both, or none for prompts as long as their rows"
        )
    return Limit(max_input_tokens=options.max_input_tokens, vocabulary=options.vocabulary)
