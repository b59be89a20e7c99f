"""Small shapes of models of both families, that tests change as they need."""

import dataclasses

from flanlike.models import config as model_config

DECODER = model_config.ModelConfig(
    family="decoder",
    model_size=16,
    layers=2,
    query_heads=4,
    key_value_heads=2,
    head_size=8,
    hidden_size=24,
    vocab_size=40,
)
ENCODER_DECODER = dataclasses.replace(
    DECODER, family="encoder_decoder", encoder_layers=2, scale_attention=False, init="t5"
)
