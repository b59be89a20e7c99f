"""The report's first screen: three sentences and a picture, for who has never heard of FLAN.

All that they say is counted from the run's folder. What the intervals do not show is not claimed,
and what became worse is said.
"""

import html
from collections.abc import Sequence

from eval import comparison, figures, page, plots, run_folder

_EXAMPLES = 3
# What a cluster asks, for who does not know its name; others are called by their names alone.
_ASKED = {
    "nli": "does it follow?",
    "paraphrase": "same meaning?",
    "sentiment": "praise or blame?",
    "question_classification": "what is asked for?",
    "word_relations": "same or opposite?",
    "place_questions": "place or thing?",
    "role_questions": "giver or receiver?",
    "amount_questions": "most or fewest?",
    "order_questions": "first or last?",
    "fact_questions": "kind or part?",
    "commonsense": "what makes sense?",
    "reading_comprehension": "what is told?",
    "closed_book_qa": "what is known?",
    "coreference": "who is meant?",
    "word_sense": "same sense?",
    "linguistic_acceptability": "good English?",
}
_COMPARED = {
    "base": "before",
    "chance": "guessing",
    "majority": "simple tricks",
    "heuristic": "simple tricks",
}
LEARNED, NOT_SHOWN, WORSE = "learned", "not shown", "worse"


def blocks(run: run_folder.Run) -> list[page.Block]:
    """Returns the sentences and the picture; nothing where no cluster was held out in training."""
    if not (told := sentences(run)):
        return []
    held_out = _held_out(run)
    return [
        page.Text(text=" ".join(told), role="lead"),
        page.Figure(name="in_short", svg=_picture(held_out), caption=_caption(held_out)),
    ]


def sentences(run: run_folder.Run) -> list[str]:
    """Returns what was practised, what was asked, and what was found, in the marks of `page`."""
    held_out = _held_out(run)
    if run.is_of_model or not held_out:
        return []
    return [_practised(run), _asked(run, held_out), _found(held_out)]


def _held_out(run: run_folder.Run) -> list[comparison.Change]:
    """Returns the changes of held-out clusters: those learned first, by what was gained."""
    found = [change for change in run.changes if run.is_held_out(change)]
    return sorted(found, key=lambda change: (_verdict(change) != LEARNED, -_gain(change)))


def _practised(run: run_folder.Run) -> str:
    text = "A language model practised"
    if kinds := len(run.trained):
        shares: dict[str, float] = {}
        for task in run.composition["tasks"]:
            shares[task["cluster"]] = shares.get(task["cluster"], 0) + task.get("share", 0)
        largest = sorted(shares, key=lambda name: -shares[name])[:_EXAMPLES]
        text += " one sort of exercise" if kinds == 1 else f" {kinds} sorts of exercises"
        text += f" ({', '.join(map(figures.spaced, largest))}"
        text += ", ...)" if len(shares) > len(largest) else ")"
    if run.after.setting.data == "embedded":
        text += " in a small made-up world"
    if run.prompts == "instructions":
        text += ", each put to it in plain English"
    return f"{text}."


def _asked(run: run_folder.Run, held_out: Sequence[comparison.Change]) -> str:
    kinds = "a sort" if len(held_out) == 1 else f"{len(held_out)} sorts"
    shots = run.after.cells[0].shots
    shown = "no example" if not shots else "an example" if shots == 1 else f"{shots} examples"
    return f"Then it was asked {kinds} that it had never practised, with {shown} shown."


def _found(held_out: Sequence[comparison.Change]) -> str:
    by_verdict = {word: [] for word in (LEARNED, NOT_SHOWN, WORSE)}
    for change in held_out:
        by_verdict[_verdict(change)].append(change)
    than = dict.fromkeys(_COMPARED[name] for change in held_out for name in change.beaten)
    learned, worse = by_verdict[LEARNED], by_verdict[WORSE]
    if not than:
        return "What that is worth cannot be said, for there is nothing to compare with."
    others = [words for words in dict.fromkeys(_COMPARED.values()) if words in than]
    text = f"At **{len(learned)} of {len(held_out)}** it now does better than {_joined(others)}, "
    text += "by more than luck explains"
    if learned:
        text += f": {', '.join(f'{figures.spaced(c.name)} ({_change(c)})' for c in learned)}"
        rest = len(held_out) - len(learned)
        text += f"; at the other{'s' if rest > 1 else ''} that cannot be said" if rest else ""
    else:
        text += ": that it learned anything cannot be said"
    if worse:
        names = _joined([figures.spaced(change.name) for change in worse])
        text += f", and at {names} it does worse than before"
    return f"{text}."


def _verdict(change: comparison.Change) -> str:
    if change.holds:
        return LEARNED
    lost = change.difference is not None and change.difference.interval.high < 0
    return WORSE if lost else NOT_SHOWN


def _gain(change: comparison.Change) -> float:
    return change.difference.value if change.difference is not None else 0.0


def _change(change: comparison.Change) -> str:
    """Returns what was right before and after: "59 → 68 of 100", or scores that are no shares."""
    shares = ("_em", "_match")  # of all rows, as accuracy is; a cluster may have several metrics
    is_share = all(
        name == "accuracy" or name.endswith(shares) for name in change.metric.split(", ")
    )
    show = (lambda value: f"{100 * value:.0f}") if is_share else figures.number
    first = f"{show(change.before.value)} → " if change.before else ""
    return f"{first}{show(change.after.value)}{' of 100' if is_share else ''}"


def _picture(held_out: Sequence[comparison.Change]) -> str:
    lines = [
        plots.Line(
            name=_label(change.name),
            before=change.before.value if change.before else None,
            after=figures.ends(change.after),
            without=max(known) if (known := _known(change)) else None,
            word=_verdict(change),
        )
        for change in held_out
    ]
    told = "; ".join(
        f"{change.name.replace('_', ' ')}: {_change(change)}, {_verdict(change)}"
        for change in held_out
    )
    label = html.escape(f"What was right before and after the practice. {told}")
    return plots.learned(lines).replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _known(change: comparison.Change) -> list[float]:
    found = (change.chance, change.majority, change.heuristic)
    return [value for value in found if value is not None]


def _caption(held_out: Sequence[comparison.Change]) -> str:
    text = "How many of 100 answers are right"
    if any(change.metric != "accuracy" for change in held_out):
        text += " (a mean with other measures, where tasks have such)"
    return (
        f"{text}, and how far luck may have moved it (95 %). The tick: the most that is right "
        "without reading, by guessing or by simple tricks such as always giving the commonest "
        "answer."
    )


def _label(cluster: str) -> str:
    """Returns what a cluster asks and its name, on two lines; a name alone on one or two."""
    name = cluster.replace("_", " ")
    return f"{_ASKED[cluster]}\n({name})" if cluster in _ASKED else name.replace(" ", "\n", 1)


def _joined(words: Sequence[str]) -> str:
    *first, end = words
    return f"{', '.join(first)} and {end}" if first else end
