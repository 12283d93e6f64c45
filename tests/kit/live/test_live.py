"""The cases on the real API, played by a second mock that is made to differ, and what tpmock drift says of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace
from tpmock.common.control_client import ControlClient
from tpmock.kit.cases.template import CREDENTIALS
from tpmock.kit.cli.drift_cli import drift
from tpmock.kit.cli.test_command import test as command
from tpmock.kit.live import recording
from tpmock.kit.live.live_client import READING, WRITING, LiveClient, NotAllowedError
from tpmock.kit.live.projection import project
from tpmock.kit.live.target import INVITATIONS_URL, URL, VARIABLES, Target, TargetError, from_environment
from tpmock.kit.subjects.mock_client import SandboxClient
from tpmock.mutants.api_mutants import Api, ApiAnswer, Tamper, proxy
from tpmock.spec import load
from werkzeug.serving import make_server

from tests.kit.in_process import _Quiet


@pytest.fixture
def sandbox(mock: ControlClient) -> Iterator[SandboxClient]:
    made = SandboxClient.create(mock, 5)
    yield made
    made.delete()


@contextmanager
def served(sandbox: SandboxClient, tamper: Tamper) -> Iterator[str]:
    """Something that answers as the API does, but for one thing, and without a header of ours."""
    app = proxy(Api("Differs.", tamper), sandbox.urls["trustpilot"])
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def environment(sandbox: SandboxClient, url: str) -> dict[str, str]:
    credentials = {VARIABLES[name]: sandbox.credentials[field] for name, field in CREDENTIALS.items()}
    return {**credentials, URL: url, INVITATIONS_URL: url}


def live(folder: Path, variables: dict[str, str], *arguments: str) -> tuple[Result, Path]:
    file = folder / "recording.json"
    words = ["live", "--recording", str(file), *arguments]
    return CliRunner().invoke(command, words, env=variables), file


def drifted(mock: ControlClient, file: Path) -> tuple[int, list[dict[str, Any]]]:
    said = CliRunner().invoke(drift, [str(file), "--json", "--mock", mock.url])
    return said.exit_code, json.loads(said.stdout)["differences"]


def same(answer: ApiAnswer) -> ApiAnswer:
    return answer


def test_an_api_that_is_as_the_mock_is_passes_and_does_not_drift(
    mock: ControlClient, sandbox: SandboxClient, tmp_path: Path
) -> None:
    with served(sandbox, same) as url:
        said, file = live(tmp_path, environment(sandbox, url), "--json")
    results = {case["id"]: (case["result"], case["reason"]) for case in json.loads(said.stdout)["cases"]}
    assert said.exit_code == 0, said.output
    assert results["PROV-001"] == results["PROV-040"] == ("passed", "")
    assert results["PROV-021"] == ("not-applicable", "It changes data; --allow-writes runs it.")
    assert results["PROV-025"] == ("not-applicable", "It needs the mock.")
    assert {result for result, _ in results.values()} == {"passed", "not-applicable"}
    assert drifted(mock, file) == (0, [])


def test_writes_are_made_when_they_are_allowed(mock: ControlClient, sandbox: SandboxClient, tmp_path: Path) -> None:
    with served(sandbox, same) as url:
        said, file = live(tmp_path, environment(sandbox, url), "--allow-writes", "--json")
    results = {case["id"]: (case["result"], case["reason"]) for case in json.loads(said.stdout)["cases"]}
    assert results["PROV-021"] == results["PROV-043"] == ("passed", "")
    assert results["PROV-047"] == ("passed", "Not judged here: invitation_count.")
    assert {call.operation for call in recording.read(file).calls} & WRITING == WRITING
    assert drifted(mock, file) == (0, [])


def renamed(answer: ApiAnswer) -> ApiAnswer:
    if not answer.path.endswith("/find") or answer.status != 200:
        return answer
    body = {("title" if name == "displayName" else name): value for name, value in answer.body.items()}
    return replace(answer, body={**body, "score": {**body["score"], "trustScore": "4.5"}, "status": "frozen"})


def other_status(answer: ApiAnswer) -> ApiAnswer:
    return replace(answer, status=204 if answer.status == 201 else answer.status)


def test_renamed_fields_other_types_and_new_words_are_told_with_what_they_overturn(
    mock: ControlClient, sandbox: SandboxClient, tmp_path: Path
) -> None:
    with served(sandbox, renamed) as url:
        said, file = live(tmp_path, environment(sandbox, url), "--case", "PROV-001")
    assert said.exit_code == 1
    code, found = drifted(mock, file)
    evidence = load("trustpilot").operations["findBusinessUnit"].responses["200"].evidence.text
    assert code == 1
    assert {(one["kind"], one["place"], one["recorded"], one["mock"]) for one in found} == {
        ("new", "/title", "string", "no such member"),
        ("missing", "/displayName", "nothing", "string"),
        ("type", "/score/trustScore", "string", "integer or number"),
        ("word", "/status", "frozen", "active"),
    }
    assert {one["overturns"] for one in found} == {evidence}
    text = CliRunner().invoke(drift, [str(file), "--mock", mock.url]).stdout
    assert f"/status: word recorded frozen, the mock has active. Overturns: {evidence}." in text
    assert "4 differences in 1 call, recorded 20" in text


def test_another_status_is_reported(mock: ControlClient, sandbox: SandboxClient, tmp_path: Path) -> None:
    with served(sandbox, other_status) as url:
        said, file = live(tmp_path, environment(sandbox, url), "--case", "PROV-040")
    assert said.exit_code == 1
    _, found = drifted(mock, file)
    assert [(one["kind"], one["recorded"], one["mock"]) for one in found] == [("status", "204", "201")]


def test_another_order_is_told(mock: ControlClient, sandbox: SandboxClient, tmp_path: Path) -> None:
    def turned(answer: ApiAnswer) -> ApiAnswer:
        if "/reviews" not in answer.path or not isinstance(answer.body, dict) or "reviews" not in answer.body:
            return answer
        return replace(answer, body={**answer.body, "reviews": answer.body["reviews"][::-1]})

    file = tmp_path / "recording.json"
    with served(sandbox, turned) as url:
        words = ["live", "--plan", "ingest", "--recording", str(file)]
        CliRunner().invoke(command, words, env=environment(sandbox, url))
    _, found = drifted(mock, file)
    assert ("order", "/reviews/*/createdAt", "ascending", "descending") in {
        (one["kind"], one["place"], one["recorded"], one["mock"]) for one in found
    }


def test_nothing_of_our_own_mock_is_a_recording(sandbox: SandboxClient, tmp_path: Path) -> None:
    said, file = live(tmp_path, environment(sandbox, sandbox.urls["trustpilot"]))
    assert said.exit_code == 2
    assert "has the header x-mock: this mock answered" in said.stdout
    assert said.stderr == "Nothing was recorded.\n"
    assert not file.exists()


def test_a_recording_with_a_header_of_ours_is_refused_later_too(sandbox: SandboxClient, tmp_path: Path) -> None:
    with served(sandbox, same) as url:
        _, file = live(tmp_path, environment(sandbox, url), "--case", "PROV-001")
    document = json.loads(file.read_text(encoding="utf-8"))
    document["calls"][0]["headers"].append("X-Mock-Evidence")
    file.write_text(json.dumps(document), encoding="utf-8")
    said = CliRunner().invoke(drift, [str(file)])
    assert (said.exit_code, said.stdout) == (2, "")
    assert "was not recorded from the real API" in said.stderr


def test_a_recording_holds_no_value_and_no_credential(sandbox: SandboxClient, tmp_path: Path) -> None:
    with served(sandbox, same) as url:
        said, file = live(tmp_path, environment(sandbox, url), "--allow-writes")
    text = file.read_text(encoding="utf-8")
    for value in {*sandbox.credentials.values(), "Trustpilot Demo Shop", "example.com"}:
        assert value not in text
        assert value not in said.stdout


def test_a_failure_shows_no_value_either(sandbox: SandboxClient, tmp_path: Path) -> None:
    def private(answer: ApiAnswer) -> ApiAnswer:
        return replace(answer, status=418, body={"displayName": "Ada Lovelace", "id": ["ada@example.com"]})

    with served(sandbox, private) as url:
        said, _ = live(tmp_path, environment(sandbox, url), "--json")
    assert said.exit_code == 1
    assert "Ada" not in said.stdout
    assert sandbox.credentials["businessUnitId"] not in said.stdout


def test_without_credentials_nothing_is_run_and_that_is_said(tmp_path: Path) -> None:
    said, file = live(tmp_path, dict.fromkeys((URL, INVITATIONS_URL, *VARIABLES.values()), ""))
    assert said.exit_code == 1
    assert "Not run: TPMOCK_LIVE_URL and TPMOCK_LIVE_DOMAIN and TPMOCK_LIVE_API_KEY not set." in said.stdout
    assert said.stdout.splitlines()[-1].startswith("11 not-run, 10 not-applicable")
    assert said.stderr == "Nothing was recorded.\n"
    assert not file.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/business-units/1/reviews"),
        ("GET", "/_mock/sandboxes"),
        ("POST", "/v1/private/business-units/1/email-invitations"),
        ("GET", "/v1/business-units/1/reviews/../../oauth"),
    ],
)
def test_what_is_not_on_the_list_is_not_called(method: str, path: str) -> None:
    with pytest.raises(NotAllowedError, match="is not on the list"):
        LiveClient(Target({"trustpilot": "http://127.0.0.1:9"}, {})).answered("it", method, f"http://127.0.0.1:9{path}")


def test_another_host_is_not_called() -> None:
    with pytest.raises(NotAllowedError):
        LiveClient(Target({"trustpilot": "https://api.example.com"}, {})).answered(
            "it", "GET", "https://api.example.com.evil.test/v1/business-units/find"
        )


def test_an_api_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    given = Target({"trustpilot": "http://127.0.0.1:9"}, {})
    answer = LiveClient(given).answered("it", "GET", "http://127.0.0.1:9/v1/business-units/find")
    assert (answer.status, answer.error) == (None, "no answer (ConnectionError)")


def test_the_list_holds_operations_of_the_document() -> None:
    operations = load("trustpilot").operations
    assert set(operations) >= READING | WRITING
    assert {name for name in READING if operations[name].method.upper() != "GET"} == {"createAccessToken"}


@pytest.mark.parametrize(
    "address",
    ["http://api.example.com", "api.example.com", "https://u:p@api.example.com", "https://a?b=c", "http://[1"],
)
def test_addresses_that_would_send_credentials_astray_are_refused(address: str) -> None:
    with pytest.raises(TargetError, match="TPMOCK_LIVE_URL"):
        from_environment({URL: address})


def test_addresses_are_taken_as_they_are_given() -> None:
    found = from_environment(
        {URL: "https://api.example.com/", INVITATIONS_URL: "http://localhost:9", VARIABLES["unit"]: "u"}
    )
    assert found.hosts == {"trustpilot": "https://api.example.com", "invitations": "http://localhost:9"}
    assert found.known == {"unit": "u"}


def test_a_projection_has_types_and_words_and_order_and_no_values() -> None:
    times = [f"2026-01-0{day}T00:00:00Z" for day in (3, 2, 1)]
    body = {
        "status": "active",
        "n": [1, 2.5, None, True],
        "ada@example.com": {"id": "a" * 24},
        "r": [{"at": at} for at in times],
    }
    found = project(body)
    assert {place: sorted(field.types) for place, field in found.fields.items()} == {
        "": ["object"],
        "/status": ["string"],
        "/n": ["array"],
        "/n/*": ["boolean", "integer", "null", "number"],
        "/{name}": ["object"],
        "/{name}/id": ["string(id)"],
        "/r": ["array"],
        "/r/*": ["object"],
        "/r/*/at": ["string(time)"],
    }
    assert found.fields["/status"].words == {"active"}
    assert found.order == {"/r/*/at": "descending"}


@pytest.mark.parametrize("text", ["", "[]", '{"format": "other"}', '{"format": "tpmock-recording-1", "host": "h"}'])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text, encoding="utf-8")
    said = CliRunner().invoke(drift, [str(tmp_path / "file")])
    assert said.exit_code == 2
    assert said.stderr.startswith(f"Error: {tmp_path / 'file'}")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["live", "--plan", "quick"], "Only cases of the API itself run"),
        (["live", "--mutant", "no-dedupe"], "No such option '--mutant'"),
        (["--live", "--plan", "provider", "--evidence", "x.zip"], "No such option '--evidence'"),
    ],
)
def test_options_that_go_badly_with_live_are_refused(arguments: list[str], complaint: str) -> None:
    said = CliRunner().invoke(command, arguments)
    assert said.exit_code == 2
    assert complaint in said.stderr


def test_a_certificate_that_nobody_has_signed_is_not_trusted() -> None:
    reached: list[str] = []

    def app(environ: dict[str, Any], start: Any) -> list[bytes]:
        reached.append(environ["PATH_INFO"])
        start("200 OK", [])
        return [b"{}"]

    server = make_server("127.0.0.1", 0, app, request_handler=_Quiet, ssl_context="adhoc")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        url = f"https://127.0.0.1:{server.server_port}"
        answer = LiveClient(Target({"trustpilot": url}, {})).answered("it", "GET", f"{url}/v1/business-units/find")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (answer.status, answer.error, reached) == (None, "no answer (SSLError)", [])
