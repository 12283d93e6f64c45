"""JSON Schemas of the files that users write, for their editors."""

from __future__ import annotations

from typing import Final

from tpmock.common import package_data

#: Where a mock serves them, each as ``NAME.json``.
ROOT: Final = "/_mock/schemas/"
#: The address in generated files: that of a mock with the default port, from which an editor reads the schema.
ADDRESS: Final = f"http://127.0.0.1:8080{ROOT}"
#: Also in the folder, but not for files that users write.
_INTERNAL: Final = frozenset({"openapi-words"})


def names() -> list[str]:
    """Return the names of all schemas, in alphabetical order."""
    return sorted({file.stem for file in package_data.folder("schemas").glob("*.json")} - _INTERNAL)


def text(name: str) -> str:
    """Return a schema as JSON text.

    :param name: one of :func:`names`
    """
    return package_data.path("schemas", f"{name}.json").read_text(encoding="utf-8")
