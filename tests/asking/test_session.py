"""Questions and commands of a session, answered by who answers in capitals."""

import contextlib
import io
import os
import signal

import pytest
from asking_toys import GREEDY, Echo

import task_registry
from flanlike import errors
from flanlike.asking import session, templated, terminal


class Quiet:
    def waiting(self, what):
        return contextlib.nullcontext()


def talk_with(echo, base):
    """Returns what takes lines and returns what is shown."""
    file = io.StringIO()
    templates = templated.Templates(registry=task_registry.registry(), data="embedded")
    made = session.Session(
        echo,
        templates,
        GREEDY,
        untuned=lambda: base,
        screen=terminal.Screen(file),
        waiting=Quiet(),
    )

    def take(*lines):
        file.seek(0)
        file.truncate()
        for line in lines:
            assert made.take(line)
        return file.getvalue()

    take.echo, take.base, take.session, take.shown = echo, base, made, file.getvalue
    return take


@pytest.fixture
def talk():
    return talk_with(Echo(), Echo("base"))


@pytest.fixture
def chat():
    return talk_with(Echo(is_chat=True), Echo("base", is_chat=True))


def test_a_question_is_answered(talk):
    said = talk("red?")
    answer, note = said.splitlines()
    assert answer == "echo: RED?" and note.startswith("(10 tokens, ") and "cut" not in note
    assert talk("//red").startswith("echo: /RED\n")
    assert talk.echo.asked == [("red?", 0), ("/red", 1)]


def test_options_are_shown_of_the_last_question_and_of_those_that_follow(talk):
    assert talk("/options a | bbb") == "(of the next question, and of all that follow)\n"
    assert talk("red?").splitlines()[-2:] == ["a      0.250", "bbb    0.750"]
    assert talk("/options x | y") == "x    0.500\ny    0.500\n"
    assert len(talk.echo.asked) == 1  # it was not answered again
    assert "0.500" not in talk("/options off", "blue?")


def test_the_base_answers_beside_the_tuned_model(talk):
    talk("red?")
    said = talk("/untuned")
    assert said.startswith("base:\nbase: RED?\n") and talk.base.asked == [("red?", 0)]
    said = talk("/options a | bbb", "blue?")
    assert said.index("echo:\necho: BLUE?") < said.index("base:\nbase: BLUE?")
    assert said.splitlines()[-2:] == ["a      0.250   0.250", "bbb    0.750   0.750"]
    assert talk("/untuned", "green?").startswith("echo: GREEN?")
    talk("/untuned", "/untuned off", "/untuned off")
    assert len(talk.base.asked) == 3


def test_a_template_asks_in_its_words_and_scores_its_options(talk):
    said = talk("/template rte premise=It rains. hypothesis=It is dry.")
    assert said.startswith("It rains.\nIs this true? It is dry.\n\nOptions:\n- ")
    assert "(template is_this_true)\necho: IT RAINS." in said
    assert sorted(said.splitlines()[-2:]) == ["no     0.400", "yes    0.600"]


