"""Metadata hook of the build: the README as a package index shows it.

An index shows the README without the repository around it, so that relative links and pictures would lead nowhere. They
become absolute here: the address of the project stands in ``[project.urls]`` alone.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

#: ``](target)`` and ``![text](target)`` whose target is neither an address nor a place on the same page.
_RELATIVE: Final = re.compile(r"(?P<picture>!?)(?P<text>\[[^\]\n]*\])\((?P<target>(?![a-z]+:|#)[^)\s]+)\)")


class IndexReadme(MetadataHookInterface):
    """Set the readme in the project's metadata; hatchling calls this."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set ``readme``; the settings ``pages`` and ``files`` are the addresses of a page and of a file itself."""
        repository = metadata["urls"]["Repository"]
        pages, files = (self.config[name].format(repository=repository) for name in ("pages", "files"))

        def absolute(found: re.Match[str]) -> str:
            picture, text, target = found.group("picture", "text", "target")
            return f"{picture}{text}({files if picture else pages}{target})"

        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": _RELATIVE.sub(absolute, text)}
