"""The official MCP Python SDK as a client, through the gateway, to a server built with the same SDK.

`auto` is the SDK's default: it tries the newest protocol version first, which has no sessions. `legacy` opens a session
at once. What the server really received is asked of the server itself, past the gateway.
"""

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client, MCPError
from mcp.types import CallToolResult

from harness import Gateway, Upstream

SESSION_VERSION = "2025-11-25"
STATELESS_VERSION = "2026-07-28"
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
TIMEOUT_S = 20

pytestmark = pytest.mark.anyio
both_modes = pytest.mark.parametrize("mode", ["auto", "legacy"])
both_versions = pytest.mark.parametrize(("mode", "version"), [("auto", STATELESS_VERSION), ("legacy", SESSION_VERSION)])


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    server = Upstream(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Gateway]:
    gateway = Gateway(tmp_path_factory.mktemp("gateway"), upstream)
    yield gateway
    gateway.stop_and_verify()


def connect(url: str, mode: str) -> Client:
    # Tests only collect inside `async with` and assert after it: a failure inside would end in the SDK's task groups.
    return Client(url, mode=mode, read_timeout_seconds=TIMEOUT_S)


async def call(client: Client, tool: str, arguments: dict[str, str]) -> CallToolResult | MCPError:
    """The answer to a call, or the error that the SDK raised for it."""
    try:
        return await client.call_tool(tool, arguments)
    except MCPError as error:
        return error


def answer(outcome: CallToolResult | MCPError) -> tuple[bool, str]:
    """Whether the call failed, and the text that the model reads."""
    assert isinstance(outcome, CallToolResult), repr(outcome)
    return outcome.is_error, "\n".join(part.text for part in outcome.content if part.type == "text")


async def counts(upstream: Upstream) -> Counter[str]:
    """How often each tool of the server was reached so far."""
    async with connect(upstream.url, "auto") as client:
        result = await client.call_tool("call_counts")
    return Counter(result.structured_content)


# The server alone: what the tests below rely on when they say that a call did or did not arrive.


@both_versions
async def test_the_server_alone_lists_answers_and_counts(upstream: Upstream, mode: str, version: str) -> None:
    before = await counts(upstream)
    async with connect(upstream.url, mode) as client:
        agreed = client.protocol_version
        tools = (await client.list_tools()).tools
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        deleted = await call(client, "delete_file", {"path": "notes/todo.txt"})
    assert agreed == version
    assert {tool.name for tool in tools} == {"read_file", "search_docs", "delete_file", "call_counts"}
    assert answer(read) == (False, "renew the certificates\n")
    assert answer(deleted) == (False, "deleted notes/todo.txt")
    assert await counts(upstream) - before == Counter(read_file=1, delete_file=1)


# Through the gateway.


@both_versions
async def test_a_client_agrees_on_a_version_and_lists_the_tools(gateway: Gateway, mode: str, version: str) -> None:
    async with connect(gateway.files, mode) as client:
        agreed, server = client.protocol_version, client.server_info
        tools = (await client.list_tools()).tools
    assert agreed == version
    assert server is not None and server.name == "files"
    assert {"read_file", "search_docs"} <= {tool.name for tool in tools}


@pytest.mark.filterwarnings("ignore:ping is removed")  # in the stateless version; a session still has it
async def test_a_session_is_kept_alive(gateway: Gateway) -> None:
    async with connect(gateway.files, "legacy") as client:
        await client.send_ping()


@both_modes
async def test_an_allowed_call_is_answered_by_the_server(gateway: Gateway, upstream: Upstream, mode: str) -> None:
    before = await counts(upstream)
    async with connect(gateway.files, mode) as client:
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        missing = await call(client, "read_file", {"path": "no/such/file"})
    assert answer(read) == (False, "renew the certificates\n")
    # A failure of the tool itself is the server's answer, passed on as it is.
    failed, text = answer(missing)
    assert failed and "no such file" in text
    assert await counts(upstream) - before == Counter(read_file=2)


@both_modes
async def test_progress_reaches_the_caller(gateway: Gateway, mode: str) -> None:
    seen: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with connect(gateway.files, mode) as client:
        found = await client.call_tool("search_docs", {"query": "REFUNDS"}, progress_callback=on_progress)
    assert answer(found) == (False, "handbook/refunds.md")
    assert seen == [1, 2]


