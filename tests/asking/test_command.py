"""python -m flanlike.ask, with the base that ships with the project."""

import argparse
import contextlib
import io
import json
import sys

import jax
import pytest
import training_toys
from terminal_toys import CTRL_C, Typist

from eval import pace
from flanlike import ask, config
from flanlike.asking import command, terminal
from flanlike.runs import bases, named
from flanlike.runs import folder as run_folder
from flanlike.training import checkpoint, loop, optim

BASE = str(bases.SHIPPED)
SHORT = ("--max-new-tokens", "6")
QUESTION = "Is a robin a bird?"
WEIGHTS = ("--weights", "raw")


def asked(capsys, *arguments):
    ask.main([BASE, *arguments, *SHORT])
    return capsys.readouterr()


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        ask.main(list(arguments))
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ") and said.err.count("\n") == 1 and not said.out
    return said.err


@pytest.fixture(scope="module")
def answer():
    """Returns the base's answer to QUESTION."""
    out, sys.stdout = sys.stdout, io.StringIO()
    try:
        ask.main([BASE, QUESTION, "--json", *SHORT])
        return json.loads(sys.stdout.getvalue())["answer"]
    finally:
        sys.stdout = out


def test_one_question_and_its_options(capsys, answer):
    plain = asked(capsys, QUESTION, "--options", "yes | no")
    *said, yes, no = plain.out.splitlines()
    assert "\n".join(said) == answer.rstrip("\n")
    one = json.loads(asked(capsys, "--json", "--options", "yes | no", QUESTION).out)
    assert set(one) == {"inputs", "options", "answer", "is_cut", "probabilities", "choice"}
    assert (one["inputs"], one["options"]) == (QUESTION, ["yes", "no"])
    assert [yes, no] == [
        f"{option:3}  {share:7.3f}"
        for option, share in zip(one["options"], one["probabilities"], strict=True)
    ]


def test_a_question_from_standard_input_is_text_alone(capsys, monkeypatch, answer):
    def piped(content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    piped(QUESTION.encode() + b"\n")
    assert asked(capsys).out.rstrip("\n") == answer.rstrip("\n")
    piped(b"/template is no command here")
    said = json.loads(asked(capsys, "--json").out)
    assert said["inputs"] == "/template is no command here"
    piped(b"\xff")
    assert "standard input is no UTF-8 text" in refused(capsys, BASE)
    piped(b" \n")
    assert "the question is empty" in refused(capsys, BASE)


def test_a_template_is_asked_from_the_command_line(capsys):
    found = asked(capsys, "/template rte premise=a hypothesis=b", "--json")
    said = json.loads(found.out)
    assert said["inputs"].startswith("a\nIs this true? b\n") and sorted(said["options"])[0] == "no"
    assert "(template is_this_true)" in found.err
    assert "/quit: of the commands a command line knows /template" in refused(capsys, BASE, "/quit")


def test_many_questions_from_a_file(capsys, tmp_path, answer):
    questions, out = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    questions.write_text(json.dumps({"inputs": QUESTION, "id": 5}) + "\n")
    said = asked(capsys, "--in", str(questions), "--out", str(out))
    assert json.loads(out.read_text()) == {
        **{"inputs": QUESTION, "id": 5, "answer": answer},
        "is_cut": True,
    }
    assert said.out == f"1 answers in {out}\n" and "writing answers" in said.err
    again = refused(capsys, BASE, "--in", str(questions), "--out", str(out))
    assert "is there already" in again
    assert "q2.jsonl" in refused(
        capsys, BASE, "--in", str(tmp_path / "q2.jsonl"), "--out", "x.jsonl"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "RUN_OR_MODEL 'nowhere' is no folder with a model"),
        ([BASE, "a", "--untuned"], "is no run of train.py: only a run has a model"),
        ([BASE, "a", "--weights", "raw"], "it has one set of weights, so leave out --weights"),
        ([BASE, "a", "--step", "3"], "it has one set of weights, so leave out --step"),
        ([BASE, "--in", "a.jsonl"], "--in and --out go together"),
        ([BASE, "a", "--in", "a.jsonl", "--out", "b.jsonl"], "a question and --in: give one"),
        ([BASE, "a", "--options", "yes"], "--options \"['yes']\": expected 2 to 256 texts"),
        ([BASE, "a", "--temperature", "-1"], "--temperature is -1.0: it must be"),
        ([BASE, "a", "--shots", "1000"], "--shots is 1000"),
        ([BASE, "a", "--frob"], "unrecognized arguments: --frob"),
        ([BASE, " "], "the question is empty"),
        ([BASE, "a\udcff"], "the question has half of a surrogate pair"),
    ],
)
def test_a_mistake_is_one_line(capsys, arguments, said):
    assert said in refused(capsys, *arguments)


