"""Figures as they stand on the report's pages."""

from collections.abc import Sequence

from eval import comparison, page, predictions, results
from flanlike import config as config_lib

MICRO_WORLD = (
    "These figures are the micro-world's: a small synthetic world, made by rule, that stands in "
    "for the real datasets. They show whether the method works, not how well a model "
    "does on the datasets whose names the tasks bear."
)


def data_banner(data: str) -> list[page.Block]:
    """Returns what must be said first about where the rows come from."""
    return [page.Text(text=MICRO_WORLD, role="banner")] if data == "embedded" else []


def number(value: float | None) -> str:
    """Returns a figure as on every table: 0.934 is ".93", None a dash."""
    if value is None:
        return "–"
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{number(abs(value))}"


def p_value(value: float | None) -> str:
    """Returns a p-value to three digits, "<.001" below that."""
    return "<.001" if value is not None and value < 0.001 else number(value)


def interval(estimate: predictions.Estimate, *, is_difference: bool = False) -> str:
    show = signed if is_difference else number
    return f"[{show(estimate.interval.low)}, {show(estimate.interval.high)}]"


def against(changes: Sequence[comparison.Change]) -> str:
    """Returns what these changes are compared with, in words.

    That some of them lack one of these is said: no result is above a baseline that is not there.
    """
    each = [change.beaten for change in changes]
    names = list(dict.fromkeys(name for beaten in each for name in beaten))
    words = {
        "majority": "the majority class",
        "heuristic": "the best trivial heuristic",
        "base": "the untuned base",
    }
    named = [words.get(name, name) for name in names]
    joined = ", ".join(named[:-1]) + f" and {named[-1]}" if len(named) > 1 else "".join(named)
    are_all_there = all(name in beaten for name in names for beaten in each)
    return joined if are_all_there else f"{joined}, where there are such"


def ends(estimate: predictions.Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.interval.low, estimate.interval.high


def ends_of(bounds: Sequence[float]) -> str:
    """Returns an interval's bounds: (0.1, 0.25) is "[.100, .250]"."""
    return f"[{number(bounds[0])}, {number(bounds[1])}]"


def source(data: str) -> str:
    known = {"embedded": "the embedded micro-world", "hub": "the hub", "tfds": "TFDS"}
    known[config_lib.FILE_DATA] = "the file itself"
    return known.get(data, f"the folder {page.literal(data)}")


def spaced(name: str) -> str:
    """Returns a cluster's name to read: "word_sense" is "word sense"."""
    return page.literal(name.replace("_", " "))


def below_chance(high: float, chance: float | None) -> str:
    """Returns the mark of a result whose whole interval, up to `high`, lies below chance."""
    return " below chance" if results.is_below(high, chance) else ""


def filled(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, words: Sequence[int] = ()
) -> page.Table:
    """Returns a table without the columns that hold nothing but dashes."""
    kept = [i for i in range(len(header)) if any(row[i] != number(None) for row in rows)]
    return page.Table(
        header=[header[i] for i in kept],
        rows=[[row[i] for i in kept] for row in rows],
        words=[kept.index(i) for i in words if i in kept],
    )
