"""The smallest call that meets each hint of the page of messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.doors import Answer
from tests.support.invited import answer_page, link, private
from tests.support.sandboxes import (
    REVOKE_PATH,
    TOKEN_PATH,
    SandboxUnderTest,
    an_invitation,
    an_order,
    basic,
)

FREE_UNIT, SWITCHED_OFF, FOREIGN_UNIT = (f"5a000000000000000000000{digit}" for digit in (1, 2, 3))
NOBODY = "f" * 24
NO_KEY = "x" * 32
HAPPY, SAD = "53bffd36000064000297537c", "53bffd360000640002975370"
PRODUCT_REVIEW = "670d5810ba62e6b31de97dea"
#: A conversation in which a consumer wrote a comment.
TALK, THEIR_COMMENT = "670d5810ba62e6b31de97fc0", "670d5810ba62e6b31de97fd1"
TOY = "ABC-1234"
TOY_URL = "https://trustpilotdemo.com/products/metal-toy-car"
REGISTERED_HTTP = "http://127.0.0.1/callback"


def vary(sandbox: SandboxUnderTest, **variants: str) -> SandboxUnderTest:
    """The sandbox with other variants."""
    sandbox.control("PATCH", "/variants", variants)
    return sandbox


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def own(sandbox: SandboxUnderTest, method: str, path: str, data: Any = None, **headers: str) -> Answer:
    """A private call with the shop's own token."""
    sent = bearer(sandbox.access_token()) | headers
    return sandbox.call(method, f"/v1/private/{path}", data=data, headers=sent)


def unit(sandbox: SandboxUnderTest, rest: str) -> Answer:
    return sandbox.get(f"/v1/business-units/{sandbox['businessUnitId']}/{rest}")


def find(sandbox: SandboxUnderTest, **headers: str) -> Answer:
    return sandbox.get("/v1/business-units/find?name=trustpilotdemo.com", headers)


# Tokens


def refreshed(sandbox: SandboxUnderTest, token: str, client: str = "api") -> Answer:
    return sandbox.token({"grant_type": "refresh_token", "refresh_token": token}, client=client)


def refresh_token(sandbox: SandboxUnderTest) -> str:
    token: str = sandbox.token(sandbox.password_form()).json["refresh_token"]
    return token


def used(sandbox: SandboxUnderTest) -> Answer:
    token = refresh_token(sandbox)
    refreshed(sandbox, token)
    return refreshed(sandbox, token)


def revoked(sandbox: SandboxUnderTest, token: str) -> str:
    assert sandbox.call("POST", REVOKE_PATH, form={"token": token}).status == 200
    return token


def refreshed_late(sandbox: SandboxUnderTest) -> Answer:
    token = refresh_token(sandbox)
    sandbox.advance("31d")
    return refreshed(sandbox, token)


def without_scheme(sandbox: SandboxUnderTest) -> Answer:
    authorization = basic(sandbox["apiKey"], sandbox["apiSecret"]).removeprefix("Basic ")
    form = {"grant_type": "client_credentials"}
    return sandbox.call("POST", TOKEN_PATH, form=form, headers={"Authorization": authorization})


def client_form(sandbox: SandboxUnderTest, form: dict[str, str], query: str = "") -> Answer:
    headers = {"Authorization": basic(sandbox["apiKey"], sandbox["apiSecret"])}
    return sandbox.call("POST", TOKEN_PATH + query, form=form, headers=headers)


# The login page


def page(sandbox: SandboxUnderTest, *, key: str = "", redirect: str = "", form: dict[str, str] | None = None) -> Answer:
    query = {
        "client_id": key or sandbox["apiKey"],
        "redirect_uri": redirect or sandbox["redirectUri"],
        "response_type": "code",
    }
    return sandbox.call("GET" if form is None else "POST", f"/?{urlencode(query)}", form=form)


def code(sandbox: SandboxUnderTest, key: str = "") -> str:
    form = {"username": sandbox["username"], "password": sandbox["password"]}
    back = page(sandbox, key=key, form=form)
    return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]


def exchanged(sandbox: SandboxUnderTest, code: str, *, client: str = "api", redirect: str = "") -> Answer:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect or sandbox["redirectUri"]}
    return sandbox.token(form, client=client)


