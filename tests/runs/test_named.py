"""In which words a model is asked that a flag names."""

import json
import shutil

import pytest

from flanlike.batches import chat
from flanlike.runs import bases, loading, named


@pytest.fixture(scope="module")
def base():
    return loading.load(bases.SHIPPED)


@pytest.mark.parametrize(
    "trained, flag, is_asked",
    [
        (True, None, True),
        (False, None, False),
        (True, False, False),
        (False, True, True),
    ],
)
def test_a_run_is_asked_as_it_was_trained_or_as_a_flag_says(
    base, tmp_path, trained, flag, is_asked
):
    (tmp_path / "config.json").write_text(json.dumps({"shape": {}, "chat": trained}))
    there = named.Named(folder=tmp_path, name="it")
    found = named.in_its_words(base, there, is_chat=flag)
    assert isinstance(found.words, chat.Chat) == is_asked
    assert found.model is base.model


def test_a_bare_model_is_asked_plainly_until_a_flag_says_otherwise(base, tmp_path):
    shutil.copytree(bases.SHIPPED, tmp_path / "base")
    there = named.Named(folder=tmp_path / "base", name="it")
    assert named.in_its_words(base, there).words is base.words
    assert isinstance(named.in_its_words(base, there, is_chat=True).words, chat.Chat)
