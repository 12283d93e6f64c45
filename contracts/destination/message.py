"""What a sentence of ours is made of."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Message:
    """One of our sentences.

    :param name: how logs and metrics call it.
    :param text: what the customer reads, with places in braces that are filled in.
    :param advice: what whoever runs the destination should know or do.
    """

    name: str
    status: HTTPStatus
    text: str
    advice: str
