"""Published models of the hub, against a server on loopback: fetched, trained from, exported."""

import json
import pathlib

import hub_client
import hub_server
import published_toys as toys
import pytest
import training_toys

from flanlike import errors
from flanlike.pretrained import hub, weights
from flanlike.runs import export, loading, starts
from flanlike.runs import folder as run_folder

pytest.importorskip("huggingface_hub", reason="needs the extra 'pretrained'")

TINY = "some/t5-tiny"
READ = ["config.json", "generation_config.json", "model.safetensors", "spiece.model"]
UNREAD = ["README.md", "pytorch_model.bin", "flax_model.msgpack", "onnx/model.safetensors"]


def files_of(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder as a hub holds it, with files that nobody needs."""
    folder = tmp_path_factory.mktemp("published")
    toys.published_t5(folder)
    (folder / "generation_config.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def served(published):
    whole = {**files_of(published), **dict.fromkeys(UNREAD, b"x" * 1000)}
    without = {name: content for name, content in whole.items() if name != "model.safetensors"}
    other = {**whole, "config.json": b'{"model_type": "bert"}'}
    repositories = {
        TINY: {"main": whole, "newer": {**whole, "README.md": b"newer"}},
        "some/bin-only": {"main": without},
        "some/bert": {"main": other},
        "some/mute": {"main": {k: v for k, v in whole.items() if k != "spiece.model"}},
        "some/empty": {"main": {"README.md": b"nothing"}},
        "some/gated": {"main": whole},
    }
    with hub_server.serving(repositories, gated=["some/gated"]) as served:
        yield served


def fetched(hub: hub_server.Hub, home: pathlib.Path, *names: str, **environment: str) -> list[str]:
    done = hub_client.run(hub.endpoint, home, "fetch", *names, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_is_an_id_of_the_hub(tmp_path, monkeypatch):
    assert hub.is_id("google/flan-t5-small") and hub.is_id("google/flan-t5-small@refs/pr/1")
    for name in ("none", "t5-small", "a/b/c", "./a/b", "../b", "/a/b", "a/", "~/b", ""):
        assert not hub.is_id(name)
    monkeypatch.chdir(tmp_path)
    assert hub.is_id("runs/here")
    (tmp_path / "runs" / "here").mkdir(parents=True)
    assert not hub.is_id("runs/here")  # a folder wins
    with pytest.raises(errors.UserError, match="--init 'runs/here' is no folder with a model"):
        starts.starting_point("runs/here", None, is_embedded=True)


def test_only_what_is_read_is_fetched_and_once(served, published, tmp_path):
    served.requests.clear()
    (line,) = fetched(served, tmp_path, TINY)
    pinned, folder = line.split()
    folder = pathlib.Path(folder)
    assert pinned == f"{TINY}@{folder.name}" and len(folder.name) == 40
    assert sorted(path.name for path in folder.iterdir()) == READ
    assert files_of(folder) == {name: files_of(published)[name] for name in READ}
    asked = [request for request in served.requests if "/resolve/" in request]
    assert asked and not any(name in request for request in asked for name in UNREAD)
    served.requests.clear()
    newer, same = fetched(served, tmp_path, f"{TINY}@newer", pinned)
    assert same == line and newer.split()[0] not in (TINY, pinned)
    assert not any("GET" in request and "/resolve/" in request for request in served.requests)
    offline = fetched(served, tmp_path, TINY, pinned, "some/other", HF_HUB_OFFLINE="1")
    assert offline[:2] == [line, line]
    assert "cannot be reached" in offline[2] and "HF_HUB_OFFLINE" in offline[2]


def test_what_cannot_be_had_is_one_line_and_no_weights_are_fetched(served, tmp_path):
    served.requests.clear()
    names = (
        "some/bin-only",
        "some/bert",
        "some/mute",
        "some/empty",
        "some/gated",
        "some/none",
        f"{TINY}@no",
    )
    told = fetched(served, tmp_path, *names, "some/a--b")
    for line, expected in zip(
        told,
        [
            "has no safetensors (model.safetensors or model.safetensors.index.json), but "
            "flax_model.msgpack, pytorch_model.bin: write them once",
            "model_type 'bert'; expected one of",
            "has a published model and no tokenizer: expected tokenizer.json or spiece.model",
            "has no config.json",
            "are gated: ask for access",
            "there is no such folder, and no such repository on the hub",
            "the hub's some/t5-tiny has no revision 'no'",
            "(HFValidationError: ",
        ],
        strict=True,
    ):
        assert line.startswith("error: ") and expected in line
    assert not any("safetensors" in request for request in served.requests)


def test_a_hub_that_does_not_answer_is_told(served, tmp_path):
    closed = "http://127.0.0.1:9"
    done = hub_client.run(closed, tmp_path, "fetch", TINY)
    assert f"the hub at {closed} cannot be reached (" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(errors.UserError, match=r"pip install -e '.\[pretrained\]'"):
        hub.fetch(TINY)


def test_a_run_starts_from_an_id_and_keeps_its_commit(served, published, tmp_path):
    flags = training_toys.some_mixture(tmp_path, "rte")
    at = flags.index("--model")
    del flags[at : at + 4]  # --model tiny --init none
    at = flags.index("--vocabulary-size")
    del flags[at : at + 2]
    run, out = tmp_path / "run", tmp_path / "out"
    flags += ["--out", str(run), "--init"]
    done = hub_client.run(served.endpoint, tmp_path / "home", "train", *flags, TINY)
    assert done.returncode == 0, done.stderr
    config = json.loads((run / "config.json").read_text())
    name, commit = config["init"].split("@")
    assert name == TINY and len(commit) == 40
    export.export(run, out)
    assert files_of(out).keys() >= {"config.json", "model.safetensors", "spiece.model"}
    toys.assert_same_params(weights.load(out), loading.load(run).model)
    # The branch goes on; the run does not.
    assert starts.init_of(TINY, str(run)) == config["init"]
    assert starts.init_of(f"{TINY}@newer", str(run)) == f"{TINY}@newer"
    assert starts.init_of("some/other", str(run)) == "some/other"
    assert starts.init_of(TINY, None) == starts.init_of(TINY, str(tmp_path / "no")) == TINY
    assert starts.init_of("none", str(run)) == "none"
    other = {**config, "init": f"{TINY}@{'0' * 40}"}
    assert run_folder.default_folder("some", other) != run_folder.default_folder("some", config)
    with pytest.raises(errors.UserError, match="init is "):
        run_folder.check(run, other)
