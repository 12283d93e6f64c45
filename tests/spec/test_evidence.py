"""Evidence: status and body apart, no level that its source does not carry, and sources that can be opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from tpmock import spec
from tpmock.common import package_data
from tpmock.spec.model import LEVELS, Claim

ROOT = Path(__file__).parents[2]
#: What the seeds state of an answer: an operation, a status, and whether it is the status or the body.
SEEDS = (
    ("createAccessToken", "200", "body"),
    ("findBusinessUnit", "200", "body"),
    ("checkPartnerEligibility", "200", "status"),
    ("checkPartnerEligibility", "201", "status"),
    ("checkPartnerEligibility", "403", "status"),
    ("createPartnerCustomerKey", "200", "status"),
    ("createPartnerCustomerKey", "201", "status"),
    ("createPartnerCustomerKey", "403", "status"),
    ("createPartnerCustomerKey", "404", "status"),
    ("listBusinessUnitLocations", "200", "body"),
    ("listProductReviews", "200", "body"),
)


def raw(api: str) -> Any:
    return yaml.safe_load(package_data.path("openapi", f"{api}.yaml").read_text(encoding="utf-8"))


def claims(api: str) -> Iterator[tuple[str, Claim]]:
    for operation in spec.load(api).operations.values():
        answers = [(status, one.evidence) for status, one in operation.responses.items()]
        answers += [(name, one.evidence) for name, one in operation.examples.items()]
        for name, evidence in answers:
            yield f"{operation.id} {name} status", evidence.status
            if evidence.body is not None:
                yield f"{operation.id} {name} body", evidence.body


@pytest.mark.parametrize("api", spec.APIS)
def test_no_claim_is_surer_than_its_source(api: str) -> None:
    order = list(LEVELS)
    for name, claim in claims(api):
        assert order.index(claim.level) >= order.index(claim.source.carries), name


@pytest.mark.parametrize("api", spec.APIS)
def test_a_source_says_what_it_carries_and_can_be_opened(api: str) -> None:
    for key, source in raw(api)["x-sources"].items():
        assert source["carries"] in LEVELS, key
        address = urlsplit(source["url"])
        assert "search" not in address.path.split("/"), f"{key} is a search, not a source"
        if address.scheme:
            assert (address.scheme, bool(address.hostname)) == ("https", True), key
        else:
            # Our own pages document our own API, and of a vendor's that something is assumed.
            carries = "documented" if api == "control" else "assumed"
            assert source["carries"] == carries, f"{key}: {source['url']} is not an address"
            assert (ROOT / source["url"]).is_file(), f"{key}: {source['url']} is not there"


def test_digests_of_third_parties_are_not_documentation() -> None:
    sources = raw("trustpilot")["x-sources"]
    digests = [key for key, source in sources.items() if "digest" in source["title"]]
    assert len(digests) == 2
    assert {sources[key]["carries"] for key in digests} == {"observed"}


def test_a_shared_answer_names_the_operations_of_its_observation() -> None:
    document = raw("trustpilot")
    entries = [*document["x-fallbacks"].values(), *document["x-shapes"].values()]
    alone = [one for entry in entries for one in (entry if isinstance(entry, list) else [entry])]
    fallbacks = {one["$ref"].rpartition("/")[2] for one in alone}
    for name, response in document["components"]["responses"].items():
        own = response["x-evidence"]
        for claim in (own, own.get("body", own)):
            if isinstance(claim, dict) and claim["level"] == "observed" and name not in fallbacks:
                assert claim["only"], name


def test_an_observation_is_claimed_for_its_own_operation_alone() -> None:
    operations = spec.load("trustpilot").operations
    refused = {name: one.responses["401"].evidence for name, one in operations.items() if "401" in one.responses}
    observed = {name for name, one in refused.items() if one.body is not None and one.body.level == "observed"}
    assert observed == {"createEmailInvitations", "createInvitation"}
    elsewhere = refused["listPrivateServiceReviews"].body
    assert elsewhere is not None
    assert (elsewhere.level, elsewhere.note) == (
        "assumed",
        "Known from createEmailInvitations, createInvitation only.",
    )


@pytest.mark.parametrize(("operation", "status", "part"), SEEDS)
def test_what_a_seed_states_is_seed(operation: str, status: str, part: str) -> None:
    evidence = spec.load("trustpilot").operations[operation].responses[status].evidence
    claim = evidence.status if part == "status" else evidence.body
    assert claim is not None
    assert claim.level == "seed"


def test_every_answer_with_a_body_has_evidence_of_it() -> None:
    for api in spec.APIS:
        for operation in spec.load(api).operations.values():
            for response in operation.responses.values():
                assert (response.evidence.body is not None) == bool(response.content), operation.id