def exchanged_late(sandbox: SandboxUnderTest) -> Answer:
    late = code(sandbox)
    sandbox.advance("10m")
    return exchanged(sandbox, late)


# Partners


def partner(sandbox: SandboxUnderTest, what: str = "check", *, unit: str = "", partner: str = "") -> Answer:
    path = f"/v1/private/partners/{partner or sandbox['partnerId']}/{what}/{unit or sandbox['businessUnitId']}"
    method = "GET" if what == "check" else "POST"
    return sandbox.call(method, path, headers=bearer(sandbox.partner_token()))


def customer(sandbox: SandboxUnderTest) -> Answer:
    """A call with a key that a partner made for its customer, without the partner's id."""
    key = partner(sandbox, "key").json["apiKey"]
    return sandbox.call("GET", "/v1/business-units/find?name=trustpilotdemo.com", headers={"apikey": key})


# Invitations


def service(sandbox: SandboxUnderTest, **fields: str) -> Answer:
    return sandbox.invite(an_invitation(serviceReviewInvitation=fields))


def product_first(sandbox: SandboxUnderTest) -> Answer:
    late, early = ({"preferredSendTime": f"{year}-01-01T00:00:00"} for year in (2042, 2041))
    product = {"products": [{"sku": TOY, "name": "Metal Toy Car"}], **early}
    return sandbox.invite(an_invitation(serviceReviewInvitation=late, productReviewInvitation=product))


def product_link(sandbox: SandboxUnderTest, **named: Any) -> Answer:
    body = {"consumer": {"email": "ada@example.com", "name": "Ada"}, "referenceId": "1", "locale": "en-US", **named}
    return own(sandbox, "POST", f"product-reviews/business-units/{sandbox['businessUnitId']}/invitation-links", body)


def used_link(sandbox: SandboxUnderTest) -> Answer:
    path = link(sandbox)
    answer_page(sandbox, path)
    return sandbox.call("GET", path)


def shop_order(sandbox: SandboxUnderTest, key: str = "", **changes: Any) -> Answer:
    order = {"recipientEmail": "ada@example.com", "recipientName": "Ada", "referenceId": "1", **changes}
    return sandbox.call("POST", f"/api/{key or sandbox['integrationKey']}/invitation", data=order)


def shop_orders(sandbox: SandboxUnderTest) -> Answer:
    order = {"recipientEmail": "ada@example.com", "recipientName": "Ada", "referenceId": "1"}
    body = {"invitations": [order, {"referenceId": "2"}]}
    return sandbox.call("POST", f"/api/{sandbox['integrationKey']}/batchinvitations", data=body)


# Products, their reviews and conversations


def of_products(sandbox: SandboxUnderTest, rest: str) -> Answer:
    return sandbox.get(f"/v1/product-reviews/business-units/{sandbox['businessUnitId']}{rest}")


def attributes(sandbox: SandboxUnderTest) -> Answer:
    path = f"/v1/product-reviews/business-units/{sandbox['businessUnitId']}/attribute-summaries"
    return sandbox.call("POST", path, data={"skus": [TOY], "locale": "en-GB"}, headers={"apikey": sandbox["apiKey"]})


def conversation(sandbox: SandboxUnderTest) -> Answer:
    return own(sandbox, "POST", f"product-reviews/{PRODUCT_REVIEW}/create-conversation")


def begun(sandbox: SandboxUnderTest) -> str:
    made: str = conversation(sandbox).json["conversationId"]
    return made


def again(sandbox: SandboxUnderTest) -> Answer:
    begun(sandbox)
    return conversation(sandbox)


def hidden(sandbox: SandboxUnderTest) -> Answer:
    talk = begun(sandbox)
    own(sandbox, "POST", f"conversations/{talk}/state", {"state": "private"})
    return sandbox.get(f"/v1/conversations/{talk}")


def their_comment(sandbox: SandboxUnderTest) -> Answer:
    token = sandbox.token(sandbox.password_form(), client="partnerApi").json["access_token"]
    path = f"/v1/private/conversations/{TALK}/comments/{THEIR_COMMENT}"
    return sandbox.call("PUT", path, data={"content": "Changed."}, headers=bearer(token))


# Segment


def api(sandbox: SandboxUnderTest, method: str, target: str, data: Any = None) -> Answer:
    """A call of the Public API."""
    return sandbox.call(method, target, data=data, headers=bearer(sandbox["publicApiToken"]))


