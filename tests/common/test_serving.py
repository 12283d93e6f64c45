"""Ports: taken or not, and errors that have nothing to do with them."""

from __future__ import annotations

import socket

import pytest
from tpmock.common.serving import PortTakenError, reserved


def test_a_taken_port_is_named_with_the_option() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(PortTakenError, match=f"port {port}: .*--destination-port"),
            reserved("127.0.0.1", port, "--destination-port"),
        ):
            """Never reached."""


@pytest.mark.parametrize("host", ["a" * 70, "\ud800", "a..b"])
def test_a_host_that_is_none_is_an_error_message(host: str) -> None:
    with pytest.raises(PortTakenError, match="Cannot listen at"), reserved(host, 0):
        """Never reached."""


def test_an_error_while_the_port_is_reserved_is_not_the_ports() -> None:
    with pytest.raises(OSError, match="No space") as failed, reserved("127.0.0.1", 0):
        raise OSError(28, "No space left on device")
    assert not isinstance(failed.value, PortTakenError)
