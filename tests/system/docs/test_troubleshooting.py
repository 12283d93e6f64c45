"""The page of messages is current, and every message that it explains can be met."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from types import ModuleType
from typing import Final
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from tpmock.cli.main import tpmock
from tpmock.common import local_server, running_mocks
from tpmock.common.control_client import ControlClient, SlowError
from tpmock.common.running_mocks import AmbiguousError, Announcement
from tpmock.console.documentation import library
from tpmock.core import help_pages, hints
from tpmock.core.help_pages import pattern
from tpmock.run.policy import Policy
from tpmock.server.app import MockSettings, create_app
from werkzeug.wrappers import Response

from tests.support import troubleshooting
from tests.support.doors import Answer, Judge, OverSocket
from tests.support.sandboxes import REFRESH_PATH, TOKEN_PATH, SandboxUnderTest, an_invitation, basic
from tests.support.troubleshooting import Entry, text

ENTRIES = [entry for entries in troubleshooting.sections().values() for entry in entries]
#: Page of each hint that the page of messages explains, by its name.
PAGES = {entry["hint"]: page for entry, page in help_pages.entries() if "hint" in entry}
FREE_UNIT = "5a0000000000000000000001"
FOREIGN_UNIT = "5a0000000000000000000003"
BELOW_MANAGER = "5f1d2c3b4a59687706152435"
OTHER_ID = "0" * 24


@pytest.fixture(scope="module")
def door() -> Iterator[OverSocket]:
    opened = OverSocket()
    yield opened
    opened.close()


@pytest.fixture
def sandbox(door: OverSocket) -> Iterator[SandboxUnderTest]:
    made = SandboxUnderTest(door, Judge())
    yield made
    made.control("DELETE", "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the commands, with a user's folder in it."""
    for name in ("TPMOCK_URL", "TPMOCK_CONTROL_TOKEN", "TPMOCK_SANDBOX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TPMOCK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_is_current() -> None:
    assert troubleshooting.PAGE.read_text(encoding="utf-8") == troubleshooting.page()


# --- hints ------------------------------------------------------------------------------------------------------------


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def invite_at(sandbox: SandboxUnderTest, unit: str, token: str = "") -> Answer:
    path = f"/v1/private/business-units/{unit}/email-invitations"
    return sandbox.call("POST", path, data=an_invitation(), headers=bearer(token or sandbox.access_token()))


def private(sandbox: SandboxUnderTest, headers: dict[str, str]) -> Answer:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/email-invitations"
    return sandbox.call("POST", path, data=an_invitation(), headers=headers)


def partner(sandbox: SandboxUnderTest) -> str:
    token: str = sandbox.token(sandbox.password_form(), client="partnerApi").json["access_token"]
    return token


def login(sandbox: SandboxUnderTest) -> Answer:
    query = {"client_id": sandbox["apiKey"], "redirect_uri": "https://shop.example.com/back", "response_type": "code"}
    return sandbox.call("GET", f"/?{urlencode(query)}")


def withdrawn(sandbox: SandboxUnderTest) -> Answer:
    unit, authorization = sandbox["businessUnitId"], bearer(partner(sandbox))
    key = sandbox.call("POST", f"/v1/private/partners/{sandbox['partnerId']}/key/{unit}", headers=authorization).json
    sandbox.control("PATCH", f"/business-units/{unit}", {"partnerPermission": False})
    own = {"X-Trustpilot-Partner-Id": sandbox["partnerId"]}
    client = {"Authorization": basic(key["apiKey"], key["apiSecret"]), **own}
    return private(sandbox, bearer(token_call(sandbox, CLIENT, client).json["access_token"]) | own)


def second_step(sandbox: SandboxUnderTest) -> Answer:
    query = {"client_id": sandbox["apiKey"], "redirect_uri": sandbox["redirectUri"], "response_type": "code"}
    form = {"username": "two-step@trustpilotdemo.example.com", "password": "second-lock-please"}
    return sandbox.call("POST", f"/?{urlencode(query)}", form=form)


def expired(sandbox: SandboxUnderTest) -> Answer:
    token = sandbox.access_token()
    sandbox.advance("101h")
    return sandbox.invite(token=token)


def impatient(sandbox: SandboxUnderTest) -> Answer:
    sandbox.control("PATCH", "/variants", {"token_requests": "strict"})
    sandbox.token()
    return sandbox.token()


def link(sandbox: SandboxUnderTest) -> Answer:
    path = f"/v1/private/business-units/{sandbox['businessUnitId']}/invitation-links"
    body = {"referenceId": "1001", "email": "ada@example.com", "name": "Ada", "locale": "en-US"}
    return sandbox.call("POST", path, data=body, headers=bearer(sandbox.access_token()))


def service(**fields: str) -> dict[str, object]:
    return an_invitation(serviceReviewInvitation=fields)


def token_call(sandbox: SandboxUnderTest, form: dict[str, str], headers: dict[str, str]) -> Answer:
    return sandbox.call("POST", TOKEN_PATH, form=form, headers=headers)


CLIENT = {"grant_type": "client_credentials"}
TRACK = {"event": "Order Completed", "userId": "u"}
HINTS: dict[str, Callable[[SandboxUnderTest], Answer]] = {
    "API_KEY_MISSING": lambda s: s.call("GET", "/v1/categories"),
    "API_KEY_UNKNOWN": lambda s: s.call("GET", "/v1/categories", headers={"apikey": "tpk-none"}),
    "API_KEY_AS_TOKEN": lambda s: private(s, {"apikey": s["apiKey"]}),
    "TOKEN_MISSING": lambda s: private(s, {}),
    "TOKEN_UNKNOWN": lambda s: s.invite(token="tpa-none"),
    "TOKEN_EXPIRED": expired,
    "WRONG_HOST": lambda s: s.invite(headers={"Host": "api.trustpilot.com"}),
    "WRONG_METHOD": lambda s: s.call("DELETE", "/v1/categories", headers={"apikey": s["apiKey"]}),
    "CLIENT_MISSING": lambda s: token_call(s, CLIENT, {}),
    "CLIENT_UNKNOWN": lambda s: token_call(s, CLIENT, {"Authorization": basic("tpk-none", "x")}),
    "SECRET_WRONG": lambda s: token_call(s, CLIENT, {"Authorization": basic(s["apiKey"], "x")}),
    "GRANT_UNKNOWN": lambda s: s.token({"grant_type": "clientcredentials"}),
    "FIELD_MISSING": lambda s: s.token({"grant_type": "password", "username": s["username"]}),
    "PASSWORD_WRONG": lambda s: s.token(s.password_form(s["username"], "wrong")),
    "TWO_STEP": lambda s: s.token(s.password_form("two-step@trustpilotdemo.example.com", "second-lock-please")),
    "LOGIN_CODE": second_step,
    "REFRESH_MISSING": lambda s: s.token({"grant_type": "refresh_token", "refreshToken": "tpr-1"}, path=REFRESH_PATH),
    "REFRESH_UNKNOWN": lambda s: s.token({"grant_type": "refresh_token", "refresh_token": "tpr-1"}, path=REFRESH_PATH),
    "CODE_UNKNOWN": lambda s: s.token(
        {"grant_type": "authorization_code", "code": "none", "redirect_uri": s["redirectUri"]}
    ),
    "REDIRECT_UNREGISTERED": login,
    "TOO_MANY_TOKENS": impatient,
    "NOT_A_PARTNER": lambda s: s.call(
        "POST", f"/v1/private/partners/{s['partnerId']}/key/{s['businessUnitId']}", headers=bearer(s.access_token())
    ),
    "QUEUED": lambda s: s.invite(),
    "UNIT_ID_AS_USER": lambda s: s.invite(headers={"x-business-user-id": s["businessUnitId"]}),
    "USER_UNKNOWN": lambda s: s.invite(headers={"x-business-user-id": OTHER_ID}),
    "ROLE_MISSING": lambda s: s.invite(headers={"x-business-user-id": BELOW_MANAGER}),
    "PLAN_MISSING": lambda s: invite_at(s, FREE_UNIT, partner(s)),
    "PERMISSION_WITHDRAWN": withdrawn,
    "UNIT_UNKNOWN": lambda s: s.get(f"/v1/business-units/{OTHER_ID}"),
    "UNIT_OUT_OF_REACH": lambda s: invite_at(s, FOREIGN_UNIT),
    "TEMPLATE_UNKNOWN": lambda s: s.invite(service(templateId=OTHER_ID)),
    "SEND_TIME_UNREADABLE": lambda s: s.invite(service(preferredSendTime="tomorrow")),
    "MOMENT_SLASHED": lambda s: s.invite(service(preferredSendTime="09/07/2031 13:37:00")),
    "SKUS_UNKNOWN": lambda s: s.invite(an_invitation(productReviewInvitation={"productSkus": ["none"]})),
    "LINK_NOT_SENT": link,
    "WRITE_KEY_MISSING": lambda s: s.call("POST", "/v1/track", data=TRACK),
    "WRITE_KEY_UNKNOWN": lambda s: s.call("POST", "/v1/track", data=TRACK, headers={"Authorization": basic("x" * 32)}),
    "UNKNOWN_HOST": lambda s: s.call("GET", "/_mock/sandboxes", headers={"Host": "mock.example.com"}),
    "FOREIGN_ORIGIN": lambda s: s.call("GET", "/_mock/sandboxes", headers={"Origin": "https://shop.example.com"}),
}


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_is_met_and_names_its_page(sandbox: SandboxUnderTest, name: str) -> None:
    answer = HINTS[name](sandbox)
    assert pattern(text({"hint": name})).search(answer.hint)
    assert f'<{help_pages.ROOT}{PAGES[name]}>; rel="help"' in answer.headers["Link"]


def test_the_hint_for_a_proxy_is_met(door: OverSocket) -> None:
    connection = HTTPConnection(door.url.partition("//")[2])
    connection.request("GET", "http://example.com/", headers={"Proxy-Authorization": "Basic eDp5"})
    with closing(connection), connection.getresponse() as answer:
        assert pattern(text({"hint": "NOT_A_PROXY"})).search(answer.headers["X-Mock-Hint"])


def test_the_hint_for_the_control_token_is_met() -> None:
    with create_app(MockSettings(control_token="t")) as mock:
        answer = mock.test_client().get("/_mock/sandboxes")
    assert pattern(text({"hint": "CONTROL_TOKEN_MISSING"})).search(answer.headers["X-Mock-Hint"])
    assert answer.headers["Link"].startswith('</_mock/docs/reference/control-api>; rel="help"')


# --- messages of commands ---------------------------------------------------------------------------------------------

_CONTRACT: Final = (
    'plans = ["segment-destination"]\n[subject]\nname = "mine"\n[events]\nto = "http://127.0.0.1:{port}/"\n'
)
#: Files that commands read, by name.
FILES: Final = {
    "broken.json": "{",
    "list.json": "[]",
    "strange.json": json.dumps({"type": "order"}),
    "large.json": json.dumps({"event": "x" * 40_000, "userId": "u"}),
    "no-start.toml": _CONTRACT,
    "no-folder.toml": f'{_CONTRACT}[start]\ncommand = ["true"]\nfolder = "missing"\n',
    "ends.toml": f'{_CONTRACT}[start]\ncommand = ["{sys.executable}", "-c", "exit(3)"]\n',
    "slow.toml": f'{_CONTRACT}[start]\nwithin = 0.1\ncommand = ["sleep", "60"]\n',
    "manual.toml": f'{_CONTRACT}[manual]\nstart = "Start it."\n',
    "fixed.toml": f'{_CONTRACT.replace("{port}", "9")}[start]\ncommand = ["true"]\n',
    "recording.json": "{}",
    "pack.zip": "not a zip file",
    "text": "not a program",
}

#: The command that prints each message, by how the message begins or what it holds.
COMMANDS: dict[str, list[str]] = {
    "Choose an address of this machine": ["serve", "--host", "a..b"],
    "No mock answers at": ["env", "--url", "http://127.0.0.1:1"],
    "' is not an address.": ["env", "--url", "localhost:8080"],
    "The state file": ["serve", "--state", "missing/tpmock.state"],
    "{file} cannot be read: {reason}": ["serve", "--world", "missing.yaml"],
    "destination: {variable}": ["destination", "--port", "0"],
    "There is no sandbox": ["env", "--sandbox", "missing"],
    "there is no variant": ["sandbox", "create", "--variant", "token_typ=x"],
    "drops it": ["event", "order", "--email", ""],
    "There is no event": ["event", "trigger", "service-review"],
    "url: must match": ["webhook", "add", "shop.example.com/hooks"],
    "but no webhook": ["event", "trigger", "service-review-created"],
    "is negative": ["clock", "advance", "-3d"],
    "is not a duration": ["clock", "advance", "soon"],
    "is longer than": ["clock", "settle", "--timeout", "2m"],
    "there is no operation": ["fault", "add", "nonsense 500"],
    "cannot be understood": ["fault", "add", "find delay soon"],
    "a status is from": ["fault", "add", "find 999"],
    "No case of the plan": ["test", "--case", "NONE-1"],
    "tpmock init ci writes one": ["test", "--contract", "missing.toml"],
    "A running destination needs": ["test", "running", "http://127.0.0.1:1"],
    "'RECORDING'": ["drift", "missing.har"],
    "Invalid value for 'FILE'": ["evidence", "verify", "missing.zip"],
    "Give a program": ["run"],
    "is not found. Write": ["run", "--", "missing-program"],
    "--tls serves only HTTPS": ["serve", "--tls", "--tls-port", "1"],
    "{file} cannot be written: {reason}.": ["ca", "--export", "missing/ca.pem"],
    "cannot be read as JSON": ["event", "send", "broken.json"],
    "must hold one JSON object": ["event", "send", "list.json"],
    "; Segment has ": ["event", "send", "strange.json"],
    "Segment refused it with": ["event", "send", "large.json"],
    "is not NAME=VALUE": ["sandbox", "create", "--variant", "partner_grant"],
    "Faker has no locale": ["seed", "--locale", "xx_XX", "-o", "world.json"],
    "[start] is missing.": ["test", "--contract", "no-start.toml"],
    "start.folder": ["test", "--contract", "no-folder.toml", "--case", "DEST-001"],
    "before it was ready": ["test", "--contract", "ends.toml", "--case", "DEST-001"],
    "was not ready after": ["test", "--contract", "slow.toml", "--case", "DEST-001"],
    "no claim is named": ["test", "--command", "true", "--claim", "own-patiense"],
    "needs a file": ["test", "--report", "junit"],
    "No report is named": ["test", "--report", "xml=results.xml"],
    "as a recording of the format": ["drift", "recording.json"],
    "It is not a readable zip file": ["evidence", "verify", "pack.zip"],
    "The CI installs a wheel": ["init", "ci"],
    "the demo starts the program itself": ["demo", "--no-browser", "--contract", "manual.toml"],
    "events.to names a fixed port": ["demo", "--no-browser", "--contract", "fixed.toml"],
    "cannot be shown": ["demo", "--no-browser", "--evidence", "pack.zip"],
    "{program} cannot be run": ["run", "--", "./text"],
    "--port and --tls-port are both": ["serve", "--port", "8443", "--tls-port", "8443"],
}
#: Those that are not errors of the command itself: they are part of its output, of a report or of a log.
SHOWN: Final = {
    *("destination: {variable}", "drops it", "but no webhook", "is not found. Write", "{program} cannot be run"),
    *("start.folder", "before it was ready", "was not ready after", "It is not a readable zip file", "The CI installs"),
}


#: What tests that print no single command meet, by how the message begins or what it holds.
MET: Final[list[str]] = []


def meets(*words: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which messages a test meets."""
    MET.extend(words)
    return lambda test: test


def entry_of(words: str) -> Entry:
    """The one entry whose text holds these words."""
    exact = [entry for entry in ENTRIES if text(entry) == words]
    [found] = exact or [entry for entry in ENTRIES if words in text(entry)]
    return found


def said_by(*words: str, **variables: str) -> str:
    shown: str = CliRunner(env=variables).invoke(tpmock, words).output
    return " ".join(shown.split())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", COMMANDS)
def test_a_message_of_a_command_is_met(door: OverSocket, sandbox: SandboxUnderTest, words: str) -> None:
    command = list(COMMANDS[words])
    variables = {"TPMOCK_URL": door.url, "TPMOCK_SANDBOX": sandbox.id}
    if command[0] == "run":
        variables.clear()
    if command[0] == "test" and "--case" in command and "--contract" in command:
        command += ["--mock", door.url]
    for name in FILES.keys() & set(command) | ({"text"} if "./text" in command else set()):
        Path(name).write_text(FILES[name], encoding="utf-8")
    said = said_by(*command, **variables)
    assert pattern(text(entry_of(words))).search(said), said
    if not words.startswith(tuple(SHOWN)):
        assert f"See 'tpmock docs {help_pages.of_message(said)}'." in said


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Make a package one that is not installed, whatever other tests have loaded of it and with it."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package:
            monkeypatch.setitem(sys.modules, name, None)
        elif name.startswith("tpmock.") and any(
            str(getattr(value, "__module__", "")).partition(".")[0] == package for value in vars(module).values()
        ):
            parent, _, leaf = name.rpartition(".")
            if parent in sys.modules:
                monkeypatch.delattr(sys.modules[parent], leaf, raising=False)
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)


@meets("Faker is not installed", "Playwright is not installed", "Liquid is not installed")
@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("faker", ["seed"]),
        ("playwright", ["demo", "--record", "pictures"]),
        ("liquid", ["braze", "render", "template.liquid"]),
    ],
)
def test_a_missing_extra_is_reported(
    monkeypatch: pytest.MonkeyPatch, folder: Path, door: OverSocket, package: str, command: list[str]
) -> None:
    without(monkeypatch, package)
    (folder / "template.liquid").write_text("{{x}}", encoding="utf-8")
    said = said_by(*command, TPMOCK_URL=door.url)
    assert pattern(text(entry_of(f"{package.capitalize()} is not installed"))).search(said), said
    assert not (folder / "pictures").exists()


@meets("The MCP SDK is not installed", "Generated events need")
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("package", "command", "words"),
    [
        ("mcp", ["mcp"], "The MCP SDK is not installed"),
        ("hypothesis", ["test", "generated"], "Generated events need"),
    ],
)
def test_a_missing_library_is_reported(
    monkeypatch: pytest.MonkeyPatch, door: OverSocket, package: str, command: list[str], words: str
) -> None:
    without(monkeypatch, package)
    said = said_by(*command, *(["--mock", door.url] if command[0] == "test" else []))
    assert pattern(text(entry_of(words))).search(said), said


@meets("No Chromium")
@pytest.mark.usefixtures("folder")
def test_a_missing_browser_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    # Playwright is not installed everywhere.
    for name in ("playwright", "playwright.sync_api"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert pattern(text(entry_of("No Chromium"))).search(said_by("demo", "--record", "pictures"))


@meets("Start the destination, or correct")
@pytest.mark.usefixtures("folder")
def test_a_destination_that_is_not_there_is_reported(door: OverSocket, sandbox: SandboxUnderTest) -> None:
    at_sandbox = ["--integration-key", "key", "--mock", door.url, "--sandbox", sandbox.id]
    said = said_by("test", "running", "http://127.0.0.1:1", *at_sandbox, "--case", "DEST-001")
    assert pattern(text(entry_of("Start the destination, or correct"))).search(said), said


@meets("End the program that listens there")
def test_a_program_that_answers_before_the_start_is_reported(folder: Path, door: OverSocket) -> None:
    with local_server.serving(Response("a shop", 404), "127.0.0.1", 0) as port:
        contract = f'{_CONTRACT.replace("{port}", str(port))}[start]\ncommand = ["true"]\n'
        (folder / "contract.toml").write_text(contract, encoding="utf-8")
        said = said_by("test", "--contract", "contract.toml", "--mock", door.url, "--case", "DEST-001")
    assert pattern(text(entry_of("End the program that listens there"))).search(said), said


@meets("not a host of Trustpilot or Segment", "that the mock does not serve", "of the environment cannot be used")
def test_what_tpmock_run_refuses_is_reported() -> None:
    policy = Policy(environ={"https_proxy": "socks5://127.0.0.1:1"})
    assert pattern(text(entry_of("not a host of Trustpilot or Segment"))).search(policy.sentence("shop.example.com"))
    unserved = policy.sentence("images-static.trustpilot.com")
    assert pattern(text(entry_of("that the mock does not serve"))).search(unserved)
    with pytest.raises(OSError, match=r"^the proxy socks5") as told:
        policy.upstream("shop.example.com", 443)
    assert pattern(text(entry_of("of the environment cannot be used"))).search(str(told.value))


@meets("no request went through", "requests that bypass the proxy")
@pytest.mark.usefixtures("folder")
def test_a_run_without_requests_is_reported() -> None:
    said = said_by("run", "--no-watch", "--", sys.executable, "-c", "pass")
    assert pattern(text(entry_of("no request went through"))).search(said), said
    assert pattern(text(entry_of("requests that bypass the proxy"))).search(said), said


@meets("The local authority cannot be kept", "The authority in")
def test_an_authority_that_cannot_be_kept_or_used_is_reported(folder: Path) -> None:
    said = said_by("ca", "--export", TPMOCK_HOME="/dev/null/home")
    assert pattern(text(entry_of("The local authority cannot be kept"))).search(said), said
    authority = folder / "home" / "authority"
    authority.mkdir(parents=True)
    for name in ("authority.pem", "authority.key"):
        (authority / name).write_text("damaged", encoding="utf-8")
    said = said_by("ca")
    assert pattern(text(entry_of("The authority in"))).search(said), said


@meets("This user has no home folder")
@pytest.mark.usefixtures("folder")
def test_a_missing_home_folder_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("TPMOCK_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert pattern(text(entry_of("This user has no home folder"))).search(said_by("ca"))


@meets("was not answered within")
def test_an_answer_that_takes_too_long_is_reported() -> None:
    def too_slow(*_: object) -> tuple[int, bytes]:
        raise TimeoutError("timed out")

    with pytest.raises(SlowError) as told:
        ControlClient("http://127.0.0.1:1", "", too_slow).call("GET", "/health")
    assert pattern(text(entry_of("was not answered within"))).search(str(told.value))


@meets("Address already in use")
@pytest.mark.usefixtures("folder")
def test_a_taken_port_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = said_by("serve", "--port", str(taken.getsockname()[1]))
    assert pattern(text(entry_of("Address already in use"))).search(said)


@meets("mocks run: ", "it no longer runs", "Other commands do not find")
def test_mocks_that_run_and_that_do_not_are_reported(folder: Path, door: OverSocket) -> None:
    files = folder / "home" / "running"
    port = door.url.rpartition(":")[2]
    urls = [door.url, f"http://localhost:{port}", "http://127.0.0.1:1"]
    for number, url in enumerate(urls):
        Announcement(number, str(folder), files / f"{number}.json").write(url, None, pytest.fail)
    said: list[str] = []
    with pytest.raises(AmbiguousError) as told:
        running_mocks.client(None, said.append)
    assert pattern(text(entry_of("mocks run: "))).search(str(told.value))
    assert pattern(text(entry_of("it no longer runs"))).search(said[0])
    Announcement(9, str(folder), Path("/dev/null/9.json")).write(door.url, None, said.append)
    assert pattern(text(entry_of("Other commands do not find"))).search(said[1])


@meets("is that a mock?")
@pytest.mark.usefixtures("folder")
def test_another_program_at_the_address_is_reported() -> None:
    with local_server.serving(Response("a shop", 404), "127.0.0.1", 0) as port:
        said = said_by("env", "--url", f"http://127.0.0.1:{port}")
    assert pattern(text(entry_of("is that a mock?"))).search(said)


@meets("there is no setting")
def test_a_wrong_setting_is_reported(folder: Path) -> None:
    (folder / "tpmock.toml").write_text("prot = 1", encoding="utf-8")
    assert pattern(text(entry_of("there is no setting"))).search(said_by("serve"))


@pytest.mark.parametrize("name", hints.texts())
def test_the_page_of_a_hint_exists(name: str) -> None:
    words = hints.texts()[name]
    page = help_pages.of_hint(words)
    assert page == PAGES.get(name, "reference/variants" if "(variant " in words else None)
    assert page is None or assert_exists(page)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if "message" in entry], ids=text)
def test_the_page_of_a_message_exists(entry: Entry) -> None:
    page = help_pages.of_message(text(entry))
    assert page is not None
    assert_exists(entry.get("page", page))
    assert page == entry.get("page", "troubleshooting").partition("#")[0]


def assert_exists(page: str) -> bool:
    name, _, anchor = page.partition("#")
    assert name in library.pages()
    assert not anchor or anchor in {one.anchor for one in library.passages(library.source(name))}
    return True


def test_every_entry_is_met_by_a_test() -> None:
    met = [text(entry_of(words)) for words in (*COMMANDS, *MET)]
    hints = [*HINTS, "NOT_A_PROXY", "CONTROL_TOKEN_MISSING"]
    assert sorted(met + [text({"hint": name}) for name in hints]) == sorted(map(text, ENTRIES))
