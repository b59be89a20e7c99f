"""Runs that tune few parameters: what they save, how they find their base, many beside one base."""

import json
import shutil

import decode_toys
import jax
import numpy as np
import published_toys
import pytest
import training_toys
import tuning_toys
from flax import nnx

import train
from eval import __main__ as eval_command
from flanlike import errors
from flanlike.batches import features
from flanlike.models import predicted, presets, quantized, tuning
from flanlike.runs import bases, export, loading, starts, untuned
from flanlike.runs import folder as run_folder
from flanlike.training import loop

NAMES = ("results.jsonl", "predictions.jsonl", "samples.jsonl")


@pytest.fixture(autouse=True, scope="module")
def tiny():
    with pytest.MonkeyPatch.context() as patched:
        shape = dict(model_size=32, layers=2, hidden_size=64)
        patched.setitem(presets.PRESETS, "tiny", training_toys.model(**shape).config)
        patched.setattr(train, "VOCABULARY_PROMPTS", 200)
        yield


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    return training_toys.some_mixture(tmp_path_factory.mktemp("mixture"), "rte")


@pytest.fixture(scope="module")
def base(flags, tmp_path_factory):
    """A run in which all parameters learned, for the others to start from."""
    out = tmp_path_factory.mktemp("base") / "run"
    train.main([*flags, "--out", str(out)])
    return out


@pytest.fixture(scope="module")
def from_base(flags, base):
    given = flags[:]
    for flag in ("--model", "--init"):
        at = given.index(flag)
        del given[at : at + 2]
    return [*given, "--init", str(base), "--optim.peak-lr", "0.05"]


@pytest.fixture(scope="module")
def lora(from_base, tmp_path_factory):
    """Two runs of LoRA beside the base."""
    folder = tmp_path_factory.mktemp("lora")
    for seed in (0, 1):
        out = ["--out", str(folder / str(seed)), "--seed", str(seed)]
        train.main([*from_base, *out, "--tune", "lora", "--lora.rank", "2"])
    return folder / "0", folder / "1"


def bytes_of_state(run):
    state = run / "checkpoints" / "2" / "state"
    return sum(path.stat().st_size for path in state.rglob("*") if path.is_file())


def error_of(command, arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        command(arguments)
    assert stop.value.code == 2
    said = capsys.readouterr().err.rstrip("\n")
    assert said.startswith("error: ") and "\n" not in said
    return said


def test_a_checkpoint_holds_what_learns_alone(base, lora):
    loaded = loading.load(lora[0])
    learning, every = tuning.count(loaded.model)
    assert learning == 2 * 2 * (2 * (32 + 2 * 8)) and every > 40 * learning
    saved = json.loads((lora[0] / "checkpoints/2/state/_METADATA").read_text())
    names = saved["tree_metadata"]
    assert names and not any("'table'" in name for name in names)
    assert sum("'params'" in name for name in names) == 4  # A and B beside q and v
    assert bytes_of_state(lora[0]) < 60_000 < bytes_of_state(base) / 4
    recorded = json.loads((lora[0] / "config.json").read_text())["base"]
    assert (recorded["folder"], recorded["step"]) == (str(base), 2)


def test_the_base_is_as_it_was_and_the_rest_has_learned(base, lora):
    original, loaded = loading.load(base), loading.load(lora[0])
    jax.tree.map(
        np.testing.assert_array_equal,
        *(nnx.to_pure_dict(nnx.state(one.model, nnx.Param)) for one in (original, loaded)),
    )
    assert all(np.abs(leaf).max() > 1e-3 for leaf in jax.tree.leaves(loop.params_of(loaded.model)))
    assert loaded.step == 2


def test_one_base_serves_many_runs_without_a_copy_or_a_compilation(lora):
    prompts, options = [[5, 6, 7]] * 2, [[[8], [9, 10]]] * 2
    alone = [loading.load(run).model for run in lora]
    expected = [decode_toys.option_scores(model, prompts, options) for model in alone]
    compiled = predicted._found._cache_size()
    found, pointers = [], []
    for loaded in loading.load_each(lora):
        found.append(decode_toys.option_scores(loaded.model, prompts, options))
        arrays = jax.tree.leaves(nnx.state(loaded.model, nnx.Param))
        pointers.append([array.unsafe_buffer_pointer() for array in arrays])
    assert predicted._found._cache_size() == compiled
    assert pointers[0] == pointers[1]
    np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(*expected)


def test_python_m_eval_of_several_runs_gives_the_figures_of_each_alone(lora, capsys):
    before = {}
    for run in lora:  # as the run itself wrote them, alone
        for name in NAMES:
            before[run, name] = (run / "eval/2" / name).read_text()
            (run / "eval/2" / name).unlink()
    eval_command.main(["--run", *map(str, lora), "--json"])
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["setting"]["run"] for one in said] == ["0", "1"]
    for (run, name), text in before.items():
        assert (run / "eval/2" / name).read_text() == text
    assert before[lora[0], "samples.jsonl"] != before[lora[1], "samples.jsonl"]


