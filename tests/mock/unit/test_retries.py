"""What each answer means by each of the policies that the sources know, and when Segment tries again."""

from __future__ import annotations

from itertools import accumulate

import pytest
from tpmock import spec
from tpmock.core.random_ids import RandomSource
from tpmock.outbound.http_client import HttpReply
from tpmock.segment import reasons, retries

POLICIES = spec.load("segment-destination").variants["retry_policy"].values

#: Which policies retry, status by status; the others give up. From the sources' own lists.
MATRIX: dict[int, frozenset[str] | set[str]] = {
    **dict.fromkeys((300, 301, 302, 303, 304, 307, 308), frozenset()),
    **dict.fromkeys((400, 401, 402, 403, 404, 405, 406, 407, 409, 411, 412, 413, 414, 415, 416, 418, 422), frozenset()),
    **dict.fromkeys((421, 424, 425, 426, 428, 431, 444, 451, 499), frozenset()),
    408: {"actions", "support-article"},
    410: {"support-article"},
    423: {"actions"},
    429: {"actions", "classic", "partner-faq", "support-article"},
    460: {"support-article"},
    **dict.fromkeys((500, 502, 503, 504), frozenset(POLICIES)),
    501: {"partner-faq", "webhooks"},
    505: {"actions", "partner-faq", "webhooks"},
    **dict.fromkeys((506, 507, 508, 510, 511, 520, 522, 524, 599), frozenset(POLICIES) - {"classic"}),
    # What no list knows is not tried again.
    **dict.fromkeys((100, 199, 600, 999), frozenset()),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("status", MATRIX)
def test_the_retry_matrix(status: int, policy: str) -> None:
    outcome, _ = retries.classify(HttpReply(status, {}, b"", None, 0.0), policy)
    assert outcome == ("retried" if policy in MATRIX[status] else "discarded")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 226, 299])
def test_every_success_is_one(status: int, policy: str) -> None:
    assert retries.classify(HttpReply(status, {}, b"", None, 0.0), policy)[0] == "delivered"


def test_the_document_names_only_policies_and_outcomes_there_are() -> None:
    for status, response in spec.load(retries.API).operations[retries.OPERATION].responses.items():
        said = response.extensions["x-delivery"]
        if isinstance(said, str):
            assert said in ("delivered", "discarded", "retried"), status
        else:
            assert said.keys() == {"retried"}, status
            assert set(said["retried"]) < set(POLICIES), status


def test_four_hours_of_growing_waits() -> None:
    waits = [retries.wait("four-hours", tries, RandomSource(tries)) for tries in range(1, 20)]
    assert all(wait is not None and 15 <= wait <= 1.5 * retries.LONGEST_WAIT for wait in waits)
    means = [
        sum(retries.wait("four-hours", tries, RandomSource(seed)) or 0 for seed in range(200)) / 200
        for tries in range(1, 8)
    ]
    assert means == sorted(means)
    assert len(set(waits)) == len(waits), "the waits are not randomised"


@pytest.mark.parametrize("seed", range(20))
def test_six_attempts_fit_into_four_hours(seed: int) -> None:
    chance = RandomSource(seed)
    waits = [retries.wait("six-attempts", tries, chance) for tries in range(1, 7)]
    assert waits[5] is None
    moments = list(accumulate(wait for wait in waits if wait is not None))
    assert len(moments) == 5
    assert 0.75 * retries.WINDOW < moments[-1] <= retries.WINDOW


def test_every_reason_has_a_sentence_and_a_step() -> None:
    for table, step in (
        ("ingest", "failed-on-ingest"),
        ("source", "filtered-at-source"),
        ("filtered", "filtered-at-destination"),
    ):
        for code, sentence in reasons.texts()[table].items():
            assert reasons.sentence(code) == sentence
            assert reasons.step_of(code) == step
            assert sentence.endswith(".")


@pytest.mark.parametrize("code", ["400", "418", "ETIMEDOUT", "ECONNREFUSED", "RETRY"])
def test_what_failed_says_whether_it_is_tried_again(code: str) -> None:
    assert reasons.sentence(reasons.discarded(code)).endswith("It is not tried again.")
    assert "tries again" in reasons.sentence(reasons.awaiting_retry(code))
    assert reasons.step_of(reasons.discarded(code)) == "failed-delivery"


def test_the_overview_spells_codes_its_own_way() -> None:
    assert reasons.bare("errors.awaiting-retry.ECONNREFUSED") == "EREFUSED"
    assert reasons.bare("errors.discarded.400") == "400"
    assert reasons.bare("UNSUPPORTED_EVENT_TYPE") == "UNSUPPORTED_EVENT_TYPE"
