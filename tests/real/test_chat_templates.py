"""Published chat templates, each with a small tokenizer that knows its marks, against transformers.

FLANLIKE_CHAT_TEMPLATES names a folder of `*.jinja` files as their makers publish them: llama.cpp's
sources, which `llama-cpp-python` brings in its sdist, have some seventy in models/templates.
"""

import datetime
import os
import pathlib
import re

import published_toys
import pytest
import tokenizers

from flanlike import errors
from flanlike.batches import chat
from flanlike.prompts import chat_template

transformers = pytest.importorskip("transformers", reason="needs the extra 'parity'")

pytestmark = pytest.mark.real

FOLDER = os.environ.get("FLANLIKE_CHAT_TEMPLATES", "")
FILES = sorted(pathlib.Path(FOLDER).glob("*.jinja")) if FOLDER else []
# <|im_end|>, [INST], <start_of_turn>, </s> and their like, also between full-width bars.
MARKS = re.compile(r"<([|\uff5c])[^|\uff5c<>\n]{1,40}\1>|\[/?[A-Z_]{2,30}\]|</?[a-z_]{2,30}>")
ASK = {"role": "user", "content": "is it red?"}
SAID = {"role": "assistant", "content": "no, it is blue"}
MORE = {"role": "user", "content": "is it\nnot red?"}
TALKS = [ASK], [ASK, SAID, MORE], [{"role": "system", "content": "be so"}, ASK, SAID, MORE]


@pytest.fixture
def fixed_day(monkeypatch):
    """Has transformers tell the day that our templates are told."""

    class Fixed(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return chat_template.TODAY

    monkeypatch.setattr(transformers.utils.chat_template_utils, "datetime", Fixed)


@pytest.mark.skipif(not FILES, reason="FLANLIKE_CHAT_TEMPLATES names no folder of *.jinja files")
@pytest.mark.parametrize("path", FILES or [None], ids=lambda path: path and path.stem)
def test_prompts_are_those_of_transformers(path, tmp_path, fixed_day):
    theirs, talk = _of_both(path, tmp_path)
    if talk is None:  # for transformers it is none without tools, either
        with pytest.raises(Exception, match="not iterable|is undefined"):
            theirs.apply_chat_template([ASK], add_generation_prompt=True)
        return
    for messages in TALKS[: 3 if talk.takes_system else 2]:
        for generation in (True, False):
            expected = theirs.apply_chat_template(
                messages, add_generation_prompt=generation, return_dict=False
            )
            ids = talk.prompt(messages, generation=generation)
            if ids != expected:  # before an answer we have what the template puts there, as it is
                assert generation  # in a conversation of before: a thought that is empty
                assert theirs.decode(ids).startswith(theirs.decode(expected))


def _of_both(path, folder):
    """Returns transformers' tokenizer and our chat, None where it refuses the template."""
    template = path.read_text(encoding="utf-8")
    files = published_toys.byte_level(chat_template=template)
    words = tokenizers.Tokenizer.from_str(files["tokenizer.json"].decode())
    words.add_special_tokens(sorted({found[0] for found in MARKS.finditer(template)}))
    files |= {"tokenizer.json": words.to_str().encode(), "chat_template.jinja": template.encode()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    theirs = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    try:
        return theirs, chat.Chat.of(folder)
    except errors.UserError:
        return theirs, None
