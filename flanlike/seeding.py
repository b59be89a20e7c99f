"""Randomness that depends on names, not on order: every draw is keyed by what it is for."""

import hashlib
import random


def key(*parts: object) -> int:
    """Returns a 64-bit integer that depends on the parts alone, the same in every process."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def rng(*parts: object) -> random.Random:
    """Returns a generator seeded by `key(*parts)`."""
    return random.Random(key(*parts))
