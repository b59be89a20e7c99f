"""Answers that are kept: what is put is what is got, and what was damaged is told."""

import sqlite3

import model_toys
import pytest

from eval import requests
from flanlike import errors, models


def _kept(tmp_path):
    return requests.opened(tmp_path, models.build(model_toys.DECODER, seed=0), eos_id=1)


def test_answers_are_got_as_they_were_put(tmp_path):
    answer = [[-0.1, 1e-300, 7], "né", None]
    with _kept(tmp_path) as kept:
        key, other = kept.key("options", [1, 2]), kept.key("options", [1, 3])
        assert kept.get([key]) == {}
        kept.put({key: answer})
    with _kept(tmp_path) as kept:
        assert kept.get([key, other]) == {key: answer}


def test_an_answer_with_another_digit_is_told(tmp_path):
    with _kept(tmp_path) as kept:
        key = kept.key("options", [1, 2])
        kept.put({key: [-0.25]})
    with sqlite3.connect(tmp_path / requests.FILE) as database:
        database.execute("UPDATE answers SET answer = replace(answer, '0.25', '0.35')")
    with _kept(tmp_path) as kept, pytest.raises(errors.UserError, match="not the one that was"):
        kept.get([key])


@pytest.mark.parametrize("name", ["DECODER", "ENCODER_DECODER"])
def test_an_encoder_that_reads_an_eos_is_asked_apart_from_one_that_reads_none(name, tmp_path):
    model = models.build(getattr(model_toys, name), seed=0)
    with requests.opened(tmp_path, model, eos_id=1) as kept:
        kept.put({kept.key("options", [1, 2]): [-0.25]})
    with requests.opened(tmp_path, model, eos_id=1, ends_source=False) as kept:
        assert len(kept.get([kept.key("options", [1, 2])])) == (name == "DECODER")
