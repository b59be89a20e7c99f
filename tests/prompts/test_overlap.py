import dataclasses
import json
import pathlib

import pytest
import source_toys
import training_toys

import task_registry
import train
from eval import report
from flanlike.mixtures import compose as compose_module
from flanlike.mixtures import mixture
from flanlike.models import presets
from flanlike.prompts import overlap, recipe
from flanlike.prompts import stream as prompt_stream
from task_registry import __main__ as command_line

REGISTRY = task_registry.registry()
# 15 words, of which 13 in a row are enough.
LONG = "The quick brown fox, it is said, jumps over the lazy dog every single day."
SHARED = "Why? THE QUICK BROWN FOX - it is said -\njumps over the lazy dog: every word."
TWELVE = "the quick brown fox it is said jumps over the lazy dog, each"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("It's 3 o'Clock!", ["it", "s", "3", "o", "clock"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("ﬁne caf\u0065\u0301", ["fine", "caf\u00e9"]),
        ("दिन, दान", ["दिन", "दान"]),  # day and gift: they differ in a vowel alone
        (" ... ", []),
    ],
)
def test_words(text, expected):
    assert overlap.words(text) == expected


@pytest.mark.parametrize(
    "texts, expected",
    [
        ((LONG,), ["the quick brown fox it is said jumps over the lazy dog every"]),
        ((TWELVE,), []),  # twelve words in a row
        (("The quick brown fox, it is said,", "jumps over the lazy dog every day"), []),
        ((LONG.replace("fox", "cat"),), []),  # words that no evaluation row has
        (("No, it is!", "Is it dry?"), ["is it dry\nno it is"]),  # all, whichever field
        (("Is it dry?",), []),  # one field of two is no whole input
        (("", "..."), []),
    ],
)
def test_rows_share_thirteen_words_or_the_whole_input(texts, expected):
    index = overlap.Index()
    index.add("one", "test/0", ["", SHARED])
    index.add("two", "test/1", ["Is it dry?", "no it is"])
    index.add("three", "test/2", ["", "!"])
    assert list(index.shared(texts).values()) == expected


def test_rows_that_share_a_passage_are_all_found():
    index = overlap.Index()
    for row, question in enumerate(("who?", "what?", "when?")):
        index.add("squad", f"test/{row}", [SHARED, question])
    shared = index.shared([LONG, "why?"])
    assert [index.rows_of(key) for key in shared] == [[0, 1, 2]]


@pytest.mark.parametrize(
    "outputs, expected",
    [
        (["no", LONG], ["the quick brown fox it is said jumps over the lazy dog every"]),
        (["Who is it, and why?"], ["who is it and why"]),  # all that another asks
        (["Who is it?"], []),  # four words
        (["Is it dry and is it warm?"], []),  # one field of two
        ([TWELVE], []),
    ],
)
def test_an_answer_overlaps_by_thirteen_words_or_as_all_that_is_asked(outputs, expected):
    index = overlap.Index()
    index.add("one", "test/0", [SHARED])
    index.add("two", "test/1", ["Who is it, and why?"])
    index.add("three", "test/2", ["Who is it?"])
    index.add("four", "test/3", ["Is it dry and is it warm?", "yes"])
    assert list(index.shared_output(outputs).values()) == expected


def test_what_evaluation_rows_are_answered_with_is_looked_at_too():
    index = overlap.Index()
    index.add("one", "test/0", ["What does the fox do?", LONG], [LONG, SHARED])
    assert index.shared(["What?", SHARED]).keys() == index.shared([SHARED]).keys()
    found = index.shared_output([SHARED])
    assert found and all(index.rows_of(key) == [0] for key in found)
    assert index.shared(["what does the fox do"]) == {}


@pytest.fixture
def folder(tmp_path):
    rte = [{"premise": f"Row {n}.", "hypothesis": f"{n} is.", "label": n % 2} for n in range(30)]
    rte[3] |= {"premise": LONG}
    rte[4] |= {"premise": "row 4", "hypothesis": "Fine film!"}
    rte[5] |= {"premise": "...", "hypothesis": "fine  FILM"}
    rte[29] |= {"premise": LONG}  # carved off for validation
    reviews = [{"text": f"film {n}", "label": n % 2} for n in range(20)]
    reviews[7] |= {"text": SHARED}
    reviews[8] |= {"text": "Fine film."}
    source_toys.write_folder(tmp_path / "rows", "rte", train=rte)
    train_rows = [{"text": f"seen {n}", "label": n % 2} for n in range(20)]
    source_toys.write_folder(tmp_path / "rows", "imdb_reviews", train=train_rows, test=reviews)
    return str(tmp_path / "rows")


