"""Who may talk to the server: pages that it served itself, on this machine.

A page of another site can send a browser here, also under a name of its own that leads to
127.0.0.1 (DNS rebinding). So `Host` has to be ours, a request that brings an `Origin` or says where
it was made has to be of our own page, and one that is no GET has to bring an `Origin`.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
# Of a report, which is a page of its own with a policy of its own: it may not talk to the server.
REPORT_POLICY = "sandbox allow-scripts; frame-ancestors 'none'"

_SAFE = ("GET", "HEAD")
_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class Guard:
    """The application behind it is asked by its own page alone, at this port."""

    def __init__(self, app: App, *, port: int) -> None:
        self._app = app
        self._hosts = [f"127.0.0.1:{port}", f"localhost:{port}"]

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                there = dict(message.get("headers", ()))
                message = {**message, "headers": list({**_HEADERS, **there}.items())}
            await send(message)

        if why := self._why_not(scope):
            await _refuse(send_with_headers, why)
        else:
            await self._app(scope, receive, send_with_headers)

    def _why_not(self, scope: _Scope) -> str:
        """Returns why a request is refused, "" where it is not."""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return f"Host is {_shown(hosts)}: expected {' or '.join(self._hosts)}"
        if origins and origins != [f"http://{hosts[0]}"]:
            return f"Origin is {_shown(origins)}: expected http://{hosts[0]}"
        sites = _values(scope, b"sec-fetch-site")
        if any(site not in ("same-origin", "none") for site in sites):
            return f"the request comes from elsewhere (Sec-Fetch-Site is {_shown(sites)})"
        if scope["method"] in _SAFE:
            return ""
        if not origins:
            return "the request has no Origin: expected one of the page itself"
        kinds = [kind.partition(";")[0].strip() for kind in _values(scope, b"content-type")]
        if kinds != ["application/json"]:
            return f"Content-Type is {_shown(kinds)}: expected application/json"
        return ""


async def _refuse(send: _Send, why: str) -> None:
    body = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _values(scope: _Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _shown(values: list[str]) -> str:
    return ", ".join(repr(value[:80]) for value in values) or "missing"
