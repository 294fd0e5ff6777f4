"""Calls of the official MCP Python SDK through the gateway to a server built with the same SDK: what is listed, let through and
denied, and what the client reads of it. What the server really received is asked of the server itself, past the gateway.
"""

import json
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.subscriptions import ToolsListChanged

from conftest import SESSION_VERSION, STATELESS_VERSION, TIMEOUT_S, VERSIONS, Witness, answer, call, connect
from harness import Gateway, Upstream

DENIED = 4030
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
HIDDEN = {"delete_file", "move_file"}
SHOWN = {
    "ask_owner",
    "publish",
    "read_file",
    "search_docs",
    "send_email",
    "slow_report",
    "summarize",
    "write_file",
}

pytestmark = pytest.mark.anyio
every_mode = pytest.mark.parametrize("mode", VERSIONS)


# The server alone: what the tests below rely on when they say that something is hidden or did not arrive.


@every_mode
async def test_the_server_alone_lists_and_does_everything(upstream: Upstream, witness: Witness, mode: str) -> None:
    async with connect(upstream.url, mode) as client:
        agreed = client.protocol_version
        tools = (await client.list_tools()).tools
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        deleted = await call(client, "delete_file", {"path": "notes/todo.txt"})
    assert agreed == VERSIONS[mode]
    assert {tool.name for tool in tools} == HIDDEN | SHOWN
    assert answer(read) == (False, "renew the certificates\n")
    assert answer(deleted) == (False, "deleted notes/todo.txt")
    assert await witness.saw() == ["read_file", "delete_file"]


# Through the gateway.


@every_mode
async def test_a_client_agrees_on_the_newest_version(gateway: Gateway, mode: str) -> None:
    async with connect(gateway.files, mode) as client:
        agreed, discovered = client.protocol_version, client.session.discover_result
        await client.list_tools()
        server = client.server_info
    assert agreed == VERSIONS[mode]
    assert (discovered is None) == (agreed == SESSION_VERSION)
    # A client that is pinned to a version does not ask who the server is.
    assert mode == STATELESS_VERSION or (server is not None and server.name == "files")


@every_mode
async def test_tools_that_are_denied_for_certain_are_not_listed(gateway: Gateway, mode: str) -> None:
    async with connect(gateway.files, mode) as client:
        tools = (await client.list_tools()).tools
    # Listed are: allowed ones, one that depends on its arguments, and one that needs a person.
    assert {tool.name for tool in tools} == SHOWN


@every_mode
async def test_an_allowed_call_is_answered_by_the_server(gateway: Gateway, witness: Witness, mode: str) -> None:
    async with connect(gateway.files, mode) as client:
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        missing = await call(client, "read_file", {"path": "no/such/file"})
        written = await call(client, "write_file", {"path": "a", "size": 100})
    assert answer(read) == (False, "renew the certificates\n")
    # A failure of the tool itself is the server's answer, passed on as it is.
    failed, text = answer(missing)
    assert failed and "no such file" in text
    assert answer(written) == (False, "wrote a")
    assert await witness.saw() == ["read_file", "read_file", "write_file"]


@every_mode
async def test_a_denied_call_tells_the_model_why(gateway: Gateway, witness: Witness, mode: str) -> None:
    async with connect(gateway.files, mode) as client:
        denied = await call(client, "delete_file", {"path": "notes/todo.txt"})
        written = await call(client, "write_file", {"path": "a", "size": 101})
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
    failed, text = answer(denied)
    assert failed
    assert "no_deletes" in text, "the reason names the rule"
    assert "notes/todo.txt" not in text, "the reason repeats no argument"
    assert denied.meta is not None and denied.meta["aegis/decision"]
    assert answer(written)[0] is True
    assert answer(read)[0] is False, "the client may go on"
    assert await witness.saw() == ["read_file"], "what was denied never arrived"


@every_mode
@pytest.mark.parametrize("tool", ["move_file", "format_disk"])
async def test_a_tool_no_rule_names_is_denied(gateway: Gateway, witness: Witness, mode: str, tool: str) -> None:
    # The first exists on the server, the second does not: what no rule allows is denied either way.
    async with connect(gateway.files, mode) as client:
        denied = await call(client, tool, {})
    failed, text = answer(denied)
    assert failed
    assert f"files.{tool}" in text, "the reason names the capability"
    assert await witness.saw() == []


@every_mode
async def test_a_route_may_deny_with_a_json_rpc_error(gateway: Gateway, witness: Witness, mode: str) -> None:
    async with connect(gateway.strict, mode) as client:
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        error = await call(client, "delete_file", {"path": "notes/todo.txt"})
    assert answer(read)[0] is False
    assert_denied(error, "no_deletes", "rule_denied")
    assert await witness.saw() == ["read_file"]


@every_mode
async def test_resources_are_read_under_the_policy(gateway: Gateway, witness: Witness, mode: str) -> None:
    async with connect(gateway.files, mode) as client:
        listed = (await client.list_resources()).resources
        read = await attempt(client, "read_resource", "docs://handbook")
        denied = await attempt(client, "read_resource", "docs://salaries")
    assert {str(resource.uri) for resource in listed} == {"docs://handbook", "docs://salaries"}
    assert read.contents[0].text == "Be kind."
    assert_denied(denied, "no_salaries", "rule_denied")
    assert await witness.saw() == ["docs://handbook"]