def compose(folder, **rule):
    mixed = mixture.Mixture(
        name="mixed", entries=("rte", "imdb_reviews"), hold_out=("imdb_reviews",), **rule
    )
    return compose_module.compose(mixed, REGISTRY, folder)


def find(composition, folder):
    return overlap.find(composition, REGISTRY, data=folder, evaluated=composition.evaluated)


def test_pairs_of_tasks_are_counted_with_examples(folder):
    found = find(compose(folder), folder)
    assert found.rows == {"rte": (3, 5)}
    assert (found.training_rows, found.evaluation_rows) == ({"rte": 27}, {"imdb_reviews": 20})
    assert [dataclasses.asdict(pair) for pair in found.pairs] == [
        {
            "training_task": "rte",
            "evaluation_task": "imdb_reviews",
            "training_rows": 2,
            "exact_rows": 1,
            "output_rows": 0,
            "evaluation_rows": 2,
            "evaluation_share": 0.1,
            "examples": [
                {
                    "training_row": "train/3",
                    "evaluation_row": "test/7",
                    "text": "the quick brown fox it is said jumps over the lazy dog every",
                    "is_exact": False,
                    "is_output": False,
                },
                {
                    "training_row": "train/5",
                    "evaluation_row": "test/8",
                    "text": "fine film",
                    "is_exact": True,
                    "is_output": False,
                },
            ],
        }
    ]


@pytest.mark.parametrize("max_examples", [None, 20])
def test_rows_that_overlap_are_never_drawn_nor_shown(folder, max_examples):
    shares = mixture.Shares(few_shot=0.5)
    composition = compose(folder, max_examples=max_examples, shares=shares)
    found = find(composition, folder)
    rest = overlap.exclude(composition, REGISTRY, found)
    (task,) = rest.tasks
    assert task.rows == composition.tasks[0].rows - len(found.rows.get("rte", ()))
    assert rest.overlapping == found.rows and rest.evaluation == composition.evaluation

    def drawn(composition):
        stream = prompt_stream.Prompts(composition, REGISTRY, data=folder, seed=0)
        return [stream[index] for index in range(200)]

    whole = {prompt.provenance.row_id for prompt in drawn(composition)}
    assert {p.provenance.row_id for p in drawn(rest)} == whole - {"train/3", "train/5"}
    assert len(whole) == (max_examples or 27)
    assert any("quick brown" in prompt.inputs for prompt in drawn(composition))
    assert not any("quick brown" in prompt.inputs for prompt in drawn(rest))


def test_bad_rows_stay_left_out_and_counted_beside_rows_that_overlap(folder):
    lines = pathlib.Path(folder, "rte", "train.jsonl").read_text().splitlines(keepends=True)
    pathlib.Path(folder, "rte", "train.jsonl").write_text("".join(["{}\n", *lines]))
    mixed = mixture.Mixture(
        name="mixed", entries=("rte", "imdb_reviews"), hold_out=("imdb_reviews",)
    )
    composition = compose_module.compose(mixed, REGISTRY, folder, skip_bad_rows=True)
    rest = overlap.exclude(composition, REGISTRY, find(composition, folder))
    assert rest.overlapping == {"rte": (3, 5)}
    assert (rest.skip_bad_rows, rest.bad_rows) == (True, {"rte": 1})
    stream = prompt_stream.Prompts(rest, REGISTRY, data=folder, seed=0)
    drawn = {stream[index].provenance.row_id for index in range(200)}
    assert len(drawn) == rest.tasks[0].rows and not drawn & {"train/0", "train/4", "train/6"}


