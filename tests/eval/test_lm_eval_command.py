"""What is said where lm-evaluation-harness is not installed, or takes a flag for a mistake."""

import sys
import types

import pytest

from eval import __main__ as command
from eval import lm_eval_command


def test_the_package_that_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    monkeypatch.delitem(sys.modules, "lm_eval.models", raising=False)
    with pytest.raises(SystemExit) as stopped:
        command.main(["lm-eval", "ls", "tasks"])
    assert stopped.value.code == 2
    assert "lm-evaluation-harness is not installed" in capsys.readouterr().err


@pytest.mark.parametrize("is_theirs", [True, False])
def test_what_the_harness_says_of_its_flags_is_one_line(is_theirs, tmp_path, monkeypatch, capsys):
    """And what is raised elsewhere keeps its traceback."""
    harness = types.ModuleType("lm_eval.__main__")
    folder = tmp_path / ("lm_eval" if is_theirs else "elsewhere")
    harness.__file__ = str(tmp_path / "lm_eval" / "__main__.py")
    code = "def cli_evaluate():\n    raise ValueError('No tasks specified')\n"
    exec(compile(code, str(folder / "evaluator.py"), "exec"), vars(harness))
    package = types.ModuleType("lm_eval")
    package.__main__ = harness
    monkeypatch.setitem(sys.modules, "lm_eval", package)
    monkeypatch.setitem(sys.modules, "lm_eval.__main__", harness)
    monkeypatch.setattr(lm_eval_command, "register", lambda: None)
    monkeypatch.setattr(sys, "argv", sys.argv)
    with pytest.raises(SystemExit if is_theirs else ValueError) as stopped:
        command.main(["lm-eval", "--model", "flanlike"])
    if is_theirs:
        assert stopped.value.code == 2
        assert "error: lm-evaluation-harness: ValueError: No tasks" in capsys.readouterr().err
