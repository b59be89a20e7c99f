import itertools
import json
import pathlib
import random
import sys

import pytest
import source_toys
import training_toys

import task_registry
import train
from eval import report
from flanlike import errors
from flanlike.mixtures import compose as compose_module
from flanlike.mixtures import mixture
from flanlike.models import presets
from flanlike.prompts import duplicates, overlap, recipe
from flanlike.prompts import stream as prompt_stream
from flanlike.runs import folder as run_folder
from task_registry import __main__ as command_line

REGISTRY = task_registry.registry()
# 21 words: one more at the end leaves 17 of 18 runs of five in common.
LONG = (
    "the quick brown fox jumps over the lazy dog and then it sleeps all day in the warm sun of may"
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("One, two; three four five six!", ["one two three four five", "two three four five six"]),
        ("One two", ["one two"]),
        ("x < -0", ["x < - 0"]),
        ("a well-known x - y", ["a well known x y"]),
        ("...", ["..."]),
    ],
)
def test_shingles(text, expected):
    assert duplicates.shingles(text) == expected


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ((LONG, "yes"), (LONG, "yes"), 1.0),
        ((LONG, "yes"), (LONG + " now", "Yes!"), 17 / 18),
        ((LONG, "yes"), (LONG, "no"), 0.0),
        ((LONG, "Who sleeps?", "the fox"), (LONG, "Where?", "the fox"), 0.0),  # one passage
        ((LONG, "yes"), (LONG, "who?", "yes"), 0.0),
        (("if x < 0 what is y", "2"), ("if x > 0 what is y", "2"), 0.0),
        (("★★★", "a"), ("★★", "a"), 0.0),
        (("दिन", "a"), ("दान", "a"), 0.0),
    ],
)
def test_similarity(one, other, expected):
    assert duplicates.similarity(one, other) == pytest.approx(expected)


def repeats(rows):
    index = duplicates.Index()
    for row in rows:
        index.add(row)
    return sorted(index.repeats(rows.__getitem__))


def test_a_row_repeats_the_first_that_is_the_same_and_an_earlier_one_that_is_near():
    rows = [(LONG, "a"), ("else", "b"), (LONG, "a"), (LONG + " now", "a"), (LONG, "b"), (LONG, "a")]
    found = repeats(rows)
    assert found == [(2, 0, True), (3, 0, False), (5, 0, True)]
    assert repeats([]) == []


def test_nearly_all_near_ones_are_found_and_none_that_is_not():
    draw = random.Random(0)
    rows = []
    for _ in range(150):
        words = [f"w{draw.randrange(10**6)}" for _ in range(60)]
        other = [*words]
        other[draw.randrange(5, 55)] = "changed"  # 51 of 61 runs of five: .836
        rows += [(" ".join(words), "a"), (" ".join(other), "a")]
    found = repeats(rows)
    assert all(row == earlier + 1 for row, earlier, _ in found)
    assert 0.95 * 150 <= len(found) <= 150


def test_a_passage_that_all_rows_have_does_not_make_all_of_them_candidates():
    rows = [(LONG, f"question {number} of many", "yes") for number in range(200)]
    read = []
    index = duplicates.Index()
    for row in rows:
        index.add(row)
    assert list(index.repeats(lambda number: read.append(number) or rows[number])) == []
    assert len(read) < 20


def test_what_a_row_says():
    record = {"premise": "It  Rains", "hypothesis": "It is wet", "label": 0}
    assert duplicates.row_of(REGISTRY.task("rte"), record) == (
        "it rains",
        "it is wet",
        "entailment",
    )
    choice = {"question": "Where?", "options": ["town", "home"], "label": 1}
    task = REGISTRY.task("commonsense_qa")
    assert duplicates.row_of(task, choice) == ("where?", "home / town", "home")
    reasoned = {"question": "1 + 1?", "rationale": "I count.", "references": ["2"]}
    assert duplicates.row_of(REGISTRY.task("cot_gsm8k"), reasoned) == ("1 + 1?", "i count.", "2")


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rensa", None)
    with pytest.raises(errors.UserError, match=r"pip install 'flanlike\[lint\]'"):
        duplicates.Index()


