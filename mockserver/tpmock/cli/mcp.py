"""``tpmock mcp``: the control API as tools of the Model Context Protocol, over standard input and output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from tpmock.cli import mcp_tools
from tpmock.cli.errors import ImpossibleError
from tpmock.cli.mcp_tools import ToolError
from tpmock.cli.remote import url_option
from tpmock.common import running_mocks
from tpmock.common.control_client import RefusedError, UnreachableError
from tpmock.common.installation import install_command
from tpmock.common.running_mocks import AmbiguousError
from tpmock.common.version import __version__

if TYPE_CHECKING:
    from mcp import types
    from mcp.server import Server

_INSTRUCTIONS = (
    "tpmock is a local mock of Trustpilot and Segment. Create a sandbox, send an order, settle, then trace the order. "
    "Time is simulated: advance the clock instead of waiting."
)

#: Exceptions whose messages are for the caller of a tool.
_PROBLEMS = (ToolError, AmbiguousError, UnreachableError, RefusedError)


@click.command()
@url_option
def mcp(url: str | None) -> None:
    """Serve tools for AI agents over standard input and output (Model Context Protocol). Needs the extra ``mcp``.

    The tools use the mock that runs when they are called. Register this command with your agent or editor.

    Example: tpmock mcp
    """
    try:
        import anyio  # noqa: PLC0415 - comes with the extra
        from mcp.server.stdio import stdio_server  # noqa: PLC0415 - likewise
    except ImportError:
        raise ImpossibleError(f"The MCP SDK is not installed. Run: {install_command('mcp')}") from None

    async def serve() -> None:
        server = make_server(url)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)


def make_server(url: str | None) -> Server[Any]:
    """Return a server of the tools.

    :param url: address of the mock; None for the running one, which is found at each call
    """
    import anyio.to_thread  # noqa: PLC0415 - comes with the extra
    import jsonschema  # noqa: PLC0415 - takes 60 ms
    from mcp import types  # noqa: PLC0415 - comes with the extra
    from mcp.server import Server  # noqa: PLC0415 - likewise

    async def list_tools(_context: object, _parameters: object) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(name=name, description=tool["does"], input_schema=mcp_tools.input_schema(name))
                for name, tool in mcp_tools.tools().items()
            ]
        )

    async def call_tool(_context: object, parameters: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            value = await anyio.to_thread.run_sync(_called, url, parameters.name, parameters.arguments or {})
        except (*_PROBLEMS, jsonschema.ValidationError) as error:
            return _result(getattr(error, "message", str(error)), failed=True)
        return _result(json.dumps(value, ensure_ascii=False, indent=1))

    def _result(text: str, *, failed: bool = False) -> types.CallToolResult:
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

    return Server(
        "tpmock", version=__version__, instructions=_INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool
    )


def _called(url: str | None, name: str, arguments: dict[str, Any]) -> object:
    import jsonschema  # noqa: PLC0415 - as above
    from tpmock.common.suggestions import did_you_mean  # noqa: PLC0415 - only for a mistake

    if name not in mcp_tools.tools():
        raise ToolError(f"There is no tool {name!r}. {did_you_mean(name, list(mcp_tools.tools()))}")
    jsonschema.validate(arguments, mcp_tools.input_schema(name))
    client = running_mocks.client(url, lambda sentence: click.echo(sentence, err=True))
    return mcp_tools.call(client, name, arguments)
