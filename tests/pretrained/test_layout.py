"""Configurations of published folders, whatever somebody wrote into them."""

import published_toys as toys
import pytest

from flanlike import errors


@pytest.mark.parametrize("kind", sorted(toys.PUBLISHED))
def test_a_value_of_another_kind_is_told_with_its_file(kind):
    """Whatever a file says, it is one line or a shape that can be built: never a traceback."""
    for key in {**toys.SIZES, **toys.PUBLISHED[kind]}:
        for value in ("x", -1, 0, 1.5, float("nan"), [], [1], {"a": 1}, None):
            try:
                found = toys.shape_of(kind, **{key: value})
            except errors.UserError as error:
                assert "somewhere/config.json" in str(error), (key, value)
            else:
                assert found.query_heads > 0 < found.head_size and found.norm_eps >= 0


@pytest.mark.parametrize("kind", sorted(toys.PUBLISHED))
def test_a_number_of_layers_that_would_fill_the_machine_is_told(kind):
    sizes = {**toys.SIZES, **toys.PUBLISHED[kind]}
    layers = [key for key in sizes if key in ("num_hidden_layers", "num_layers", "n_layer")]
    assert layers
    for key in layers:
        with pytest.raises(errors.UserError, match=r"somewhere/config\.json"):
            toys.shape_of(kind, **{key: 10**30})
