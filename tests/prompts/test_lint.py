import pytest
import source_toys

import task_registry
from flanlike.batches import features
from flanlike.mixtures import compose as compose_module
from flanlike.mixtures import mixture
from flanlike.prompts import fitting, lint

REGISTRY = task_registry.registry()
FILMS = [{"text": f"A film of {n} hours.", "label": n % 2} for n in range(260)]


def found_in(tmp_path, name, rows, **how):
    """Returns the findings of one task that has these training rows, and 200 for validation."""
    source_toys.write_folder(tmp_path, name, train=rows)
    mixed = mixture.Mixture(name="mixed", entries=(name,))
    composition = compose_module.compose(mixed, REGISTRY, str(tmp_path))
    how = {"max_rows": 1000} | how
    (one,) = lint.find(composition, REGISTRY, data=str(tmp_path), **how).tasks
    return one


def films(**changes):
    """Returns rows of reviews, those named by their number changed."""
    rows = [dict(row) for row in FILMS]
    for number, row in changes.items():
        rows[int(number[1:])] |= row
    return rows


def test_a_task_in_which_nothing_is_found(tmp_path):
    one = found_in(tmp_path, "imdb_reviews", films())
    assert one.is_clean and not one.examples
    assert (one.looked_at, one.answers, one.commonest_share) == (one.rows, 2, 0.5)


def test_rows_that_are_damaged_foreign_or_empty(tmp_path):
    rows = films(
        n1={"text": "It was a na\ufffd\ufffdve film, " + "long " * 40},
        n2={"text": "Der Film ist nicht gut und die Musik ist mir zu laut."},
        n3={"text": "..."},
    )
    one = found_in(tmp_path, "imdb_reviews", rows)
    assert (one.damaged, one.not_english, one.empty) == (1, 1, 1)
    (damaged,) = one.examples["damaged"]
    assert (damaged.row, damaged.what) == ("train/1", "replacement character")
    assert damaged.text.startswith("It was a na\ufffd\ufffdve film") and len(damaged.text) < 121
    assert one.examples["not_english"][0].what == "German"
    assert not one.is_clean and not one.is_lopsided


def test_rows_in_tokens(tmp_path):
    rows = films(n1={"text": "A film , I think ."}, n2={"text": "A film, I think ."})
    one = found_in(tmp_path, "imdb_reviews", rows)
    assert (one.in_tokens, one.is_clean) == (1, False)
    assert [each.row for each in one.examples["in_tokens"]] == ["train/1"]


def test_an_example_is_the_beginning_of_a_long_text(tmp_path):
    text = "Der Film ist nicht gut und die Musik ist mir zu laut. " * 100
    rows = films(n1={"text": text, "label": 1}, n2={"text": text, "label": 1})
    one = found_in(tmp_path, "imdb_reviews", rows)
    assert one.examples["not_english"][0].text == text[:500]
    assert len(one.examples["same"][0].text) == 500


def test_translations_are_in_two_languages(tmp_path):
    rows = [
        {
            "translation": {
                "de": f"Der Satz {n} ist nicht lang und das ist gut.",
                "en": f"It is {n}.",
            }
        }
        for n in range(300)
    ]
    one = found_in(tmp_path, "wmt16_translate_deen", rows)
    assert one.not_english == 0


def test_duplicates_and_contradictions(tmp_path):
    rows = films(
        n1={"text": "A fine film.", "label": 1},
        n2={"text": "a  fine film.", "label": 1},
        n3={"text": "A fine film!", "label": 1},
        n4={"text": "A fine film.", "label": 0},
    )
    one = found_in(tmp_path, "imdb_reviews", rows)
    assert (one.same, one.near, one.elsewhere, one.contradicting) == (1, 1, 0, 1)
    assert one.examples["same"] == [
        lint.Example(row="train/2", what="imdb_reviews train/1", text="a fine film. | positive")
    ]
    assert one.examples["contradicting"][0].what == "here 'negative', before 'positive'"


