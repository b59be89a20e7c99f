"""`python -m eval perplexity --model A B --task T`: how well models predict running text.

What tuning costs elsewhere: the same texts before it and after it, one model a line.
"""

import argparse
import dataclasses
import json
import math
import pathlib
import re
import sys
from collections.abc import Sequence
from typing import Annotated

import numpy as np

from eval import figures, pace, sampling, statistics
from flanlike import bounds, errors, knobs, microworld, seeding
from flanlike.batches import features
from flanlike.models import running_text
from flanlike.runs import loading, named
from flanlike.sources import opening
from flanlike.tasks import registry as registries

_Bytes = Annotated[int, bounds.Bounds(16, 65_536)]
_WHAT = "the perplexity of a text"
_LEAST_TEXTS = 2  # of one, no interval


@dataclasses.dataclass(frozen=True, kw_only=True)
class Read:
    """What one model makes of the texts; intervals are over other texts.

    `bits_per_byte` is -sum(ln p) / (ln 2 * UTF-8 bytes), for models of any words. `nats_per_token`
    and `perplexity` = exp(nats_per_token) depend on the words: compare them within one vocabulary.
    `over_first` are the bits a byte above the first model's, on the same texts. Of words without a
    BOS the first token of each text is predicted from nothing and not `counts_first_token`: its
    bytes are among the bytes, its bits are not among the bits.
    """

    model: str
    tokens: int
    nats_per_token: float
    perplexity: float
    bits_per_byte: float
    ci95: tuple[float, float]
    over_first: float | None = None
    over_first_ci95: tuple[float, float] | None = None
    counts_first_token: bool = True


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    flags = _parser().parse_args(arguments)
    if (flags.task is None) == (flags.text is None):
        raise errors.UserError("give the texts: --task NAME for a task's rows, or --text FILE")
    texts, keys = _texts_of_file(flags) if flags.text else _texts_of_task(flags, registry)
    if len(texts) < _LEAST_TEXTS:
        raise errors.UserError(f"{len(texts)} text to read: expected {_LEAST_TEXTS} or more")
    models = [named.find(model, flag="--model") for model in flags.model]
    for there in models:
        running_text.expect_decoder(loading.shape_of(there.folder).family, _WHAT)
    reporter = pace.reporter(sys.stderr if flags.json else sys.stdout)
    bytes_N = np.asarray([len(text.encode()) for text in texts])
    nats, counts, have_bos = [], [], []
    for there in models:
        with reporter.waiting(f"loading {there.name}"):
            loaded = loading.load(there.folder)
        log_probs = _log_probs(loaded, texts, reporter)
        nats.append(np.asarray([-each.sum() for each in log_probs]))
        counts.append(sum(map(len, log_probs)))
        have_bos.append(loaded.words.marks.bos_id is not None)
        if not counts[-1]:
            raise errors.UserError(f"no text has two tokens for {there.name}: give longer ones")
    drawn = statistics.draws(
        statistics.clusters([key] for key in keys), seed=seeding.key("texts", *keys)
    )
    names = [there.name for there in models]
    found = [
        dataclasses.replace(read, counts_first_token=has_bos)
        for read, has_bos in zip(
            compare(names, nats, counts, bytes_N, drawn), have_bos, strict=True
        )
    ]
    if flags.json:
        texts_read = {"texts": len(texts), "bytes": int(bytes_N.sum())}
        each = [dataclasses.asdict(read) for read in found]
        print(json.dumps(texts_read | {"models": each}, ensure_ascii=False))
        return
    if flags.task and flags.data == "embedded":
        print(microworld.NOTICE)
    print(f"{len(texts):,} texts, {bytes_N.sum():,} bytes; 95 % intervals over texts")
    print(*_lines(found), sep="\n")


def compare(
    names: Sequence[str],
    nats: Sequence[np.ndarray],
    tokens: Sequence[int],
    bytes_N: np.ndarray,
    drawn: np.ndarray,
) -> list[Read]:
    """Returns each model's figures, from its -ln p of each text (N,) and its tokens in all.

    `drawn` says how often each text is drawn in each resample: (resamples, N).
    """
    found = []
    scale = math.log(2) * bytes_N.sum()
    drawn_bytes = math.log(2) * (drawn @ bytes_N)
    first = nats[0]
    for name, nats_N, count in zip(names, nats, tokens, strict=True):
        per_token = float(nats_N.sum() / count)
        extra_N = nats_N - first
        found.append(
            Read(
                model=name,
                tokens=count,
                nats_per_token=per_token,
                perplexity=math.exp(per_token),
                bits_per_byte=float(nats_N.sum() / scale),
                ci95=_ends((drawn @ nats_N) / drawn_bytes),
                over_first=None if nats_N is first else float(extra_N.sum() / scale),
                over_first_ci95=(
                    None if nats_N is first else _ends((drawn @ extra_N) / drawn_bytes)
                ),
            )
        )
    return found


