"""docs/statistics.md says where each figure is computed: these places are there."""

import importlib
import pathlib
import re

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_TEXT = (_ROOT / "docs" / "statistics.md").read_text("utf-8")
_NAMES = {path.stem for path in (_ROOT / "eval").glob("*.py")}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_]+(?:\.\w+)+)`", _TEXT))))
def test_what_computes_a_figure_is_there(name):
    module, *rest = name.split(".")
    if module in _NAMES:
        found = importlib.import_module(f"eval.{module}")
        for part in rest:
            found = getattr(found, part)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:\w+/)+\w+\.py)`", _TEXT))))
def test_files_are_there(path):
    assert (_ROOT / path).is_file()
