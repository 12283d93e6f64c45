"""What was found, as a case file: an ordinary chapter that replays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from contracts.kit.generated.invariants import INVARIANTS, demanded


def as_file(found: Mapping[str, list[dict[str, Any]]], subject: str, seed: int) -> str:
    """The text of the file.

    :param found: the steps that break an invariant, by its id.
    """
    chapter = {
        "chapter": f"Found by made-up histories against {subject}, seed {seed}",
        "cases": [
            {
                "id": case.id,
                "title": case.title,
                "requirement": case.requirement,
                "clause": {"source": case.clause.source, "section": case.clause.section, "url": case.clause.url},
                "evidence": case.evidence,
                "when": found[case.id],
                "then": demanded(found[case.id]),
            }
            for case in INVARIANTS
            if case.id in found
        ],
    }
    return yaml.safe_dump(chapter, sort_keys=False, allow_unicode=False, width=120, default_flow_style=None)
