"""How full rows get, by packer, on flan_core's prompts: `python bench/packing.py [--data DIR]`.

Next fit keeps one row open, as SeqIO's pure TensorFlow packing does. "Offline" is best fit over all
examples at once, and the bound is what no packer can exceed, because inputs and targets are not
needed in the ratio of their limits.
"""

import argparse
import pathlib
import sys
import time

import numpy as np

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

WINDOWS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="embedded", help="embedded, hub, tfds or a folder")
    parser.add_argument("--lengths", default="256/64,512/128,1024/256", help="inputs/targets")
    parser.add_argument("--few-shot", type=float, default=0.1, help="share of few-shot prompts")
    options = parser.parse_args()
    print("limits    layout           tokens/example  next fit  Grain 64  ours   offline  bound")
    for lengths in options.lengths.split(","):
        limits = tuple(int(number) for number in lengths.split("/"))
        sizes = _sizes(options, limits)
        both = {"encoder_decoder": (sizes, limits)}
        both["decoder"] = ([(0, a + b - 2) for a, b in sizes], (0, sum(limits)))
        for family, (each, capacity) in both.items():
            _report(lengths, family, each, capacity)


def _report(lengths: str, family: str, sizes: list, capacity: tuple[int, int]) -> None:
    from flanlike.batches import best_fit, packing

    used = float(np.sum(sizes))
    began = time.perf_counter()
    ours = sum(
        len(best_fit.pack(sizes[w : w + packing.WINDOW_EXAMPLES], capacity))
        for w in range(0, len(sizes), packing.WINDOW_EXAMPLES)
    )
    our_s, began = time.perf_counter() - began, time.perf_counter()
    grain_rows = _grain(sizes, capacity)
    grain_s = time.perf_counter() - began
    bound = max(sum(s[k] for s in sizes) / capacity[k] for k in (0, 1) if capacity[k])
    rows = [_next_fit(sizes, capacity), grain_rows, ours, len(best_fit.pack(sizes, capacity))]
    fills = "   ".join(f"{used / sum(capacity) / count:6.3f}" for count in (*rows, bound))
    print(f"{lengths:9s} {family:16s} {used / len(sizes):13.1f}   {fills}")
    micros = 1e6 / len(sizes)
    print(
        f"{'':26s} microseconds an example: Grain {grain_s * micros:.0f}, with the rows written; "
        f"ours {our_s * micros:.0f}, without"
    )


def _sizes(options: argparse.Namespace, limits: tuple[int, int]) -> list[tuple[int, int]]:
    """Returns the lengths of flan_core's examples, nothing held out, in the order of the stream."""
    import task_registry
    from flanlike.batches import features, packing, pipeline, vocabulary
    from flanlike.mixtures import compose, mixture
    from flanlike.prompts import stream as prompt_stream
    from flanlike.sources import availability

    found = task_registry.registry()
    mixed = found.mixture("flan_core")
    there = availability.of(mixed.task_names, found, options.data, skip_missing=True)
    composition = compose.resolve(mixed, found, there.rows, (), unavailable=there.missing)
    shares = mixture.Shares(few_shot=options.few_shot)
    prompts = prompt_stream.Prompts(composition, found, data=options.data, seed=0, shares=shares)
    texts = [text for i in range(4000) for text in (prompts[i].inputs, prompts[i].targets)]
    words = vocabulary.Vocabulary.train(texts, 4096)
    fitted = prompt_stream.Prompts(
        composition,
        found,
        data=options.data,
        seed=0,
        shares=shares,
        room=features.room(words, limits[0], "encoder_decoder"),
    )
    items = pipeline.Items(
        fitted,
        words,
        limits=features.LengthLimits(max_input_tokens=limits[0], max_target_tokens=limits[1]),
        family="encoder_decoder",
    )
    total = WINDOWS * packing.WINDOW_EXAMPLES
    found = map(items, range(total))
    return [item.example.size("encoder_decoder") for item in found if item.example is not None]


def _next_fit(sizes: list[tuple[int, int]], capacity: tuple[int, int]) -> int:
    rows, room = 0, (-1, -1)
    for size in sizes:
        if size[0] > room[0] or size[1] > room[1]:
            rows, room = rows + 1, capacity
        room = (room[0] - size[0], room[1] - size[1])
    return rows


def _grain(sizes: list[tuple[int, int]], capacity: tuple[int, int]) -> int:
    import grain
    from grain import experimental

    lengths = {key: room for key, room in zip("sd", capacity, strict=True) if room}
    examples = [
        {key: np.ones(n, np.int32) for key, n in zip("sd", size, strict=True) if key in lengths}
        for size in sizes
    ]
    packed = experimental.BestFitPackIterDataset(
        grain.MapDataset.source(examples).to_iter_dataset(),
        length_struct=lengths,
        num_packing_bins=64,
    )
    return sum(1 for _ in packed)


if __name__ == "__main__":
    main()
