"""The server of `hub_server` for who sends something: it takes repositories, files and commits.

    with hub_uploads.receiving() as hub:
        ...  # with the token TOKEN: huggingface_hub.HfApi(endpoint=hub.endpoint).upload_folder(...)

Beside what it answers to readers, these are what huggingface_hub 2.4 asks for when Xet is off,
found in its code:

    GET   /api/whoami-v2                            whose token it is
    POST  /api/repos/create                         a repository, private or public
    POST  /api/validate-yaml                        is the front matter of README.md right
    POST  /api/models/REPO/preupload/REVISION       which files are sent as large ones
    POST  /REPO.git/info/lfs/objects/batch          where to
    PUT   /large/OID                                a large file
    POST  /api/models/REPO/commit/REVISION          the other files, and what the commit changes
"""

import base64
import contextlib
import hashlib
import json
import pathlib
import re
from collections.abc import Iterator, Mapping

import hub_server
import yaml

TOKEN = "hf_ofthetests"  # that may write what is `me`'s


class Hub(hub_server.Hub):
    """The server; `large` holds what was sent, by its SHA-256."""

    def __init__(self) -> None:
        super().__init__({})
        self.RequestHandlerClass = _Handler
        self.large: dict[str, bytes] = {}


@contextlib.contextmanager
def receiving() -> Iterator[Hub]:
    """Yields the server, which runs in a thread until the end of the block."""
    with hub_server.running(Hub()) as hub:
        yield hub


def log_in(monkeypatch, hub: Hub, folder: pathlib.Path) -> None:
    """Makes it the hub of this process, which has a token for it and no other."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # as other tests have it
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(folder / "no-token"))


class _Handler(hub_server.Handler):
    server: Hub
    do_PUT = hub_server.Handler.do_GET

    def answer(self, path: str, query: Mapping[str, list[str]], body: bytes) -> None:
        put = re.fullmatch(r"/large/(\w+)", path)
        repo = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(preupload|commit)/main", path)
        batch = re.fullmatch(r"/([^/]+/[^/]+)[.]git/info/lfs/objects/batch", path)
        if put:
            assert hashlib.sha256(body).hexdigest() == put[1]
            self.server.large[put[1]] = body
            return self.send(200, b"", {})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise hub_server.Refused(401, "Unauthorized")
        if path == "/api/whoami-v2":
            found = {"name": "me", "type": "user", "orgs": []}
        elif path == "/api/repos/create":
            found = self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            yaml.safe_load(json.loads(body)["content"].split("---\n")[1])
            found = {"errors": [], "warnings": []}
        elif batch:
            objects = [
                {
                    **one,
                    "actions": {"upload": {"href": f"{self.server.endpoint}/large/{one['oid']}"}},
                }
                for one in json.loads(body)["objects"]
            ]
            found = {"transfer": "basic", "objects": objects}
        elif repo and repo[2] == "preupload":
            files = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(".safetensors") else "regular",
                    "shouldIgnore": False,
                }
                for one in json.loads(body)["files"]
            ]
            found = {"files": files}
        elif repo:
            found = self._commit(repo[1], [json.loads(line) for line in body.splitlines()])
        else:
            return super().answer(path, query, body)
        self.send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _create(self, asked: Mapping[str, str]) -> dict[str, str]:
        repo = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] != "me":
            raise hub_server.Refused(403, "Forbidden")
        if repo in self.server.repositories:
            raise hub_server.Refused(409, "Conflict")
        self.server.repositories = {**self.server.repositories, repo: {"main": {}}}
        if asked.get("visibility") == "private":
            self.server.private.add(repo)
        return {"url": f"{self.server.endpoint}/{repo}"}

    def _commit(self, repo: str, lines: list[dict]) -> dict[str, str]:
        files = dict(self.server.repositories[repo]["main"])
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.server.large[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        self.server.move(repo, files)
        oid = hub_server.commit_of(repo, "main", files)
        return {"commitUrl": f"{self.server.endpoint}/{repo}/commit/{oid}", "commitOid": oid}
