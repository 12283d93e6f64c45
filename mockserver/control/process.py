"""Health and coverage of the running program."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from contracts import spec
from mockserver import __version__
from mockserver.answers import Bindings
from mockserver.problems import Problem
from mockserver.sandboxes import Sandboxes

bindings = Bindings()


@bindings.handles("getHealth")
def get_health(sandboxes: Sandboxes) -> dict[str, Any]:
    """Whoever reads this has been served."""
    return {"status": "ok", "version": __version__, "sandboxes": len(sandboxes.all())}


@bindings.handles("getCoverage")
def get_coverage(sandboxes: Sandboxes) -> dict[str, Any]:  # noqa: ARG001 - tells the pipeline that no world is touched
    """Every operation of every document with the evidence of each status, and what the levels mean."""
    levels = [{"level": level, "meaning": meaning} for level, meaning in spec.LEVELS.items()]
    return {"operations": coverage(), "levels": levels}


@bindings.handles("saveState")
def save_state(save: Callable[[], tuple[int, int]] | None) -> dict[str, Any]:
    """Write the state file now."""
    if save is None:
        raise Problem(
            "no-state-file", hint="This mock was started without --state.", detail="Start it with --state FILE."
        )
    sandboxes, size = save()
    return {"sandboxes": sandboxes, "bytes": size}


@lru_cache(maxsize=1)
def coverage() -> list[dict[str, Any]]:
    """One row an operation, as the control API shows it."""
    return [
        {
            "operationId": operation.id,
            "api": api,
            "method": operation.method,
            "path": operation.path,
            "stateful": operation.stateful,
            "responses": [
                {
                    "status": response.status,
                    "evidence": response.evidence.level,
                    "source": response.evidence.source.url,
                    "read": response.evidence.source.read,
                    **({"note": response.evidence.note} if response.evidence.note else {}),
                }
                for response in operation.responses.values()
            ],
        }
        for api in spec.APIS
        for operation in spec.load(api).operations.values()
    ]
