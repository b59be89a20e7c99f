"""Questions to one model or two: in line, given up when nobody waits, two models in memory."""

import threading

import editing_toys as toys
import pytest
from asking_toys import Echo

from flanlike import errors
from flanlike.editing import asked, given
from flanlike.runs import bases, named

QUESTION = {"model": 0, "text": "so?", "options": ["yes", "no"]}


def ask(models, goes_on=lambda: True, tell=lambda kind, said: None, **values):
    wanted = models.wanted(given.Given({**QUESTION, **values}))
    return models.ask(wanted, tell=tell, goes_on=goes_on)


def test_options_are_scored_by_what_would_be_written():
    models = toys.models([Echo()])
    assert ask(models)["probabilities"] == [0.6, 0.4]
    assert ask(models, written=["a", "bbb"])["probabilities"] == [0.25, 0.75]
    assert ask(models, options=[])["probabilities"] == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"model": 1}, "no model number 1: 1 were given"),
        ({"text": " "}, "the question is empty"),
        ({"text": "x" * 300_000}, "text has 300,000 letters"),
        ({"options": ["yes"]}, "expected 2 to 256 texts"),
        ({"options": ["a", "a"]}, "all different"),
        ({"written": ["a"]}, "written: expected a text for each option"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"text": "x" * 91}, "the question has 91 tokens"),
    ],
)
def test_a_mistake_is_said(values, said):
    class Short(Echo):
        def answer(self, text, how, **more):
            self.ids(text, how)
            return super().answer(text, how, **more)

    with pytest.raises(errors.UserError) as wrong:
        ask(toys.models([Short()]), **values)
    assert said in str(wrong.value)


def test_one_question_is_answered_at_a_time():
    inside, most = [], []

    class Slow(Echo):
        def answer(self, text, how, **more):
            inside.append(text)
            most.append(len(inside))
            threading.Event().wait(0.05)
            inside.remove(text)
            return super().answer(text, how, **more)

    models = toys.models([Slow("one"), Slow("two")])
    threads = [threading.Thread(target=ask, args=(models,), kwargs={"model": n}) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1]


def test_what_goes_on_is_told_and_the_answer_piece_by_piece():
    class New(Echo):
        def is_new(self, question, how):
            return True

        def answer(self, text, how, *, tell, **more):
            tell("")  # held back: what could become a stop string
            return super().answer(text, how, tell=tell, **more)

    told = []
    found = ask(toys.models([New("a")]), tell=lambda *news: told.append(news))
    assert told == [
        ("state", "reading a"),
        ("state", "compiling for questions of this length"),
        *(("piece", letter) for letter in "a: SO?"),
        ("state", "scoring the options"),
    ]
    assert found["answer"] == "a: SO?"


def test_a_question_that_nobody_waits_for_is_given_up():
    models = toys.models([Echo()])
    left = iter([True, True, True, False])  # the first is asked for once the model is read
    found = ask(models, goes_on=lambda: next(left, False))
    assert found["is_cut"] and found["answer"] == "ec" and found["probabilities"] == []
    told = []

    def given_up():
        with pytest.raises(errors.UserError, match="stopped before it was asked"):
            ask(models, goes_on=lambda: False, tell=lambda kind, said: told.append(said))

    given_up()  # once the model is read
    with models._lock:
        given_up()  # in line
    assert told == ["waiting for the question before it"]


def test_two_models_are_in_memory_at_most():
    loaded = []

    def load(there):
        loaded.append(there.name)
        return Echo(there.name)

    models = asked.Models([named.Named(folder=None, name=n) for n in "abc"], load=load)
    for place in (0, 1, 0, 2, 0, 1):
        ask(models, model=place)
    assert "".join(loaded) == "abcb"


def test_a_model_is_read_from_its_folder():
    there = named.Named(folder=bases.SHIPPED, name="base")
    assert asked.answerer_of(there).family == "decoder"
