"""python -m flanlike.workbench: its flags, its port, and how it ends."""

import re
import socket
import sys
import urllib.request
from pathlib import Path

import pytest
from terminal_toys import CTRL_C, Typist

from flanlike import workbench
from flanlike.editing import command
from flanlike.tasks import template_files

ROOT = Path(__file__).resolve().parents[2]


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        workbench.main(list(arguments))
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ") and said.err.count("\n") == 1 and not said.out
    return said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "RUN 'nowhere' is no folder with a model"),
        (["a"] * 17, "17 models: give 16 at most"),
        (["--data", "a", "a"], "--data: give 8 places at most, each once"),
        (["--templates", "nowhere"], "--templates 'nowhere' is no folder"),
        (["--port", "80"], "--port is 80: it must be 1024 or more"),
        (["--file", "rte"], "--file 'rte' is no file of instructions"),
        (["--tasks", "nowhere.py"], "no file 'nowhere.py'"),
        (["--frob"], "unrecognized arguments: --frob"),
    ],
)
def test_a_mistake_is_one_line(capsys, arguments, said):
    pytest.importorskip("starlette", reason="needs the extra flanlike[workbench]")
    assert said in refused(capsys, *arguments)


def test_what_is_missing_is_said_with_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setattr(command, "_PACKAGES", ("sys", "no_such_server"))
    said = refused(capsys)
    assert "the workbench needs no_such_server" in said
    assert "pip install 'flanlike[workbench]'" in said


def test_a_busy_port_is_one_line(capsys):
    pytest.importorskip("uvicorn", reason="needs the extra flanlike[workbench]")
    with socket.create_server((command.LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"--port {port} cannot be used (Address already in use)" in refused(
            capsys, "--port", port
        )


def test_where_templates_are_saved(tmp_path, monkeypatch):
    def folder(*arguments):
        return command._folder(command._parser().parse_args(arguments))

    assert folder() == template_files.SHIPPED
    assert folder("--tasks", f"{tmp_path}/mine.py") == tmp_path
    assert folder("--tasks", f"{tmp_path}/mine.py", "--templates", "x") == Path("x")
    monkeypatch.setattr(template_files, "SHIPPED", tmp_path / "templates")  # as installed
    assert folder() is None


def test_ctrl_c_ends_it_with_130_and_closes_the_port():
    pytest.importorskip("uvicorn", reason="needs the extra flanlike[workbench]")
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[0] = 'workbench'\n"
    code += "from flanlike import workbench; workbench.main(sys.argv[1:])"
    typist = Typist(code, "--port", "0")
    typist.until("http://")
    address = "http://" + typist.until("   (Ctrl-C ends it)")
    with urllib.request.urlopen(address) as page:
        assert b"<title>Workbench</title>" in page.read()
    typist.type(CTRL_C)
    typist.until("interrupted")
    assert typist.ended() == 130
    port = int(re.search(r":(\d+)/", address)[1])
    with socket.socket() as free:
        assert free.connect_ex((command.LOOPBACK, port)) != 0


def test_the_command_imports_no_server(monkeypatch):
    for name in [
        name for name in sys.modules if name.partition(".")[0] in ("uvicorn", "starlette")
    ]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SystemExit) as stop:
        workbench.main(["--help"])
    assert stop.value.code == 0 and not {"uvicorn", "starlette"} & set(sys.modules)
