"""A desk with toy tasks and a real one, over a folder of templates of its own."""

import shutil
import socket
import threading
import time

import asking_toys
import template_toys

import task_registry
from flanlike.asking import answering
from flanlike.editing import asked, desk, saving
from flanlike.mixtures import mixture
from flanlike.runs import named
from flanlike.tasks import registry as registries
from flanlike.tasks import template_files

PORT = 8321
NLI = ("rte", "cb", "qnli")


def registry(folder):
    """Returns three real tasks and one without rows; their templates are copied into `folder`."""
    for name in ("nli", "qnli", "_layout"):
        shutil.copy(template_files.SHIPPED / f"{name}.toml", folder)
    template_toys.write(folder, template_toys.FORWARD, "bare")
    known = {build.__name__: build for build in task_registry.TASKS}
    builders = [known[name] for name in NLI]
    return registries.Registry(
        [*builders, template_toys.builder_of("bare", microworld="")],
        [mixture.Mixture(name="two", entries=("rte", "qnli"), description="Two tasks.")],
        templates_folder=folder,
    )


def laid(folder, **how):
    """Returns a desk whose templates may be saved in `folder`."""
    given = {"data": ["embedded"], "place": saving.Place(folder)} | how
    return desk.Desk(registry(folder), **given)


def models(answerers, folders=None):
    """Returns models that are these answerers, by their names."""
    there = [
        named.Named(folder=folders[place] if folders else None, name=one.name)
        for place, one in enumerate(answerers)
    ]
    found = dict(zip((one.name for one in answerers), answerers, strict=True))
    return asked.Models(there, load=lambda one: found[one.name])


class Endless(asking_toys.Echo):
    """Writes "on " on and on, a hundred times a second, for as long as somebody waits for it."""

    def __init__(self) -> None:
        super().__init__("endless")
        self.has_ended = threading.Event()

    def answer(self, question, how, *, number, tell, goes_on):
        tokens = 0
        while goes_on():
            tell("on ")
            tokens += 1
            time.sleep(0.01)
        self.has_ended.set()
        return answering.Answer("on " * tokens, tokens, True)


class Served:
    """A server on loopback, in a thread of its own, while the block lasts."""

    def __init__(self, lying, its_models, style=""):
        import uvicorn

        from flanlike.editing import server

        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        app = server.app(lying, its_models, port=self.port, style=style)
        config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        how = {"sockets": [self._socket]}
        self._thread = threading.Thread(target=self._server.run, kwargs=how, daemon=True)

    def __enter__(self):
        self._thread.start()
        deadline_s = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
        return f"http://127.0.0.1:{self.port}/"

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join(timeout=30)
        self._socket.close()
