"""What crosses from the data half to the model half: batches of token ids."""

from typing import NamedTuple

import numpy as np

PAD_ID = 0
EOS_ID = 1


class Batch(NamedTuple):
    """Rows of packed examples. Segment 0 is padding; real segments count from 1 in each row.

    Positions count from 0 within each segment. `is_prefix_BT` marks the input part of an example,
    over which a prefix-LM attends both ways. The source arrays are None for a decoder-only model.
    """

    tokens_BT: np.ndarray  # int32
    targets_BT: np.ndarray  # int32
    loss_weights_BT: np.ndarray  # float32, 0 on inputs and padding
    segment_ids_BT: np.ndarray  # int32
    positions_BT: np.ndarray  # int32
    is_prefix_BT: np.ndarray  # bool
    source_tokens_BS: np.ndarray | None = None  # int32
    source_segment_ids_BS: np.ndarray | None = None  # int32
    source_positions_BS: np.ndarray | None = None  # int32
