"""What tests use: the sandbox of a test and its parts.

The fixtures are in :mod:`mockserver.pytest_plugin`; this is what they give, for annotations.
"""

from __future__ import annotations

from mockserver.client import RefusedError, UnreachableError
from mockserver.testing.bench import Tpmock
from mockserver.testing.parts import Clock, Faults, Names, Variants
from mockserver.testing.places import Server
from mockserver.testing.rows import Collection, Journal, Traces

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
