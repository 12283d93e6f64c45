"""The companion, wrong in one way each."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import requests

from contracts.mutants.companion import Companion, RefusalError


class Ignores201(Companion):
    """Takes 200 for a yes as well."""

    def check(self, url: str, bearer: Mapping[str, str]) -> None:
        """Any success will do."""
        if self.call("GET", url, headers=bearer).status_code >= HTTPStatus.BAD_REQUEST:
            raise self.not_eligible()


class SkipsCheck(Companion):
    """Makes keys without asking first."""

    def check(self, url: str, bearer: Mapping[str, str]) -> None:
        """Nothing."""


class KeepsSilent(Companion):
    """Refuses a customer without saying what to do."""

    def not_eligible(self) -> RefusalError:
        """No."""
        return RefusalError(HTTPStatus.FORBIDDEN, "No.")


class NoPartnerHeader(Companion):
    """Leaves the partner's id out of calls with a customer's keys."""

    def partner_header(self) -> dict[str, str]:
        """None."""
        return {}


class AnyState(Companion):
    """Exchanges a code whoever brings it."""

    def keys_of(self, state: str) -> dict[str, str]:
        """The keys of the last login, if there is none for this state."""
        return self.states.get(state) or next(reversed(self.states.values()))


class AlwaysConnected(Companion):
    """Says that a customer is connected whatever became of the code."""

    def authorize(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Connected, unless the state is wrong."""
        keys = self.keys_of(str(told.get("state", "")))
        self.states["again"] = keys
        try:
            return super().authorize({**told, "state": "again"})
        except RefusalError:
            return {"connected": True}