def connected(sandbox: SandboxUnderTest) -> Answer:
    """A new source with Trustpilot's destination."""
    source = {"slug": "web-shop", "enabled": True, "metadataId": "iUM16Md8P2"}
    source_id = api(sandbox, "POST", "/sources", source).json["data"]["source"]["id"]
    settings = {"apiKey": sandbox["integrationKey"]}
    body = {"sourceId": source_id, "metadataId": "5c6e52858392d6000101d4c1", "settings": settings}
    return api(sandbox, "POST", "/destinations", body)


def broken_filter(sandbox: SandboxUnderTest) -> Answer:
    made = connected(sandbox).json["data"]["destination"]
    body = {
        "sourceId": made["sourceId"],
        "title": "t",
        "if": 'a = oops"',
        "enabled": True,
        "actions": [{"type": "DROP"}],
    }
    return api(sandbox, "POST", f"/destination/{made['id']}/filters", body)


def token_needed(sandbox: SandboxUnderTest) -> Answer:
    sandbox.control("PUT", "/segment/sources/Shop%20backend", {"oauthRequired": True})
    return sandbox.track(an_order())


def with_token(sandbox: SandboxUnderTest, token: str) -> Answer:
    return sandbox.call(
        "POST", "/v1/track", data={**an_order(), "writeKey": sandbox["writeKey"]}, headers=bearer(token)
    )


@cache
def signer() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def asked(sandbox: SandboxUnderTest, *, key: RSAPrivateKey | None = None, kid: str = "first", **changes: Any) -> Answer:
    """A call for an OAuth token; changes of the claims, or of the form where it has a member of the name."""
    pem = signer().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    body = {"publicKeys": {"first": pem}, "scopes": ["tracking_api:write", "public_api:read_write"]}
    app = sandbox.control("PUT", "/segment/oauth-apps/Shop", body)["id"]
    sandbox.control("POST", "/clock/freeze")
    # Valid at any time of this century.
    claims = {"iss": app, "sub": app, "aud": "https://oauth2.segment.io", "iat": 1, "exp": 4_000_000_000}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "",
        "scope": "tracking_api:write",
    }
    claims |= {name: value for name, value in changes.items() if name not in form}
    form["client_assertion"] = jwt.encode(claims, key or signer(), algorithm="RS256", headers={"kid": kid})
    return sandbox.call("POST", "/token", form=form | {name: changes[name] for name in form if name in changes})


def oauth_token(sandbox: SandboxUnderTest, **changes: Any) -> str:
    token: str = asked(sandbox, **changes).json["access_token"]
    return token


def with_old_token(sandbox: SandboxUnderTest) -> Answer:
    token = oauth_token(sandbox)
    sandbox.advance("400d")
    return with_token(sandbox, token)


# Faults


def faulty(sandbox: SandboxUnderTest, fault: str) -> SandboxUnderTest:
    sandbox.control("POST", "/faults", {"fault": fault})
    return sandbox


def spoiled(sandbox: SandboxUnderTest) -> Answer:
    faulty(sandbox, "find wrong-type")
    # Not a documented answer, so it is not judged as one.
    key = {"apikey": sandbox["apiKey"]}
    return sandbox._door.send("GET", "/v1/business-units/find?name=trustpilotdemo.com", key, b"")


