"""No secret is written down, and what is left of one still tells which it was."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from tpmock.journal.masking import Masks, Unmasking, basic_text, mask

CREDENTIALS = {
    "apiKey": "tpk-7bd2c1a05e9f4c3d",
    "apiSecret": "tps-1f6c0d9e8b7a45c2",
    "writeKey": "5Rk2wQ8vYtN3pLx7ZbH6",
    "password": 'correct "horse" & battery',
    "username": "owner@example.com",
    "businessUnitId": "507f191e810c19729de860ea",
}
MASKS = Masks(CREDENTIALS)
SECRETS = [CREDENTIALS[name] for name in ("apiKey", "apiSecret", "writeKey", "password")]
NOBODY = frozenset[str]()


@pytest.mark.parametrize(
    ("header", "masked"),
    [
        (("apikey", "tpk-7bd2c1a05e9f4c3d"), "apikey: tpk-…{apiKey}"),
        (("apikey", "tpk-of-somebody-else"), "apikey: tpk-…"),
        (("Authorization", "Bearer tpa-0123456789abcdef"), "Authorization: Bearer tpa-…"),
        (("Authorization", "short"), "Authorization: s…"),
        (("Cookie", "session=0123456789abcdef"), "Cookie: sess…"),
        (("Accept", "*/*"), "Accept: */*"),
        (("X-Business-User-Id", "507f191e810c19729de860ea"), "X-Business-User-Id: 507f191e810c19729de860ea"),
    ],
)
def test_a_header_is_masked_by_its_name(header: tuple[str, str], masked: str) -> None:
    assert MASKS.headers([header]) == masked


@pytest.mark.parametrize(
    ("user", "password", "names"),
    [
        ("apiKey", CREDENTIALS["apiSecret"], "{apiKey:apiSecret}"),
        ("apiKey", "wrong-secret-of-theirs", "{apiKey:?}"),
        ("writeKey", "", "{writeKey:}"),
    ],
)
def test_basic_says_which_credentials_came(user: str, password: str, names: str) -> None:
    encoded = basic_text(CREDENTIALS[user], password)
    assert MASKS.headers([("Authorization", f"Basic {encoded}")]) == f"Authorization: Basic {encoded[:4]}…{names}"


def test_basic_of_nobody_says_nothing() -> None:
    encoded = basic_text("somebody", "else-and-their-secret")
    assert MASKS.headers([("Authorization", f"Basic {encoded}")]) == f"Authorization: Basic {encoded[:4]}…"


@pytest.mark.parametrize("name", ["apikey", "APIKEY", "api%6Bey", "token", "code", "refresh_token", "client_id"])
def test_a_query_parameter_is_masked_however_its_name_is_written(name: str) -> None:
    assert MASKS.query(f"name=x%20y&{name}=0123456789abcdef&page=2") == f"name=x%20y&{name}=0123…&page=2"


def test_a_query_without_secrets_stays_as_it_was_written() -> None:
    assert MASKS.query("name=x+y&empty=&name=%C3%B8") == "name=x+y&empty=&name=%C3%B8"


def test_an_address_loses_its_password_its_code_and_its_token() -> None:
    masked = MASKS.headers(
        [("Location", "https://me:pass@shop.test/back?code=0123456789abcdef#access_token=tpa-0123456789abcdef")]
    )
    assert masked == "Location: https://…@shop.test/back?code=0123…#access_token=tpa-…"


def test_a_form_is_masked_by_name_and_by_value() -> None:
    form = urlencode({"username": CREDENTIALS["username"], "password": "theirs-and-unknown", "note": SECRETS[0]})
    masked = MASKS.content(MASKS.form(form.encode(), NOBODY)).decode()
    assert masked == "username=owner%40example.com&password=thei%E2%80%A6&note=tpk-…{apiKey}"


def test_json_sent_as_a_form_is_not_written_down_at_all() -> None:
    assert b"hunter" not in MASKS.form(b'{"password": "hunter2-and-more"}', frozenset({"password"}))


def test_members_of_json_are_masked_at_any_depth() -> None:
    masked = MASKS.json({"a": [{"apiKey": SECRETS[0]}], "apiKey": 7}, frozenset({"apiKey"}))
    assert masked == {"a": [{"apiKey": "tpk-…{apiKey}"}], "apiKey": 7}


@pytest.mark.parametrize("secret", SECRETS)
def test_a_known_secret_is_found_wherever_it_stands(secret: str) -> None:
    for written in (f"a {secret} b", json.dumps({"x": secret}), urlencode({"x": secret}), basic_text(secret, "")):
        text, body = MASKS.text(written), MASKS.content(written.encode()).decode()
        assert text == body
        assert text != written
        assert secret not in text
        assert "…{" in text


def test_tokens_are_found_wherever_they_stand() -> None:
    assert MASKS.content(b"<p>tpa-0123456789abcdef tpr-0123456789abcdef</p>").decode() == "<p>tpa-… tpr-…</p>"


def test_of_a_short_secret_less_is_shown() -> None:
    assert [mask(text) for text in ("", "abc", "abcdefgh", "abcdefghijklmnopq")] == ["", "…", "ab…", "abcd…"]


def test_a_short_credential_is_not_sought_in_words() -> None:
    assert Masks({"password": "tea"}).text("teapot") == "teapot"


@pytest.mark.parametrize("name", ["apiKey", "apiSecret", "writeKey", "password"])
def test_what_was_masked_is_put_back_in_every_form(name: str) -> None:
    secret = CREDENTIALS[name]
    unmasking = Unmasking(CREDENTIALS, "tpa-fresh")
    # A password does not stand in a header by itself.
    for scheme in () if name == "password" else ("", "Bearer "):
        masked = MASKS.headers([("Authorization", f"{scheme}{secret}")]).removeprefix("Authorization: ")
        assert secret not in masked
        assert unmasking.text(masked) == f"{scheme}{secret}"
    address = f"http://localhost/x%20y?{urlencode({'apikey': secret, 'name': 'a b'})}"
    assert unmasking.url(MASKS.url(address)) == address
    form = urlencode({"client_secret": secret, "name": "ø…", "empty": ""})
    assert unmasking.form(MASKS.form(form.encode(), NOBODY).decode()) == form
    body = {"given": [{"secret": secret, "count": 1, "none": None}]}
    assert unmasking.json(MASKS.json(body, frozenset({"secret"}))) == body
    assert unmasking.left is False


@pytest.mark.parametrize("password", ["apiSecret", ""])
def test_pairs_are_put_back(password: str) -> None:
    encoded = basic_text(CREDENTIALS["apiKey"], CREDENTIALS.get(password, ""))
    masked = MASKS.headers([("Authorization", f"Basic {encoded}")]).removeprefix("Authorization: ")
    assert Unmasking(CREDENTIALS).text(masked) == f"Basic {encoded}"


@pytest.mark.parametrize(
    ("header", "value", "left"),
    [
        ("apikey", "tpk-of-somebody-else", True),
        ("Authorization", "Bearer tpa-0123456789abcdef", False),
        ("Authorization", f"Basic {basic_text('tpk-7bd2c1a05e9f4c3d', 'wrong-secret-of-theirs')}", True),
        ("Authorization", f"Basic {basic_text('nobody', 'nothing-at-all')}", True),
    ],
)
def test_what_is_not_known_is_left_and_said(header: str, value: str, *, left: bool) -> None:
    unmasking = Unmasking(CREDENTIALS, "tpa-fresh")
    text = unmasking.text(MASKS.headers([(header, value)]).partition(": ")[2], header)
    assert unmasking.left is left
    assert ("…" in text) is left


@pytest.mark.parametrize("value", ["Well… he said", "…and so on", "“ø…”", "a…b", "ø…"])
def test_a_text_with_dots_of_its_own_is_no_mask(value: str) -> None:
    unmasking = Unmasking(CREDENTIALS)
    assert unmasking.json([{"text": value}]) == [{"text": value}]
    assert unmasking.left is False