def test_rows_of_an_earlier_task(tmp_path):
    rows = [{"premise": f"P {n}", "hypothesis": f"H {n}", "label": 0} for n in range(60)]
    source_toys.write_folder(tmp_path, "snli", train=rows[:40])
    source_toys.write_folder(tmp_path, "rte", train=[rows[3], rows[3], rows[4], *rows[40:]])
    mixed = mixture.Mixture(name="mixed", entries=("snli", "rte"))
    composition = compose_module.compose(mixed, REGISTRY, str(tmp_path))
    found = lint.find(composition, REGISTRY, data=str(tmp_path), max_rows=1000)
    snli, rte = found.tasks
    assert (snli.elsewhere, rte.elsewhere, rte.same) == (0, 3, 0)
    assert [example.what for example in rte.examples["elsewhere"]] == [
        "snli train/3",
        "snli train/3",
        "snli train/4",
    ]
    (pair,) = found.pairs
    assert (pair.task, pair.earlier_task, pair.exact_rows) == ("rte", "snli", 3)


@pytest.mark.parametrize(
    "labels, is_lopsided, unused",
    [((0, 1), False, []), ((0,) * 9 + (1,), True, []), ((1,), True, ["negative"])],
)
def test_answers_that_are_nearly_always_the_same(tmp_path, labels, is_lopsided, unused):
    rows = [row | {"label": labels[n % len(labels)]} for n, row in enumerate(FILMS)]
    one = found_in(tmp_path, "imdb_reviews", rows)
    assert (one.is_lopsided, one.unused_labels) == (is_lopsided, unused)
    assert one.answers == len(set(labels))


def test_a_rare_label_may_be_missing_from_a_small_sample(tmp_path):
    rows = [row | {"label": 1} if n else row for n, row in enumerate(FILMS)]
    whole = found_in(tmp_path, "imdb_reviews", rows)
    part = found_in(tmp_path, "imdb_reviews", rows, max_rows=20)
    assert (whole.unused_labels, part.unused_labels) == ([], [])
    assert (part.looked_at, part.rows) == (20, whole.rows)


@pytest.mark.parametrize(
    "text, count",
    [
        ("A pos film of {n}.", 1),  # by the label's word, where it is right
        ("A film of {n}.", 0),
    ],
)
def test_a_label_whose_word_stands_in_the_text(tmp_path, text, count):
    words = REGISTRY.task("imdb_reviews").answers.words
    rows = [
        {"text": text.format(n=n).replace("pos", words[n % 2]), "label": n % 2} for n in range(260)
    ]
    one = found_in(tmp_path, "imdb_reviews", rows)
    assert one.given_away == count * one.looked_at


def test_words_that_stand_with_either_label_tell_nothing(tmp_path):
    words = REGISTRY.task("imdb_reviews").answers.words
    rows = [{"text": f"{n} {words[n % 2]}", "label": n // 2 % 2} for n in range(260)]
    assert found_in(tmp_path, "imdb_reviews", rows).given_away == 0


def dialogues(summary):
    return [
        {"id": str(n), "dialogue": f"Ann: I saw {n} red birds in the tree.", "summary": summary(n)}
        for n in range(300)
    ]


@pytest.mark.parametrize(
    "summary, expected",
    [
        (lambda n: f"Dogs {n}.", []),
        (lambda n: f"{n} red birds in the tree" if n < 9 else "Dogs.", ["verbatim"]),
        (lambda n: f"{n} red birds in the tree", []),  # spans of the text, as all others are
        (lambda n: f"Ann: I saw {n} red birds in the tree.", ["whole field"]),
    ],
)
def test_targets_that_stand_in_the_inputs(tmp_path, summary, expected):
    one = found_in(tmp_path, "samsum", dialogues(summary))
    examples = one.examples.get("given_away", [])
    assert sorted({example.what for example in examples}) == expected
    assert bool(one.given_away) == bool(expected)


def test_prompts_that_do_not_fit_are_counted(tmp_path):
    rows = films(n1={"text": "word " * 300}, n2={"text": "word " * 300})
    room = features.room(_Words(), 200, "decoder")
    one = found_in(tmp_path, "imdb_reviews", rows, room=room)
    assert one.prompts.prompts == one.looked_at
    assert one.prompts.cut >= 2 and not one.is_clean
    assert found_in(tmp_path, "imdb_reviews", rows).prompts is None
    tight = found_in(tmp_path, "imdb_reviews", rows, room=features.room(_Words(), 4, "decoder"))
    assert tight.prompts == fitting.TaskCounts(left_out=tight.looked_at)


class _Words:
    """A vocabulary in which every word is a token."""

    marks = features.Marks()

    def encode(self, text):
        return [3] * len(text.split())
