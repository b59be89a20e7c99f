"""Our questions as lm-evaluation-harness's tasks: the files, and what the harness makes of them."""

import itertools
import json
import types

import eval_toys
import numpy as np
import published_toys
import pytest

import task_registry
from eval import __main__ as command
from eval import lm_eval_command, lm_eval_export, questions
from flanlike import config
from flanlike.models import decode, generate
from flanlike.runs import loading


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_template_is_a_task(tmp_path):
    asked = eval_toys.collect("rte", rows_per_task=3)
    written = lm_eval_export.write(tmp_path / "out", asked)
    cell = next(cell for cell in asked.cells if not cell.is_choosing)
    name = f"flanlike_rte_{cell.template}"
    assert written.names[0] == name and not written.left_out
    assert len(written.names) == len({c.template for c in asked.cells})
    text = (tmp_path / "out" / f"{name}.yaml").read_text()
    settings = dict(line.split(": ", 1) for line in text.splitlines())
    assert settings.pop("custom_dataset") == "!function rows.read"
    settings = {key: json.loads(value) for key, value in settings.items()}
    assert settings["tag"] == ["flanlike", "flanlike_nli", "flanlike_rte"]
    assert settings["target_delimiter"] == "\n"  # as a decoder reads it
    assert [one["metric"] for one in settings["metric_list"]] == ["acc", "acc_norm"]
    rows = read(tmp_path / "out" / settings["dataset_kwargs"]["rows_file"])
    assert [row["row"] for row in rows] == list(cell.rows)
    assert [row["inputs"] for row in rows] == [prompt.inputs for prompt in cell.prompts]
    for row, prompt in zip(rows, cell.prompts, strict=True):
        assert row["choices"][row["gold"]] == prompt.targets
        assert len(row["choices"]) == len(prompt.options)


def test_written_answers_have_references_and_rationales_no_task(tmp_path):
    asked = eval_toys.collect("cot_ecqa", "common_gen", validation_rows=0, shots=1)
    written = lm_eval_export.write(tmp_path, asked)
    assert written.left_out and all(name.endswith("_1shot") for name in written.left_out)
    of_cot = {cell.template for cell in asked.cells if cell.kind == "cot"}
    assert {f"flanlike_cot_ecqa_{one}_1shot" for one in of_cot} == set(written.left_out)
    files = sorted(tmp_path.glob("flanlike_common_gen_*.jsonl"))
    cells = [cell for cell in asked.cells if cell.task.name == "common_gen"]
    assert len(files) == len(cells) > 0
    row = read(tmp_path / f"{lm_eval_export.name_of(cells[0])}.jsonl")[0]
    assert row["answers"][0] == cells[0].prompts[0].targets
    assert len(row["answers"]) == len(cells[0].prompts[0].references)
    # How long an answer may be is known of the task, where no setting says it.
    how = lm_eval_export.config(cells[0], asked)["generation_kwargs"]
    assert how["max_gen_toks"] == cells[0].max_new_tokens > 0
    assert asked.settings.max_new_tokens is None


def test_the_name_of_a_member_of_a_family_is_that_of_a_file():
    task = types.SimpleNamespace(name="niv2/task1_made_up")
    cell = types.SimpleNamespace(task=task, template="plain", shots=0)
    assert lm_eval_export.name_of(cell) == "flanlike_niv2_task1_made_up_plain"


def test_the_command_writes_into_a_new_folder(tmp_path, capsys):
    flags = ["export-lm-eval", "--out", str(tmp_path / "out"), "--hold-out", "rte", "--rows", "2"]
    command.main(flags)
    said = capsys.readouterr().out
    count = len(task_registry.registry().templates("rte").forward)
    assert f"{count} tasks written into" in said and "small synthetic world" in said
    assert len(list((tmp_path / "out").glob("*.yaml"))) == count
    with pytest.raises(SystemExit):
        command.main(flags)
    assert "out' is there and not empty: give another" in capsys.readouterr().err


@pytest.fixture(params=["published_llama", "published_t5"])
def folder(request, tmp_path):
    pytest.importorskip("lm_eval", reason="needs the extra 'parity'")
    getattr(published_toys, request.param)(tmp_path / "model")
    return tmp_path / "model"


def test_the_harness_finds_what_we_find(folder, tmp_path):
    """The same log-probabilities but for the newline's, the same accuracy, the same writing."""
    loaded = loading.load(folder)
    family = loaded.model.config.family
    asked = questions.collect(
        ["snli", "common_gen"],
        task_registry.registry(),
        loaded.words,
        data="embedded",
        family=family,
        settings=config.EvalConfig(
            rows_per_task=12, validation_rows=0, generation_rows=2, max_new_tokens=4
        ),
    )
    lm_eval_export.write(tmp_path / "out", asked)
    ranked = next(cell for cell in asked.cells if not cell.is_generated)
    generated = next(cell for cell in asked.cells if cell.is_generated)
    found = _harness(folder, tmp_path / "out", *map(lm_eval_export.name_of, (ranked, generated)))
    results, samples = found["results"], found["samples"]

    bos = [loaded.words.marks.bos_id] if family == "decoder" else []
    eos_id = loaded.words.marks.eos_id
    prompts = [[*bos, *ids] for ids in ranked.ids]
    choices = [
        [loaded.words.encode(questions.completed(ranked, record, o)) for o in prompt.options]
        for prompt, record in zip(ranked.prompts, ranked.records, strict=True)
    ]
    scored = decode.scored_options(loaded.model, prompts, choices, eos_id=eos_id)
    ours = {one.prompt: one.of_tokens for one in itertools.chain(*scored)}
    right = 0
    asked = zip(ranked.prompts, samples[lm_eval_export.name_of(ranked)], strict=True)
    for i, (prompt, theirs) in enumerate(asked):
        sums = ours[i]
        others = np.array([resp[0][0] for resp in theirs["resps"]])
        np.testing.assert_allclose(sums - sums[0], others - others[0], atol=1e-3)
        right += int(sums.argmax() == prompt.gold)
    assert results[lm_eval_export.name_of(ranked)]["acc,none"] == pytest.approx(right / 12)

    written = generate.generate(
        loaded.model, [[*bos, *ids] for ids in generated.ids], max_new_tokens=4, eos_id=eos_id
    )
    said = [sample["resps"][0][0] for sample in samples[lm_eval_export.name_of(generated)]]
    assert said == [loaded.words.decode(one.ids) for one in written]
    assert results[lm_eval_export.name_of(generated)]["exact_match,none"] == 0


def _harness(folder, tasks, *names):
    import lm_eval
    from lm_eval import tasks as harness_tasks

    lm_eval_command.register()
    return lm_eval.simple_evaluate(
        model="flanlike",
        model_args={"model": str(folder), "max_length": 2048},
        tasks=list(names),
        task_manager=harness_tasks.TaskManager(include_path=str(tasks), include_defaults=False),
        bootstrap_iters=0,
    )
