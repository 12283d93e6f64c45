"""Invitations, links and answers of a test's sandbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.support.doors import Answer
from tests.support.sandboxes import SandboxUnderTest, an_invitation

PRODUCTS = [{"sku": "ABC-1234", "name": "Metal Toy Car"}, {"sku": "xyz", "name": "A <b>bold</b> Teapot"}]


def private(
    sandbox: SandboxUnderTest, method: str, path: str, data: Any = None, headers: dict[str, str] | None = None
) -> Answer:
    """A private call about the sandbox's own unit."""
    target = f"/v1/private/business-units/{sandbox['businessUnitId']}/{path}"
    sent = {"Authorization": f"Bearer {sandbox.access_token()}", **(headers or {})}
    return sandbox.call(method, target, data=data, headers=sent)


def a_link(**changes: Any) -> dict[str, Any]:
    """A body that the route for service review links takes."""
    wanted = {"email": "ada@example.com", "name": "Ada Example", "referenceId": "1001", **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def link(sandbox: SandboxUnderTest, **changes: Any) -> str:
    """The path of a new service review link."""
    answer = private(sandbox, "POST", "invitation-links", a_link(**changes))
    assert answer.status == 200, answer.text
    address: str = answer.json["url"]
    return urlsplit(address).path


def delivered(sandbox: SandboxUnderTest, **changes: Any) -> list[dict[str, Any]]:
    """The mails of a new invitation after a day."""
    before = len(sandbox.rows("invitations"))
    answer = sandbox.invite(an_invitation(**changes))
    assert answer.status == 202, answer.text
    sandbox.advance("1d")
    return sandbox.rows("invitations")[before:]


def path_of(mail: dict[str, Any]) -> str:
    """The path of the link in a mail."""
    address: str = mail["link"]
    return urlsplit(address).path


def answer_page(sandbox: SandboxUnderTest, path: str, **form: str) -> Answer:
    """The page of a link, its form sent."""
    return sandbox.call("POST", path, form=form or {"stars": "5", "title": "Great", "text": "All was well."})
