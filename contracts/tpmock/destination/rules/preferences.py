"""Invitation preferences of a connection: from the service, the connection and Segment's own settings.

Segment sends the custom settings of a destination with every event, as base64 of a JSON object in the header
``X-Segment-Settings`` (Segment, direct destinations). What stands there wins over the connection, and that over the
environment.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tpmock.destination.rules import values
from tpmock.destination.rules.events import get
from tpmock.destination.rules.messages import refuse
from tpmock.destination.rules.variables import configuration, declared_in, variable

HEADER = "X-Segment-Settings"
_LONGEST_HEADER = 16_384


@configuration
class Preferences:
    """Everything about an invitation that is not in the order. Times are in seconds after the order."""

    locale: str = variable("TRUSTPILOT_LOCALE", values.locale, "Language of the email, such as en-US", default="en-US")
    template_id: str | None = variable(
        "TRUSTPILOT_TEMPLATE_ID", values.object_id, "Template of the service invitation", default=None
    )
    delay: float | None = variable(
        "TRUSTPILOT_DELAY_DAYS",
        values.days,
        "Days between the order and the email; without it Trustpilot decides",
        default=None,
        show=values.in_days,
    )
    tags: tuple[str, ...] = variable(
        "TRUSTPILOT_TAGS", values.tags, "Tags of the service review, separated by commas", default=(), show=list
    )
    sender_name: str | None = variable("TRUSTPILOT_SENDER_NAME", values.line, "Sender name of the email", default=None)
    sender_email: str | None = variable(
        "TRUSTPILOT_SENDER_EMAIL", values.address, "Sender address of the email", default=None
    )
    reply_to: str | None = variable(
        "TRUSTPILOT_REPLY_TO", values.address, "Reply-to address of the email", default=None
    )
    location_id: str | None = variable(
        "TRUSTPILOT_LOCATION_ID", values.line, "The shop's own code of a location", default=None
    )
    redirect_uri: str | None = variable(
        "TRUSTPILOT_REDIRECT_URI", values.web_address, "Where a consumer is sent after the review", default=None
    )
    products: bool = variable(
        "TRUSTPILOT_PRODUCT_INVITATIONS",
        values.yes,
        "Whether the products of an order are invited for too",
        default=False,
        show=bool,
    )
    product_template_id: str | None = variable(
        "TRUSTPILOT_PRODUCT_TEMPLATE_ID", values.object_id, "Template of the product invitation", default=None
    )
    product_delay: float | None = variable(
        "TRUSTPILOT_PRODUCT_DELAY_DAYS",
        values.days,
        "Days between the order and the product email; it is always sent after the service email",
        default=None,
        show=values.in_days,
    )

    def tailored(self, header: str | None) -> Preferences:
        """These preferences with the custom settings that came with an event.

        :raises Refusal: 400 when it cannot be read, naming the setting that is wrong
        """
        return self.with_settings(_decoded(header)) if header else self

    def with_settings(self, settings: Mapping[str, object]) -> Preferences:
        """These preferences with some of them replaced, by their names in Segment, in any casing.

        :param settings: texts, numbers, booleans, and a list of texts for tags; null and empty ones are left alone, and
            so are unknown ones
        :raises Refusal: 400 with the first setting that is wrong
        """
        changes: dict[str, Any] = {}
        for name, (_, by) in declared_in(Preferences).items():
            given = get(settings, by.setting)
            if given is None:
                continue
            try:
                changes[name] = by.parse(_text(given))
            except ValueError as problem:
                raise refuse("bad-setting", setting=by.setting, problem=str(problem)) from None
        return replace(self, **changes)

    def as_settings(self) -> dict[str, object]:
        """Return what differs from the defaults, by the names in Segment, as :meth:`with_settings` reads it."""
        return {
            by.setting: by.show(value)
            for name, (declared, by) in declared_in(Preferences).items()
            if (value := getattr(self, name)) != declared.default
        }


def _decoded(header: str) -> Mapping[str, object]:
    found = None
    if len(header) <= _LONGEST_HEADER:
        with suppress(ValueError, RecursionError):
            found = json.loads(base64.b64decode(header.strip(), validate=True))
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
