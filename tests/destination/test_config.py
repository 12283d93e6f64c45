from __future__ import annotations

import pytest
from tpmock.destination.config import DestinationSettings, SettingsError
from tpmock.destination.rules import values
from tpmock.destination.rules.preferences import Preferences
from tpmock.destination.rules.values import DAY
from tpmock.destination.storage.vault import new_key

from tests.destination.own_tables import described

GOOD = {
    "INTEGRATION_KEY": "segment-key-of-tests",
    "TRUSTPILOT_API_KEY": "the-api-key",
    "TRUSTPILOT_API_SECRET": "the-api-secret",
    "TRUSTPILOT_BUSINESS_UNIT_ID": "507f191e810c19729de860ea",
    "TRUSTPILOT_BUSINESS_USER_ID": "507f191e810c19729de860eb",
}


def test_the_defaults_are_the_real_trustpilot() -> None:
    settings = DestinationSettings.from_environment(GOOD)
    assert settings.api_url == "https://api.trustpilot.com"
    assert settings.invitations_api_url == "https://invitations-api.trustpilot.com"
    assert (settings.timeout, settings.partner_id, settings.preferences) == (8.0, None, Preferences())
    assert settings.database_url == "sqlite:///tpmock-destination.db"
    assert (settings.repeat_unknown, settings.consumer_cap) == (False, 0)


def test_every_missing_value_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        DestinationSettings.from_environment({"TRUSTPILOT_API_KEY": " "})
    assert caught.value.sentences == [f"{name} is missing." for name in GOOD]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTEGRATION_KEY", "with:colon-in-the-middle"),
        ("INTEGRATION_KEY", "with a space in it"),
        ("INTEGRATION_KEY", "fifteen-letters"),
        ("TRUSTPILOT_API_KEY", "a:b"),
        ("TRUSTPILOT_API_SECRET", "schlüssel"),
        ("TRUSTPILOT_API_URL", "shop.example.net"),
        ("TRUSTPILOT_API_URL", "ftp://example.com"),
        ("TRUSTPILOT_API_URL", "https://user:word@example.com"),
        ("TRUSTPILOT_API_URL", "https://example.com:port"),
        ("TRUSTPILOT_API_URL", "https://[example.com"),
        ("TRUSTPILOT_INVITATIONS_API_URL", "https://example.com?x=1"),
        ("TRUSTPILOT_BUSINESS_UNIT_ID", "../private"),
        ("TRUSTPILOT_BUSINESS_UNIT_ID", "shop.example.com"),
        ("TRUSTPILOT_BUSINESS_USER_ID", "owner"),
        ("TRUSTPILOT_TEMPLATE_ID", "summer"),
        ("TRUSTPILOT_PRODUCT_TEMPLATE_ID", "507f191e810c19729de860ez"),
        ("TRUSTPILOT_LOCALE", "English (US)"),
        ("TRUSTPILOT_LOCALE", "fr-CH"),
        ("TRUSTPILOT_LOCALE", "zz"),
        ("TRUSTPILOT_PARTNER_HEADER", "Bad Header:"),
        ("TRUSTPILOT_TIMEOUT", "soon"),
        ("TRUSTPILOT_TIMEOUT", "-5"),
        ("TRUSTPILOT_TIMEOUT", "nan"),
        ("TRUSTPILOT_DELAY_DAYS", "a week"),
        ("TRUSTPILOT_DELAY_DAYS", "-1"),
        ("TRUSTPILOT_REPLY_TO", "nobody"),
        ("TRUSTPILOT_REDIRECT_URI", "shop.example.test"),
        ("TRUSTPILOT_PRODUCT_INVITATIONS", "perhaps"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "mysql://shop@db.example.com/x"),
        ("ENCRYPTION_KEYS", "a secret that is no key"),
        ("ON_UNKNOWN_OUTCOME", "guess"),
        ("CONSUMER_CAP", "-1"),
        ("CONSUMER_CAP_DAYS", "-0.25"),
        ("ORDER_RETENTION_DAYS", "for ever"),
    ],
)
def test_a_wrong_value_gets_one_sentence_that_does_not_repeat_it(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        DestinationSettings.from_environment({**GOOD, name: value})
    [sentence] = caught.value.sentences
    assert sentence.startswith(f"{name} must ")
    assert sentence.endswith(".")
    assert value not in sentence


def test_a_plain_path_names_a_sqlite_file() -> None:
    assert (
        DestinationSettings.from_environment({**GOOD, "DATABASE_URL": "orders.db"}).database_url
        == "sqlite:///orders.db"
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_has_several_names(scheme: str) -> None:
    settings = DestinationSettings.from_environment({**GOOD, "DATABASE_URL": f"{scheme}://shop@db.example.com/x"})
    assert settings.database_url == "postgresql+psycopg://shop@db.example.com/x"


def test_preferences_come_from_the_environment_too() -> None:
    wishes = {
        "TRUSTPILOT_LOCALE": "da_DK",
        "TRUSTPILOT_DELAY_DAYS": "7",
        "TRUSTPILOT_TAGS": "web, summer",
        "TRUSTPILOT_PRODUCT_INVITATIONS": "yes",
    }
    found = DestinationSettings.from_environment({**GOOD, **wishes}).preferences
    assert found == Preferences(locale="da-DK", delay=7 * DAY, tags=("web", "summer"), products=True)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("en", "en-US"), ("en-us", "en-US"), ("EN_gb", "en-GB"), ("de", "de-DE"), ("nb", "nb-NO"), ("pt-br", "pt-BR")],
)
def test_a_locale_is_brought_into_the_form_that_trustpilot_takes(given: str, meant: str) -> None:
    assert DestinationSettings.from_environment({**GOOD, "TRUSTPILOT_LOCALE": given}).preferences.locale == meant