def test_settings_are_set_and_shown(talk):
    assert talk("/temperature 0.7", "/temperature") == "(temperature 0.7)\n" * 2
    assert talk("/temperature 0", "/top-k 5") == (
        "(temperature 0.0)\n(top-k 5)\n"
        "(nothing is drawn while the temperature is 0: /temperature N)\n"
    )
    assert "/top-k" in (said := talk("/help")) and "[5]" in said
    talk("red?", "blue?")
    talk("/seed 3", "red?")
    assert [number for _, number in talk.echo.asked] == [0, 1, 0]  # by a seed all is drawn anew
    talk("blue?", "/seed 3", "/untuned")
    assert talk.base.asked == [("blue?", 1)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/tempature 1", "unknown command /tempature: did you mean /temp.*two"),
        ("/options yes", "/options .*expected 2 to 256 texts"),
        ("/shots many", "/shots 'many': expected a whole number"),
        ("/template", "expected the name of a task"),
        ("long " * 20, "the question has 100 tokens"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_asked(talk, line, said):
    with pytest.raises(errors.UserError, match=said):
        talk(line)
    assert not talk.echo.asked


def test_a_session_ends_by_quit_and_survives_mistakes(talk, monkeypatch, capsys):
    typed = iter(["/nothing", "red?", "/quit", "never asked"])
    monkeypatch.setattr(terminal, "read", lambda history: next(typed))
    talk.session.run(terminal.History(None))
    assert talk.echo.asked == [("red?", 0)]
    assert capsys.readouterr().err.startswith("error: unknown command /nothing")


def test_ctrl_c_stops_an_answer_and_what_would_follow(talk, monkeypatch):
    talk("/options a | b", "/untuned")
    screen_piece = terminal.Screen.piece

    def piece(screen, text):
        screen_piece(screen, text)
        if text == "!":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(terminal.Screen, "piece", piece)
    said = talk("no! never")
    assert said.startswith("echo:\necho: NO!\n(9 tokens") and said.endswith("; stopped)\n")
    assert "base" not in said and "0.5" not in said
    assert talk("yes").startswith("echo:\necho: YES\n")  # and the session goes on


def test_ctrl_c_pressed_twice_stops_what_hears_nothing(talk, monkeypatch):
    def compiles(*_, **__):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(talk.echo, "answer", compiles)
    typed = iter(["red?", "/options a | b"])
    monkeypatch.setattr(terminal, "read", lambda history: next(typed, None))
    talk.session.run(terminal.History(None))
    assert talk.shown() == "\n(stopped)\na    0.500\nb    0.500\n"


HI = ["user: Hi", "assistant: echo: HI"]


def test_a_question_is_read_behind_what_was_said_until_a_new_conversation(chat):
    chat("Hi", "How?", "/new", "Who?")
    assert chat.echo.heard == [[], HI, []]
    chat("And?")
    assert chat.echo.heard[-1] == ["user: Who?", "assistant: echo: WHO?"]
    assert chat.echo.asked[-1] == ("And?", 3)  # draws go on
    assert chat("/new", "/options a | b").endswith(
        "(of the next question, and of all that follow)\n"
    )


def test_what_the_system_says_begins_each_conversation(chat):
    assert chat("/system") == "(no system turn)\n"
    said = chat("Hi", "/system Be brief.", "How?", "Who?", "/new", "Hi")
    assert "(another conversation begins)\n(system 'Be brief.')\necho: HOW?" in said
    system = "system: Be brief."
    assert chat.echo.heard == [
        [],
        [system],
        [system, "user: How?", "assistant: echo: HOW?"],
        [system],
    ]
    assert chat("/system off", "Hi").startswith("(another conversation begins)\n(no system turn)")
    assert chat.echo.heard[-1] == []
    with pytest.raises(errors.UserError, match="/system has half of a surrogate pair"):
        chat("/system \ud83d")


def test_the_oldest_turns_are_no_longer_read_where_there_is_no_room(chat):
    long = "x" * 36
    chat("/system S", "Hi", long)
    said = chat("How?")
    assert said.startswith(
        "(no longer read, for want of room: the first 1 of this conversation's questions, with "
        "their answers)\necho: HOW?"
    )
    assert chat.echo.heard[-1] == ["system: S", f"user: {long}", f"assistant: echo: {long.upper()}"]
    assert "the first 2 of" in chat("So?")  # it is kept, and read again where there is room
    assert chat.echo.heard[-1] == ["system: S", "user: How?", "assistant: echo: HOW?"]
    with pytest.raises(errors.UserError, match="the question has 100 tokens"):
        chat("long " * 20)
    chat("So?")  # what was refused was never asked
    assert "long" not in "".join(chat.echo.heard[-1])


def test_each_model_goes_on_from_its_own_answers(chat):
    chat("Hi", "How?", "/untuned", "So?")
    assert chat.base.heard[0] == HI  # the last question, behind what the tuned model has said
    assert chat.base.heard[1] == [*HI, "user: How?", "assistant: base: HOW?"]
    assert chat.echo.heard[2] == [*HI, "user: How?", "assistant: echo: HOW?"]


def test_a_template_is_asked_as_in_an_evaluation_and_may_be_talked_about(chat):
    said = chat("Hi", "/template rte premise=a hypothesis=b")
    assert "(another conversation begins)\necho: A\n" in said
    assert chat.echo.heard[-1] == []
    chat("Why?")
    assert chat.echo.heard[-1][0].startswith("user: a\nIs this true? b")


def test_a_stopped_answer_was_said_as_far_as_it_was_shown(chat, monkeypatch):
    piece = terminal.Screen.piece

    def pressed(screen, text):
        piece(screen, text)
        if text == "!":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(terminal.Screen, "piece", pressed)
    chat("no! never", "So?")
    assert chat.echo.heard[-1] == ["user: no! never", "assistant: echo: NO!"]


@pytest.mark.parametrize("line", ["/new", "/system Be brief."])
def test_a_model_that_is_asked_plainly_has_no_conversation(talk, line):
    talk("Hi", "How?")
    assert talk.echo.heard == [[], []]
    with pytest.raises(errors.UserError, match="each question stands alone; start with --chat"):
        talk(line)
