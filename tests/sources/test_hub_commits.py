"""A repository that moves on under a run: all of the run reads the commit that it began with."""

import io
import json

import hub_client
import hub_repositories
import hub_server
import pytest
import training_toys
from pyarrow import parquet

import task_registry

RTE = task_registry.registry().task("rte")
REPO = RTE.hub.repo


def of(commit):
    return f"rte@{commit}"


@pytest.fixture
def hub():
    with hub_server.serving(hub_repositories.of([RTE])[0]) as served:
        yield served


def moved(files):
    """Returns the repository's files with other premises."""
    found = {}
    for path, content in files.items():
        if path.endswith(".parquet"):
            table = parquet.read_table(io.BytesIO(content))
            place = table.schema.get_field_index("premise")
            texts = [f"{text} Later." for text in table.column("premise").to_pylist()]
            file = io.BytesIO()
            parquet.write_table(
                table.set_column(place, table.schema.field("premise"), [texts]), file
            )
            content = file.getvalue()
        found[path] = content
    return found


def told(hub, home, *names, **environment):
    done = hub_client.run(hub.endpoint, home, "commits", *names, **environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_process_reads_all_splits_of_one_commit_and_another_one_that_is_told_it(hub, tmp_path):
    before = hub.repositories[REPO]["main"]
    hub.next = [lambda: hub.move(REPO, moved(before))]
    splits = told(hub, tmp_path, "rte")
    (commit,) = {split["commit"] for split in splits}
    assert not any(split["first"].endswith("Later.") for split in splits)
    after = told(hub, tmp_path, "rte")
    assert all(split["first"].endswith("Later.") for split in after)
    assert {split["commit"] for split in after} != {commit}
    assert told(hub, tmp_path, of(commit)) == splits
    # Without a network `datasets` reads what it has cached last.
    offline = told(hub, tmp_path, "rte", HF_HUB_OFFLINE="1")
    (cached,) = {split["commit"] for split in offline}
    other = ({commit} | {split["commit"] for split in after}) - {cached}
    (wrong,) = {split["error"] for split in told(hub, tmp_path, of(*other), HF_HUB_OFFLINE="1")}
    assert wrong.startswith(f"task 'rte': the hub's {REPO} is cached at the commit {cached}, and ")


def test_a_run_goes_on_from_the_commit_that_it_began_with(hub, tmp_path):
    flags = [*training_toys.some_mixture(tmp_path, "rte"), "--data", "hub", "--hold-out"]
    flags += ["--workers", "1", "--eval.rows-per-task", "2", "--eval.validation-rows", "0"]

    def train(out):
        done = hub_client.run(
            hub.endpoint, tmp_path / "home", "train", *flags, "--out", str(tmp_path / out)
        )
        assert done.returncode == 0, done.stderr
        read = json.loads((tmp_path / out / "manifest.json").read_text())
        return read["tasks"]["rte"]

    first = train("first")
    commit = hub.move(REPO, moved(hub.repositories[REPO]["main"]))
    assert first["revision"] == commit
    assert train("first") == first  # other rows would end it
