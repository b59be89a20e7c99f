"""Settings for all tests."""

import os

# Most of a test's time would go into compiling tiny models well. Set before jax is imported.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
