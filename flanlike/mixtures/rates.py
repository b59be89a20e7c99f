"""How a mixture divides its prompts: caps, temperature, weights and nesting; pure arithmetic.

rows    4,000   100,000   50           of each task, cut at max_examples (30,000)
rate    3,000     3,000   50           cut at rate_cap (3,000), then to the power 1/temperature
                                       (of what the task counts as, where it says so itself)
share    .496      .496  .008          rate over the sum of rates
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from flanlike.mixtures import mixture as mixture_module


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of `mixture.TaskShare` follows from row counts and rules."""

    rows: int
    rate: float
    share: float
    derivation: str
    shares: mixture_module.Shares


def divide(
    mixture: mixture_module.Mixture,
    row_counts: Mapping[str, int],
    share: float,
    *,
    counted: Mapping[str, int] | None = None,
) -> dict[str, Part]:
    """Divides `share` of the prompts among those of the mixture's tasks that have row counts.

    `counted` has the tasks that count as fewer rows than they have (`Task.counts_as`).
    """
    counted = counted or {}
    entries = [(entry, weight, _parts(entry, mixture, row_counts, counted))
               for entry, weight in mixture.weighted()]  # fmt: skip
    entries = [(entry, weight, parts) for entry, weight, parts in entries if parts]
    weight_sum = sum(weight for _, weight, _ in entries if weight is not None)
    rate_sum = sum(p.rate for _, weight, parts in entries if weight is None for p in parts.values())
    left = 1.0 - weight_sum if rate_sum else 0.0
    divided: dict[str, Part] = {}
    for entry, weight, parts in entries:
        if weight is None:
            own = share * left * sum(part.rate for part in parts.values()) / rate_sum
            note = ""
        else:
            own = share * (weight if rate_sum else weight / weight_sum)
            note = f", weight {weight:g} in {mixture.name}"
        if not isinstance(entry, str):
            parts = divide(entry, row_counts, own, counted=counted)
        for name, part in parts.items():
            divided[name] = dataclasses.replace(
                part,
                share=own if name == entry else part.share,
                derivation=part.derivation + note,
            )
    return divided


def _parts(
    entry: str | mixture_module.Mixture,
    mixture: mixture_module.Mixture,
    row_counts: Mapping[str, int],
    counted: Mapping[str, int],
) -> dict[str, Part]:
    """Returns rows and rates of an entry's tasks, each by the mixture that names it."""
    if isinstance(entry, str):
        if entry not in row_counts:
            return {}
        return {entry: _rate(mixture, row_counts[entry], counted.get(entry, row_counts[entry]))}
    parts: dict[str, Part] = {}
    for inner, _ in entry.weighted():
        parts |= _parts(inner, entry, row_counts, counted)
    return parts


def _rate(mixture: mixture_module.Mixture, count: int, counted: int) -> Part:
    rows, steps = count, f"{count:,} rows"
    if mixture.max_examples is not None and rows > mixture.max_examples:
        rows = mixture.max_examples
        steps += f", max_examples {rows:,}"
    rate = float(rows)
    if counted < rate:
        rate = float(counted)
        steps += f", counts as {counted:,}"
    if mixture.rate_cap is not None and rate > mixture.rate_cap:
        rate = float(mixture.rate_cap)
        steps += f", rate_cap {mixture.rate_cap:,}"
    if mixture.temperature != 1.0:
        rate **= 1.0 / mixture.temperature
        steps += f", temperature {mixture.temperature:g}"
    return Part(rows=rows, rate=rate, share=0.0, derivation=steps, shares=mixture.shares)
