"""`python -m flanlike.workbench [RUN ...]`: the flags, and the server on loopback until Ctrl-C."""

import argparse
import importlib.util
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from flanlike import bounds, errors
from flanlike.editing import asked, desk, saving
from flanlike.runs import named
from flanlike.tasks import registry as registries
from flanlike.tasks import template_files

LOOPBACK = "127.0.0.1"  # and nothing else: whoever reaches it can save templates

_PORT = 8321
_MOST_DATA = 8
_PACKAGES = ("starlette", "uvicorn", "anyio")
_GRACE_S = 2  # for what is being answered at Ctrl-C
_RUN = "RUN"

_Port = Annotated[int, bounds.Bounds(1024, 65535, also=0)]


def main(
    arguments: Sequence[str],
    registry: registries.Opener,
    *,
    style: str,
    tell: Callable[[str], None],
) -> None:
    """Runs the command; `style` is a report's, and `tell` says where the page is."""
    flags = _parser().parse_args(arguments)
    _expect_sense(flags)
    _expect_packages()
    place = saving.Place(_folder(flags))
    lying = desk.Desk(registry(flags.tasks), data=flags.data, place=place, files=flags.file)
    models = asked.Models([named.find(name, flag=_RUN) for name in flags.runs])
    with _bound(flags.port) as taken:
        _serve(taken, lying, models, style, tell)


def _parser() -> errors.Parser:
    parser = errors.Parser(
        prog="python -m flanlike.workbench",
        description="A page on this machine alone: rows by every template, templates to edit and "
        "save, models to ask, reports of runs.",
    )
    parser.add_argument(
        "runs",
        nargs="*",
        metavar=_RUN,
        help="to ask and to read the report of: a run's folder, a published model's, a hub id",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        default=["embedded"],
        help="where rows are, one or several to choose from: embedded (default), hub, tfds, folder",
    )
    parser.add_argument("--tasks", metavar="FILE.py", help="a module with your TASKS and MIXTURES")
    parser.add_argument(
        "--file", nargs="+", default=[], help="files of instructions: each is a task and a mixture"
    )
    parser.add_argument(
        "--templates",
        type=Path,
        metavar="FOLDER",
        help="the one folder in which templates may be saved; default: that of --tasks, or of the "
        "checkout; an installed package has none",
    )
    parser.add_argument(
        "--port", **bounds.argument(_Port), default=_PORT, help=f"({_PORT}); 0: any that is free"
    )
    return parser


def _expect_sense(flags: argparse.Namespace) -> None:
    if len(flags.runs) > asked.MOST:
        raise errors.UserError(f"{len(flags.runs)} models: give {asked.MOST} at most")
    if len(flags.data) > _MOST_DATA or len(set(flags.data)) < len(flags.data):
        raise errors.UserError(f"--data: give {_MOST_DATA} places at most, each once")
    if flags.templates is not None and not flags.templates.is_dir():
        raise errors.UserError(
            f"--templates {str(flags.templates)!r} is no folder: give one that is there"
        )


def _expect_packages() -> None:
    if missing := [name for name in _PACKAGES if importlib.util.find_spec(name) is None]:
        raise errors.UserError(
            f"the workbench needs {' and '.join(missing)}, not installed here: "
            "pip install 'flanlike[workbench]' (in a checkout: pip install -e '.[workbench]')"
        )


def _folder(flags: argparse.Namespace) -> Path | None:
    """Returns the folder to save in; None in an installed package without a word on it."""
    if flags.templates is not None:
        return flags.templates
    if flags.tasks is not None:
        return Path(flags.tasks).parent
    shipped = template_files.SHIPPED
    return shipped if (shipped.parent / "pyproject.toml").is_file() else None


def _bound(port: int) -> socket.socket:
    """Returns a socket of this machine alone; raises where the port is taken."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((LOOPBACK, port))
        taken.listen(32)
    except OSError as error:
        taken.close()
        raise errors.UserError(
            f"--port {port} cannot be used ({error.strerror}): something else may listen there; "
            "give another, or 0 for any that is free"
        ) from None
    return taken


def _serve(
    taken: socket.socket,
    lying: desk.Desk,
    models: asked.Models,
    style: str,
    tell: Callable[[str], None],
) -> None:
    """Serves until it is asked to stop; Ctrl-C raises KeyboardInterrupt when all is closed."""
    import uvicorn

    from flanlike.editing import server

    # What it says of what it gives up at Ctrl-C is not for the user.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    port = taken.getsockname()[1]
    ending: list[uvicorn.Server] = []
    app = server.app(
        lying,
        models,
        port=port,
        style=style,
        is_ending=lambda: bool(ending) and ending[0].should_exit,
    )
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        loop="asyncio",
        proxy_headers=False,
        server_header=False,
        limit_concurrency=32,
        timeout_graceful_shutdown=_GRACE_S,
    )
    ending.append(uvicorn.Server(config))
    tell(f"http://{LOOPBACK}:{port}/   (Ctrl-C ends it)")
    ending[0].run(sockets=[taken])
