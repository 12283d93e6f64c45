"""Histories made up by Hypothesis, played to the pure model and to the mock, through both doors: they must agree."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.property.model.pure import ACCESS_LIFE, MAIL_DELAY, REFRESH_LIFE, Mail, Model, Review
from tests.support.doors import Door, InProcess, Judge, OverSocket
from tests.support.sandboxes import REVOKE_PATH, SandboxUnderTest, an_invitation

WORDS = ("oneStar", "twoStars", "threeStars", "fourStars", "fiveStars")
DURATIONS = (60, 180, 3_600, 86_400, ACCESS_LIFE, REFRESH_LIFE)


class Trustpilot(RuleBasedStateMachine):
    """Tokens, invitations and reviews of one sandbox whose clock is frozen except for what is asked of it."""

    door: Door
    judge = Judge()

    @initialize()
    def begin(self) -> None:
        self.model = Model()
        self.sandbox = SandboxUnderTest(self.door, self.judge)
        self.sandbox.control("POST", "/clock/freeze")
        self.access: list[str] = []
        self.refresh: list[str] = []
        # The unit without reviews, so that all numbers are the machine's own.
        self.unit = "5a0000000000000000000003"

    def teardown(self) -> None:
        if hasattr(self, "sandbox"):
            self.sandbox.control("DELETE", "")

    def _keep(self, body: Any) -> None:
        self.access.append(body["access_token"])
        if "refresh_token" in body:
            self.refresh.append(body["refresh_token"])

    # --- tokens ---------------------------------------------------------------------------------------------------

    @rule()
    def client_credentials(self) -> None:
        self._keep(self.sandbox.token().json)
        self.model.issue(refreshable=False)

    @rule()
    def password(self) -> None:
        self._keep(self.sandbox.token(self.sandbox.password_form()).json)
        self.model.issue(refreshable=True)

    @precondition(lambda self: self.refresh)
    @rule(data=st.data())
    def refresh_one(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.refresh) - 1))
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh[number]}
        answer = self.sandbox.token(form)
        assert (answer.status == 200) == self.model.can_refresh(number)
        if answer.status == 200:
            self.model.refresh[number].used = True
            self._keep(answer.json)
            self.model.issue(refreshable=True)

    @precondition(lambda self: self.refresh)
    @rule(data=st.data())
    def revoke_one(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.refresh) - 1))
        assert self.sandbox.call("POST", REVOKE_PATH, form={"token": self.refresh[number]}).status == 200
        self.model.revoke(number)

    # --- invitations ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.access)
    @rule(data=st.data())
    def invite(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.access) - 1))
        reference = f"order-{len(self.model.mails)}"
        answer = self.sandbox.invite(an_invitation(referenceNumber=reference), token=self.access[number])
        assert (answer.status == 202) == self.model.is_good(number)
        if answer.status == 202:
            self.model.mails.append(Mail(reference, self.model.now + MAIL_DELAY))

    # --- reviews --------------------------------------------------------------------------------------------------

    @rule(stars=st.integers(1, 5))
    def write(self, stars: int) -> None:
        body = {"type": "service", "businessUnitId": self.unit, "stars": stars, "title": "T", "text": "Some text."}
        written = self.sandbox.control("POST", "/reviews", {**body, "consumerName": "Ada Example"})
        self.model.reviews[written["id"]] = Review(stars)

    @precondition(lambda self: self.model.reviews)
    @rule(data=st.data(), stars=st.integers(1, 5))
    def revise(self, data: st.DataObject, stars: int) -> None:
        review_id = data.draw(st.sampled_from(sorted(self.model.reviews)))
        self.sandbox.control("PATCH", f"/reviews/{review_id}", {"stars": stars})
        self.model.reviews[review_id].stars = stars

    @precondition(lambda self: self.model.reviews)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        review_id = data.draw(st.sampled_from(sorted(self.model.reviews)))
        self.sandbox.control("DELETE", f"/reviews/{review_id}")
        del self.model.reviews[review_id]
        self.model.deleted.append(review_id)

    # --- time -----------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from(DURATIONS))
    def advance(self, seconds: int) -> None:
        self.sandbox.advance(f"{seconds}s")
        self.model.now += seconds

    # --- what must agree ------------------------------------------------------------------------------------------

    @invariant()
    def mails_agree(self) -> None:
        if hasattr(self, "sandbox"):
            rows = self.sandbox.rows("invitations")
            assert [(row["referenceNumber"], row["state"]) for row in rows] == self.model.states()

    @invariant()
    def numbers_agree(self) -> None:
        if hasattr(self, "sandbox"):
            found = self.sandbox.get("/v1/business-units/find?name=foreign.example.com").json
            assert [found["numberOfReviews"][word] for word in WORDS] == self.model.stars()
            listed = self.sandbox.get(f"/v1/business-units/{self.unit}/reviews?perPage=100").json["reviews"]
            assert {review["id"]: review["stars"] for review in listed} == {
                review_id: review.stars for review_id, review in self.model.reviews.items()
            }

    @invariant()
    def deletions_agree(self) -> None:
        if hasattr(self, "sandbox"):
            feed = self.sandbox.get("/v1/reviews/deletions?startDate=2025-01-01").json["reviews"]
            assert [entry["reviewId"] for entry in feed] == self.model.deleted


class ThroughTheProcess(Trustpilot):
    """No socket."""


class ThroughTheSocket(Trustpilot):
    """Separate process."""


_play = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

TestInProcess = ThroughTheProcess.TestCase
TestInProcess.settings = _play
TestOverSocket = ThroughTheSocket.TestCase
TestOverSocket.settings = _play


def setup_module() -> None:
    ThroughTheProcess.door = InProcess()
    ThroughTheSocket.door = OverSocket()


def teardown_module() -> None:
    ThroughTheProcess.door.close()
    ThroughTheSocket.door.close()
