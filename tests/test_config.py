"""What the knobs say of themselves; tests/test_flags.py reads them from a command line."""

from flanlike import config


def test_given_leaves_out_none():
    assert config.given(config.MixConfig(cot=0.0, rate_cap=5)) == {"cot": 0.0, "rate_cap": 5}


def test_others_are_told_a_file_by_its_name_alone():
    names = ("/home/me/my.jsonl", "my.csv.gz", "flan_core", "hub:me/rows")
    assert list(map(config.public_name, names)) == ["my.jsonl", *names[1:]]
