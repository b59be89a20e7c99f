"""A stream of prompts of five embedded tasks, of every kind of answer."""

from flanlike.mixtures import compose, mixture
from flanlike.prompts import stream
from flanlike.sources import opening

NAMES = ("rte", "sst2", "openbookqa", "common_gen", "cot_gsm8k")


def composed(registry, names=NAMES, **settings) -> mixture.Composition:
    """Returns the embedded tasks of these names mixed by their rows; `settings` are a mixture's."""
    mixed = mixture.Mixture(name="mixed", entries=names, **settings)
    counts = {
        name: len(opening.open_rows(registry.task(name), "embedded", "train")) for name in names
    }
    return compose.resolve(mixed, registry, counts)


def prompts_of(registry, composition, **settings) -> stream.Prompts:
    return stream.Prompts(composition, registry, **{"data": "embedded", "seed": 0, **settings})
