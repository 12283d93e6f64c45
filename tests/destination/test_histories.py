"""Never two invitations, never a lost order without a record: after any history, on both databases.

``TPMOCK_HISTORIES=20000 pytest tests/destination/test_histories.py`` plays more of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from tpmock.destination.config import DestinationSettings
from tpmock.destination.service.assembly import Parts
from tpmock.destination.storage.ledger import Ledger, OrderState
from tpmock.destination.storage.vault import new_key
from tpmock.mutants.client_mutants import NoDedupe
from tpmock.server.app import MockApp

from tests.destination.conftest import Clock
from tests.destination.happenings import HOME, Deliver, Delivery, Disturbance, Fault, Happening, Loss, Restart, Wait
from tests.destination.histories import ORDERS, PAST_ANY_LEASE, PAST_ANY_TOKEN, World, judge

MORE = os.environ.get("TPMOCK_HISTORIES")
EXAMPLES = {"sqlite": int(MORE or 80), "postgresql": int(MORE or 100)}
# A step of an order that needs a new token is at most the twelfth.
STEPS = 12

copies = st.integers(0, 1)
deliveries = st.builds(Delivery, copies, st.integers(0, ORDERS - 1), st.integers(0, 1))
steps = st.integers(0, STEPS) | st.integers(0, 4)
disturbances = st.builds(Disturbance, steps, st.booleans(), st.none() | deliveries)
losses = st.builds(Loss, st.integers(0, 2), st.sampled_from(["refused", "lost", "answer"]))
happenings: st.SearchStrategy[Happening] = st.one_of(
    st.builds(Deliver, deliveries),
    st.builds(Deliver, deliveries, disturbances),
    st.builds(Deliver, deliveries, st.none() | disturbances, losses),
    st.builds(
        Fault,
        st.sampled_from(["createEmailInvitations", "createEmailInvitations", "createAccessToken"]),
        st.sampled_from([400, 401, 403, 429, 500, 503]),
    ),
    st.builds(Wait, st.sampled_from([1.0, 59.0, PAST_ANY_LEASE, PAST_ANY_TOKEN])),
    st.builds(Restart, copies),
)
histories = st.lists(happenings, min_size=1, max_size=10)


@pytest.fixture(scope="module")
def mock() -> Iterator[MockApp]:
    with MockApp() as made:
        yield made


@pytest.fixture
def ours(settings: DestinationSettings, database_url: str) -> DestinationSettings:
    return replace(
        settings,
        api_url=HOME,
        invitations_api_url=HOME,
        database_url=database_url,
        encryption_keys=(new_key(),),
    )


@pytest.fixture
def world(mock: MockApp, ours: DestinationSettings, clock: Clock) -> Iterator[World]:
    made = World(mock, ours, clock)
    yield made
    made.close()


def test_whatever_happens_an_order_is_invited_once_or_on_record(world: World, ours: DestinationSettings) -> None:
    examples = EXAMPLES[ours.database_url.partition(":")[0].partition("+")[0]]

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(histories, st.booleans())
    def play(history: list[Happening], login: bool) -> None:  # noqa: FBT001 - Hypothesis calls it
        judge(world.play(history, login=login))

    play()


class Hopeful(Ledger):
    """Takes what a crash left behind for never sent."""

    def sweep(self) -> int:
        return super().sweep()

    def _is_open(self, row: object) -> bool:
        state, leased_until = row.state, row.leased_until  # type: ignore[attr-defined]
        return super()._is_open(row) or (state == OrderState.RESERVED and leased_until <= self._now())


@pytest.mark.parametrize("ledger", [NoDedupe, Hopeful])
def test_the_judge_catches_a_ledger_that_is_wrong(
    mock: MockApp, ours: DestinationSettings, clock: Clock, ledger: type[Ledger]
) -> None:
    world = World(mock, ours, clock, Parts(ledger=ledger))

    def is_wrong(history: list[Happening]) -> bool:
        try:
            judge(world.play(history, login=False))
        except AssertionError:
            return True
        return False

    try:
        quickly = settings(
            max_examples=2000,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        assert find(histories, is_wrong, settings=quickly)
    except NoSuchExample:
        pytest.fail("The checks let this ledger pass.")
    finally:
        world.close()