@pytest.fixture
def folder(tmp_path):
    rte = [{"premise": f"Row {n}.", "hypothesis": f"{n} is.", "label": n % 2} for n in range(30)]
    rte[3] |= {"premise": LONG, "hypothesis": "It is so.", "label": 0}
    rte[5] |= {"premise": LONG.upper(), "hypothesis": "It is  so.", "label": 0}
    rte[6] |= {"premise": LONG + " now", "hypothesis": "It is so!", "label": 0}
    rte[7] |= {"premise": LONG, "hypothesis": "It is so.", "label": 1}
    source_toys.write_folder(tmp_path / "rows", "rte", train=rte)
    snli = [{"premise": f"S {n}", "hypothesis": f"{n} .", "label": n % 3} for n in range(20)]
    snli[4] |= {"premise": LONG, "hypothesis": "It is so.", "label": 0}
    source_toys.write_folder(tmp_path / "rows", "snli", train=snli)
    return str(tmp_path / "rows")


def composed(folder, **rule):
    mixed = mixture.Mixture(name="mixed", entries=("rte", "snli"), **rule)
    return compose_module.compose(mixed, REGISTRY, folder)


def test_pairs_of_tasks_are_counted_with_examples(folder):
    found = duplicates.find(composed(folder), REGISTRY, data=folder)
    assert found.rows == {"rte": (5, 6), "snli": (4,)}
    within, across = found.pairs
    assert (within.task, within.earlier_task) == ("rte", "rte")
    assert (within.exact_rows, within.near_rows) == (1, 1)
    assert (across.task, across.earlier_task) == ("snli", "rte")
    assert (across.exact_rows, across.near_rows) == (1, 0)
    assert within.examples[0] == duplicates.Example(
        row="train/5",
        earlier_row="train/3",
        text=f"{LONG} | it is so. | entailment",
        is_exact=True,
    )


@pytest.mark.parametrize("max_examples", [None, 20])
def test_dropped_rows_are_never_drawn(folder, max_examples):
    composition = composed(folder, max_examples=max_examples)
    found = duplicates.find(composition, REGISTRY, data=folder)
    rest = duplicates.drop(composition, REGISTRY, found)
    assert rest.duplicated == found.rows
    for before, after in zip(composition.tasks, rest.tasks, strict=True):
        assert after.rows == before.rows - len(found.rows.get(before.name, ()))
    assert not duplicates.find(rest, REGISTRY, data=folder).rows

    def drawn(composition):
        stream = prompt_stream.Prompts(composition, REGISTRY, data=folder, seed=0)
        told = (stream[index].provenance for index in range(400))
        return {(one.task, one.row_id) for one in told}

    whole, left = drawn(composition), drawn(rest)
    assert len(whole) - len(left) == sum(map(len, found.rows.values())) > 0
    assert left < whole
    if max_examples is None:
        assert whole - left == {("rte", "train/5"), ("rte", "train/6"), ("snli", "train/4")}


def test_rows_that_overlap_stay_left_out_and_their_duplicates_with_them(folder):
    composition = composed(folder)
    looked_for = overlap.Overlap(rows={"rte": (3,)}, pairs=[], training_rows={}, evaluation_rows={})
    without = overlap.exclude(composition, REGISTRY, looked_for)
    found = duplicates.find(without, REGISTRY, data=folder)
    assert found.rows == {"rte": (6,), "snli": (4,)}  # of 5, which is the first now
    rest = duplicates.drop(without, REGISTRY, found)
    assert (rest.overlapping, rest.duplicated) == ({"rte": (3,)}, found.rows)
    assert rest.left_out("rte") == (3, 6)
    assert rest.as_json()["overlapping_rows"] == {"rte": 1}
    assert rest.as_json()["duplicate_rows"] == {"rte": 1, "snli": 1}
    stream = prompt_stream.Prompts(rest, REGISTRY, data=folder, seed=0)
    drawn = {stream.draw_of(0, nth).prompt.provenance.row_id for nth in range(rest.tasks[0].rows)}
    assert len(drawn) == rest.tasks[0].rows and not drawn & {"train/3", "train/6"}


