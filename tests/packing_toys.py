"""Examples that count, to be packed."""

from flanlike.batches import features, packing


class Counting:
    """Example i has (i % 5) + 1 targets, all of them i + 3; every seventh has lost an exemplar."""

    def __call__(self, index: int) -> packing.Item:
        example = features.Example(inputs=[2], targets=[index + 3] * (index % 5 + 1))
        return packing.Item(example=example, dropped_exemplars=int(index % 7 == 0))