def test_a_moved_base_is_given_and_another_is_refused(base, lora, from_base, tmp_path, capsys):
    moved = tmp_path / "moved"
    shutil.copytree(base, moved)
    whole = loop.params_of(loading.load(lora[0]).model)
    found = loop.params_of(loading.load(lora[0], base=moved).model)
    jax.tree.map(np.testing.assert_array_equal, found, whole)

    run = tmp_path / "run"
    shutil.copytree(lora[0], run)
    content = json.loads((run / "config.json").read_text())
    content["base"]["folder"] = content["init"] = "/no/such"
    (run / "config.json").write_text(json.dumps(content))
    said = error_of(eval_command.main, ["--run", str(run)], capsys)
    assert "tuned beside the model in '/no/such', which is not there" in said

    content["base"] |= {"folder": str(base), "fingerprint": "0" * 24}
    content["init"] = str(base)
    (run / "config.json").write_text(json.dumps(content))
    said = error_of(eval_command.main, ["--run", str(run)], capsys)
    assert f"{str(run)!r} was tuned beside another model than {str(base)!r} is now" in said
    shutil.rmtree(run / "checkpoints")  # or it is finished, and needs no base
    flags = [*from_base, "--tune", "lora", "--lora.rank", "2", "--out", str(run)]
    assert "was tuned beside another model" in error_of(train.main, flags, capsys)
    said = error_of(
        eval_command.main, ["--run", str(lora[0]), "--base", str(bases.SHIPPED)], capsys
    )
    assert "is not the one that the run was tuned beside: head_size, hidden_size" in said


def test_a_run_beside_a_base_in_8_bits_goes_on_and_is_read_and_merged(
    base, from_base, tmp_path, capsys
):
    flags = [*from_base, "--tune", "lora", "--lora.targets", "all-linear", "--lora.dora"]
    flags += ["--lora.rank-stabilized", "--lora.dropout", "0.2", "--neftune-alpha", "5"]
    flags += ["--base-dtype", "int8", "--checkpoint.every", "1"]
    run, whole = tmp_path / "run", tmp_path / "whole"
    train.main([*flags, "--out", str(whole)])
    shutil.copytree(whole, run)
    shutil.rmtree(run / "checkpoints" / "2")
    shutil.rmtree(run / "eval" / "2")
    capsys.readouterr()
    train.main([*flags, "--out", str(run)])
    assert "going on from step 1" in capsys.readouterr().out
    found, again = (loading.load(one) for one in (whole, run))
    jax.tree.map(
        np.testing.assert_array_equal,
        *(loop.params_of(one.model) for one in (found, again)),
    )
    assert json.loads((run / "config.json").read_text())["base_dtype"] == "int8"
    # The base that is found again is the one in the folder, rounded as it was in training.
    expected = loading.load(base).model
    quantized.cast(expected, "int8")
    jax.tree.map(
        np.testing.assert_array_equal,
        *(nnx.to_pure_dict(nnx.state(m, quantized.KINDS)) for m in (found.model, expected)),
    )
    batch = tuning_toys.batch("decoder")
    np.testing.assert_array_equal(
        tuning_toys.logits_of(untuned.of(run, found).model, batch),
        tuning_toys.logits_of(expected, batch),
    )
    logits = tuning_toys.logits_of(found.model, batch)
    start = starts.starting_point(str(run), None, is_embedded=True)
    merged = starts.build(start, found.words, seed=0, mesh=None)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(loop.params_of(merged))} == {"float32"}
    np.testing.assert_allclose(tuning_toys.logits_of(merged, batch), logits, atol=1e-4)


