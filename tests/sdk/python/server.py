"""An MCP server built with the official Python SDK: the upstream that the gateway guards in these tests.

Streamable HTTP on 127.0.0.1 at a port the system chooses, path /mcp, sessions with an event store beside the stateless
2026-07-28. The first line on stdout is `LISTENING <port>`. What happens at the server is written down, and whoever asks the
server past the gateway may read it, wait for it, and let a waiting report go on: `/happened`, `/until`, `/go-on`.
"""

import asyncio
import socket

import uvicorn
from mcp.server import CacheHint, MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequiredResult,
    NotificationParams,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

STATELESS_VERSION = "2026-07-28"
DOCUMENTS = {
    "handbook/refunds.md": "Refunds up to 100.00 are paid at once.\nLarger refunds need a team lead.\n",
    "notes/todo.txt": "renew the certificates\n",
}

# A list that all callers may share, until somebody filters it for one.
server = MCPServer(
    "files", log_level="WARNING", cache_hints={"tools/list": CacheHint(ttl_ms=60_000, scope="public")}
)
happened: list[str] = []
news = asyncio.Condition()
may_go_on = asyncio.Event()


async def happens(what: str) -> None:
    async with news:
        happened.append(what)
        news.notify_all()


class Events(EventStore):
    """Every event of every stream, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []

    async def store_event(self, stream_id, message):
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id, send_callback):
        position = int(last_event_id)
        stream_id = self.events[position - 1][0]
        for at, (stream, message) in enumerate(self.events[position:], start=position + 1):
            # An event without a message only gives a stream its first id.
            if stream == stream_id and message is not None:
                await send_callback(EventMessage(message, str(at)))
        return stream_id


@server.tool()
async def read_file(path: str) -> str:
    """Return the text of one document."""
    await happens("read_file")
    if path not in DOCUMENTS:
        raise ToolError("no such file")
    return DOCUMENTS[path]


@server.tool()
async def search_docs(query: str, ctx: Context) -> str:
    """List the documents that contain a text, reporting progress along the way."""
    await happens("search_docs")
    found = []
    for done, (path, text) in enumerate(DOCUMENTS.items(), start=1):
        if query.lower() in text.lower():
            found.append(path)
        await ctx.report_progress(done, len(DOCUMENTS), path)
    return "\n".join(found)


@server.tool()
async def write_file(path: str, size: int) -> str:
    """Write one document."""
    await happens("write_file")
    return f"wrote {path}"


@server.tool()
async def delete_file(path: str) -> str:
    """Delete one document. The test server only says so, to keep the tests independent of each other."""
    await happens("delete_file")
    return f"deleted {path}"


@server.tool()
async def move_file(path: str, to: str) -> str:
    """Move one document: no rule names this tool."""
    await happens("move_file")
    return f"moved {path} to {to}"


@server.tool()
async def send_email(to: str) -> str:
    """Send a mail: needs a person's approval."""
    await happens("send_email")
    return f"sent to {to}"


@server.tool()
async def slow_report(away: bool, ctx: Context) -> str:
    """Report when told to go on; `away` closes the stream first, so that the client has to come back."""
    await happens("slow_report")
    may_go_on.clear()
    await ctx.report_progress(1, 2, "half")
    if away:
        await ctx.close_sse_stream()
    try:
        await happens("slow_report waits")
        await may_go_on.wait()
    except asyncio.CancelledError:
        happened.append("slow_report cancelled")
        asyncio.get_running_loop().create_task(tell())
        raise
    return "the report"


async def tell() -> None:
    async with news:
        news.notify_all()


@server.tool()
async def publish(ctx: Context) -> str:
    """Say that the list of tools has changed."""
    await happens("publish")
    if ctx.protocol_version == STATELESS_VERSION:
        await ctx.notify_tools_changed()
    else:
        await ctx.session.send_tool_list_changed()
    return "published"


class Color(BaseModel):
    color: str


@server.tool()
async def ask_owner(ctx: Context) -> str | InputRequiredResult:
    """Ask the user: within the call in a session, by an answer that asks for input in 2026-07-28."""
    await happens("ask_owner")
    if ctx.protocol_version != STATELESS_VERSION:
        answer = await ctx.elicit("Which color?", Color)
        return f"painted {answer.data.color}"
    if ctx.input_responses is None:
        params = ElicitRequestFormParams(message="Which color?", requested_schema=Color.model_json_schema())
        return InputRequiredResult(input_requests={"color": ElicitRequest(params=params)})
    return f"painted {ctx.input_responses['color'].content['color']}"


@server.tool()
async def summarize(ctx: Context) -> str | InputRequiredResult:
    """Ask a model of the client's, as `ask_owner` asks the user."""
    await happens("summarize")
    messages = [SamplingMessage(role="user", content=TextContent(type="text", text="Sum up"))]
    if ctx.protocol_version != STATELESS_VERSION:
        request_id = ctx.request_context.request_id
        answer = await ctx.session.create_message(messages, max_tokens=50, related_request_id=request_id)
        return f"summary: {answer.content.text}"
    if ctx.input_responses is None:
        params = CreateMessageRequestParams(messages=messages, max_tokens=50)
        return InputRequiredResult(input_requests={"summary": CreateMessageRequest(params=params)})
    return f"summary: {ctx.input_responses['summary'].content.text}"


@server.resource("docs://handbook")
async def handbook() -> str:
    """How we work."""
    await happens("docs://handbook")
    return "Be kind."


@server.resource("docs://salaries")
async def salaries() -> str:
    """What we earn."""
    await happens("docs://salaries")
    return "A lot."


@server.prompt()
async def summary() -> str:
    """Sum it up."""
    await happens("summary")
    return "Sum it up."


@server.prompt()
async def layoffs() -> str:
    """Write to everybody."""
    await happens("layoffs")
    return "Write to everybody."


@server.custom_route("/happened", methods=["GET"])
async def what_happened(request: Request) -> Response:
    return JSONResponse(happened)


@server.custom_route("/until", methods=["GET"])
async def until(request: Request) -> Response:
    """Answers once `what` has happened after the first `since`."""
    what, since = request.query_params["what"], int(request.query_params["since"])
    async with news:
        await news.wait_for(lambda: what in happened[since:])
    return JSONResponse({})


@server.custom_route("/go-on", methods=["POST"])
async def go_on(request: Request) -> Response:
    may_go_on.set()
    return JSONResponse({})


async def roots_changed(context: object, params: NotificationParams) -> None:
    await happens("roots changed")


def noting_streams(app: ASGIApp) -> ASGIApp:
    """Writes down the streams that clients open."""

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        is_stream = scope["type"] == "http" and (scope["method"], scope["path"]) == ("GET", "/mcp")

        async def sending(message) -> None:
            await send(message)
            if is_stream and message["type"] == "http.response.start" and message["status"] == 200:
                resumed = any(name == b"last-event-id" for name, _ in scope["headers"])
                await happens("stream resumed" if resumed else "stream opened")

        await app(scope, receive, sending)

    return noting


async def main() -> None:
    # The SDK has no public way to hear a notification.
    server._lowlevel_server.add_notification_handler(
        "notifications/roots/list_changed", NotificationParams, roots_changed
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    # Connections made from here on wait in the listener's queue, so the port may be announced before the loop runs.
    print(f"LISTENING {listener.getsockname()[1]}", flush=True)
    app = noting_streams(server.streamable_http_app(event_store=Events(), retry_interval=50))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(main())
