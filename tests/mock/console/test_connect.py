"""Page "Connect": what a program needs, and programs that run as they are shown."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tpmock.common import environment
from tpmock.console import connect, programs
from tpmock.server.app import MockApp, MockSettings

from tests.mock.console.conftest import HOST, Visitor
from tests.support.doors import Judge, OverSocket
from tests.support.sandboxes import SandboxUnderTest

PROGRAMS: list[dict[str, str]] = list(programs.texts()["programs"])
#: The command of a language, where it is not the program's own.
RUNTIMES = {"curl": "sh", "python": sys.executable}
PATIENCE = 120


def test_addresses_and_credentials_are_shown_with_what_they_are_for(visitor: Visitor) -> None:
    page = unescape(visitor.see("/connect/"))
    sandbox = visitor.sandbox
    for name, value in sandbox["credentials"].items():
        assert f'<code id="credential-{name}">{value}</code>' in page
        assert environment.variable(name) is None or f">{environment.variable(name)}<" in page
    for name, value in sandbox["urls"].items():
        assert f'<code id="url-{name}">{value}</code>' in page
    assert "Others of this world" not in page


def test_every_address_and_credential_of_the_default_world_has_a_text(visitor: Visitor) -> None:
    texts = programs.texts()
    described = {name for one in texts["credentials"] for name in one["members"]}
    assert described == set(visitor.sandbox["credentials"])
    assert set(texts["addresses"]) == set(visitor.sandbox["urls"])


def test_credentials_of_a_world_that_no_text_describes_are_shown_too() -> None:
    found = connect.grouped({"apiKey": "a", "warehouse": "b"}, programs.texts()["credentials"])
    assert [(one["group"], [row["name"] for row in one["rows"]]) for one in found] == [
        ("Shop", ["apiKey"]),
        ("Others of this world", ["warehouse"]),
    ]


def test_users_are_shown_with_roles_and_passwords_that_work(visitor: Visitor) -> None:
    page = unescape(visitor.see("/connect/"))
    users = visitor.api("GET", "/business-users")["business-users"]
    assert users
    for user in users:
        assert f'<code id="password-{user["id"]}">{user["password"]}</code>' in page
        assert all(f">{role}<" in page for role in user["roles"].values())
    for row in visitor.api("GET", "/redirect-addresses")["redirect-addresses"]:
        assert row["address"] in page


@pytest.mark.parametrize("form", ["shell", "dotenv"])
def test_the_environment_is_that_of_the_command(visitor: Visitor, form: str) -> None:
    values = environment.variables(visitor.sandbox)
    written = {"shell": environment.shell, "dotenv": environment.dotenv}[form](values)
    assert written in unescape(visitor.see(f"/connect/?program={form}"))


@pytest.mark.parametrize("tool", connect.TOOLS)
def test_collections_are_downloaded_with_the_access_of_the_page(tool: str) -> None:
    with MockApp(MockSettings(control_token="a-token-for-tests")) as mock:
        visitor = Visitor(mock)
        place = f"/connect/{tool}/trustpilot.json"
        assert visitor.get(place).status_code == 302
        visitor.send("/_mock/console/token", token="a-token-for-tests")
        answer = visitor.get(place)
        assert f"tpmock-default-trustpilot.{tool}.json" in answer.headers["Content-Disposition"]
        assert "/v1/business-units/find" in json.dumps(answer.json)
        assert visitor.get(f"/connect/{tool}/nothing.json").status_code in (400, 404)
        assert visitor.get("/connect/insomnia/trustpilot.json").status_code == 404


# --- programs ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def socket() -> Iterator[OverSocket]:
    door = OverSocket()
    yield door
    door.close()


@pytest.fixture
def shop(socket: OverSocket) -> Iterator[SandboxUnderTest]:
    made = SandboxUnderTest(socket, Judge())
    yield made
    made.control("DELETE", "")


def runtime(program: dict[str, str]) -> str:
    """The command of a program's language, or a skip that says what is not tested without it."""
    name = RUNTIMES.get(program["name"], program["name"])
    place = shutil.which(name)
    # The shell's program calls curl.
    if place is None or (program["name"] == "curl" and shutil.which("curl") is None):
        pytest.skip(f"{program['name']} is not installed: the program in {program['label']} is not run")
    return place


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one["name"])
def test_a_program_runs_as_it_is_shown(
    socket: OverSocket, shop: SandboxUnderTest, program: dict[str, str], tmp_path: Path
) -> None:
    page = socket.send("GET", f"/_mock/console/{shop.id}/connect/?program={program['name']}", {}, b"").text
    shown = unescape(page.partition('id="program"')[2].partition(">")[2].partition("</pre>")[0])
    place = tmp_path / program["file"]
    place.write_text(shown, encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    command = [runtime(program), str(place)]
    ended = subprocess.run(  # noqa: S603 - the program under test
        command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "202" in ended.stdout.splitlines()[-1]
    assert [row["referenceNumber"] for row in shop.rows("invitations")] == ["1002"]
    [event] = shop.control("GET", "/segment/events")["events"]
    assert (event["reason"], event["message"]["properties"]["order_id"]) == (None, "1001")


ODD = """it's "$HOME" `id` #{1} ${2} \\ %s"""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one["name"])
def test_a_value_is_quoted_as_its_language_does(program: dict[str, str]) -> None:
    names = {"urls": ["segment", "authenticate", "invitations"], "credentials": ["writeKey", "apiKey", "apiSecret"]}
    sandbox: dict[str, Any] = {part: dict.fromkeys(members, ODD) for part, members in names.items()}
    sandbox["credentials"]["businessUnitId"] = ODD
    code = programs.filled_in({**program, "code": "print(@apiKey@)"}, sandbox)
    written = code.removeprefix("print(").removesuffix(")")
    runs = {
        "curl": ["sh", "-c", f"printf %s {written}"],
        "node": ["node", "-e", f"process.stdout.write({written})"],
        "python": [sys.executable, "-c", f"print({written}, end='')"],
        "php": ["php", "-r", f"echo {written};"],
        "ruby": ["ruby", "-e", f"print {written}"],
    }
    if program["name"] == "java":
        # Its escapes are those of JSON, and starting it takes a second.
        assert json.loads(written) == ODD
        return
    command = [runtime(program), *runs[program["name"]][1:]]
    said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)  # noqa: S603
    assert said.stdout == ODD
    assert "@" not in programs.filled_in(program, sandbox).replace(ODD, "").replace("ada@example.com", "")


def test_a_page_shows_programs_of_the_open_sandbox(visitor: Visitor) -> None:
    visitor.client.post("/_mock/sandboxes", json={"id": "other"}, headers={"Host": HOST})
    other = visitor.client.get("/_mock/sandboxes/other", headers={"Host": HOST}).json
    assert other is not None
    assert other["credentials"]["writeKey"] in visitor.see("/_mock/console/other/connect/?program=python")
