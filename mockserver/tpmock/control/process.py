"""Health and coverage of the running program."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tpmock import spec
from tpmock.common.version import __version__
from tpmock.core.json_text import members
from tpmock.core.problems import Problem
from tpmock.core.responses import Bindings
from tpmock.sandbox.autosave import NotSavedError
from tpmock.sandbox.registry import Sandboxes
from tpmock.spec.model import Claim

bindings = Bindings()


@bindings.handles("getHealth")
def get_health(sandboxes: Sandboxes) -> dict[str, Any]:
    """Answer 200: the mock is ready."""
    return {"status": "ok", "version": __version__, "sandboxes": len(sandboxes.all())}


@bindings.handles("getCoverage")
def get_coverage(sandboxes: Sandboxes) -> dict[str, Any]:  # noqa: ARG001 - tells the pipeline that no world is touched
    """Return every operation of every document with the evidence of each status, and the meaning of the levels."""
    levels = [{"level": level, "meaning": meaning} for level, meaning in spec.LEVELS.items()]
    return {"operations": coverage(), "levels": levels}


@bindings.handles("saveState")
def save_state(save: Callable[[], tuple[int, int]] | None) -> dict[str, Any]:
    """Write the state file now."""
    if save is None:
        detail = "Start it with --state FILE."
        raise Problem("no-state-file", hint="This mock was started without --state.", detail=detail)
    try:
        sandboxes, size = save()
    except NotSavedError as error:
        raise Problem("not-saved", hint=str(error), detail=str(error)) from None
    return {"sandboxes": sandboxes, "bytes": size}


@lru_cache(maxsize=1)
def coverage() -> list[dict[str, Any]]:
    """Return one row per operation, as the control API shows it."""
    return [
        {
            "operationId": operation.id,
            "api": api,
            **members(operation, "method", "path", "stateful"),
            "responses": [
                {
                    "status": response.status,
                    **_claim(response.evidence.status),
                    **({} if response.evidence.body is None else {"body": _claim(response.evidence.body)}),
                }
                for response in operation.responses.values()
            ],
        }
        for api in spec.APIS
        for operation in spec.load(api).operations.values()
    ]


def _claim(claim: Claim) -> dict[str, Any]:
    told = {"evidence": claim.level, "source": claim.source.url, "read": claim.source.read}
    return told | ({"note": claim.note} if claim.note else {})
