"""Of a split of many files, those that have the rows that are enough, and no other, are fetched."""

import json

import hub_client
import hub_repositories
import hub_server
import pytest

import task_registry

TASK = task_registry.registry().task("wmt14_enfr")
FILES = 5
CARD = """---
configs:
- config_name: fr-en
  data_files:
  - split: train
    path: fr-en/train-*
  - split: test
    path: fr-en/test-*
---
Made-up rows.
"""


def file(name, rows):
    texts = [f"{name} {row}" for row in range(rows)]
    rows = [{"translation": {"fr": text, "en": text}} for text in texts]
    return hub_repositories.parquet(rows, hub_repositories.features(TASK, rows))


@pytest.fixture(scope="module")
def repositories():
    files = {
        f"fr-en/train-{n:05d}-of-{FILES:05d}.parquet": file(f"of file {n}", 10)
        for n in range(FILES)
    }
    files |= {"fr-en/test-00000-of-00001.parquet": file("of the test", 4)}
    return {TASK.hub.repo: {"main": files | {"README.md": CARD.encode()}}}


def opened(hub, home, rows, **environment):
    done = hub_client.run(hub.endpoint, home, "slice", TASK.name, str(rows), **environment)
    assert done.returncode == 0, done.stderr
    return {told["split"]: told for told in map(json.loads, done.stdout.splitlines())}


def test_files_are_fetched_until_their_rows_are_enough(repositories, tmp_path):
    with hub_server.serving(repositories) as hub:
        found = opened(hub, tmp_path / "some", 15)
        asked = [path for path in hub.requests if path.startswith("GET") and ".parquet" in path]
        assert opened(hub, tmp_path / "some", 15, HF_HUB_OFFLINE="1") == found
    texts = found["train"]["texts"]
    numbers = sorted({text.split()[2] for text in texts})
    assert len(texts) == 20 and len(numbers) == 2
    assert numbers != ["0", "1"]  # drawn from all of them
    assert texts == [f"of file {n} {row}" for n in numbers for row in range(10)]
    assert found["test"]["texts"] == [f"of the test {row}" for row in range(4)]
    assert len({told["commit"] for told in found.values()}) == 1 and found["test"]["commit"]
    unread = set(map(str, range(FILES))) - set(numbers)
    assert not [path for path in asked for n in unread if f"train-0000{n}" in path]


def test_a_split_that_has_no_more_is_read_whole(repositories, tmp_path):
    with hub_server.serving(repositories) as hub:
        found = opened(hub, tmp_path / "all", 400_000)
    assert len(found["train"]["texts"]) == 10 * FILES
