"""Which documented operation a path and a method mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from mockserver.operations.binding import Bound

#: Hosts on which every path is served, whatever the documents say. Any other unknown name is treated like them.
_SUFFIXES: Final = (".trustpilot.com", ".trustpilot.localhost", ".segment.io", ".segmentapis.com", ".segment.localhost")


class Routes:
    """The table of all paths.

    :param bound: every operation that is served
    """

    def __init__(self, bound: Iterable[Bound]) -> None:
        self._bound = list(bound)
        rules = [
            Rule(_werkzeug(entry.operation.path), endpoint=entry, methods=[entry.operation.method])
            for entry in self._bound
        ]
        self._adapter = Map(rules, strict_slashes=False, merge_slashes=False).bind("mock")

    def find(self, path: str, method: str) -> tuple[Bound, dict[str, str]] | list[str]:
        """The operation and its path arguments; else the methods that the path has, none for an unknown path."""
        try:
            entry, arguments = self._adapter.match(path, method)
        except MethodNotAllowed as error:
            return sorted(set(error.valid_methods or ()) - {"HEAD", "OPTIONS"})
        except NotFound:
            return []
        return entry, {name: str(value) for name, value in arguments.items()}

    def nearest(self, path: str) -> Bound | None:
        """The operation whose path looks most like ``path``."""
        by_path = {entry.operation.path: entry for entry in self._bound if entry.operation.path != "/"}
        templated = re.sub(r"[0-9a-fA-F]{24}", "{businessUnitId}", path)
        close = difflib.get_close_matches(templated, by_path, n=1, cutoff=0.5)
        return by_path[close[0]] if close else None

    def under(self, path: str) -> Bound | None:
        """Any operation that lives where ``path`` points, to tell in whose manner to refuse it."""
        first = path.split("/")[1] if path.startswith("/") else path
        return next((entry for entry in self._bound if entry.operation.path.split("/")[1] == first), None)


def _werkzeug(path: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", path)


def is_vendor_host(host: str) -> bool:
    """Whether a host name is one of the vendors' own or stands for one, so that it must serve its own paths only."""
    return host.endswith(_SUFFIXES)