class ShowsKeys(Companion):
    """Hands the customer's secret to the browser."""

    def connect(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """The login's address with what it was made of."""
        made = super().connect(told)
        return {**made, **next(reversed(self.states.values()))}


class OtherRedirect(Companion):
    """Wants the customer back at an address that Trustpilot does not know."""

    def redirect_uri(self) -> str:
        """Another path."""
        return f"{super().redirect_uri()}/elsewhere"


class CrashesOnUnknown(Companion):
    """Fails when Trustpilot does not know the domain."""

    def find(self, domain: str, key: str) -> dict[str, Any]:
        """Whatever comes."""
        return dict(self.find_call(domain, key).json()["id"] and self.find_call(domain, key).json())


class OwnScore(Companion):
    """Shows an average of its own."""

    def score(self, unit: Mapping[str, Any], reviews: list[dict[str, Any]]) -> Any:
        """Of the reviews at hand."""
        del unit
        return round(sum(review["stars"] for review in reviews) / len(reviews), 2)


class GoodOnesOnly(Companion):
    """Shows the good reviews only."""

    def chosen(self, reviews: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Four stars and more."""
        return [review for review in reviews if review["stars"] >= 4]  # noqa: PLR2004 - stars


class Stale(Companion):
    """Shows for ever what it saw first."""

    def showcase(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """The first answer."""
        memory: dict[str, dict[str, Any]] = self.__dict__.setdefault("memory", {})
        domain = str(told.get("domain"))
        if domain not in memory:
            memory[domain] = super().showcase(told)
        return memory[domain]


class KeyInAddress(Companion):
    """Sends the API key in the address."""

    def find_call(self, domain: str, key: str) -> requests.Response:
        """As a query parameter."""
        return self.call("GET", f"{self.api}/v1/business-units/find", params={"name": domain, "apikey": key})


class ShowsPrivate(Companion):
    """Shows what is for the business only."""

    def reviews(self, unit: str) -> list[dict[str, Any]]:
        """From the private list."""
        token = self.token_by(self.keys, {"grant_type": "client_credentials"})
        url = f"{self.api}/v1/private/business-units/{unit}/reviews"
        headers = {"Authorization": f"Bearer {token}", **self.acting()}
        query = {"perPage": "20", "orderBy": "createdat.desc"}
        return list(self.good(self.call("GET", url, params=query, headers=headers)).json()["reviews"])

    def shown(self, review: Mapping[str, Any]) -> dict[str, Any]:
        """Everything."""
        return dict(review)


class Invents(Companion):
    """Shows zeros when Trustpilot is down."""

    def showcase(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Something, in any case."""
        try:
            return super().showcase(told)
        except RefusalError as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                raise
            return {"name": "?", "trustScore": 0, "stars": 0, "total": 0, "reviews": []}


class Shortens(Companion):
    """Posts the beginning of a reply."""

    def post_reply(self, review: str, text: str) -> int:
        """Ten letters."""
        return super().post_reply(review, text[:10])


class RepliesTwice(Companion):
    """Posts a reply twice."""

    def post_reply(self, review: str, text: str) -> int:
        """To be sure."""
        super().post_reply(review, text)
        return super().post_reply(review, text)


class NoUser(Companion):
    """Leaves out on whose behalf it replies."""

    def acting(self) -> dict[str, str]:
        """Nobody's."""
        return {}


class HidesUnknown(Companion):
    """Says that a reply is posted to a review that is not there."""

    def judge_reply(self, status: int) -> None:
        """404 is fine."""
        if status != HTTPStatus.NOT_FOUND:
            super().judge_reply(status)


class HidesLimit(Companion):
    """Says that a reply is posted when Trustpilot limits calls."""

    def judge_reply(self, status: int) -> None:
        """429 is fine."""
        if status != HTTPStatus.TOO_MANY_REQUESTS:
            super().judge_reply(status)


class NeverRenews(Companion):
    """Goes on with a token that is dead."""

    def renew(self) -> None:
        """Nothing."""


class SendsEmpty(Companion):
    """Sends an empty reply on."""

    def look_at(self, text: str) -> None:
        """Whatever it is."""


COMPANIONS: dict[str, tuple[str, type[Companion]]] = {
    "companion": ("Right: connects customers, shows reviews, replies.", Companion),
    "companion-ignores-201": ("Takes the answer 200 to the check for a yes.", Ignores201),
    "companion-skips-check": ("Makes keys without checking whether the customer is eligible.", SkipsCheck),
    "companion-keeps-silent": ("Refuses a customer without saying what to do.", KeepsSilent),
    "companion-no-partner-header": ("Leaves the partner's id out of calls with a customer's keys.", NoPartnerHeader),
    "companion-any-state": ("Exchanges a code whoever brings it.", AnyState),
    "companion-always-connected": ("Says connected whatever became of the code.", AlwaysConnected),
    "companion-shows-keys": ("Hands the customer's secret to the browser.", ShowsKeys),
    "companion-other-redirect": ("Wants the customer back at an unknown address.", OtherRedirect),
    "companion-crashes-on-unknown": ("Fails when Trustpilot does not know the domain.", CrashesOnUnknown),
    "companion-own-score": ("Shows an average of its own as the score.", OwnScore),
    "companion-good-ones-only": ("Shows the good reviews only.", GoodOnesOnly),
    "companion-stale": ("Shows for ever what it saw first.", Stale),
    "companion-key-in-address": ("Sends the API key in the address.", KeyInAddress),
    "companion-shows-private": ("Shows what is for the business only.", ShowsPrivate),
    "companion-invents": ("Shows zeros when Trustpilot is down.", Invents),
    "companion-shortens": ("Posts the beginning of a reply.", Shortens),
    "companion-replies-twice": ("Posts a reply twice.", RepliesTwice),
    "companion-no-user": ("Leaves out on whose behalf it replies.", NoUser),
    "companion-hides-unknown": ("Says posted when the review is not there.", HidesUnknown),
    "companion-hides-limit": ("Says posted when Trustpilot limits calls.", HidesLimit),
    "companion-never-renews": ("Goes on with a token that is dead.", NeverRenews),
    "companion-sends-empty": ("Sends an empty reply on.", SendsEmpty),
}
"""Every companion by name, the right one first, with the one thing that is wrong about it."""
