"""The folder of what was tuned; `tests/models/test_tuning_parity.py` has peft read one."""

import json

import published_toys as toys

from flanlike import config, models
from flanlike.models import tuning
from flanlike.pretrained import layout
from flanlike.runs import peft_folder


def saved(shape, folder, settings):
    model = models.build(shape, seed=0)
    tuning.attach(model, settings, seed=0)
    peft_folder.save(folder, model, settings)
    return folder


def test_who_may_read_the_settings_may_read_the_numbers(tmp_path):
    out = saved(toys.shape_of("llama"), tmp_path / "out", config.LoraConfig(rank=2, targets=("q",)))
    names = ("adapter_config.json", "adapter_model.safetensors")
    assert len({(out / name).stat().st_mode for name in names}) == 1


def test_modules_are_told_by_whole_names_where_others_that_are_not_read_have_the_same(tmp_path):
    settings = config.LoraConfig(rank=2, targets=("q",))
    told = {}
    t5gemma2 = layout.to_ours(toys.T5GEMMAS["t5gemma2"], "somewhere")
    for kind, shape in (("llama", toys.shape_of("llama")), ("t5gemma2", t5gemma2)):
        out = saved(shape, tmp_path / kind, settings)
        told[kind] = json.loads((out / "adapter_config.json").read_text())["target_modules"]
    assert told["llama"] == ["q_proj"]  # of every layer
    assert told["t5gemma2"] == [
        f"model.{side}layers.{layer}.self_attn.q_proj"
        for side in ("decoder.", "encoder.text_model.")
        for layer in range(3)
    ]