def test_who_is_asked_in_a_chat_is_told_by_flags_by_the_run_or_by_its_files(tmp_path, monkeypatch):
    def is_chat(folder, given=None):
        flags = argparse.Namespace(chat=given)
        there = named.Named(folder=folder, name="it")
        return command._Both(there, flags, pace.Silent()).is_chat

    assert [is_chat(bases.SHIPPED, given) for given in (None, True, False)] == [False, True, False]
    run = {"shape": {}, "chat": True}
    (tmp_path / "config.json").write_text(json.dumps(run))
    assert is_chat(tmp_path) and not is_chat(tmp_path, False)
    (tmp_path / "config.json").write_text(json.dumps({**run, "chat": False}))
    assert not is_chat(tmp_path)


@pytest.fixture
def averaged(words, tmp_path):
    """A run whose average is other than its weights."""
    model, shape = training_toys.write_bare(tmp_path / "bare", words)
    filled = config.RunConfig(mixture="rte", optim=config.OptimConfig(ema=0.5))
    content = run_folder.as_json(filled) | {"shape": run_folder.as_json(shape)}
    run_folder.claim(tmp_path / "run", content)
    words.save(tmp_path / "run" / "vocabulary")
    state = loop.init_state(model, optim.build(filled.optim, 2))
    state = state._replace(params=jax.tree.map(lambda value: -value, state.params))
    with contextlib.closing(checkpoint.Checkpoints(tmp_path / "run" / "checkpoints")) as saved:
        saved.save(3, state, training_toys.stream(), {})
    return tmp_path / "run"


def test_a_run_with_an_average_is_asked_as_it_or_as_its_weights_are(averaged, capsys, monkeypatch):
    def probabilities(*flags):
        ask.main([str(averaged), "a", "--options", "ab | c", "--json", *SHORT, *flags])
        return json.loads(capsys.readouterr().out)["probabilities"]

    usual, raw = probabilities(), probabilities(*WEIGHTS)
    assert usual == probabilities("--weights", "average") != raw
    monkeypatch.setattr(sys, "stdin", _Typed())
    monkeypatch.setattr(terminal, "read", lambda history: None)
    for flags, said in (
        ((), " of step 3, the average of its weights: "),
        (WEIGHTS, " of step 3: "),
    ):
        ask.main([str(averaged), "--no-history", *flags])
        assert said in capsys.readouterr().out


class _Typed(io.StringIO):
    def isatty(self):
        return True


def test_of_a_chat_it_is_told_that_a_conversation_goes_on(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", _Typed())
    monkeypatch.setattr(terminal, "read", lambda history: None)
    for flag, is_told in (("--chat", True), ("--no-chat", False)):
        said = asked(capsys, flag, "--no-history").out
        assert ("/new begins another conversation" in said) == is_told


_MAIN = "import sys\nfrom flanlike import ask\nask.main(sys.argv[1:])\n"


def test_a_session_on_a_terminal(tmp_path):
    """Asked, stopped, called back and left, in the program itself."""
    typist = Typist(
        _MAIN,
        *(BASE, "--max-new-tokens", "3000", "--repetition-penalty", "10"),
        XDG_STATE_HOME=str(tmp_path),
        NO_COLOR="1",
        JAX_ENABLE_COMPILATION_CACHE="false",
    )
    typist.until("> ")
    typist.type("/options yes | no\n")
    typist.until("> ")
    typist.type(f"{QUESTION}\n")
    typist.until(QUESTION)
    typist.until(" ")
    typist.until(" ")
    typist.type(CTRL_C)
    typist.until("stopped)")
    typist.until("> ")
    typist.type("/max-new-tokens 4\n")
    typist.until("(max-new-tokens 4)")
    typist.type("\x1b[A\x1b[A\n")
    typist.until("cut: /max-new-tokens is 4)")
    typist.until("yes  ")
    typist.until("> ")
    assert typist.leave() == 0
