from __future__ import annotations

import pytest

from contracts.destination.config import Settings, SettingsError

GOOD = {
    "INTEGRATION_KEY": "segment-key",
    "TRUSTPILOT_API_KEY": "the-api-key",
    "TRUSTPILOT_API_SECRET": "the-api-secret",
    "TRUSTPILOT_BUSINESS_UNIT_ID": "507f191e810c19729de860ea",
    "TRUSTPILOT_BUSINESS_USER_ID": "507f191e810c19729de860eb",
}


def test_the_defaults_are_the_real_trustpilot() -> None:
    settings = Settings.from_environment(GOOD)
    assert settings.api_url == "https://api.trustpilot.com"
    assert settings.invitations_api_url == "https://invitations-api.trustpilot.com"
    assert (settings.locale, settings.timeout, settings.template_id, settings.partner_id) == ("en-US", 8.0, None, None)
    assert settings.ledger_url == "sqlite:///tpmock-destination.db"


def test_every_missing_value_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"TRUSTPILOT_API_KEY": " "})
    assert caught.value.sentences == [f"{name} is missing." for name in GOOD]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTEGRATION_KEY", "with:colon"),
        ("INTEGRATION_KEY", "with space"),
        ("TRUSTPILOT_API_KEY", "a:b"),
        ("TRUSTPILOT_API_SECRET", "schlüssel"),
        ("TRUSTPILOT_API_URL", "shop.example.net"),
        ("TRUSTPILOT_API_URL", "ftp://example.com"),
        ("TRUSTPILOT_API_URL", "https://user:word@example.com"),
        ("TRUSTPILOT_API_URL", "https://example.com:port"),
        ("TRUSTPILOT_API_URL", "https://[example.com"),
        ("TRUSTPILOT_INVITATIONS_API_URL", "https://example.com?x=1"),
        ("TRUSTPILOT_BUSINESS_UNIT_ID", "../private"),
        ("TRUSTPILOT_LOCALE", "English (US)"),
        ("TRUSTPILOT_PARTNER_HEADER", "Bad Header:"),
        ("TRUSTPILOT_TIMEOUT", "soon"),
        ("TRUSTPILOT_TIMEOUT", "-5"),
        ("TRUSTPILOT_TIMEOUT", "nan"),
        ("LEDGER_URL", "sqlite://"),
        ("LEDGER_URL", "sqlite:///:memory:"),
    ],
)
def test_a_wrong_value_gets_one_sentence_that_does_not_repeat_it(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({**GOOD, name: value})
    [sentence] = caught.value.sentences
    assert sentence.startswith(f"{name} must ")
    assert sentence.endswith(".")
    assert value not in sentence


def test_a_plain_path_names_a_sqlite_file() -> None:
    assert Settings.from_environment({**GOOD, "LEDGER_URL": "orders.db"}).ledger_url == "sqlite:///orders.db"


def test_secrets_stay_out_of_repr() -> None:
    shown = repr(Settings.from_environment({**GOOD, "LEDGER_URL": "postgresql://shop:word@db.example.com/x"}))
    assert not any(secret in shown for secret in ("segment-key", "the-api-key", "the-api-secret", "word"))
