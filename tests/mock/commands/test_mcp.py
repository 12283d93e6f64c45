"""``tpmock mcp``, used by the protocol's own client over standard input and output."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import jsonschema
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters
from mcp.server import Server
from tpmock import spec
from tpmock.cli import mcp_tools
from tpmock.cli.main import tpmock
from tpmock.cli.mcp import make_server
from tpmock.common.control_client import ControlClient
from tpmock.console.documentation import library

from tests.support.doors import OverSocket

Use = Callable[..., Awaitable[Any]]


def used(server: Server[Any] | StdioServerParameters, act: Callable[[Client], Awaitable[None]]) -> None:
    """Let an agent use the tools of a server, in this process or over standard input and output."""

    async def use() -> None:
        with anyio.fail_after(60):
            async with Client(server) as client:
                await act(client)

    anyio.run(use)


async def result(client: Client, name: str, **arguments: Any) -> Any:
    answer = await client.call_tool(name, arguments)
    [content] = answer.content
    assert not answer.is_error, content.text  # type: ignore[union-attr]
    return json.loads(content.text)  # type: ignore[union-attr]


async def problem(client: Client, name: str, **arguments: Any) -> str:
    answer = await client.call_tool(name, arguments)
    [content] = answer.content
    assert answer.is_error
    return str(content.text)  # type: ignore[union-attr]


def test_an_agent_follows_an_order_through_a_sandbox(door: OverSocket) -> None:
    async def act(client: Client) -> None:
        listed = await client.list_tools()
        assert [tool.name for tool in listed.tools] == list(mcp_tools.tools())
        sandbox = (await result(client, "create_sandbox"))["id"]
        here = {"sandbox": sandbox}
        sent = await result(client, "send_order", **here, order_id="1001", properties={"currency": "EUR"})
        assert sent["sent"]["properties"]["currency"] == "EUR"
        await result(client, "settle", **here)
        trace = await result(client, "trace_order", **here, order="1001")
        assert trace["keys"]["orderId"] == ["1001"]
        assert "no destination" in trace["outcome"].lower()
        [request] = (await result(client, "list_requests", **here, limit=5))["journal"]
        assert request["url"].endswith("/v1/track")
        assert (await result(client, "list_invitations", **here))["invitations"] == []
        before = await result(client, "advance_clock", **here, by="7d")
        assert "now" in before
        fault = await result(client, "add_fault", **here, fault="email-invitations 429 x2")
        assert fault["status"] == 429
        await result(client, "remove_faults", **here)
        [first, *_] = (await result(client, "search_docs", words="expired token"))["hits"]
        assert first["address"].startswith(f"{door.url}/_mock/docs/how-to/expired-token")

    used(StdioServerParameters(command=sys.executable, args=["-m", "tpmock", "mcp", "--url", door.url]), act)


def test_an_agent_is_told_what_was_wrong(door: OverSocket) -> None:
    async def act(client: Client) -> None:
        assert "'by' is a required property" in await problem(client, "advance_clock")
        assert "There is no sandbox" in await problem(client, "trace_order", sandbox="nowhere", order="1")
        assert "Did you mean 'advance_clock'?" in await problem(client, "advance_clok")
        assert "is not of type" in await problem(client, "send_order", order_id=7)
        assert "nowhere" in await problem(client, "run_plan", plan="nowhere")

    used(make_server(door.url), act)


def test_without_a_mock_an_agent_is_told_how_to_start_one() -> None:
    async def act(client: Client) -> None:
        assert "tpmock up" in await problem(client, "create_sandbox")

    used(make_server("http://127.0.0.1:9"), act)


def test_an_agent_runs_a_plan(door: OverSocket) -> None:
    client = ControlClient(door.url)
    ran = mcp_tools.call(client, "run_plan", {"plan": "segment-destination", "cases": ["DEST-002"]})
    assert (ran["passed"], ran["cases"]) == (True, [])
    assert ran["summary"]["passed"] == 1


@pytest.mark.parametrize("name", mcp_tools.tools())
def test_a_tool_has_a_schema_and_every_argument_is_described(name: str) -> None:
    schema = mcp_tools.input_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) <= set(schema["properties"])
    operation = mcp_tools.tools()[name].get("operation")
    assert operation is None or operation in spec.load("control").operations


def test_without_the_extra_the_command_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['mcp'] = None; from tpmock.cli.main import main; sys.argv = ['tpmock', 'mcp']; main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert ran.returncode == 2
    assert "The MCP SDK is not installed. Run: pip install" in ran.stderr


def test_help_needs_no_extra() -> None:
    assert "Model Context Protocol" in " ".join(CliRunner().invoke(tpmock, ["mcp", "--help"]).output.split())


def test_the_documentation_lists_the_tools() -> None:
    table = library.source("how-to/agents-and-editors").partition("| tool |")[2].partition("\n\n")[0]
    assert re.findall(r"`(\w+)`", table) == list(mcp_tools.tools())
