"""What ends a line of our own files, and what does not."""

import dataclasses
import json

import eval_toys
import pytest

from eval import predictions
from flanlike import jsonl
from flanlike.prompts import files
from flanlike.training import progress

# All that str.splitlines splits at and JSON leaves as it is.
NO_LINE_ENDS = "a\u2028b\u2029c\x85d"


def test_only_a_newline_ends_a_line(tmp_path):
    path = tmp_path / "some.jsonl"
    path.write_bytes('{"a": "x\u2028y"}\r\n\n{"a": "\x85"}'.encode())
    assert list(jsonl.read(path)) == [{"a": "x\u2028y"}, {"a": "\x85"}]


def test_predictions_with_such_characters_are_read_back(tmp_path):
    cell = dataclasses.replace(eval_toys.cell([1, 0]), template=NO_LINE_ENDS)
    predictions.write(tmp_path / "predictions.jsonl", [cell, cell])
    assert predictions.read(tmp_path / "predictions.jsonl") == [cell, cell]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_exported_prompts_with_such_characters_are_read_back(tmp_path, ending):
    rows = [{"inputs": NO_LINE_ENDS}, {"inputs": "\r"}]
    files.write(tmp_path / f"some.{ending}", rows)
    assert list(files.read(tmp_path / f"some.{ending}")) == rows


def test_metrics_are_cut_at_their_own_lines(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "note": "\u2028"}\n{"step": 2}\n{"step": 3', encoding="utf-8")
    progress.drop_steps_after(path, 1)
    assert list(jsonl.read(path)) == [{"step": 1, "note": "\u2028"}]


def test_a_line_that_is_being_written_has_no_value_yet(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 23}')  # it may become 234
    assert list(jsonl.read(path, is_growing=True)) == [{"step": 1}]
    assert list(jsonl.read(path)) == [{"step": 1}, {"step": 23}]
    path.write_text('{"step": 1}\n{"step": 23\n')
    with pytest.raises(ValueError):
        list(jsonl.read(path, is_growing=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * 100_000, "invalid JSON (nested too deep to be read)"),
        (f'{{"a": {"9" * 5000}}}', "invalid JSON (a number of thousands of digits)"),
        ('{"b": [{"a": 1, "c": 2, "a": 1}]}', "invalid JSON (the key 'a' is there twice in one"),
        ('{"a": 1', "Expecting ',' delimiter"),
    ],
)
def test_a_users_json_that_cannot_be_meant_is_told(text, expected):
    with pytest.raises(ValueError) as caught:
        jsonl.parsed(text)
    assert str(caught.value).startswith(expected)


def test_a_users_json_is_what_python_reads():
    text = '{"a": [{"a": 1}, {"a": -0.5e1}], "b": {"\\u00e9": null}, "": NaN}'
    assert repr(jsonl.parsed(text)) == repr(json.loads(text))
