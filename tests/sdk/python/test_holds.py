"""Calls that need a person, made with the official MCP Python SDK: what the client reads while nobody has approved, and that a
call runs at most once and never without an approval. Whether the tool ran is asked of the server itself.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx2
import pytest
from mcp.types import CallToolResult

from conftest import TIMEOUT_S, VERSIONS, Witness, answer, call, connect
from harness import KEYS, Gateway

pytestmark = pytest.mark.anyio
every_mode = pytest.mark.parametrize("mode", VERSIONS)


class Approver:
    """Somebody with a key for the control API."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def decide(self, hold_id: str, verb: str, comment: str = "") -> dict[str, Any]:
        answer = await self._client.post(f"/api/v1/holds/{hold_id}/{verb}", json={"comment": comment})
        return answer.raise_for_status().json()

    async def show(self, hold_id: str) -> dict[str, Any]:
        return (await self._client.get(f"/api/v1/holds/{hold_id}")).raise_for_status().json()

    async def waiting(self) -> str:
        """The id of the hold that a request waits for, once there is one."""
        return (await self._until("/api/v1/holds?state=pending", self._waited_for))["hold_id"]

    async def left_alone(self, hold_id: str) -> None:
        """Returns once no request waits for the hold."""
        await self._until(f"/api/v1/holds/{hold_id}", lambda hold: hold if hold["waiting"] == 0 else None)

    @staticmethod
    def _waited_for(page: dict[str, Any]) -> dict[str, Any] | None:
        return next((hold for hold in page["holds"] if hold["waiting"] > 0), None)

    async def _until(self, path: str, wanted: Callable[[dict[str, Any]], dict[str, Any] | None]) -> dict[str, Any]:
        # The control API tells how things stand and nothing of changes, so it is asked again.
        with anyio.fail_after(TIMEOUT_S):
            while (found := wanted((await self._client.get(path)).raise_for_status().json())) is None:
                await anyio.sleep(0.02)
        return found


@pytest.fixture
async def approver(gateway: Gateway) -> AsyncIterator[Approver]:
    headers = {"X-Api-Key": KEYS["ops"]}
    async with httpx2.AsyncClient(base_url=gateway.control, headers=headers, timeout=TIMEOUT_S) as client:
        yield Approver(client)


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(headers={"X-Api-Key": KEYS["alice"]}, timeout=TIMEOUT_S) as client:
        yield client


def note(outcome: Any) -> dict[str, Any]:
    """What a refusal says for programs."""
    assert isinstance(outcome, CallToolResult), repr(outcome)
    assert outcome.is_error and outcome.meta is not None
    return outcome.meta["aegis/decision"]


@every_mode
async def test_a_held_call_tells_how_to_go_on_and_runs_once_when_it_is_repeated(
    gateway: Gateway, witness: Witness, approver: Approver, http: httpx2.AsyncClient, mode: str
) -> None:
    mail = {"to": f"later-{mode}"}
    async with connect(gateway.told, mode, http) as client:
        told = await call(client, "send_email", mail)
        again = await call(client, "send_email", mail)
        unapproved = await witness.saw()
        approved = await approver.decide(note(told)["hold_id"], "approve")
        ran = await call(client, "send_email", mail)
        another = await call(client, "send_email", mail)
    said = note(told)
    assert (said["code"], said["state"]) == ("approval_required", "pending")
    text = answer(told)[1]
    assert said["hold_id"] in text and "Repeat exactly the same call" in text
    assert "mail_needs_a_person" in text, "the reason names the rule"
    assert note(again)["hold_id"] == said["hold_id"], "a repeat finds the same hold"
    assert (unapproved, approved["state"]) == ([], "approved")
    assert answer(ran) == (False, f"sent to {mail['to']}")
    assert note(another)["hold_id"] != said["hold_id"], "one approval lets one call through"
    assert await witness.saw() == ["send_email"]


@every_mode
async def test_a_call_that_is_approved_while_it_waits_is_answered_by_the_tool(
    gateway: Gateway, witness: Witness, approver: Approver, http: httpx2.AsyncClient, mode: str
) -> None:
    mail, outcomes = {"to": f"now-{mode}"}, []
    async with connect(gateway.waiting, mode, http) as client:

        async def send() -> None:
            outcomes.append(await call(client, "send_email", mail))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            hold_id = await approver.waiting()
            unapproved = await witness.saw()
            await approver.decide(hold_id, "approve")
    assert unapproved == []
    assert [answer(outcome) for outcome in outcomes] == [(False, f"sent to {mail['to']}")]
    assert await witness.saw() == ["send_email"]


@every_mode
async def test_a_rejected_call_tells_the_model_so_and_is_not_asked_for_again(
    gateway: Gateway, witness: Witness, approver: Approver, http: httpx2.AsyncClient, mode: str
) -> None:
    mail, outcomes = {"to": f"never-{mode}"}, []
    async with connect(gateway.waiting, mode, http) as client:

        async def send() -> None:
            outcomes.append(await call(client, "send_email", mail))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            hold_id = await approver.waiting()
            await approver.decide(hold_id, "reject", "not to strangers")
        await send()
    for outcome in outcomes:
        assert (note(outcome)["code"], note(outcome)["hold_id"]) == ("hold_rejected", hold_id)
        assert "not to strangers" in answer(outcome)[1]
    assert len(outcomes) == 2
    assert await witness.saw() == []


@every_mode
async def test_a_call_that_is_given_up_while_it_waits_runs_only_when_it_is_repeated(
    gateway: Gateway, witness: Witness, approver: Approver, http: httpx2.AsyncClient, mode: str
) -> None:
    mail = {"to": f"again-{mode}"}
    async with connect(gateway.waiting, mode, http) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, client, "send_email", mail)
            hold_id = await approver.waiting()
            tasks.cancel_scope.cancel()
        await approver.left_alone(hold_id)
        ticket = await approver.show(hold_id)
        await approver.decide(hold_id, "approve")
        read = await call(client, "read_file", {"path": "notes/todo.txt"})
        before = await witness.saw()
        ran = await call(client, "send_email", mail)
    assert ticket["state"] == "pending", "the ticket stays"
    assert answer(read)[0] is False, "the client may go on"
    assert before == ["read_file"], "an approval alone runs nothing"
    assert answer(ran) == (False, f"sent to {mail['to']}")
    assert await witness.saw() == ["read_file", "send_email"]


@every_mode
async def test_a_caller_without_a_key_waits_but_gets_no_ticket(
    gateway: Gateway, witness: Witness, approver: Approver, mode: str
) -> None:
    mail, outcomes = {"to": f"nobody-{mode}"}, []
    async with connect(gateway.files, mode) as client:

        async def send() -> None:
            outcomes.append(await call(client, "send_email", mail))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send)
            await approver.decide(await approver.waiting(), "approve")
        # Nobody decides on the second one.
        await send()
    assert answer(outcomes[0]) == (False, f"sent to {mail['to']}")
    assert note(outcomes[1])["code"] == "approval_required" and "hold_id" not in note(outcomes[1])
    assert await witness.saw() == ["send_email"]
