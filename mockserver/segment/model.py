"""The Segment things of a sandbox, as plain records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from mockserver.segment.tally import TallyState
from mockserver.traces import Join

Json = dict[str, Any]
State = Literal["pending", "delivered", "discarded", "awaiting-retry", "filtered"]
Kind = Literal["direct", "webhook", "function"]

#: The id of the HTTP API among the catalogue's sources, as the documentation's own page for it has it.
HTTP_API: Final = "iUM16Md8P2"
#: The id of a workspace whose world file gives none.
WORKSPACE_ID: Final = "9aQ1Lj62S4bomZKLF4DPqW"


@dataclass(slots=True, kw_only=True)
class Source:
    """Where events come from.

    :param name: unique in its workspace; events remember it
    :param write_keys: any of them lets events in
    :param metadata_id: what it is in the catalogue
    :param oauth_required: whether events need an OAuth token beside the write key
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

    :param condition: FQL; the actions are taken where it is true
    :param actions: as the Public API has them: ``type`` and, by type, ``fields``, ``percent`` and ``path``
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
    """What makes a destination a webhook: it gets the event as it is.

    :param more_urls: where it goes besides the destination's own address
    :param headers: what is sent beside Segment's own
    :param secret: signs the body; empty: nothing is signed
    """

    more_urls: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    secret: str = ""


@dataclass(slots=True, kw_only=True)
class FunctionOptions:
    """What makes a destination a function of the user's.

    :param code: JavaScript
    :param handlers: which of ``onTrack`` and the others it has
    :param api_url: where the function's calls to vendors' hosts go instead
    """

    code: str
    handlers: list[str]
    settings: Json = field(default_factory=dict)
    api_url: str = ""


@dataclass(slots=True)
class Destination:
    """One instance of a destination.

    :param name: of the instance, unique in its workspace
    :param url: where it posts; empty: where the catalogue says, see :attr:`Workspace.endpoints`
    :param settings: what its form asks for; ``apiKey`` is the only setting of the catalogue's Trustpilot destination
    :param integration: the name of the catalogue's entry, by which an event's ``integrations`` means all its instances
    :param source: the id of the one it is connected to; None: to all
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
        """By which mechanism events get there."""
        if self.function is not None:
            return "function"
        return "direct" if self.webhook is None else "webhook"

    @property
    def api_key(self) -> str:
        """The setting that goes as Basic user name; empty when there is none."""
        key = self.settings.get("apiKey", "")
        return key if isinstance(key, str) else ""


@dataclass(slots=True, kw_only=True)
class OauthApp:
    """An application that gets tokens by signing assertions.

    :param public_keys: PEM by key id
    :param scopes: what its tokens may be good for
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
    """What a regulation does at one destination of one source.

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
    """A request to suppress or delete what is known of people.

    :param source: the id of the one it is about; None: all of the workspace
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


@dataclass(slots=True)
class Event:
    """A message as Segment stores it, or one it dropped, with the reason.

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
    """One try to deliver.

    :param message: what the destination said to the customer
    :param answer: the beginning of what came back, or what a function wrote to its console
    :param url: where it went, when it is not the destination's own address
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
    """One event on its way to one destination.

    :param replay: sent once more by request
    :param tries: how many were in vain
    :param message: what the destination's filters left of the event's; None when they changed nothing
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
        """The event as the destination gets it."""
        return self.event if self.message is None else replace(self.event, message=self.message)


@dataclass(slots=True, kw_only=True)
class WorkspaceState:
    """Everything a workspace holds: what it is made from, and what it gives when its state is kept.

    :param id: Segment's id of the workspace
    :param api_tokens: they open the Public API
    :param endpoints: where the destinations of a catalogue entry post that have no address of their own, by its name
    :param deliveries: those the workspace lists, and those it lists no more but has still to make
    :param under_way: their numbers
    :param seen: scope and message id of what came, and when
    :param gathering: by destination, the deliveries that wait for a batch to form
    :param tally: how many events reached which step
    :param suppressed: user ids whose events are dropped, and since when
    :param suppressed_at: by source id, the same for one source
    :param rate: the last second in which a call came, and how many came in it
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
    tally: TallyState = field(default_factory=TallyState)
    regulations: list[Regulation] = field(default_factory=list)
    suppressed: dict[str, float] = field(default_factory=dict)
    suppressed_at: dict[str, dict[str, float]] = field(default_factory=dict)
    rate: tuple[int, int] = (0, 0)
    last_id: int = 0


def from_seed(seed: Mapping[str, Any]) -> WorkspaceState:
    """The Segment part of a world file.

    :raises TypeError: when an entry lacks a field or has one too many
    """
    sources = [_source(entry) for entry in seed["sources"]]
    return WorkspaceState(
        id=seed.get("workspace_id", WORKSPACE_ID),
        api_tokens=list(seed.get("api_tokens", ())),
        endpoints=dict(seed.get("endpoints", {})),
        sources=sources,
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
    """A name as it stands in addresses."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


_DIGITS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def id_of(text: str, length: int = 22) -> str:
    """An id of the form that Segment gives things, letters and digits, always the same for one text."""
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    found = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        found += _DIGITS[digit]
    return found
