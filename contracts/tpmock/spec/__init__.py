"""OpenAPI documents as Python objects.

The documents under ``contracts/openapi/`` are the one place for routes, hosts, security, parameters, limits, statuses,
error bodies and for how sure we are of each. This module loads them, refuses what it does not understand, and prepares
the validators once. It may import ``tpmock.common``. Behavior does not belong here: handlers decide.
"""

from __future__ import annotations

from functools import lru_cache, partial

from tpmock.common import compiled, package_data
from tpmock.spec.loader import SpecError, check, opened, parse
from tpmock.spec.model import APIS, LEVELS, Document, Operation, snake_case

__all__ = ["APIS", "LEVELS", "Document", "Operation", "SpecError", "load", "parse", "snake_case"]


@lru_cache(maxsize=len(APIS))
def load(api: str) -> Document:
    """Return one of the documents that are shipped, named as in :data:`APIS`; an operation is built when first asked
    for.

    :raises SpecError: when it says something this program does not understand, with the place
    """
    source = package_data.path("openapi", f"{api}.yaml")
    return opened(api, compiled.content(source, partial(check, api)))
