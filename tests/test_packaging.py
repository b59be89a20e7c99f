"""What the sdist and the wheel hold, and the command that they bring."""

import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from flanlike import __main__ as command

ROOT = pathlib.Path(__file__).resolve().parents[1]
INSTALLED = ("flanlike", "task_registry", "eval", "templates")


def _built(where: pathlib.Path, kind: str) -> pathlib.Path:
    """Returns the sdist or wheel of the tree at `where`, built without a network."""
    code = f"import sys; from setuptools import build_meta; build_meta.build_{kind}(sys.argv[1])"
    out = where.parent / kind
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=where, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return next(out.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Returns the wheel of the sdist of this tree, whose own folder is left as it is."""
    tree = tmp_path_factory.mktemp("built") / "tree"
    for name in INSTALLED:
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=skipped)
    for name in ("pyproject.toml", "README.md", "train.py"):
        shutil.copy(ROOT / name, tree / name)
    with tarfile.open(_built(tree, "sdist")) as sdist:
        sdist.extractall(tree.parent / "unpacked")
    with zipfile.ZipFile(_built(next((tree.parent / "unpacked").iterdir()), "wheel")) as found:
        yield found


def test_the_wheel_of_the_sdist_holds_every_file_of_the_packages_and_train_py(wheel):
    there = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = [path for name in INSTALLED for path in (ROOT / name).rglob("*") if path.is_file()]
    ours = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert there == ours | {"train.py"}
    assert {"templates/_layout.toml", "templates/nli.toml", "eval/explorer.js"} <= there


def test_the_wheel_brings_the_command(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith("/entry_points.txt")]
    assert "flanlike = flanlike.__main__:main" in wheel.read(name).decode()


def test_templates_are_found_beside_the_unpacked_packages(wheel, tmp_path):
    wheel.extractall(tmp_path / "site")
    (tmp_path / "empty").mkdir()
    code = "import task_registry; print(len(task_registry.registry().templates('rte').templates))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "empty",
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10


def test_without_a_command_all_are_listed(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["--help"])
    said = capsys.readouterr().out
    assert stop.value.code == 0
    for word in ("train", "eval", "tasks", "plan", "export"):
        assert f"\n  {word} " in said
    with pytest.raises(SystemExit) as stop:
        command.main([])
    assert (stop.value.code, capsys.readouterr().out) == (2, said)


def test_an_unknown_command_is_one_line(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["trian"])
    assert stop.value.code == 2
    assert "error: unknown command 'trian': did you mean 'train'?" in capsys.readouterr().err


@pytest.mark.parametrize("word", command.COMMANDS)
def test_every_command_is_there_and_knows_its_flags(word, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main([word, "--help"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith("usage: ")


def test_a_mistake_in_a_flag_of_train_names_the_command(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["train", "--stepss", "3"])
    assert stop.value.code == 2
    assert "flanlike train --help lists all" in capsys.readouterr().err


def test_tasks_are_shown_by_the_command(capsys):
    command.main(["tasks", "show", "rte", "--n", "1"])
    assert "is_this_true (forward)" in capsys.readouterr().out