def test_a_task_that_only_repeats_is_named(tmp_path):
    rows = [{"text": f"film number {n}", "label": n % 2} for n in range(210)]
    source_toys.write_folder(tmp_path, "imdb_reviews", train=rows)
    composition = compose_module.compose(
        mixture.Mixture(name="mixed", entries=("imdb_reviews",)), REGISTRY, str(tmp_path)
    )
    (share,) = composition.tasks
    all_rows = {"imdb_reviews": tuple(range(share.rows))}
    with pytest.raises(errors.UserError, match="all its rows repeat rows of tasks before it"):
        duplicates.drop(composition, REGISTRY, duplicates.Duplicates(rows=all_rows, pairs=[]))


def test_an_export_leaves_them_out_and_says_so(tmp_path, folder):
    out = tmp_path / "out"
    flags = ["--mixture", "nli", "--hold-out", "--data", folder, "--skip-missing"]
    more = ["--drop-duplicates", "--processes", "1", "--out", str(out), "--format", "jsonl"]
    command_line.main(["export", *flags, *more])
    composition = json.loads((out / "composition.json").read_text())
    counts = composition["duplicate_rows"]
    assert sum(counts.values()) == 3 and composition["overlapping_rows"] == {}
    card = (out / "README.md").read_text()
    for name, count in counts.items():
        assert f"* {name}: {count} rows that repeat an earlier one" in card
    read = json.loads((out / "manifest.json").read_text())
    assert {name: task["duplicate_rows"] for name, task in read["tasks"].items()} == {
        name: counts.get(name, 0) for name in read["tasks"]
    }
    command_line.main(["check", "--manifest", str(out)])
    lines = itertools.chain(*(p.read_text().splitlines() for p in out.glob("*.jsonl")))
    told = {(one["task"], one["row_id"]) for one in map(json.loads, lines)}
    assert len(told) <= sum(task["rows"] for task in composition["tasks"])


def test_a_manifest_without_it_is_as_before(folder):
    asked = recipe.Recipe(mixture="nli", data=folder, hold_out=(), skip_missing=True)
    assert recipe.compose(asked, REGISTRY).duplicated == {}
    from flanlike.prompts import manifest

    content = manifest.build(asked, recipe.compose(asked, REGISTRY), REGISTRY)
    assert "duplicate_rows" not in content["tasks"]["rte"]


def test_a_run_from_before_the_setting_is_the_same_run():
    there = {"mixture": "nli", "seed": 0}
    assert run_folder.differences(there, there | {"drop_duplicates": False}) == ""
    assert "drop_duplicates" in run_folder.differences(there, there | {"drop_duplicates": True})


def test_training_leaves_them_out_and_counts_them_in_the_report(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(presets.PRESETS, "tiny", training_toys.MODEL)
    monkeypatch.setattr(train, "VOCABULARY_PROMPTS", 200)
    flags = (
        "--mixture word_relations --hold-out --mix.max-examples 300 --drop-duplicates --steps 0 "
        "--model tiny --init none --vocabulary-size 600 --batch.rows 2 "
        "--eval.rows-per-task 4 --eval.validation-rows 0"
    )
    out = tmp_path / "run"
    train.main([*flags.split(), "--out", str(out)])
    said = capsys.readouterr().out
    counts = json.loads(pathlib.Path(out, "composition.json").read_text())["duplicate_rows"]
    assert f"left out: {sum(counts.values()):,} training rows that repeat an earlier one" in said
    assert counts["pick_synonym"] > 0
    told = f"pick_synonym: {counts['pick_synonym']} rows that repeat an earlier one left out"
    assert told in report.write(out)[0].read_text()
