"""A published model that is exported again: the same folder."""

import shutil

import numpy as np
import pytest
import safetensors.numpy

from flanlike.pretrained import weights
from flanlike.runs import export

pytest.importorskip("torch", reason="needs the extra 'parity'")
transformers = pytest.importorskip("transformers", reason="needs the extra 'parity'")

pytestmark = pytest.mark.real


def test_exported_again_it_is_the_same_folder(published, tmp_path):
    """The same tensors bit by bit under the same names, none missing or added; the same words."""
    out = tmp_path / "out"
    export.export(published, out)
    before, after = (
        safetensors.numpy.load_file(folder / "model.safetensors") for folder in (published, out)
    )
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name, strict=True)
    assert weights.shape_of(out) == weights.shape_of(published)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (out / name).read_bytes() == (published / name).read_bytes()
    said, theirs = (
        transformers.AutoConfig.from_pretrained(folder).to_dict() for folder in (out, published)
    )
    for key in ("rope_parameters", "layer_types", "sliding_window", "eos_token_id"):
        assert said.get(key) == theirs.get(key), key
    shutil.rmtree(out)  # a gigabyte, which pytest would keep
