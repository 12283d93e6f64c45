"""What pages know of states and events is what the document says."""

from __future__ import annotations

from tpmock import spec
from tpmock.console import states

OPERATIONS = spec.load("control").operations


def members(operation: str, name: str) -> list[str]:
    [schema] = OPERATIONS[operation].body.values()
    return list(schema.document["properties"][name]["enum"])


def test_webhooks_tell_of_the_documented_events() -> None:
    assert list(states.WEBHOOK_EVENTS) == members("createWebhookSubscription", "event")


def test_product_reviews_have_the_documented_states() -> None:
    assert sorted(states.PRODUCT_REVIEWS) == sorted(members("changeReview", "state"))


def test_webhooks_have_the_documented_states() -> None:
    [schema] = OPERATIONS["replayWebhook"].responses["202"].content.values()
    assert list(states.WEBHOOKS) == schema.document["properties"]["state"]["enum"]


def test_invitations_have_the_documented_states() -> None:
    [schema] = OPERATIONS["listMagicAddresses"].responses["200"].content.values()
    state = schema.document["properties"]["magicAddresses"]["items"]["properties"]["state"]
    assert list(states.INVITATIONS) == state["enum"]
