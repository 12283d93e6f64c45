"""The kinds of faults from ``fixtures/reference/fault-kinds.yaml``, and the effect that a fault selects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from tpmock.core import reference_data

When = Literal["before", "after"]
#: What a kind does to a call. ``replace``: another answer instead of the correct one. ``silence``: no answer.
#: ``spoil``: the correct answer with wrong bytes or type. ``transmit``: the correct answer, sent badly. ``delay``:
#: the correct answer, late. ``revoke``: the caller's credential is revoked first. ``send``: outgoing requests fail.
Stage = Literal["replace", "silence", "spoil", "transmit", "delay", "revoke", "send"]
#: Groups of operations: those of the served APIs, and those by which a sandbox sends requests.
Room = Literal["trustpilot", "segment-tracking", "segment-public", "out"]

TRUSTPILOT: Final = "trustpilot"
TRACKING: Final = "segment-tracking"
PUBLIC: Final = "segment-public"
#: The served APIs to which faults apply.
SERVED: Final[tuple[Room, ...]] = (TRUSTPILOT, TRACKING, PUBLIC)
OUT: Final = "out"

#: Real seconds that one caller may wait.
LONGEST_WAIT: Final = 30.0
FASTEST_DRIP: Final = 1_000_000
#: Seconds in ``Retry-After``.
LONGEST_RETRY_AFTER: Final = 86_400
STATUSES: Final = range(400, 600)
#: The forms of Trustpilot's own errors, and all forms that a fault can choose for a status.
VENDOR_SHAPES: Final = ("gateway", "api", "token", "html")
SHAPES: Final = (*VENDOR_SHAPES, "empty")

#: When a kind can apply, by its stage: the correct answer exists only after the call, its caller only before.
_WHENS: Final[Mapping[Stage, tuple[When, ...]]] = {
    **dict.fromkeys(get_args(Stage), ("before", "after")),
    **dict.fromkeys(("spoil", "transmit"), ("after",)),
    "revoke": ("before",),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. A kind is validated when it is created.

    :param meaning: a sentence for users
    :param stage: what it does to a call; each stage is applied in one place
    :param rooms: the groups of operations to which it applies
    :param whens: whether the call is performed before the fault applies, where the stage allows both; the first is the
        default. ``after`` is the lost answer: the work is done, the caller does not know
    :param takes: the argument that may follow its name; ``usual`` is the default
    :param status: of the answer
    :param shape: form of the answer
    :param code: the error code that the sender of a request sees, as in Segment's documentation (Event Delivery)
    :raises ValueError: when something that its stage needs is missing
    """

    name: str
    meaning: str
    stage: Stage
    rooms: tuple[Room, ...] = SERVED
    whens: tuple[When, ...] = ()
    takes: Literal["duration", "rate"] | None = None
    usual: float = 0.0
    status: int | None = None
    shape: str | None = None
    code: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rooms", tuple(self.rooms))
        object.__setattr__(self, "whens", tuple(self.whens) or _WHENS[self.stage])
        answers = self.status is not None or self.name == "status"
        if (self.stage == "replace") != answers:
            raise ValueError(f"{self.name}: an answer is replaced by a status, and by nothing else")
        if (self.stage == "send") != (self.rooms == (OUT,)):
            raise ValueError(f"{self.name}: the stage send is for what goes out, and nothing else is")
        if OUT in self.rooms and not answers and self.code is None:
            raise ValueError(f"{self.name}: what goes out has a status or an error code")


KINDS: Final[Mapping[str, Kind]] = {row["name"]: Kind(**row) for row in reference_data.read("fault-kinds")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The effect of a fault on a call.

    :param kind: a name from :data:`KINDS`
    :param when: whether the call is performed before it strikes
    :param status: for kinds that answer with a status
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
        """Return the effect in one-line syntax, without default values."""
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
    """Return an effect of that kind with default values.

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
    """Return seconds in one-line syntax: ``2s``, ``0.25s``."""
    return f"{number(seconds)}s"


def exact(value: float, digits: int = 6) -> float:
    """Round to the precision of the one-line syntax: a millionth of a second, 8 digits of a percentage."""
    return round(value, digits)


def number(value: float) -> str:
    """Return a number without needless digits."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
