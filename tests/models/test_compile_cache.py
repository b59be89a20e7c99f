"""What is compiled is kept where the user's caches are, unless he says otherwise."""

import os
import pathlib
import subprocess
import sys

import pytest

from flanlike.models import compile_cache

_SCRIPT = """
import jax, jax.numpy as jnp
from flanlike.models import compile_cache
compile_cache.keep()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
print(jax.jit(lambda x: jnp.sin(x) @ x.T)(jnp.ones((3, 3))).sum())
"""


def _kept(folder: pathlib.Path, **environment: str) -> list[str]:
    """Returns the files under `folder` after a process compiled, with these variables."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    inherited["JAX_PLATFORMS"] = "cpu"
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True, env={**inherited, **environment})
    return [str(path.relative_to(folder)) for path in folder.rglob("*-cache")]


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"XDG_CACHE_HOME": "{}"}, "flanlike/compiled/"),
        ({"HOME": "{}", "XDG_CACHE_HOME": ""}, ".cache/flanlike/compiled/"),
        ({"XDG_CACHE_HOME": "{}", "JAX_COMPILATION_CACHE_DIR": "{}/own"}, "own/"),
        ({"XDG_CACHE_HOME": "{}", "JAX_ENABLE_COMPILATION_CACHE": "false"}, None),
    ],
    ids=["XDG", "home", "JAX's own", "off"],
)
def test_what_is_compiled_is_kept_in_the_users_cache_folder(tmp_path, variables, place):
    kept = _kept(tmp_path, **{name: text.format(tmp_path) for name, text in variables.items()})
    assert all(name.startswith(place) for name in kept) if place else not kept
    assert bool(kept) == bool(place)


def test_the_folder_is_named_by_the_processor(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one = compile_cache.folder()
    monkeypatch.setattr(compile_cache.os, "cpu_count", lambda: 999)
    assert one.parent == compile_cache.folder().parent == tmp_path / "flanlike" / "compiled"
    assert one != compile_cache.folder()
