"""A wrong method on a documented path is refused in the form of that path's own API."""

from __future__ import annotations

import pytest

from tests.support.sandboxes import SandboxUnderTest


@pytest.mark.parametrize(
    ("path", "members", "open_to_pages"),
    [
        ("/v1/business-units/find", {"message", "errorCode", "correlationId"}, True),
        ("/v1/track", {"code", "message", "error"}, True),
        ("/sources", {"errors"}, False),
    ],
)
def test_the_refusal_has_the_form_of_the_paths_api(
    sandbox: SandboxUnderTest, path: str, members: set[str], *, open_to_pages: bool
) -> None:
    answer = sandbox.call("PUT", path)
    assert (answer.status, set(answer.json)) == (405, members)
    assert ("access-control-allow-origin" in {name.lower() for name in answer.headers}) is open_to_pages
    assert "documented for" in answer.headers["x-mock-hint"]
