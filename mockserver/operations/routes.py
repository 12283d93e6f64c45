"""Which documented operation a path and a method mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from contracts.spec import Document, Operation, SpecError

#: Hosts on which every path is served, whatever the documents say. Any other unknown name is treated like them.
_SUFFIXES: Final = (
    *(".trustpilot.com", ".segment.io", ".segment.com", ".segmentapis.com"),
    *(".trustpilot.localhost", ".segment.localhost", ".segmentapis.localhost"),
)
#: How many paths are remembered with what they mean.
REMEMBERED: Final = 1_024


class _Node:
    """A place in the tree of path segments.

    :ivar named: what follows a segment of a certain text
    :ivar anything: what follows a segment of any text
    :ivar ends: of the paths that end here, by method: the document, the operation's id, the names of its arguments
    """

    __slots__ = ("anything", "ends", "named")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.anything: _Node | None = None
        self.ends: dict[str, tuple[Document, str, tuple[str, ...]]] = {}


class Routes:
    """The table of all paths. One slash more at the end changes nothing; written-out segments go before any text.

    :param documents: whose operations are served
    :raises SpecError: when a path holds an argument that is no whole segment, or is given twice for one method
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self._root = _Node()
        self._paths: dict[str, tuple[Document, str]] = {}
        for document in documents:
            for name, (method, path) in document.routes.items():
                self._add(document, name, method, path)
                self._paths.setdefault(path, (document, name))
        #: A program calls the same few paths again and again.
        self.find = lru_cache(maxsize=REMEMBERED)(self._find)

    def _add(self, document: Document, name: str, method: str, path: str) -> None:
        node = self._root
        arguments: list[str] = []
        for segment in _segments(path):
            if "{" not in segment:
                node = node.named.setdefault(segment, _Node())
                continue
            if not (segment.startswith("{") and segment.endswith("}")):
                raise SpecError(f"{document.api}: {path}: an argument has to be a whole segment")
            arguments.append(segment[1:-1])
            node.anything = node = node.anything or _Node()
        if method in node.ends:
            raise SpecError(f"{document.api}: {method} {path} means {node.ends[method][1]} and {name}")
        node.ends[method] = document, name, tuple(arguments)

    def _find(self, path: str, method: str) -> tuple[Operation, dict[str, str]] | list[str]:
        """The operation and its path arguments; else the methods that the path has, none for an unknown path."""
        allowed: set[str] = set()
        unfitting = None
        for node, values in _walk(self._root, _segments(path), ()):
            for other, (document, name, names) in node.ends.items():
                found = document.operations[name], dict(zip(names, values, strict=True))
                if not _fits(*found):
                    # A value that is none of those documented, such as "reset" in the place of a collection: the path
                    # may be one of its own, with other methods.
                    unfitting = unfitting or (found if other == method else None)
                elif other == method:
                    return found
                else:
                    allowed.add(other)
        # Where there is no other, the operation itself says which values there are.
        return sorted(allowed) or unfitting or []

    def nearest(self, path: str) -> Operation | None:
        """The operation whose path looks most like ``path``."""
        templated = re.sub(r"[0-9a-fA-F]{24}", "{businessUnitId}", path)
        import difflib  # noqa: PLC0415 - only for a mistake

        close = difflib.get_close_matches(templated, self._paths.keys() - {"/"}, n=1, cutoff=0.5)
        if not close:
            return None
        document, name = self._paths[close[0]]
        return document.operations[name]


def _segments(path: str) -> list[str]:
    """``/v1/track`` and ``/v1/track/`` as their parts."""
    return path.removeprefix("/").removesuffix("/").split("/")


def _walk(node: _Node, left: Sequence[str], values: tuple[str, ...]) -> Iterator[tuple[_Node, tuple[str, ...]]]:
    """Every place to which a path can lead, the most literal first, with what stands for its arguments."""
    if not left:
        yield node, values
        return
    segment, rest = left[0], left[1:]
    if segment in node.named:
        yield from _walk(node.named[segment], rest, values)
    if node.anything is not None and segment:
        yield from _walk(node.anything, rest, (*values, segment))


def _fits(operation: Operation, arguments: Mapping[str, str]) -> bool:
    """Whether every argument is one of the values that are documented, where they are listed."""
    properties = operation.parameter_schema.document["properties"]
    return all(value in properties[name].get("enum", (value,)) for name, value in arguments.items())


def is_vendor_host(host: str) -> bool:
    """Whether a host name is one of the vendors' own or stands for one, so that it must serve its own paths only."""
    return host.endswith(_SUFFIXES)
