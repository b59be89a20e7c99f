"""What the knobs say of themselves; tests/test_flags.py reads them from a command line."""

import pytest

from flanlike import config, errors


def test_given_leaves_out_none():
    assert config.given(config.MixConfig(cot=0.0, rate_cap=5)) == {"cot": 0.0, "rate_cap": 5}


def test_a_run_is_named_with_a_step_of_it_unless_its_folder_is_called_so(tmp_path):
    for given, found in (
        (None, (None, None)),
        ("runs/a", ("runs/a", None)),
        ("runs/a@20", ("runs/a", 20)),
        ("a@b@0", ("a@b", 0)),
        ("runs/a@new", ("runs/a@new", None)),
        ("@20", ("@20", None)),
    ):
        assert config.run_and_step(given) == found
    folder = tmp_path / "run@20"
    folder.mkdir()
    assert config.run_and_step(str(folder)) == (str(folder), None)


def test_patience_wants_something_to_look_at():
    with pytest.raises(errors.UserError, match="--validation.patience is 2: it must be 0 without"):
        config.ValidationConfig(patience=2)


def test_others_are_told_a_file_by_its_name_alone():
    names = ("/home/me/my.jsonl", "my.csv.gz", "flan_core", "hub:me/rows")
    assert list(map(config.public_name, names)) == ["my.jsonl", *names[1:]]
