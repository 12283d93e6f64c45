"""Follows a page as a reader does: saves its files, types its commands, compares what is printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import requests
from tpmock.common.free_port import free_port

from tests.support.pages import Block, Page
from tests.support.programs import NODE

PATIENCE: Final = 90
#: Seconds after which a page's shell is ended, however slow the machine is.
LIFETIME: Final = 900
_READY: Final = re.compile(r"tpmock ready: (?P<served>\S+)|^  Trustpilot, Segment +(?P<url>\S+)$", re.MULTILINE)
#: What needs a mock that runs.
_MOCK: Final = re.compile(
    r"127\.0\.0\.1:8080"
    r"|tpmock (?:env|event|fault|clock|sandbox|journal|invitation|webhook|review|trace|audience|braze)\b"
)
#: Below the reader's folder: has node alone, since the npm and npx beside the node of its wheel do not run.
_NODE_FOLDER: Final = ".node"
_DESTINATION: Final = re.compile(r"^  Destination +(\S+)$", re.MULTILINE)


def environment(folder: Path) -> dict[str, str]:
    """Return a reader's environment: tpmock is on the PATH, and nothing else is set."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("TPMOCK_", "PYTEST_", "VIRTUAL_"))
    }
    path = os.pathsep.join([str(Path(sys.prefix) / "bin"), str(folder / _NODE_FOLDER), os.environ["PATH"]])
    return {
        **kept,
        "PATH": path,
        "TPMOCK_HOME": str(folder / "home"),
        "NO_PROXY": "127.0.0.1,localhost",
        "NO_COLOR": "1",
        # npm would ask its registry for a newer version of itself.
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        # The usual ports may be taken here.
        "TPMOCK_PORT": "0",
        "TPMOCK_DESTINATION_PORT": "0",
    }


def npm_packages() -> Path | None:
    """Return the folder of npm packages whose programs are on the PATH; None where there is none."""
    folders = (Path(folder) for folder in os.environ["PATH"].split(os.pathsep))
    return next((folder.parent for folder in folders if folder.parts[-2:] == ("node_modules", ".bin")), None)


def _host(url: str) -> str:
    return url.rstrip("/").partition("://")[2]


