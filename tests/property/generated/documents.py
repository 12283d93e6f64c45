"""The documents as Schemathesis reads them, with nothing guessed: explicit links only, and a fixed seed."""

from __future__ import annotations

import os
from typing import Any, Final

import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from tpmock.common import package_data

#: How much is tried: calls an operation, and walks a document.
EXAMPLES: Final = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
#: What ``tpmock serve`` answers; the other document is for a destination.
SERVED: Final = ("trustpilot", "segment-tracking", "segment-public", "control")

#: Forms with objects in them, whose members Schemathesis writes as fields of the whole.
_NESTED_FORMS: Final = frozenset({"/v1/private/business-units/{businessUnitId}/email-invitations"})

#: Said to Schemathesis here and, by ``python -m tests.property.generated``, to its command.
CONFIG: Final[dict[str, Any]] = {
    "seed": 1,
    # Calls carry the credentials of their sandbox; made-up ones beside them would only be refused.
    "generation": {"with-security-parameters": False, "deterministic": True},
    "phases": {"stateful": {"inference": {"algorithms": []}}},
}


def raw(api: str) -> dict[str, Any]:
    """One of the documents as it is written, without the forms that Schemathesis cannot write."""
    read: dict[str, Any] = yaml.safe_load(package_data.path("openapi", f"{api}.yaml").read_text(encoding="utf-8"))
    for path in _NESTED_FORMS & read["paths"].keys():
        del read["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    return read


def document(api: str, *, app: Any = None, url: str | None = None) -> Any:
    """One of the documents, for calls of a WSGI application or of a server.

    :param app: the application, when no socket is to be used
    :param url: where the server listens, otherwise
    """
    schema = schemathesis.openapi.from_dict(raw(api), config=SchemathesisConfig.from_dict(CONFIG))
    schema.app = app
    if url is not None:
        schema.config.update(base_url=url)
    return schema


def profile(examples: int, steps: int = 30) -> settings:
    """How much is tried: the same every time.

    :param examples: calls an operation in the fuzzing phase, or scenarios in the stateful one
    :param steps: calls a scenario
    """
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
