"""The mock's own address, for links that it writes outside of a call, for example in webhooks."""

from __future__ import annotations

from typing import Final

#: The default address of ``tpmock serve``; never a vendor's host.
_UNKNOWN: Final = "http://127.0.0.1:8080"


class PublicUrl:
    """Scheme, host and port of the mock for callers, without a slash at the end.

    Unless it is set, the first call of the control API determines it: for ``tpmock serve`` that is its own probe,
    which uses the printed address; in process, the fixture's client.

    :param url: the address for links; None to learn it
    """

    def __init__(self, url: str | None = None) -> None:
        self._set = url
        self._learned: str | None = None

    @property
    def known(self) -> bool:
        """Return whether the address is known."""
        return self._learned is not None

    @property
    def local(self) -> str:
        """Return the address for programs on this machine: a container's published address may not work inside it."""
        return self._learned or str(self)

    def __str__(self) -> str:
        return self._set or self._learned or _UNKNOWN

    def learn(self, url: str) -> None:
        """Learn the address from a trusted caller."""
        self._learned = url
