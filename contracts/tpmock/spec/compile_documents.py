"""Build hook: adds generated files to the wheel.

Each YAML file that is shipped goes in a second time, as JSON, read ten times faster. The YAML stays the one that people
write. The documents are validated here, as an installed program takes them as they are: no wheel is built of one that
is wrong.

``tpmock/__init__.py`` turns two source folders into an ordinary package: in a namespace, pytest takes a plugin's
packages for top-level modules and warns that ``__main__`` is already imported.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What is compiled, and where the wheel has it.
_FOLDERS: Final = {
    "contracts/openapi": "tpmock/data/openapi",
    "fixtures/worlds": "tpmock/data/worlds",
    "fixtures/reference": "tpmock/data/reference",
    "fixtures/texts": "tpmock/data/texts",
}


_INIT: Final = (
    '"""A local Trustpilot and Segment, a real destination between them, and a contract test kit. Unofficial."""\n'
)


class CompileDocuments(BuildHookInterface[Any]):
    """Add the generated files; hatchling calls this for every wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the JSON into a temporary folder and have it included. Where the wheel goes, nothing else may lie:
        tools check and publish all that is there.
        """
        if version == "editable":
            return
        # What is built is not installed yet.
        sys.path.insert(0, str(Path(self.root) / "contracts"))
        from tpmock.common import compiled  # noqa: PLC0415
        from tpmock.spec import parse  # noqa: PLC0415

        self._made = TemporaryDirectory(prefix="tpmock-build-")
        made = Path(self._made.name)
        init = made / "init.py"
        init.write_text(_INIT, encoding="utf-8")
        build_data["force_include"][str(init)] = "tpmock/__init__.py"
        for folder, home in _FOLDERS.items():
            for source in sorted((Path(self.root) / folder).glob("*.yaml")):
                if folder == "contracts/openapi":
                    parse(source.stem, source.read_text(encoding="utf-8"))
                target = made / folder / f"{source.stem}.json"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(compiled.as_json(source.read_bytes()))
                build_data["force_include"][str(target)] = f"{home}/{target.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatchling's
        """Delete the temporary folder; hatchling calls this when the wheel is written."""
        if version != "editable":
            self._made.cleanup()
