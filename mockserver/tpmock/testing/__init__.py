"""The pytest plugin, its fixtures' objects, and the redirection of real host names to the mock.

It may import ``tpmock.server`` and the packages below it, but only when a test uses the in-process mock.
Nothing is imported before a test uses a fixture: every test run on the machine loads the plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tpmock.common.control_client import RefusedError, UnreachableError
    from tpmock.testing.api import Tpmock
    from tpmock.testing.backends import Server
    from tpmock.testing.helpers import Clock, Faults, Names, Variants
    from tpmock.testing.rows import Collection, Journal, Traces

__all__ = [
    "Clock",
    "Collection",
    "Faults",
    "Journal",
    "Names",
    "RefusedError",
    "Server",
    "Tpmock",
    "Traces",
    "UnreachableError",
    "Variants",
]

_MODULES: Final = {
    **dict.fromkeys(("RefusedError", "UnreachableError"), "tpmock.common.control_client"),
    **dict.fromkeys(("Clock", "Faults", "Names", "Variants"), "tpmock.testing.helpers"),
    **dict.fromkeys(("Collection", "Journal", "Traces"), "tpmock.testing.rows"),
    "Server": "tpmock.testing.backends",
    "Tpmock": "tpmock.testing.api",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