#: The smallest call that meets each hint.
HINTS: Final[Mapping[str, Callable[[SandboxUnderTest], Answer]]] = {
    # Tokens and keys
    "TOKEN_REVOKED": lambda s: s.invite(token=revoked(s, s.access_token())),
    "TOKEN_IN_QUERY": lambda s: s.call(
        "GET", f"/v1/private/business-units/{s['businessUnitId']}/templates?token={s.access_token()}"
    ),
    "CLIENT_WITHOUT_SCHEME": without_scheme,
    "GRANT_MISSING_MEANT_CLIENT": lambda s: client_form(s, {}),
    "REFRESH_USED": used,
    "REFRESH_REVOKED": lambda s: refreshed(s, revoked(s, refresh_token(s))),
    "REFRESH_FOREIGN": lambda s: refreshed(s, refresh_token(s), "partnerApi"),
    "REFRESH_EXPIRED": refreshed_late,
    "KEY_AS_BEARER": lambda s: s.call("GET", "/v1/categories", headers=bearer(s["apiKey"])),
    "SCHEME_UNKNOWN": lambda s: s.call("GET", "/v1/categories", headers={"Authorization": "Token abc"}),
    "SCHEME_MISSING": lambda s: s.call("GET", "/v1/categories", headers={"Authorization": s.access_token()}),
    "CREDENTIAL_IN_QUERY": lambda s: s.call("GET", "/v1/categories?api_key=tpk-1"),
    "FIELD_IN_QUERY": lambda s: client_form(s, {}, "?grant_type=client_credentials"),
    "RATE_EXCEEDED": lambda s: find(vary(s, rate_limit="enforced")),
    # Login
    "CODE_EXPIRED": exchanged_late,
    "CODE_FOREIGN": lambda s: exchanged(s, code(s), client="partnerApi"),
    "LOGIN_ROLE": lambda s: page(s, form={"username": s["partnerUsername"], "password": s["partnerPassword"]}),
    "REDIRECT_DIFFERS": lambda s: exchanged(s, code(s), redirect="https://shop.example.com/"),
    "REDIRECT_LOOPBACK": lambda s: page(s, redirect="http://127.0.0.1:5001/"),
    "REDIRECT_NOT_HTTPS": lambda s: page(s, redirect=REGISTERED_HTTP),
    # Users and partners
    "USER_HEADER_MISSING": lambda s: vary(s, business_user_header="required").invite(),
    "SPOKEN_BY": lambda s: own(s, "POST", f"reviews/{SAD}/reply", {"message": "Sorry."}),
    "PARTNER_GRANT": lambda s: vary(s, partner_grant="password").token(client="partnerApi"),
    "PARTNER_HEADER_MISSING": customer,
    "PARTNER_HEADER_ADVICE": lambda s: customer(vary(s, partner_header="optional")),
    "OTHER_PARTNER": lambda s: partner(s, partner=s["otherPartnerId"]),
    "PARTNER_UNKNOWN": lambda s: partner(s, partner=s["partnerId"].replace("-", "0")),
    "PARTNER_FOREIGN_UNIT": lambda s: partner(s, unit=FOREIGN_UNIT),
    "NO_PAID_PLAN": lambda s: partner(s, unit=FREE_UNIT),
    "NO_PERMISSION": lambda s: partner(s, unit=SWITCHED_OFF),
    # Invitations and links
    "SERVICE_FIRST": product_first,
    "ADDRESS_IMPOSSIBLE": lambda s: s.invite(an_invitation(consumerEmail="ada@")),
    "LOCALE_UNKNOWN": lambda s: s.invite(an_invitation(locale="xx-XX")),
    "SEND_TIME_PAST": lambda s: service(s, preferredSendTime="2013-09-07T13:37:00"),
    # The pattern in the OpenAPI document refuses all others before this is said.
    "REDIRECT_NOT_WEB": lambda s: service(s, redirectUri="\n"),
    "INVITATION_UNKNOWN": lambda s: private(s, "GET", f"invitations/{NOBODY}"),
    "INVITATION_DATA_DELETED": lambda s: private(
        s, "POST", "invitation-data/delete", {"customerEmails": ["ada@example.com"]}
    ),
    "PRODUCT_IDS_UNKNOWN": lambda s: product_link(s, productIds=[NOBODY]),
    "LINK_UNKNOWN": lambda s: s.call("GET", "/evaluate-link/nothing"),
    "LINK_USED": used_link,
    "STARS_MISSING": lambda s: answer_page(s, link(s), text="Good"),
    "TEXT_MISSING": lambda s: answer_page(s, link(s), stars="5"),
    "NAME_MISSING": lambda s: answer_page(s, "/evaluate/trustpilotdemo.com", stars="5", text="Good"),
    # Orders with the Integration Key
    "INTEGRATION_KEY_UNKNOWN": lambda s: shop_order(s, "nothing"),
    "ORDER_NOTED": lambda s: shop_order(s, payloadType="OrderStatusUpdate"),
    "ORDERS_TAKEN": shop_orders,
    "PRODUCTS_WANTED": lambda s: shop_order(vary(s, script_product_reviews="on")),
    "PRODUCTS_NOT_ASKED": lambda s: shop_order(s, products=[{"sku": TOY, "name": "Metal Toy Car"}]),
    "PLUGIN_BLOCKED": lambda s: shop_order(vary(s, script_blocked="251")),
    # Products and their reviews
    "PRODUCT_NEEDED": lambda s: of_products(s, "/reviews"),
    "SKU_NEEDED": lambda s: of_products(s, "/imported-reviews?sku=[]"),
    "SKUS_AS_JSON": lambda s: of_products(s, "/reviews?sku=[nothing]"),
    "SKU_CASE": lambda s: of_products(s, f"/reviews?sku={TOY.lower()}"),
    "SUMMARY_FILTERS": lambda s: of_products(s, f"?sku={TOY}&stars=5"),
    "REVIEWS_AT_SUMMARY": lambda s: of_products(
        vary(s, product_summary_path="filters-give-reviews"), f"?sku={TOY}&stars=5"
    ),
    "URL_BESIDE_SKU": lambda s: of_products(s, f"?sku={TOY}&productUrl={TOY_URL}"),
    "ATTRIBUTE_SUMMARY_ASSUMED": attributes,
    "GROUP_BESIDE_SKUS": lambda s: private(s, "GET", f"products?skus={TOY}&groupId=toys"),
    "PAGE_ZERO": lambda s: private(s, "GET", "products?page=0"),
    "PRICE_JOINED": lambda s: private(
        s, "POST", "products", {"products": [{"sku": "a", "title": "A", "price": "9.95 EUR"}]}
    ),
    "PRODUCT_REVIEW_UNKNOWN": lambda s: own(s, "GET", f"product-reviews/{NOBODY}"),
    "CONVERSATION_OPEN": again,
    "CONVERSATION_UNKNOWN": lambda s: s.get(f"/v1/conversations/{NOBODY}"),
    "CONVERSATION_PRIVATE": hidden,
    "COMMENT_UNKNOWN": lambda s: own(s, "GET", f"conversations/{begun(s)}/comments/{NOBODY}"),
    "COMMENT_FOREIGN": their_comment,
    # Companies, categories, resources
    "CURSOR_UNKNOWN": lambda s: s.get("/v1/business-units/all?cursor=abc"),
    "LOCATION_UNKNOWN": lambda s: unit(s, "images/logo?locationId=ABC123"),
    "LOCALE_NOT_LISTED": lambda s: unit(s, "web-links?locale=xx-XX"),
    "CATEGORY_UNKNOWN": lambda s: s.get("/v1/categories/nothing?country=DK"),
    "CATEGORY_ELSEWHERE": lambda s: s.get("/v1/categories/christmas_market?country=US"),
    "NOT_TRANSLATED": lambda s: s.get("/v1/categories?locale=pl-PL"),
    "PARTLY_TRANSLATED": lambda s: s.get("/v1/resources/metadata/countries?locale=da-DK"),
    "RESOURCES_KEY": lambda s: s.call("GET", "/v1/resources/images"),
    "STAR_LOCALE": lambda s: vary(s, star_string_locale="required").get("/v1/resources/strings/stars/4"),
    # Service reviews and consumers
    "REVIEW_UNKNOWN": lambda s: s.get(f"/v1/reviews/{NOBODY}"),
    "CONSUMER_UNKNOWN": lambda s: s.get(f"/v1/consumers/{NOBODY}"),
    "TOO_DEEP": lambda s: unit(s, "reviews?page=1001"),
    "PAGE_TOKEN": lambda s: unit(s, "all-reviews?pageToken=x"),
    "NEXT_TOKEN": lambda s: s.get("/v1/reviews/deletions?startDate=2020-01-01&nextToken=x"),
    "MOMENT_UNREADABLE": lambda s: s.get("/v1/reviews/deletions?startDate=soon"),
    "NOTHING_MATCHES": lambda s: unit(s, "reviews?language=is"),
    "JSON_ON_DELETE": lambda s: own(s, "DELETE", f"reviews/{SAD}/reply", **{"Content-Type": "application/json"}),
    "TAG_GROUP": lambda s: own(s, "PUT", f"reviews/{SAD}/tags", {"tags": [{"group": "Generic", "value": "cup"}]}),
    "FIND_HAPPY": lambda s: own(s, "POST", f"reviews/{HAPPY}/find-reviewer", {}),
    # Events
    "WRITE_KEY_SHORT": lambda s: s.track(an_order(), headers={"Authorization": basic("abc")}),
    "WRONG_REGION_REFUSED": lambda s: s.track(an_order(), headers={"Host": "events.eu1.segmentapis.com"}),
    "WRONG_REGION_DROPPED": lambda s: vary(s, workspace_region="eu").track(
        an_order(), headers={"Host": "api.segment.io"}
    ),
    # A call with an unknown key belongs to the sandbox of the other keys in it.
    "WRITE_KEY_REFUSED": lambda s: vary(s, unknown_write_key="refused").track(
        {"batch": [{**an_order(), "writeKey": NO_KEY}]}, "/v1/batch"
    ),
    "EVENT_TOO_LARGE": lambda s: s.track(an_order(note="x" * 40_000)),
    "SURPLUS": lambda s: s.track({"batch": [0] * 2_501}, "/v1/batch"),
    "BATCH_DROPPED": lambda s: s.track({"batch": [an_order(), 0]}, "/v1/batch"),
    "TIMESTAMP_UNREADABLE": lambda s: s.track({**an_order(), "timestamp": "yesterday"}),
    "PIXEL_UNREADABLE": lambda s: s.call("GET", "/v1/pixel/track?data=x"),
    "SETTINGS_UNKNOWN": lambda s: s.call("GET", f"/v1/projects/{NO_KEY}/settings"),
    "INGEST_RATE_EXCEEDED": lambda s: vary(s, ingest_rate="enforced").track(an_order()),
    # OAuth of Segment
    "OAUTH_TOKEN_REQUIRED": token_needed,
    "OAUTH_TOKEN_UNKNOWN": lambda s: with_token(s, "nothing"),
    "OAUTH_TOKEN_EXPIRED": with_old_token,
    "SCOPE_MISSING": lambda s: with_token(s, oauth_token(s, scope="public_api:read_write")),
    "SCOPE_UNKNOWN": lambda s: asked(s, scope="functions:write"),
    "FORM_WRONG": lambda s: asked(s, grant_type="password"),
    "ASSERTION_UNREADABLE": lambda s: asked(s, client_assertion="no.jwt"),
    "OAUTH_APP_UNKNOWN": lambda s: asked(s, sub="nobody"),
    "KEY_UNKNOWN": lambda s: asked(s, kid="second"),
    "SIGNATURE_WRONG": lambda s: asked(s, key=generate_private_key(65537, 2048)),
    "CLAIM_WRONG": lambda s: asked(s, aud="https://example.com"),
    # Public API and destinations
    "API_TOKEN_MISSING": lambda s: s.call("GET", "/sources"),
    "API_TOKEN_UNKNOWN": lambda s: s.call("GET", "/sources", headers=bearer("nothing")),
    "API_RATE_EXCEEDED": lambda s: api(vary(s, public_api_rate="enforced"), "GET", "/sources"),
    "ECHO_ASKED": lambda s: api(s, "GET", "/echo?message=a&triggerError=true"),
    "ECHO_DELAY": lambda s: api(s, "GET", "/echo?message=a&delay=10"),
    "NOTHING_OF_THAT_ID": lambda s: api(s, "GET", "/sources/nothing"),
    "DELIVERS_BY_KEY": connected,
    "NO_ENDPOINT": lambda s: connected(vary(s, catalog_delivery="nowhere")),
    "FQL_UNREADABLE": broken_filter,
    # The mock itself
    "FIELD_UNKNOWN": lambda s: s.call("GET", f"/_mock/sandboxes/{s.id}/business-units?plann=paid"),
    "VALUE_UNKNOWN": lambda s: s.call("GET", f"/_mock/sandboxes/{s.id}/business-units?plan=gold"),
    "PROXY_FOR_HTTP": lambda s: find(s, **{"Host": "api.trustpilot.com", "Proxy-Connection": "Keep-Alive"}),
    "PERHAPS_A_PROXY": lambda s: s.call("GET", "/index.html", headers={"Host": "example.com"}),
    "REVOKED_BY": lambda s: faulty(s, "email-invitations token-revoked").invite(),
    "NO_TOKEN_TO_REVOKE": lambda s: find(faulty(s, "find token-revoked"), **bearer(s.access_token())),
    "SPOILED": spoiled,
}
