"""Every mutant by name, which is that of its class. The docstring of the class states the defect."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from types import ModuleType
from typing import Any

from flask import Flask
from tpmock.destination.config import DestinationSettings
from tpmock.destination.service.assembly import Parts, build
from tpmock.destination.web.app import create_app
from tpmock.mutants import (
    client_mutants,
    companion_mutants,
    crude_companions,
    crude_mutants,
    deletion_mutants,
    disk_mutants,
    guideline_mutants,
    memory_mutants,
    reply_mutants,
    request_mutants,
)
from tpmock.mutants.api_mutants import APIS, create_api
from tpmock.mutants.companion import Companion, create_companion


def _named(*modules: ModuleType) -> dict[str, Any]:
    """Return the classes and functions of the modules by mutant name: ``NoDedupe`` is ``no-dedupe``."""
    return {
        re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "-", name).replace("_", "-").lower(): mutant
        for module in modules
        for name, mutant in vars(module).items()
        if getattr(mutant, "__module__", "") == module.__name__ and not name.startswith("_") and mutant.__doc__
    }


CRUDE: dict[str, type[Any] | Callable[[Flask], None]] = _named(crude_mutants)
"""Destinations that are wrong about everything they do."""

MUTANTS: dict[str, type[Any] | Callable[[Flask], None]] = {
    **_named(request_mutants, client_mutants, reply_mutants, guideline_mutants),
    **_named(deletion_mutants, disk_mutants, memory_mutants),
    **CRUDE,
}
"""Destinations: a class in place of the part it derives from, or a function that changes the application."""

COMPANIONS: dict[str, type[Companion]] = {
    "companion": Companion,
    **{f"companion-{name}": mutant for name, mutant in _named(companion_mutants, crude_companions).items()},
}
"""Every companion by name, the correct one first."""


def _sentence(mutant: object) -> str:
    return (inspect.getdoc(mutant) or "").partition("\n")[0]


SENTENCES: dict[str, str] = {
    **{name: _sentence(mutant) for name, mutant in (*MUTANTS.items(), *COMPANIONS.items())},
    **{name: api.sentence for name, api in APIS.items()},
}
"""Everything that can be served, with its description."""


def create_mutant(name: str, settings: DestinationSettings) -> Flask:
    """Return a destination with one defect as a WSGI application.

    :param name: a key of :data:`MUTANTS`
    """
    mutant = MUTANTS[name]
    if isinstance(mutant, type):
        usual = Parts()
        part = next(each.name for each in fields(usual) if issubclass(mutant, getattr(usual, each.name)))
        return create_app(settings, build(settings, Parts(**{part: mutant})))
    app = create_app(settings)
    mutant(app)
    return app


def create(name: str, environment: Mapping[str, str]) -> Flask:
    """Return anything else of :data:`SENTENCES` as a WSGI application.

    :param environment: as the contract kit gives it to every subject
    """
    if name in APIS:
        return create_api(name, environment)
    return create_companion(COMPANIONS[name](environment))
