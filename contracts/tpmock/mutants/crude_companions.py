"""Companion mutants that are wrong about everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from tpmock.mutants.companion import Companion, RefusalError

_Action = Callable[[Mapping[str, Any]], dict[str, Any]]


class DoesNothing(Companion):
    """Answers an empty object to everything and does nothing."""

    def connect(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do nothing, as the other actions do."""
        del arguments
        return {}

    authorize = showcase = reply = connect


class FailsAfterwards(Companion):
    """Does what it should, and then always answers 503."""

    def connect(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do it, and say that it failed."""
        return self._failing(super().connect, arguments)

    def authorize(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do it, and say that it failed."""
        return self._failing(super().authorize, arguments)

    def showcase(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do it, and say that it failed."""
        return self._failing(super().showcase, arguments)

    def reply(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do it, and say that it failed."""
        return self._failing(super().reply, arguments)

    def _failing(self, action: _Action, arguments: Mapping[str, Any]) -> dict[str, Any]:
        action(arguments)
        raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, "Try again later.")
