"""`python -m eval report RUN [RUN ...]`: the page of a run again, or of several side by side."""

import pathlib
from collections.abc import Sequence

from eval import compare, report
from flanlike import errors
from flanlike.tasks import registry as registries


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    del registry  # a page shows what was asked
    parser = errors.Parser(prog="python -m eval report", description="Compares runs in one page.")
    parser.add_argument("runs", nargs="+", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--out", type=pathlib.Path, help="folder of the page; default: comparison")
    flags = parser.parse_args(arguments)
    if len(flags.runs) == 1 and flags.out is None:
        pages = report.write(flags.runs[0])
    else:
        pages = compare.write(flags.runs, flags.out or pathlib.Path("comparison"))
    print("\n".join(map(str, pages)))
