"""Where what is kept between calls lies."""

import pathlib

import pytest

from flanlike import cache, errors


def test_it_lies_in_the_users_cache_folder(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache.folder("compiled") == pathlib.Path("/caches/flanlike/compiled")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache.folder("slices") == pathlib.Path("/home/me/.cache/flanlike/slices")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "~nobody-of-that-name/caches")  # as unknown as a uid alone
    with pytest.raises(errors.UserError, match="the system does not know: set HOME, or XDG_CACHE"):
        cache.folder("compiled")
