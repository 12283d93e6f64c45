"""What a document holds, as plain frozen values."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec
from tpmock.spec.schema import Json, Schema

Level = Literal["seed", "documented", "official-code", "observed", "assumed"]
Location = Literal["path", "query", "header"]

APIS: Final = ("trustpilot", "segment-tracking", "segment-public", "segment-destination", "control")
#: Evidence levels of a behavior, the surest first, and their meanings.
LEVELS: Final[Mapping[Level, str]] = {
    "seed": "stated by the project brief, which wins over every other source",
    "documented": "read on an official page",
    "official-code": "done by official published code",
    "observed": "seen by someone who wrote against the real API, or read in a third party digest of official pages",
    "assumed": "our own choice, because every source is silent",
}
METHODS: Final = ("get", "put", "post", "patch", "delete")
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
TEXT: Final = "text/plain"
ANY: Final = "*/*"


class Source(msgspec.Struct, frozen=True):
    """Where a fact was read: a title, an address and the day.

    :param carries: the surest level that a claim may have from this source
    """

    key: str
    title: str
    url: str
    read: str
    carries: Level = "seed"


class Claim(msgspec.Struct, frozen=True):
    """How sure we are of one thing, and why."""

    level: Level
    source: Source
    note: str | None = None

    @property
    def text(self) -> str:
        """The claim in a line: level, source and the day it was read."""
        return f"{self.level}; {self.source.key}; read {self.source.read}"


class Evidence(msgspec.Struct, frozen=True):
    """How sure we are of an answer: of its status, and of its body where it has one.

    :param text: the form of the ``X-Mock-Evidence`` header
    :param page: the address of the first source that has one, for the ``Link`` header
    """

    status: Claim
    body: Claim | None = None
    text: str = ""
    page: str = ""

    def __post_init__(self) -> None:
        # Built once: every answer of the mock carries it.
        parts = {"status": self.status, "body": self.body}
        text = ", ".join(f"{name}={claim.level}; {claim.source.key}" for name, claim in parts.items() if claim)
        msgspec.structs.force_setattr(self, "text", text)
        pages = [claim.source.url for claim in parts.values() if claim and claim.source.url.startswith("https:")]
        msgspec.structs.force_setattr(self, "page", next(iter(pages), ""))

    @property
    def weakest(self) -> Level:
        """The less sure level of the two."""
        claims = (self.status, self.body or self.status)
        return max((claim.level for claim in claims), key=list(LEVELS).index)


class Parameter(msgspec.Struct, frozen=True):
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


class Example(msgspec.Struct, frozen=True):
    """A documented error body, named.

    :param blanks: the members of the body where a request's own facts go
    """

    name: str
    status: int
    media_type: str
    body: Json
    evidence: Evidence
    blanks: frozenset[str]


class Link(msgspec.Struct, frozen=True):
    """What can be called with what an answer holds.

    :param operation_id: what to call
    :param parameters: by name, each a runtime expression such as ``$response.body#/id``, or a value
    :param body: the same for the body, expressions at any depth; None for none
    """

    name: str
    operation_id: str
    parameters: Mapping[str, Json]
    body: Json


class Response(msgspec.Struct, frozen=True):
    """One documented answer of an operation. ``status`` may be a range such as ``4XX``.

    :param headers: those with one value, with it
    """

    status: str
    description: str
    evidence: Evidence
    content: Mapping[str, Schema]
    extensions: Mapping[str, Json]
    links: Mapping[str, Link]
    headers: Mapping[str, str]


class Operation(msgspec.Struct, frozen=True):
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
        """The first documented status below 300; 0 where there is none."""
        return next((int(status) for status in self.responses if status[0] == "2" and status.isdigit()), 0)


class SecurityScheme(msgspec.Struct, frozen=True):
    """Where a credential stands in a request: ``header``, ``query``, ``basic`` or ``bearer``."""

    name: str
    kind: Literal["header", "query", "basic", "bearer"]
    key: str


class Variant(msgspec.Struct, frozen=True):
    """A named switch where the sources disagree or are silent."""

    name: str
    summary: str
    default: str
    values: tuple[str, ...]
    evidence: Claim


class Contradiction(msgspec.Struct, frozen=True):
    """Where sources disagree: what each says, and the variant that switches, or why one side was settled on."""

    topic: str
    sides: tuple[str, ...]
    variant: str | None
    settled: str | None


class Cors(msgspec.Struct, frozen=True):
    """What pages of other origins may send: methods, and headers beside those that need no leave.

    :param max_age: for how many seconds a browser need not ask again
    """

    methods: tuple[str, ...]
    headers: tuple[str, ...]
    max_age: int
    evidence: Evidence


class Document(msgspec.Struct, frozen=True):
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
    fallbacks: Mapping[str, Example] = msgspec.field(default_factory=dict)
    #: The forms in which a fault can answer, with any status. An empty media type: no body.
    shapes: Mapping[str, Example] = msgspec.field(default_factory=dict)
    #: None where pages of other origins may send nothing.
    cors: Cors | None = None


def snake_case(name: str) -> str:
    """``businessUnitId``, ``x-business-user-id`` and ``from`` as a Python name."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").replace(".", "_").lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake
