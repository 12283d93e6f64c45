"""Addresses of pictures. They lead to the mock itself, never to Trustpilot, whose artwork is nowhere in it."""

from __future__ import annotations


def example_image(api_url: str, name: str) -> str:
    """The address of a picture that is named and not there; what is under it is reserved for examples.

    :param api_url: where links lead, without a slash at the end
    """
    return f"{api_url}/_mock/example-images/{name}"
