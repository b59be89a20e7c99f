"""`datasets.load_dataset` against a server on loopback, for every task with a hub source."""

import dataclasses
import io
import json

import benchmark_toys
import hub_client
import hub_repositories
import hub_server
import pytest
import training_toys
from pyarrow import parquet

import task_registry
from flanlike import jsonl

REGISTRY = task_registry.registry()
WITH_HUB = benchmark_toys.one_a_shape(
    [name for name in REGISTRY.task_names if REGISTRY.task(name).hub]
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("hub_home")


@pytest.fixture(scope="module")
def hub():
    repositories, problems = hub_repositories.of(map(REGISTRY.task, WITH_HUB))
    with hub_server.serving(repositories) as served:
        served.problems = problems
        yield served


@pytest.fixture(scope="module")
def found(hub, home):
    return hub_client.read(hub.endpoint, home, *WITH_HUB)


@pytest.mark.parametrize("name", WITH_HUB)
def test_a_repository_of_the_declared_schema_ends_in_prompts(name, hub, found):
    assert name not in hub.problems
    task, told = REGISTRY.task(name), found[name]
    assert "sizes" in told, told
    assert told["literal_in"], told["first"]
    assert set(told["sizes"]) == set(task.splits) and all(told["sizes"].values())
    templates = REGISTRY.templates(name)
    assert len(told["prompts"]) == len(templates.forward) + len(templates.cot) > 0
    assert all(inputs and targets for inputs, targets in told["prompts"])
    assert set(task.fields) <= set(told["first"]["test"])


def test_train_takes_its_rows_from_the_hub(hub, home, tmp_path):
    names = ("rte", "sst2", "trec", "squad_v1", "ag_news_subset", "cot_gsm8k")
    flags = training_toys.some_mixture(tmp_path, *names)
    out = tmp_path / "run"
    flags += ["--data", "hub", "--hold-out", "nli", "--out", str(out)]
    done = hub_client.run(hub.endpoint, home, "train", *flags)
    assert done.returncode == 0, done.stderr
    assert len(list(jsonl.read(out / "metrics.jsonl"))) == 2
    composition = json.loads((out / "composition.json").read_text())
    assert {task["task"] for task in composition["tasks"]} == set(names) - {"rte"}
    result = next(jsonl.read(out / "eval/2/results.jsonl"))
    assert (result["data"], result["task"]) == ("hub", "rte")


def test_declared_columns_are_the_schema_of_the_repository():
    task = REGISTRY.task("squad_v1")
    answers = {"text": ["string"], "answer_start": ["int32"]}
    columns = {name: "string" for name in ("id", "title", "context", "question")}
    columns |= {"answers": answers, "kind": "ClassLabel", "is_long": "bool"}
    hub = dataclasses.replace(task.hub, columns=columns)
    declared = dataclasses.replace(task, hub=hub, label_columns={"kind": ("old", "new")})
    (files,) = hub_repositories.of([declared])[0]["rajpurkar/squad"].values()
    schema = parquet.read_schema(io.BytesIO(files["plain_text/train-00000-of-00001.parquet"]))
    assert str(schema.field("answers").type) == (
        "struct<text: list<element: string>, answer_start: list<element: int32>>"
    )
    assert b'"names": ["old", "new"]' in schema.metadata[b"huggingface"]
    rows = parquet.read_table(io.BytesIO(files["plain_text/train-00000-of-00001.parquet"]))
    assert rows.slice(1, 1).to_pylist()[0]["is_long"] is False
    narrow = dataclasses.replace(task, hub=dataclasses.replace(hub, columns={"id": "string"}))
    assert "has columns that HubSource.columns lacks" in hub_repositories.of([narrow])[1][task.name]