def test_a_task_of_which_nothing_is_left_is_named(folder):
    mixed = mixture.Mixture(name="mixed", entries=("rte", "imdb_reviews"))
    composition = compose_module.compose(mixed, REGISTRY, folder)
    found = overlap.Overlap(
        rows={"rte": tuple(range(27))}, pairs=[], training_rows={}, evaluation_rows={}
    )
    rest = overlap.exclude(composition, REGISTRY, found)
    assert [task.name for task in rest.tasks] == ["imdb_reviews"]
    assert rest.excluded == {"rte": "all its rows overlap with evaluation rows"}


def test_the_command_lists_pairs(folder, capsys):
    flags = ["--mixture", "nli", "--hold-out", "--data", folder, "--skip-missing"]
    command_line.main(["overlap", *flags, "--eval", "sentiment", "rte", "--split", "validation"])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("rte -> rte: 1 of 27 training rows (0 the same as a whole) overlap ")
    assert said[0].endswith("with 1 validation rows (33.3%)")
    assert said[1].startswith("    train/3 = train/29, 13 words: the quick brown fox it is said")
    assert said[-1] == (
        "1 of 27 training rows of 1 task overlap with validation rows of imdb_reviews, rte"
    )


def test_the_command_prints_json(folder, capsys):
    flags = ["--mixture", "nli", "--hold-out", "--data", folder, "--skip-missing", "--json"]
    command_line.main(["overlap", *flags, "--eval", "imdb_reviews"])
    said = json.loads(capsys.readouterr().out)
    assert said["training"] == {"rte": {"rows": 27, "overlapping_rows": 2}}
    assert said["evaluation"] == {"imdb_reviews": {"split": "test", "rows": 20}}
    assert said["pairs"][0]["examples"][1]["text"] == "fine film"
    assert said["ngram"] == 13


def test_an_unknown_task_to_compare_with_is_one_line(capsys):
    with pytest.raises(SystemExit):
        command_line.main(
            ["overlap", "--mixture", "word_relations", "--hold-out", "--eval", "rtee"]
        )
    assert "unknown task 'rtee': did you mean 'rte'" in capsys.readouterr().err


def test_an_export_leaves_them_out_and_says_so(tmp_path, folder):
    out = tmp_path / "out"
    flags = ["--mixture", "nli", "--hold-out", "--data", folder, "--skip-missing"]
    more = ["--exclude-overlap", "--processes", "1", "--out", str(out)]
    # Nothing is held out: rte is compared with its own test rows, which are these.
    rows = [{"premise": LONG, "hypothesis": "Row.", "label": 0}] * 3
    source_toys.write_folder(tmp_path / "rows", "rte", test=rows)
    command_line.main(["export", *flags, *more, "--format", "jsonl"])
    assert "* rte: 1 rows that overlap with evaluation rows" in (out / "README.md").read_text()
    composition = json.loads((out / "composition.json").read_text())
    assert composition["overlapping_rows"] == {"rte": 1} and composition["prompts"] == 26
    read = json.loads((out / "manifest.json").read_text())
    assert read["tasks"]["rte"]["overlapping_rows"] == 1
    command_line.main(["check", "--manifest", str(out)])


def test_training_leaves_them_out_and_counts_them_in_the_report(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(presets.PRESETS, "tiny", training_toys.MODEL)
    monkeypatch.setattr(train, "VOCABULARY_PROMPTS", 200)
    flags = (
        "--mixture word_relations --hold-out --mix.max-examples 60 --exclude-overlap --steps 1 "
        "--model tiny --init none --vocabulary-size 600 --batch.rows 2 "
        "--eval.rows-per-task 4 --eval.validation-rows 0"
    )
    out = tmp_path / "run"
    train.main([*flags.split(), "--out", str(out)])
    assert "training rows that overlap with evaluation rows" in capsys.readouterr().out
    left_out = json.loads((out / "composition.json").read_text())
    counts = left_out["overlapping_rows"]
    assert 0 < counts["pick_synonym"] < 60
    rows = {task["task"]: task["rows"] for task in left_out["tasks"]}
    assert rows["pick_synonym"] == 60 - counts["pick_synonym"]
    told = f"pick_synonym: {counts['pick_synonym']} rows that overlap with evaluation rows left out"
    assert told in report.write(out)[0].read_text()


def test_a_recipe_without_overlap_is_the_mixture(folder):
    asked = recipe.Recipe(mixture="nli", data=folder, hold_out=(), skip_missing=True)
    assert recipe.compose(asked, REGISTRY).overlapping == {}
