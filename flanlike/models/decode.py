"""Option scores, batched, for both model families.

Option scores take one pass over each prompt, whatever its number of options: `models.option_rows`
lays out the rows.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from flax import nnx

from flanlike.batches import features
from flanlike.models import option_rows, predicted, tuning

Ids = Sequence[int]


class Scored(NamedTuple):
    """What the options of one prompt are worth: log-probabilities in nats, float64 [options]."""

    prompt: int  # its place among the prompts
    of_tokens: np.ndarray  # of each option's tokens together, without EOS
    of_eos: np.ndarray  # of EOS after them; NaN where it was not asked for
    are_greedy: np.ndarray  # bool: each of the option's tokens is the likeliest after those before

    @property
    def probabilities(self) -> np.ndarray:
        """Returns each option's among all of them, EOS after it counted: an evaluation's."""
        sums = self.of_tokens + self.of_eos
        weights = np.exp(sums - sums.max())
        return weights / weights.sum()


def scored_options(
    model: nnx.Module,
    prompts: Sequence[Ids],
    options: Sequence[Sequence[Ids]],
    *,
    max_tokens_per_batch: int = 4096,
    eos_id: int = features.EOS_ID,
    asks_eos: bool = True,
    ends_source: bool = True,
    done: predicted.Done | None = None,
) -> Iterator[list[Scored]]:
    """Yields the scores of each prompt's options, a batch of prompts at a time, in any order.

    Neither prompts nor options carry EOS; it is added as in training, behind an encoder's source
    if `ends_source` (`features.Marks.ends_inputs`), and predicted after each option if `asks_eos`.
    Prompts carry their BOS, where the words have one. A prompt without options is not scored.
    Batches, meshes, processes and `done` are those of `predicted.of_items`.
    """
    if len(prompts) != len(options):
        raise ValueError(f"{len(prompts)!r} prompts need as many option lists: {len(options)!r}")
    prompts = with_soft_prompt(model, prompts)
    layout = (
        option_rows.of_decoder
        if model.config.family == "decoder"
        else functools.partial(option_rows.of_encoder_decoder, ends_source=ends_source)
    )
    items = [
        layout(i, prompts[i], options[i], eos_id, asks_eos=asks_eos)
        for i in range(len(prompts))
        if len(options[i])
    ]
    counts = [len(each) for each in options]
    batches = predicted.of_items(model, items, max_tokens_per_batch=max_tokens_per_batch, done=done)
    for its_items, found in batches:
        yield _summed(its_items, found, counts, asks_eos=asks_eos)


def _summed(
    items: Sequence[option_rows.Item],
    found: predicted.Found,
    counts: Sequence[int],
    *,
    asks_eos: bool,
) -> list[Scored]:
    """Returns the sums of the items' predictions, which `found` has in order."""
    values = zip(found.log_probs_M.tolist(), found.are_likeliest_M.tolist(), strict=True)
    scored = []
    for item in items:
        count = counts[item.index]
        of_tokens, are_greedy = np.zeros(count), np.ones(count, bool)
        of_eos = np.zeros(count) if asks_eos else np.full(count, np.nan)
        for prediction in item.predictions:
            log_prob, is_likeliest = next(values)
            if prediction.is_eos:
                of_eos[prediction.option] = log_prob
            else:
                of_tokens[prediction.option] += log_prob
                are_greedy[prediction.option] &= is_likeliest
        scored.append(Scored(item.index, of_tokens, of_eos, are_greedy))
    return scored


def with_soft_prompt(model: nnx.Module, prompts: Sequence[Ids]) -> Sequence[Ids]:
    """Returns the prompts with the model's soft prompt, if it has one, before each."""
    first_ids = tuning.soft_prompt_ids(model)
    return [[*first_ids, *prompt] for prompt in prompts] if first_ids else prompts
