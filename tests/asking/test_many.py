"""Many questions in a file: answered in batches, gone on with, and never overwritten."""

import contextlib
import json

import pytest
from asking_toys import GREEDY, Echo

from flanlike import errors
from flanlike.asking import many, settings

LINES = [
    {"inputs": "red €\u2028?", "id": 1},
    {"inputs": "blue?", "options": ["a", "bbb"], "id": 2},
    {"inputs": "no?"},
]


class Told:
    """Keeps what it is told."""

    def __init__(self):
        self.phases = []

    @contextlib.contextmanager
    def phase(self, what, prompts):
        self.phases.append((what, prompts))
        yield lambda count, share: self.phases.append((count, share))


@pytest.fixture
def files(tmp_path):
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in LINES) + "\n")
    return asked, tmp_path / "answers.jsonl"


def answered(files, *answerers, how=GREEDY, options=(), reporter=None, models=("m", "n")):
    asked, out = files
    many.expect_new(out)
    answerers = answerers or (Echo(),)
    many.answer(
        many.read(asked, options),
        out,
        answerers,
        how,
        models=models[: len(answerers)],
        reporter=reporter or Told(),
    )
    return [json.loads(line) for line in out.read_text().split("\n")[:-1]]


def test_each_line_gets_its_answer_and_keeps_what_it_had(files):
    told = Told()
    assert answered(files, reporter=told) == [
        {**LINES[0], "answer": "echo: RED €\u2028?", "is_cut": False},
        {
            **LINES[1],
            **{"answer": "echo: BLUE?", "is_cut": False},
            **{"probabilities": [0.25, 0.75], "choice": "bbb"},
        },
        {**LINES[2], "answer": "echo: NO?", "is_cut": False},
    ]
    assert told.phases[0] == ("writing answers (echo)", 3) and told.phases[1] == (2, 2 / 3)
    assert told.phases[3] == ("scoring options (echo)", 1)
    assert sorted(path.name for path in files[1].parent.iterdir()) == [
        *("answers.jsonl", "asked.jsonl")
    ]


def test_options_of_the_command_are_for_lines_without_their_own(files):
    found = answered(files, options=("x", "yyyy"))
    assert [line["choice"] for line in found] == ["yyyy", "bbb", "yyyy"]
    assert found[0]["options"] == ["x", "yyyy"]


def test_the_base_answers_beside_it(files):
    found = answered(files, Echo(), Echo("base"))
    assert found[2]["untuned"] == {"answer": "base: NO?", "is_cut": False}
    assert found[1]["untuned"]["choice"] == "bbb"


def test_the_number_of_a_question_is_its_place(files):
    """So its draws are those that it has when it goes on."""
    echo = Echo()
    answered(files, echo)
    assert [number for _, number in echo.asked] == [0, 1, 2]


class _Cut(Echo):
    """Is interrupted in its second batch."""

    def answer(self, question, how, *, number, **rest):
        if number == 2:
            raise KeyboardInterrupt
        return super().answer(question, how, number=number, **rest)


def test_what_was_cut_off_goes_on(files):
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        answered(files, _Cut())
    asked, out = files
    kept = out.with_name("answers.jsonl.answered")
    assert not out.exists() and kept.read_text().count("\n") == 3
    kept.write_text(
        kept.read_text() + '["written 0", 2, {"answer": "ech'
    )  # of a batch half written
    echo = Echo()
    found = answered(files, echo)
    assert echo.asked == [("no?", 2)] and not kept.exists()
    out.unlink()
    assert answered(files) == found


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({"how": settings.Settings(seed=1)}, "seed"),
        ({"models": ("other",)}, "models"),
        ({"options": ("x", "y")}, "questions"),
    ],
)
def test_another_call_does_not_go_on(files, changes, differing):
    with pytest.raises(KeyboardInterrupt):
        answered(files, _Cut())
    with pytest.raises(errors.UserError, match=rf"answers of another call \({differing} differ\)"):
        answered(files, **changes)
    asked, out = files
    assert out.with_name("answers.jsonl.answered").read_text().count("\n") == 3


def test_what_is_kept_and_damaged_is_told(files):
    with pytest.raises(KeyboardInterrupt):
        answered(files, _Cut())
    kept = files[1].with_name("answers.jsonl.answered")
    kept.write_text(kept.read_text().replace('["written 0", 1', '["written 0"'))
    with pytest.raises(errors.UserError, match="line 3: damaged .*delete the file to ask anew"):
        answered(files)


def test_answers_are_not_overwritten(files):
    answered(files)
    with pytest.raises(errors.UserError, match="is there already: give another, or move it away"):
        answered(files)
    asked, out = files
    with pytest.raises(errors.UserError, match="there is no folder"):
        many.expect_new(out / "nothing" / "answers.jsonl")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "line 4: no JSON"),
        (b"[]", "line 4: expected an object with 'inputs'"),
        (b'{"inputs": ""}', "line 4: 'inputs' is ''; expected text that is not empty"),
        (b'{"inputs": "\\ud83d"}', "line 4: 'inputs' has half of a surrogate pair"),
        (b'{"inputs": "a", "answer": "b"}', "line 4: has 'answer' already"),
        (b'{"inputs": "a", "options": ["b"]}', "line 4: 'options' .*expected 2 to 256 texts"),
        (b'{"inputs": "a", "options": ""}', "line 4: 'options' '': expected 2 to 256 texts"),
        (b'{"inputs": "a", "options": ["\\ud83d", "b"]}', "line 4: 'options' .*expected 2 to 256"),
        (b'{"inputs": "a", "id": ["\\ud83d"]}', "line 4: half of a surrogate pair stands in it"),
        (b'{"inputs": "a", "inputs": "b"}', "line 4: no JSON .*'inputs' is there twice"),
        (b"[" * 99_999, "line 4: no JSON .*nested too deep"),
        (b'{"inputs": "\xff"}', "line 4: no JSON"),
        (b'{"inputs": "%s"}' % (b"long" * 50), "question 4 of --in: .* 200 tokens: shorten it"),
    ],
)
def test_a_line_that_is_no_question_is_told_before_any_is_answered(files, line, said):
    with files[0].open("ab") as file:
        file.seek(file.tell() - 1)
        file.truncate()
        file.write(line + b"\n")
    echo = Echo()
    with pytest.raises(errors.UserError, match=said):
        answered(files, echo)
    assert not echo.asked and not files[1].exists()


def test_an_empty_file_has_no_question(files):
    files[0].write_text("\n")
    with pytest.raises(errors.UserError, match="no question in it"):
        answered(files)


def test_options_that_cannot_be_told_apart_are_told_before_any_is_answered(files):
    asked, out = files
    asked.write_text('{"inputs": "a"}\n{"inputs": "b", "options": ["yes", " yes"]}\n')
    told = Told()
    with pytest.raises(errors.UserError, match="question 2 of --in: two options are the same"):
        answered(files, reporter=told)
    assert not told.phases and not out.exists()
