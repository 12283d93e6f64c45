"""Limits guesses of integration keys without blocking a thread: refuses further keys for a while.

The same wrong key sent again counts as a wrong setting, not as a guess, and is answered 401 as before. A key that
an address has used with success is always looked up, so that other users of that address are not locked out.
Each copy of the service counts for itself.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from tpmock.destination.rules.messages import Refusal, refuse
from tpmock.destination.rules.values import Clock
from tpmock.destination.storage.vault import key_hash

FREE: Final = 20
"""Wrong keys that an address may try without a delay."""

AT_ONCE: Final = 16
"""New keys of an address that are looked up at the same time."""

FIRST_DELAY: Final = 1.0
LONGEST_DELAY: Final = 300.0
"""Seconds; the delay doubles with each further wrong key."""

FORGIVEN_AFTER: Final = 3600.0
"""Seconds without a wrong key, after which an address begins anew."""

ADDRESSES: Final = 4_096
"""Addresses that are remembered; the one that was heard of least recently is forgotten."""

KEYS: Final = 64
"""Keys of each kind that are remembered of an address."""

_NETWORK: Final = 64
"""Bits of an IPv6 address that one customer of a provider has, at least."""


@dataclass(slots=True)
class _Caller:
    """State of one address. Keys are hashes."""

    wrong: int = 0
    until: float = 0.0
    last: float = 0.0
    good: OrderedDict[str, None] = field(default_factory=OrderedDict)
    bad: OrderedDict[str, None] = field(default_factory=OrderedDict)
    looking: set[str] = field(default_factory=set)


class KeyGuesses:
    """Counts the wrong keys of each address."""

    def __init__(self, now: Clock = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._callers: OrderedDict[str, _Caller] = OrderedDict()

    @contextmanager
    def trying(self, address: str, key: str | None) -> Iterator[None]:
        """Look a key up within the block, which raises ``wrong-key`` when it is none.

        :param address: of the caller
        :raises Refusal: 429, with the seconds to wait, when the address has tried too many wrong keys
        """
        if not key:
            yield
            return
        network, hashed = network_of(address), key_hash(key)
        self._begin(network, hashed)
        outcome: bool | None = None
        try:
            yield
            outcome = True
        except Refusal as refusal:
            outcome = False if refusal.reply.name == "wrong-key" else None
            raise
        finally:
            self._end(network, hashed, outcome)

    def _begin(self, network: str, hashed: str) -> None:
        now = self._now()
        with self._lock:
            caller = self._callers.setdefault(network, _Caller())
            self._callers.move_to_end(network)
            if now - caller.last > FORGIVEN_AFTER:
                caller.wrong, caller.until = 0, 0.0
                caller.bad.clear()
            known = hashed in caller.good or hashed in caller.bad or hashed in caller.looking
            wait = caller.until - now if caller.until > now else 1.0 * (len(caller.looking) >= AT_ONCE)
            if wait and not known:
                raise refuse("too-many-keys", wait=ceil(wait))
            caller.looking.add(hashed)
            while len(self._callers) > ADDRESSES:
                self._callers.popitem(last=False)

    def _end(self, network: str, hashed: str, outcome: bool | None) -> None:  # noqa: FBT001 - found, not found, unknown
        with self._lock:
            caller = self._callers.get(network)
            if caller is None:
                return
            caller.looking.discard(hashed)
            if outcome is True:
                caller.bad.pop(hashed, None)
                _note(caller.good, hashed)
            elif outcome is False:
                caller.good.pop(hashed, None)
                if hashed not in caller.bad:
                    caller.wrong += 1
                    caller.last = self._now()
                    if caller.wrong >= FREE:
                        # The exponent is bounded too: guesses may go on for days.
                        delay = FIRST_DELAY * 2.0 ** min(caller.wrong - FREE, 16)
                        caller.until = caller.last + min(LONGEST_DELAY, delay)
                _note(caller.bad, hashed)


def network_of(address: str) -> str:
    """Return what stands for a caller: an IPv4 address, or the network of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), _NETWORK), strict=False))
    return str(found)


def _note(keys: OrderedDict[str, None], hashed: str) -> None:
    keys[hashed] = None
    keys.move_to_end(hashed)
    while len(keys) > KEYS:
        keys.popitem(last=False)