class Terminal:
    """A shell in which what is exported stays."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            ["/bin/bash"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=environment(folder),
        )
        # A command that hangs ends the shell, so that the test fails instead of the run.
        self._guard = threading.Timer(LIFETIME, self._process.kill)
        self._guard.daemon = True
        self._guard.start()
        self.type("set -euo pipefail")

    def type(self, lines: str, exits: int = 0) -> str:
        """Return what the lines print.

        :raises AssertionError: when they end with another exit code
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        typed = f"set +e\n(set -e\n{lines}\n)" if exits else lines
        self._process.stdin.write(f"{typed}\necho --done-$?--\nset -e\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if found := re.search(r"--done-(\d+)--", line):
                printed.append(line[: found.start()])
                assert int(found[1]) == exits, "".join(printed)
                return "".join(printed)
            printed.append(line)
        raise AssertionError(f"a command failed: {lines}\n{''.join(printed)}")

    def close(self) -> None:
        self._process.communicate("exit\n", timeout=PATIENCE)
        self._guard.cancel()


class Program:
    """Program that keeps running, in its own terminal.

    :param ready: what it prints when it can be used
    """

    def __init__(self, folder: Path, line: str, ready: re.Pattern[str]) -> None:
        self._ready = threading.Event()
        self._wanted = ready
        self.printed = ""
        self._process = subprocess.Popen(  # noqa: S603 - the page's own line
            ["/bin/bash", "-c", f"exec {line}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=environment(folder),
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        assert self._ready.wait(PATIENCE), f"{line} is not ready: {self.printed}"
        assert self._wanted.search(self.printed), f"{line} ended: {self.printed}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.printed += line
            if self._wanted.search(self.printed):
                self._ready.set()
        self._ready.set()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._reading.join(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Reader:
    """Follows one page.

    :ivar left_out: the programs that are missing here, and for which examples were left out
    """

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._stack = ExitStack()
        #: What a page says, and what stands for it here: these ports may be taken.
        self._addresses: dict[str, str] = {"3000": str(free_port())}
        self._tests: list[str] = []
        self._expected: list[tuple[Program, str, int]] = []
        self.left_out: set[str] = set()

    def __enter__(self) -> Self:
        (self._folder / ".venv").symlink_to(sys.prefix)
        (self._folder / _NODE_FOLDER).mkdir()
        (self._folder / _NODE_FOLDER / "node").symlink_to(NODE)
        self._terminal = Terminal(self._folder)
        self._stack.callback(self._terminal.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def follow(self) -> None:
        """Do what the page says, from the top to the end."""
        printed: str | Program = ""
        blocks = list(self._page.blocks())
        if not any(block.stays for block in blocks) and any(_MOCK.search(block.body) for block in blocks):
            # Concepts and reference pages presume a mock that runs.
            self._start("tpmock up")
        for block in blocks:
            if block.why:
                continue
            if block.needs and not self._has(block.needs):
                self.left_out.add(block.needs)
                printed = ""
            elif block.language != "text":
                printed = self._do(block)
                self._pause()
            elif isinstance(printed, Program):
                self._expected.append((printed, block.body, block.line))
            elif printed:
                self._compare(printed, block.body, block.line)
        for program, expected, line in self._expected:
            self._compare(program.printed, expected, line)
        self._run_tests()

    def _has(self, need: str) -> bool:
        """Return whether a program is here, or an npm package, which is then found from the reader's folder."""
        if not need.startswith("@"):
            return shutil.which(need, path=environment(self._folder)["PATH"]) is not None
        packages = npm_packages()
        if packages is None or not (packages / need).is_dir():
            return False
        if not (self._folder / "node_modules").exists():
            (self._folder / "node_modules").symlink_to(packages)
        return True

    def _do(self, block: Block) -> str | Program:
        body = self._here(block.body)
        if block.stays:
            return self._start(body.strip())
        if block.language == "sh":
            return self._terminal.type(body, block.exits)
        if block.language == "python" and "def test_" in body:
            self._save(block.file or f"test_example_{block.line}.py", body)
            self._tests.append(block.file or f"test_example_{block.line}.py")
        elif block.file:
            self._save(block.file, body)
        elif block.language == "python":
            self._save(f"example_{block.line}.py", body)
            return self._terminal.type(f"python -W error example_{block.line}.py")
        return ""

    def _here(self, text: str) -> str:
        """Return a text with the addresses that are used here."""
        for printed, actual in self._addresses.items():
            text = re.sub(rf"\b{re.escape(printed)}\b", actual, text)
        return text

    def _save(self, name: str, body: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")

    def _start(self, line: str) -> Program:
        mock = re.search(r"\btpmock (?:up|serve)\b", line) is not None
        program = Program(self._folder, line, _READY if mock else re.compile(r"\S"))
        self._stack.callback(program.close)
        if found := _READY.search(program.printed) if mock else None:
            self._addresses["127.0.0.1:8080"] = _host(found["served"] or found["url"])
            if destination := _DESTINATION.search(program.printed):
                self._addresses["127.0.0.1:8090"] = _host(destination[1])
        return program

    def _pause(self) -> None:
        """Let the mock finish, as a reader is slower than any delivery."""
        if address := self._addresses.get("127.0.0.1:8080"):
            settled = requests.post(f"http://{address}/_mock/sandboxes/default/settle", timeout=PATIENCE)
            assert settled.ok, settled.text

    def _compare(self, printed: str, expected: str, line: int) -> None:
        """See that the lines of a block are in what was printed, in this order; … stands for anything."""
        wanted = [
            re.escape(" ".join(one.split())).replace("…", ".*") for one in self._here(expected).strip().splitlines()
        ]
        said = "\n".join(" ".join(one.split()) for one in printed.splitlines())
        pattern = r"(?:.|\n)*?".join(one.replace(r"\ .*", r" ?.*").replace(r".*\ ", r".* ?") for one in wanted)
        assert re.search(pattern, said), f"{self._page.name}:{line}: expected\n{expected}\nprinted\n{printed}"

    def _run_tests(self) -> None:
        if not self._tests:
            return
        (self._folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
        # A reader has our plugin alone; those that our tests need take longer to load than the examples take to run.
        plugins = ["-p", "tpmock.testing.plugin", "-p", "no:cacheprovider"]
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            *plugins,
            f"--basetemp={self._folder / 'temporary'}",
            *self._tests,
        ]
        ran = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=self._folder,
            env={**environment(self._folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert ran.returncode == 0, f"{self._page.name}: {ran.stdout}{ran.stderr}"
