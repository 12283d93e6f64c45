"""The URL rules of the documents, and the operation of a method and a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint
from tpmock.common.suggestions import closest
from tpmock.core.bounded import remembered
from tpmock.spec import Document, Operation, SpecError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

#: Number of cached paths: a program calls the same few again and again (decision 0001).
REMEMBERED: Final = 1_024
_ARGUMENT: Final = re.compile(r"\{(\w+)\}")
#: Pattern of an argument in a path: an id of Trustpilot's, or a UUID.
_ID: Final = re.compile(r"(?<=/)(?:[0-9a-fA-F]{24}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?=/|$)")
#: Methods that Werkzeug adds, and no document has.
_IMPLIED: Final = ("HEAD", "OPTIONS")


class OperationRule(Rule):
    """A URL rule that prepares building URLs on first use: preparing took 52 ms of the start (decision 0003)."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002
        def build(_rule: None, **values: Any) -> tuple[str, str]:
            return super(OperationRule, self)._compile_builder(append_unknown)(self, **values)

        return build


@dataclass(frozen=True, slots=True)
class Route:
    """A documented operation, with the arguments in its path."""

    endpoint: str
    operation: Operation
    arguments: Mapping[str, str]


def blueprint(document: Document, view: Callable[..., Any]) -> Blueprint:
    """Return the operations of a document, each at its path with its operationId as endpoint.

    An additional slash at the end is ignored; no other path matches, and none redirects.

    :raises SpecError: when a path has an argument that is not a whole segment, or occurs twice for one method
    """
    rules = Blueprint(document.api, __name__)
    taken: dict[tuple[str, str], str] = {}
    for name, (method, path) in document.routes.items():
        for segment in path.split("/"):
            if "{" in segment and not _ARGUMENT.fullmatch(segment):
                raise SpecError(f"{document.api}: {path}: an argument has to be a whole segment")
        key = method, _ARGUMENT.sub("{}", path)
        if key in taken:
            raise SpecError(f"{document.api}: {method} {path} means {taken[key]} and {name}")
        taken[key] = name
        rules.add_url_rule(
            _ARGUMENT.sub(r"<\1>", path),
            name,
            view,
            methods=[method],
            provide_automatic_options=False,
            strict_slashes=False,
            merge_slashes=False,
        )
    return rules


class Routes:
    """Finds operations by Werkzeug's URL map.

    :param url_map: has the rules of the documents' blueprints, and perhaps others
    """

    def __init__(self, url_map: Map, documents: Iterable[Document]) -> None:
        self._documents = {document.api: document for document in documents}
        self._paths = url_map.bind("")
        self.find = remembered(REMEMBERED)(self._find)

    def _find(self, method: str, path: str) -> Route | list[str] | None:
        """Return the operation; else the methods of the path, none for an unknown path; None for a page."""
        if path.startswith("//"):
            # Werkzeug reads several leading slashes as one.
            return []
        try:
            found = self._match(method, path)
        except NotFound:
            return []
        except MethodNotAllowed as error:
            return self._allowed(path, error.valid_methods or ())
        except HTTPException:
            return None
        if found is None or _fits(found):
            return found
        # An undocumented value, such as "reset" in the place of a collection: the path may have its
        # own operation, with other methods. If not, the operation itself reports the documented values.
        return self._allowed(path, self._paths.allowed_methods(path)) or found

    def _match(self, method: str, path: str) -> Route | None:
        endpoint, arguments = self._paths.match(path, method)
        api, _, name = endpoint.partition(".")
        document = self._documents.get(api)
        return None if document is None else Route(endpoint, document.operations[name], arguments)

    def _allowed(self, path: str, methods: Iterable[str]) -> list[str] | None:
        found: dict[str, Route | None] = {}
        for method in methods:
            # Werkzeug names methods of a path with an empty segment, and then does not find it.
            with suppress(HTTPException):
                found |= {} if method in _IMPLIED else {method: self._match(method, path)}
        if found and not any(found.values()):
            return None
        return sorted(method for method, route in found.items() if route is not None and _fits(route))

    def nearest(self, near: str, method: str = "") -> Operation | None:
        """Return the operation with the path most similar to ``near``; of several, the one with the method."""
        known: dict[str, list[tuple[Document, str, str]]] = {}
        for document in self._documents.values():
            for name, (own, path) in document.routes.items():
                if path != "/":
                    known.setdefault(_ARGUMENT.sub("{}", path), []).append((document, name, own))
        found = closest(_ID.sub("{}", near), known, cutoff=0.5)
        if found is None:
            return None
        document, name, _ = min(known[found], key=lambda one: one[2] != method)
        return document.operations[name]


def _fits(route: Route) -> bool:
    """Return whether every argument is one of its documented values, if they are listed."""
    properties: Mapping[str, Mapping[str, Collection[str]]] = route.operation.parameter_schema.document["properties"]
    return all(value in properties[name].get("enum", (value,)) for name, value in route.arguments.items())
