"""Walks along the links: what one call makes another finds, until it is deleted, and not a moment longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from tpmock import spec

from tests.property.generated.callers import Caller
from tests.property.generated.documents import EXAMPLES, SERVED, document, profile
from tests.property.generated.known import Known
from tests.property.generated.walking import walker
from tests.support.doors import Door, InProcess, Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest

#: How many links each document has; that each one leads somewhere is shown, one by one, in test_links.py.
LINKS: Final = {
    api: sum(len(response.links) for operation in operations for response in operation.responses.values())
    for api, operations in ((api, spec.load(api).operations.values()) for api in SERVED)
}
WALKED: Final = [api for api in SERVED if LINKS[api]]
#: The state in which every walk begins: without it a walk could not be repeated.
BEGINNING: Final = "beginning"


class Ground:
    """Two sandboxes behind one door, brought back to the same state before each walk."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._own = [SandboxUnderTest(door, Judge()) for _ in range(2)]
        self._caller, steerer = map(Caller, self._own)
        self._known = Known(self._caller, steerer)
        for sandbox in self._own:
            sandbox.control("PUT", f"/snapshots/{BEGINNING}")

    @property
    def near(self) -> bool:
        """Return whether calls go without a socket: the same walks cost a third."""
        return isinstance(self._door, InProcess)

    def begin(self) -> None:
        """Everything as it was, and no sandbox that an earlier walk made."""
        for sandbox in self._own:
            sandbox.control("POST", f"/snapshots/{BEGINNING}/restore")
        kept = {"default", *(sandbox.id for sandbox in self._own)}
        for sandbox in self._own[0].call("GET", "/_mock/sandboxes").json["sandboxes"]:
            if sandbox["id"] not in kept:
                self._own[0].call("DELETE", f"/_mock/sandboxes/{sandbox['id']}")

    def walker(self, api: str) -> Any:
        """Walks over one document."""
        app = self._door.mock if isinstance(self._door, InProcess) else None
        url = self._door.url if isinstance(self._door, OverSocket) else None
        return walker(document(api, app=app, url=url), self._caller, self._known, self.begin, app)


@pytest.fixture(scope="module", params=[InProcess, OverSocket], ids=["in-process", "socket"])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    door: Door = request.param()
    yield Ground(door)
    door.close()


@pytest.mark.parametrize("api", WALKED)
def test_walks_keep_what_the_document_promises(ground: Ground, api: str) -> None:
    walk = ground.walker(api)
    walk.run(settings=profile(EXAMPLES if ground.near else max(EXAMPLES // 3, 5)))
    walked = len(walk.followed)
    assert walked >= LINKS[api] / (4 if ground.near else 6), (
        f"{walked} of {LINKS[api]} links in {sum(walk.called.values())} calls"
    )
