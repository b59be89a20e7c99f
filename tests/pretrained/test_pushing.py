"""A folder sent to the hub, a server on loopback: private, whole, and nothing by mistake."""

import hub_uploads
import pytest

from flanlike import errors
from flanlike.pretrained import pushing

constants = pytest.importorskip("huggingface_hub.constants", reason="needs the extra 'pretrained'")

CARD = b"---\nlicense: other\n---\n\n# Tuned\n"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with hub_uploads.receiving() as hub:
        hub_uploads.log_in(monkeypatch, hub, tmp_path)
        yield hub


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "exported"
    folder.mkdir()
    (folder / "README.md").write_bytes(CARD)
    (folder / "config.json").write_bytes(b"{}")
    (folder / "model.safetensors").write_bytes(b"weights" * 100)
    return folder


def _files(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_sent_into_a_new_private_repository(hub, folder):
    target = pushing.expect("me/tuned", is_public=False)
    assert not target.is_there and hub.repositories == {}
    url = pushing.send(folder, target)
    assert url.startswith(f"{hub.endpoint}/me/tuned/commit/")
    assert hub.repositories["me/tuned"]["main"] == _files(folder)
    assert hub.private == {"me/tuned"}


def test_public_is_asked_for(hub, folder):
    pushing.send(folder, pushing.expect("me/tuned", is_public=True))
    assert hub.private == set()


def test_a_second_push_leaves_no_weights_of_the_first(hub, folder):
    pushing.send(folder, pushing.expect("me/tuned", is_public=False))
    (folder / "model.safetensors").unlink()
    (folder / "model-00001-of-00002.safetensors").write_bytes(b"one")
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"two")
    (folder / "model.safetensors.index.json").write_bytes(b"{}")
    target = pushing.expect("me/tuned", is_public=False)
    assert target.is_there
    pushing.send(folder, target)
    assert hub.repositories["me/tuned"]["main"] == _files(folder)


@pytest.mark.parametrize(
    ("there_is_public", "said"),
    [(True, "is there and public: push with --public"), (False, "private: push without --public")],
)
def test_a_repository_that_is_otherwise_is_left_alone(hub, folder, there_is_public, said):
    pushing.send(folder, pushing.expect("me/tuned", is_public=there_is_public))
    before = hub.repositories
    with pytest.raises(errors.UserError, match=said):
        pushing.expect("me/tuned", is_public=not there_is_public)
    assert hub.repositories is before


@pytest.mark.parametrize("name", ["tuned", "me/", "a/b/c", "me/tuned@main", "me tuned/x"])
def test_what_is_no_name_is_told(name):
    with pytest.raises(errors.UserError, match="expected OWNER/NAME"):
        pushing.expect(name, is_public=False)


def test_without_a_token_nothing_is_begun(hub, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(errors.UserError, match=r"`hf auth login` \(nothing was written\)"):
        pushing.expect("me/tuned", is_public=False)
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    with pytest.raises(errors.UserError, match="no longer good"):
        pushing.expect("me/tuned", is_public=False)


def test_what_may_not_be_written_says_where_the_export_is(hub, folder):
    target = pushing.expect("others/tuned", is_public=False)
    with pytest.raises(errors.UserError) as caught:
        pushing.send(folder, target)
    assert "may not write others/tuned" in str(caught.value)
    assert f"whole in {str(folder)!r}: `hf upload others/tuned {folder} --private`" in str(
        caught.value
    )


def test_a_hub_that_is_not_there_is_told_before_anything_is_written(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub_uploads.TOKEN)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(errors.UserError, match="the hub at http://127.0.0.1:9 says Connect"):
        pushing.expect("me/tuned", is_public=False)
