"""What a slide of the demo shows: real things, such as an email or a webhook's body, in a form that projects.

The templates draw each class by its name. Rows that do not fit a slide are counted on it, and all of them stand in the
presenter's window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

#: ``good``, ``bad`` and ``warn`` are colors with a word beside them; ``calm`` is neither.
Tone = Literal["good", "bad", "warn", "calm"]
#: A cell of a table.
Cells = tuple[str, ...]
#: Maximum number of rows that fit on a slide.
_FITS: Final = 9
#: Maximum number of characters of a finding on a slide.
_READ_ALOUD: Final = 150


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values, such as those of an event.

    :ivar rows: pairs of a name and its value
    """

    caption: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many got how far, as Segment's Delivery Overview shows it.

    :ivar steps: triples of a step, its count, and its tone
    """

    caption: str
    steps: Sequence[tuple[str, int, Tone]]


@dataclass(frozen=True, slots=True)
class Mail:
    """An email as its recipient sees it."""

    caption: str
    sender: str
    recipient: str
    subject: str
    text: str
    button: str = ""


@dataclass(frozen=True, slots=True)
class ReviewCard:
    """A review with its reply, as the public API returns both."""

    caption: str
    stars: int
    title: str
    text: str
    author: str
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Text that a program sent or a person types."""

    caption: str
    text: str


@dataclass(frozen=True, slots=True)
class LoginPage:
    """A login page by its own words.

    :ivar labels: labels of its fields
    :ivar buttons: labels of its buttons
    """

    caption: str
    address: str
    heading: str
    asks: str
    labels: Sequence[str]
    buttons: Sequence[str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in large type.

    :ivar tones: the tone of each row, if they have any
    """

    caption: str
    headings: Cells
    rows: Sequence[Cells]
    tones: Sequence[Tone] = ()

    @property
    def shown(self) -> Sequence[Cells]:
        """Return the rows that fit."""
        return self.rows[:_FITS]

    @property
    def more(self) -> int:
        """Return how many rows do not fit."""
        return len(self.rows) - len(self.shown)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of Segment: when, what was answered, and the message."""

    at: str
    status: str
    message: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts in their order, as a timeline."""

    caption: str
    attempts: Sequence[Attempt]


@dataclass(frozen=True, slots=True)
class Bars:
    """Calls per window of time beside the recommended maximum.

    :ivar values: calls of each window
    :ivar ceiling: recommended maximum per window
    :ivar unit: what a window is, such as ``5 minutes``
    """

    caption: str
    values: Sequence[int]
    ceiling: int
    unit: str

    @property
    def top(self) -> int:
        """Return the largest number of the drawing."""
        return max(self.ceiling, *self.values, 1)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers with what they count."""

    caption: str
    counts: Sequence[tuple[int, str, Tone]]


Artefact = Fields | Funnel | Mail | ReviewCard | Code | LoginPage | Grid | Attempts | Bars | Counts


@dataclass(slots=True)
class Finding:
    """One observation. ``ok``: whether it is as expected; None for a fact without expectation.

    :ivar source: where it was seen, such as a request
    """

    text: str
    ok: bool | None = None
    source: str = ""

    @property
    def brief(self) -> str:
        """Return the text as far as it fits on a slide; the presenter's window has all of it."""
        first = self.text.splitlines()[0] if self.text else ""
        return first if len(first) <= _READ_ALOUD else f"{first[: _READ_ALOUD - 1].rstrip()}…"


@dataclass(slots=True)
class Table:
    """Table of the presenter's window."""

    caption: str
    headings: Cells
    rows: Sequence[Cells]


@dataclass(slots=True)
class Slide:
    """One idea: artefacts side by side, and what was found.

    :ivar flows: whether each artefact leads to the next
    """

    caption: str
    artefacts: list[Artefact] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    flows: bool = False

    @property
    def shown(self) -> list[Finding]:
        """Return the findings that fit on the slide: what failed first, then checks, then facts."""
        rank = {False: 0, True: 1, None: 2}
        return sorted(self.findings, key=lambda finding: rank[finding.ok])[:3]

    @property
    def more(self) -> tuple[int, int]:
        """Return how many other findings there are, and how many of them failed."""
        shown = self.shown
        others = [finding for finding in self.findings if not any(finding is one for one in shown)]
        return len(others), sum(finding.ok is False for finding in others)


@dataclass(slots=True)
class SceneResult:
    """Result of a scene.

    :ivar slides: at least one as soon as something was found
    :ivar tables: all rows, for the presenter's window
    :ivar orders: numbers of the orders to trace
    :ivar exchanges: entries of the journal, oldest first
    """

    slides: list[Slide] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    exchanges: list[dict[str, Any]] = field(default_factory=list)

    def slide(self, caption: str, *artefacts: Artefact, flows: bool = False) -> Slide:
        """Begin a slide; what is noted next stands on it."""
        made = Slide(caption, list(artefacts), flows=flows)
        self.slides.append(made)
        return made

    def show(self, *artefacts: Artefact) -> None:
        """Add artefacts to the newest slide."""
        self.slides[-1].artefacts += artefacts

    def note(self, text: str, *, ok: bool | None = None, source: str = "") -> None:
        """Add an observation to the newest slide."""
        if not self.slides:
            self.slide("")
        self.slides[-1].findings.append(Finding(text, ok, source))

    def table(self, caption: str, headings: Cells, rows: Iterable[Iterable[object]]) -> None:
        """Add a table to the presenter's window."""
        self.tables.append(Table(caption, headings, [tuple(map(str, row)) for row in rows]))

    @property
    def findings(self) -> list[Finding]:
        """Return the observations of all slides."""
        return [finding for slide in self.slides for finding in slide.findings]

    @property
    def counted(self) -> tuple[int, int]:
        """Return how many checks passed, and how many ran."""
        checks = [finding.ok for finding in self.findings if finding.ok is not None]
        return sum(checks), len(checks)

    @property
    def ok(self) -> bool:
        """Return whether all checks were as expected."""
        return all(finding.ok is not False for finding in self.findings)
