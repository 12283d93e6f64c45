"""Each mutant does its one wrong thing, where the real destination does the right one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tpmock.destination.config import DestinationSettings
from tpmock.destination.web.app import create_app
from tpmock.mutants import client_mutants
from tpmock.mutants.catalogue import CRUDE, MUTANTS, SENTENCES, create_mutant

from tests.destination.conftest import EMAIL, Answer, StubTrustpilot, Subject, order_completed, run_module


def statuses(subject: Subject, *events: object) -> list[int]:
    return [subject.post(event).status_code for event in events]


def any_key(subject: Subject, _: StubTrustpilot) -> object:
    return subject.post(order_completed(), key="another person's").status_code


def other_event(subject: Subject, trustpilot: StubTrustpilot) -> object:
    subject.post({**order_completed(), "event": "Order Refunded"})
    return len(trustpilot.calls)


def identify(subject: Subject, _: StubTrustpilot) -> object:
    return subject.post({"type": "identify", "messageId": "m", "traits": {"email": EMAIL}}).status_code


def no_email(subject: Subject, _: StubTrustpilot) -> object:
    return subject.post(order_completed(email=None)).status_code


def no_order_id(subject: Subject, _: StubTrustpilot) -> object:
    return subject.post(order_completed(None)).status_code


def same_event(subject: Subject, trustpilot: StubTrustpilot) -> object:
    return statuses(subject, order_completed(), order_completed()), len(trustpilot.calls)


def same_order(subject: Subject, trustpilot: StubTrustpilot) -> object:
    events = order_completed(1, "a"), order_completed(1, "b"), order_completed(1, "b")
    return statuses(subject, *events), len(trustpilot.calls)


def two_orders(subject: Subject, trustpilot: StubTrustpilot) -> object:
    return statuses(subject, order_completed(1), order_completed(2)), len(trustpilot.token_calls)


def stale_token(subject: Subject, trustpilot: StubTrustpilot) -> object:
    trustpilot.script = [Answer(401), Answer(401)]
    return statuses(subject, order_completed()), len(trustpilot.token_calls)


def always_401(subject: Subject, trustpilot: StubTrustpilot) -> object:
    trustpilot.script = [Answer(401)] * 50
    return statuses(subject, order_completed()), len(trustpilot.token_calls)


def refused_with(status: int) -> Callable[[Subject, StubTrustpilot], object]:
    def provoke(subject: Subject, trustpilot: StubTrustpilot) -> object:
        trustpilot.script = [Answer(status)]
        return statuses(subject, order_completed())

    return provoke


def address_in_message(subject: Subject, _: StubTrustpilot) -> object:
    return EMAIL in subject.post(order_completed()).text


def words_of_refusals(subject: Subject, _: StubTrustpilot) -> object:
    refusals = subject.post(order_completed(), key="wrong"), subject.post(order_completed(None))
    return [(refusal.status_code, bool(refusal.data)) for refusal in refusals]


def field(name: str) -> Callable[[Subject, StubTrustpilot], object]:
    def provoke(subject: Subject, trustpilot: StubTrustpilot) -> object:
        subject.post(order_completed(1001, "m-1"))
        return trustpilot.calls[0].json[name]

    return provoke


def slow_answer(subject: Subject, trustpilot: StubTrustpilot) -> object:
    trustpilot.script = [Answer(delay=0.4)]
    return statuses(subject, order_completed()), len(trustpilot.calls)


# name: what is done, what comes of it when done right, what comes of it here
BEHAVIOR: dict[str, tuple[Callable[[Subject, StubTrustpilot], object], object, object]] = {
    "accepts-any-key": (any_key, 401, 200),
    "invites-on-any-event": (other_event, 0, 1),
    "invites-on-identify": (identify, 501, 200),
    "ignores-missing-email": (no_email, 400, 200),
    "ignores-missing-order-id": (no_order_id, 400, 200),
    "no-dedupe": (same_event, ([200, 200], 1), ([200, 200], 2)),
    "dedupes-by-message-id-only": (same_order, ([200, 200, 200], 1), ([200, 200, 200], 2)),
    "new-token-per-order": (two_orders, ([200, 200], 1), ([200, 200], 2)),
    "never-renews-token": (stale_token, ([401], 2), ([401], 1)),
    "drops-on-429": (refused_with(429), [429], [200]),
    "drops-on-500": (refused_with(500), [503], [200]),
    "retries-for-ever": (always_401, ([401], 2), ([401], 10)),
    "hides-403": (refused_with(403), [403], [200]),
    "leaks-email": (address_in_message, False, True),
    "silent": (words_of_refusals, [(401, True), (400, True)], [(401, False), (400, False)]),
    "wrong-reference": (field("referenceNumber"), "1001", "m-1"),
    "first-name-only": (field("consumerName"), "Ada Byron", "Ada"),
    "times-out-twice": (slow_answer, ([202], 1), ([200], 2)),
}


@contextmanager
def subject_of(settings: DestinationSettings, name: str | None) -> Iterator[Subject]:
    made = Subject(create_app(settings) if name is None else create_mutant(name, settings))
    yield made
    made.close()


@pytest.fixture
def impatient(settings: DestinationSettings, monkeypatch: pytest.MonkeyPatch) -> DestinationSettings:
    monkeypatch.setattr(client_mutants, "IMPATIENT", 0.2)
    return replace(settings, timeout=0.2)


def test_every_behaviour_is_a_mutant_s() -> None:
    # What the others do wrong is shown by the kill matrix (tests/kit), against a real mock.
    assert set(BEHAVIOR) < set(MUTANTS)


@pytest.mark.parametrize("name", BEHAVIOR)
def test_a_mutant_does_its_one_wrong_thing(
    name: str, impatient: DestinationSettings, trustpilot: StubTrustpilot
) -> None:
    provoke, _, wrong = BEHAVIOR[name]
    with subject_of(impatient, name) as subject:
        assert provoke(subject, trustpilot) == wrong


@pytest.mark.parametrize("name", BEHAVIOR)
def test_the_real_destination_does_it_right(
    name: str, impatient: DestinationSettings, trustpilot: StubTrustpilot
) -> None:
    provoke, right, _ = BEHAVIOR[name]
    with subject_of(impatient, None) as subject:
        assert provoke(subject, trustpilot) == right


@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in CRUDE])
def test_a_mutant_is_right_about_an_ordinary_order(
    name: str, settings: DestinationSettings, trustpilot: StubTrustpilot, tmp_path: Path
) -> None:
    with subject_of(replace(settings, outcome_folder=str(tmp_path / "outcomes")), name) as subject:
        assert subject.post(order_completed()).status_code == 200
    # One of them tries an older path before.
    documented = [call for call in trustpilot.calls if "/email-invitations" in call.path]
    assert [call.json["consumerEmail"] for call in documented] == [EMAIL]


def test_the_list_has_a_sentence_for_each() -> None:
    lines = run_module("tpmock.mutants", "--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(SENTENCES)
    assert all(line.endswith(".") for line in lines)


def test_an_unknown_mutant_is_refused() -> None:
    ended = run_module("tpmock.mutants", "perfect")
    assert ended.returncode == 2
    assert "perfect" in ended.stderr
