"""Rank classification: from the log-probabilities of options to the model's choice. Pure.

One pass over a prompt gives all that any of these needs (`Options`), so that one way of scoring is
exchanged for another without a model. With L the summed log-probability of an option's tokens, and
of EOS after them where that counts:

    sum          L                             the option as a whole
    per-token    L / number of tokens          EOS is one of them, where it counts
    per-byte     L / number of UTF-8 bytes     whatever the tokenizer (lm-evaluation-harness's
                                               acc_norm divides by characters)
    pmi          L - L after "Answer:" alone   what the prompt adds (Brown et al. 2020, section 2.4)
    calibrated   log softmax(L) - log p        p: the mean of softmax(L) over prompts of the same
                                               template without content (Zhao et al. 2021, Calibrate
                                               Before Use, section 5: W = diag(p)^-1, b = 0)
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from flanlike import errors

Scoring = Literal["sum", "per-token", "per-byte", "pmi", "calibrated"]
SCORINGS: tuple[str, ...] = get_args(Scoring)
NEED_CONTENT_FREE = ("pmi", "calibrated")

PREMISE = "Answer:"  # what stands before options without a question
CONTENT_FREE = ("N/A", "[MASK]", "")  # in place of all fields (Zhao et al. 2021, section 5)

Values = tuple[float, ...]  # one an option, in the order shown


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a pass over one prompt says of its options, in the order shown; in nats.

    `log_probs` are sums over an option's tokens without EOS, `eos` those of EOS after them;
    `tokens` and `bytes` count without EOS. `premise` are the same sums after `PREMISE` alone and
    `content_free` those after each prompt without content: empty where these were not asked.
    """

    log_probs: Values
    eos: Values
    tokens: tuple[int, ...]
    bytes: tuple[int, ...]
    premise: Values = ()
    premise_eos: Values = ()
    content_free: tuple[Values, ...] = ()
    content_free_eos: tuple[Values, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Score:
    """A model's choice among a prompt's options.

    `choice` indexes the options in the order shown. `probabilities` are normalised over the
    options. `margin` is the best option's score less the second's, in nats (infinite for a single
    option).
    """

    choice: int
    probabilities: Values
    margin: float


def score(options: Options, scoring: Scoring = "sum", *, eos: bool = True) -> Score:
    """Returns the Score of one prompt's options, with or without EOS; see `scores`."""
    return scores([options], scoring, eos=eos)[0]


def scores(
    prompts: Sequence[Options], scoring: Scoring = "sum", *, eos: bool = True
) -> list[Score]:
    """Returns the Score of each prompt's options, with or without EOS.

    Among equal scores the first option wins: option order is shuffled by seed, so that this favours
    no label.

    Before: log_probs (-1.0, -3.0), "sum". After: choice 0, probabilities (.88, .12), margin 2.0.
    """
    if not prompts:
        return []
    values_NO = _values(prompts, scoring, eos)
    choices_N = values_NO.argmax(axis=1)
    rows_N = np.arange(len(values_NO))
    best_N = values_NO[rows_N, choices_N].copy()
    probabilities_NO = np.exp(_log_softmax(values_NO))
    values_NO[rows_N, choices_N] = -np.inf
    margins_N = best_N - values_NO.max(axis=1)
    return [
        Score(choice=choice, probabilities=tuple(shares[: len(options.log_probs)]), margin=margin)
        for options, choice, shares, margin in zip(
            prompts,
            choices_N.tolist(),
            probabilities_NO.tolist(),
            margins_N.tolist(),
            strict=True,
        )
    ]


def available(prompts: Sequence[Options]) -> tuple[str, ...]:
    """Returns the scorings that what was asked of all these prompts allows."""
    lacking = {
        "pmi": not all(options.premise for options in prompts),
        "calibrated": not all(options.content_free for options in prompts),
    }
    return tuple(name for name in SCORINGS if not lacking.get(name))


def _values(prompts: Sequence[Options], scoring: str, eos: bool) -> np.ndarray:
    """Returns the values by which options are compared [prompts, options], -inf where none is."""
    if scoring not in SCORINGS:
        raise errors.did_you_mean("scoring", scoring, SCORINGS)
    if scoring not in available(prompts):
        raise errors.UserError(
            f"scoring {scoring!r} needs options scored without content, which these were not: "
            "evaluate with --eval.content-free"
        )
    sums_NO = _sums([o.log_probs for o in prompts], [o.eos for o in prompts], eos)
    is_option_NO = _padded([[1.0] * len(o.log_probs) for o in prompts], 0.0) > 0
    match scoring:
        case "per-token":
            return sums_NO / np.maximum(_padded([o.tokens for o in prompts], 1) + int(eos), 1)
        case "per-byte":
            return sums_NO / np.maximum(_padded([o.bytes for o in prompts], 1), 1)
        case "pmi":
            premise_NO = _sums([o.premise for o in prompts], [o.premise_eos for o in prompts], eos)
            return np.where(is_option_NO, sums_NO - np.where(is_option_NO, premise_NO, 0), -np.inf)
        case "calibrated":
            bias_NO = np.zeros_like(sums_NO)
            for n, options in enumerate(prompts):
                without_CO = _sums(options.content_free, options.content_free_eos, eos)
                # In logarithms: an option of many tokens may be e ** -1000 times as likely.
                mean_O = np.logaddexp.reduce(_log_softmax(without_CO), axis=0)
                bias_NO[n, : len(mean_O)] = mean_O - np.log(len(without_CO))
            return _log_softmax(sums_NO) - bias_NO
    return sums_NO


def _sums(log_probs: Sequence[Values], eos: Sequence[Values], with_eos: bool) -> np.ndarray:
    for values, ends in zip(log_probs, eos, strict=True):
        if not values or len(ends) != len(values):
            raise ValueError(f"{len(ends)} EOS for {len(values)} options; expected one each")
    sums_NO = _padded(log_probs, -np.inf)
    if with_eos:
        sums_NO = sums_NO + _padded(eos, 0.0)
    if np.isnan(sums_NO).any():
        raise errors.NotFinite(
            "a log-probability of an option is NaN: the model's parameters are none to compute with"
        )
    return sums_NO


def _padded(rows: Sequence[Sequence[float]], empty: float) -> np.ndarray:
    """Returns rows of different lengths as one array, `empty` where they have nothing."""
    padded_NO = np.full((len(rows), max(map(len, rows))), empty, np.float64)
    for n, row in enumerate(rows):
        padded_NO[n, : len(row)] = row
    return padded_NO


def _log_softmax(values_NO: np.ndarray) -> np.ndarray:
    shifted_NO = values_NO - values_NO.max(axis=-1, keepdims=True)
    return shifted_NO - np.log(np.exp(shifted_NO).sum(axis=-1, keepdims=True))


def name_of(scoring: str, *, eos: bool) -> str:
    """Returns what results call a way of scoring: "rank", "rank_per_byte" or "rank_no_eos"."""
    way = "" if scoring == "sum" else f"_{scoring.replace('-', '_')}"
    return f"rank{way}{'' if eos else '_no_eos'}"


WAYS: Mapping[str, tuple[Scoring, bool]] = {
    name_of(scoring, eos=eos): (scoring, eos) for scoring in SCORINGS for eos in (True, False)
}


def columns(prompts: Sequence[Options]) -> dict[str, list[Any]]:
    """Returns the options of many prompts column by column, those that are empty left out."""
    by_name = {name: [getattr(options, name) for options in prompts] for name in _FIELDS}
    return {name: column for name, column in by_name.items() if any(column)}


def from_columns(found: Mapping[str, Sequence[Any]]) -> list[Options]:
    """Returns the options that `columns` took apart; lists may stand for tuples."""
    names = list(found)
    return [
        Options(**{name: _tuple(value) for name, value in zip(names, row, strict=True)})
        for row in zip(*found.values(), strict=True)
    ]


_FIELDS = tuple(field.name for field in dataclasses.fields(Options))


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, (list, tuple)) else value
