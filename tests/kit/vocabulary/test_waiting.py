"""Real time for a subject's own clock: how long, for what, and never for others."""

from __future__ import annotations

import pytest
from tpmock.common import real_time
from tpmock.kit.subjects.mock_client import Item, SandboxClient
from tpmock.kit.subjects.subjects import Pace
from tpmock.kit.vocabulary.observation import ReceivedAnswer
from tpmock.kit.vocabulary.waiting import Waiting, refused_by_itself

from tests.kit.stub import StubMock


class Journaled(StubMock):
    """A mock whose journal a test writes."""

    def __init__(self) -> None:
        super().__init__()
        self.journal: list[Item] = []
        self.looks = 0

    def request(self, method: str, url: str, body: object = None, *more: object, **options: object) -> Item:
        if "/journal?" not in url:
            return super().request(method, url, body, *more, **options)
        self.looks += 1
        since = int(url.partition("since=")[2].partition("&")[0])
        return {"journal": [entry for entry in self.journal if entry["id"] > since]}

    def delivered(self, status: int, **headers: str) -> None:
        said = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
        self.journal.append(self._entry("out", "segment-destination", "deliver", status) | {"response": said})

    def called(self) -> None:
        self.journal.append(self._entry("in", "trustpilot", "createEmailInvitations", 202))

    def _entry(self, direction: str, api: str, operation: str, status: int) -> Item:
        named = {"direction": direction, "api": api, "operation": operation, "status": status}
        return {"id": len(self.journal) + 1, **named}


@pytest.fixture
def mock() -> Journaled:
    return Journaled()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(real_time, "pause", made.append)
    monkeypatch.setattr(real_time, "monotonic", lambda: sum(made))
    return made


def waiting(mock: StubMock, **pace: float) -> Waiting:
    return Waiting(SandboxClient(mock, "main", {}, {}), Pace(**pace), 0)


@pytest.mark.parametrize(
    ("header", "seconds"), [("2", 2.0), ("60", 5.0), ("0", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 5.0)]
)
def test_it_waits_as_long_as_the_subject_said_and_no_longer_than_the_bound(
    mock: Journaled, pauses: list[float], header: str, seconds: float
) -> None:
    mock.delivered(503, retry_after=header)
    waiting(mock, patience=5.0).before_retry([])
    assert pauses == [seconds]


def test_without_the_header_it_waits_the_bound(mock: Journaled, pauses: list[float]) -> None:
    mock.delivered(429)
    waiting(mock, patience=0.3).before_retry([])
    assert pauses == [0.3]


@pytest.mark.parametrize("status", [200, 202, 400, 401, 501])
def test_a_final_answer_is_waited_for_by_nobody(mock: Journaled, pauses: list[float], status: int) -> None:
    mock.delivered(status)
    waiting(mock, patience=5.0).before_retry([])
    assert pauses == []


def test_each_refusal_is_waited_for_once(mock: Journaled, pauses: list[float]) -> None:
    mock.delivered(503)
    wait = waiting(mock, patience=1.0)
    answers = [ReceivedAnswer(503, retry_after="3")]
    wait.before_retry(answers)
    wait.before_retry(answers)
    assert pauses == [1.0]
    wait.before_retry([ReceivedAnswer(429)])
    assert pauses == [1.0, 1.0]
    assert wait.said() == (
        "The kit waited 2 times in real time before a retry, 2 s in all: as long as the subject's Retry-After said, "
        "at most 1 s (own-patience)."
    )


def test_a_subject_that_claims_nothing_is_not_even_looked_at(mock: Journaled, pauses: list[float]) -> None:
    mock.delivered(503, retry_after="2")
    wait = waiting(mock)
    wait.before_retry([])
    wait.for_queue()
    assert (pauses, mock.looks, wait.said()) == ([], 0, "")


def test_a_queue_is_at_rest_after_its_longest_silence(mock: Journaled, pauses: list[float]) -> None:
    waiting(mock, quiet=0.5).for_queue()
    assert 0.5 <= sum(pauses) < 0.6


def test_a_call_of_the_queue_begins_the_silence_anew(
    mock: Journaled, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 10:
            mock.called()

    monkeypatch.setattr(real_time, "pause", pause)
    waiting(mock, quiet=0.5).for_queue()
    assert 0.7 <= sum(pauses) < 0.8


def test_a_queue_that_never_rests_is_left_alone_in_the_end(
    mock: Journaled, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def pause(seconds: float) -> None:
        pauses.append(seconds)
        mock.called()

    monkeypatch.setattr(real_time, "pause", pause)
    waiting(mock, quiet=0.1).for_queue()
    assert 1.0 <= sum(pauses) < 1.1


def test_refusals_without_a_call_to_trustpilot_are_counted(mock: Journaled) -> None:
    for _ in range(3):
        mock.delivered(503)
    mock.called()
    assert refused_by_itself(mock.journal) == 2


def test_the_wait_is_real() -> None:
    started = real_time.monotonic()
    real_time.pause(0.01)
    assert real_time.monotonic() - started >= 0.01
