"""`python -m eval induction --model M`: which heads look up what followed before."""

import pathlib
import sys
from collections.abc import Sequence
from typing import Annotated

from eval import figures, heat_maps, induction, pace, page, plots
from flanlike import atomic, bounds, errors
from flanlike.runs import loading, named
from flanlike.tasks import registry as registries

_Seeds = Annotated[int, bounds.Bounds(1, 1024)]
_Period = Annotated[int, bounds.Bounds(8, 1024)]
_Repeats = Annotated[int, bounds.Bounds(2, 8)]
_PRINTED = 10
_LISTED = 20


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    del registry  # random tokens are asked, no task
    parser = errors.Parser(
        prog="python -m eval induction",
        description="Scores every head of a decoder on repeated random tokens (Olsson et al. 2022)",
    )
    parser.add_argument(
        "--model", required=True, help="a run's folder, a published model's, or an id of the hub"
    )
    parser.add_argument("--seeds", default=8, **bounds.argument(_Seeds), help="sequences (8)")
    parser.add_argument(
        "--tokens", default=25, **bounds.argument(_Period), help="random tokens of each (25)"
    )
    parser.add_argument(
        "--repeats", default=4, **bounds.argument(_Repeats), help="how often they come (4)"
    )
    parser.add_argument(
        "--out", type=pathlib.Path, default=pathlib.Path("induction"), help="folder (induction)"
    )
    flags = parser.parse_args(arguments)
    there = named.find(flags.model, flag="--model")
    induction.expect(loading.shape_of(there.folder))
    atomic.expect_writable(flags.out)
    reporter = pace.reporter(sys.stderr)
    with reporter.waiting(f"loading {there.name}"):
        loaded = loading.load(there.folder)
    with reporter.waiting("reading random tokens"):
        found = induction.probe(
            loaded.model,
            loaded.words,
            seeds=range(flags.seeds),
            period=flags.tokens,
            repeats=flags.repeats,
        )
    for line in _lines(found):
        print(line)
    for path in write(flags.out, there.name, loaded.step, found):
        print(path)
    if found.window and found.window < flags.tokens:
        print(
            f"layers {_listed(found.local_layers)} see {found.window} tokens, and what followed "
            f"is {flags.tokens - 1} away: their prefix matching is 0 by that",
            file=sys.stderr,
        )


def write(
    folder: pathlib.Path, name: str, step: int | None, found: induction.Probe
) -> list[pathlib.Path]:
    """Writes induction.html, .svg and .json into the folder; returns their paths."""
    svg = _drawn(found)
    paths = [folder / f"induction.{kind}" for kind in ("html", "svg", "json")]
    atomic.write(paths[0], page.to_html(f"Induction heads of {name}", _blocks(name, found, svg)))
    atomic.write(paths[1], plots.standalone(svg) + "\n")
    atomic.write_json(paths[2], {"model": name, "step": step, **found.as_json()}, indent=None)
    return paths


def _lines(found: induction.Probe) -> list[str]:
    """Returns what the screen shows: the losses, and the heads that match prefixes best."""
    lines = [
        f"loss, nats a token: {found.first_loss:.2f} the first time, {found.repeated_loss:.2f} "
        f"repeated, {found.shuffled_loss:.2f} repeated in another order",
        "layer  head  prefix matching (sd)  shuffled  copying (sd)",
    ]
    for row in _rows(found, _PRINTED):
        layer, head, matching, matching_sd, control, copying, copying_sd = row
        lines.append(
            f"{layer:>5}  {head:>4}  {matching:>8} {f'({matching_sd})':12} {control:>9}  "
            f"{copying:>7} ({copying_sd})"
        )
    return lines


def _rows(found: induction.Probe, count: int) -> list[list[str]]:
    """Returns layer, head, and the figures of the heads that match prefixes best."""
    scores = (
        found.prefix_matching_LN,
        found.prefix_matching_sd_LN,
        found.control_LN,
        found.copying_LN,
        found.copying_sd_LN,
    )
    return [
        [str(layer), str(head), *(figures.number(float(each[layer, head])) for each in scores)]
        for layer, head in found.top(count)
    ]


def _drawn(found: induction.Probe) -> str:
    return heat_maps.draw(
        [
            heat_maps.Map(title="prefix matching", values=found.prefix_matching_LN),
            heat_maps.Map(title="copying", values=found.copying_LN),
        ],
        row="layer",
        column="head",
        marked=found.local_layers,
        mark=f"sees {found.window:,} tokens",
    )


def _blocks(name: str, found: induction.Probe, svg: str) -> list[page.Block]:
    header = ["layer.head", "prefix matching", "sd", "shuffled", "copying", "sd"]
    rows = [[f"{layer}.{head}", *rest] for layer, head, *rest in _rows(found, _LISTED)]
    return [
        page.Heading(text=f"Induction heads of {page.literal(name)}", level=1),
        page.Text(
            text=f"{found.seeds} sequences of {found.period} distinct random tokens, "
            f"{found.repeats} times each. **Prefix matching** is the attention of a repeated token "
            "to what followed it before, **copying** the share of what a head raises that is the "
            "token it looks at (Olsson et al. 2022). A head that knows nothing of either has about "
            f"{figures.number(1 / found.period)} in both."
        ),
        page.Text(
            text=f"The model's loss is {found.first_loss:.2f} nats a token the first time, "
            f"{found.repeated_loss:.2f} where the tokens come again, and "
            f"{found.shuffled_loss:.2f} where they come again in another order."
        ),
        page.Figure(
            name="induction",
            svg=svg,
            caption="Every head, from 0 (none) to 1 (full colour); hover for its figures.",
        ),
        page.Heading(text="The heads that match prefixes best"),
        page.Text(
            text="sd: over sequences. shuffled: attention to the same places where the repetitions "
            "are in other orders, so that nothing is to be found there.",
            role="note",
        ),
        page.Table(header=header, rows=rows),
    ]


def _listed(layers: Sequence[int]) -> str:
    return ", ".join(map(str, layers))
