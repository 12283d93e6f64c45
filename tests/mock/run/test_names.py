"""The name server of a watched program."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from tpmock.run.names import Names, name_of
from tpmock.run.outcomes import Outcomes
from tpmock.run.policy import Policy

A, AAAA = 1, 28


def query(name: str, kind: int = A) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


@pytest.fixture
def outcomes() -> Outcomes:
    return Outcomes()


@pytest.fixture
def names(outcomes: Outcomes) -> Iterator[Names]:
    made = Names(Policy(("shop.example.com",)), outcomes)
    yield made
    made.close()


def asked(names: Names, data: bytes) -> bytes:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect(names.address)
        client.send(data)
        return client.recv(2000)


def test_a_vendors_name_is_an_address_of_loopback_that_stands_for_it(names: Names, outcomes: Outcomes) -> None:
    answer = asked(names, query("API.Trustpilot.com"))
    assert answer[:2] == b"\0\7"
    assert struct.unpack_from("!HHH", answer, 2) == (0x8180, 1, 1)
    address = socket.inet_ntoa(answer[-4:])
    assert address.startswith("127.")
    assert names.host(address) == "api.trustpilot.com"
    assert outcomes.lines() == []


def test_it_has_no_other_address(names: Names) -> None:
    assert struct.unpack_from("!HHH", asked(names, query("api.trustpilot.com", AAAA)), 2) == (0x8180, 1, 0)


def test_another_name_does_not_exist_and_is_counted_once(names: Names, outcomes: Outcomes) -> None:
    for kind in (A, AAAA):
        assert struct.unpack_from("!H", asked(names, query("other.example.com", kind)), 2)[0] & 15 == 3
    [line] = outcomes.lines()
    assert str(line).startswith("refused  other.example.com  1")


def test_an_allowed_name_is_asked_where_the_program_would_have(names: Names) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as real, socket.socket(type=socket.SOCK_DGRAM) as client:
        real.bind(("127.0.0.1", 0))
        real.settimeout(10)
        client.settimeout(10)
        names.real = real.getsockname()
        client.connect(names.address)
        client.send(query("shop.example.com"))
        data, asker = real.recvfrom(2000)
        record = struct.pack("!HHHIH", 0xC00C, A, 1, 60, 4) + socket.inet_aton("192.0.2.7")
        real.sendto(data[:6] + struct.pack("!HHH", 1, 0, 0) + data[12:] + record, asker)
        assert client.recv(2000)[-4:] == socket.inet_aton("192.0.2.7")
    assert names.permitted == {"192.0.2.7"}


@pytest.mark.parametrize("data", [b"", b"\0" * 12, query("a.example")[:15], b"\xff" * 40])
def test_what_is_damaged_ends_nothing(names: Names, data: bytes) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(names.address)
        client.send(data)
    assert names.host(socket.inet_ntoa(asked(names, query("api.segment.io"))[-4:])) == "api.segment.io"
    assert isinstance(name_of(data), str)
