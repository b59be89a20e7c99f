"""The folder of what was tuned; `tests/models/test_tuning_parity.py` has peft read one."""

import published_toys as toys

from flanlike import config, models
from flanlike.models import tuning
from flanlike.runs import peft_folder


def saved(kind, folder, settings):
    model = models.build(toys.shape_of(kind), seed=0)
    tuning.attach(model, settings, seed=0)
    peft_folder.save(folder, model, settings)
    return folder


def test_who_may_read_the_settings_may_read_the_numbers(tmp_path):
    out = saved("llama", tmp_path / "out", config.LoraConfig(rank=2, targets=("q",)))
    names = ("adapter_config.json", "adapter_model.safetensors")
    assert len({(out / name).stat().st_mode for name in names}) == 1
