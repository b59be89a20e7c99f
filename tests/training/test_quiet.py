import sys

import pytest

from flanlike.training import quiet


def test_what_is_nobody_elses_stays_said_after_a_damaged_checkpoint(monkeypatch):
    """Only what reading arrays leaves behind is kept off the screen, not all that goes wrong."""
    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    with pytest.raises(ValueError), quiet.hushed():
        raise ValueError("damaged")

    class Careless:
        def __del__(self):
            raise RuntimeError("ours")

    Careless()
    assert [str(one.exc_value) for one in said] == ["ours"]