def _parser() -> errors.Parser:
    parser = errors.Parser(
        prog="python -m eval perplexity",
        description="How well decoders predict running text: bits a byte, and perplexity",
    )
    parser.add_argument(
        "--model",
        required=True,
        nargs="+",
        help="runs' folders, published models' or ids of the hub; differences are to the first",
    )
    parser.add_argument("--task", help="read one field of its test rows")
    parser.add_argument("--field", help="which; default: the one with the most text")
    parser.add_argument("--data", default="embedded", help="embedded | hub | tfds | a folder")
    parser.add_argument("--tasks", help="Python file with TASKS and MIXTURES of your own")
    parser.add_argument(
        "--text", type=pathlib.Path, help="a file of texts in UTF-8, with empty lines between"
    )
    rows = bounds.argument(knobs.Sample)
    parser.add_argument("--rows", default=100, **rows, help="texts at most (100)")
    parser.add_argument(
        "--max-bytes",
        default=1000,
        **bounds.argument(_Bytes),
        help="of each text, from its beginning (1000)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    return parser


def _texts_of_task(
    flags: argparse.Namespace, registry: registries.Opener
) -> tuple[list[str], list[str]]:
    """Returns the field of some test rows, and whole: rows of one text are one draw."""
    task = registry(flags.tasks).at(flags.data).task(flags.task)
    records = opening.open_rows(task, split="test", data=flags.data)
    rows = [record for _, record in sampling.sample(records, 0).first(flags.rows)]
    lengths = {
        name: sum(len(row[name]) for row in rows)
        for name in task.fields
        if all(isinstance(row.get(name), str) for row in rows)
    }
    if not lengths:
        raise errors.UserError(f"task {task.name!r} has no field of text")
    field = flags.field or max(lengths, key=lengths.__getitem__)
    if field not in lengths:
        raise errors.did_you_mean(f"field of task {task.name!r}", field, lengths)
    whole = list(dict.fromkeys(row[field] for row in rows if row[field].strip()))
    return [_cut(text, flags.max_bytes) for text in whole], whole


def _texts_of_file(flags: argparse.Namespace) -> tuple[list[str], list[str]]:
    if flags.field:
        raise errors.UserError("--field is of a task's rows: leave it out with --text")
    try:
        content = flags.text.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise errors.UserError(
            f"--text {str(flags.text)!r} cannot be read as UTF-8: {error}"
        ) from error
    whole = [part.strip() for part in re.split(r"\n\s*\n", content)]
    whole = list(dict.fromkeys(filter(None, whole)))[: flags.rows]
    return [_cut(text, flags.max_bytes) for text in whole], whole


def _cut(text: str, most: int) -> str:
    """Returns as many whole characters from the beginning as fit into so many bytes."""
    return text.encode()[:most].decode(errors="ignore")


def _log_probs(
    loaded: loading.Loaded, texts: Sequence[str], reporter: pace.Reporter
) -> list[np.ndarray]:
    before = features.before_inputs(loaded.words.marks, "decoder")
    ids = [[*before, *loaded.words.encode(text)] for text in texts]
    with reporter.phase("reading texts", len(texts)) as done:
        return running_text.log_probs(loaded.model, ids, done=done)


def _lines(found: Sequence[Read]) -> list[str]:
    lines = [f"{'bits a byte':>11}  {'95 %':14}  {'over the first':>14}  perplexity  model"]
    for read in found:
        over = "" if read.over_first is None else figures.signed(read.over_first)
        lines.append(
            f"{read.bits_per_byte:>11.4f}  {read.ci95[0]:.4f}-{read.ci95[1]:.4f}   {over:>14}  "
            f"{read.perplexity:>10,.2f}  {read.model}"
        )
        if read.over_first_ci95 is not None:
            low, high = map(figures.signed, read.over_first_ci95)
            lines.append(f"{'':>29}[{low}, {high}]")
    without = [read.model for read in found if not read.counts_first_token]
    if 0 < len(without) < len(found):
        lines.append(
            f"of {', '.join(without)} the first token of each text is not counted, for want of a "
            "BOS: too few bits beside the others', the more so the shorter the texts"
        )
    return lines


def _ends(samples: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(samples, (2.5, 97.5))
    return float(low), float(high)
