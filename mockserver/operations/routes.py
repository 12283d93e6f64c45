"""Which documented operation a path and a method mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from mockserver.operations.binding import Bound

#: Hosts on which every path is served, whatever the documents say. Any other unknown name is treated like them.
_SUFFIXES: Final = (
    *(".trustpilot.com", ".segment.io", ".segment.com", ".segmentapis.com"),
    *(".trustpilot.localhost", ".segment.localhost", ".segmentapis.localhost"),
)
#: How many paths are remembered with what they mean.
REMEMBERED: Final = 1_024


class Routes:
    """The table of all paths.

    :param bound: every operation that is served
    """

    def __init__(self, bound: Iterable[Bound]) -> None:
        self._bound = {entry.operation.id: entry for entry in bound}
        rules = [
            Rule(_werkzeug(entry.operation.path), endpoint=name, methods=[entry.operation.method])
            for name, entry in self._bound.items()
        ]
        self._adapter = Map(rules, strict_slashes=False, merge_slashes=False).bind("mock")
        #: A program calls the same few paths again and again.
        self.find = lru_cache(maxsize=REMEMBERED)(self._find)

    def _find(self, path: str, method: str) -> tuple[Bound, dict[str, str]] | list[str]:
        """The operation and its path arguments; else the methods that the path has, none for an unknown path."""
        try:
            name, arguments = self._adapter.match(path, method)
        except MethodNotAllowed as error:
            return self._fitting(path, error.valid_methods or ())
        except NotFound:
            return []
        found = self._bound[name], {key: str(value) for key, value in arguments.items()}
        if _fits(*found):
            return found
        # A value that is none of those documented, such as "reset" in the place of a collection: the path may be one
        # of its own, with other methods. Where it is not, the operation itself says which values there are.
        return self._fitting(path, self._adapter.allowed_methods(path)) or found

    def _fitting(self, path: str, methods: Iterable[str]) -> list[str]:
        """Those of the methods by which this very path can be called."""
        found = ((method, *self._adapter.match(path, method)) for method in set(methods) - {"HEAD", "OPTIONS"})
        return sorted(method for method, name, arguments in found if _fits(self._bound[name], arguments))

    def nearest(self, path: str) -> Bound | None:
        """The operation whose path looks most like ``path``."""
        by_path = {entry.operation.path: entry for entry in self._bound.values() if entry.operation.path != "/"}
        templated = re.sub(r"[0-9a-fA-F]{24}", "{businessUnitId}", path)
        close = difflib.get_close_matches(templated, by_path, n=1, cutoff=0.5)
        return by_path[close[0]] if close else None


def _fits(bound: Bound, arguments: Mapping[str, str]) -> bool:
    """Whether every argument is one of the values that are documented, where they are listed."""
    properties = bound.operation.parameter_schema.document["properties"]
    return all(value in properties[name].get("enum", (value,)) for name, value in arguments.items())


def _werkzeug(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", path)


def is_vendor_host(host: str) -> bool:
    """Whether a host name is one of the vendors' own or stands for one, so that it must serve its own paths only."""
    return host.endswith(_SUFFIXES)
