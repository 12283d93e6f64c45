"""The OpenAPI documents, read into what a program can work with.

The documents under ``contracts/openapi/`` are the one place for routes, hosts, security, parameters, limits, statuses,
error bodies and for how sure we are of each. This module loads them, refuses what it does not understand, and prepares
the validators once. It knows nobody else in the house.
"""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path

from contracts.spec import compiled
from contracts.spec.loader import SpecError, check, opened, parse
from contracts.spec.model import (
    ANY,
    APIS,
    FORM,
    JSON,
    LEVELS,
    TEXT,
    Contradiction,
    Cors,
    Document,
    Evidence,
    Example,
    Link,
    Operation,
    Parameter,
    Response,
    SecurityScheme,
    Source,
    Variant,
    snake_case,
)
from contracts.spec.schema import Json, Schema, Violation

__all__ = [
    "ANY",
    "APIS",
    "FORM",
    "JSON",
    "LEVELS",
    "TEXT",
    "Contradiction",
    "Cors",
    "Document",
    "Evidence",
    "Example",
    "Json",
    "Link",
    "Operation",
    "Parameter",
    "Response",
    "Schema",
    "SecurityScheme",
    "Source",
    "SpecError",
    "Variant",
    "Violation",
    "load",
    "parse",
    "snake_case",
]


@lru_cache(maxsize=len(APIS))
def load(api: str) -> Document:
    """One of the documents that are shipped, named as in :data:`APIS`; an operation is built when first asked for.

    :raises SpecError: when it says something this program does not understand, with the place
    """
    source = Path(__file__).parents[1] / "openapi" / f"{api}.yaml"
    return opened(api, compiled.content(source, partial(check, api)))
