"""How a connection wants its invitations: what the service, the connection and Segment's own settings say about them.

Segment sends the custom settings of a destination with every event, as base64 of a JSON object in the header
``X-Segment-Settings`` (Segment, direct destinations). What stands there wins over the connection, and that over the
environment.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from contracts.destination import values
from contracts.destination.events import get
from contracts.destination.messages import refuse

HEADER = "X-Segment-Settings"
_LONGEST_HEADER = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Everything about an invitation that is not in the order. Times are in seconds after the order."""

    locale: str = "en-US"
    template_id: str | None = None
    delay: float | None = None
    tags: tuple[str, ...] = ()
    sender_name: str | None = None
    sender_email: str | None = None
    reply_to: str | None = None
    location_id: str | None = None
    redirect_uri: str | None = None
    products: bool = False
    product_template_id: str | None = None
    product_delay: float | None = None

    def tailored(self, header: str | None) -> Preferences:
        """These preferences with the custom settings that came with an event.

        :param header: the value of ``X-Segment-Settings``; None when there was none.
        :raises Refusal: 400 when it cannot be read, naming the setting that is wrong.
        """
        return self if header is None else self.with_settings(_decoded(header))

    def with_settings(self, settings: Mapping[str, object]) -> Preferences:
        """These preferences with some of them replaced, by their names in Segment, in any casing.

        :param settings: texts, numbers, booleans, and a list of texts for tags; null and empty ones are left alone, and
            so is what nobody knows.
        :raises Refusal: 400 with the first setting that is wrong.
        """
        changes: dict[str, Any] = {}
        for choice in CHOICES:
            given = get(settings, choice.setting)
            if given is None:
                continue
            try:
                changes[choice.field] = choice.parse(_text(given))
            except ValueError as problem:
                raise refuse("bad-setting", setting=choice.setting, problem=str(problem)) from None
        return replace(self, **changes)

    def as_settings(self) -> dict[str, object]:
        """What differs from the defaults, by the names in Segment, as :meth:`with_settings` reads it."""
        plain = Preferences()
        return {
            choice.setting: choice.show(value)
            for choice in CHOICES
            if (value := getattr(self, choice.field)) != getattr(plain, choice.field)
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """One preference.

    :param field: of :class:`Preferences`.
    :param setting: its name in Segment's settings.
    :param variable: its name in the environment.
    :param parse: raises ValueError with the rest of a sentence.
    :param show: the reverse of ``parse``.
    """

    field: str
    setting: str
    variable: str
    parse: Callable[[str], object]
    meaning: str
    show: Callable[[Any], object] = str


def _as_days(span: float) -> float:
    return span / values.DAY


CHOICES: tuple[Choice, ...] = (
    Choice("locale", "locale", "TRUSTPILOT_LOCALE", values.locale, "Language of the mail, such as en-US"),
    Choice(
        "template_id", "templateId", "TRUSTPILOT_TEMPLATE_ID", values.identifier, "Template of the service invitation"
    ),
    Choice(
        "delay",
        "delayDays",
        "TRUSTPILOT_DELAY_DAYS",
        values.days,
        "Days after the order before the mail leaves; without it Trustpilot decides",
        _as_days,
    ),
    Choice("tags", "tags", "TRUSTPILOT_TAGS", values.tags, "Tags of the service review, separated by commas", list),
    Choice("sender_name", "senderName", "TRUSTPILOT_SENDER_NAME", values.line, "Who the mail says it is from"),
    Choice("sender_email", "senderEmail", "TRUSTPILOT_SENDER_EMAIL", values.address, "From which address it is sent"),
    Choice("reply_to", "replyTo", "TRUSTPILOT_REPLY_TO", values.address, "Where answers to it go"),
    Choice("location_id", "locationId", "TRUSTPILOT_LOCATION_ID", values.line, "The shop's own code of a location"),
    Choice(
        "redirect_uri",
        "redirectUri",
        "TRUSTPILOT_REDIRECT_URI",
        values.web_address,
        "Where a consumer goes on to after the review",
    ),
    Choice(
        "products",
        "productInvitations",
        "TRUSTPILOT_PRODUCT_INVITATIONS",
        values.yes,
        "Whether the products of an order are invited for too",
        bool,
    ),
    Choice(
        "product_template_id",
        "productTemplateId",
        "TRUSTPILOT_PRODUCT_TEMPLATE_ID",
        values.identifier,
        "Template of the product invitation",
    ),
    Choice(
        "product_delay",
        "productDelayDays",
        "TRUSTPILOT_PRODUCT_DELAY_DAYS",
        values.days,
        "Days after the order before the product mail leaves; it always leaves after the service mail",
        _as_days,
    ),
)
"""Every preference, with its names."""

DEFAULTS: Mapping[str, object] = {each.name: each.default for each in fields(Preferences)}


def described() -> Iterator[tuple[str, str, str]]:
    """Every setting that Segment may send, with the variable that gives its default, and its meaning."""
    for choice in CHOICES:
        yield choice.setting, choice.variable, choice.meaning


def _decoded(header: str) -> Mapping[str, object]:
    if len(header) > _LONGEST_HEADER:
        raise refuse("bad-settings-header")
    try:
        found = json.loads(base64.b64decode(header.strip(), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise refuse("bad-settings-header") from None
    if not isinstance(found, dict):
        raise refuse("bad-settings-header")
    return found


def _text(given: object) -> str:
    if isinstance(given, list) and all(isinstance(each, str) for each in given):
        return ",".join(given)
    if isinstance(given, bool | int | float):
        return str(given).lower()
    if isinstance(given, str):
        return given.strip()
    raise ValueError("must be a text, a number, or true or false")
