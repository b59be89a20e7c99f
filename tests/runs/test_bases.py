"""Where the base of a tuned run is looked for, and what is said of one that is another."""

import types
from pathlib import Path

import pytest

from flanlike import errors
from flanlike.pretrained import hub
from flanlike.runs import bases

RECORD = {"folder": "/no/such", "step": None, "fingerprint": "ab"}
RUN = Path("runs/lora")


def test_a_repository_of_the_hub_is_fetched_where_its_folder_is_gone(monkeypatch, tmp_path):
    monkeypatch.setattr(hub, "fetch", lambda name: types.SimpleNamespace(folder=f"got {name}"))
    config = {"base": RECORD, "init": "owner/model@0fc9"}
    assert bases.folder_of(RUN, config, None) == "got owner/model@0fc9"
    assert bases.repository_of(config) == "owner/model@0fc9"
    here = config | {"base": RECORD | {"folder": str(tmp_path)}}
    assert bases.folder_of(RUN, here, None) == tmp_path
    assert bases.folder_of(RUN, config, Path("given")) == Path("given")


def test_a_folder_that_is_gone_is_no_repository(tmp_path):
    config = {"base": RECORD, "init": "runs/base"}  # a relative folder, as --init said
    assert bases.repository_of(config) is None
    with pytest.raises(errors.UserError, match="beside the model in '/no/such', which is not"):
        bases.folder_of(RUN, config, None)


def test_the_shipped_base_is_known_by_name():
    config = {"base": RECORD | {"folder": "default"}, "init": "default"}
    assert bases.folder_of(RUN, config, None) == bases.SHIPPED
    base = bases.Base(model=None, folder=bases.SHIPPED, step=None, fingerprint="ab")
    assert base.record() == config["base"]
    bases.expect(base.record(), config["base"], where=RUN)
    with pytest.raises(errors.UserError, match=r"another model than 'default' is now .*there ab"):
        bases.expect(base.record() | {"fingerprint": "cd"}, config["base"], where=RUN)
