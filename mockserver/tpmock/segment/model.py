"""The Segment things of a sandbox, as plain records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from tpmock.core.responses import Join
from tpmock.segment.counters import CountersState

Json = dict[str, Any]
State = Literal["pending", "delivered", "discarded", "awaiting-retry", "filtered"]
Kind = Literal["direct", "webhook", "function"]

#: The id of the HTTP API among the catalog's sources, from its own documentation page.
HTTP_API: Final = "iUM16Md8P2"
#: The default id of a workspace, when the world file has none.
WORKSPACE_ID: Final = "9aQ1Lj62S4bomZKLF4DPqW"


@dataclass(slots=True, kw_only=True)
class Source:
    """A source of events.

    :param name: unique in its workspace; events store it
    :param write_keys: each of them accepts events
    :param metadata_id: its id in the catalog
    :param oauth_required: whether events need an OAuth token in addition to the write key
    """

    id: str
    name: str
    slug: str
    write_keys: list[str]
    enabled: bool
    metadata_id: str = HTTP_API
    settings: Json = field(default_factory=dict)
    oauth_required: bool = False


@dataclass(slots=True, kw_only=True)
class Filter:
    """One destination filter.

    :param condition: FQL; the actions apply when it is true
    :param actions: as in the Public API: ``type`` and, by type, ``fields``, ``percent`` and ``path``
    """

    id: str
    title: str
    condition: str
    actions: list[Json]
    description: str | None
    enabled: bool
    created_at: float
    updated_at: float


@dataclass(slots=True, kw_only=True)
class WebhookOptions:
    """Settings of a webhook destination, which gets the unchanged event.

    :param more_urls: addresses in addition to the destination's own
    :param headers: in addition to Segment's own
    :param secret: signs the body; empty: no signature
    """

    more_urls: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    secret: str = ""


@dataclass(slots=True, kw_only=True)
class FunctionOptions:
    """Settings of a destination function.

    :param code: JavaScript
    :param handlers: the names of its handlers, such as ``onTrack``
    """

    code: str
    handlers: list[str]
    settings: Json = field(default_factory=dict)


@dataclass(slots=True)
class Destination:
    """One instance of a destination.

    :param name: of the instance, unique in its workspace
    :param url: the address for posts; empty: that of the catalog entry, see :attr:`Workspace.endpoints`
    :param settings: by name; ``apiKey`` is the only setting of the catalog's Trustpilot destination
    :param integration: the name of the catalog entry, by which an event's ``integrations`` selects all its instances
    :param source: the id of its source; None: all sources
    :param webhook: set when it is a webhook
    :param function: set when it is a function
    """

    name: str
    url: str
    settings: Json
    enabled: bool
    id: str
    integration: str
    source: str | None = None
    filters: list[Filter] = field(default_factory=list)
    webhook: WebhookOptions | None = None
    function: FunctionOptions | None = None

    @property
    def kind(self) -> Kind:
        """Return how events are delivered: direct, webhook or function."""
        if self.function is not None:
            return "function"
        return "direct" if self.webhook is None else "webhook"

    @property
    def api_key(self) -> str:
        """Return the setting that is sent as Basic user name; empty without one."""
        key = self.settings.get("apiKey", "")
        return key if isinstance(key, str) else ""


@dataclass(slots=True, kw_only=True)
class OauthApp:
    """An application that gets tokens with signed assertions.

    :param public_keys: PEM by key id
    :param scopes: that its tokens may have
    :param token_life: seconds
    """

    id: str
    name: str
    public_keys: dict[str, str]
    scopes: list[str]
    token_life: float


@dataclass(slots=True)
class OauthToken:
    """An access token of an application."""

    value: str
    app: str
    scopes: list[str]
    expires_at: float


@dataclass(slots=True)
class RegulationPart:
    """The state of a regulation at one destination of one source.

    :param deliveries: the numbers of the delete calls
    """

    source: str
    destination: str
    name: str
    status: str
    error: str | None = None
    finished_at: float | None = None
    deliveries: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Regulation:
    """A request to suppress or delete the data of people.

    :param source: the id of its source; None: the whole workspace
    """

    id: str
    kind: str
    subject_type: str
    subjects: list[str]
    created_at: float
    source: str | None = None
    status: str = "INITIALIZED"
    finished_at: float | None = None
    parts: list[RegulationPart] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Audience:
    """An audience or a computed trait of Engage.

    :param key: the name in snake case, which destinations get
    :param computes: whether it is an audience, whose value is true or false, or a trait, whose value is a number
    :param event: the counted track event; None: an audience that is a list
    :param within: maximum age of counted events, as a duration; None: any age
    :param destinations: receivers of the calls; all when empty
    :param listed: user ids of a list
    :param emails: addresses by user id; each gets a separate call
    :param times: by user id, the times of the events
    :param told: by user id, the value that was last sent to destinations
    """

    id: str
    name: str
    key: str
    source: str
    created_at: float
    next_sync_at: float
    computes: Literal["audience", "trait"] = "audience"
    event: str | None = None
    within: str | None = None
    form: Literal["identify", "track"] = "identify"
    destinations: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    emails: dict[str, list[str]] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    synced_at: float | None = None


@dataclass(slots=True)
class Event:
    """A message as Segment stores it, or a dropped one with the reason.

    :param join: why it belongs to its trace
    """

    id: int
    message: Json
    source: str
    received_at: float
    trace: str
    reason: str | None = None
    join: Join = "cause"


@dataclass(slots=True)
class Attempt:
    """One delivery attempt.

    :param message: what the destination said to the customer
    :param answer: the beginning of the response, or of a function's console output
    :param url: the address, when it is not the destination's own
    """

    at: float
    status: int | None
    error: str | None
    message: str | None
    milliseconds: float
    answer: str = ""
    url: str | None = None


@dataclass(slots=True)
class Delivery:
    """The delivery of one event to one destination.

    :param replay: a replay on request
    :param tries: number of failed attempts
    :param message: the event after the destination's filters; None when they changed nothing
    """

    id: int
    event: Event
    destination: Destination
    started_at: float
    replay: bool = False
    tries: int = 0
    state: State = "pending"
    reason: str | None = None
    attempts: list[Attempt] = field(default_factory=list)
    next_attempt_at: float | None = None
    message: Json | None = None

    @property
    def outgoing(self) -> Event:
        """Return the event as the destination gets it."""
        return self.event if self.message is None else replace(self.event, message=self.message)


@dataclass(slots=True, kw_only=True)
class WorkspaceState:
    """All data of a workspace: used to create it, and to save its state.

    :param id: Segment's id of the workspace
    :param api_tokens: tokens of the Public API
    :param endpoints: by catalog entry, the address for destinations that have no address themselves
    :param deliveries: the listed ones, and unlisted ones that are still pending
    :param under_way: their numbers
    :param seen: scope and message id of received messages, with the time
    :param gathering: by destination, the deliveries that wait for a batch
    :param tally: counts of events per step
    :param audiences: audiences and computed traits by name
    :param suppressed: user ids whose events are dropped, with the time of suppression
    :param suppressed_at: by source id, the same for one source
    :param rate: the second of the last call, and the number of calls in it
    :param last_id: the last number given to an event or a delivery
    """

    sources: list[Source]
    id: str = WORKSPACE_ID
    api_tokens: list[str] = field(default_factory=list)
    endpoints: dict[str, str] = field(default_factory=dict)
    destinations: list[Destination] = field(default_factory=list)
    oauth_apps: list[OauthApp] = field(default_factory=list)
    oauth_tokens: list[OauthToken] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    under_way: list[int] = field(default_factory=list)
    seen: list[tuple[str, str, float]] = field(default_factory=list)
    gathering: dict[str, list[int]] = field(default_factory=dict)
    tally: CountersState = field(default_factory=CountersState)
    regulations: list[Regulation] = field(default_factory=list)
    audiences: dict[str, Audience] = field(default_factory=dict)
    suppressed: dict[str, float] = field(default_factory=dict)
    suppressed_at: dict[str, dict[str, float]] = field(default_factory=dict)
    rate: tuple[int, int] = (0, 0)
    last_id: int = 0


def from_seed(seed: Mapping[str, Any]) -> WorkspaceState:
    """The Segment part of a world file.

    :raises TypeError: when an entry lacks a field or has an unknown one
    """
    return WorkspaceState(
        id=seed.get("workspace_id", WORKSPACE_ID),
        api_tokens=list(seed.get("api_tokens", ())),
        endpoints=dict(seed.get("endpoints", {})),
        sources=[_source(entry) for entry in seed["sources"]],
        destinations=[_destination(entry) for entry in seed.get("destinations", ())],
    )


def _source(entry: Mapping[str, Any]) -> Source:
    derived = {"id": id_of(f"source {entry['name']}"), "slug": slug_of(entry["name"])}
    given = {key: value for key, value in entry.items() if key != "write_key"}
    if "write_key" in entry:
        given["write_keys"] = [entry["write_key"]]
    return Source(**{**derived, **given})


def _destination(entry: Mapping[str, Any]) -> Destination:
    name = entry["name"]
    return Destination(**{"id": id_of(f"destination {name}"), "integration": name, "url": "", "enabled": True, **entry})


def slug_of(name: str) -> str:
    """Return a name as it is written in addresses."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def id_of(text: str, length: int = 22) -> str:
    """Return an id in Segment's form, letters and digits, always the same for one text."""
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    found = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        found += _DIGITS[digit]
    return found
