"""`python -m eval report` and what it says of folders and flags that are none."""

import errno

import pytest
import report_toys

from eval import __main__ as command
from eval import report, run_folder
from flanlike import errors


@pytest.mark.parametrize("given", [["report"], ["--run"], ["--run", "x", "--split", "dev"]])
def test_bad_flags_end_with_one_line_and_status_2(given, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(given)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_holds_no_run_is_named(tmp_path, capsys):
    for given in (["report", str(tmp_path)], ["--run", str(tmp_path)]):
        with pytest.raises(SystemExit) as stop:
            command.main(given)
        assert stop.value.code == 2
        assert f"{str(tmp_path)!r} is no run's folder" in capsys.readouterr().err


def test_a_run_without_evaluation_says_what_to_do(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(errors.UserError, match="has no evaluation.*python -m eval --run"):
        run_folder.read(tmp_path)


def test_a_page_that_cannot_be_written_ends_with_one_line(tmp_path, monkeypatch, capsys):
    run = report_toys.make_run(tmp_path / "run")
    (tmp_path / "file").write_text("x")
    with pytest.raises(SystemExit, match="2"):
        command.main(["report", str(run), "--out", str(tmp_path / "file")])
    assert "cannot be a folder for the page (File exists)" in capsys.readouterr().err

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report, "write_pages", fail)
    with pytest.raises(SystemExit, match="2"):
        command.main(["report", str(run), "--out", str(tmp_path / "page")])
    assert "error: no space left on the disk" in capsys.readouterr().err


def test_one_run_is_reported_in_its_own_folder(tmp_path, capsys):
    run = report_toys.make_run(tmp_path / "run")
    command.main(["report", str(run)])
    assert capsys.readouterr().out.splitlines() == [
        str(run / "report.md"),
        str(run / "report.html"),
    ]
