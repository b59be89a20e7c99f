"""What JAX has compiled is kept for the next process, in the user's cache folder."""

import hashlib
import os
import pathlib
import platform

import jax

from flanlike import cache

_MOST_BYTES = 2 * 2**30
_LEAST_SECONDS = 0.2  # what compiles faster is not worth a file


def keep() -> None:
    """Has JAX keep what it compiles; for a command to call before it compiles anything.

    A folder that the user gave JAX (`JAX_COMPILATION_CACHE_DIR`) stays the one that is used, and
    nothing is kept where `JAX_ENABLE_COMPILATION_CACHE` is false. What was used longest ago goes
    where the folder grows over 2 GiB. A folder that cannot be written is one warning of JAX's.
    """
    if jax.config.jax_compilation_cache_dir is None and jax.config.jax_enable_compilation_cache:
        jax.config.update("jax_compilation_cache_dir", str(folder()))
        jax.config.update("jax_compilation_cache_max_size", _MOST_BYTES)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", _LEAST_SECONDS)


def folder() -> pathlib.Path:
    """Returns `flanlike/compiled/KIND` in the user's cache folder.

    KIND tells processors apart: a home that several machines share holds code for each of them.
    """
    return cache.folder("compiled") / _processor()


def _processor() -> str:
    """Returns a name of the processor: code for one need not run on another."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    told = {line for line in lines if line.startswith(("flags", "Features", "model name"))}
    seen = "\n".join([platform.processor(), str(os.cpu_count()), *sorted(told)])
    return f"{platform.machine()}-{hashlib.sha256(seen.encode()).hexdigest()[:12]}"
