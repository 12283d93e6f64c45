"""What is written down of a case: everything but people, secrets and addresses that differ."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import msgspec
import pytest
from tpmock.kit.reports.readable import scripts
from tpmock.kit.vocabulary.redaction import TranscriptRedactor

from tests.kit.records import records


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("to ada@example.com", "to person-1@redacted.example"),
        ("?email=Ada%40example.com&x", "?email=person-1%40redacted.example&x"),
        ("grace@example.org and ada@example.com", "person-2@redacted.example and person-1@redacted.example"),
        ("Johnson and John", "[name 2] and [name 1]"),
        ("Johnsonville", "Johnsonville"),
        ("key secret-key.", "key …."),
        ("127.0.0.1:80/x and 127.0.0.1:8080", "subject.test/x and 127.0.0.1:8080"),
        ("?client_id=tpk-0123456789abcdef&x", "?client_id=tpk-…&x"),
        ("half a character: \ud800.", "half a character: ?."),
        ("person-7@redacted.example", "person-7@redacted.example"),
    ],
)
def test_people_secrets_and_addresses_are_replaced(text: str, written: str) -> None:
    redactor = TranscriptRedactor(
        {"ada@example.com", "John", "Johnson"}, {"secret-key"}, {"127.0.0.1:80": "subject.test"}
    )
    assert redactor.text(text) == written
    assert redactor.data({"a": [text, 1, None]}) == {"a": [written, 1, None]}


def test_nobody_is_left_in_a_transcript_and_nothing_else_is_lost() -> None:
    own, recorded = records()
    everything = repr((own, recorded))
    for hidden in ("Lovelace", "ada@", "the-key", "4711", "4712"):
        assert hidden not in everything
    assert own.url == "http://subject.test/"
    assert json.loads(own.request_body)["properties"] == {"email": "person-1@redacted.example", "name": "[name 1]"}
    assert json.loads(recorded.request_body)["consumerEmail"] == "person-1@redacted.example"
    assert (recorded.number, recorded.status, recorded.note) == (1, 202, "Queued for person-1@redacted.example.")


def test_a_script_sends_again_what_the_kit_sent(tmp_path: Path) -> None:
    (tmp_path / "curl").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    (tmp_path / "curl").chmod(0o755)
    variables = {"INTEGRATION_KEY": "k 1", "DESTINATION_URL": "http://d", "TPMOCK_URL": "http://m"}
    environment = {**variables, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    script = scripts.script("DEST-001 it's\nline", msgspec.to_builtins(records()))
    ran = subprocess.run(["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    assert "k 1:" in ran.stdout
    assert '"email": "person-1@redacted.example"' in ran.stdout
    assert "http://d/\n" in ran.stdout
    assert ran.stdout.endswith("http://m/_mock/sandboxes/default/invitations\n")


def test_a_command_takes_tokens_from_the_environment() -> None:
    words = shlex.split(scripts.command(msgspec.to_builtins(records()[1])))
    assert "Authorization: Bearer ${TRUSTPILOT_ACCESS_TOKEN}" in words
    assert words[-1] == "${TPMOCK_URL}/v1/private/business-units/1/email-invitations"
