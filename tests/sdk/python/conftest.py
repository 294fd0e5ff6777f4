"""What the test files share: the server, the gateway, what the server saw, and clients that answer the server's questions."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, CreateMessageResult, ElicitResult, TextContent

from harness import Gateway, Upstream

SESSION_VERSION = "2025-11-25"
STATELESS_VERSION = "2026-07-28"
TIMEOUT_S = 20
# `auto` is the SDK's default: it tries the newest protocol version first and falls back to a session. `legacy` opens a session
# at once, and a version is spoken without asking whether the server speaks it.
VERSIONS = {"legacy": SESSION_VERSION, "auto": STATELESS_VERSION, STATELESS_VERSION: STATELESS_VERSION}


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


class Witness:
    """What the server says past the gateway."""

    def __init__(self, upstream: Upstream, client: httpx2.AsyncClient, since: int) -> None:
        self._upstream, self._client, self._since = upstream, client, since

    @classmethod
    async def of(cls, upstream: Upstream, client: httpx2.AsyncClient) -> "Witness":
        return cls(upstream, client, len((await client.get(f"{upstream.origin}/happened")).json()))

    async def saw(self) -> list[str]:
        """What happened since the witness came, but for streams that clients opened."""
        happened = (await self._client.get(f"{self._upstream.origin}/happened")).json()
        return [what for what in happened[self._since :] if not what.startswith("stream ")]

    async def until(self, what: str) -> None:
        """Returns once this has happened since the witness came."""
        query = {"what": what, "since": str(self._since)}
        (await self._client.get(f"{self._upstream.origin}/until", params=query)).raise_for_status()

    async def go_on(self) -> None:
        """Lets a waiting report go on."""
        (await self._client.post(f"{self._upstream.origin}/go-on")).raise_for_status()


@pytest.fixture
async def witness(upstream: Upstream) -> AsyncIterator[Witness]:
    async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
        yield await Witness.of(upstream, client)


async def elicited(context: Any, params: Any) -> ElicitResult:
    assert params.message == "Which color?"
    return ElicitResult(action="accept", content={"color": "green"})


async def sampled(context: Any, params: Any) -> CreateMessageResult:
    content = params.messages[-1].content
    asked = (content[0] if isinstance(content, list) else content).text
    return CreateMessageResult(role="assistant", model="none", content=TextContent(type="text", text=f"{asked}: fine"))


def connect(url: str, mode: str, http: httpx2.AsyncClient | None = None, **more: Any) -> Client:
    # Tests only collect inside `async with` and assert after it: a failure inside would end in the SDK's task groups.
    server = url if http is None else streamable_http_client(url, http_client=http)
    return Client(
        server,
        mode=mode,
        read_timeout_seconds=TIMEOUT_S,
        elicitation_callback=elicited,
        sampling_callback=sampled,
        **more,
    )


async def call(
    client: Client, tool: str, arguments: dict[str, Any] | None = None, **more: Any
) -> CallToolResult | MCPError:
    """The answer to a call, or the error that the SDK raised for it."""
    try:
        return await client.call_tool(tool, arguments, **more)
    except MCPError as error:
        return error


def answer(outcome: CallToolResult | MCPError) -> tuple[bool, str]:
    """Whether the call failed, and the text that the model reads."""
    assert isinstance(outcome, CallToolResult), repr(outcome)
    return outcome.is_error, "\n".join(part.text for part in outcome.content if part.type == "text")
