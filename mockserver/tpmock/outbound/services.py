"""Services that a sandbox provides to its Trustpilot world and its Segment workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tpmock.core.clock import Clock
from tpmock.core.memory import Memory
from tpmock.core.public_url import PublicUrl
from tpmock.core.random_ids import RandomSource
from tpmock.core.timeline import Timeline
from tpmock.journal.traces import Traces
from tpmock.outbound.sender import Outbound


@dataclass(eq=False, repr=False, kw_only=True)
class SandboxServices:
    """The services of one sandbox, the base of its world and its workspace.

    :param random: for ids, the same for the same seed
    :param secrets: for keys and tokens, different in every sandbox
    :param variants: the sandbox's variants
    :param memory: the sandbox's memory budget
    :param traces: records the steps of orders
    :param on_credential: called with every new credential by which the sandbox can be found
    :param off_credential: called when one is removed
    :param public_url: the mock's address, for links that are written outside a call
    """

    clock: Clock
    random: RandomSource
    secrets: RandomSource
    schedule: Timeline
    variants: Mapping[str, str]
    memory: Memory
    traces: Traces
    outbound: Outbound
    on_credential: Callable[[str], None]
    off_credential: Callable[[str], None]
    public_url: PublicUrl

    def now(self) -> float:
        """Return the sandbox's time."""
        return self.clock.now()
