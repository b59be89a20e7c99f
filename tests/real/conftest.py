"""What tests on published models share."""

import pathlib

import pytest
import real_toys


@pytest.fixture(scope="module", params=real_toys.NAMES)
def published(request) -> pathlib.Path:
    """The folder of a published model."""
    return real_toys.folder(request.param)
