"""An MCP server built with the official Python SDK: the upstream that the gateway guards in these tests.

Streamable HTTP on 127.0.0.1 at a port the system chooses, path /mcp. The first line on stdout is `LISTENING <port>`.
Every call that reaches a tool is counted; the tool `call_counts` tells the counts to whoever asks the server directly.
"""

import asyncio
import socket
from collections import Counter

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

DOCUMENTS = {
    "handbook/refunds.md": "Refunds up to 100.00 are paid at once.\nLarger refunds need a team lead.\n",
    "notes/todo.txt": "renew the certificates\n",
}

server = MCPServer("files", log_level="WARNING")
calls: Counter[str] = Counter()


@server.tool()
def read_file(path: str) -> str:
    """Return the text of one document."""
    calls["read_file"] += 1
    if path not in DOCUMENTS:
        raise ToolError("no such file")
    return DOCUMENTS[path]


@server.tool()
async def search_docs(query: str, ctx: Context) -> str:
    """List the documents that contain a text, reporting progress along the way."""
    calls["search_docs"] += 1
    found = []
    for done, (path, text) in enumerate(DOCUMENTS.items(), start=1):
        if query.lower() in text.lower():
            found.append(path)
        await ctx.report_progress(done, len(DOCUMENTS), path)
    return "\n".join(found)


@server.tool()
def delete_file(path: str) -> str:
    """Delete one document. The test server only says so, to keep the tests independent of each other."""
    calls["delete_file"] += 1
    return f"deleted {path}"


@server.tool()
def call_counts() -> dict[str, int]:
    """Say how often each of the other tools was reached."""
    return dict(calls)


async def main() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    # Connections made from here on wait in the listener's queue, so the port may be announced before the loop runs.
    print(f"LISTENING {listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(server.streamable_http_app(), log_level="warning", timeout_graceful_shutdown=1)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(main())
