"""Made-up predictions, and questions in letters, for the tests of eval."""

import re

import numpy as np

import task_registry
from eval import metrics, predictions, questions
from flanlike import config
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import decode

# A text with all that Markdown and HTML take for mark-up.
NASTY = "a | b\n<b>c</b> **d** `e` [f](g) _h_ snake_case &amp; \\| $i$\u2028- j"
TINY = model_config.ModelConfig(
    family="decoder",
    model_size=8,
    layers=1,
    query_heads=1,
    key_value_heads=1,
    head_size=8,
    hidden_size=8,
    vocab_size=256,
)


class Letters:
    """A vocabulary of one id per character."""

    marks = features.Marks()
    unknown_id = None

    def encode(self, text):
        return [ord(c) for c in text]

    def decode(self, ids):
        return "".join(map(chr, ids))


def collect(*names, style="instructions", family="decoder", data="embedded", words=None, **changes):
    """Returns few questions on tasks of some data; `changes` are of `config.EvalConfig`."""
    few = dict(rows_per_task=8, validation_rows=2, generation_rows=2, max_input_tokens=4000)
    return questions.collect(
        names,
        task_registry.registry(),
        words or Letters(),
        data=data,
        family=family,
        settings=config.EvalConfig(**few | changes),
        style=style,
    )


def cell(predicted, gold=None, **changes):
    """Returns predictions of a two-label task; `gold` is all ones unless given."""
    n = len(predicted)
    given = dict(
        task="sst2",
        cluster="sentiment",
        template="opinion",
        kind="forward",
        prompts="instructions",
        shots=0,
        options=True,
        scoring="rank",
        split="test",
        is_choosing=False,
        metrics=("accuracy",),
        rows=tuple(f"test-{i}" for i in range(n)),
        inputs=tuple(range(n)),
        fixed_labels=True,
        option_counts=(2,) * n,
        shown_gold=(0,) * n,
        shown_choice=(0,) * n,
        answered=metrics.Answered(predicted=tuple(predicted), gold=tuple(gold or (1,) * n)),
    )
    return predictions.Predictions(**(given | changes))


def scored_by(option_scores):
    """Returns what takes the place of `decode.scored_options`: these sums, EOS for nothing."""

    def scored_options(model, prompts, options, **how):
        sums = option_scores(model, prompts, options, **how)
        yield [
            decode.Scored(i, values, np.zeros(len(values)), np.ones(len(values), bool))
            for i, values in enumerate(sums)
        ]

    return scored_options


def table_cells(line):
    """Returns the cells of a row of a GFM table, read as GitHub does."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def written_by(generate):
    """Returns what takes the place of `generate.written_in_batches`: these texts, in one batch."""

    def written_in_batches(model, prompts, **how):
        yield dict(enumerate(generate(model, prompts, **how)))

    return written_in_batches