def test_a_soft_prompt_stops_goes_on_and_is_evaluated(from_base, tmp_path, capsys):
    flags = [*from_base, "--tune", "prompt", "--soft-prompt.tokens", "4", "--dropout", "0.1"]
    flags += ["--base-dtype", "bfloat16", "--steps", "3"]
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train.main([*flags, "--out", str(whole)])
    with training_toys.stopped_after(1) as stop:
        train.main([*flags, "--out", str(stopped)])
    assert stop.value.code == 143
    assert "to go on, run again:" in capsys.readouterr().out
    train.main([*flags, "--out", str(stopped)])
    assert "going on from step 2" in capsys.readouterr().out
    loaded, resumed = loading.load(whole), loading.load(stopped)
    jax.tree.map(
        np.testing.assert_array_equal,
        *(loop.params_of(one.model) for one in (resumed, loaded)),
    )
    base_dtypes = {leaf.dtype.name for leaf in jax.tree.leaves(nnx.state(loaded.model, nnx.Param))}
    assert base_dtypes == {"bfloat16"}
    assert len(tuning.soft_prompt_ids(loaded.model)) == 4
    written = [(whole / "eval/3" / name).read_text() for name in NAMES]
    eval_command.main(["--run", str(whole)])
    assert [(whole / "eval/3" / name).read_text() for name in NAMES] == written


def test_a_run_goes_on_from_a_tuned_one_merged(lora, from_base):
    start = starts.starting_point(str(lora[0]), None, is_embedded=True)
    model = starts.build(start, loading.words_of(lora[0]), seed=0, mesh=None)
    assert tuning.trained(model) is nnx.Param
    batch = features.assemble(
        [[features.Example(inputs=[5, 6], targets=[7, 1])]], (0, 4), family="decoder"
    )
    np.testing.assert_allclose(model(batch), loading.load(lora[0]).model(batch), atol=1e-5)


def test_configurations_without_tuning_are_told_apart_as_before():
    old = {"steps": 1, "shape": {}}
    new = {**old, "tune": "full", "base_dtype": "float32"}
    new |= {"lora": {"rank": 8}, "adapter": {}, "soft_prompt": {}}
    assert run_folder.default_folder("m", new) == run_folder.default_folder("m", old)
    lora = {**new, "tune": "lora"}
    assert run_folder.default_folder("m", lora) != run_folder.default_folder("m", new)
    same, other = {**lora, "adapter": {"size": 2}}, {**lora, "lora": {"rank": 2}}
    assert run_folder.default_folder("m", same) == run_folder.default_folder("m", lora)
    assert run_folder.default_folder("m", other) != run_folder.default_folder("m", lora)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--tune", "lora", "--init", "none"], "--tune 'lora' leaves the model as it is, and here"),
        (["--base-dtype", "bfloat16"], "--base-dtype is 'bfloat16': it must be float32 with"),
        (["--lora.rank", "0"], "--lora.rank is 0: it must be 1 or more"),
        (["--lora.alpha", "0"], "--lora.alpha is 0.0: it must be more than 0"),
        (["--tune", "lora", "--lora.rank", "129"], "--lora.rank is 129: it must be at most 128, t"),
        (["--lora.targets", "q", "q"], "--lora.targets is ('q', 'q'): it must be at least one"),
        (["--lora.targets", "w"], "invalid choice 'w' for argument"),
        (["--adapter.size", "0"], "--adapter.size is 0: it must be 1 or more"),
        (["--tune", "prompt", "--soft-prompt.tokens", "191"], "it must be at most 190, or --batch"),
        (["--tune", "lorra"], "invalid choice 'lorra' for argument"),
        (["--base-dtype", "int8"], "--base-dtype is 'int8': it must be float32 with"),
        (["--lora.targets", "all-linear", "q"], "('all-linear', 'q'): it must be all-linear alone"),
        (["--tune", "adapter", "--lora.dora"], "--lora.dora is True: it must be left out of --tu"),
        (["--lora.rank-stabilized"], "--lora.rank-stabilized is True: it must be left out of "),
        (["--lora.rank", "16"], "--lora.rank is 16: it must be left out of --tune full: it is of"),
        (["--tune", "lora", "--adapter.size", "8"], "--adapter.size is 8: it must be left out of"),
        (["--soft-prompt.tokens", "4"], "--tune full: it is of --tune prompt"),
        (["--tune", "lora", "--lora.dropout", "1"], "--lora.dropout is 1.0: it must be 0 or more"),
        (["--neftune-alpha", "1e4"], "--neftune-alpha is 10000.0: it must be 0 or more and at m"),
    ],
)
def test_a_mistake_ends_with_one_line(arguments, expected, tmp_path, capsys):
    said = error_of(train.main, [*arguments, "--out", str(tmp_path / "run")], capsys)
    assert expected in said


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A T5's folder as a hub would hold it."""
    folder = tmp_path_factory.mktemp("published")
    published_toys.published_t5(folder)
    return folder


