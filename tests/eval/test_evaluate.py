"""`python -m eval --run`, with models that are told apart from nothing but each other."""

import weakref

from eval import __main__ as command
from eval import evaluate
from flanlike.runs import folder as run_folder
from flanlike.runs import loading


class Model:
    """What a weak reference can be made to."""


def test_one_models_memory_is_free_when_the_next_is_read(tmp_path, monkeypatch):
    config = {"data": "embedded", "hold_out": ["nli"], "eval": {}}
    refs, alive = [], []

    def load_each(runs, **_):
        for _ in runs:
            alive.append(sum(ref() is not None for ref in refs))
            model = Model()
            refs.append(weakref.ref(model))
            loaded = loading.Loaded(model=model, words=None, step=3)
            del model
            yield loaded
            del loaded

    def by_shots(flags, settings, ask, *, model, curve):
        assert refs[-1]() is not None

    monkeypatch.setattr(evaluate, "_by_shots", by_shots)
    monkeypatch.setattr(loading, "is_bare", lambda run: False)
    monkeypatch.setattr(run_folder, "read_config", lambda run: config)
    monkeypatch.setattr(loading, "load_each", load_each)
    command.main(["--run", *[str(tmp_path / name) for name in "abc"]])
    assert alive == [0, 0, 0]
