"""The model card: its header as the hub reads it, and what it says of base, rows and figures."""

import hashlib
import json
import pathlib

import pytest
import yaml

from flanlike import errors
from flanlike.runs import card

MANIFEST = {
    "source": "hub",
    "tasks": {"rte": {"revision": "abc1"}, "mine": {"revision": ""}},
    "evaluation": {"sst2": {"official_split": "validation"}},
    "code": {"version": "0.1.0", "commit": "6e42326"},
}
RTE = {"task": "rte", "cluster": "nli", "rows": 2490, "share": 0.75}
MINE = {"task": "mine", "cluster": "weather", "rows": 30, "share": 0.25}
COMPOSITION = {
    "held_out": ["sentiment"],
    "tasks": [
        {
            **RTE,
            "dataset": {
                "licence": "CC-BY | as it says",
                "homepage": "https://there",
                "repository": "some/glue",
                "is_own": False,
            },
        },
        {**MINE, "dataset": {"licence": "", "homepage": "", "repository": "", "is_own": True}},
    ],
}
CONFIG = {
    "shape": {},
    "init": f"some/llama@{'0' * 40}",
    "continue_from": None,
    "mixture": "flan_core",
    "prompts": "instructions",
    "seed": 3,
}


def summary(cluster: float, task: float, data: str = "hub") -> dict:
    shared = {"cluster": "sentiment", "prompts": "instructions", "ci95": [0.6, 0.8]}
    return {
        "setting": {"data": data},
        "held_out": ["sentiment"],
        "clusters": [{**shared, "tasks": ["sst2"], "mean": cluster, "chance": 0.5}],
        "tasks": [{**shared, "task": "sst2", "metric": "accuracy", "mean": task, "chance": None}],
    }


@pytest.fixture
def run(tmp_path):
    def write(name: str, content: dict) -> None:
        path = tmp_path / "tuned" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")

    write("config.json", CONFIG)
    write("composition.json", COMPOSITION)
    write("manifest.json", MANIFEST)
    write("eval/0/summary.json", summary(0.5, 0.52))
    write("eval/20/summary.json", summary(0.7, 0.72))
    (tmp_path / "tuned" / "command.txt").write_text("python train.py --steps 20\n")
    return tmp_path / "tuned"


def change(run: pathlib.Path, name: str, **values) -> None:
    path = run / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def of(run: pathlib.Path, **known) -> str:
    return card.of_run(run, **{"step": 20, "family": "decoder", "name": "me/tuned", **known})


def header(text: str) -> dict:
    return yaml.safe_load(text.split("---\n")[1])


def test_the_header_has_all_that_the_hub_shows(run):
    found = header(of(run))
    digest = hashlib.sha256((run / "manifest.json").read_bytes()).hexdigest()
    result = {
        "task": {"type": "text-generation"},
        "dataset": {"name": "sst2", "type": "sst2", "split": "validation"},
        "metrics": [{"type": "accuracy", "value": 0.72, "args": {"ci95": [0.6, 0.8]}}],
    }
    assert found == {
        "license": "other",
        "license_name": "of-the-base-and-of-each-dataset",
        "base_model": "some/llama",
        "library_name": "transformers",
        "tags": ["flanlike", "instruction-tuning"],
        "datasets": ["some/glue"],
        "model-index": [{"name": "me/tuned", "results": [result]}],
        "flanlike": {
            "base": f"some/llama@{'0' * 40}",
            "mixture": "flan_core",
            "held_out": ["sentiment"],
            "step": 20,
            "command": "python train.py --steps 20",
            "manifest_sha256": digest,
            "licences": {"rte": "CC-BY | as it says", "mine": "unknown"},
        },
    }


def test_the_hubs_own_reader_reads_the_header(run, tmp_path):
    hub = pytest.importorskip("huggingface_hub", reason="needs the extra 'pretrained'")
    (tmp_path / "README.md").write_text(of(run))
    data = hub.ModelCard.load(tmp_path / "README.md").data
    (result,) = data.eval_results
    assert (data.base_model, data.datasets) == ("some/llama", ["some/glue"])
    assert (result.metric_value, result.metric_args) == (0.72, {"ci95": [0.6, 0.8]})


def test_a_file_is_told_without_its_folders(run):
    change(run, "config.json", mixture="/home/me/my.jsonl")
    text = of(run)
    assert "mixture `my.jsonl` (" in text and "/home/me" not in text


