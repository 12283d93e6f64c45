"""An environment as companies have it, in which every proxy variable names a proxy; this one does not answer."""

from __future__ import annotations

import os
from typing import Final

import pytest

#: Nothing listens at port 9 of this machine.
_DEAD: Final = "http://127.0.0.1:9"
_NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
PROXIES: Final = {spelling: _DEAD for name in _NAMES for spelling in (name, name.lower())}


def environment() -> dict[str, str]:
    """Return this process's environment with the proxies and without any exception from them."""
    return {name: value for name, value in os.environ.items() if name.upper() != "NO_PROXY"} | PROXIES


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set it for a test and the processes that it starts."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PROXIES.items():
        monkeypatch.setenv(name, value)
