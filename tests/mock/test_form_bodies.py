"""Forms where the documentation has JSON, as recorded and as programs send them; JSON types without a body."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.support.doors import Answer
from tests.support.invited import answer_page, private
from tests.support.sandboxes import SandboxUnderTest, an_invitation

WHO = {"referenceNumber": "1001", "consumerName": "Ada Example", "consumerEmail": "ada@example.com"}
PRODUCT = {"sku": "ABC-1234", "name": "Metal Toy Car"}


def post(sandbox: SandboxUnderTest, path: str, form: str) -> Answer:
    headers = {
        "Authorization": f"Bearer {sandbox.access_token()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    target = f"/v1/private/business-units/{sandbox['businessUnitId']}/{path}"
    return sandbox.call("POST", target, body=form.encode(), headers=headers)


def test_the_recorded_form_makes_the_link_of_the_same_json(sandbox: SandboxUnderTest) -> None:
    form = "locationId=ABC123&referenceId=inv1&email=ada%40example.com&name=Ada&locale=en-US&tags=tag1&tags=tag2"
    answer = post(sandbox, "invitation-links", f"{form}&redirectUri=https%3A%2F%2Fexample.com")
    assert answer.status == 200
    [link] = sandbox.rows("invitation-links")
    told = {name: link[name] for name in ("referenceId", "email", "name", "locale", "redirectUri")}
    assert told == {
        "referenceId": "inv1",
        "email": "ada@example.com",
        "name": "Ada",
        "locale": "en-US",
        "redirectUri": "https://example.com",
    }
    answer_page(sandbox, urlsplit(answer.json["url"]).path)
    assert [tag["value"] for tag in sandbox.rows("reviews")[-1]["tags"]] == ["tag1", "tag2"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("serviceReviewInvitation[redirectUri]", "https://a.test")], {"redirectUri": "https://a.test"}),
        ([("serviceReviewInvitation[tags][]", "a"), ("serviceReviewInvitation[tags][]", "b")], {"tags": ["a", "b"]}),
        ([("serviceReviewInvitation[tags][0]", "a"), ("serviceReviewInvitation[tags][1]", "b")], {"tags": ["a", "b"]}),
        ([("serviceReviewInvitation[tags]", "a")], {"tags": ["a"]}),
    ],
)
def test_parts_of_a_form_are_read_as_libraries_write_them(
    sandbox: SandboxUnderTest, fields: list[tuple[str, str]], expected: dict[str, Any]
) -> None:
    assert post(sandbox, "email-invitations", urlencode([*WHO.items(), *fields])).status == 202
    [mail] = sandbox.rows("invitations")
    assert mail.items() >= {**WHO, "serviceReviewInvitation": expected}.items()


def test_products_of_a_form_are_a_list_of_objects(sandbox: SandboxUnderTest) -> None:
    fields = {f"productReviewInvitation[products][0][{name}]": value for name, value in PRODUCT.items()}
    assert post(sandbox, "email-invitations", urlencode({**WHO, **fields})).status == 202
    [mail] = sandbox.rows("invitations")
    assert mail["productReviewInvitation"] == {"products": [PRODUCT]}
    sandbox.advance("2m")
    [sent] = sandbox.rows("invitations")
    assert sent["state"] == "delivered"


@pytest.mark.parametrize("name", ["customerEmails", "customerEmails[]", "customerEmails[0]"])
def test_a_form_deletes_the_data_of_a_customer(sandbox: SandboxUnderTest, name: str) -> None:
    sandbox.invite(an_invitation())
    assert post(sandbox, "invitation-data/delete", urlencode({name: "ada@example.com"})).status == 200
    assert sandbox.rows("invitations") == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("email=nobody&name=Ada", "email"),
        ("email=ada%40example.com", "name"),
        ("email=ada%40example.com&name[first]=Ada", "name"),
        ("email=%FF&name=Ada", "UTF-8"),
        (f"email{'[a]' * 500}=x", "form"),
    ],
)
def test_a_form_that_is_wrong_is_refused_as_json_is(sandbox: SandboxUnderTest, fields: str, said: str) -> None:
    answer = post(sandbox, "invitation-links", fields)
    assert (answer.status, sandbox.rows("invitation-links")) == (400, [])
    assert said in answer.hint


@pytest.mark.parametrize("given", ["ServiceReview", "ProductReview", "ServiceReview,ProductReview", "Other"])
def test_templates_are_filtered_by_their_types(sandbox: SandboxUnderTest, given: str) -> None:
    shown = private(sandbox, "GET", f"templates?types={given}").json["templates"]
    assert {entry["type"] for entry in shown} == set(given.split(",")) - {"Other"}


def test_a_json_type_with_an_empty_body_is_no_body(sandbox: SandboxUnderTest) -> None:
    listed = sandbox.get(f"/v1/product-reviews/business-units/{sandbox['businessUnitId']}/reviews?sku=ABC-1234")
    review = listed.json["productReviews"][0]["id"]
    headers = {"Authorization": f"Bearer {sandbox.access_token()}", "Content-Type": "application/json"}
    answer = sandbox.call("POST", f"/v1/private/product-reviews/{review}/create-conversation", headers=headers)
    assert answer.status == 200
    assert answer.json["conversationId"]


def test_an_empty_body_where_one_is_required_is_called_empty(sandbox: SandboxUnderTest) -> None:
    headers = {"Authorization": f"Bearer {sandbox.access_token()}", "Content-Type": "application/json"}
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations"
    answer = sandbox.call("POST", path, headers=headers)
    assert (answer.status, answer.hint) == (400, "Unreadable: the body is not valid JSON: it is empty.")
