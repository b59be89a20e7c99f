"""What has no model from before its tuning; the others are in test_tuning_runs."""

import pytest

from flanlike import errors
from flanlike.runs import bases, untuned


def test_a_model_that_is_no_runs_has_none():
    with pytest.raises(errors.UserError, match="is no run of train.py"):
        untuned.expect(bases.SHIPPED)