def test_a_locale_of_no_country_names_the_choices() -> None:
    with pytest.raises(SettingsError) as caught:
        DestinationSettings.from_environment({**GOOD, "TRUSTPILOT_LOCALE": "fr-CH"})
    assert caught.value.sentences == [
        "TRUSTPILOT_LOCALE must be one of the locales that Trustpilot knows, such as fr-BE, fr-FR."
    ]


def test_several_keys_are_taken() -> None:
    keys = [new_key(), new_key()]
    assert DestinationSettings.from_environment({**GOOD, "ENCRYPTION_KEYS": ", ".join(keys)}).encryption_keys == tuple(
        keys
    )


def test_every_variable_is_described_once() -> None:
    rows = list(described())
    assert len({name for name, _, _ in rows}) == len(rows)
    assert all(meaning for _, _, meaning in rows)
    assert ("ON_UNKNOWN_OUTCOME", "`hold`") in [(name, default) for name, default, _ in rows]


def test_secrets_stay_out_of_repr() -> None:
    key = new_key()
    more = {"DATABASE_URL": "postgresql://shop:word@db.example.com/x", "ENCRYPTION_KEYS": key, "METRICS_TOKEN": "m-1"}
    shown = repr(DestinationSettings.from_environment({**GOOD, **more}))
    assert not any(secret in shown for secret in ("segment-key", "the-api-key", "the-api-secret", "word", key, "m-1"))


@pytest.mark.parametrize(
    "uri", ["https://destination.example.com/callback", "http://127.0.0.1:8090/callback", "http://localhost/oauth/back"]
)
def test_customers_come_back_by_https_or_on_this_machine(uri: str) -> None:
    assert values.oauth_redirect_uri(uri) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "http://destination.example.com/callback",
        "https://destination.example.com",
        "https://destination.example.com/",
        "https://destination.example.com/connect",
        "https://destination.example.com/v1/events",
        "https://destination.example.com/call<back>",
        "https://destination.example.com/callback?a=1",
        "https://destination.example.com/callback#a",
        "https://user@destination.example.com/callback",
        "callback",
    ],
)
def test_customers_come_back_to_no_other_address(uri: str) -> None:
    with pytest.raises(ValueError, match="must"):
        values.oauth_redirect_uri(uri)
