"""Tests for flanlike/microworld/formatting.py."""

import re

from flanlike.microworld import generators


def test_text_formatting_takes_away_the_form_and_nothing_else():
    for name, kept in (
        ("true_case", str.lower),
        ("fix_punct", lambda text: re.sub("[,.?!]", "", text)),
        ("word_segment", lambda text: text.replace(" ", "")),
    ):
        for record in (generators.generate(name, "train", row) for row in range(200)):
            (text,) = record["references"]
            assert record["text"] == kept(text) != text
