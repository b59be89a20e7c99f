"""Phi 3's rotation with a factor for each pair: what is read, written and refused."""

import json

import published_toys as toys
import pytest

from flanlike import errors
from flanlike.pretrained import layout

LONGROPE = {"type": "longrope", "short_factor": [1.0, 1.5, 2], "long_factor": [1.0, 4.0, 32.0]}


def test_a_factor_for_each_pair():
    """As Phi 3 writes it, the two lengths beside it and the magnitude left to the formula."""
    lengths = {"max_position_embeddings": 131072, "original_max_position_embeddings": 4096}
    phi3 = toys.shape_of("phi3", rope_scaling=LONGROPE, **lengths)
    assert (phi3.rope_scaling, phi3.rope_original_tokens) == ("longrope", 4096)
    assert phi3.rope_short_factors == (1.0, 1.5, 2.0) and phi3.rope_long_factors == (1.0, 4.0, 32.0)
    assert phi3.rope_magnitude == pytest.approx((1 + 5 / 12) ** 0.5)  # 32 = 2**5, 4096 = 2**12
    # Old names; a length within does not count, a factor and a magnitude do.
    for name in ("su", "yarn"):
        ropes = {**LONGROPE, "type": name, "original_max_position_embeddings": 7}
        assert toys.shape_of("phi3", rope_scaling=ropes, **lengths) == phi3
    ropes = {**LONGROPE, "factor": 2.0}
    of_factor = toys.shape_of("phi3", rope_scaling=ropes, **lengths)
    assert of_factor.rope_magnitude == pytest.approx((1 + 1 / 12) ** 0.5)
    ropes = {**LONGROPE, "attention_factor": 1.5}
    assert toys.shape_of("phi3", rope_scaling=ropes).rope_magnitude == 1.5
    # Part of a head: two pairs of eight turn here.
    half = {key: value[:2] for key, value in LONGROPE.items() if key != "type"} | {"type": "su"}
    part = toys.shape_of("phi3", head_dim=8, partial_rotary_factor=0.5, rope_scaling=half)
    assert (part.rotary_size, part.rope_long_factors) == (4, (1.0, 4.0))
    for shape in (phi3, part):
        content = layout.to_published(shape)
        assert content["original_max_position_embeddings"] == 4096
        assert layout.to_ours(json.loads(json.dumps(content)), "somewhere") == shape
    said = {**layout.to_published(phi3)["rope_scaling"]}
    assert said.pop("attention_factor") == phi3.rope_magnitude
    assert said == {
        **{key: value for key, value in LONGROPE.items() if key != "type"},
        **{"rope_type": "longrope", "original_max_position_embeddings": 4096},
    }


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        ("phi3", {"rope_scaling": {"type": "longrope"}}, "lack a number .*expected short_factor"),
        ("phi3", {"rope_scaling": {**LONGROPE, "short_factor": [1, 2]}}, "short_factor needs 3 nu"),
        ("phi3", {"rope_scaling": {**LONGROPE, "long_factor": [1, 2, 0]}}, "long_factor needs 3"),
        ("phi3", {"rope_scaling": {**LONGROPE, "long_factor": [1, 2, "3"]}}, "lack a number"),
        ("phi3", {"rope_scaling": {**LONGROPE, "attention_factor": 0}}, "attention_factor needs"),
        ("phi3", {"rope_scaling": LONGROPE, "original_max_position_embeddings": 1}, "2 or more"),
        ("phi3", {"rope_scaling": {**LONGROPE, "short_mscale": 1.1}}, "with its own keys"),
        ("llama", {"rope_scaling": LONGROPE}, "of rope_type 'longrope' .*'llama3', 'yarn', with"),
        (
            "phi3",
            {"rope_scaling": {"type": "linear", "factor": 2.0}},
            "of rope_type 'linear' .*expected the rope_type to be one of 'default', 'longrope'",
        ),
    ],
)
def test_a_rotation_that_cannot_be_read_is_told(kind, changes, expected):
    with pytest.raises(errors.UserError, match=f"somewhere/config.json: .*{expected}") as told:
        toys.shape_of(kind, **changes)
    assert "\n" not in str(told.value)
