"""`python -m flanlike.export`: number types, files of a size, the card, and the way to the hub."""

import json

import hub_uploads
import ml_dtypes
import published_toys as toys
import pytest
import safetensors
import safetensors.numpy
import yaml

from flanlike.pretrained import layout, weights
from flanlike.runs import card, export, loading

pytest.importorskip("tokenizers", reason="needs the extra 'pretrained'")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run that starts from a small Llama."""
    folder = tmp_path_factory.mktemp("export")
    toys.published_llama(folder / "published")
    return toys.run_from(folder / "published", folder)


def _stops(arguments: list, capsys) -> str:
    with pytest.raises(SystemExit) as stop:
        export.main(list(map(str, arguments)))
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_a_decoder_that_started_a_run_is_exported(run, tmp_path):
    published, out = run.parent / "published", tmp_path / "out"
    export.main([str(run), "--out", str(out)])
    trained = loading.load(run)
    assert trained.words.marks.bos_id == trained.words.size - 2
    toys.assert_same_params(weights.load(out), trained.model)
    before, after = layout.read(published), layout.read(out)
    assert before == after and after["eos_token_id"] == trained.words.marks.eos_id
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (out / name).read_bytes() == (published / name).read_bytes()


def test_bfloat16_is_the_nearest_of_each_number(run, tmp_path):
    export.main([str(run), "--out", str(tmp_path / "whole")])
    export.main([str(run), "--out", str(tmp_path / "half"), "--dtype", "bfloat16"])
    whole = safetensors.numpy.load_file(tmp_path / "whole" / "model.safetensors")
    with safetensors.safe_open(tmp_path / "half" / "model.safetensors", "np") as half:
        assert set(half.keys()) == set(whole)
        for name, tensor in whole.items():
            assert half.get_slice(name).get_dtype() == "BF16"
            nearest = tensor.astype(ml_dtypes.bfloat16)
            assert half.get_tensor(name).tobytes() == nearest.tobytes()
    configs = [json.loads((tmp_path / d / "config.json").read_text()) for d in ("whole", "half")]
    assert [config.pop("dtype") for config in configs] == ["float32", "bfloat16"]
    assert configs[0] == configs[1]
    loaded = loading.load(tmp_path / "half")
    assert loaded.words.size == loading.words_of(run).size


def test_files_are_of_at_most_that_size_and_the_index_says_where_each_tensor_is(run, tmp_path):
    export.main([str(run), "--out", str(tmp_path / "one"), "--dtype", "bfloat16"])
    out, at_most = tmp_path / "many", 2000
    given = ["--dtype", "bfloat16", "--shard-gb", str(at_most / 10**9)]
    export.main([str(run), "--out", str(out), *given])
    whole = safetensors.numpy.load_file(tmp_path / "one" / "model.safetensors")
    index = json.loads((out / "model.safetensors.index.json").read_text())
    files = sorted(path.name for path in out.glob("*.safetensors"))
    assert len(files) > 1
    assert files == [
        f"model-{i:05}-of-{len(files):05}.safetensors" for i in range(1, len(files) + 1)
    ]
    assert index["metadata"] == {"total_size": sum(one.nbytes for one in whole.values())}
    assert index["weight_map"].keys() == whole.keys()
    for file in files:
        held = safetensors.numpy.load_file(out / file)
        assert set(held) == {name for name, its in index["weight_map"].items() if its == file}
        assert len(held) == 1 or sum(one.nbytes for one in held.values()) <= at_most
    toys.assert_same_params(weights.load(out), weights.load(tmp_path / "one"))


def test_the_export_of_a_run_has_a_card(run, tmp_path):
    export.main([str(run), "--out", str(tmp_path / "tuned")])
    text = (tmp_path / "tuned" / card.FILE).read_text("utf-8")
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["flanlike"]["mixture"] == "some" and header["flanlike"]["step"] == 2
    assert header["flanlike"]["command"].startswith("python train.py --mixture some")
    assert len(header["flanlike"]["manifest_sha256"]) == 64
    assert "Base: the model in a folder 'published'." in text
    assert "| **nli** | mean of 1 | " in text
    assert "| rte | nli | " in text and " | 100.00% | " in text
    assert 'AutoModelForCausalLM.from_pretrained("tuned")' in text


def test_a_published_model_is_written_without_one(run, tmp_path):
    export.main([str(run.parent / "published"), "--out", str(tmp_path / "again")])
    assert not (tmp_path / "again" / card.FILE).exists()


def test_an_export_is_sent_to_the_hub(run, tmp_path, monkeypatch, capsys):
    pytest.importorskip("huggingface_hub", reason="needs the extra 'pretrained'")
    out = tmp_path / "tuned"
    with hub_uploads.receiving() as hub:
        hub_uploads.log_in(monkeypatch, hub, tmp_path)
        export.main([str(run), "--out", str(out), "--push", "me/tuned-llama"])
        sent = hub.repositories["me/tuned-llama"]["main"]
        assert sent == {path.name: path.read_bytes() for path in out.iterdir()}
        assert hub.private == {"me/tuned-llama"}
    assert b'from_pretrained("me/tuned-llama")' in sent["README.md"]
    assert "sent to me/tuned-llama, private: http://127.0.0.1" in capsys.readouterr().out


def test_who_may_not_send_is_told_before_anything_is_written(run, tmp_path, monkeypatch, capsys):
    pytest.importorskip("huggingface_hub", reason="needs the extra 'pretrained'")
    with hub_uploads.receiving() as hub:
        hub_uploads.log_in(monkeypatch, hub, tmp_path)
        monkeypatch.delenv("HF_TOKEN")
        said = _stops([run, "--out", tmp_path / "out", "--push", "me/tuned"], capsys)
    assert "nobody is logged in" in said and "(nothing was written)" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("--shard-gb 51", "--shard-gb is 51.0: it must be"),
        ("--shard-gb 0", "--shard-gb is 0.0: it must be"),
        ("--shard-gb nan", "--shard-gb is nan: it must be"),
        ("--dtype float16", "invalid choice: 'float16'"),
        ("--public", "--public is of --push OWNER/NAME"),
        ("--push tuned", "expected OWNER/NAME"),
        ("--peft --dtype bfloat16", "--dtype and --shard-gb are of whole models"),
        ("--peft --shard-gb 1", "--dtype and --shard-gb are of whole models"),
    ],
)
def test_flags_that_do_not_fit_are_told(run, tmp_path, flags, expected, capsys):
    assert expected in _stops([run, "--out", tmp_path / "out", *flags.split()], capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("--step 7", "one set of weights, so leave out --step"),
        ("--weights raw", "one set of weights, so leave out --weights"),
        ("--base somewhere", "--base is of a run that tuned few parameters, and "),
    ],
)
def test_what_is_of_a_run_is_not_passed_over_with_a_model_alone(
    run, tmp_path, flags, expected, capsys
):
    published, out = run.parent / "published", tmp_path / "out"
    assert expected in _stops([published, "--out", out, *flags.split()], capsys)
    assert not out.exists() or not any(out.iterdir())
