"""Nasty texts for metrics, and how one is asked for."""

import random
import unicodedata

from eval import metrics

ROUNDS = 300

WORDS = str.split(
    "the a an The A. owl Owl's owl, eel eel. fish-hook fish hook (fish) snake_case 1998 15 7 07 x2 "
    "U.S. don't co-op “owl” ‘eel’ café CAFÉ naïve naïve Ünter … — & % $ ? ! '' ` the,a an- "
    "running runs ran happily happiness 42nd and or not of in"
)


def texts_of(rng, words, longest=6):
    return " ".join(rng.choices(words, k=rng.randint(0, longest)))


def rows_of(seed, words=WORDS, longest=6):
    """Yields (text, references), whose text is now and then a reference, or one with a change."""
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        references = tuple(texts_of(rng, words, longest) for _ in range(rng.randint(1, 3)))
        text = rng.choice((texts_of(rng, words, longest), rng.choice(references)))
        if rng.random() < 0.2:
            text = f" {text.upper()}. "
        # Texts that are the same but for accents set apart are no two to us, as to the scripts.
        yield (
            unicodedata.normalize("NFC", text),
            tuple(unicodedata.normalize("NFC", reference) for reference in references),
        )


def value(name, text, references):
    return metrics.known(name).value([text], [references])
