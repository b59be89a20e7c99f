"""The server of the page: its files, and answers in JSON to what it asks.

A model's answer comes as lines of JSON, each when it is known: {"state": "reading runs/mine"},
{"piece": "Yes"} ..., and at last {"done": {...}} with all of it, or {"error": "..."}.
"""

import asyncio
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
        wanted = models.wanted(given_lib.Given.of(await _body(request)))
        return _Told(functools.partial(models.ask, wanted), is_ending)

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
        work = functools.partial(method, given)
        return _json(await anyio.to_thread.run_sync(_of_files, work))

    return answer


def _of_files(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Returns what the work does; a file that cannot be read is the user's to mend."""
    try:
        return work()
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


class _Told(responses.StreamingResponse):
    """What a work tells while it is done in a thread, and what it returns or how it failed.

    Has the page gone, which closes the connection, the work is told so by `goes_on`. One that tells
    waits for no page that reads slowly: how much there is to tell is bounded by the question.
    """

    def __init__(self, work: Callable[..., dict[str, Any]], is_ending: Callable[[], bool]) -> None:
        self._work, self._is_ending = work, is_ending
        self._is_gone = threading.Event()
        super().__init__(self._lines(), media_type="application/jsonl")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._is_gone.set()

    async def _lines(self) -> AsyncIterator[str]:
        loop, told = asyncio.get_running_loop(), asyncio.Queue[tuple[str, Any]]()

        def tell(kind: str, said: Any) -> None:
            if not self._is_gone.is_set():
                loop.call_soon_threadsafe(told.put_nowait, (kind, said))

        def work() -> None:
            try:
                done = _of_files(functools.partial(self._work, tell=tell, goes_on=self._goes_on))
            except Exception as error:
                tell("error", _line(error))
            else:
                tell("done", done)

        working = asyncio.create_task(anyio.to_thread.run_sync(work))
        kind = ""
        while kind not in ("done", "error"):
            kind, said = await told.get()
            yield f"{json.dumps({kind: said}, allow_nan=False)}\n"
        await working

    def _goes_on(self) -> bool:
        return not (self._is_gone.is_set() or self._is_ending())


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
    return _json({"error": _line(error)}, status)


def _no_such(request: requests.Request, error: Exception) -> responses.Response:
    status = getattr(error, "status_code", 404)
    return _json({"error": f"{request.method} {request.url.path}: there is no such thing"}, status)


def _failed(request: requests.Request, error: Exception) -> responses.Response:
    return _json({"error": _line(error)}, 500)


def _line(error: Exception) -> str:
    """Returns a mistake in one line; of what went wrong in here the terminal has it whole."""
    if not isinstance(error, errors.UserError):
        traceback.print_exception(error, file=sys.stderr)
        return f"the workbench failed: {errors.in_one_line(error)}"
    line = " ".join(str(error).split())
    return line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]} …"  # as a list of all names


def _json(content: Any, status: int = 200) -> responses.Response:
    text = json.dumps(content, allow_nan=False)
    return responses.Response(text, status, media_type="application/json")
