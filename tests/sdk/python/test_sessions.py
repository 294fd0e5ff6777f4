"""Sessions of the official MCP Python SDK through the gateway: streams that the server opens, streams that are dropped and
resumed, whose a session is, and its end.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.types import ToolListChangedNotification

from conftest import SESSION_VERSION, TIMEOUT_S, Witness, answer, call, connect
from harness import KEYS, Gateway

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
REPORT = {
    "jsonrpc": "2.0",
    "id": 7,
    "method": "tools/call",
    "params": {"name": "slow_report", "arguments": {"away": False}},
}

pytestmark = pytest.mark.anyio


class Http:
    """An HTTP client for the SDK that remembers the session it was given."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        self.session = ""

        async def remember(response: httpx2.Response) -> None:
            self.session = response.headers.get("mcp-session-id", self.session)

        self.client = httpx2.AsyncClient(headers=headers, timeout=TIMEOUT_S, event_hooks={"response": [remember]})

    async def __aenter__(self) -> "Http":
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.client.__aexit__(*error)

    def headers(self, accept: str = "application/json, text/event-stream") -> dict[str, str]:
        """For a request of the same session, written by hand."""
        return {"Accept": accept, "Mcp-Session-Id": self.session, "MCP-Protocol-Version": SESSION_VERSION}


async def events(response: httpx2.Response) -> AsyncIterator[tuple[str | None, Any]]:
    """The id and the message of each event of a stream."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            yield fields.get("id"), json.loads(fields["data"]) if fields.get("data") else None
            fields = {}


@pytest.mark.filterwarnings("ignore:ping is removed", "ignore:The roots capability")  # a session still has them
async def test_the_server_is_heard_outside_of_calls_and_the_client_too(gateway: Gateway, witness: Witness) -> None:
    heard = anyio.Event()

    async def on_message(message: Any) -> None:
        if isinstance(message, ToolListChangedNotification):
            heard.set()

    async with connect(gateway.files, "legacy", message_handler=on_message) as client:
        await witness.until("stream opened")
        published = await call(client, "publish")
        with anyio.move_on_after(TIMEOUT_S):
            await heard.wait()
        await client.send_roots_list_changed()
        await witness.until("roots changed")
        await client.send_ping()
    assert answer(published) == (False, "published")
    assert heard.is_set()


async def test_a_client_comes_back_when_the_server_closes_the_stream(gateway: Gateway, witness: Witness) -> None:
    outcomes = []

    async def report(client: Client) -> None:
        outcomes.append(await call(client, "slow_report", {"away": True}))

    async with connect(gateway.files, "legacy") as client, anyio.create_task_group() as tasks:
        tasks.start_soon(report, client)
        await witness.until("slow_report waits")
        await witness.until("stream resumed")
        await witness.go_on()
    assert [answer(outcome) for outcome in outcomes] == [(False, "the report")]


async def test_what_a_dropped_stream_missed_is_replayed(gateway: Gateway, witness: Witness) -> None:
    first, replayed = None, []
    async with Http() as http, connect(gateway.files, "legacy", http.client):
        async with http.client.stream("POST", gateway.files, json=REPORT, headers=http.headers()) as response:
            async for event_id, _ in events(response):
                first = event_id
                break
            await witness.until("slow_report waits")
        await witness.go_on()
        headers = http.headers("text/event-stream") | {"Last-Event-ID": first or "none"}
        async with http.client.stream("GET", gateway.files, headers=headers) as response:
            status = response.status_code
            async for _, message in events(response):
                replayed.append(message)
                if message and message.get("id") == 7:
                    break
    assert first is not None, "the stream begins with an id to come back to"
    assert status == 200
    assert replayed[-1]["result"]["content"][0]["text"] == "the report"
    assert (await witness.saw()).count("slow_report") == 1, "the call ran once"


async def test_another_callers_session_is_of_no_use(gateway: Gateway) -> None:
    alice, bob = ({"X-Api-Key": KEYS[name]} for name in ("alice", "bob"))
    statuses: dict[str, int] = {}
    async with Http(alice) as http, connect(gateway.keyed, "legacy", http.client) as client:

        async def ask(who: str, method: str, url: str, headers: dict[str, str], message: Any = None) -> None:
            asked = http.headers("text/event-stream" if method == "GET" else "application/json, text/event-stream")
            async with httpx2.AsyncClient(timeout=TIMEOUT_S) as other:
                async with other.stream(method, url, headers=asked | headers, json=message) as response:
                    statuses[who] = response.status_code

        await ask("alice", "POST", gateway.keyed, alice, PING)
        await ask("bob", "POST", gateway.keyed, bob, PING)
        await ask("bob answers", "POST", gateway.keyed, bob, {"jsonrpc": "2.0", "id": 0, "result": {}})
        await ask("bob listens", "GET", gateway.keyed, bob)
        await ask("bob resumes", "GET", gateway.keyed, bob | {"Last-Event-ID": "1"})
        await ask("bob ends it", "DELETE", gateway.keyed, bob)
        await ask("nobody", "POST", gateway.keyed, {}, PING)
        # Another route to the same server knows the session as little.
        await ask("elsewhere", "POST", gateway.files, {}, PING)
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
    assert statuses == {
        "alice": 200,
        "bob": 404,
        "bob answers": 404,
        "bob listens": 404,
        "bob resumes": 404,
        "bob ends it": 404,
        "nobody": 401,
        "elsewhere": 404,
    }
    assert answer(read)[0] is False, "it is still its owner's"


async def test_a_session_ends_with_delete(gateway: Gateway) -> None:
    # Leaving the SDK's client sends the DELETE.
    async with Http() as http:
        async with connect(gateway.files, "legacy", http.client):
            before = await http.client.post(gateway.files, json=PING, headers=http.headers())
        after = await http.client.post(gateway.files, json=PING, headers=http.headers())
    assert http.session
    assert (before.status_code, after.status_code) == (200, 404)
