"""The benchmark of what is read from a model's own words: what it prints of texts kept before."""

import json
import pathlib

import pytest

pytest.importorskip("lm_eval", reason="needs the extra 'lm-eval': pip install -e .[lm-eval]")

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def readings(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import readings

    return readings


def test_rows_own_reasons_are_read_by_both(readings, capsys):
    readings.main(["--rationales", "--split", "train", "--rows", "4"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["set", "texts", "ours", "read"]
    assert [line.split()[:2] for line in lines[1:] if line[0] != " "] == [
        ["gsm8k", "4"],
        ["aqua_rat", "4"],
        ["strategy_qa", "4"],
    ]


def test_kept_texts_are_read_again_and_what_a_filter_alone_has_right_is_shown(
    readings, capsys, tmp_path
):
    (line,) = readings._asked(
        "strategy_qa",
        ["strategy_qa"],
        1,
        readings.argparse.Namespace(data="embedded", split="train"),
    )
    right = line["prompt"]["references"][0]
    texts = [right, "yes and no"]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(line | {"text": text}) + "\n" for text in texts))
    readings.main(["--texts", str(path)])
    table = capsys.readouterr().out.splitlines()
    assert table[1].split()[:4] == ["strategy_qa", "2", "1", "1"]
    assert table[2].startswith(f"  {line['row']} by bbh") and "yes and no" in table[2]
    with pytest.raises(SystemExit):
        readings.main([])
