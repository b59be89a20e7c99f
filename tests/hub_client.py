"""What a process does that has a server of tests/hub_server.py for its hub, and no other network.

python hub_client.py read TASK ...        a JSON object a line: what each task's rows came to
python hub_client.py train ARGUMENT ...   train.py with the preset "tiny"
python hub_client.py commits TASK ...     a JSON object a line: what each split was read of
python hub_client.py slice TASK ROWS  a JSON object a line: splits of a task, so many rows enough
python hub_client.py fetch ID ...         a line each: the folder of a published model, or the error
"""

import dataclasses
import json
import os
import pathlib
import pickle
import socket
import subprocess
import sys
import traceback
import urllib.request

ROOT = pathlib.Path(__file__).parents[1]


def run(endpoint: str, home: pathlib.Path, *arguments: str, **environment: str):
    """Returns the finished process: its hub is `endpoint`, and all it caches is under `home`."""
    ours = ("HF_", "HUGGINGFACE_", "FLANLIKE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment = {
        **inherited,
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests"))),
        **environment,
    }
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


def read(endpoint: str, home: pathlib.Path, *names: str, **environment: str) -> dict[str, dict]:
    """Returns what `_describe` says of each task."""
    done = run(endpoint, home, "read", *names, **environment)
    assert done.returncode == 0, done.stderr
    return {found["task"]: found for found in map(json.loads, done.stdout.splitlines())}


def _describe(task, template_set) -> dict:
    """Returns the records of each split and the first one's prompt by every forward template."""
    import task_rows
    import template_toys

    from flanlike.sources import opening

    layouts = task_rows.LAYOUTS[task.name]
    expected = dict(layouts.hub_record or layouts.record)
    found = {"task": task.name, "sizes": {}, "prompts": [], "literal_in": [], "first": {}}
    for split in task.splits:
        records = opening.open_rows(task, "hub", split)
        found["sizes"][split] = len(records)
        found["first"][split] = records[0]
        if expected in [records[index] for index in range(len(records))]:
            found["literal_in"].append(split)
    found["prompts"] = template_toys.rendered(task, template_set, records)
    return found


def _read(names: list[str]) -> None:
    import task_registry
    from flanlike import errors

    found = task_registry.registry()
    for name in names:
        try:
            told = _describe(found.task(name), found.templates(name))
        except errors.UserError as error:
            told = {"task": name, "error": str(error)}
        except Exception:
            told = {"task": name, "traceback": traceback.format_exc()}
        print(json.dumps(told), flush=True)


def _train(arguments: list[str]) -> None:
    import training_toys

    import train
    from flanlike.models import presets

    presets.PRESETS["tiny"] = training_toys.MODEL
    train.VOCABULARY_PROMPTS = 200
    train.main(arguments)


def _fetch(names: list[str]) -> None:
    from flanlike import errors
    from flanlike.pretrained import hub

    for name in names:
        try:
            fetched = hub.fetch(name)
            print(f"{fetched.pinned} {fetched.folder}", flush=True)
        except errors.UserError as error:
            print(f"error: {error}", flush=True)


def _commits(names: list[str]) -> None:
    """Opens a task's splits, TASK or TASK@COMMIT; after each the hub may do what comes next."""
    import task_registry
    from flanlike import errors
    from flanlike.sources import opening

    for named in names:
        name, _, commit = named.partition("@")
        registry = task_registry.registry().pinned({name: commit} if commit else {})
        task = pickle.loads(pickle.dumps(registry)).task(name)  # as a worker has it
        for split in ("train", "validation", "test"):
            try:
                records = opening.open_rows(task, "hub", split)
                told = {"commit": records.revision(), "first": records[0]["premise"]}
            except errors.UserError as error:
                told = {"error": str(error)}
            print(json.dumps(told), flush=True)
            if not os.environ.get("HF_HUB_OFFLINE"):
                urllib.request.urlopen(f"{os.environ['HF_ENDPOINT']}/next").close()


def _slice(arguments: list[str]) -> None:
    """Opens the splits of a task, of whose train rows so many are enough."""
    import task_registry
    from flanlike.sources import opening

    task = task_registry.registry().task(arguments[0])
    hub = dataclasses.replace(task.hub, slices={"train": int(arguments[1])})
    task = dataclasses.replace(task, hub=hub)
    for split in ("train", "test"):
        records = opening.open_rows(task, "hub", split)
        texts = [next(iter(records[index].values())) for index in range(len(records))]
        told = {"split": split, "texts": texts, "commit": records.revision()}
        print(json.dumps(told), flush=True)


def _refuse_other_networks() -> None:
    """Makes every connection and look-up but those of loopback fail."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def only_loopback(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] != "127.0.0.1":
            raise ConnectionRefusedError(f"the tests have no network: {address!r}")
        return connect(self, address)

    def only_numbers(host, *rest, **named):
        if host != "127.0.0.1":
            raise socket.gaierror(f"the tests have no network: {host!r}")
        return look_up(host, *rest, **named)

    socket.socket.connect = only_loopback
    socket.getaddrinfo = only_numbers


if __name__ == "__main__":
    _refuse_other_networks()
    what, *rest = sys.argv[1:]
    {"read": _read, "train": _train, "fetch": _fetch, "commits": _commits, "slice": _slice}[what](
        rest
    )
