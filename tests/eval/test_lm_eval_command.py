"""What is said where lm-evaluation-harness is not installed."""

import sys

import pytest

from eval import __main__ as command


def test_the_package_that_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    monkeypatch.delitem(sys.modules, "lm_eval.models", raising=False)
    with pytest.raises(SystemExit) as stopped:
        command.main(["lm-eval", "ls", "tasks"])
    assert stopped.value.code == 2
    assert "lm-evaluation-harness is not installed" in capsys.readouterr().err
