"""A server on loopback that answers what `datasets` asks of the Hugging Face hub.

    with hub_server.serving({"some/toy": {"main": {"train.parquet": b"..."}}}) as hub:
        ...  # in a process with HF_ENDPOINT=hub.endpoint: datasets.load_dataset("some/toy")

The endpoints are those that datasets 5.2 and huggingface_hub 2.4 call for it, found by logging. Of
a repository with models instead of datasets they have no /datasets, and /api/models; every
repository answers as both.

    HEAD, GET  /datasets/REPO/resolve/REVISION/PATH      a file, whole or a range of it
    GET        /api/datasets/REPO[/revision/REVISION]    the commit and the files
    GET        /api/datasets/REPO/tree/REVISION[/PATH]   a folder, with ?recursive all below it
    POST       /api/datasets/REPO/paths-info/REVISION    some paths

A revision is a branch's name or its commit, also one that `move` has left. Repositories in `gated`
answer 403. GET /next does what a test has put into `next`.
"""

import contextlib
import hashlib
import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

Files = Mapping[str, bytes]  # path -> content
Repositories = Mapping[str, Mapping[str, Files]]  # repository -> branch -> files

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_DATE = "2024-01-01T00:00:00.000Z"


class Hub(http.server.ThreadingHTTPServer):
    """The server; `requests` lists what it was asked, as "GET /api/..."."""

    def __init__(self, repositories: Repositories, gated: Collection[str] = ()) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories = repositories
        self.gated = gated
        self.private: set[str] = set()
        self.requests: list[str] = []
        self.next: list[Callable[[], object]] = []  # what GET /next does, the first first
        self.left: dict[tuple[str, str], Files] = {}  # repository, commit

    def move(self, repo: str, files: Files, branch: str = "main") -> str:
        """Gives a branch other files, and returns the commit that it was at: that stays."""
        branches = self.repositories[repo]
        commit = commit_of(repo, branch, branches[branch])
        self.left[repo, commit] = branches[branch]
        self.repositories = {**self.repositories, repo: {**branches, branch: files}}
        return commit

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextlib.contextmanager
def serving(repositories: Repositories, *, gated: Collection[str] = ()) -> Iterator[Hub]:
    """Yields the server, which runs in a thread until the end of the block."""
    with running(Hub(repositories, gated)) as hub:
        yield hub


@contextlib.contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Yields the server that is given, likewise."""
    with hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class Refused(Exception):
    """An answer of the hub that is an error: status and its X-Error-Code."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet: a second one waits 40 ms for the first's ACK
    server: Hub

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(f"{self.command} {self.path}")
        url = urllib.parse.urlsplit(self.path)
        try:
            self.answer(url.path, urllib.parse.parse_qs(url.query), body)
        except Refused as refused:
            status, code = refused.args
            said = json.dumps({"error": code}).encode()
            self.send(status, said, {"X-Error-Code": code, "X-Error-Message": code})

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Says nothing: `requests` has it."""

    def answer(self, path: str, query: Mapping[str, list[str]], body: bytes) -> None:
        if path == "/next":
            if self.server.next:
                self.server.next.pop(0)()
            return self.send(200, b"", {})
        is_file = re.fullmatch(r"(?:/datasets)?/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if is_file:
            return self._file(*map(urllib.parse.unquote, is_file.groups()))
        asked = re.fullmatch(
            r"/api/(?:datasets|models)/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+)/?(.*))?",
            path,
        )
        if not asked:
            raise Refused(404, "NotFound")
        repo, what, branch, below = (urllib.parse.unquote(part or "") for part in asked.groups())
        commit, files = self._revision(repo, branch or "main")
        match what:
            case "tree":
                found = _tree(files, below, "recursive" in query)
                if below and not found:
                    raise Refused(404, "EntryNotFound")
            case "paths-info":
                wanted = urllib.parse.parse_qs(body.decode()).get("paths", [])
                if self.headers.get("Content-Type", "").startswith("application/json"):
                    wanted = json.loads(body)["paths"]
                entries = _tree(files, "", True)
                found = [entry for entry in entries if entry["path"] in wanted]
            case _:
                siblings = [{"rfilename": name} for name in files]
                found = {"id": repo, "sha": commit, "siblings": siblings, "lastModified": _DATE}
                is_private = repo in self.server.private
                found |= {"private": is_private, "gated": False, "disabled": False, "tags": []}
        self.send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _file(self, repo: str, branch: str, path: str) -> None:
        commit, files = self._revision(repo, branch)
        headers = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if path not in files:
            raise Refused(404, "EntryNotFound")
        content = files[path]
        headers["ETag"] = f'"{_digest(content)}"'
        if part := _RANGE.fullmatch(self.headers.get("Range", "")):
            start, end = int(part[1]), int(part[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            return self.send(206, content[start : end + 1], headers)
        self.send(200, content, headers)

    def _revision(self, repo: str, branch: str) -> tuple[str, Files]:
        if repo in self.server.gated:
            raise Refused(403, "GatedRepo")
        if repo not in self.server.repositories:
            raise Refused(404, "RepoNotFound")
        for name, files in self.server.repositories[repo].items():
            if branch in (name, commit := commit_of(repo, name, files)):
                return commit, files
        if (repo, branch) in self.server.left:
            return branch, self.server.left[repo, branch]
        raise Refused(404, "RevisionNotFound")

    def send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _tree(files: Files, folder: str, is_recursive: bool) -> list[dict[str, Any]]:
    """Returns the entries of a folder as the hub lists them."""
    prefix = f"{folder}/" if folder else ""
    found: dict[str, dict[str, Any]] = {}
    for path, content in files.items():
        if not path.startswith(prefix):
            continue
        parts = path.removeprefix(prefix).split("/")
        for depth in range(1, len(parts)):
            name = prefix + "/".join(parts[:depth])
            if is_recursive or depth == 1:
                found[name] = {"type": "directory", "path": name, "oid": _digest(name.encode())}
        if is_recursive or len(parts) == 1:
            oid = _digest(content)
            found[path] = {"type": "file", "path": path, "oid": oid, "size": len(content)}
    return list(found.values())


def commit_of(repo: str, branch: str, files: Files) -> str:
    return _digest(repo.encode(), branch.encode(), *files.values())


def _digest(*contents: bytes) -> str:
    return hashlib.sha1(b"\0".join(contents)).hexdigest()