@every_mode
async def test_prompts_are_fetched_under_the_policy(gateway: Gateway, witness: Witness, mode: str) -> None:
    async with connect(gateway.files, mode) as client:
        listed = (await client.list_prompts()).prompts
        fetched = await attempt(client, "get_prompt", "summary")
        denied = await attempt(client, "get_prompt", "layoffs")
    assert {prompt.name for prompt in listed} == {"summary", "layoffs"}
    assert fetched.messages[0].content.text == "Sum it up."
    assert_denied(denied, "files.prompts.get", "default_denied")
    assert await witness.saw() == ["summary"]


@every_mode
async def test_progress_reaches_the_caller(gateway: Gateway, mode: str) -> None:
    seen: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with connect(gateway.files, mode) as client:
        found = await call(client, "search_docs", {"query": "REFUNDS"}, progress_callback=on_progress)
    assert answer(found) == (False, "handbook/refunds.md")
    assert seen == [1, 2]


@every_mode
async def test_progress_comes_while_the_call_is_under_way(gateway: Gateway, witness: Witness, mode: str) -> None:
    told = anyio.Event()
    outcomes = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.set()

    async def report(client: Client) -> None:
        outcomes.append(await call(client, "slow_report", {"away": False}, progress_callback=on_progress))

    async with connect(gateway.files, mode) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(report, client)
        with anyio.move_on_after(TIMEOUT_S):
            await told.wait()
            await witness.until("slow_report waits")
        await witness.go_on()
    assert told.is_set()
    assert [answer(outcome) for outcome in outcomes] == [(False, "the report")]


@every_mode
async def test_a_call_that_is_given_up_is_cancelled_at_the_server(
    gateway: Gateway, witness: Witness, mode: str
) -> None:
    async with connect(gateway.files, mode) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, client, "slow_report", {"away": False})
            await witness.until("slow_report waits")
            tasks.cancel_scope.cancel()
        await witness.until("slow_report cancelled")
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
    assert answer(read)[0] is False, "the client may go on"


@every_mode
async def test_the_server_may_ask_the_user_and_the_model(gateway: Gateway, mode: str) -> None:
    async with connect(gateway.files, mode) as client:
        painted = await call(client, "ask_owner")
        summed_up = await call(client, "summarize")
    assert answer(painted) == (False, "painted green")
    assert answer(summed_up) == (False, "summary: Sum up: fine")


@pytest.mark.parametrize("mode", ["auto", STATELESS_VERSION])
async def test_a_listener_hears_of_changes(gateway: Gateway, mode: str) -> None:
    heard = []
    async with connect(gateway.files, mode) as client:
        async with client.listen(tools_list_changed=True) as changes:
            published = await call(client, "publish")
            with anyio.move_on_after(TIMEOUT_S):
                heard.append(await anext(aiter(changes)))
    assert answer(published) == (False, "published")
    assert [type(event) for event in heard] == [ToolsListChanged]


async def test_a_list_filtered_for_one_caller_is_not_for_others_to_keep(gateway: Gateway, upstream: Upstream) -> None:
    async with connect(upstream.url, "auto") as client:
        whole = await client.list_tools()
    async with connect(gateway.files, "auto") as client:
        filtered = await client.list_tools()
    assert (whole.cache_scope, len(whole.tools)) == ("public", len(HIDDEN | SHOWN))
    assert (filtered.cache_scope, len(filtered.tools)) == ("private", len(SHOWN))


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
    meta: dict[str, Any] = {"io.modelcontextprotocol/clientCapabilities": {}}
    if claimed is not None:
        meta["io.modelcontextprotocol/protocolVersion"] = claimed
    method = "ping" if method_header == "ping" else "tools/list"
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"_meta": meta}}
    accept = "application/json, text/event-stream"
    headers = {"Accept": accept, "MCP-Protocol-Version": version, "Mcp-Method": method_header}
    async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
        urls = (upstream.url, gateway.files)
        asked, through = [await client.post(url, json=message, headers=headers) for url in urls]
    told = [(answer.status_code, answer.json()["id"], answer.json()["error"]["code"]) for answer in (asked, through)]
    assert told == [(status, 7, code)] * 2
    if code == UNSUPPORTED_VERSION:
        here, there = (answer.json()["error"]["data"] for answer in (through, asked))
        assert (here["supported"], here["requested"]) == (there["supported"], there["requested"])


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


async def attempt(client: Client, method: str, argument: str) -> Any:
    """What a method of the client returns, or the error that the SDK raised."""
    try:
        return await getattr(client, method)(argument)
    except MCPError as error:
        return error


def assert_denied(error: object, named: str, code: str) -> None:
    assert isinstance(error, MCPError), repr(error)
    assert error.code == DENIED
    assert named in error.message
    assert isinstance(error.data, dict) and error.data["code"] == code
