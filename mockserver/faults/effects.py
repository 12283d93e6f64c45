"""What a fault can do: the closed list of effects, each with its sentence, and one effect as it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

When = Literal["before", "after"]
#: Where operations live: those of the APIs that are served, and those by which a sandbox speaks to the outside.
Room = Literal["trustpilot", "segment-tracking", "segment-public", "out"]

TRUSTPILOT: Final = "trustpilot"
TRACKING: Final = "segment-tracking"
PUBLIC: Final = "segment-public"
#: The APIs that are served and can be struck.
SERVED: Final = (TRUSTPILOT, TRACKING, PUBLIC)
OUT: Final = "out"

#: Real seconds for which one caller may be kept waiting.
LONGEST_WAIT: Final = 30.0
FASTEST_DRIP: Final = 1_000_000
#: Seconds in ``Retry-After``.
LONGEST_RETRY_AFTER: Final = 86_400
STATUSES: Final = range(400, 600)
#: The forms of Trustpilot's own errors, and all forms a status can be told to have.
VENDOR_SHAPES: Final = ("gateway", "api", "token", "html")
SHAPES: Final = (*VENDOR_SHAPES, "empty")

_BOTH: Final[tuple[When, ...]] = ("before", "after")
_COMING_IN: Final[tuple[Room, ...]] = SERVED


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can go wrong.

    :param meaning: a sentence for a person
    :param rooms: whose operations it can strike
    :param whens: whether the call is performed before it strikes; the first is meant when nothing is said. ``after``
        is the lost answer: the work was done, the caller does not know
    :param takes: what may stand behind its name, and ``usual`` is what is meant when nothing does
    :param status: what it answers with
    :param shape: in which form
    """

    name: str
    meaning: str
    rooms: tuple[Room, ...]
    whens: tuple[When, ...]
    takes: Literal["duration", "rate"] | None = None
    usual: float = 0.0
    status: int | None = None
    shape: str | None = None


_ALL: Final = (
    Kind("status", "This status is answered, in the form documented for it.", (*_COMING_IN, OUT), _BOTH),
    Kind("delay", "The answer is right and comes late.", _COMING_IN, _BOTH, "duration", 2.0),
    Kind(
        "timeout",
        "No answer comes: the connection is held so long, then cut. What goes out is counted as timed out at once.",
        (*_COMING_IN, OUT),
        _BOTH,
        "duration",
        LONGEST_WAIT,
    ),
    Kind("cut", "The connection is cut before anything is answered.", _COMING_IN, _BOTH),
    Kind("cut-body", "The connection is cut in the middle of the right answer.", _COMING_IN, ("after",)),
    Kind("stall", "Status and headers come at once, the body so much later.", _COMING_IN, ("after",), "duration", 10.0),
    Kind("drip", "The body comes so many bytes a second, within 30 s.", _COMING_IN, ("after",), "rate", 20.0),
    Kind("broken-json", "The right status and type, and half of the body: it is no JSON.", _COMING_IN, ("after",)),
    Kind("wrong-type", "The right answer, called text/plain.", _COMING_IN, ("after",)),
    Kind("html", "The content network's HTML page instead of JSON.", (TRUSTPILOT,), _BOTH, status=403, shape="html"),
    Kind("empty", "A 520 without a body.", _COMING_IN, _BOTH, status=520, shape="empty"),
    Kind("token-revoked", "The access token of the call is revoked, for good.", (TRUSTPILOT,), ("before",)),
    Kind(
        "unit-suspended",
        "Refused as for a business unit that Trustpilot has suspended.",
        (TRUSTPILOT,),
        ("before",),
        status=403,
        shape="suspended",
    ),
    Kind("refused", "The connection to the receiver is refused.", (OUT,), ("before",)),
    Kind("reset", "The receiver breaks the connection off.", (OUT,), _BOTH),
    Kind("dns", "The receiver's name is not found.", (OUT,), ("before",)),
)
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _ALL}

#: What the sender of a request sees of these, as Segment writes it (Event Delivery, error codes).
CODES: Final[Mapping[str, str]] = {
    "timeout": "ETIMEDOUT",
    "cut": "ECONNRESET",
    "cut-body": "ECONNRESET",
    "refused": "ECONNREFUSED",
    "reset": "ECONNRESET",
    "dns": "ENOTFOUND",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What goes wrong with a call.

    :param kind: a name from :data:`KINDS`
    :param when: whether the call is performed before it strikes
    :param status: of the kinds that answer with one
    :param shape: one of :data:`SHAPES`; None for the form that the document has for the status
    :param retry_after: seconds in ``Retry-After``; None for no such header
    :param delay: real seconds before the answer
    :param hold: real seconds that ``timeout`` and ``stall`` last
    :param rate: bytes a second of ``drip``
    """

    kind: str
    when: When
    status: int | None = None
    shape: str | None = None
    retry_after: int | None = None
    delay: float = 0.0
    hold: float = 0.0
    rate: int = 0

    @property
    def text(self) -> str:
        """As it is written in a line; what goes without saying is left out."""
        kind = KINDS[self.kind]
        words = [str(self.status) if self.kind == "status" else self.kind]
        if self.kind == "delay":
            words.append(duration(self.delay))
        elif kind.takes == "duration" and self.hold != kind.usual:
            words.append(duration(self.hold))
        elif kind.takes == "rate" and self.rate != kind.usual:
            words.append(str(self.rate))
        if self.shape != kind.shape:
            words.append(f"as {self.shape}")
        if self.retry_after is not None:
            words.append(f"retry-after {self.retry_after}")
        if self.delay and self.kind != "delay":
            words.append(f"delay {duration(self.delay)}")
        if self.when != kind.whens[0]:
            words.append(self.when)
        return " ".join(words)


def usual(kind: str, status: int | None = None) -> Effect:
    """An effect of that kind with nothing particular said.

    :param status: for the kind ``status``
    """
    of = KINDS[kind]
    waits = of.usual if of.takes == "duration" else 0.0
    return Effect(
        kind=kind,
        when=of.whens[0],
        status=status if kind == "status" else of.status,
        shape=of.shape,
        delay=waits if kind == "delay" else 0.0,
        hold=0.0 if kind == "delay" else waits,
        rate=int(of.usual) if of.takes == "rate" else 0,
    )


def duration(seconds: float) -> str:
    """Seconds as they are written in a line: ``2s``, ``0.25s``."""
    return f"{number(seconds)}s"


def exact(value: float, digits: int = 6) -> float:
    """As exact as a line can tell it: a millionth of a second, with 8 digits a millionth of a per cent."""
    return round(value, digits)


def number(value: float) -> str:
    """A number without needless digits."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
