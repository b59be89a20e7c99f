"""Files that are whole or not there."""

import json
import os
import pathlib
import tempfile

import pytest

from flanlike import atomic, errors


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_to_its_place_when_it_is_whole(tmp_path):
    path = tmp_path / "notes.txt"
    with atomic.writing(path) as file:
        file.write("all of it")
        file.flush()
        assert not path.exists()
    assert path.read_text() == "all of it" and names(tmp_path) == ["notes.txt"]
    atomic.write_json(path, {"a": "ü"}, ensure_ascii=False)
    assert path.read_text(encoding="utf-8") == '{\n "a": "ü"\n}\n'
    assert json.loads(path.read_bytes()) == {"a": "ü"}


def test_what_was_there_stays_when_writing_fails(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("before")
    with pytest.raises(OSError), atomic.writing(path, "wb") as file:
        file.write(b"half of")
        raise OSError(28, "No space left on device")
    assert path.read_text() == "before" and names(tmp_path) == ["notes.txt"]


def test_who_writes_the_same_file_at_once_has_one_of_his_own(tmp_path):
    path = tmp_path / "notes.txt"
    (tmp_path / "notes.txt.partial").write_text("the user's")
    with atomic.writing(path) as file:
        file.write("a long text of the first")
        file.flush()
        with atomic.writing(path) as other:
            other.write("the second")
        assert path.read_text() == "the second"
    assert path.read_text() == "a long text of the first"
    assert names(tmp_path) == ["notes.txt", "notes.txt.partial"]


def test_a_folder_says_that_it_is_whole_when_it_is(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    for name in ("rows", "done", "others"):
        (there / name).write_text("before")
    with pytest.raises(OSError), atomic.folder(there, last="done") as folder:
        (folder / "rows").write_text("after")
        raise OSError(28, "No space left on device")
    assert {path.read_text() for path in there.iterdir()} == {"before"}
    with atomic.folder(there, last="done") as folder:
        for name in ("done", "rows"):
            (folder / name).write_text("after")
    assert names(there) == ["done", "others", "rows"] and names(tmp_path) == ["there"]
    assert [(there / name).read_text() for name in names(there)] == ["after", "before", "after"]


def test_a_folder_beside_that_is_the_users_stays_and_a_dot_is_a_folder(tmp_path, monkeypatch):
    (tmp_path / "there.partial").mkdir()
    (tmp_path / "there.partial" / "notes").write_text("the user's")
    with atomic.folder(tmp_path / "there") as folder:
        (folder / "rows").write_text("made")
    assert names(tmp_path / "there.partial") == ["notes"]
    monkeypatch.chdir(tmp_path / "there")
    with atomic.folder(".") as folder:
        (folder / "more").write_text("made")
    assert names(tmp_path / "there") == ["more", "rows"]
    assert names(tmp_path) == ["there", "there.partial"]


def test_a_folder_that_is_cut_short_between_two_files_is_not_whole(tmp_path, monkeypatch):
    there = tmp_path / "there"
    with atomic.folder(there, last="done") as folder:
        (folder / "done").write_text("before")
        (folder / "rows").write_text("before")
    replace = type(there).replace

    def cut(path, target):
        if path.name == "rows":
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(type(there), "replace", cut)
    with pytest.raises(KeyboardInterrupt), atomic.folder(there, last="done") as folder:
        (folder / "done").write_text("after")
        (folder / "rows").write_text("after")
    assert names(there) == ["rows"]


@pytest.mark.parametrize("umask", [0o027, 0o077])
def test_a_file_from_a_temporary_one_is_for_whom_others_are(tmp_path, umask):
    descriptor, name = tempfile.mkstemp(dir=tmp_path)
    os.close(descriptor)
    before = os.umask(umask)
    try:
        atomic.as_others(name)
    finally:
        os.umask(before)
    path = pathlib.Path(name)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask and names(tmp_path) == [path.name]


def test_a_folder_that_cannot_be_made_is_told_with_what_it_is_for(tmp_path):
    atomic.make_folder(tmp_path / "a" / "b", what="a page")
    atomic.make_folder(tmp_path / "a" / "b", what="a page")
    assert names(tmp_path / "a") == ["b"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.UserError, match=r"--out '.*file' cannot be a page \(File exists\)"):
        atomic.make_folder(tmp_path / "file", what="a page")
