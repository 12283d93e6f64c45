"""Build hook: puts each YAML file that is shipped into the wheel a second time, as JSON, read ten times faster.

The YAML stays the one that people write. The documents are looked at word by word here, as an installed program takes
them as they are: of one that is wrong no wheel can be built.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What is compiled, and where the wheel has it.
_FOLDERS: Final = {
    "contracts/openapi": "contracts/openapi",
    "fixtures/worlds": "mockserver/fixtures/worlds",
    "fixtures/reference": "mockserver/fixtures/reference",
}


class CompileDocuments(BuildHookInterface[Any]):
    """Called by hatchling for every wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the JSON beside the other products of the build and have it included."""
        if version == "editable":
            return
        # What is built is not installed yet.
        sys.path.insert(0, self.root)
        from contracts.spec import compiled, parse  # noqa: PLC0415

        for folder, home in _FOLDERS.items():
            for source in sorted((Path(self.root) / folder).glob("*.yaml")):
                if folder == "contracts/openapi":
                    parse(source.stem, source.read_text(encoding="utf-8"))
                target = Path(self.directory) / folder / f"{source.stem}.json"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(compiled.as_json(source.read_bytes()))
                build_data["force_include"][str(target)] = f"{home}/{target.name}"
