"""A stand-in for the package wandb, that keeps what it is told."""

import sys
import types


class Run:
    def __init__(self, given):
        self.given = given
        self.metrics = {}
        self.told = []
        self.exit_code = None

    def define_metric(self, name, **how):
        self.metrics[name] = how

    def log(self, values):
        assert self.exit_code is None, "told after it was finished"
        self.told.append(values)

    def finish(self, exit_code=0):
        self.exit_code = exit_code


class Table:
    def __init__(self, columns, data):
        self.columns, self.data = columns, data


def put(monkeypatch, *, refuses=""):
    """Puts the stand-in in the place of the package; returns the list of runs that are begun."""
    wandb = types.ModuleType("wandb")
    wandb.errors = types.SimpleNamespace(Error=type("Error", (Exception,), {}))
    wandb.Settings, wandb.Table = dict, Table
    runs = []

    def init(**given):
        if refuses:
            raise wandb.errors.Error(refuses)
        runs.append(Run(given))
        return runs[-1]

    wandb.init = init
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    return runs