def test_figures_stand_with_their_intervals_beside_the_untuned(run):
    text = of(run)
    assert "## Results on held-out tasks\n\nHeld out of training: sentiment.\n" in text
    assert "| **sentiment** | mean of 1 | 0.500 | 0.700 | [0.600, 0.800] | 0.500 |" in text
    assert "| sst2 | accuracy | 0.520 | 0.720 | [0.600, 0.800] | – |" in text
    assert "micro-world" not in text


def test_datasets_stand_with_their_licences_and_revisions(run):
    text = of(run)
    licence = "CC-BY \\| as it says"
    assert f"| rte | nli | 2,490 | 75.00% | {licence} | some/glue | abc1 |" in text
    assert "| mine | weather | 30 | 25.00% | unknown | – | – |" in text
    assert "There is no licence over the whole" in text
    assert "`train.py" not in text and "\n```\npython train.py --steps 20\n```\n" in text


def test_rows_of_the_micro_world_are_not_called_the_datasets(run):
    change(run, "manifest.json", source="embedded")
    (run / "eval/20/summary.json").write_text(json.dumps(summary(0.7, 0.72, "embedded")))
    text = of(run)
    assert "datasets" not in header(text)
    (result,) = header(text)["model-index"][0]["results"]
    assert result["dataset"]["name"] == "sst2 (micro-world)"
    assert "**The rows of these figures are the micro-world's:**" in text
    assert "**The rows of rte are the micro-world's:**" in text  # `mine` has rows of its own
    assert "| rte | nli | 2,490 | 75.00% | – | micro-world | – |" in text
    assert header(text)["flanlike"]["licences"] == {"mine": "unknown"}
    assert "There is no licence over the whole" in text


def test_what_nobody_wrote_down_is_said_so(run):
    """A run of an earlier version, not evaluated at this step and not finished."""
    (run / "composition.json").write_text(json.dumps({"tasks": [RTE]}))
    for name in ("manifest.json", "command.txt"):
        (run / name).unlink()
    text = of(run, step=10)
    told = header(text)["flanlike"]
    assert (told["command"], told["manifest_sha256"]) == ("not recorded", "not recorded")
    assert told["licences"] == {"rte": "not recorded"}
    assert "model-index" not in header(text)
    assert "The run's folder has no evaluation after 10 steps." in text


def test_an_untuned_model_has_one_column_of_figures(run):
    assert "| **sentiment** | mean of 1 | – | 0.500 | [0.600, 0.800] |" in of(run, step=0)


def test_the_base_is_found_through_the_runs_between(run, tmp_path):
    second = tmp_path / "second"
    third = tmp_path / "third"
    for folder, changes in (
        (second, {"init": str(run)}),
        (third, {"init": "default", "continue_from": str(second)}),
    ):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    found = card.base_of(third, json.loads((third / "config.json").read_text()))
    assert found.repository == CONFIG["init"]
    assert found.runs == ("second", "tuned")


@pytest.mark.parametrize(
    ("init", "words"),
    [
        ("none", "random parameters"),
        ("default", "the small base that ships with flanlike"),
        ("/home/somebody/t5", "the model in a folder 't5'"),
    ],
)
def test_a_base_that_is_on_no_hub_is_in_words_without_its_path(run, init, words):
    change(run, "config.json", init=init)
    text = of(run)
    assert "base_model" not in header(text)
    assert f"Base: {words}. Tuned" in text and "/home/somebody" not in text


def test_runs_in_a_circle_come_to_an_end(run):
    change(run, "config.json", init=str(run))
    assert "Base: the model in a folder 'tuned'" in of(run)


def test_the_python_that_loads_it_runs_by_its_name(run):
    assert 'model = AutoModelForCausalLM.from_pretrained("me/tuned")\n' in of(run)
    text = of(run, family="encoder_decoder", beside="some/t5")
    assert header(text)["library_name"] == "peft"
    assert 'model = AutoModelForSeq2SeqLM.from_pretrained("some/t5")\n' in text
    assert 'model = PeftModel.from_pretrained(model, "me/tuned")\n' in text
    assert 'AutoTokenizer.from_pretrained("some/t5")\n' in text


@pytest.mark.parametrize("name", ["composition.json", "manifest.json", "eval/20/summary.json"])
def test_a_damaged_file_is_told_by_its_name(run, name):
    (run / name).write_text("{")
    with pytest.raises(errors.UserError, match=f"{name}: not JSON .*: bring it back from a copy"):
        of(run)
