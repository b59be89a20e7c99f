"""Puzzle pages of the corpus: something said, a question about it, and a list with the answer.

    a trout .
    what is that ?
    - bird
    - fish
    | fish

`|` stands before the answer (`corpus.document`). `corpus_questions` says what is asked.
"""

import random
from collections.abc import Callable

from flanlike.microworld import corpus_questions
from flanlike.microworld.corpus_facts import pick

_HEADINGS = ("one of these :", "a short list :", "to pick from :", "there are :", "the list :")
_BULLETS = ("- ", "- ", "- ", "* ", "+ ")


def puzzle(rng: random.Random) -> str:
    """One question, its list before or after it (or none), and the answer."""
    return _puzzle(rng, pick(rng, pick(rng, corpus_questions.KINDS)))


def of_words(rng: random.Random) -> str:
    """The same of words that mean the same or the opposite."""
    return _puzzle(rng, pick(rng, (corpus_questions.opposite, corpus_questions.same)))


def _puzzle(rng: random.Random, ask: Callable[[random.Random], corpus_questions.Case]) -> str:
    said, asked, right, wrong = ask(rng)
    wrong = rng.sample(wrong, min(len(wrong), pick(rng, (1, 1, 1, 2, 3, 5))))
    return page(rng, (said, asked, right, wrong))


def page(rng: random.Random, case: corpus_questions.Case) -> str:
    """The same of one case, all of whose other lines are in the list."""
    said, asked, right, wrong = case
    lines = [right, *wrong]
    rng.shuffle(lines)
    bullet = pick(rng, _BULLETS)
    listed = "\n".join(bullet + line for line in lines)
    if rng.random() < 0.25:
        listed = f"{pick(rng, _HEADINGS)}\n{listed}"
    gap = "\n" if rng.random() < 0.6 else "\n\n"
    end = " ." if rng.random() < 0.4 else ""
    text = pick(rng, _PAGES if said else _BARE_PAGES)
    return text.format(said=said, asked=asked, listed=listed, gap=gap) + f" | {right}{end}"


_PAGES = (
    "{said} .{gap}{asked} ?{gap}{listed}\n",
    "{said} . {asked} ?{gap}{listed}\n",
    "{asked} ?\n{said} .{gap}{listed}\n",
    "{asked} ?{gap}{listed}{gap}{said} :",
    "{listed}{gap}{said} .\n{asked} ?",
    "{listed}{gap}{said} . {asked} ?",
    '"{said} ."\n{asked} ?{gap}{listed}\nit is',
    "{said} .{gap}{listed}\n{asked} ?",
    "{said} . {asked} ?",
    "{asked} ? {said} :",
)
_BARE_PAGES = (
    "{asked} ?{gap}{listed}\n",
    "{asked} ?{gap}{listed}\n",
    "{listed}{gap}{asked} ?",
    '{listed}\n"{asked} ? "',
    "{asked} ?",
)