@both_modes
async def test_a_denied_call_tells_the_model_why(gateway: Gateway, upstream: Upstream, mode: str) -> None:
    before = await counts(upstream)
    async with connect(gateway.files, mode) as client:
        denied = await call(client, "delete_file", {"path": "notes/todo.txt"})
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
    failed, text = answer(denied)
    assert failed
    assert "no_deletes" in text, "the reason names the rule"
    assert "notes/todo.txt" not in text, "the reason repeats no argument"
    assert denied.meta is not None and denied.meta["aegis/decision"]
    assert answer(read)[0] is False, "the session is as good as before"
    assert await counts(upstream) - before == Counter(read_file=1), "the denied call never arrived"


@both_modes
@pytest.mark.parametrize("tool", ["call_counts", "format_disk"])
async def test_a_tool_no_rule_names_is_denied(gateway: Gateway, upstream: Upstream, mode: str, tool: str) -> None:
    # The first exists on the server, the second does not: what no rule allows is denied either way.
    before = await counts(upstream)
    async with connect(gateway.files, mode) as client:
        denied = await call(client, tool, {})
    failed, text = answer(denied)
    assert failed
    assert f"files.{tool}" in text, "the reason names the capability"
    assert await counts(upstream) == before


@both_modes
async def test_a_route_may_deny_with_a_json_rpc_error(gateway: Gateway, upstream: Upstream, mode: str) -> None:
    before = await counts(upstream)
    async with connect(gateway.strict, mode) as client:
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        error = await call(client, "delete_file", {"path": "notes/todo.txt"})
    assert answer(read)[0] is False
    assert isinstance(error, MCPError), repr(error)
    assert not -32768 <= error.code <= -32000, "the codes of JSON-RPC itself mean something else"
    assert "no_strict_deletes" in error.message
    assert isinstance(error.data, dict) and isinstance(error.data["code"], str)
    assert await counts(upstream) - before == Counter(read_file=1)


def posted(url: str, headers: dict[str, str], message: dict) -> tuple[int, dict]:
    """Status and JSON body of the answer to a message that no SDK would send."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    request = urllib.request.Request(url, json.dumps(message).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error as response:
            return response.status, json.load(response)


@pytest.mark.parametrize(
    ("version", "claimed", "method_header", "status", "code"),
    [
        ("2099-01-01", "2099-01-01", "tools/list", 400, UNSUPPORTED_VERSION),
        (STATELESS_VERSION, "2099-01-01", "tools/list", 400, HEADER_MISMATCH),
        (STATELESS_VERSION, STATELESS_VERSION, "prompts/list", 400, HEADER_MISMATCH),
        (STATELESS_VERSION, None, "tools/list", 400, INVALID_PARAMS),
        (STATELESS_VERSION, STATELESS_VERSION, "ping", 404, METHOD_NOT_FOUND),
    ],
)
async def test_the_gateway_refuses_as_the_server_does(
    gateway: Gateway, upstream: Upstream, version: str, claimed: str | None, method_header: str, status: int, code: int
) -> None:
    meta = {"io.modelcontextprotocol/clientCapabilities": {}}
    if claimed is not None:
        meta["io.modelcontextprotocol/protocolVersion"] = claimed
    method = "ping" if method_header == "ping" else "tools/list"
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"_meta": meta}}
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": method_header}
    answers = [posted(url, headers, message) for url in (upstream.url, gateway.files)]
    told = [(status, body["id"], body["error"]["code"]) for status, body in answers]
    assert told == [(status, 7, code)] * 2
    if code == UNSUPPORTED_VERSION:
        asked, through = (body["error"]["data"] for _, body in answers)
        assert (through["supported"], through["requested"]) == (asked["supported"], asked["requested"])


async def test_a_pinned_client_needs_no_discovery(gateway: Gateway) -> None:
    async with connect(gateway.files, STATELESS_VERSION) as client:
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        denied = await call(client, "delete_file", {"path": "notes/todo.txt"})
    assert answer(read) == (False, "renew the certificates\n")
    assert answer(denied)[0] is True


async def test_after_sigterm_the_ledger_verifies(tmp_path: Path, upstream: Upstream) -> None:
    gateway = Gateway(tmp_path, upstream)
    async with connect(gateway.files, "auto") as client:
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        denied = await call(client, "delete_file", {"path": "notes/todo.txt"})
    gateway.stop_and_verify()
    assert (answer(read)[0], answer(denied)[0]) == (False, True)
    lines = [line for file in gateway.data_dir.glob("ledger/*/*.jsonl") for line in file.read_text().splitlines()]
    recorded = {json.loads(line).get("capability") for line in lines}
    assert {"files.read_file", "files.delete_file"} <= recorded
