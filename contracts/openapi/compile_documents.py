"""Build hook: puts each OpenAPI document into the wheel a second time, as JSON, which a program reads ten times faster.

The YAML stays the one that people write; a checkout has no JSON and is read from the YAML.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileDocuments(BuildHookInterface[Any]):
    """Called by hatchling for every wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the JSON beside the other products of the build and have it included."""
        if version == "editable":
            return
        target = Path(self.directory) / "openapi"
        target.mkdir(parents=True, exist_ok=True)
        for source in sorted((Path(self.root) / "contracts" / "openapi").glob("*.yaml")):
            compiled = target / f"{source.stem}.json"
            document = yaml.safe_load(source.read_text(encoding="utf-8"))
            compiled.write_text(json.dumps(document, default=date.isoformat), encoding="utf-8")
            build_data["force_include"][str(compiled)] = f"contracts/openapi/{source.stem}.json"
