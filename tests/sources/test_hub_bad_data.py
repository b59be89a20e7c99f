"""Repositories that are damaged, changed, gated or away: one clear line each, all of them told."""

import gzip
import io
import re
import time

import hub_client
import hub_repositories
import hub_server
import pyarrow
import pytest
from pyarrow import parquet

import task_registry

REGISTRY = task_registry.registry()


def changed(content, change):
    """Returns a Parquet file with another table."""
    file = io.BytesIO()
    parquet.write_table(change(parquet.read_table(io.BytesIO(content))), file)
    return file.getvalue()


def without_premise(table):
    return table.drop_columns(["premise"])


def with_latin_1_in_row_3(table):
    texts = [text.encode() for text in table.column("text").to_pylist()]
    texts[3] = b"caf\xe9"
    column = pyarrow.array(texts, pyarrow.binary()).view(pyarrow.string())
    place = table.schema.get_field_index("text")
    return table.set_column(place, table.schema.field("text"), column)


def with_other_names(table):
    metadata = table.schema.metadata[b"huggingface"].replace(b'"negative"', b'"awful"')
    return table.replace_schema_metadata({"huggingface": metadata.replace(b"positive", b"fine")})


def one_split(word, change):
    """Returns a change of the file of one split."""
    return lambda files: {
        path: change(content) if word in path else content for path, content in files.items()
    }


def truncated_gzip(files):
    """Returns a repository of JSON lines with its train file packed and cut off."""
    packed = {"data/train.jsonl.gz": gzip.compress(files["data/train.jsonl"])[:-9]}
    packed |= {"data/test.jsonl.gz": gzip.compress(files["data/test.jsonl"])}
    return packed


# task -> what is done to its repository, and what is said (the loading part, then the rest)
CASES = {
    "snli": (
        one_split(".parquet", lambda content: changed(content, without_premise)),
        "split 'train' of the hub's stanfordnlp/snli, row 0: missing column 'premise or ",
    ),
    "cosmos_qa": (
        one_split("train", lambda content: content[:-40]),
        "the hub's allenai/cosmos_qa (config None, split 'train') could not be loaded: "
        "ArrowInvalid: Parquet magic bytes not found in footer.",
    ),
    "ag_news_subset": (
        truncated_gzip,
        "the hub's sh0416/ag_news (config None, split 'train') could not be loaded: EOFError: "
        "Compressed file ended before the end-of-stream marker was reached",
    ),
    "trec": (
        one_split("train", lambda content: changed(content, with_latin_1_in_row_3)),
        "split 'train' of the hub's CogComp/trec, row 3: not UTF-8 in column 'text' "
        "(byte 0xe9: unexpected end of data); use another --data",
    ),
    "sst2": (
        one_split(".parquet", lambda content: changed(content, with_other_names)),
        "split 'train' of the hub's nyu-mll/glue, row 0: unknown label 'fine' in column 'label'; "
        "expected one of ['negative', 'positive']",
    ),
    "openbookqa": (
        one_split("train", lambda content: changed(content, lambda table: table.slice(0, 0))),
        "the hub's allenai/openbookqa (config 'main', split 'train') could not be loaded: a "
        "Parquet file of it has no rows",
    ),
    "squad_v1": (
        one_split("train", lambda content: changed(content, lambda t: t.drop_columns(["title"]))),
        "split 'train') could not be loaded: CastError: there are 1 new columns ({'title'})",
    ),
    "samsum": (
        lambda files: {path: files[path] for path in files if "train" not in path},
        "(config None, split 'train') could not be loaded: ValueError: Unknown split \"train\".",
    ),
    "natural_questions": (
        lambda files: {**files, "nq_open.py": b""},
        "RuntimeError: Dataset scripts are no longer supported, but found nq_open.py",
    ),
    "gsm8k": (
        lambda files: {path.replace("main/", "other/"): files[path] for path in files},
        "ValueError: BuilderConfig 'main' not found. Available: ['other']",
    ),
    "rte": (dict, "Dataset 'aps/super_glue' is a gated dataset on the Hub."),
    "drop": (None, "Dataset 'ucinlp/drop' doesn't exist on the Hub or cannot be accessed."),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    repositories = {}
    for name, (change, _) in CASES.items():
        if change is not None:
            ((repo, branches),) = hub_repositories.of([REGISTRY.task(name)])[0].items()
            ((branch, files),) = branches.items()
            card = files.pop("README.md", None)
            files = change(files)
            if card:
                files["README.md"] = hub_repositories.card(files)
            repositories[repo] = {branch: files}
    with hub_server.serving(repositories, gated=["aps/super_glue"]) as hub:
        yield hub_client.read(hub.endpoint, tmp_path_factory.mktemp("home"), *CASES)


@pytest.mark.parametrize("name", CASES)
def test_bad_data_on_the_hub_is_one_clear_line(name, found):
    told = found[name].get("error") or found[name]
    assert CASES[name][1] in told
    assert told.startswith(f"task {name!r}: ")
    assert re.search("or use --data tfds or a folder$|--skip-bad-rows$", told)
    assert "\n" not in told and len(told) < 700


def test_a_hub_that_is_away_is_told_at_once_and_what_is_cached_is_read_when_asked_for(tmp_path):
    names = ["rte", "trec", "ag_news_subset"]
    with hub_server.serving(hub_repositories.of(map(REGISTRY.task, names))[0]) as hub:
        there = hub_client.read(hub.endpoint, tmp_path, *names)
    assert all("sizes" in told for told in there.values()), there
    start_s = time.monotonic()
    away = hub_client.read(hub.endpoint, tmp_path, *names)
    assert time.monotonic() - start_s < 15  # the client alone would try for 23 s, three times
    for name in names:
        assert away[name]["error"].startswith(
            f"task {name!r}: the hub at {hub.endpoint} cannot be reached (ConnectError: "
        )
        assert "set HF_HUB_OFFLINE=1 to read what is cached" in away[name]["error"]
    cached = hub_client.read(hub.endpoint, tmp_path, *names, HF_HUB_OFFLINE="1")
    assert [cached[name] for name in ("rte", "ag_news_subset")] == [
        there["rte"],
        there["ag_news_subset"],
    ]
    # `datasets` does not find again what it loaded by the names of files.
    assert "ValueError: Couldn't find cache for CogComp/trec" in cached["trec"]["error"]
