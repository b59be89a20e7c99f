"""Made-up predictions for the tests of eval."""

from eval import metrics, predictions


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
