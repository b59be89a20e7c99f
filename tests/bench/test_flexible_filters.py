"""Our readings against the flexible filters of lm-evaluation-harness, run by its own code."""

import pathlib

import pytest
import written_toys

from eval import numerals

REASON = "needs the extra 'lm-eval': pip install -e .[lm-eval]"
pytest.importorskip("lm_eval", reason=REASON)

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
FEWEST = {"number": 180, "letter": 180, "yes_no": 160}  # texts, so that none goes unseen


@pytest.fixture(autouse=True)
def filters(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import flexible_filters

    return flexible_filters


def read(kind, text):
    if kind == "number":
        return numerals.said(text)
    return written_toys.option_said(written_toys.PROMPTS[kind], text)


@pytest.mark.parametrize("kind", FEWEST)
def test_no_text_that_a_flexible_filter_reads_right_is_read_wrong(kind, filters):
    texts = [pair for pair in written_toys.written(kind) if pair[1] is not None]
    assert len(texts) >= FEWEST[kind]
    listed = written_toys.LISTED if kind == "letter" else ()
    rows = [filters.Written(text=text, gold=gold, listed=listed) for text, gold in texts]
    ours = [read(kind, text) == gold for text, gold in texts]
    for name in filters.names(kind):
        theirs = filters.right(kind, name, rows)
        theirs_alone = [
            row.text for row, own, their in zip(rows, ours, theirs, strict=True) if their > own
        ]
        assert not theirs_alone, name
        assert len(rows) / 2 < sum(theirs) < sum(ours)  # it is no straw man


@pytest.mark.parametrize(
    ("kind", "name", "text", "gold", "is_right"),
    [
        ("number", "gsm8k", "2 + 3 = 5, so $1,200.", "1200", True),
        ("number", "gsm8k", "5 hats in 3 days", "5", False),
        ("number", "gsm8k", "5\nQuestion: 7?", "5", True),
        ("letter", "bbh", "(A), not (B)", "(A)", True),
        ("letter", "bbh, reasons", "(A), not (B)", "(B)", True),
        ("letter", "mmlu, reasons", "it is 42", "(B)", True),
        ("yes_no", "bbh", "Yes, no", "yes", True),
        ("yes_no", "bbh, reasons", "Yes, no", "no", True),
    ],
)
def test_the_filters_are_those_of_the_package(kind, name, text, gold, is_right, filters):
    row = filters.Written(text=text, gold=gold, listed=("7", "42"))
    assert filters.right(kind, name, [row]) == [is_right]