def test_a_run_beside_a_published_base_is_exported(published, from_base, tmp_path, capsys):
    run = tmp_path / "run"
    lora = ["--tune", "lora", "--lora.rank", "4", "--lora.targets", "q", "down"]
    lora += ["--base-dtype", "int8"]  # widened for the export
    flags = [*from_base, *lora, "--out", str(run)]
    flags[flags.index("--init") + 1] = str(published)
    at = flags.index("--vocabulary-size")
    del flags[at : at + 2]
    train.main(flags)
    assert "learning 308 of " in capsys.readouterr().out
    tuned = loading.load(run).model
    export.main([str(run), "--out", str(tmp_path / "merged")])
    merged = loading.load(tmp_path / "merged").model
    batch = tuning_toys.batch("encoder_decoder")
    expected = tuning_toys.logits_of(tuned, batch)
    np.testing.assert_allclose(tuning_toys.logits_of(merged, batch), expected, atol=2e-5)
    untuned = tuning_toys.logits_of(loading.load(published).model, batch)
    assert np.abs(untuned - expected).max() > 1e-3

    export.main([str(run), "--out", str(tmp_path / "peft"), "--peft"])
    assert sorted(path.name for path in (tmp_path / "peft").iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    content = json.loads((tmp_path / "peft/adapter_config.json").read_text())
    assert content["base_model_name_or_path"] == str(published)
    assert (content["r"], content["target_modules"]) == (4, ["q", "wo"])

    recorded = json.loads((run / "config.json").read_text())
    for kind, expected in (
        ("adapter", "has bottleneck adapters, which transformers has no place for"),
        ("prompt", "has a soft prompt, which is no part of a transformers model: give --peft"),
        ("full", "holds all of its model: --peft is for runs with --tune lora or prompt"),
    ):
        (run / "config.json").write_text(json.dumps(recorded | {"tune": kind}))
        flags = [str(run), "--out", str(tmp_path / kind), *(["--peft"] * (kind == "full"))]
        assert expected in error_of(export.main, flags, capsys)


def test_the_untuned_model_of_a_run_is_its_base_and_shares_its_arrays(base, lora):
    tuned = loading.load(lora[0])
    batch = tuning_toys.batch("decoder")
    found = untuned.of(lora[0], tuned).model
    # Before a model is called: nnx.jit gives it new arrays.
    assert found.embedding.table.get_value() is tuned.model.embedding.table.get_value()
    expected = tuning_toys.logits_of(loading.load(base).model, batch)
    np.testing.assert_array_equal(tuning_toys.logits_of(found, batch), expected)
    assert not np.array_equal(tuning_toys.logits_of(tuned.model, batch), expected)


def test_the_untuned_model_of_a_whole_run_is_read_from_its_start(base, lora, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(base, run)
    tuned = loading.load(run)
    with pytest.raises(errors.UserError, match="began with random parameters"):
        untuned.of(run, tuned)
    config = json.loads((run / "config.json").read_text())
    started = {**config, "init": str(lora[0]), "model": None}
    (run / "config.json").write_text(json.dumps(started))
    batch = tuning_toys.batch("decoder")
    expected = np.asarray(tuning_toys.logits_of(loading.load(lora[0]).model, batch))
    found = tuning_toys.logits_of(untuned.of(run, tuned).model, batch)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    (run / "config.json").write_text(json.dumps({**started, "init": "/nowhere"}))
    with pytest.raises(errors.UserError, match="'/nowhere', which is not there: .* --base"):
        untuned.expect(run)
    assert untuned.expect(run, base=lora[0]).folder == lora[0]
