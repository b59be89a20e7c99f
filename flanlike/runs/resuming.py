"""Where a run goes on: from its own newest checkpoint."""

import grain

from flanlike.training import checkpoint, loop, progress


def restore(
    checkpoints: checkpoint.Checkpoints, state: loop.TrainState, batches: grain.DatasetIterator
) -> loop.TrainState:
    """Returns the newest state that was saved, with the batches set to it; else the one given."""
    restored = checkpoints.restore_latest(state, batches)
    if restored is None:
        return state
    progress.say(f"going on from step {int(restored.step)}")
    return restored
