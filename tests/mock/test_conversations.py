"""A company talks with the writer of a product review, before everyone or in private."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import Answer
from tests.support.golden import golden, same_shape
from tests.support.sandboxes import SandboxUnderTest

REVIEW = "670d5810ba62e6b31de97dea"
NOBODY = "f" * 24
#: A body that is too large is not read to its end, so the connection cannot be used again.
LARGE = {"Connection": "close"}
THANKS = "Thank you, that is good to read."


class Talk:
    """One conversation, spoken in by one token."""

    def __init__(self, sandbox: SandboxUnderTest, form: dict[str, str] | None = None) -> None:
        self.sandbox = sandbox
        self.headers = {"Authorization": f"Bearer {sandbox.token(form).json['access_token']}"}
        self.id = ""

    def call(self, method: str, rest: str = "", data: Any = None, **options: Any) -> Answer:
        target = f"/v1/private/conversations/{self.id}{rest}"
        headers = self.headers | options.pop("headers", {})
        return self.sandbox.call(method, target, data=data, headers=headers, **options)

    def begin(self, review: str = REVIEW, **options: Any) -> Answer:
        target = f"/v1/private/product-reviews/{review}/create-conversation"
        return self.sandbox.call("POST", target, headers=self.headers | options.pop("headers", {}), **options)

    def public(self) -> Answer:
        return self.sandbox.get(f"/v1/conversations/{self.id}")

    def first_comment(self) -> Any:
        unit = self.sandbox["businessUnitId"]
        answer = self.sandbox.get(f"/v1/product-reviews/business-units/{unit}/reviews?sku=ABC-1234&language=da")
        return answer.json["productReviews"][0]["firstCompanyComment"]


@pytest.fixture
def talk(sandbox: SandboxUnderTest) -> Talk:
    begun = Talk(sandbox, sandbox.password_form())
    begun.id = begun.begin().json["conversationId"]
    return begun


def test_a_conversation_begins_once(talk: Talk) -> None:
    again = talk.begin()
    assert again.json == {"conversationId": talk.id}
    assert "already had a conversation" in again.hint
    review = talk.sandbox.call("GET", f"/v1/private/product-reviews/{REVIEW}", headers=talk.headers).json
    assert review["conversationId"] == talk.id


@pytest.mark.parametrize("body", [b"", b"{}", b'{"products": []}'])
def test_a_conversation_begins_with_any_json_body_or_none(sandbox: SandboxUnderTest, body: bytes) -> None:
    answer = Talk(sandbox).begin(body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200, answer.text


def test_a_conversation_that_cannot_begin(sandbox: SandboxUnderTest) -> None:
    talk = Talk(sandbox)
    assert talk.begin(NOBODY).status == 404
    assert talk.begin("zzz").status == 400
    assert talk.begin(form={"a": "b"}).status == 415
    assert talk.begin(data=[]).status == 400
    assert talk.begin(data={"a": "b" * 2**20}, headers=LARGE).status == 413
    assert talk.begin(headers={"Authorization": "Bearer tpa-nobody"}).status == 401
    viewer = Talk(sandbox, sandbox.password_form("reader@trustpilotdemo.example.com", "paper-boat-window"))
    assert viewer.begin().status == 403


def test_a_comment_is_there_for_the_company_and_for_everyone(talk: Talk) -> None:
    assert talk.first_comment() is None
    said = talk.call("POST", "/comments", {"content": THANKS, "integrationId": "IB2478HFAJKN38"}).json
    same_shape(said, golden("createComment"))
    assert said["author"] == golden("createComment")["author"]
    conversation = talk.call("GET").json
    same_shape(conversation, golden("getPrivateConversation"))
    assert conversation["sourceId"] == REVIEW
    assert talk.public().json == conversation
    assert talk.call("GET", f"/comments/{said['commentId'].upper()}").json == said
    assert talk.first_comment() == {"comment": THANKS, "createdAt": said["createdAt"]}


def test_a_comment_can_be_put_in_other_words(talk: Talk) -> None:
    said = talk.call("POST", "/comments", {"content": THANKS}).json
    talk.call("POST", "/comments", {"content": "And another."})
    changed = talk.call("PUT", f"/comments/{said['commentId']}", {"content": "Thanks!", "integrationId": None}).json
    assert changed == said | {"content": "Thanks!"}
    assert [comment["content"] for comment in talk.public().json["comments"]] == ["Thanks!", "And another."]
    assert talk.first_comment()["comment"] == "Thanks!"


def test_a_private_conversation_is_hidden_from_third_parties(talk: Talk) -> None:
    talk.call("POST", "/comments", {"content": THANKS})
    hidden = talk.call("POST", "/state", {"state": "private"})
    assert (hidden.status, hidden.body) == (200, b"")
    assert talk.call("GET").json["state"] == "private"
    assert talk.public().status == 404
    assert "private" in talk.public().hint
    assert talk.first_comment() is None
    talk.call("POST", "/state", {"state": "public"})
    assert talk.public().status == 200


def test_client_credentials_speak_through_someone(sandbox: SandboxUnderTest) -> None:
    talk = Talk(sandbox)
    talk.id = talk.begin().json["conversationId"]
    unnamed = talk.call("POST", "/comments", {"content": THANKS})
    assert unnamed.json["author"]["id"] == sandbox["businessUserId"]
    assert "Astrid Holm" in unnamed.hint
    header = {"x-business-user-id": "5f1d2c3b4a59687706152434"}
    named = talk.call("POST", "/comments", {"content": THANKS}, headers=header)
    assert named.json["author"]["id"] == header["x-business-user-id"]


def test_who_may_only_read_may_not_speak(talk: Talk) -> None:
    said = talk.call("POST", "/comments", {"content": THANKS}).json["commentId"]
    viewer = Talk(talk.sandbox, talk.sandbox.password_form("reader@trustpilotdemo.example.com", "paper-boat-window"))
    viewer.id = talk.id
    assert viewer.call("GET").status == 200
    assert viewer.call("POST", "/comments", {"content": "No."}).status == 403
    assert viewer.call("PUT", f"/comments/{said}", {"content": "No."}).status == 403
    assert viewer.call("POST", "/state", {"state": "private"}).status == 403
    assert [comment["content"] for comment in talk.call("GET").json["comments"]] == [THANKS]


_CALLS = [
    ("GET", "", None),
    ("POST", "/comments", {"content": "Hello."}),
    ("GET", f"/comments/{NOBODY}", None),
    ("PUT", f"/comments/{NOBODY}", {"content": "Hello."}),
    ("POST", "/state", {"state": "private"}),
]


@pytest.mark.parametrize(("method", "rest", "data"), _CALLS)
def test_an_unknown_conversation_is_404(sandbox: SandboxUnderTest, method: str, rest: str, data: Any) -> None:
    talk = Talk(sandbox)
    talk.id = NOBODY
    assert talk.call(method, rest, data).json["message"] == "Conversation not found"
    assert talk.call(method, rest, data, headers={"Authorization": ""}).status == 401
    assert talk.public().status == 404
    talk.id = "zzz"
    assert talk.call(method, rest, data).status == 400
    assert talk.public().status == 400


def test_an_unknown_comment_is_404(talk: Talk) -> None:
    assert talk.call("GET", f"/comments/{NOBODY}").json["message"] == "Comment not found"
    assert talk.call("PUT", f"/comments/{NOBODY}", {"content": "Hello."}).status == 404
    assert talk.call("GET", "/comments/zzz").status == 400
    assert talk.sandbox.call("GET", f"/v1/conversations/{talk.id}").status == 401


@pytest.mark.parametrize("data", [{}, {"content": ""}, {"content": 1}, {"content": "a", "integrationId": 1}, []])
def test_a_comment_without_words_is_400(talk: Talk, data: Any) -> None:
    said = talk.call("POST", "/comments", {"content": THANKS}).json["commentId"]
    assert talk.call("POST", "/comments", data).status == 400
    assert talk.call("PUT", f"/comments/{said}", data).status == 400
    assert [comment["content"] for comment in talk.call("GET").json["comments"]] == [THANKS]


@pytest.mark.parametrize("data", [{}, {"state": "hidden"}, {"state": None}, []])
def test_a_state_is_public_or_private(talk: Talk, data: Any) -> None:
    assert talk.call("POST", "/state", data).status == 400


@pytest.mark.parametrize("call", [("POST", "/comments"), ("PUT", f"/comments/{NOBODY}"), ("POST", "/state")])
def test_words_are_json_and_not_endless(talk: Talk, call: tuple[str, str]) -> None:
    assert talk.call(*call, form={"content": "Hello."}).status == 415
    assert talk.call(*call, {"content": "a" * 2**20, "state": "public"}, headers=LARGE).status == 413
