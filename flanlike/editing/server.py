"""The server of the page: its files, and answers in JSON to what it asks."""

import asyncio
import contextlib
import functools
import json
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
from starlette import applications, requests, responses, routing
from starlette import exceptions as starlette_exceptions

from flanlike import errors
from flanlike.editing import asked, desk, guard, saving
from flanlike.editing import given as given_lib

_PAGE = Path(__file__).parent / "page"
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_INDEX = "index.html"
_MOST_SAID = 400  # letters of a mistake
_LOOK_S = 0.25  # between looks at whether the page still waits

Method = Callable[[given_lib.Given], dict[str, Any]]


def app(
    lying: desk.Desk,
    models: asked.Models,
    *,
    port: int,
    style: str = "",
    is_ending: Callable[[], bool] = lambda: False,
) -> guard.Guard:
    """Returns the application; `style` is that of a report, on which the page's builds.

    A question that somebody waits for is given up once `is_ending`.
    """
    files = {f"/{path.name}": path.read_bytes() for path in sorted(_PAGE.iterdir())}
    files["/"] = files.pop(f"/{_INDEX}")
    files["/report.css"] = style.encode()
    methods: dict[str, Method] = {
        "catalogue": lying.catalogue,
        "mixture": lying.mixture,
        "task": lying.task,
        "render": lying.render,
        "save": lying.save,
    }

    async def start(request: requests.Request) -> responses.Response:
        return _json({"data": lying.data, "models": models.listed()})

    async def ask(request: requests.Request) -> responses.Response:
        given = given_lib.Given.of(await _body(request))
        async with _waited_for(request, is_ending) as goes_on:
            work = functools.partial(models.ask, given, goes_on=goes_on)
            return _json(await anyio.to_thread.run_sync(work))

    routes = [
        *(routing.Route(path, _file(path, content)) for path, content in files.items()),
        routing.Route("/api/start", start),
        routing.Route("/api/ask", ask, methods=["POST"]),
        *(
            routing.Route(f"/api/{name}", _answers(method), methods=["POST"])
            for name, method in methods.items()
        ),
        routing.Route("/reports/{place:int}", functools.partial(_report, models)),
    ]
    handlers = {
        errors.UserError: _mistake,
        starlette_exceptions.HTTPException: _no_such,
        Exception: _failed,
    }
    inner = applications.Starlette(routes=routes, exception_handlers=handlers)
    return guard.Guard(inner, port=port)


def _answers(method: Method) -> Callable[[requests.Request], Any]:
    """Returns what answers a request by a method, in a thread of its own."""

    async def answer(request: requests.Request) -> responses.Response:
        given = given_lib.Given.of(await _body(request))
        return _json(await anyio.to_thread.run_sync(functools.partial(_of_files, method, given)))

    return answer


def _of_files(method: Method, given: given_lib.Given) -> dict[str, Any]:
    """Returns what the method does; a file that cannot be read is the user's to mend."""
    try:
        return method(given)
    except OSError as error:
        if (told := errors.of_files(error)) is None:
            raise
        raise told from error


async def _body(request: requests.Request) -> bytes:
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > given_lib.MOST_BYTES:
            raise errors.UserError(f"the request has more than {given_lib.MOST_BYTES:,} bytes")
    return content


@contextlib.asynccontextmanager
async def _waited_for(
    request: requests.Request, is_ending: Callable[[], bool]
) -> AsyncIterator[Callable[[], bool]]:
    """Yields what says whether the page still waits for an answer: a thread may ask it."""
    gone = threading.Event()

    async def look() -> None:
        while not gone.is_set():
            if is_ending() or await request.is_disconnected():
                gone.set()
            await asyncio.sleep(_LOOK_S)

    looking = asyncio.create_task(look())
    try:
        yield lambda: not gone.is_set()
    finally:
        gone.set()
        looking.cancel()


def _file(path: str, content: bytes) -> Callable[[requests.Request], Any]:
    kind = _KINDS[Path(path).suffix or ".html"]

    async def file(request: requests.Request) -> responses.Response:
        return responses.Response(content, media_type=f"{kind}; charset=utf-8")

    return file


async def _report(models: asked.Models, request: requests.Request) -> responses.Response:
    path = models.report(request.path_params["place"])
    if path is None:
        raise starlette_exceptions.HTTPException(404)
    headers = {"content-security-policy": guard.REPORT_POLICY}
    return responses.FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)


def _mistake(request: requests.Request, error: Exception) -> responses.Response:
    status = 409 if isinstance(error, saving.Changed) else 400
    line = " ".join(str(error).split())
    if len(line) > _MOST_SAID:  # as a list of all names that there are
        line = f"{line[:_MOST_SAID]} …"
    return _json({"error": line}, status)


def _no_such(request: requests.Request, error: Exception) -> responses.Response:
    status = getattr(error, "status_code", 404)
    return _json({"error": f"{request.method} {request.url.path}: there is no such thing"}, status)


def _failed(request: requests.Request, error: Exception) -> responses.Response:
    """Tells the page in one line what went wrong in here; the terminal has it whole."""
    traceback.print_exception(error, file=sys.stderr)
    return _json({"error": f"the workbench failed: {errors.in_one_line(error)}"}, 500)


def _json(content: Any, status: int = 200) -> responses.Response:
    text = json.dumps(content, allow_nan=False)
    return responses.Response(text, status, media_type="application/json")
