"""What no document has, or means nothing, is never ignored without a word."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandboxes import SandboxUnderTest, an_invitation

UNITS = "/v1/business-units/{}"


def bearer(sandbox: SandboxUnderTest) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.access_token()}"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (an_invitation(sendorName="Shop"), ["sendorName in the body is not documented", "did you mean senderName?"]),
        (
            an_invitation(serviceReviewInvitation={"templateID": "507f191e810c19729de860ea"}),
            ["serviceReviewInvitation.templateID", "did you mean templateId?"],
        ),
        (
            {
                **an_invitation(),
                "productReviewInvitation": {"products": [{"sku": "1", "name": "A", "imageURI": "https://a.example"}]},
            },
            ["productReviewInvitation.products[0].imageURI", "did you mean imageUrl?"],
        ),
        (
            an_invitation(productReviewInvitation={"skus": ["1"], "products": [{"sku": "1", "name": "A"}]}),
            ["productReviewInvitation.skus in the body is not documented", "did you mean productSkus?"],
        ),
        (an_invitation(zebra=1), ["zebra in the body is not documented and was ignored."]),
    ],
)
def test_an_unknown_member_of_a_body_is_named_with_its_place(
    body: Any, told: list[str], sandbox: SandboxUnderTest
) -> None:
    answer = sandbox.invite(body)
    assert answer.status == 202
    assert all(part in answer.hint for part in (*told, "Queued until"))


def test_all_problems_of_a_body_are_told_with_their_places(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite({"consumerMail": "ada@example.com", "locale": 7, "serviceReviewInvitation": {"tags": "a"}})
    assert answer.status == 400
    for problem in (
        "referenceNumber: is required",
        "consumerName: is required",
        "consumerEmail: is required",
        "locale: must be string",
        "serviceReviewInvitation.tags: must be array",
    ):
        assert problem in answer.json["details"]
    assert "did you mean consumerEmail?" in answer.hint


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/product-reviews/business-units/{}/reviews?sku=ABC-1234&stars[]=5", "did you mean stars?"),
        ("/v1/product-reviews/business-units/{}/reviews?sku=ABC-1234&sku[0]=x", "did you mean sku?"),
        (UNITS + "/reviews?star=5&languages=en", "The query parameter languages is not documented"),
        (UNITS + "/reviews?language=tlh", "Nothing matches language=tlh"),
        (UNITS + "/reviews?stars=5&internalLocationId=nowhere&perPage=5", "stars=5, internalLocationId=nowhere"),
    ],
)
def test_a_query_that_means_nothing_is_reported(path: str, told: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(path.format(sandbox["businessUnitId"]))
    assert answer.status == 200
    assert told in answer.hint


def test_paging_is_no_filter(sandbox: SandboxUnderTest) -> None:
    answer = sandbox.get(f"{UNITS.format(sandbox['businessUnitId'])}/reviews?page=900&perPage=100")
    assert (answer.json["reviews"], answer.hint) == ([], "")


@pytest.mark.parametrize("form", ["2013-09-07T13:37:00", "09/07/2013 13:37:00"])
def test_a_send_time_in_the_past_is_reported(form: str, sandbox: SandboxUnderTest) -> None:
    answer = sandbox.invite(an_invitation(serviceReviewInvitation={"preferredSendTime": form}))
    assert answer.status == 202
    assert "serviceReviewInvitation.preferredSendTime is in the past (2013-09-07T13:37:00Z)" in answer.hint


@pytest.mark.parametrize("address", ["ftp://shop.example.com/thanks", "javascript:alert(1)", "/thanks", "https:///a"])
def test_an_address_to_go_on_to_that_is_not_of_the_web_is_refused(address: str, sandbox: SandboxUnderTest) -> None:
    part = {"redirectUri": address}
    answer = sandbox.invite(an_invitation(serviceReviewInvitation=part))
    assert answer.status == 400
    assert "serviceReviewInvitation.redirectUri" in answer.json["details"]
    link = {"email": "ada@example.com", "name": "Ada Example", **part}
    unit = sandbox["businessUnitId"]
    path = f"/v1/private/business-units/{unit}/invitation-links"
    assert sandbox.call("POST", path, data=link, headers=bearer(sandbox)).status == 400
