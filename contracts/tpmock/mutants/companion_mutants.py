"""Companion mutants, each with one defect."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import requests
from tpmock.mutants.companion import Companion, RefusalError


class Ignores201(Companion):
    """Treats the answer 200 of the eligibility check as success."""

    def check(self, url: str, bearer: Mapping[str, str]) -> None:
        if self.call("GET", url, headers=bearer).status_code >= HTTPStatus.BAD_REQUEST:
            raise self.not_eligible()


class TriesOldPath(Companion):
    """Tries an outdated path before the right one."""

    def connect(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._try("GET", f"/v1/business-units-by-domain/{arguments.get('domain')}")
        return super().connect(arguments)

    def authorize(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._try("POST", "/v1/oauth/token")
        return super().authorize(arguments)

    def _try(self, method: str, path: str) -> None:
        self.call(method, f"{self.api}{path}", headers={"apikey": self.settings["TRUSTPILOT_PARTNER_API_KEY"]})


class SkipsCheck(Companion):
    """Makes keys without checking whether the customer is eligible."""

    def check(self, url: str, bearer: Mapping[str, str]) -> None:
        pass


class KeepsSilent(Companion):
    """Refuses a customer without a message that helps."""

    def not_eligible(self) -> RefusalError:
        return RefusalError(HTTPStatus.FORBIDDEN, "No.")


class NoPartnerHeader(Companion):
    """Omits the partner's id from calls with a customer's keys."""

    def partner_header(self) -> dict[str, str]:
        return {}


class AnyState(Companion):
    """Exchanges a code without checking the state."""

    def keys_of(self, state: str) -> dict[str, str]:
        return self.states.get(state) or next(reversed(self.states.values()))


class AlwaysConnected(Companion):
    """Reports the shop as connected, whatever the result of the code exchange."""

    def authorize(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        keys = self.keys_of(str(arguments.get("state", "")))
        self.states["again"] = keys
        try:
            return super().authorize({**arguments, "state": "again"})
        except RefusalError:
            return {"connected": True}


class ShowsKeys(Companion):
    """Sends the customer's secret to the browser."""

    def connect(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        made = super().connect(arguments)
        return {**made, **next(reversed(self.states.values()))}


class OtherRedirect(Companion):
    """Uses an unknown redirect address."""

    def redirect_uri(self) -> str:
        return f"{super().redirect_uri()}/elsewhere"


class CrashesOnUnknown(Companion):
    """Fails when Trustpilot does not know the domain."""

    def find(self, domain: str, key: str) -> dict[str, Any]:
        return dict(self.find_call(domain, key).json()["id"] and self.find_call(domain, key).json())


class OwnScore(Companion):
    """Shows its own average as the score."""

    def score(self, unit: Mapping[str, Any], reviews: list[dict[str, Any]]) -> Any:
        del unit
        return round(sum(review["stars"] for review in reviews) / len(reviews), 2)


class GoodOnesOnly(Companion):
    """Shows good reviews only."""

    def chosen(self, reviews: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [review for review in reviews if review["stars"] >= 4]  # noqa: PLR2004 - stars


class Stale(Companion):
    """Never refreshes the reviews."""

    def showcase(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        memory: dict[str, dict[str, Any]] = self.__dict__.setdefault("memory", {})
        domain = str(arguments.get("domain"))
        if domain not in memory:
            memory[domain] = super().showcase(arguments)
        return memory[domain]


class OldScore(Companion):
    """Refreshes the reviews and keeps the first score."""

    def score(self, unit: Mapping[str, Any], reviews: list[dict[str, Any]]) -> Any:
        scores: dict[str, Any] = self.__dict__.setdefault("scores", {})
        return scores.setdefault(str(unit["id"]), super().score(unit, reviews))


class KeyInAddress(Companion):
    """Sends the API key in the URL."""

    def find_call(self, domain: str, key: str) -> requests.Response:
        return self.call("GET", f"{self.api}/v1/business-units/find", params={"name": domain, "apikey": key})


class ShowsPrivate(Companion):
    """Shows private data of the business."""

    def reviews(self, unit: str) -> list[dict[str, Any]]:
        token = self.token_by(self.keys, {"grant_type": "client_credentials"})
        url = f"{self.api}/v1/private/business-units/{unit}/reviews"
        headers = {"Authorization": f"Bearer {token}", **self.acting()}
        query = {"perPage": "20", "orderBy": "createdat.desc"}
        return list(self.good(self.call("GET", url, params=query, headers=headers)).json()["reviews"])

    def shown(self, review: Mapping[str, Any]) -> dict[str, Any]:
        return dict(review)


class Invents(Companion):
    """Shows zeros when Trustpilot is down."""

    def showcase(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return super().showcase(arguments)
        except RefusalError as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                raise
            return {"name": "?", "trustScore": 0, "stars": 0, "total": 0, "reviews": []}


class Shortens(Companion):
    """Posts only the beginning of a reply."""

    def post_reply(self, review: str, text: str) -> int:
        return super().post_reply(review, text[:10])


class RepliesTwice(Companion):
    """Posts a reply twice."""

    def post_reply(self, review: str, text: str) -> int:
        super().post_reply(review, text)
        return super().post_reply(review, text)


class NoUser(Companion):
    """Omits the business user from replies."""

    def acting(self) -> dict[str, str]:
        return {}


class HidesUnknown(Companion):
    """Reports the reply as posted when the review does not exist."""

    def judge_reply(self, status: int) -> None:
        if status != HTTPStatus.NOT_FOUND:
            super().judge_reply(status)


class HidesLimit(Companion):
    """Reports the reply as posted when Trustpilot limits calls."""

    def judge_reply(self, status: int) -> None:
        if status != HTTPStatus.TOO_MANY_REQUESTS:
            super().judge_reply(status)


class NeverRenews(Companion):
    """Keeps using an expired token."""

    def renew(self) -> None:
        pass


class RenewsTwice(Companion):
    """Requests two tokens when one has expired."""

    def renew(self) -> None:
        super().renew()
        self.token_by(self.keys, {"grant_type": "client_credentials"})


class SendsEmpty(Companion):
    """Posts an empty reply."""

    def look_at(self, text: str) -> None:
        pass
