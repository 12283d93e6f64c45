"""A correct program of a partner without Segment events: it connects customers, shows reviews and replies to them.

It exists so that the cases about these run for real, and so that wrong versions of it can be made: every step is a
method. Actions are posted as the contract kit posts them: ``/actions/<name>`` with the integration key and JSON.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Flask, Response, jsonify, request

_OAUTH = "/v1/oauth/oauth-business-users-for-applications"
_PATIENCE = 10.0
_PARTNER_HEADER = "X-Trustpilot-Partner-Id"


class RefusalError(Exception):
    """The action ends here, with a status and a message for the customer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Companion:
    """Right: connects customers, shows reviews, replies.

    :param environment: the variables that the kit gives to every subject.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.settings = environment
        self.api = environment["TRUSTPILOT_API_URL"]
        self.session = requests.Session()
        self.session.trust_env = False
        self.keys = (environment["TRUSTPILOT_API_KEY"], environment["TRUSTPILOT_API_SECRET"])
        self.token: str | None = None
        self.states: dict[str, dict[str, str]] = {}

    # --- connecting a customer (seed 003, steps 2 to 6) --------------------------------------------------------

    def connect(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Find the customer's business unit, check that it may be connected, make keys, and ask for the login."""
        unit = self.find(str(arguments.get("domain", "")), self.settings["TRUSTPILOT_PARTNER_API_KEY"])["id"]
        bearer = {"Authorization": f"Bearer {self.partner_token()}"}
        partner = f"{self.api}/v1/private/partners/{self.settings['TRUSTPILOT_PARTNER_ID']}"
        self.check(f"{partner}/check/{unit}", bearer)
        made = self.call("POST", f"{partner}/key/{unit}", headers=bearer)
        if made.status_code != HTTPStatus.CREATED:
            raise self.not_eligible()
        keys = made.json()
        state = secrets.token_urlsafe(12)
        self.states[state] = keys
        query = {
            "client_id": keys["apiKey"],
            "redirect_uri": self.redirect_uri(),
            "response_type": "code",
            "state": state,
        }
        return {"login": f"{self.settings['TRUSTPILOT_AUTHENTICATE_URL']}/?{urlencode(query)}"}

    def check(self, url: str, bearer: Mapping[str, str]) -> None:
        """Refuse anything but 201; 200 means that the customer has no rights (seed 003, step 4)."""
        if self.call("GET", url, headers=bearer).status_code != HTTPStatus.CREATED:
            raise self.not_eligible()

    def redirect_uri(self) -> str:
        """Return the redirect address, which is registered with Trustpilot."""
        return self.settings["OAUTH_REDIRECT_URI"]

    def authorize(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Exchange the code that the customer came back with."""
        keys = self.keys_of(str(arguments.get("state", "")))
        form = {
            "grant_type": "authorization_code",
            "code": str(arguments.get("code", "")),
            "redirect_uri": self.redirect_uri(),
        }
        answer = self.call(
            "POST", f"{self.api}{_OAUTH}/accesstoken", auth=(keys["apiKey"], keys["apiSecret"]), data=form,
            headers=self.partner_header(),
        )  # fmt: skip
        if answer.status_code != HTTPStatus.OK:
            raise RefusalError(HTTPStatus.UNAUTHORIZED, "Trustpilot did not accept the login. Connect again.")
        return {"connected": True}

    def keys_of(self, state: str) -> dict[str, str]:
        """Return the keys of a login that began here; each state is valid once."""
        keys = self.states.pop(state, None)
        if keys is None:
            raise RefusalError(HTTPStatus.BAD_REQUEST, "This login did not begin here, or has ended. Connect again.")
        return keys

    def partner_header(self) -> dict[str, str]:
        """Return the partner's id, on every call with a customer's keys (seed 003, note of step 6)."""
        return {_PARTNER_HEADER: self.settings["TRUSTPILOT_PARTNER_ID"]}

    def partner_token(self) -> str:
        """Return an access token by the partner's own user."""
        form = {
            "grant_type": "password",
            "username": self.settings["TRUSTPILOT_PARTNER_USERNAME"],
            "password": self.settings["TRUSTPILOT_PARTNER_PASSWORD"],
        }
        auth = (self.settings["TRUSTPILOT_PARTNER_API_KEY"], self.settings["TRUSTPILOT_PARTNER_API_SECRET"])
        return self.token_by(auth, form)

    # --- showing reviews ---------------------------------------------------------------------------------------

    def showcase(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the score and the newest reviews of a domain, as Trustpilot has them now."""
        unit = self.find(str(arguments.get("domain", "")), self.keys[0])
        reviews = self.reviews(str(unit["id"]))
        return {
            "name": unit["displayName"],
            "trustScore": self.score(unit, reviews),
            "stars": unit["score"]["stars"],
            "total": unit["numberOfReviews"]["total"],
            "reviews": [self.shown(review) for review in self.chosen(reviews)],
        }

    def find(self, domain: str, key: str) -> dict[str, Any]:
        """Return the business unit of a domain."""
        answer = self.find_call(domain, key)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise RefusalError(
                HTTPStatus.NOT_FOUND, "Trustpilot knows no business with this domain. Check its spelling."
            )
        return dict(self.good(answer).json())

    def find_call(self, domain: str, key: str) -> requests.Response:
        """Return the call that finds a business unit."""
        return self.call("GET", f"{self.api}/v1/business-units/find", params={"name": domain}, headers={"apikey": key})

    def reviews(self, unit: str) -> list[dict[str, Any]]:
        """Return the newest reviews."""
        url = f"{self.api}/v1/business-units/{unit}/reviews"
        query = {"perPage": "20", "orderBy": "createdat.desc"}
        return list(self.good(self.call("GET", url, params=query, headers={"apikey": self.keys[0]})).json()["reviews"])

    def score(self, unit: Mapping[str, Any], reviews: list[dict[str, Any]]) -> Any:
        """Return Trustpilot's own score; an average of the displayed reviews would be different."""
        del reviews
        return unit["score"]["trustScore"]

    def chosen(self, reviews: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return all reviews: the good ones alone would mislead."""
        return reviews

    def shown(self, review: Mapping[str, Any]) -> dict[str, Any]:
        """Return the public fields of a review."""
        return {
            "stars": review["stars"],
            "title": review["title"],
            "text": review["text"],
            "createdAt": review["createdAt"],
            "author": review["consumer"]["displayName"],
        }

    # --- replying ----------------------------------------------------------------------------------------------

    def reply(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Post a reply to a review."""
        text = str(arguments.get("text", "")).strip()
        self.look_at(text)
        review = str(arguments.get("review", ""))
        status = self.post_reply(review, text)
        if status == HTTPStatus.UNAUTHORIZED:
            self.renew()
            status = self.post_reply(review, text)
        self.judge_reply(status)
        return {"replied": True}

    def look_at(self, text: str) -> None:
        """Refuse an empty reply."""
        if not text:
            raise RefusalError(HTTPStatus.BAD_REQUEST, "The reply is empty. Write a text.")

    def post_reply(self, review: str, text: str) -> int:
        """Post the reply with one call, and return its status."""
        url = f"{self.api}/v1/private/reviews/{review}/reply"
        if self.token is None:
            self.token = self.token_by(self.keys, {"grant_type": "client_credentials"})
        headers = {"Authorization": f"Bearer {self.token}", **self.acting()}
        return self.call("POST", url, json={"message": text}, headers=headers).status_code

    def acting(self) -> dict[str, str]:
        """Return the header with the business user."""
        return {"x-business-user-id": self.settings["TRUSTPILOT_BUSINESS_USER_ID"]}

    def renew(self) -> None:
        """Discard a token that was refused."""
        self.token = None

    def judge_reply(self, status: int) -> None:
        """Refuse the action unless the reply was posted."""
        if status == HTTPStatus.NOT_FOUND:
            raise RefusalError(HTTPStatus.NOT_FOUND, "Trustpilot has no such review; it may have been deleted.")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RefusalError(HTTPStatus.TOO_MANY_REQUESTS, "Trustpilot is limiting calls. Try again later.")
        if status >= HTTPStatus.BAD_REQUEST:
            raise RefusalError(HTTPStatus.BAD_GATEWAY, f"Trustpilot did not take the reply (status {status}).")

    # --- calls -------------------------------------------------------------------------------------------------

    def call(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send one request to Trustpilot."""
        try:
            return self.session.request(method, url, timeout=_PATIENCE, allow_redirects=False, **options)
        except requests.RequestException:
            raise RefusalError(
                HTTPStatus.SERVICE_UNAVAILABLE, "Trustpilot cannot be reached. Try again later."
            ) from None

    def good(self, answer: requests.Response) -> requests.Response:
        """Return the answer, if it is a 200."""
        if answer.status_code != HTTPStatus.OK:
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, "Trustpilot is not working right now. Try again later.")
        return answer

    def token_by(self, auth: tuple[str, str], form: Mapping[str, str]) -> str:
        """Return an access token by a grant."""
        answer = self.call("POST", f"{self.api}{_OAUTH}/accesstoken", auth=auth, data=dict(form))
        if answer.status_code != HTTPStatus.OK:
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, "Trustpilot gave no access token. Try again later.")
        return str(answer.json()["access_token"])

    def not_eligible(self) -> RefusalError:
        """Return the refusal with the message for the customer."""
        return RefusalError(
            HTTPStatus.FORBIDDEN,
            "This business cannot be connected: it needs a paid Trustpilot plan, and an admin has to switch on partner "
            "permissions at https://businessapp.b2b.trustpilot.com/account/permissions.",
        )


def create_companion(companion: Companion) -> Flask:
    """Return the program as a WSGI application."""
    app = Flask(__name__, static_folder=None)
    actions = {
        "connect": companion.connect,
        "authorize": companion.authorize,
        "showcase": companion.showcase,
        "reply": companion.reply,
    }

    def act(action: str) -> Response:
        shown = request.authorization
        key = shown.username if shown is not None and shown.type == "basic" else None
        if not hmac.compare_digest((key or "").encode(), companion.settings["INTEGRATION_KEY"].encode()):
            raise RefusalError(HTTPStatus.UNAUTHORIZED, "The integration key is not valid.")
        arguments = request.get_json(silent=True)
        if action not in actions or not isinstance(arguments, dict):
            raise RefusalError(HTTPStatus.BAD_REQUEST, "Post a JSON object to an action that exists.")
        return jsonify(actions[action](arguments))

    def refused(refusal: RefusalError) -> tuple[Response, int]:
        return jsonify(message=refusal.message), refusal.status

    app.add_url_rule("/actions/<action>", view_func=act, methods=["POST"])
    app.add_url_rule("/health", "health", lambda: jsonify(status="ok"))
    app.register_error_handler(RefusalError, refused)
    return app
