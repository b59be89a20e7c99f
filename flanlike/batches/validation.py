"""The validation set of a run: rows of the tasks that it trains on which training never draws.

The prompts are drawn as those of training are, by the mixture's shares, templates and forms, from
each task's validation split (carved from its training rows where its dataset has none, as for an
evaluation). Of held-out tasks there are none. Which they are hangs on `--validation.seed` alone,
and not on the run's; so do the templates of --mix.templates. Exemplars are training rows.
"""

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flanlike import config as config_lib
from flanlike import errors
from flanlike.batches import best_fit, chat, features, pipeline
from flanlike.mixtures import mixture
from flanlike.prompts import stream as prompt_stream
from flanlike.sources import availability, opening
from flanlike.tasks import registry as registry_module


@dataclass(frozen=True, kw_only=True)
class ValidationSet:
    """Batches of one size, with what is in them; rows that fill the last one up have no weight."""

    batches: tuple[features.Batch, ...]
    prompts: Mapping[str, int]  # by task
    left_out: Mapping[str, str]  # tasks without validation rows, and why
    unfit: int  # prompts that found no room, and are not in it

    @property
    def told(self) -> str:
        """Returns a line on what it is."""
        line = (
            f"validation set: {sum(self.prompts.values()):,} prompts of {len(self.prompts)} tasks"
        )
        if self.unfit:
            line += f", {self.unfit:,} more found no room"
        if self.left_out:
            line += f"; without validation rows: {'; '.join(availability.by_reason(self.left_out))}"
        return line

    def as_json(self) -> dict[str, Any]:
        """Returns what composition.json says of it."""
        return {
            "prompts": dict(sorted(self.prompts.items())),
            "left_out": dict(self.left_out),
            "unfit": self.unfit,
        }


def collect(
    composition: mixture.Composition,
    registry: registry_module.Registry,
    words: chat.Words,
    config: config_lib.RunConfig,
    *,
    family: features.Family,
    first_ids: Sequence[int] = (),
) -> ValidationSet:
    """Returns the set in batches of as many rows as a micro-batch of training has."""
    left_out = _without_rows(composition, registry, config.data)
    kept = tuple(task for task in composition.tasks if task.name not in left_out)
    if not kept:
        reasons = "; ".join(sorted(set(left_out.values())))
        raise errors.UserError(
            f"--validation.every {config.validation.every}: no task that is trained on has "
            f"validation rows ({reasons}): leave it out"
        )
    limits = features.LengthLimits(
        max_input_tokens=config.batch.max_input_tokens,
        max_target_tokens=config.batch.max_target_tokens,
    )
    stream = prompt_stream.Prompts(
        dataclasses.replace(composition, tasks=kept),
        registry,
        data=config.data,
        seed=config.validation.seed,
        style=config.prompts,
        room=features.room(words, limits.max_input_tokens, family, first_ids),
        split="validation",
    )
    items = pipeline.Items(
        stream, words, limits=limits, family=family, first_ids=first_ids, answers=config.answers
    )
    drawn = [items(index) for index in range(config.validation.rows)]
    fitting = [item for item in drawn if item.example is not None]
    if not fitting:
        raise errors.UserError(
            f"none of {len(drawn):,} validation prompts fits the model's inputs: give them more "
            "room by --batch.max-input-tokens"
        )
    counts = collections.Counter(kept[item.task].name for item in fitting)
    return ValidationSet(
        batches=_packed(
            [item.example for item in fitting],
            limits.row_tokens(family),
            config.batch.rows // config.batch.micro_batches,
            family,
        ),
        prompts=counts,
        left_out=left_out,
        unfit=len(drawn) - len(fitting),
    )


def _without_rows(
    composition: mixture.Composition, registry: registry_module.Registry, data: str
) -> dict[str, str]:
    """Returns why tasks that are trained on have no validation rows."""
    found = {}
    for share in composition.tasks:
        task = registry.task(share.name)
        try:
            opening.open_rows(task, data, "validation", skip_bad_rows=composition.skip_bad_rows)
        except errors.UserError as error:
            found[share.name] = str(error).removeprefix(f"task {share.name!r}: ")
    return found


def _packed(
    examples: Sequence[features.Example],
    row_tokens: tuple[int, int],
    batch_rows: int,
    family: features.Family,
) -> tuple[features.Batch, ...]:
    packed = best_fit.pack([example.size(family) for example in examples], row_tokens)
    rows = [[examples[i] for i in row] for row in packed]
    whole = features.assemble(rows, row_tokens, family=family)
    # Rows that fill up say what the first one says: one without a token has nothing to attend to.
    numbers = np.arange(-(-len(rows) // batch_rows) * batch_rows)
    taken = np.where(numbers < len(rows), numbers, 0)
    filled = features.Batch(*[None if array is None else array[taken] for array in whole])
    filled.loss_weights_BT[len(rows) :] = 0
    return tuple(
        features.Batch(*[None if a is None else a[first : first + batch_rows] for a in filled])
        for first in range(0, len(numbers), batch_rows)
    )
