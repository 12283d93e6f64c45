"""What a user gets wrong, and what machines are like: ``tpmock run`` says it in a sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import dead_proxy
from tests.system.run.conftest import PROGRAMS, Runs


def test_a_program_that_cannot_be_found(tpmock_run: Runs) -> None:
    ended = tpmock_run("--", "no-such-program")
    assert ended.code == 127
    assert "tpmock run: no-such-program is not found." in ended.errors


@pytest.mark.parametrize(("make", "reason"), [(Path.mkdir, "it is a folder"), (Path.touch, "it is not executable")])
def test_a_program_that_cannot_be_run(tpmock_run: Runs, tmp_path: Path, make: object, reason: str) -> None:
    assert callable(make)
    make(tmp_path / "app")
    ended = tpmock_run("--", tmp_path / "app")
    assert ended.code == 126
    assert f"app cannot be run: {reason}." in ended.errors


@pytest.mark.parametrize("arguments", [[], ["--print-env", "--", "true"]])
def test_without_a_program_or_with_one_too_many(tpmock_run: Runs, arguments: list[str]) -> None:
    ended = tpmock_run(*arguments)
    assert ended.code == 2
    assert "tpmock run -- node app.js" in ended.errors


@pytest.mark.parametrize(("code", "number"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_its_exit_code_is_the_programs(tpmock_run: Runs, code: str, number: int) -> None:
    assert tpmock_run("--", sys.executable, "-c", code).code == number


def test_a_signal_is_passed_on(authority_home: Path) -> None:
    handler = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))"
    code = f"import signal, sys; {handler}; print('up', flush=True); signal.pause()"
    program = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "tpmock", "run", "--", sys.executable, "-c", code],
        env={**os.environ, "TPMOCK_HOME": str(authority_home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"up\n"
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=60)
    assert program.returncode == 5


@contextmanager
def mute() -> Iterator[str]:
    """A port that takes connections and speaks no HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    accepted, _ = listener.accept()
                except OSError:
                    return
                with accepted:
                    accepted.recv(100)
                    accepted.sendall(b"SSH-2.0-none\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_port_that_speaks_no_http(tpmock_run: Runs) -> None:
    with mute() as url:
        ended = tpmock_run("--url", url, "--", "true")
    assert ended.code == 2
    assert f"No mock answers at {url}" in ended.errors
    assert "Traceback" not in ended.errors


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--url", "http://127.0.0.1:9"], "No mock answers at http://127.0.0.1:9"),
        (["--url", "localhost"], "'localhost' is not an address"),
        (["--sandbox", "nobody"], "There is no sandbox 'nobody'"),
    ],
)
def test_a_mock_or_sandbox_that_is_not_there(tpmock_run: Runs, options: list[str], words: str) -> None:
    ended = tpmock_run(*options, "--", "true")
    assert ended.code == 2
    assert words in ended.errors


def test_where_no_authority_can_be_kept_the_run_has_one(tpmock_run: Runs, tmp_path: Path) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("not a folder")
    ended = tpmock_run("--", sys.executable, "app.py", "urllib", TPMOCK_HOME=str(in_the_way))
    assert ended.output == "200\n", ended.errors
    assert "each run has an authority of its own" in ended.errors


def test_two_at_once(tpmock_run: Runs, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(tpmock_run, "--", sys.executable, "app.py", "http_client", TPMOCK_HOME=str(tmp_path))
            for _ in range(2)
        ]
        assert [each.result().output for each in runs] == ["200\n"] * 2
    assert (tmp_path / "authority" / "authority.pem").exists()


def test_a_proxy_of_the_environment_sees_nothing(tpmock_run: Runs) -> None:
    environ = {**dead_proxy.PROXIES, "NO_PROXY": "", "no_proxy": ""}
    ended = tpmock_run("--", sys.executable, "app.py", "urllib", "requests", **environ)
    assert ended.output == "200 200\n", ended.errors


def test_what_is_allowed_goes_through_it(tpmock_run: Runs) -> None:
    """As before: it is the user's way outside."""
    with proxy() as (url, seen):
        code = "import urllib.request as u; u.urlopen('https://shop.example.com/')"
        options = ["--allow-host", "shop.example.com", "--", sys.executable, "-c", code]
        ended = tpmock_run(*options, HTTPS_PROXY=url, https_proxy=url)
    assert seen == [b"CONNECT shop.example.com:443 HTTP/1.1"]
    assert ended.code == 1


@contextmanager
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            accepted, _ = listener.accept()
            with accepted:
                seen.append(accepted.recv(1000).partition(b"\r\n")[0])
                accepted.sendall(b"HTTP/1.1 503 Unavailable\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        thread.join(30)


def test_other_hosts_are_refused_with_what_to_do(tpmock_run: Runs) -> None:
    code = "import urllib.request as u; u.urlopen('http://shop.example.com/')"
    ended = tpmock_run("--", sys.executable, "-I", "-c", code)
    assert "403" in ended.errors
    assert ended.report == ["refused shop.example.com 1 allow it with --allow-host shop.example.com"]


def test_a_run_joins_a_mock_over_ipv6(authority_home: Path, tpmock_run: Runs) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6: no mock is joined over it")
    serve = subprocess.Popen(
        [sys.executable, "-m", "tpmock", "serve", "--host", "::1", "--port", "0", "--tls"],
        env={**os.environ, "TPMOCK_HOME": str(authority_home)},
        stdout=subprocess.PIPE,
    )
    try:
        assert serve.stdout is not None
        url = serve.stdout.readline().decode().split()[-1]
        ended = tpmock_run("--url", url, "--", sys.executable, "app.py", "urllib")
        assert url.startswith("https://[::1]:")
        assert ended.output == "200\n", ended.errors
        listed = subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-m", "tpmock", "sandbox", "list", "--url", url],
            env={**os.environ, "TPMOCK_HOME": str(authority_home)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert [line.split()[0] for line in listed.stdout.splitlines()] == ["sandbox", "default"]
    finally:
        serve.terminate()
        serve.communicate(timeout=60)


def test_the_variables_are_for_a_shell(authority_home: Path) -> None:
    """``eval "$(tpmock run --print-env)"`` leads a shell's programs for as long as it serves."""
    serve = subprocess.Popen(
        [sys.executable, "-m", "tpmock", "run", "--print-env"],
        env={**os.environ, "TPMOCK_HOME": str(authority_home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert serve.stdout is not None
    lines = []
    while not (line := serve.stdout.readline()).startswith("export TPMOCK_SANDBOX"):
        assert line, serve.communicate()
        lines.append(line)
    script = f"{''.join(lines)}\nexec {sys.executable} app.py urllib"
    ended = subprocess.run(["sh", "-c", script], cwd=PROGRAMS, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603, S607 - ours
    serve.send_signal(signal.SIGINT)
    _, errors = serve.communicate(timeout=60)
    assert ended.stdout == "200\n", ended.stderr
    assert "led      api.trustpilot.com  1" in errors
    assert serve.returncode == 0
