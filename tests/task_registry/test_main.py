import errno
import json
import pathlib
import subprocess
import sys
from unittest import mock

import benchmark_toys
import pytest
import source_toys
import task_rows
import template_toys as toys

import task_registry
from flanlike import errors
from flanlike.mixtures import collected, compose, holdout
from flanlike.prompts import checks
from flanlike.sources import opening
from flanlike.tasks import families, task
from task_registry import __main__ as command_line
from task_registry import mixtures, p3_datasets

REGISTRY = task_registry.registry()
FORBIDDEN = ("jax", "tensorflow", "tensorflow_datasets", "torch", "seqio", "datasets", "eval")


def run(capsys, *arguments):
    command_line.main(arguments)
    return capsys.readouterr().out


def mistake(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        command_line.main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_flan_core_holds_every_task_once_and_holds_out_by_default():
    flan_core = REGISTRY.mixture("flan_core")
    on_request = set(mixtures.ON_REQUEST)
    benchmarks = set(benchmark_toys.TASKS)
    assert sorted(flan_core.task_names) == sorted(
        set(REGISTRY.task_names)
        - on_request
        - benchmarks
        - {*mixtures.FURTHER, *mixtures.OF_2022}
        - set(REGISTRY.mixture("real_pairs").task_names)
    )
    assert set(flan_core.hold_out) <= set(REGISTRY.clusters)
    open_choice = REGISTRY.mixture("open_choice")
    assert len(open_choice.task_names) == 12
    assert all(REGISTRY.task(name).is_microworld_only for name in open_choice.task_names)
    assert flan_core.entries[-1] == (open_choice, mixtures.OPEN_CHOICE_SHARE)


def test_flan_micro_is_a_part_of_flan_core_that_holds_out_the_same():
    flan_core, flan_micro = (REGISTRY.mixture(name) for name in ("flan_core", "flan_micro"))
    assert flan_micro.hold_out == flan_core.hold_out
    core, composed = (compose.compose(m, REGISTRY, "embedded") for m in (flan_core, flan_micro))
    names = {found.name for found in composed.tasks}
    assert names == {*mixtures.MICRO, *mixtures.MICRO_OPEN_CHOICE}
    assert names < {found.name for found in core.tasks}
    assert composed.evaluation == core.evaluation and not composed.excluded
    share = sum(t.share for t in composed.tasks if t.name in mixtures.MICRO_OPEN_CHOICE)
    assert share == pytest.approx(mixtures.MICRO_OPEN_CHOICE_SHARE)
    for name in names:  # its answer is picked from options
        assert not isinstance(REGISTRY.task(name).answers, task.FreeText)


def test_every_task_that_shares_material_is_there_and_is_dropped_for_it():
    for _, names in holdout.SHARED_MATERIAL:
        assert names <= set(REGISTRY.task_names) and len(names) > 1
    assert set(collected.TASKS) == set(REGISTRY.clusters[holdout.ALL_CLUSTERS])
    of_p3 = [collected.tasks_in(f"p3/{name}") for name in p3_datasets.known()]
    for names in (*collected.TASKS.values(), *of_p3):
        assert names <= set(REGISTRY.task_names)
    split = holdout.apply(REGISTRY.clusters, ["commonsense"])
    assert "WikiHow's guides with hellaswag" in split.dropped["wiki_lingua_english_en"]


def test_every_cluster_is_a_mixture():
    for cluster, names in REGISTRY.clusters.items():
        assert REGISTRY.mixture(cluster).task_names == names
    assert REGISTRY.mixture("cot").task_names == REGISTRY.clusters["chain_of_thought"]


@pytest.mark.parametrize(
    "name",
    [n for n in benchmark_toys.one_a_shape(REGISTRY.task_names) if REGISTRY.task(n).microworld],
)
def test_every_task_passes_check_task(name):
    rows = opening.open_rows(REGISTRY.task(name), "embedded", "train")
    records = [rows[index] for index in range(5)]
    assert checks.check_task(REGISTRY.task(name), REGISTRY.templates(name), records) == []


def test_importing_listing_and_rendering_load_no_heavy_library():
    code = (
        "import sys; from task_registry import __main__ as m; m.main(['list', '--json']); "
        "m.main(['show', 'rte', '--shots', '1']); m.main(['mixture', 'flan_core']); "
        f"print([n for n in {FORBIDDEN!r} if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_list_tells_what_there_is_of_each_task(capsys):
    listed = json.loads(run(capsys, "list", "--json"))
    assert [task["name"] for task in listed] == REGISTRY.task_names
    rte = listed[0]
    assert rte["name"] == "rte"
    assert rte["cluster"] == "nli"
    assert sorted(rte["templates"]) == ["cot", "cot_inverted", "forward", "inverted"]
    assert rte["metrics"] == ["accuracy"]
    assert rte["sources"]["embedded"] == "rte"
    assert rte["availability"]["embedded"] == "available"
    last = next(task for task in listed if task["name"] == "pick_object")
    assert last["availability"]["hub"].startswith("it exists in the micro-world only")
    table = run(capsys, "list")
    assert f"{len(listed)} tasks; of the FLAN 2021 paper: " in table
    assert all(name in table for name in REGISTRY.task_names)


def test_show_prints_prompts_of_different_rows_and_templates(capsys):
    shown = run(capsys, "show", "rte", "--n", "2")
    assert "micro-world" in shown
    assert "train/0 · is_this_true (forward) · 0 shots" in shown
    assert "train/1 · options_then_question (forward) · 0 shots" in shown
    assert shown.count("\n=> ") == 2
    shown = run(capsys, "show", "cot_ecqa", "--cot", "--n", "1", "--shots", "2", "--split", "test")
    assert "test/0" in shown
    assert "(cot) · 2 shots" in shown


def test_check_is_content_with_a_task(capsys):
    assert run(capsys, "check", "rte", "stsb") == (
        "ok   rte\nok   stsb\n2 tasks checked, nothing wrong\n"
    )


def test_a_task_without_a_training_split_is_shown_and_checked_by_its_test_rows(capsys, tmp_path):
    data = ("--data", str(tmp_path))
    source_toys.write_folder(tmp_path, "wsc273", test=[task_rows.LAYOUTS["wsc273"].folder] * 2)
    assert "test/1 " in run(capsys, "show", "wsc273", *data, "--n", "2")
    assert "1 task checked, nothing wrong" in run(capsys, "check", "wsc273", *data)
    assert "has no train.jsonl" in mistake(capsys, "show", "wsc273", *data, "--shots", "1")


def test_show_and_check_take_the_tasks_of_a_mixture(capsys, tmp_path):
    rows = [{"premise": f"S {n}.", "hypothesis": f"{n}.", "label": n % 3} for n in range(30)]
    source_toys.write_folder(tmp_path, "snli", train=rows)
    data = ("--data", str(tmp_path))
    assert run(capsys, "show", "nli", *data).startswith("snli, cluster nli, ")  # the first there
    said = run(capsys, "check", "nli", *data)
    assert f"ok   rte (its templates alone: {str(tmp_path)!r} has no rows of it)\nok   cb" in said
    assert "\nok   snli\n" in said and said.endswith(" tasks checked, nothing wrong\n")


USER_MODULE = """
import template_toys as toys

def mine():
    return toys.task_of("mine", microworld="rte", metrics=("accuracy", "acuracy"))

TASKS = [mine]
"""


def test_check_lists_what_is_wrong_with_a_task_of_ones_own(capsys, tmp_path):
    (tmp_path / "my_tasks.py").write_text(USER_MODULE)
    toys.write(tmp_path, toys.FORWARD, "mine")
    with pytest.raises(SystemExit) as caught:
        command_line.main(["check", "rte", "mine", "--tasks", str(tmp_path / "my_tasks.py")])
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == "ok   rte\nWRONG mine\n"
    assert "task 'mine': 1 templates; expected 10 or more" in printed.err
    assert "task 'mine': unknown metric 'acuracy': did you mean 'accuracy'" in printed.err
    assert printed.err.endswith("error: 3 problems in 2 tasks, listed above\n")


def test_check_reports_a_template_that_cannot_be_read_and_goes_on(capsys, tmp_path):
    (tmp_path / "my_tasks.py").write_text(USER_MODULE)
    toys.write(tmp_path, toys.FORWARD.replace("{premise}", "{premis}"), "mine")
    with pytest.raises(SystemExit):
        command_line.main(["check", "mine", "rte", "--tasks", str(tmp_path / "my_tasks.py")])
    printed = capsys.readouterr()
    assert printed.out == "WRONG mine\nok   rte\n"
    assert "mine.toml, template 'is_it_true': unknown field 'premis': did you mean" in printed.err


def test_mixture_prints_tasks_clusters_and_what_is_left_out(capsys):
    shown = run(capsys, "mixture", "flan_core", "--hold-out", "nli")
    assert "held out: nli (rules: strict)" in shown
    assert "evaluated: rte, cb, snli, qnli, wnli" in shown
    near = "glue_mrpc, stsb, glue_qqp, paws_wiki"
    assert f"left out: {near}: cluster 'paraphrase' is near 'nli', which is held out" in shown
    found = json.loads(run(capsys, "mixture", "flan_core", "--hold-out", "nli", "--json"))
    assert sum(task["share"] for task in found["tasks"]) == pytest.approx(1.0)
    assert sum(found["clusters"].values()) == pytest.approx(1.0)
    assert "nli" not in found["clusters"]
    everything = json.loads(run(capsys, "mixture", "flan_core", "--hold-out", "--json"))
    names = REGISTRY.mixture("flan_core").task_names
    trained = [name for name in names if not REGISTRY.task(name).is_evaluation_only]
    assert [task["name"] for task in everything["tasks"]] == trained
    assert "wsc273" in everything["excluded"]
    assert everything["held_out"] == []


def test_micro_world_tasks_are_left_out_of_other_data(capsys, monkeypatch):
    def availability(task, data):
        return "micro-world only" if task.is_microworld_only else None

    monkeypatch.setattr(opening, "availability", availability)
    records = mock.MagicMock(dropped=0, bad=0, __len__=lambda self: 10)
    monkeypatch.setattr(opening, "open_rows", lambda *_, **__: records)
    found = json.loads(run(capsys, "mixture", "flan_core", "--data", "hub", "--json"))
    assert not {task["name"] for task in found["tasks"]} & set(
        REGISTRY.mixture("open_choice").task_names
    )
    assert found["excluded"]["pick_giver"] == "micro-world only"
    assert "pick_synonym" not in found["evaluation"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "rtee"], "error: unknown task 'rtee': did you mean 'rte'"),
        (["show", "rte", "--cot"], "task 'rte' has no template of kind 'cot'; it has ['forward'"),
        (
            ["show", "rte", "--n", "0"],
            "--n is 0: it must be 1 or more and at most 100000",
        ),
        (
            ["show", "rte", "--shots", "-1"],
            "--shots is -1: it must be 0 or more and at",
        ),
        (
            ["show", "rte", "--shots", "65"],
            "--shots is 65: it must be 0 or more and at",
        ),
        (["show", "rte", "--n", "x"], "argument --n: invalid int value: 'x'"),
        (["show", "rte", "--split", "dev"], "unknown split 'dev'"),
        (["show", "rte", "--data", "nowhere"], "'nowhere'"),
        (["check", "rte", "colla"], "unknown task 'colla': did you mean 'cola'"),
        (["mixture", "flan_cor"], "unknown mixture 'flan_cor': did you mean 'flan_core'"),
        (["mixture", "flan_core", "--hold-out", "nly"], "hold out 'nly': did you mean 'nli'"),
        (["mixture", "flan_core", "--data", "nowhere"], "lacks the rows of "),
        (["lst"], "invalid choice: 'lst'"),
        ([], "the following arguments are required: COMMAND"),
        (["list", "--tasks", "nowhere.py"], "no file 'nowhere.py'"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(capsys, arguments, message):
    assert message in mistake(capsys, *arguments)


def test_mixtures_of_the_registry_resolve():
    counts = dict.fromkeys(REGISTRY.task_names, 100)
    asked_only = {*task.BENCHMARKS, *task.OPEN_PAIRS, "real_pairs"}
    for name in set(REGISTRY.mixture_names) - asked_only:
        found = REGISTRY.mixture(name)
        absent = {task: 100 for task in found.task_names if families.is_selector(task)}
        composition = compose.resolve(found, REGISTRY, counts | absent, ())
        assert sum(task.share for task in composition.tasks) == pytest.approx(1.0)


def test_the_mixture_of_a_benchmark_is_evaluated_and_never_trained_on():
    for name in task.BENCHMARKS:
        mixture = REGISTRY.mixture(name)
        assert compose.split_tasks(mixture, REGISTRY).evaluation == tuple(mixture.task_names)
        composition = compose.compose(mixture, REGISTRY, "embedded", is_trained=False)
        assert (composition.tasks, composition.evaluation) == ((), tuple(mixture.task_names))
        with pytest.raises(errors.UserError) as caught:
            compose.compose(mixture, REGISTRY, "embedded")
        assert str(caught.value) == (
            f"mixture {name!r} is only evaluated, never trained on: train on another one and hold "
            f"this one out, as in --mixture flan_core --hold-out {name}"
        )


def test_a_benchmark_is_held_out_of_any_mixture_and_collections_leave_training_with_it():
    composition = compose.compose(
        REGISTRY.mixture("flan_core"), REGISTRY, "embedded", ["math", "mmlu", "bbh_snarks"]
    )
    math = [name for name in REGISTRY.clusters["math"] if name not in mixtures.FURTHER]
    assert composition.evaluation == (*math, *REGISTRY.clusters["mmlu"], "bbh_snarks")
    trained = {share.name for share in composition.tasks}
    assert "rte" in trained and not trained & set(composition.evaluation)
    assert "natural_instructions_v2" in composition.excluded
    with pytest.raises(errors.UserError, match="task to hold out 'mmlu_anatomi'"):
        compose.split_tasks(REGISTRY.mixture("flan_core"), REGISTRY, ["mmlu_anatomi"])


def test_a_mixture_that_names_a_benchmarks_task_leaves_it_out_of_training_and_says_so(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from flanlike.mixtures import mixture\nTASKS = []\n"
        "MIXTURES = [mixture.Mixture(name='mine', entries=('rte', 'mmlu_anatomy'))]\n"
    )
    found = task_registry.registry(tmp_path / "mine.py")
    composition = compose.compose(found.mixture("mine"), found, "embedded")
    assert [share.name for share in composition.tasks] == ["rte"]
    assert "never trained on" in composition.excluded["mmlu_anatomy"]


def test_show_puts_a_benchmarks_own_exemplars_first_and_lists_options_as_published(capsys):
    shown = run(capsys, "show", "mmlu_anatomy", "--shots", "5", "--template", "plain", "--n", "2")
    assert shown.count("plain (forward) · 5 shots") == 2
    first, second = shown.split("test/1 ")
    assert first.count("\nAnswer:\n") == 6 and first.count("\nD. ") == 6
    exemplar = next(line for line in first.split("\n") if line.endswith("?"))
    assert exemplar in second


def test_new_writes_files_that_load_and_check_says_what_is_missing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = run(capsys, "new", "weather_mood", "--cluster", "sentiment")
    assert out.endswith("check weather_mood --tasks weather_mood.py --data FOLDER\n")
    with pytest.raises(SystemExit):
        command_line.main(["check", "weather_mood", "--tasks", "weather_mood.py"])
    printed = capsys.readouterr().err
    assert "'first': still says TODO" in printed and "forward" in printed
    assert "no records" in printed and "name the folder of its rows by --data" in printed
    rows = tmp_path / "rows" / "weather_mood"
    rows.mkdir(parents=True)
    line = json.dumps({"text": "Sun all day.", "label": "yes"}) + "\n"
    (rows / "train.jsonl").write_text(line * 30)
    (rows / "validation.jsonl").write_text(line)
    shown = run(capsys, "show", "weather_mood", "--tasks", "weather_mood.py", "--data", "rows")
    assert "Sun all day." in shown and "=> yes" in shown
    template = (tmp_path / "weather_mood.toml").read_text().replace("TODO", "Now")
    first, second = template.split("[[template]]")[1:]
    copies = [first.replace("first", f"no_{n}").replace("Now", f"Now {n}, {n}") for n in range(9)]
    (tmp_path / "weather_mood.toml").write_text("[[template]]".join(["", *copies, second]))
    own = ("weather_mood", "--tasks", "weather_mood.py", "--data", "rows")
    assert run(capsys, "check", *own).endswith("1 task checked, nothing wrong\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("two words", "--cluster", "sentiment"), "cannot be the name of a function"),
        (("class", "--cluster", "sentiment"), "cannot be the name of a function"),
        (("Mine", "--cluster", "sentiment"), "use small letters from a to z"),
        (("m\u00fcll", "--cluster", "sentiment"), "use small letters from a to z"),
        (("to_record", "--cluster", "sentiment"), "no word of Python or of the module (task, mix"),
        (("json", "--cluster", "sentiment"), "stand in the way of a module 'json'"),
        (("eval", "--cluster", "sentiment"), "stand in the way of a module 'eval'"),
        (("mine", "--cluster", "no cluster"), "letters, digits"),
        (("rte", "--cluster", "nli"), "there is a task 'rte' already"),
        (("mine", "--cluster", "sentimant"), "did you mean 'sentiment'?"),
        (("taken", "--cluster", "sentiment"), "nothing was written"),
    ],
)
def test_new_writes_nothing_where_something_is_wrong(
    capsys, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.toml").write_text("mine")
    assert message in mistake(capsys, "new", *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.toml"]


def test_new_leaves_no_half_where_the_disk_is_full(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def full(path, *arguments, **named):
        if path.suffix == ".toml":
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, *arguments, **named)

    opened = pathlib.Path.open
    monkeypatch.setattr(pathlib.Path, "open", full)
    assert "No space left on device" in mistake(capsys, "new", "mine", "--cluster", "sentiment")
    assert not list(tmp_path.iterdir())


def test_a_cluster_may_be_new_where_that_is_said(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(capsys, "new", "mine", "--cluster", "weather", "--new-cluster")
    assert task_registry.registry("mine.py").task("mine").cluster == "weather"
