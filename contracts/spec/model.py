"""What a document holds, as plain frozen values."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from contracts.spec.schema import Json, Schema

Level = Literal["seed", "documented", "official-code", "observed", "assumed"]
Location = Literal["path", "query", "header"]

APIS: Final = ("trustpilot", "segment-tracking", "segment-public", "segment-destination", "control")
#: How sure one can be of a behaviour, the surest first, and what each level says.
LEVELS: Final[Mapping[Level, str]] = {
    "seed": "stated by one of the documents the project was born from; they win over every other source",
    "documented": "read on an official page",
    "official-code": "done by official published code",
    "observed": "seen by somebody who wrote against the real API",
    "assumed": "our own choice, because every source is silent",
}
METHODS: Final = ("get", "put", "post", "patch", "delete")
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
TEXT: Final = "text/plain"
ANY: Final = "*/*"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read: a title, an address and the day."""

    key: str
    title: str
    url: str
    read: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure we are of a behaviour, and why. ``text`` is the form of the ``X-Mock-Evidence`` header."""

    level: Level
    source: Source
    note: str | None = None
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", f"{self.level}; {self.source.key}; read {self.source.read}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter of an operation. ``name`` is the wire's, ``python_name`` the handler's."""

    name: str
    python_name: str
    location: Location
    required: bool
    default: Json
    convert: Callable[[str], Json]
    free_form: bool
    many: bool
    credential: bool
    problem: str | None


@dataclass(frozen=True, slots=True)
class Example:
    """A documented error body, named.

    :param blanks: the members of the body where a request's own facts go
    """

    name: str
    status: int
    media_type: str
    body: Json
    evidence: Evidence
    blanks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """What can be called with what an answer holds.

    :param operation_id: what to call
    :param parameters: by name, each a runtime expression such as ``$response.body#/id``, or a value
    :param body: the same for the body, expressions at any depth; None for none
    """

    name: str
    operation_id: str
    parameters: Mapping[str, Json]
    body: Json


@dataclass(frozen=True, slots=True)
class Response:
    """One documented answer of an operation. ``status`` may be a range such as ``4XX``."""

    status: str
    description: str
    evidence: Evidence
    content: Mapping[str, Schema]
    extensions: Mapping[str, Json]
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented API call.

    :param advice: what its users should do instead, where it is deprecated: its description
    """

    id: str
    api: str
    method: str
    path: str
    summary: str
    hosts: frozenset[str]
    stateful: bool
    security: tuple[str, ...]
    anonymous: bool
    parameters: tuple[Parameter, ...]
    parameter_schema: Schema
    body: Mapping[str, Schema]
    body_required: bool
    body_limit: int
    responses: Mapping[str, Response]
    examples: Mapping[str, Example]
    advice: str

    @property
    def success(self) -> int:
        """The first documented status below 300."""
        return next(int(status) for status in self.responses if status[0] == "2" and status.isdigit())


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """Where a credential stands in a request: ``header``, ``query``, ``basic`` or ``bearer``."""

    name: str
    kind: Literal["header", "query", "basic", "bearer"]
    key: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A named switch where the sources disagree or are silent."""

    name: str
    summary: str
    default: str
    values: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Where sources disagree: what each says, and the variant that switches, or why one side was settled on."""

    topic: str
    sides: tuple[str, ...]
    variant: str | None
    settled: str | None


@dataclass(frozen=True, slots=True)
class Cors:
    """What pages of other origins may send: methods, and headers beside those that need no leave."""

    methods: tuple[str, ...]
    headers: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Document:
    """One API.

    :param operations: by id, each built when it is first asked for
    :param routes: by operation id, the method and the path
    """

    api: str
    title: str
    hosts: frozenset[str]
    operations: Mapping[str, Operation]
    routes: Mapping[str, tuple[str, str]]
    security_schemes: Mapping[str, SecurityScheme]
    variants: Mapping[str, Variant]
    contradictions: tuple[Contradiction, ...]
    #: Answers that belong to no operation, or that only a fault makes.
    fallbacks: Mapping[str, Example] = field(default_factory=dict)
    #: The forms in which a fault can answer, whatever the status. An empty media type: no body.
    shapes: Mapping[str, Example] = field(default_factory=dict)
    #: None where pages of other origins may send nothing.
    cors: Cors | None = None


def snake_case(name: str) -> str:
    """``businessUnitId``, ``x-business-user-id`` and ``from`` as a Python name."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_").lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake
