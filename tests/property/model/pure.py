"""A small model of what Trustpilot's half must do: no HTTP, no validation, only what follows from what."""

from __future__ import annotations

from dataclasses import dataclass, field

ACCESS_LIFE = 360_000
REFRESH_LIFE = 30 * 86_400
MAIL_DELAY = 120


@dataclass
class Access:
    """An access token."""

    expires_at: float
    revoked: bool = False


@dataclass
class Refresh:
    """A refresh token and the number of the access token issued with it."""

    expires_at: float
    access: int
    used: bool = False


@dataclass
class Mail:
    """An invitation."""

    reference: str
    send_at: float


@dataclass
class Review:
    """A service review."""

    stars: int


@dataclass
class Model:
    """The state, in seconds since the machine began."""

    now: float = 0.0
    access: list[Access] = field(default_factory=list)
    refresh: list[Refresh] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    reviews: dict[str, Review] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def issue(self, *, refreshable: bool) -> None:
        """A grant succeeded."""
        self.access.append(Access(self.now + ACCESS_LIFE))
        if refreshable:
            self.refresh.append(Refresh(self.now + REFRESH_LIFE, len(self.access) - 1))

    def can_refresh(self, number: int) -> bool:
        """Whether a refresh token is still worth something."""
        token = self.refresh[number]
        return not token.used and self.now < token.expires_at

    def is_good(self, number: int) -> bool:
        """Whether an access token is still let in."""
        token = self.access[number]
        return not token.revoked and self.now < token.expires_at

    def revoke(self, number: int) -> None:
        """A refresh token was revoked, and with it the access token of the same hour."""
        token = self.refresh[number]
        if not token.used:
            token.used = True
            self.access[token.access].revoked = True

    def states(self) -> list[tuple[str, str]]:
        """Reference and state of every mail."""
        return [(mail.reference, "delivered" if mail.send_at <= self.now else "queued") for mail in self.mails]

    def stars(self) -> list[int]:
        """How many reviews there are of one, two, ... five stars."""
        given = [review.stars for review in self.reviews.values()]
        return [given.count(number) for number in range(1, 6)]
