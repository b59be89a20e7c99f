"""Settings for all tests."""

import os

import pytest

# Most of a test's time would go into compiling tiny models well. Set before jax is imported.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("JAX_ENABLE_COMPILATION_CACHE", "false")  # else in the user's cache folder


@pytest.fixture(scope="session")
def words():
    """Returns a small vocabulary."""
    from flanlike.batches import vocabulary

    return vocabulary.Vocabulary.train(["Is it so? yes no"] * 20, 300)
